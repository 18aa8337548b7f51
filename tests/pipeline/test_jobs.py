"""The keys of a job, its steps and its hooks."""

from __future__ import annotations

from datetime import timedelta

import pytest

from runner.pipeline.model import DependencyMode, Managed, TriggerMode
from tests.pipeline.reading import errors, printed, read_job, read_text, warnings

TASK = "steps:\n  - TASK: {script: make}\n"


def test_a_job_without_further_keys_has_the_defaults() -> None:
    job, reading = read_job(TASK)
    assert printed(reading) == []
    assert (job.dependency_mode, job.trigger_mode, job.priority) == (DependencyMode.CHRONO, TriggerMode.SERIAL, 9999)
    assert (job.allow_public_access, job.flags, job.integrations) == (False, (), ())
    assert (job.runtime.limit, job.runtime.node_pool, job.runtime.container) == (timedelta(minutes=60), None, None)


def test_all_keys_of_a_job_are_read() -> None:
    job, reading = read_job(
        TASK
        + "flags: [one, 2]\ndependencyMode: strict\ntriggerMode: parallel\npriority: 0\nallowPublicAccess: true\n"
        + "integrations: [keys, more]\nruntime:\n  nodePool: big\n  container: false\n  timeoutMinutes: 90\n"
    )
    assert [line.split("warning: ")[1] for line in printed(reading)] == [POOL]
    assert (job.flags, job.dependency_mode, job.trigger_mode) == (("one", "2"), "strict", "parallel")
    assert (job.priority, job.allow_public_access) == (0, True)
    assert [(named.name, named.place.line) for named in job.integrations] == [("keys", 11), ("more", 11)]
    assert (job.runtime.limit, job.runtime.node_pool, job.runtime.container) == (timedelta(minutes=90), "big", False)


POOL = "every job runs on this host, whatever nodePool is named by: j"


def test_integrations_of_a_job_that_share_their_variables_are_told() -> None:
    _, reading = read_job(f"integrations: [j, a-b, ab, a-b, '12']\n{TASK}")
    assert [line.partition(": ")[2] for line in printed(reading)] == [
        "warning: job 'j': the integration 'ab' and 'a-b' share the variables AB_…",
        "warning: job 'j': the integration '12' has no letter: its variables begin with '_INTEGRATION_'",
    ]


@pytest.mark.parametrize("runtime", ["[{nodePool: x}, {timeoutMinutes: 5}]", "{nodePool: x, timeoutMinutes: '5'}"])
def test_runtime_may_be_a_list(runtime: str) -> None:
    job, reading = read_job(f"{TASK}runtime: {runtime}")
    assert [line.split("warning: ")[1] for line in printed(reading)] == [POOL]
    assert (job.runtime.node_pool, job.runtime.limit) == ("x", timedelta(minutes=5))


