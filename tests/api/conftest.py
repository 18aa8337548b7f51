from __future__ import annotations

from pathlib import Path

import pytest

from tests.daemon.running import Host

PIPELINE = """
resources:
  - {name: img, type: image, versionTemplate: {sourceName: a/b, versionName: none}}
  - {name: off, type: params, versionTemplate: {params: {a: b}}}
jobs:
  - name: build
    type: runSh
    steps:
      - IN: off
        switch: off
      - OUT: img
      - TASK: {script: [echo hello, shipctl put_resource_state img versionName "1.$BUILD_NUMBER"]}
  - name: deploy
    type: runSh
    steps:
      - IN: img
      - TASK: {script: ['echo "$IMG_VERSIONNAME"']}
"""


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """A host whose pipeline has two jobs: `build` publishes `img`, which starts `deploy`."""
    host = Host(tmp_path)
    host.write(PIPELINE)
    return host
