"""What an installation writes, keeps and removes; and what systemd says of its units."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from runner.errors import UsageError
from runner.service.installing import MARK, Installation, install, quoted, uninstall
from runner.service.settings_reading import read_settings
from runner.service.settings_template import template
from tests.runner_command import RUNNER, Project

UNITS = "usr/lib/systemd/system"
SERVICE = "shippable-runner.service"
EXPOSED_AT_MOST = 4.0
NEEDS_SYSTEMD = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd on this host")


@pytest.fixture
def here(tmp_path: Path) -> Installation:
    return Installation(prefix=tmp_path, job_users=2)


def done(lines: Iterable[str]) -> list[str]:
    """The first words of what was said."""
    return [line.partition(":")[0] for line in lines]


def test_an_installation_has_units_users_and_settings(here: Installation, tmp_path: Path) -> None:
    assert done(install(here)) == ["new"] * 6
    files = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert files == {
        f"{UNITS}/{SERVICE}",
        f"{UNITS}/shippable-builds.slice",
        f"{UNITS}/shippable-runner-credentials.socket",
        "usr/lib/sysusers.d/shippable-runner.conf",
        "usr/lib/tmpfiles.d/shippable-runner.conf",
        "etc/shippable-runner/runner.toml",
    }
    assert f"ExecStart={RUNNER.resolve()} serve\n" in (tmp_path / UNITS / SERVICE).read_text()
    settings = read_settings(tmp_path / "etc/shippable-runner/runner.toml", {}).settings
    assert settings.jobs.users == ("shippable-job-1", "shippable-job-2")
    assert settings.pools == {"default": 2}
    users = (tmp_path / "usr/lib/sysusers.d/shippable-runner.conf").read_text()
    assert [line.split()[1] for line in users.splitlines() if line.startswith("u ")] == list(settings.jobs.users)


def test_installing_other_users_than_the_kept_settings_name_is_told(here: Installation, tmp_path: Path) -> None:
    list(install(here))
    assert not [line for line in install(here) if line.startswith("jobs.users")]
    (told,) = [line for line in install(Installation(prefix=tmp_path, job_users=3)) if line.startswith("jobs.users")]
    assert "names 2 users (shippable-job-1, shippable-job-2), this installation has 3 (" in told
    (tmp_path / "etc/shippable-runner/runner.toml").write_text("[jobs]\nuser = 3\n")
    assert done(install(here)).count("not usable as they are") == 1


def test_installing_again_keeps_the_settings_and_renews_the_rest(here: Installation, tmp_path: Path) -> None:
    list(install(here))
    settings = tmp_path / "etc/shippable-runner/runner.toml"
    settings.write_text("[aws]\nsandbox = true\n")
    unit = tmp_path / UNITS / SERVICE
    unit.write_text(MARK + "of an older version")
    foreign = tmp_path / UNITS / "shippable-builds.slice"
    foreign.write_text("of a package\n")
    *fates, users = done(install(here))
    assert fates == ["changed", "kept as it is", "unchanged", "unchanged", "unchanged", "kept as it is"]
    assert users.startswith(f"jobs.users in {settings} names 0 users (none)")
    assert "ExecStart=" in unit.read_text()
    assert settings.read_text() == "[aws]\nsandbox = true\n"
    assert foreign.read_text() == "of a package\n"
    assert not [path for path in unit.parent.iterdir() if path.name.startswith(".")]


def test_uninstalling_removes_what_was_written_and_nothing_else(here: Installation, tmp_path: Path) -> None:
    list(install(here))
    (tmp_path / UNITS / "shippable-builds.slice").write_text("of a package\n")
    (tmp_path / "var/lib/shippable-runner/builds").mkdir(parents=True)
    list(uninstall(here))
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [
        "runner.toml",
        "shippable-builds.slice",
    ] or [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["shippable-builds.slice", "runner.toml"]
    list(uninstall(here, purge=True))
    assert not (tmp_path / "etc/shippable-runner").exists()
    assert not (tmp_path / "var/lib/shippable-runner").exists()


def test_a_dry_run_changes_nothing(here: Installation, tmp_path: Path) -> None:
    assert done(install(here, dry=True)) == ["new"] * 6
    assert not list(tmp_path.iterdir())
    list(install(here))
    before = sorted(tmp_path.rglob("*"))
    list(uninstall(here, purge=True, dry=True))
    assert sorted(tmp_path.rglob("*")) == before


def test_every_default_and_example_of_the_settings_file_is_one(tmp_path: Path) -> None:
    text = template({}, {("pools", "default"): 4, ("state_dir",): Path("/var/lib/x")})
    written_out = re.sub(r"^# (\[|\w+ = (?! ))", r"\1", text, flags=re.M)
    file = tmp_path / "runner.toml"
    file.write_text(re.sub(r"^git = .*", "", written_out, flags=re.M))  # either that or path
    settings = read_settings(file, {}).settings
    assert settings.state_dir == Path("/var/lib/x")
    assert list(settings.pipelines) == list(settings.webhooks) == ["NAME"]


@pytest.mark.parametrize(
    ("path", "text"),
    [("/opt/runner/bin/runner", None), ("/opt/my runner/50%", '"/opt/my runner/50%%"'), ('/a"b', '"/a\\"b"')],
)
def test_a_program_is_written_so_that_systemd_reads_it(path: str, text: str | None) -> None:
    assert quoted(Path(path)) == (text or path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may install on this host")
def test_only_root_installs_on_this_host() -> None:
    with pytest.raises(UsageError, match="only root can install on this host"):
        list(install(Installation(prefix=None, job_users=1), dry=True))


@NEEDS_SYSTEMD
def test_systemd_finds_nothing_to_say_about_the_units(here: Installation, tmp_path: Path) -> None:
    list(install(here))
    units = sorted((tmp_path / UNITS).iterdir())
    said = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")


@NEEDS_SYSTEMD
def test_the_service_is_hardened(here: Installation, tmp_path: Path) -> None:
    list(install(here))
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(tmp_path / UNITS / SERVICE)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    (line,) = (line for line in said.splitlines() if "Overall exposure level" in line)
    assert float(line.partition("service: ")[2].split()[0]) <= EXPOSED_AT_MOST


@NEEDS_SYSTEMD
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make users")
def test_systemd_makes_the_users_and_directories(here: Installation, tmp_path: Path) -> None:
    list(install(here))
    for command in ("systemd-sysusers", "systemd-tmpfiles --create"):
        program, *options = command.split()
        file = tmp_path / f"usr/lib/{program.removeprefix('systemd-')}.d/shippable-runner.conf"
        subprocess.run([program, f"--root={tmp_path}", *options, file], capture_output=True, check=True)
    assert [line.partition(":")[0] for line in (tmp_path / "etc/passwd").read_text().splitlines()][:2] == here.names
    assert "shippable-runner:" in (tmp_path / "etc/group").read_text()
    assert (tmp_path / "var/lib/shippable-runner/builds").stat().st_mode & 0o777 == 0o711


def test_the_command_installs_for_packages(project: Project) -> None:
    said = project.runner("install", "--prefix", "package", "--job-users", "1")
    assert said.code == 0
    assert said.out.count("new: ") == 6
    assert (project.directory / "package/etc/shippable-runner/runner.toml").stat().st_mode & 0o777 == 0o640
    assert project.runner("uninstall", "--prefix", "package").code == 0
    assert not (project.directory / "package" / UNITS / SERVICE).exists()
