"""`runner doctor`"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import click

from runner.cli import options, remote
from runner.cli.remote_doctor import check_service
from runner.execution.host_checks import Check, check_host
from runner.execution.verdict import size
from runner.logs.sanitizing import harmless
from runner.service.isolation import isolation_checks
from runner.service.job_users import refuse_sharing
from runner.service.user_names import job_user

MARKS = {True: "ok", False: "bad", None: "-"}


@click.command("doctor")
@options.directory
@click.option("--json", "as_json", is_flag=True, help="One JSON object a finding and line.")
@click.option(
    "--job-user",
    "job_users",
    multiple=True,
    envvar="RUNNER_JOB_USERS",
    metavar="NAME",
    help="A user that jobs of a service are to run as; may be given several times.",
)
@remote.instead
@click.pass_context
def command(ctx: click.Context, directory: Path, as_json: bool, job_users: tuple[str, ...], host: str | None) -> int:
    """Show what this host gives to builds: containment, which limits hold how, and what jobs are kept from; with
    --host, how a service is.

    The users of jobs are those of the settings where --job-user names none. Nothing is changed. Exit 1 where something
    is bad.
    """
    if host:
        remote.refuse_with_host(ctx, "directory", "job_users")
        found = check_service(remote.client_of(host))
    else:
        told, names = _settings() if not job_users else ([], job_users)
        users = [job_user(name) for name in names]
        refuse_sharing(users)
        store = directory.resolve() / options.STORE
        found = [*check_host(), *_store(directory), *told, *isolation_checks(users, store)]
    width = max(len(check.name) for check in found)
    for check in found:
        if as_json:
            click.echo(json.dumps(dataclasses.asdict(check), ensure_ascii=False))
        else:
            click.echo(harmless(f"{MARKS[check.good]:3}  {check.name:{width}}  {check.text}", colours=False))
    return 1 if any(check.good is False for check in found) else 0


def _settings() -> tuple[list[Check], tuple[str, ...]]:
    """The users that jobs of the service of this host have, where its settings are there and may be read."""
    from runner.service.settings_places import CONFIG, Places

    file = Path(os.environ.get(CONFIG) or Places.of(os.environ).file)
    if not os.access(file, os.R_OK):
        return [], ()
    from runner.service.settings_reading import SettingsError, read_settings

    try:
        names = read_settings(file).settings.jobs.users
    except SettingsError as error:
        return [Check("settings", False, f"are not usable ('runner config check'): {error.problems[0]}")], ()
    return [Check("settings", True, f"{file}: {len(names)} job users")], names


def _store(directory: Path) -> Iterator[Check]:
    """Where builds would be kept."""
    base = directory.resolve()
    if not base.is_dir():
        yield Check("store", False, f"{base} is no directory", needed=True)
        return
    store = base / options.STORE
    place = store if store.is_dir() else base
    if not os.access(place, os.W_OK):
        yield Check("store", False, f"{place} cannot be written", needed=True)
        return
    free = shutil.disk_usage(place).free
    yield Check("store", free > 100 * 1024**2, f"{store}: {size(free)} free on its disk")
