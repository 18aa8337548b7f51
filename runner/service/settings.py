"""The settings of the service: one frozen struct for each table of the settings file.

A description stands beside each key; the reference table of the documents is made of these structs. `restart` marks
what a running service cannot take over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from msgspec import Meta, Struct

from runner.notifications.smtp import Security
from runner.pipeline.model import Limits


class LogFormat(StrEnum):
    AUTO = "auto"
    JSON = "json"
    CONSOLE = "console"


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Provider(StrEnum):
    """Whose webhooks they are."""

    GITHUB = "github"
    GITLAB = "gitlab"
    BITBUCKET = "bitbucket"
    GENERIC = "generic"


@dataclass(frozen=True, slots=True)
class Address:
    """Where TCP connections are taken: `127.0.0.1:8080`, `[::1]:8080`; port 0 is a free one."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError."""
        host, colon, port = text.rpartition(":")
        if host.startswith("[") and host.endswith("]"):
            host = host[1:-1]
        elif ":" in host:
            raise ValueError(f"{text!r}: an IPv6 address stands in brackets, as in [::1]:8080")
        if not (colon and host and port.isascii() and port.isdigit() and int(port) <= 65535):
            raise ValueError(f"{text!r} is not host:port")
        return cls(host, int(port))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def key(description: str, *, restart: bool = False, size: bool = False, least: timedelta = timedelta()) -> Meta:
    """What is known about a key beside its type. `size`: the number is one of bytes; `least` is for durations."""
    return Meta(description=description, extra={"restart": restart, "size": size, "least": least})


Positive = Annotated[int, Meta(ge=1)]
SECOND = timedelta(seconds=1)


class Table(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the settings file."""


class Server(Table, frozen=True, kw_only=True):
    socket: Annotated[Path, key("The unix socket of the API, for the `runner` command on this host.", restart=True)]
    listen: Annotated[
        tuple[Address, ...], key("Where the API takes TCP connections, which need tokens.", restart=True)
    ] = ()
    public_url: Annotated[str | None, key("The address that people and webhooks reach the API at.")] = None
    body_limit: Annotated[Positive, key("The largest body of a request.", size=True)] = 10 * 1024**2
    request_timeout: Annotated[timedelta, key("How long a request may take, streams of logs aside.", least=SECOND)] = (
        30 * SECOND
    )
    rate_limit: Annotated[int, Meta(ge=0), key("Requests a second of one TCP client; 0: as many as it likes.")] = 50


class Jobs(Table, frozen=True, kw_only=True):
    users: Annotated[
        tuple[str, ...],
        key("The users that builds run as, one build each at a time; none: the service's own.", restart=True),
    ] = ()
    grace: Annotated[timedelta, key("How long processes get to end before they are killed.")] = 10 * SECOND
    limits: Annotated[Limits, key("What each build may use on this host; a job can only say less.")] = Limits()


class Aws(Table, frozen=True, kw_only=True):
    region: Annotated[str | None, key("The region of STS, and of jobs that name none.", restart=True)] = None
    credentials_port: Annotated[
        int,
        Meta(ge=0, le=65535),
        key(
            "The port of 127.0.0.1 where jobs get credentials; 0: any. A socket of systemd goes before.",
            restart=True,
        ),
    ] = 0
    sandbox: Annotated[bool, key("An AWS of this host's own in memory instead of the real one.", restart=True)] = False


class Secrets(Table, frozen=True, kw_only=True):
    keys: Annotated[Path, key("The directory of the private keys that secure values are decrypted with.")]


class PipelineSource(Table, frozen=True, kw_only=True):
    """Where the files of a pipeline are: a directory of this host, or a git repository."""

    path: Annotated[Path | None, key("The directory or file of the pipeline.")] = None
    git: Annotated[str | None, key("The repository of the pipeline, as `git clone` takes it.")] = None
    branch: Annotated[str | None, key("The branch of the repository; default: the one that it names.")] = None
    poll: Annotated[timedelta, key("How often a change is looked for.", least=SECOND)] = 60 * SECOND


class Webhook(Table, frozen=True, kw_only=True):
    provider: Annotated[Provider, key("Whose signatures are checked.")]
    secret_file: Annotated[Path | None, key("The file that holds the secret.")] = None
    secret_env: Annotated[str | None, key("The variable of the service that holds the secret.")] = None
    repository: Annotated[str | None, key("Only repositories like this (`owner/*`).")] = None


class Repositories(Table, frozen=True, kw_only=True):
    poll: Annotated[
        timedelta | None,
        key(
            "How often the repositories of `gitRepo` resources are asked for commits; off: webhooks tell.", least=SECOND
        ),
    ] = timedelta(minutes=5)


class Retention(Table, frozen=True, kw_only=True):
    age: Annotated[timedelta | None, key("How long builds are kept.")] = timedelta(days=90)
    builds: Annotated[Positive | None, key("How many builds of a job are kept.")] = 1000
    size: Annotated[Positive | None, key("How much the builds of a job may hold on the disk.", size=True)] = (
        10 * 1024**3
    )


class Hooks(Table, frozen=True, kw_only=True):
    directory: Annotated[Path, key("Where the host's hooks are, in `pre-build` and `post-build`.")]
    timeout: Annotated[timedelta, key("How long one of them may take.", least=SECOND)] = 60 * SECOND


class Notifications(Table, frozen=True, kw_only=True):
    keep_trying: Annotated[
        timedelta, key("How long a notification that does not get through is tried again.", least=SECOND)
    ] = timedelta(hours=1)


class Smtp(Table, frozen=True, kw_only=True):
    host: Annotated[str | None, key("The SMTP server that e-mail is handed to.")] = None
    port: Annotated[int, Meta(ge=0, le=65535), key("Its port; 0: 587, 465 or 25, by `security`.")] = 0
    security: Annotated[Security, key("How the connection is encrypted: `tls` is from its first byte on.")] = (
        Security.STARTTLS
    )
    sender: Annotated[str | None, key("Whom e-mail is from; default: `shippable-runner@` this host.")] = None
    user: Annotated[str | None, key("The login at the server.")] = None
    password_file: Annotated[Path | None, key("The file that holds its password.")] = None
    password_env: Annotated[str | None, key("The variable that holds its password.")] = None
    ca_file: Annotated[Path | None, key("Certificates that are trusted beside those of the system.")] = None


class Log(Table, frozen=True, kw_only=True):
    format: Annotated[LogFormat, key("`auto`: for people at a terminal, else JSON.")] = LogFormat.AUTO
    level: Annotated[LogLevel, key("What is left out below it.")] = LogLevel.INFO


class Settings(Table, frozen=True, kw_only=True):
    state_dir: Annotated[Path, key("Where builds, logs, versions and saved state are kept.", restart=True)]
    integrations: Annotated[
        Path | None, key("The integrations file; default: `integrations.yml` beside the settings, if it is there.")
    ] = None
    server: Server
    pools: Annotated[Mapping[str, Positive], key("How many builds run at once in each node pool.")]
    jobs: Jobs = Jobs()
    aws: Aws = Aws()
    secrets: Secrets
    pipelines: Mapping[str, PipelineSource] = {}
    webhooks: Mapping[str, Webhook] = {}
    repositories: Repositories = Repositories()
    retention: Retention = Retention()
    hooks: Hooks
    notifications: Notifications = Notifications()
    smtp: Smtp = Smtp()
    log: Log = Log()
