"""What names and variables say about each other, and what is not said lest it be wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.diagnostics.looking import codes, integrations_of, seen

RESOURCES = """
resources:
  - {name: my-repo, type: gitRepo, integration: hub, versionTemplate: {sourceName: a/b}}
  - {name: saved, type: state}
  - {name: settings, type: params, versionTemplate: {params: {SAVED_PATHS: 1, SETTING_STATE: 2}}}
  - {name: team, type: notification, integration: hub, versionTemplate: {recipients: ["#c"]}}
"""


def job(steps: str, script: str = "make", kind: str = "runSh") -> str:
    task = f", {{TASK: {{script: [{script!r}]}}}}" if kind == "runSh" else ", {TASK: managed}"
    return f"{RESOURCES}jobs:\n  - {{name: build, type: {kind}, steps: [{steps}{task}]}}\n"


ALL = "{IN: my-repo}, {IN: saved}, {IN: settings}, {IN: team}"


def test_what_a_job_names_as_input_output_or_target_is_used() -> None:
    unused = [line for line in seen(job("{IN: my-repo}, {OUT: saved}")) if "W205" in line]
    assert unused == [
        "5:12: hint: no job of these files uses the params 'settings' [W205]",
        "6:12: hint: no job of these files uses the notification 'team' [W205]",
    ]
    assert "W205" not in codes(job("{IN: my-repo}, {OUT: saved}, {IN: settings}, {NOTIFY: team}"))


def test_an_output_that_holds_nothing_is_told() -> None:
    assert [line for line in seen(job("{OUT: team}")) if "W316" in line] == [
        "8:46: warning: job 'build': OUT 'team' is a notification, of which a job has nothing to publish"
        " (IN: team gives its variables to the job) [W316]"
    ]


@pytest.mark.parametrize(
    ("target", "told"),
    [("[settings]", 0), ("settings", 0), ("[{manifest: settings, image: x}]", 0), ("[seting]", 1), ("[saved]", 1)],
)
def test_apply_to_names_an_input_of_its_job(target: str, told: int) -> None:
    text = job(f"{{IN: my-repo, applyTo: {target}}}, {{IN: settings}}", kind="deploy")
    assert codes(text).count("W306") == told


DEPLOYED = """
resources:
  - {name: app, type: image, versionTemplate: {sourceName: a, versionName: x}}
  - {name: opts, type: dockerOptions, versionTemplate: {memory: 5}}
  - {name: lb, type: loadBalancer, versionTemplate: {sourceName: x, method: classic}}
  - {name: there, type: cluster, versionTemplate: {sourceName: x}}
jobs:
  - {name: pack, type: manifest, steps: [IN: app, IN: there, {IN: opts, applyTo: %s}]}
  - {name: ship, type: deploy, steps: [IN: pack, IN: there, {IN: %s}]}
