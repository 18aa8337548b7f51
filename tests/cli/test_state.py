"""Versions and saved files from one build to the next."""

from __future__ import annotations

import json

import pytest

from tests.runner_command import Project

COUNTER = """
    jobs:
      - name: a
        type: runSh
        steps:
          - TASK:
              script:
                - cat "$JOB_PREVIOUS_STATE/count" 2>/dev/null || echo none
                - echo "$BUILD_NUMBER" > "$JOB_STATE/count"
                - {verdict}
"""


def test_the_state_of_the_last_successful_build_is_there(project: Project) -> None:
    project.write(COUNTER.format(verdict='test "$BUILD_NUMBER" != 2'))
    assert project.run().messages("a") == ["none"]
    assert project.run().messages("a")[:1] == ["1"]  # this one fails
    assert project.run().messages("a") == ["1"]
    assert project.run().messages("a") == ["3"]
    assert project.run("--reset").messages("a") == ["none"]


def test_permission_bits_and_directories_come_back_and_links_out_do_not(project: Project) -> None:
    project.write("""
        jobs:
          - name: a
            type: runSh
            steps:
              - TASK:
                  script:
                    - (cd "$JOB_PREVIOUS_STATE" && find . -type f -not -name '*.env' -printf '%m %p\\n')
                    - mkdir -p "$JOB_STATE/d/e" && echo x > "$JOB_STATE/d/e/f" && chmod 751 "$JOB_STATE/d/e/f"
                    - ln -s /etc/passwd "$JOB_STATE/outside"
    """)
    project.run()
    assert project.run().messages("a") == ["751 ./d/e/f"]


def test_a_job_sees_the_saved_files_and_keys_of_an_input_job(project: Project) -> None:
    project.write("""
        jobs:
          - name: a
            type: runSh
            steps:
              - TASK:
                  script:
                    - echo data > "$JOB_STATE/file"
                    - shipctl put_resource_state a color blue
                    - shipctl put_resource_state a equation x=y=z
                    - shipctl put_resource_state a versionName one
          - name: b
            type: runSh
            steps:
              - IN: a
              - TASK:
                  script:
                    - cat IN/a/runSh/file "$(shipctl get_resource_state a)/file"
                    - shipctl get_resource_version_key a color
                    - shipctl get_resource_version_key a equation
                    - echo "$A_VERSIONNAME $A_VERSIONNUMBER"
    """)
    assert project.run().messages("b") == ["data", "data", "blue", "x=y=z", "one 1"]


def test_params_given_out_extend_what_was_there_unless_overwrite(project: Project) -> None:
    project.write("""
        resources:
          - {name: p, type: params, versionTemplate: {params: {A: 1, B: 2}}}
          - {name: q, type: params, versionTemplate: {params: {A: 1, B: 2}}}
        jobs:
          - name: a
            type: runSh
            steps:
              - OUT: p
              - {OUT: q, overwrite: true}
              - TASK: {script: ["shipctl put_resource_state p B 3", "shipctl put_resource_state q B 3"]}
          - name: b
            type: runSh
            steps: [IN: p, TASK: {script: ['echo "$A $B $P_PARAMS_B"']}]
          - name: c
            type: runSh
            steps: [IN: q, TASK: {script: ['echo "<$A> $B"']}]
    """)
    said = project.run()
    assert said.messages("b") == ["1 3 3"]
    assert said.messages("c") == ["<> 3"]


def test_a_failed_build_publishes_only_outputs_that_say_so(project: Project) -> None:
    project.write("""
        resources:
          - {name: p, type: params, versionTemplate: {params: {A: 1}}}
          - {name: q, type: params, versionTemplate: {params: {A: 1}}}
        jobs:
          - name: a
            type: runSh
            steps:
              - OUT: p
              - {OUT: q, on_failure: true}
              - TASK: {script: [shipctl put_resource_state p A 2, shipctl put_resource_state q A 2, exit 1]}
          - {name: b, type: runSh, steps: [IN: p, IN: q, TASK: {script: ['echo "$P_PARAMS_A $Q_PARAMS_A"']}]}
    """)
    said = project.run()
    assert next(e for e in said.events if e["event"] == "build_ended")["published"] == ["q"]
    assert project.run("--job", "b").messages("b") == ["1 2"]


def test_a_state_resource_keeps_files_and_never_triggers(project: Project) -> None:
    project.write("""
        resources: [{name: kept, type: state}]
        jobs:
          - name: a
            type: runSh
            steps:
              - IN: kept
              - OUT: kept
              - TASK:
                  script:
                    - cat IN/kept/state/n 2>/dev/null || echo none
                    - echo "$BUILD_NUMBER" > OUT/kept/state/n
          - {name: b, type: runSh, steps: [IN: kept, TASK: {script: [echo never]}]}
    """)
    assert project.run().messages("a") == ["none"]
    said = project.run()
    assert said.messages("a") == ["1"]
    assert "b" not in said.statuses()


