"""What a job of a whole run finds on its PATH, and the resources that its commands read."""

from __future__ import annotations

import json
from pathlib import Path

from tests.runner_command import Project
from tests.shipctl.services import web_service

PIPELINE = """
    resources:
      - name: chat
        type: notification
        integration: slack
        pointer:
          recipients: ["#ci"]
      - name: files
        type: state
      - name: copy
        type: state
    jobs:
      - name: first
        type: runSh
        steps:
          - OUT: files
          - TASK:
              - script: shippable_retry "echo made > f"
              - script: shipctl copy_file_to_resource_state f files
      - name: second
        type: runSh
        steps:
          - IN: first
          - IN: files
          - IN: chat
          - OUT: copy
          - TASK:
              - script: shipctl replicate files copy
              - script: cat OUT/copy/state/f
              - script: shipctl notify chat --text="it's \\"done\\""
    """


def test_a_job_replicates_and_notifies(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write(PIPELINE)
    with web_service() as service:
        project.integrations(
            f"""
            integrations:
              - name: slack
                type: slackKey
                webhookUrl: {service.url}/s3cret
            """
        )
        said = project.run()
    assert said.statuses() == {"first": "success", "second": "success"}
    assert said.messages("second") == ["made", "sending notification to #ci", "ok"]
    (request,) = service.requests
    assert request.path == "/s3cret"
    assert json.loads(request.body)["attachments"][0]["text"] == 'it\'s "done"'
    assert "s3cret" not in said.out + said.err
