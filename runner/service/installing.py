"""What an installation puts on a build host, and takes away again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import runner
from runner.errors import UsageError
from runner.execution.host_checks import booted
from runner.service.settings_places import NAME, Places
from runner.service.settings_reading import SettingsError, read_settings
from runner.service.settings_template import template

MARK = "# Written by `runner install`, which writes it anew: change it with a drop-in.\n"
"""The first line of what may be written over and removed."""
UNITS = ("shippable-runner.service", "shippable-builds.slice", "shippable-runner-credentials.socket")
SYSUSERS = "shippable-runner.sysusers.conf"
TMPFILES = "shippable-runner.tmpfiles.conf"
RUNNER = "@RUNNER@"
"""What stands for the command in the unit."""
NEW, CHANGED, SAME, KEPT = "new", "changed", "unchanged", "kept as it is"
HIDDEN = ("/home", "/root", "/run/user")
"""What ProtectHome= of the unit hides."""
SYSTEM = Places(config=Path("/etc") / NAME, state=Path("/var/lib") / NAME, runtime=Path("/run") / NAME)


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file of an installation. `ours`: it is written anew each time, and removed; else it is the operator's as
    soon as it is there."""

    path: Path
    text: str
    mode: int = 0o644
    ours: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """Where things go: below `prefix` as a package has them, or on this host where there is none."""

    prefix: Path | None
    job_users: int

    @property
    def files(self) -> list[File]:
        root = self.prefix or Path("/")
        base = root / ("usr/lib" if self.prefix else "etc")
        return [
            *(File(path=base / "systemd/system" / name, text=MARK + _unit(name)) for name in UNITS),
            File(path=base / "sysusers.d" / f"{NAME}.conf", text=MARK + shipped(SYSUSERS) + "".join(self._users())),
            File(path=base / "tmpfiles.d" / f"{NAME}.conf", text=MARK + shipped(TMPFILES)),
            File(path=self.directories[0] / "runner.toml", text=self._settings(), mode=0o640, ours=False),
        ]

    @property
    def directories(self) -> tuple[Path, Path]:
        """Those of settings and of state, which stay."""
        root = self.prefix or Path("/")
        return root / SYSTEM.config.relative_to("/"), root / SYSTEM.state.relative_to("/")

    @property
    def names(self) -> list[str]:
        return [f"shippable-job-{number}" for number in range(1, self.job_users + 1)]

    def _users(self) -> Iterator[str]:
        for name in self.names:
            yield f'u {name} - "Builds of the shippable runner" /nonexistent /usr/sbin/nologin\n'

    def _settings(self) -> str:
        given = {"jobs.users": self.names, "pools.default": self.job_users} if self.names else {}
        return template(given, SYSTEM.defaults(SYSTEM.config))


def install(installation: Installation, *, dry: bool = False) -> Iterator[str]:
    """Write what is missing or differs; says each thing as it does it, or with `dry` what it would do. Raises
    UsageError."""
    _check(installation)
    for file in installation.files:
        fate = _fate(file)
        yield f"{fate}: {file.path}"
        if fate in (NEW, CHANGED) and not dry:
            _write(file)
        if fate == KEPT and not file.ours:
            yield from _other_users(installation, file.path)
    if installation.prefix is None:
        sysusers, tmpfiles = (f"/etc/{kind}/{NAME}.conf" for kind in ("sysusers.d", "tmpfiles.d"))
        yield from _run(["systemd-sysusers", sysusers], dry=dry)
        yield from _run(["systemd-tmpfiles", "--create", tmpfiles], dry=dry)
        yield from _reload(dry=dry)


def _other_users(installation: Installation, settings: Path) -> Iterator[str]:
    """What an operator has to know of settings that are kept: users that they do not name are not used."""
    try:
        named = read_settings(settings, {}).settings.jobs.users
    except SettingsError:
        yield f"not usable as they are: {settings} (runner config check tells what is wrong)"
        return
    if set(named) != set(installation.names):
        yield (
            f"jobs.users in {settings} names {len(named)} users ({', '.join(named) or 'none'}), this installation has "
            f"{installation.job_users} ({', '.join(installation.names) or 'none'}): change it there, with [pools]"
        )