"""


@pytest.mark.parametrize(
    ("packed", "shipped", "said"),
    [
        ("[app]", "opts, applyTo: [pack]", []),
        ("[app]", "opts, applyTo: [app]", []),
        ("[there]", "opts", ["job 'pack': applyTo of 'opts' names 'there', which is neither an image nor a file"]),
        ("[app]", "lb, applyTo: [{manifest: pack, image: app, port: 80}]", []),
        (
            "[app]",
            "lb, applyTo: [{manifest: pack, image: app}]",
            ["job 'ship': applyTo of 'lb' lacks port of a target (write {manifest: …, image: …, port: …})"],
        ),
        (
            "[app]",
            "lb, applyTo: [pack]",
            ["job 'ship': applyTo of 'lb' lacks manifest and image and port of a target"
             " (write {manifest: …, image: …, port: …})"],
        ),
    ],
)  # fmt: skip
def test_apply_to_names_what_its_type_of_job_has(packed: str, shipped: str, said: list[str]) -> None:
    found = [line.partition("warning: ")[2] for line in seen(DEPLOYED % (packed, shipped)) if "W306" in line]
    assert found == [f"{line} [W306]" for line in said]


@pytest.mark.parametrize(
    ("steps", "kind", "said"),
    [
        ("{IN: saved, scopes: [ecr]}", "runSh", "scopes of 'saved' means nothing: it is for an input that is a cli"),
        ("{IN: tools, scopes: [ecr]}", "runSh", ""),
        ("{IN: saved, triggerOnSuccess: off}", "runSh", "triggerOnSuccess of 'saved' means nothing"),
        ("{IN: saved, triggerOnFailure: on}", "runSh", "triggerOnFailure of 'saved' means nothing"),
        ("{IN: first, triggerOnFailure: on}", "runSh", ""),
        ("{IN: saved, showBuildStatus: true}", "runSh", "a ciRepo or gitRepo or syncRepo"),
        ("{IN: my-repo, showBuildStatus: true}", "runSh", ""),
        ("{IN: elsewhere, scopes: [ecr]}", "runSh", ""),
        ("{IN: saved, force: true}", "deploy", "a deploy or manifest or release"),
        ("{IN: first, deployName: x}", "deploy", "a manifest"),
        ("{IN: pack, deployName: x, force: true}", "deploy", ""),
        ("{IN: pack, force: true}", "release", "nothing is deployed by a release job"),
    ],
)  # fmt: skip
def test_an_option_for_another_type_of_input_is_told(steps: str, kind: str, said: str) -> None:
    text = job(steps, kind=kind).replace(
        "jobs:\n",
        "  - {name: tools, type: cliConfig, integration: hub}\n"
        "jobs:\n  - {name: first, type: runSh, steps: [{TASK: {script: a}}]}\n  - {name: pack, type: manifest}\n",
    )
    found = [line for line in seen(text) if "W311" in line]
    assert len(found) == bool(said)
    assert said in "".join(found)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("stabilityDuration: 5, method: upgrade,", 1),
        ("stabilityDuration: 5, method: blueGreen,", 0),
        ("stabilityDuration: 5,", 0),
        ("method: upgrade,", 0),
    ],
)
def test_only_services_that_are_replaced_side_by_side_have_to_stay_stable(options: str, told: int) -> None:
    text = job("{IN: my-repo}", kind="deploy").replace("type: deploy,", f"type: deploy, {options}")
    assert codes(text).count("W311") == told


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        ("{IN: my-repo, switch: off}", "W314"),
        ("{IN: my-repo, switch: off}, {IN: saved}", "W314"),
        ("{IN: my-repo, switch: off}, {IN: settings}", ""),
        ("{IN: my-repo, versionNumber: 1}", "W315"),
        ("{IN: my-repo, versionNumber: 1}, {IN: settings, switch: off}", "W315"),
        ("{IN: saved}", ""),
        ("{OUT: saved}", ""),
        ("{IN: my-repo}", ""),
    ],
)
def test_a_job_that_only_people_start_is_told(steps: str, code: str) -> None:
    assert [found for found in codes(job(steps)) if found in ("W314", "W315")] == ([code] if code else [])


def test_a_job_that_another_one_names_as_output_is_started_by_it() -> None:
    text = job("{IN: my-repo, switch: off}") + "  - {name: b, type: runSh, steps: [{OUT: build}, {TASK: {script: a}}]}"
    assert "W314" not in codes(text)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("ls $SVAED_PATH", "nothing provides $SVAED_PATH (did you mean $SAVED_PATH?)"),
        ("ls ${MYREPOO_STATE}/x", "nothing provides $MYREPOO_STATE (did you mean $MYREPO_STATE?)"),
        ("ls $TEAM_META", "$TEAM_META is of the resource 'team', which is no input of it (IN: team)"),
    ],
)
def test_a_variable_of_what_is_no_input_is_a_hint(script: str, said: str) -> None:
    found = [line for line in seen(job("{IN: my-repo}, {IN: saved}, {IN: settings}", script)) if "W206" in line]
    assert [line.partition("'build': ")[2] for line in found] == [f"{said} [W206]"]


@pytest.mark.parametrize(
    "script",
    [
        "ls $SAVED_PATH $MYREPO_STATE $BUILD_STATE $JOB_STATE $JOB_PREVIOUS_STATE $PATH $KUBE_PATH $XDG_STATE",
        "SVAED_PATH=x; ls $SVAED_PATH",
        "read SVAED_PATH; ls ${SVAED_PATH}",
        "for SVAED_PATH in a; do ls $SVAED_PATH; done",
        "ls ${SVAED_PATH:-x} ${SVAED_PATH-x}",
        r"ls \$SVAED_PATH",
        "ls $SAVED_PATHS $SETTING_STATE",
    ],
)
def test_a_variable_that_may_come_from_elsewhere_is_not_told(script: str) -> None:
    assert "W206" not in codes(job("{IN: my-repo}, {IN: saved}, {IN: settings}", script))


def test_a_field_that_the_integration_does_not_give_is_told(tmp_path: Path) -> None:
    integrations = integrations_of(tmp_path, "- {name: hub, type: keyValuePair, envs: {db-user: a, token: b}}\n")
    script = (
        "echo $MYREPO_INTEGRATION_TOKEN $MYREPO_INTEGRATION_DBUSER $MYREPO_INTEGRATION_PASSWORD "
        "$SAVED_INTEGRATION_URL; shipctl get_integration_resource_field my-repo token; "
        "shipctl get_integration_resource_field my-repo userName"
    )
    found = [line for line in seen(job(ALL, script), integrations=integrations) if "W503" in line]
    assert [line.partition("'build': ")[2] for line in found] == [
        "the integration 'hub' of 'my-repo' does not give the field 'PASSWORD' [W503]",
        "the state 'saved' names no integration, so there is no field 'URL' of one [W503]",
        "the integration 'hub' of 'my-repo' does not give the field 'userName' [W503]",
    ]


def test_a_field_that_may_be_an_encrypted_pair_is_not_told(tmp_path: Path) -> None:
    integrations = integrations_of(tmp_path, "- {name: hub, type: keyValuePair, envs: {a: b, secure: bm90aGluZw==}}\n")
    assert not any("W503" in line for line in seen(job(ALL, "echo $MYREPO_INTEGRATION_X"), integrations=integrations))


def test_fields_and_key_files_of_the_jobs_own_integrations_are_looked_at_too(tmp_path: Path) -> None:
    integrations = integrations_of(
        tmp_path,
        """
        - {name: my-pem, type: pemKey, key: "-----BEGIN"}
        - {name: login, type: sshKey, publicKey: ssh-rsa, privateKey: "-----BEGIN"}
        - {name: pairs, type: keyValuePair, envs: {a: b}}
        """,
    )
    text = """