def test_flags_may_be_one_text() -> None:
    assert read_job(f"{TASK}flags: x")[0].flags == ("x",)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("priority: 10001", "priority: must be 0..10000, not '10001'"),
        ("priority: -1", "priority: must be 0..10000, not '-1'"),
        ("priority: high", "priority: must be a whole number, 0..10000, not 'high'"),
        ("priority: [1]", "priority: must be a whole number, 0..10000, not a list"),
        ("dependencyMode: strickt", "dependencyMode: must be one of chrono, strict, immediate, not 'strickt'"
         " (did you mean 'strict'?)"),
        ("triggerMode: {}", "triggerMode: must be one of serial, parallel, not a mapping"),
        ("allowPublicAccess: maybe", "allowPublicAccess: must be true or false (or on or off), not 'maybe'"),
        ("runtime: {timeoutMinutes: 0}", "runtime.timeoutMinutes: must be 1..1440, not '0'"),
        ("runtime: {timeoutMinutes: 1441}", "runtime.timeoutMinutes: must be 1..1440, not '1441'"),
        ("runtime: {timeoutMinutes: 1.5}", "runtime.timeoutMinutes: must be a whole number, 1..1440, not '1.5'"),
        ("runtime: {nodePool: [x]}", "runtime.nodePool: must be text, not a list"),
        ("runtime: x", "runtime: must be a mapping"),
        ("flags: {a: b}", "flags: must be a name, not a mapping"),
        ("integrations: [{a: b}]", "integrations[0]: must be a name, not a mapping"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_with_what_it_must_be(line: str, sentence: str) -> None:
    assert [line.split("jobs[0].", 1)[1] for line in errors(read_job(f"{TASK}{line}")[1])] == [sentence]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("on_sucess: x", "on_sucess: 'on_sucess' is not a key of a runSh job (did you mean 'on_success'?)"),
        ("priorty: 5", "priorty: 'priorty' is not a key of a runSh job (did you mean 'priority'?)"),
        ("integration: x", "integration: 'integration' is not a key of a runSh job (did you mean 'integrations'?)"),
        ("runtime: {nodepool: x}", "runtime.nodepool: 'nodepool' is not a key of a job's runtime"
         " (did you mean 'nodePool'?)"),
    ],
)  # fmt: skip
def test_a_misspelt_key_is_an_error_with_the_key_that_was_meant(line: str, sentence: str) -> None:
    reading = read_job(f"{TASK}{line}")[1]
    assert [line.split("jobs[0].", 1)[1] for line in printed(reading)] == [sentence]


@pytest.mark.parametrize("body", ["stpes: [{TASK: {script: x}}]", "steps: [{TASK: {scrpt: x}}]", "steps: [{TSAK: x}]"])
def test_one_misspelt_key_is_one_error(body: str) -> None:
    reading = read_job(body)[1]
    assert len(printed(reading)) == 1
    assert "did you mean" in printed(reading)[0]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("bump: minor", "bump: 'bump' is not a key of a runSh job and is ignored"),
        ("runtime: {timeout: 5}", "runtime.timeout: 'timeout' is not a key of a job's runtime and is ignored"
         " (did you mean 'timeoutMinutes'?)"),
        ("timeoutMinutes: 5", "timeoutMinutes: 'timeoutMinutes' is not a key of a runSh job and is ignored"
         " (put it below 'runtime')"),
        ("runtime: {os: linux}", "runtime.os: 'os' is not a key of a job's runtime and is ignored"),
    ],
)  # fmt: skip
def test_an_unknown_key_that_is_near_none_is_a_warning(line: str, sentence: str) -> None:
    job, reading = read_job(f"{TASK}{line}")
    assert errors(reading) == []
    assert [line.split("jobs[0].", 1)[1] for line in warnings(reading)] == [sentence]
    assert job.tasks


def test_every_option_of_an_input_is_read() -> None:
    job, reading = read_job(
        "steps:\n"
        "  - {IN: a, switch: off, versionNumber: 3, dependencyMode: immediate, triggerOnSuccess: false,"
        " triggerOnFailure: true}\n"
        "  - {IN: b, versionName: 0.10, force: yes, deployName: d, showBuildStatus: true, scopes: [ecr, gke],"
        " pull: false, vote: false}\n"
        "  - TASK: {script: x}\n"
    )
    first, second = job.ins
    assert errors(reading) == []
    assert (first.name, str(first.place), first.switch, first.version_number) == ("a", "shippable.yml:5:14", False, 3)
    assert (first.dependency_mode, first.trigger_on_success, first.trigger_on_failure) == ("immediate", False, True)
    assert (second.switch, second.version_name, second.force, second.deploy_name) == (True, "0.10", True, "d")
    assert (second.show_build_status, second.scopes) == (True, ("ecr", "gke"))
    assert first.written["switch"] == "off"
    assert second.written == {
        "IN": "b", "versionName": "0.10", "force": "yes", "deployName": "d", "showBuildStatus": True,
        "scopes": ("ecr", "gke"), "pull": False, "vote": False,
    }  # fmt: skip