def uninstall(installation: Installation, *, purge: bool = False, dry: bool = False) -> Iterator[str]:
    """Remove what `install` has written, with `purge` the settings and the state as well; users stay. Raises
    UsageError."""
    _check_rights(installation)
    if installation.prefix is None and _is_active():
        raise UsageError(f"the service runs: stop it first, with systemctl disable --now {UNITS[0]} {UNITS[2]}")
    for file in installation.files:
        if file.ours and file.path.exists():
            written = _is_ours(file.path)
            yield f"{'removed' if written else 'kept, not ours'}: {file.path}"
            if written and not dry:
                file.path.unlink()
    for directory in installation.directories:
        if directory.exists():
            yield f"{'removed' if purge else 'kept'}: {directory}"
            if purge and not dry:
                shutil.rmtree(directory)
    if installation.prefix is None:
        yield from _reload(dry=dry)


def shipped(name: str) -> str:
    """The text of a file of `systemd/`, in an installed package or beside the source."""
    package = Path(runner.__path__[0])
    places = (package / "systemd" / name, package.parent / "systemd" / name)
    return next(path for path in places if path.exists()).read_text("utf-8")


def runner_program() -> Path:
    """The command of this installation, whatever link it was called by. Raises UsageError."""
    places = (Path(sys.argv[0]), Path(sysconfig.get_path("scripts")) / "runner")
    for path in places:
        if path.name == "runner" and path.is_file():
            return path.resolve()
    raise UsageError(f"the command `runner` is not in {places[1].parent}, where this Python has its commands")


def _unit(name: str) -> str:
    return shipped(name).replace(RUNNER, quoted(runner_program()))


def quoted(path: Path) -> str:
    """A program as it stands in ExecStart= (systemd.service(5), systemd.syntax(7))."""
    text = str(path).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{text}"' if any(c in text for c in " \t\"'\\;") else text


def _check(installation: Installation) -> None:
    """Refuse what could never start. Raises UsageError."""
    _check_rights(installation)
    for program in (runner_program(), Path(sys.base_prefix)):
        if installation.prefix is None and any(program.is_relative_to(hidden) for hidden in HIDDEN):
            raise UsageError(
                f"this runner is in {program}, and the unit sees no home directories: install it elsewhere, "
                "for example with python3 -m venv /opt/shippable-runner"
            )


def _check_rights(installation: Installation) -> None:
    if installation.prefix is None and os.geteuid() != 0:
        raise UsageError("only root can install on this host; --prefix DIR writes the files somewhere else")


def _fate(file: File) -> str:
    """What becomes of a file."""
    try:
        text = file.path.read_text("utf-8", "surrogateescape")
    except FileNotFoundError:
        return NEW
    if text == file.text:
        return SAME
    return CHANGED if file.ours and text.startswith(MARK) else KEPT


def _is_ours(path: Path) -> bool:
    return path.read_text("utf-8", "surrogateescape").startswith(MARK)


def _write(file: File) -> None:
    """The whole file or nothing of it."""
    file.path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=file.path.parent, prefix=f".{file.path.name}.")
    try:
        with open(descriptor, "w", encoding="utf-8") as writing:
            writing.write(file.text)
            os.fchmod(descriptor, file.mode)
            writing.flush()
            os.fsync(descriptor)
        os.replace(name, file.path)
    except BaseException:
        os.unlink(name)
        raise


def _is_active() -> bool:
    return booted() and not subprocess.run(["systemctl", "--quiet", "is-active", UNITS[0]], check=False).returncode


def _reload(*, dry: bool) -> Iterator[str]:
    if booted():
        yield from _run(["systemctl", "daemon-reload"], dry=dry)
    else:
        yield "not run: systemctl daemon-reload (systemd does not run this host)"


def _run(command: list[str], *, dry: bool) -> Iterator[str]:
    """Raises UsageError where it fails."""
    yield f"run: {' '.join(command)}"
    if dry:
        return
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise UsageError(
            f"{command[0]} is not there: this host has no systemd; --prefix DIR writes the files"
        ) from None
    if done.returncode:
        raise UsageError(f"{' '.join(command)} failed with exit status {done.returncode}: {done.stderr.strip()}")