resources: [{name: key, type: integration, integration: pairs}, {name: plain, type: state}]
jobs:
  - name: build
    type: runSh
    integrations: [my-pem, login, pairs]
    steps:
      - IN: key
      - IN: plain
      - TASK:
          script:
            - cat $MYPEM_KEYPATH $LOGIN_KEYPATH $LOGIN_PUBLIC_KEY_PATH $PLAIN_KEYPATH $PAIRS_INTEGRATION_A
            - cat $MYPEM_PUBLIC_KEY_PATH
            - cat $KEY_KEYPATH
            - echo $PAIRS_INTEGRATION_B; shipctl get_integration_field my-pem key
            - shipctl get_integration_field my-pem token
"""
    found = [line.partition("'build': ")[2] for line in seen(text, integrations=integrations) if "W503" in line]
    assert found == [
        "the integration 'my-pem' gives no key file for PUBLIC_KEY_PATH [W503]",
        "the integration 'pairs' of 'key' gives no key file for KEYPATH [W503]",
        "the integration 'pairs' does not give the field 'B' [W503]",
        "the integration 'my-pem' does not give the field 'token' [W503]",
    ]


def test_the_secrets_of_an_integration_that_is_kept_back_are_not_given(tmp_path: Path) -> None:
    entry = "- {name: kept, type: jira, deliver: runner, url: u, username: me, token: t}\n"
    integrations = integrations_of(tmp_path, entry)
    text = """
jobs:
  - name: build
    type: runSh
    integrations: [kept]
    steps:
      - TASK: {script: ["echo $KEPT_INTEGRATION_URL $KEPT_INTEGRATION_USERNAME $KEPT_INTEGRATION_TOKEN"]}
"""
    found = [line.partition("'build': ")[2] for line in seen(text, integrations=integrations) if "W503" in line]
    assert found == ["the integration 'kept' does not give the field 'TOKEN' [W503]"]


def test_a_role_gives_its_account_too_and_keeps_what_is_the_runners(tmp_path: Path) -> None:
    role = "{name: hub, type: amazonIamRole, assumeRoleARN: 'arn:aws:iam::123456789012:role/a', externalId: abc}"
    script = "echo $MYREPO_INTEGRATION_AWSACCOUNTID $MYREPO_INTEGRATION_EXTERNALID"
    found = seen(job(ALL, script), integrations=integrations_of(tmp_path, f"- {role}\n"))
    assert len([line for line in found if "W503" in line and "EXTERNALID" in line]) == 1
    assert not any("AWSACCOUNTID" in line for line in found)


def test_names_are_not_compared_where_something_was_not_read() -> None:
    assert codes(job("{IN: my-repo}") + "  - {name: b, type: runSsh}\n") == ["E301"]
