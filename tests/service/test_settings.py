"""The settings of the service: the file, the variables, the defaults, and what people read when something is wrong."""

from __future__ import annotations

import json
import textwrap
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.notifications.outcome import NotSentError
from runner.pipeline.model import Limits
from runner.secret import Secret
from runner.service.durations import parse_duration
from runner.service.settings import Address, LogLevel, PipelineSource, Provider
from runner.service.settings_changes import changes
from runner.service.settings_reading import Effective, SettingsError, read_settings
from runner.service.settings_showing import as_file
from runner.service.settings_values import as_size, as_toml
from runner.service.smtp import smtp_server

WHOLE = """
    state_dir = "state"
    [server]
    listen = ["127.0.0.1:8080", "[::1]:0"]
    body_limit = "1MiB"
    [pools]
    arm = 2
    [jobs]
    users = ["u1", "u2", "u3", "u4", "u5", "u6", "u7", "u8", "u9", "u10", "u11", "u12", "u13"]
    grace = "1m30s"
    limits = {memory = "2GiB", cpuWeight = 50}
    [pipelines.shop]
    path = "/srv/shop"
    [pipelines."web.site"]
    git = "https://example.com/site.git"
    branch = "main"
    poll = "1h"
    [webhooks.code]
    provider = "github"
    secret_file = "/etc/secret"
    [retention]
    age = "off"
    builds = 20
    [log]
    level = "debug"
"""


class Place:
    """A settings file in a directory of its own."""

    def __init__(self, directory: Path) -> None:
        self.file = directory / "runner.toml"

    def read(self, text: str, **environ: str) -> Effective:
        self.file.write_text(textwrap.dedent(text), "utf-8")
        return read_settings(self.file, environ)

    def problems(self, text: str, **environ: str) -> list[str]:
        with pytest.raises(SettingsError) as caught:
            self.read(text, **environ)
        return [str(problem).replace(f"{self.file}: ", "") for problem in caught.value.problems]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_each_key_of_the_file_becomes_its_type(place: Place) -> None:
    settings = place.read(WHOLE).settings
    assert settings.state_dir == place.file.parent / "state"
    assert settings.server.listen == (Address("127.0.0.1", 8080), Address("::1", 0))
    assert settings.server.body_limit == 1024**2
    assert settings.pools == {"default": 4, "arm": 2}
    assert settings.jobs.users == tuple(f"u{number}" for number in range(1, 14))
    assert settings.jobs.grace == timedelta(seconds=90)
    assert settings.jobs.limits == Limits(memory=2 * 1024**3, cpu_weight=50)
    assert settings.pipelines["shop"].path == Path("/srv/shop")
    assert settings.pipelines["web.site"] == PipelineSource(
        git="https://example.com/site.git", branch="main", poll=timedelta(hours=1)
    )
    assert settings.webhooks["code"].provider is Provider.GITHUB
    assert (settings.retention.age, settings.retention.builds, settings.retention.size) == (None, 20, 10 * 1024**3)
    assert settings.log.level is LogLevel.DEBUG


def test_a_variable_goes_before_the_file(place: Place) -> None:
    effective = place.read(
        WHOLE,
        RUNNER_STATE_DIR="/elsewhere",
        RUNNER_SERVER__LISTEN="127.0.0.1:1, 127.0.0.1:2",
        RUNNER_AWS__SANDBOX="true",
        RUNNER_POOLS__ARM="8",
        RUNNER_POOLS__BIG="1",
        RUNNER_JOBS__LIMITS__CPU_WEIGHT="70",
        RUNNER_PIPELINES__WEB_SITE__BRANCH="next",
        RUNNER_RETENTION__BUILDS="off",
        RUNNER_ELSE="is not ours",
        RUNNER_HOST="http://example.com",
    )
    settings = effective.settings
    assert settings.state_dir == Path("/elsewhere")
    assert [str(address) for address in settings.server.listen] == ["127.0.0.1:1", "127.0.0.1:2"]
    assert settings.aws.sandbox is True
    assert settings.pools == {"default": 4, "arm": 8, "big": 1}
    assert settings.jobs.limits.cpu_weight == 70
    assert settings.pipelines["web.site"].branch == "next"
    assert settings.retention.builds is None
    assert effective.values["pools", "arm"].where == "RUNNER_POOLS__ARM"
    assert effective.values["jobs", "grace"].where == str(place.file)


def test_each_build_that_may_run_at_the_same_time_needs_a_user(place: Place) -> None:
    text = """
        [pools]
        arm = 2
        default = 1
        [jobs]
        users = ["a", "b"]
    """
    assert place.problems(text) == [
        "jobs.users: 3 builds may run at the same time, by [pools], but there are 2 job users: name 3, or lower a pool"
    ]
    assert place.read(text, RUNNER_JOBS__USERS="a,b,c").settings.jobs.users == ("a", "b", "c")
    assert place.read(text, RUNNER_JOBS__USERS="").settings.jobs.users == ()