def test_options_of_an_input_that_nothing_uses_yet_are_told_once_for_all_jobs() -> None:
    steps = "[{IN: p, force: yes, vote: true, pull: off}, {IN: q, force: on}, {TASK: {script: x}}]"
    resource = "{type: params, versionTemplate: {params: {A: 1}}, name: "
    reading = read_text(
        f"resources: [{resource}p}}, {resource}q}}]\n"
        f"jobs:\n  - {{name: one, type: runSh, steps: {steps}}}\n  - {{name: two, type: runSh, steps: {steps}}}\n"
    )
    assert [line.split("warning: ")[1] for line in printed(reading)] == [
        "nothing is deployed by a runSh job, so force means nothing in: one, two",
        "nothing votes at Gerrit yet; vote is asked for by: one, two",
    ]


@pytest.mark.parametrize("switch", ["off", "false", "'off'", "no", "OFF", '"false"'])
def test_a_switch_is_off_however_it_is_written(switch: str) -> None:
    assert read_job(f"steps:\n  - {{IN: a, switch: {switch}}}\n  - TASK: {{script: x}}")[0].ins[0].switch is False


def test_every_option_of_an_output_is_read() -> None:
    job, reading = read_job(
        "steps:\n  - {IN: b}\n  - {OUT: a, replicate: b, replicateOnPullRequest: false, overwrite: true,"
        " on_failure: true}\n"
        "  - TASK: {script: x}\n"
    )
    out = job.outs[0]
    assert printed(reading) == []
    assert (out.name, out.replicate, out.replicate_on_pull_request) == ("a", "b", False)
    assert (out.overwrite, out.on_failure) == (True, True)


def test_steps_keep_the_order_of_the_file_whatever_it_is() -> None:
    job, reading = read_job("steps:\n  - OUT: a\n  - TASK: {script: x}\n  - IN: b\n  - - IN: slack\n")
    assert printed(reading) == []
    assert [type(step).__name__ for step in job.steps] == ["Out", "Task", "In", "In"]


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        ("TASKS: {script: x}", "steps[1].TASKS: 'TASKS' is not a step (did you mean 'TASK'?)"),
        ("out: a", "steps[1].out: 'out' is not a step (did you mean 'OUT'?)"),
        ("In: a", "steps[1].In: 'In' is not a step (did you mean 'IN'?)"),
        ("GET: a", "steps[1].GET: 'GET' is no longer a step (use IN)"),
        ("PUT: a", "steps[1].PUT: 'PUT' is no longer a step (use OUT)"),
        ("{IN: a, OUT: b}", "steps[1]: one step holds IN and OUT: each needs its own '- '"),
        ("zzzzzz: 1", "steps[1]: a step is a mapping with IN, TASK or OUT"),
        ("make", "steps[1]: a step is a mapping with IN, TASK or OUT, not text"),
        ("", "steps[1]: a step is a mapping with IN, TASK or OUT, not empty"),
        ("IN:", "steps[1].IN: must be a name, not empty"),
        ("IN: [a]", "steps[1].IN: must be a name, not a list"),
        ("{IN: a, versionName: x, versionNumber: 1}", "steps[1]: job 'j': versionName and versionNumber of 'a'"
         " cannot pin both"),
        ("{IN: a, versionNumber: x}", "steps[1].versionNumber: must be a whole number, at least 1, not 'x'"),
        ("{IN: a, switch: maybe}", "steps[1].switch: must be true or false (or on or off), not 'maybe'"),
    ],
)  # fmt: skip
def test_a_step_that_is_not_understood_says_what_was_meant(step: str, sentence: str) -> None:
    reading = read_job(f"steps:\n  - TASK: {{script: x}}\n  - {step}\n")[1]
    assert [line.split("jobs[0].", 1)[1] for line in errors(reading)] == [sentence]