def test_a_changed_entry_makes_a_new_version_and_an_unchanged_one_does_not(project: Project) -> None:
    text = """
        resources: [{name: img, type: image, versionTemplate: {sourceName: r, versionName: TAG}}]
        jobs: [{name: a, type: runSh, steps: [IN: img, TASK: {script: ['echo "$IMG_VERSIONNUMBER $IMG_VERSIONNAME"']}]}]
    """
    project.write(text.replace("TAG", "one"))
    assert project.run().messages("a") == ["1 one"]
    assert project.run().messages("a") == ["1 one"]
    project.write(text.replace("TAG", "two"))
    assert project.run().messages("a") == ["2 two"]


def test_pins_choose_a_version_by_name_and_by_number(project: Project) -> None:
    text = """
        resources: [{name: img, type: image, versionTemplate: {sourceName: r, versionName: TAG}}]
        jobs:
          - {name: n, type: runSh, steps: [{IN: img, versionNumber: 1}, TASK: {script: ['echo "$IMG_VERSIONNAME"']}]}
          - {name: m, type: runSh, steps: [{IN: img, versionName: two}, TASK: {script: ['echo "$IMG_VERSIONNUMBER"']}]}
          - {name: x, type: runSh, steps: [{IN: img, versionName: none}, TASK: {script: [echo never]}]}
    """
    for tag in ("one", "two", "three"):
        project.write(text.replace("TAG", tag))
        said = project.run()
    assert said.messages("n") == ["one"]
    assert said.messages("m") == ["2"]
    assert said.statuses()["x"] == "error"
    reasons = {e["job"]: e["reason"] for e in said.events if e["event"] == "build_ended"}
    assert reasons["x"] == 'pin "none" of "img" matches no version'


def test_nothing_is_saved_when_a_build_runs_out_of_time_or_is_cancelled(project: Project) -> None:
    project.write(COUNTER.format(verdict="'kill -INT $(cat ../../../../pid); sleep 60'"))
    running = project.start("run", "--output", "plain")
    (project.directory / "pid").write_text(str(running.pid))
    running.communicate(timeout=30)
    assert running.returncode == 130
    project.write(COUNTER.format(verdict="true"))
    assert project.run().messages("a") == ["none"]


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("rm -r state && ln -s / state", "state cannot be read, a script has changed it"),
        ("rm state/img.env && mkfifo state/img.env", "state/img.env is no regular file"),
        ("rm OUT/img/version.json && ln -s /etc/passwd OUT/img/version.json", "OUT/img/version.json cannot be read"),
        ("echo '{' > OUT/img/version.json", "OUT/img/version.json is not readable as JSON"),
        ("truncate -s 100M state/huge", "cannot be saved"),
        ("mv OUT/img OUT/x && ln -s x OUT/img", "OUT/img/version.json cannot be read"),
        ("rm state/img.env && mkdir state/img.env", "state/img.env is no regular file"),
        ("touch state/$(printf '\\377')", "its name is not UTF-8"),
        ("""printf '{"versionName":"\\\\ud800"}' > state/outputVersion.json""", "is not readable as JSON"),
    ],
)
def test_outputs_that_cannot_be_read_make_the_build_a_failure(project: Project, script: str, reason: str) -> None:
    project.write(f"""
        resources: [{{name: img, type: image, versionTemplate: {{sourceName: s, versionName: v}}}}]
        jobs: [{{name: a, type: runSh, steps: [OUT: img, TASK: {{script: [{json.dumps(script)}]}}]}}]
    """)
    said = project.run()
    assert said.statuses() == {"a": "failure"}
    assert reason in next(e["reason"] for e in said.events if e["event"] == "build_ended")


def test_a_directory_without_permissions_is_removed_all_the_same(project: Project) -> None:
    project.write("""
        jobs: [{name: a, type: runSh, steps: [TASK: {script: [mkdir -p x/y && touch x/y/z && chmod 0 x/y x]}]}]
    """)
    assert project.run().code == 0
    assert not (project.directory / ".runner" / "builds" / "1" / "work").exists()


def test_links_to_nothing_and_to_themselves_are_left_out(project: Project) -> None:
    project.write("""
        jobs:
          - name: a
            type: runSh
            steps:
              - TASK:
                  script:
                    - ls "$JOB_PREVIOUS_STATE"
                    - cd "$JOB_STATE" && ln -s nowhere n && ln -s self self && echo x > f && ln -s f g && mkfifo p
    """)
    assert project.run().code == 0
    assert project.run().messages("a") == ["a.env", "f", "g"]


def test_a_line_that_is_no_pair_is_told_and_left_out(project: Project) -> None:
    project.write("""
        resources: [{name: img, type: image, versionTemplate: {sourceName: s, versionName: v0}}]
        jobs:
          - name: a
            type: runSh
            steps:
              - OUT: img
              - TASK: {script: ['printf "versionName=v1\\\\nnonsense\\\\n\\\\n=x\\\\n" >> "$JOB_STATE/img.env"']}
    """)
    said = project.run()
    warnings = [
        e["record"]["text"] for e in said.events if e["event"] == "record" and e["record"].get("level") == "warning"
    ]
    assert warnings == ["state/img.env: line 2 (and 1 more) left out: not KEY=VALUE"]
    assert next(e for e in said.events if e["event"] == "build_ended")["published"] == ["img"]
