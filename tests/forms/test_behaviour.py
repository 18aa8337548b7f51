"""What the forms do when they are run: one pipeline of all of them, run once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.remote_service import Command
from tests.forms.told import write
from tests.runner_command import Said

PIPELINE = """
==== shippable.templates.yml
setup: &setup
  - V=1
  - &deeper [export E=2, &deepest ['f() { echo "$V $E $1"; }']]
==== below/shippable.resources.yml
resources:
  - {name: '1', type: params, version: {params: {K: 1, Z: 0.10, T: true, E: }}}
  - {name: par, type: params, source: {params: {K: old}}}
  - {name: img, type: image, source: {name: o/i, tag: 1.10}}
  - {name: out, type: image, pointer: {sourceName: o/i}, initialVersion: {versionName: v0}}
==== below/shippable.triggers.yml
triggers:
  - {name: go, type: trigger, version: {counter: 1}}
==== shippable.jobs.yml
base: &base {type: runSh, flags: one}
jobs:
  - name: nested
    type: runSh
    steps: [{TASK: {script: [*setup, [[f nested]]]}}]
  - {<<: *base, name: merged, steps: [{TASK: [{script: echo merged}]}]}
  - name: older
    type: runCLI
    steps:
      - TASK:
          - script: cd /
          - script: X=older
          - echo "$X in $PWD"
  - name: text
    type: runSh
    steps: [{TASK: echo text}]
  - name: folded
    type: runSh
    steps:
      - TASK:
          - script: echo one
              two
          - script: |
              if true; then
                echo three
              fi
  - name: tasks
    type: runSh
    runtime: [{nodePool: big}, {container: false}]
    steps:
      - TASK: {script: [X=lost, cd /]}
      - TASK:
          runtime: {options: {env: [{A: 1, B: 17.06}, 'C=3 D=4', {E: $HOME}]}}
          script: ['echo "$A $B $C $D $E [${X:-}]"']
  - name: orders
    type: runSh
    steps:
      - OUT: out
      - IN: img
        switch: off
      - TASK: {script: ['echo "$IMG_VERSIONNAME $IMG_SOURCENAME"', echo versionName=v1 > $JOB_STATE/out.env]}
      - IN: go
  - name: reader
    type: runSh
    steps:
      - TASK: {script: ['echo "$OUT_VERSIONNAME"', 'echo "$K $Z $T [$E]"']}
      - IN: out
      - IN: '1'
  - name: hooks
    type: runSh
    steps: [{TASK: {script: [mkdir d, cd d, V=kept]}}]
    on_start: [{script: echo never}]
    on_success: [{script: 'echo "success $V"'}, {script: exit 0}]
    always: [echo "never either"]
  - name: failing
    type: runSh
    steps: [{TASK: [{script: mkdir d}, {script: cd d; V=kept}, {script: false}, {script: echo never}]}]
    on_failure: {script: ['echo "failure $V in $(basename $PWD)"', false, echo on]}
    always: ['echo "always in $(basename $PWD)"']
"""


@pytest.fixture
def said(runner: Command) -> Said:
    write(PIPELINE)
    return runner("run", "--output", "json", "--skip-inconsistent")


PRINTED = {
    "nested": ["1 2 nested"],
    "merged": ["merged"],
    "older": ["older in /"],
    "text": ["text"],
    "folded": ["one two", "three"],
    "tasks": ["1 17.06 3 4 $HOME []"],
    "orders": ["1.10 o/i"],
    "reader": ["v1", "1 0.10 true []"],
    "hooks": ["success kept"],
    "failing": ["failure kept in d", "on", "always in d"],
}


def test_every_form_does_what_it_means(said: Said) -> None:
    assert {job: said.messages(job) for job in PRINTED} == PRINTED
    assert said.statuses() == {job: "failure" if job == "failing" else "success" for job in PRINTED}
    assert said.code == 1
    assert Path(".runner").is_dir()