def test_every_problem_is_told_at_once_with_its_key_and_what_was_meant(place: Place) -> None:
    text = """
        serverr = 3
        aws = "eu-west-1"
        [server]
        listen = ["127.0.0.1:8080", "::1"]
        lisen = 3
        request_timeout = 30
        body_limit = "10 lots"
        socket = "/{}"
        [pools]
        default = 0
        [jobs]
        users = ["a", "a"]
        limits = {{memry = "2GiB", pids = "many"}}
        [pipelines."a b"]
        path = "x"
        [pipelines.two]
        [pipelines.three]
        path = "x"
        branch = "x"
        [webhooks.gh]
        provider = "githb"
        secret = "hunter2"
        secret_env = "X"
        [webhooks.gl]
        repository = "x"
        [log]
        level = 3
    """
    socket = "x" * 110
    assert place.problems(text.format(socket), RUNNER_POLS__X="3", RUNNER_AWS__CREDENTIALS_PORT="70000") == [
        "serverr: there is no such key (did you mean 'server'?)",
        "aws: must be a table: write [aws] and its keys below it",
        'server.listen: must be a list of addresses such as ["127.0.0.1:8080"], not '
        '["127.0.0.1:8080", "::1"]: \'::1\': an IPv6 address stands in brackets, as in [::1]:8080',
        "server.lisen: there is no such key (did you mean 'listen'?)",
        "server.request_timeout: must be a duration such as 30s, 10m, 24h or 7d, at least 1s, not 30",
        "server.body_limit: must be a size such as 512MiB or 10GiB, not '10 lots'",
        "pools.default: must be a whole number, at least 1, not 0",
        "jobs.limits.memry: there is no such key (did you mean 'memory'?)",
        "jobs.limits.pids: must be a whole number, 1..4000000, not 'many'",
        "webhooks.gh.provider: must be one of github, gitlab, bitbucket, generic, not 'githb' (did you mean 'github'?)",
        "webhooks.gh.secret: there is no such key (did you mean 'secret_env'?)",
        "log.level: must be one of debug, info, warning, error, not 3",
        "RUNNER_AWS__CREDENTIALS_PORT: aws.credentials_port: must be a whole number, 0..65535, not '70000'",
        "RUNNER_POLS__X: pols: there is no such table (did you mean 'pools'?)",
        "pipelines.a b: a name has letters, digits, '.', '_' and '-', begins with a letter or digit, "
        "and at most 64 signs",
        "pipelines.two: needs either path, a directory of this host, or git, a repository",
        "pipelines.three.branch: goes with git only: a directory is taken as it is",
        "webhooks.gl.provider: is missing: one of github, gitlab, bitbucket, generic",
        "webhooks.gl: needs either secret_file or secret_env: where the secret is that its sender signs with",
        "server.socket: is too long: a socket's path has at most 107 bytes",
        "jobs.users: 'a' is there twice: each user has one build at a time",
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"a = [", "is not TOML: "), (b"a = '\xff'", "is not UTF-8: byte 5"), (None, "cannot be read: No such file")],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None, sentence: str) -> None:
    file = tmp_path / "runner.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        read_settings(None, {"RUNNER_CONFIG": str(file)})
    assert str(caught.value).startswith(f"{file}: {sentence}")


def test_without_a_file_everything_has_its_default_in_the_directories_that_systemd_names(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "integrations.yml").touch()
    effective = read_settings(
        None,
        {
            "CONFIGURATION_DIRECTORY": f"{tmp_path}/etc:{tmp_path}/other",
            "STATE_DIRECTORY": f"{tmp_path}/state",
            "RUNTIME_DIRECTORY": f"{tmp_path}/run",
        },
    )
    assert effective.file is None
    assert effective.settings.state_dir == tmp_path / "state"
    assert effective.settings.integrations == tmp_path / "etc/integrations.yml"
    assert effective.settings.server.socket == tmp_path / "run/api.sock"
    assert effective.settings.hooks.directory == tmp_path / "etc/hooks.d"
    assert effective.settings.pools == {"default": 4}


def test_what_is_shown_gives_the_same_settings_again(place: Place) -> None:
    effective = place.read(WHOLE, RUNNER_LOG__LEVEL="error")
    shown = as_file(effective)
    assert 'level = "error"  # RUNNER_LOG__LEVEL' in shown
    assert 'age = "off"  # file' in shown
    assert 'format = "auto"  # default' in shown
    assert place.read(shown).settings == effective.settings