def test_steps_that_are_a_mapping_are_refused() -> None:
    reading = read_job("steps:\n  IN: a\n  TASK: {script: x}\n")[1]
    assert errors(reading) == [
        "shippable.yml:5:7: jobs[0].steps: must be a list, not a mapping (put '- ' before each step)"
    ]


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        ("{OUT: a, switch: off}", "'switch' is not a key of an OUT step and is ignored"),
        ("{IN: a, applyTo: [b]}", "applyTo means nothing in a runSh job and is ignored"),
        ("{TASK: {script: y}, agentOnly: true}", "'agentOnly' is not a key of a TASK step and is ignored"),
    ],
)
def test_a_stray_option_of_a_step_is_a_warning(step: str, sentence: str) -> None:
    reading = read_job(f"steps:\n  - TASK: {{script: x}}\n  - {step}\n")[1]
    assert errors(reading) == []
    assert sentence in warnings(reading)[0]


def test_a_misspelt_option_of_a_step_is_an_error() -> None:
    reading = read_job("steps:\n  - TASK: {script: x}\n  - {IN: a, swtich: off}\n")[1]
    assert [line.split("steps", 1)[1] for line in errors(reading)] == [
        "[1].swtich: 'swtich' is not a key of an IN step (did you mean 'switch'?)"
    ]


def test_runcli_is_read_as_runsh_with_a_warning() -> None:
    job, reading = read_job(TASK, "runCLI")
    assert job.type == "runSh"
    assert printed(reading) == ["shippable.yml:3:11: warning: jobs[0].type: 'runCLI' is an older name (use runSh)"]


def test_runci_takes_no_scripts_but_takes_the_managed_task() -> None:
    job, reading = read_job("steps:\n  - IN: a\n  - TASK: managed\n", "runCI", "j_runCI")
    assert errors(reading) == []
    assert isinstance(job.steps[1], Managed)
    assert errors(read_job(TASK, "runCI", "j_runCI")[1]) == [
        "shippable.yml:5:15: jobs[0].steps[0].TASK: runCI jobs take no TASK; put the commands in the CI part"
    ]


@pytest.mark.parametrize(
    ("job_type", "body", "missing"),
    [
        ("manifest", "steps:\n  - IN: img\n  - TASK: managed", "manifests are not built yet"),
        ("release", "bump: minor\nsteps: [IN: vers]", "releases are not made yet"),
        ("deploy", "method: upgrade\nmaxWaitTime: 5\nstabilityDuration: 6\nworkflow: serial\nsteps: [IN: where,"
         " IN: repo]", "nothing is deployed to clusters yet"),
        ("provision", "steps:\n  - IN: load", "load balancers are not created yet"),
        ("externalCI", "", "results of other CI systems are not received yet"),
        ("rSync", "steps:\n  - TASK: managed", "files are read by every run, there is no job for it"),
    ],
)  # fmt: skip
def test_a_job_that_cannot_run_yet_is_read_and_says_so_by_name(job_type: str, body: str, missing: str) -> None:
    job, reading = read_job(body, job_type)
    assert job.type == job_type
    assert printed(reading) == [
        f"shippable.yml:3:11: warning: jobs[0].type: the {job_type} job 'j' cannot run yet: {missing}"
    ]


def test_options_of_managed_jobs_are_kept_in_both_places() -> None:
    job, _ = read_job("method: replace\nsteps:\n  - {TASK: managed, deployMethod: upgrade}", "deploy")
    assert job.options == {"method": "replace"}
    assert isinstance(job.steps[0], Managed)
    assert job.steps[0].options == {"deployMethod": "upgrade"}


@pytest.mark.parametrize(
    ("job_type", "line", "sentence"),
    [
        ("release", "bump: mnior\nsteps: [IN: vers]", "bump: must be one of major, minor, patch, alpha, beta,"
         " rc, final, not 'mnior' (did you mean 'minor'?)"),
        ("deploy", "maxWaitTime: 3601\nsteps: [IN: where, IN: repo]", "maxWaitTime: must be 0..3600, not '3601'"),
        ("deploy", "stabilityDuration: 301\nsteps: [IN: where, IN: repo]", "stabilityDuration: must be 0..300, not"
         " '301'"),
        ("deploy", "method: red\nsteps: [IN: where, IN: repo]", "method: must be one of blueGreen, upgrade, replace,"
         " not 'red'"),
        ("manifest", "steps: [IN: img, {TASK: manged}]", "steps[1].TASK: a TASK of a manifest job is 'managed', not"
         " 'manged' (did you mean 'managed'?)"),
    ],
)  # fmt: skip
def test_wrong_options_of_managed_jobs_are_refused(job_type: str, line: str, sentence: str) -> None:
    assert [e.split("jobs[0].", 1)[1] for e in errors(read_job(line, job_type)[1])] == [sentence]


