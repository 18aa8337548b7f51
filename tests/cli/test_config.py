"""`runner config`"""

from __future__ import annotations

from tests.runner_command import Project


def test_config_check_names_every_problem_and_where_it_is(project: Project) -> None:
    project.write("[server]\nlisten = ['nowhere']\n[pols]\n", "runner.toml")
    said = project.runner("config", "check", "--config", "runner.toml", RUNNER_LOG__LEVEL="loud")
    file = project.directory / "runner.toml"
    assert said.code == 2
    assert said.err.splitlines() == [
        f'{file}: server.listen: must be a list of addresses such as ["127.0.0.1:8080"], not '
        "[\"nowhere\"]: 'nowhere' is not host:port",
        f"{file}: pols: there is no such table (did you mean 'pools'?)",
        "RUNNER_LOG__LEVEL: log.level: must be one of debug, info, warning, error, not 'loud'",
        "runner: the settings have the 3 problems above",
    ]


def test_config_show_prints_where_each_value_is_from(project: Project) -> None:
    project.write("[webhooks.code]\nprovider = 'github'\nsecret_file = 'secret'\n[aws]\nregion='eu-west-1'", "r.toml")
    project.write("hunter2", "secret")
    said = project.runner("config", "show", RUNNER_CONFIG="r.toml", RUNNER_POOLS__DEFAULT="9")
    assert said.code == 0
    lines = said.out.splitlines()
    assert 'region = "eu-west-1"  # file' in lines
    assert "default = 9  # RUNNER_POOLS__DEFAULT" in lines
    assert 'format = "auto"  # default' in lines
    assert "hunter2" not in said.out
    checked = project.runner("config", "check", RUNNER_CONFIG="r.toml")
    assert (checked.code, checked.out) == (0, f"ok: {project.directory / 'r.toml'}\n")