def test_no_login_of_an_address_is_shown(place: Place) -> None:
    old, new = (place.read(f'[pipelines.shop]\ngit = "https://bot:{word}@h.test/shop"') for word in ("open", "sesame"))
    assert 'git = "https://****@h.test/shop"' in as_file(old)
    (change,) = changes(old.settings, new.settings)
    assert "open" not in str(change)
    assert "sesame" not in str(change)


def test_a_change_says_whether_it_needs_a_restart(place: Place) -> None:
    old = place.read(WHOLE).settings
    new = place.read(
        WHOLE.replace("arm = 2", "arm = 3").replace("[::1]:0", "[::1]:1").replace("cpuWeight = 50", "pids = 9")
        + '[pipelines.late]\npath = "late"\n'.replace("\n", "\n    "),
        RUNNER_STATE_DIR="/elsewhere",
    ).settings
    assert changes(old, old) == ()
    assert [(str(change), change.restart) for change in changes(old, new)] == [
        (f'state_dir: "{place.file.parent}/state" → "/elsewhere"', True),
        ('server.listen: ["127.0.0.1:8080", "[::1]:0"] → ["127.0.0.1:8080", "[::1]:1"]', True),
        ("pools.arm: 2 → 3", False),
        ("jobs.limits.pids: not set → 9", False),
        ("jobs.limits.cpuWeight: 50 → not set", False),
        (f'pipelines.late.path: not set → "{place.file.parent}/late"', False),
        ('pipelines.late.poll: not set → "1m"', False),
    ]


@given(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=10_000)))
def test_a_duration_is_read_as_it_is_written(value: timedelta) -> None:
    assert parse_duration(json.loads(as_toml(value))) == value


@pytest.mark.parametrize("text", ["", "5", "5 m", "1m1h", "-1s", "1.5h", "1y", "٣s", "9999999999999d"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    assert parse_duration(text) is None


def test_a_size_is_written_in_the_largest_whole_unit() -> None:
    assert [as_size(n) for n in (0, 1, 1024, 1536, 10 * 1024**2, 1024**5)] == [
        "0", "1", "1KiB", "1536", "10MiB", "1024TiB",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ('user = "a"', "smtp.user: needs either password_file or password_env: where its password is"),
        (
            'user = "a"\npassword_file = "p"\npassword_env = "P"',
            "smtp.user: needs either password_file or password_env: where its password is",
        ),
        (
            r'sender = "a@x.example\nBcc: b@x.example"',
            "smtp.sender: must be an e-mail address such as builds@example.com",
        ),
        ('sender = "builds"', "smtp.sender: must be an e-mail address such as builds@example.com"),
        ('password_env = "P"', "smtp.password_env: goes with smtp.user only"),
        (
            'user = "a"\npassword_env = "P"\nsecurity = "none"',
            "smtp.security: must be starttls or tls where there is a user: a password is not sent in plain",
        ),
        ('security = "ssl"', "smtp.security: must be one of starttls, tls, none, not 'ssl'"),
    ],
)
def test_what_is_said_of_the_mail_server_must_fit_together(place: Place, lines: str, problem: str) -> None:
    assert place.problems(f"[smtp]\n{lines}") == [problem]


def test_the_mail_server_of_the_settings_has_its_password(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.file.with_name("p").write_text("s3cret\n")
    smtp = place.read(
        '[smtp]\nsender = "Our builds <b@x.example>"\nuser = "a"\npassword_file = "p"', RUNNER_SMTP__HOST="mail.example"
    ).settings.smtp
    server = smtp_server(smtp)
    assert (server.host, server.port, server.user, server.password) == ("mail.example", 587, "a", Secret("s3cret"))
    assert "s3cret" not in repr(server)
    monkeypatch.setenv("MAIL_PASSWORD", "other")
    lines = 'host = "h"\nsecurity = "tls"\nuser = "a"\npassword_env = "MAIL_PASSWORD"\nsender = "ci@x.example"'
    server = smtp_server(place.read(f"[smtp]\n{lines}").settings.smtp)
    assert (server.port, server.password, server.sender) == (465, Secret("other"), "ci@x.example")


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("", "no SMTP server is set: smtp.host in runner.toml, or RUNNER_SMTP__HOST, names one"),
        (
            'host = "h"\nuser = "a"\npassword_env = "NOT_SET"',
            "the password of the SMTP server is empty: it is looked for in the variable NOT_SET",
        ),
        (
            'host = "h"\nuser = "a"\npassword_file = "no"',
            "smtp.password_file DIR/no cannot be read: No such file or directory",
        ),
    ],
)
def test_a_mail_server_that_cannot_be_used_says_why(place: Place, lines: str, sentence: str) -> None:
    with pytest.raises(NotSentError) as error:
        smtp_server(place.read(f"[smtp]\n{lines}").settings.smtp)
    assert str(error.value).replace(str(place.file.parent), "DIR") == sentence