@pytest.mark.parametrize("apply_to", ["a", "[a, b]", "[{manifest: m, image: a, port: 80}]"])
def test_apply_to_is_kept_in_its_three_shapes(apply_to: str) -> None:
    job, reading = read_job(f"steps: [IN: img, {{IN: a, applyTo: {apply_to}}}]", "manifest")
    assert errors(reading) == []
    assert job.ins[1].apply_to == job.ins[1].written["applyTo"]
    assert job.ins[1].apply_to is not None


def test_scripts_of_a_managed_job_are_a_warning() -> None:
    job, reading = read_job(f"{TASK}  - IN: img\n", "manifest")
    assert errors(reading) == []
    assert job.tasks == ()
    assert "a manifest job runs no scripts of its own: this TASK is ignored" in warnings(reading)[1]


@pytest.mark.parametrize(
    ("job_type", "inputs", "sentence"),
    [
        ("manifest", [], "needs an image or a file as input"),
        ("manifest", ["a"], "needs an image or a file as input"),
        ("manifest", ["img", "txt"], "mixes image and file inputs: each kind has a manifest of its own"),
        ("release", ["img"], "has no base version: add a version resource, or a release, manifest or deploy that"
         " carries one"),
        ("deploy", ["repo"], "needs exactly one cluster as input and has none"),
        ("deploy", ["where", "else", "repo"], "needs exactly one cluster as input and has 2"),
        ("deploy", ["where", "img"], "needs a manifest, release, deploy or gitRepo as input"),
        ("provision", ["where"], "needs a loadBalancer as input"),
    ],
)  # fmt: skip
def test_a_managed_job_without_what_it_needs_cannot_be_used(job_type: str, inputs: list[str], sentence: str) -> None:
    reading = read_job("steps:" + "".join(f"\n  - IN: {name}" for name in inputs), job_type)[1]
    assert errors(reading) == [f"shippable.yml:2:11: {job_type} 'j' {sentence}"]
    assert not reading.refused


def test_a_managed_job_with_an_input_that_nothing_defines_is_told_of_that_alone() -> None:
    assert errors(read_job("steps: [IN: unknown]", "deploy")[1]) == [
        "shippable.yml:4:17: job 'j': IN 'unknown' does not exist"
    ]


@pytest.mark.parametrize("name", ["tests", "a.b_runCI", "_runCI", "x_runci"])
def test_a_runci_job_is_named_after_a_repository(name: str) -> None:
    reading = read_job("", "runCI", name)[1]
    assert errors(reading) == [f"shippable.yml:2:11: '{name}' is no repository's runCI job (name it <repo>_runCI)"]
    assert reading.inconsistent == {name}


def test_scripts_of_the_hooks_of_a_runci_job_belong_in_the_ci_part() -> None:
    job, reading = read_job("always: [{script: x}, {NOTIFY: slack}]", "runCI", "j_runCI")
    assert (job.hooks.always.script, [named.name for named in job.hooks.always.notify]) == ((), ["slack"])
    assert (
        "hooks of a runCI job take NOTIFY only: the script is ignored (put it in the build of the CI part)"
        in warnings(reading)[0]
    )


def test_what_two_jobs_take_from_one_template_is_told_once() -> None:
    reading = read_text(
        "x: &x {TASK: {script: x, nmae: y}}\n"
        "jobs:\n  - {name: a, type: runSh, steps: [*x]}\n  - {name: b, type: runSh, steps: [*x]}\n"
    )
    assert len(printed(reading)) == 1
