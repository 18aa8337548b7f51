"""`--host`: which service a command speaks to."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.errors import UsageError

if TYPE_CHECKING:
    from runner.client.client import Client
    from runner.store.rows import BuildRow

VARIABLE = "RUNNER_HOST"
LOCAL = "local"
"""The service of this host, for commands that would else look at a store."""
FORMS = f"{LOCAL}, unix:///path/to/api.sock, http://HOST:PORT or https://HOST"

instead = click.option(
    "--host",
    envvar=VARIABLE,
    metavar="URL",
    help=f"Ask the service there instead of the store here: {FORMS}; also {VARIABLE}.",
)
"""For commands that work on a store of this host as well."""
required = click.option(
    "--host",
    envvar=VARIABLE,
    metavar="URL",
    help=f"Which service: {FORMS}; also {VARIABLE}. Default: {LOCAL}, the one of this host.",
)
"""For commands that are about a service; see `service`."""
as_json = click.option("--json", "as_json", is_flag=True, help="One JSON object an item and line.")


def client_of(host: str) -> Client:
    """The service that was named; `local` is the one of this host: that of the settings, of this user, or of the
    system. Raises UsageError."""
    from runner.client.address import Address
    from runner.client.client import Client
    from runner.client.token import read_token

    address = Address.of_socket(_own_socket()) if host == LOCAL else Address.parse(host)
    return Client(address, None if address.socket is not None else read_token(os.environ))


def service(host: str | None) -> Client:
    """The service that was named, else the one of this host. Raises UsageError."""
    return client_of(host or LOCAL)


def find_all(client: Client, names: Iterable[str]) -> list[BuildRow]:
    """The builds that were named, each once; the newest one if none was. Raises UsageError."""
    from runner.cli.build_names import split_name
    from runner.client.asking import build_of, builds

    rows = [build_of(client, *split_name(name)) for name in names] or builds(client, most=1)
    if not rows:
        raise UsageError(f"no builds yet at {client.address.text}")
    return list({row.id: row for row in rows}.values())


def tell_queued(client: Client, row: BuildRow) -> None:
    """What a person needs to find a build again."""

    name = row.name
    click.echo(told_status(client, row))
    click.echo(f"  runner logs -f {name} --host {client.address.text}")
    click.echo(f"  runner cancel {name} --host {client.address.text}")


def told_status(client: Client, row: BuildRow) -> str:
    """How a build is, and of one that waits what for. Raises ServiceError."""
    from runner.client.asking import job_view
    from runner.logs.sanitizing import harmless

    job = job_view(client, row.job)
    waits = any(build.id == row.id and build.status == "queued" for build in job.open) and job.held_by is not None
    why = f": {harmless(job.held_by, colours=False)}" if waits and job.held_by else ""
    return f"{row.name} is {row.status} at {client.address.text}{why}"


def told_end(row: BuildRow) -> str:
    from runner.logs.sanitizing import harmless

    reason = f": {harmless(row.reason, colours=False)}" if row.reason else ""
    return f"{row.name}: {row.status}{reason}"


def notice(text: str) -> None:
    click.echo(f"runner: {text}", err=True)


def refuse_with_host(ctx: click.Context, *names: str) -> None:
    """Options that mean nothing to a service. Raises UsageError for the first one that was given."""
    from click.core import ParameterSource

    for parameter in ctx.command.params:
        if parameter.name in names and ctx.get_parameter_source(parameter.name) is ParameterSource.COMMANDLINE:
            what = parameter.opts[-1] if isinstance(parameter, click.Option) else parameter.make_metavar(ctx)
            named = ctx.get_parameter_source("host") is ParameterSource.ENVIRONMENT
            host = f"--host, for which {VARIABLE} stands" if named else "--host"
            raise UsageError(f"{what} does not go with {host}: the service has its own pipelines, settings and store")


def _own_socket() -> Path:
    from runner.client.address import SYSTEM_SOCKET
    from runner.service.settings_places import CONFIG, Places

    places = Places.of(os.environ)
    if os.environ.get(CONFIG) or "RUNNER_SERVER__SOCKET" in os.environ or os.path.exists(places.file):
        from runner.service.settings_reading import SettingsError, read_settings

        try:
            return read_settings().settings.server.socket
        except SettingsError as error:
            notice(
                f"the usual socket is taken, the settings are not usable ('runner config check'): {error.problems[0]}"
            )
    own = places.runtime / SYSTEM_SOCKET.name
    return own if own.exists() or not SYSTEM_SOCKET.exists() else SYSTEM_SOCKET
