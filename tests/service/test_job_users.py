"""Jobs that run as users of their own: real users, real shells. Each test process has numbers of its own."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import pytest

from runner.aws.broker import Broker
from runner.aws.environment import job_aws
from runner.aws.lease import Lease
from runner.errors import SetupError, UsageError
from runner.integrations.catalogue import CATALOGUE
from runner.integrations.model import FieldValue, Integration
from runner.pipeline.model import Limits
from runner.pipeline.problems import Place
from runner.sealing.key_files import make_pair
from runner.secret import Secret
from runner.service import ports
from runner.service.build import Build
from runner.service.credentials import NoRoles, variables_of
from runner.service.isolation import unreachable
from runner.service.job_users import JobUsers, open_job_users, refuse_sharing, refuse_too_few
from runner.service.ports import Grant, RoleUse
from runner.service.user_names import job_user
from runner.shipctl.shim import shim_text
from runner.store.rows import BuildRow
from runner.workspace.host import write_commands
from tests.aws.fake_sts import FakeSts
from tests.aws.test_broker import Build as AwsBuild
from tests.execution.conftest import Gate
from tests.execution.processes import alive
from tests.service import job_user_starter
from tests.service.world import Ran, world

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a job as another user")
PACKAGE_ROOT = Path(__file__).resolve().parents[2]


def numbers(count: int) -> list[str]:
    """Users that this test process has for itself, and this host does not know."""
    first = 1_000_000 + 20 * os.getpid()  # whatever else runs on this host, other tests among it
    return [f"{uid}:{uid}" for uid in range(first, first + count)]


@dataclass
class Host:
    """A directory that other users can come by, with a store in it: those of pytest are beneath a private one."""

    directory: Path
    gate: Gate

    @property
    def state(self) -> Path:
        return self.directory / "state"

    def users(self, count: int = 1) -> JobUsers:
        return JobUsers(numbers(count), self.state)


@pytest.fixture
def host() -> Iterator[Host]:
    directory = Path(tempfile.mkdtemp(prefix="job-users-"))
    directory.chmod(0o755)
    (directory / "state").mkdir(mode=0o700)
    gate = Gate(directory / "gate")
    for name in ("gate", "gate.go"):
        (directory / name).chmod(0o666)
    yield Host(directory, gate)
    gate.close()
    shutil.rmtree(directory)


class Asked(JobUsers):
    """Tells when somebody stands in the line for a user."""

    def __init__(self, names: Sequence[str], directory: Path) -> None:
        super().__init__(names, directory)
        self.asked = asyncio.Event()

    def reserve(self, build: int) -> Future[None]:
        found = super().reserve(build)
        self.asked.set()
        return found


def job(*script: str, name: str = "a") -> str:
    lines = "".join(f"\n              - {line}" for line in script)
    return f"""
      - name: {name}
        type: runSh
        steps:
        - TASK:
            script:{lines}"""


async def test_a_job_is_its_own_user_with_a_home_and_a_place_for_files(host: Host) -> None:
    text = "jobs:" + job(
        "id -u; id -g; id -G",
        'echo "$USER $LOGNAME $SHELL"',
        'touch "$HOME/x" "$TMPDIR/x" "$JOB_STATE/x" IN/x scripts/x && echo "${HOME##*/} ${TMPDIR##*/}"',
        "echo through the name of the pipe > /dev/stderr",
        'stat -c "%u %a" .. ; test -r "$AWS_CONFIG_FILE" && echo ours',
        "grep -h -e CapEff -e CapPrm -e CapAmb /proc/self/status | sort -u -k2",
    )
    uid = numbers(1)[0].partition(":")[0]
    async with world(host.state, text, job_users=host.users()) as found:
        ran = await found.built("a")
    assert ran.ended.status == "success", ran.records
    assert ran.lines[:3] == [uid] * 3
    assert ran.lines[3:8] == [f"{uid} {uid} /bin/bash", "home tmp", "through the name of the pipe", "0 710", "ours"]
    assert [line.split()[1] for line in ran.lines[8:]] == ["0" * 16]
    assert sorted(os.listdir(ran.place)) == ["lock", "log.jsonl", "result.json"]
    assert ran.place.stat().st_mode & 0o777 == 0o700


async def test_tools_are_set_up_for_the_user_of_the_job_alone(host: Host) -> None:
    commands = host.directory / "commands"
    commands.mkdir()
    for name, text in {"kubectl": 'cat "$KUBECONFIG"', "az": 'echo "$HOME" > "$AZURE_CONFIG_DIR/token"'}.items():
        (commands / name).write_text(f"#!/bin/sh\n{text}\n")
        (commands / name).chmod(0o755)
    text = """
    resources: [{name: k, type: cliConfig, integration: kube}, {name: a, type: cliConfig, integration: azure}]
    jobs:
      - name: j
        type: runSh
        steps:
          - IN: k
          - IN: a
          - TASK:
              script:
                - kubectl
                - stat -c '%u %a' "$KUBECONFIG" "$AZURE_CONFIG_DIR"
                - cat "$AZURE_CONFIG_DIR/token"
    """
    fields: dict[str, dict[str, FieldValue]] = {
        "kubernetesConfig": {"kubeConfigContent": "kind: Config"},
        "azureKeys": {"appId": "a", "password": Secret("pass-of-azure"), "tenant": "t"},
    }
    known = {
        name: Integration(name=name, type=CATALOGUE[type_], place=Place(""), fields=fields[type_])
        for name, type_ in (("kube", "kubernetesConfig"), ("azure", "azureKeys"))
    }
    base = ports.Host(base={"PATH": f"{commands}:/usr/bin:/bin"}, commands=commands, machine="x", user="u")
    uid = numbers(1)[0].partition(":")[0]
    async with world(host.state, text, known, job_users=host.users(), host=base) as found:
        ran = await found.built("j")
    assert ran.ended.status == "success", ran.records
    assert ran.lines == ["kind: Config", f"{uid} 600", f"{uid} 700", f"{ran.place / 'work'}/secrets/tools"]


async def test_keys_and_logins_of_integrations_belong_to_the_user_of_the_job_and_go_with_the_build(host: Host) -> None:
    fields: dict[str, dict[str, FieldValue]] = {
        "pemKey": {"key": Secret("-----BEGIN x\nline of the key")},
        "gitCredential": {"host": "git.x", "port": "443", "username": "me", "password": Secret("word-4711")},
    }
    given = {
        kind: Integration(name=kind, type=CATALOGUE[kind], place=Place(""), fields=fields[kind]) for kind in fields
    }
    text = "jobs:" + job(
        'stat -c "%u %a %n" integrations/pemKey/pemKey_key.pem secrets/git_credentials; cat "$PEMKEY_KEYPATH"',
        "printf 'protocol=https\\nhost=git.x\\n\\n' | git credential fill | tail -n 1",
    )
    text += "\n        integrations: [pemKey, gitCredential]"
    uid = numbers(1)[0].partition(":")[0]
    async with world(host.state, text, given, job_users=host.users()) as found:
        ran = await found.built("a")
    assert ran.lines[:2] == [f"{uid} 600 integrations/pemKey/pemKey_key.pem", f"{uid} 600 secrets/git_credentials"]
    assert ran.lines[2:] == ["****", "password=****"]
    assert not [path for path in host.directory.rglob("*") if path.is_file() and b"word-4711" in path.read_bytes()]


async def test_limits_that_hold_each_process_hold_those_of_a_job_user(host: Host) -> None:
    text = "jobs:" + job("ulimit -n -c") + "\n        runtime: {limits: {openFiles: 100, core: 0}}"
    async with world(host.state, text, job_users=host.users()) as found:
        ran = await found.built("a")
    assert ran.ended.status == "success", ran.records
    assert [line.split()[-1] for line in ran.lines] == ["100", "0"]


THEFT = [
    "for path in $WANTED ../log.jsonl ../handover.json ../lock ../result.json; do",
    '  { cat "$path" > /dev/null; } 2>/dev/null && echo "read $path"',
    '  { : >> "$path"; } 2>/dev/null && echo "wrote $path"',
    "done",
    'for path in $LISTED .. ; do ls "$path" 2>/dev/null && echo "listed $path"; done',
    "for pid in $PPID $VICTIM; do",
    "  for file in environ mem maps fd/0; do head -c 1 /proc/$pid/$file 2>/dev/null && echo read $pid $file; done",
    "  kill -0 $pid 2>/dev/null && echo could signal $pid",
    "done",
    "touch ../x $STATE/x $STATE/builds/x 2>/dev/null && echo made a file",
    "echo tried everything",
]


async def test_a_job_reads_nothing_of_the_runner_and_of_a_job_that_runs_beside_it(host: Host) -> None:
    (host.state / "integrations.yml").write_text("- secret")
    keys = make_pair(host.directory / "keys", "default", replace=False)
    assert keys.private is not None
    waiting = job("echo hidden > $SHARED_DIR/file; echo $$ > $GATE; read < $GATE.go", name="victim")
    theft = f"""
      - name: thief
        type: runSh
        steps:
        - TASK:
            script:
            - |
{chr(10).join(" " * 14 + line for line in THEFT)}"""
    injected = {"GATE": str(host.gate.path), "STATE": str(host.state)}
    async with world(host.state, "jobs:" + waiting + theft, job_users=host.users(2), injected=injected) as found:
        victim = await found.build("victim")
        async with asyncio.TaskGroup() as group:
            running = group.create_task(victim.run())
            injected["VICTIM"] = await host.gate.line()
            place = victim.journal.path.parent
            wanted = [
                host.state / "runner.db", host.state / "runner.db-wal", host.state / "integrations.yml",
                keys.private, host.directory / "keys/default.pub",
                *(path for path in place.rglob("*") if path.is_file()),
            ]  # fmt: skip
            assert place / "work/shared/file" in wanted
            injected |= {
                "WANTED": " ".join(map(str, wanted)),
                "LISTED": f"{host.state} {place.parent} {place} {host.directory / 'keys'}",
            }
            ran = await found.built("thief")
            host.gate.go()
    assert ran.ended.status == "success", ran.records
    assert running.result().status == "success"
    assert ran.lines == ["tried everything"]


def python_for(user: str) -> str:
    if unreachable(job_user(user), [PACKAGE_ROOT]):
        pytest.skip("other users do not reach this checkout")
    for path in (sys.executable, "/usr/bin/python3"):
        if Path(path).exists() and not unreachable(job_user(user), [Path(path)]):
            return path
    pytest.skip("other users can run no Python here")


async def test_shipctl_works_and_hides_values(host: Host) -> None:
    python = python_for(numbers(1)[0])
    write_commands(host.state / "bin", {"shipctl": shim_text(python, str(PACKAGE_ROOT))})
    text = "jobs:" + job(
        f"export PATH={host.state}/bin:$PATH",
        "shipctl mask a-new-secret && echo a-new-secret",
        "shipctl put_resource_state a k v; cat $JOB_STATE/a.env",
        "shipctl get_resource_name my-name",
    )
    async with world(host.state, text, job_users=host.users()) as found:
        ran = await found.built("a")
    assert ran.ended.status == "success", ran.records
    assert ran.lines == ["****", "k=v", "MYNAME"]


@dataclass(frozen=True)
class OneRole(NoRoles):
    """Gives every build the same lease."""

    lease: Lease
    shipctl: Path

    async def grant(self, build: BuildRow, roles: Sequence[RoleUse], *, config_file: Path, **_: object) -> Grant:
        aws = job_aws([self.lease], config_file=config_file, shipctl=self.shipctl, base={})
        return Grant(variables=variables_of(aws), config=aws.config)


async def test_a_job_gets_the_credentials_of_its_role(host: Host) -> None:
    shipctl = host.state / "bin" / "shipctl"
    write_commands(shipctl.parent, {"shipctl": shim_text(python_for(numbers(1)[0]), str(PACKAGE_ROOT))})
    calling = '$(sed -n "s/^credential_process = //p" "$AWS_CONFIG_FILE")'
    text = "jobs:" + job(f"{calling} | grep -o 'ASIA[0-9]*'")
    async with FakeSts() as fake, fake.client() as sts, Broker(sts) as broker:
        credentials = OneRole(await broker.lease(AwsBuild().request()), shipctl)
        async with world(host.state, text, job_users=host.users(), credentials=credentials) as found:
            ran = await found.built("a")
    assert ran.ended.status == "success", ran.records
    assert ran.lines == ["ASIA0001"]


async def test_links_of_a_job_lead_the_runner_to_nothing(host: Host) -> None:
    text = "jobs:" + job("ln -s /etc/shadow $JOB_STATE/shadow; ln -s /etc $JOB_STATE/etc; echo x > $JOB_STATE/own")
    async with world(host.state, text, job_users=host.users()) as found:
        ran = await found.built("a")
        files = await found.engine.store.previous_state("a")
    assert ran.ended.status == "success", ran.records
    assert {file.path for file in files} == {"a.env", "own"}


async def test_a_build_whose_runner_was_killed_keeps_its_user(host: Host) -> None:
    first, second = numbers(2)
    starter = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.service.job_user_starter", str(host.state), first, str(host.gate.path)
    )
    assert await host.gate.line() == "here"
    starter.kill()
    await starter.wait()
    users = JobUsers([second, first], host.state)
    async with world(host.state, job_user_starter.TEXT, job_users=users, attached=False) as found:
        (row,) = await found.engine.store.builds()
        users.settle([row.id])
        assert {users.take(99).user.uid} == {job_user(second).uid}
        with pytest.raises(SetupError, match="all 2 job users are taken"):
            users.take(100)
        build = Build(found.engine, found.pipeline.jobs["a"], row)
        build.begin()
        host.gate.go()
        ran = Ran(await build.run(), build.journal.path)
        assert [file.path for file in await found.engine.store.previous_state("a")] == ["a.env", "kept"]
    assert (ran.ended.status, ran.lines[0]) == ("success", first.partition(":")[0])
    assert users.of(row.id) is None
    assert users.settle([]) == []
    assert users.take(101).user.uid == job_user(second).uid


def test_what_an_earlier_owner_left_of_a_user_is_gone_before_the_next(host: Host) -> None:
    (name,) = numbers(1)
    user = job_user(name)
    script = "setsid sleep 600 & echo $! $$; exec sleep 600"
    left = subprocess.Popen(
        ["bash", "-c", script], user=user.uid, group=user.gid, extra_groups=[], stdout=subprocess.PIPE, text=True
    )
    assert left.stdout is not None
    pids = [int(pid) for pid in left.stdout.readline().split()]
    kept = Path("/dev/shm", f"kept-{user.uid}")
    kept.mkdir(exist_ok=True)
    (kept / "file").touch()
    os.chown(kept, user.uid, user.gid)
    try:
        taken = host.users().take(1)
    finally:
        left.stdout.close()
        left.wait()
    assert not any(map(alive, pids))
    assert not kept.exists()
    assert taken.user == user
    (told,) = taken.remains.told(user)
    assert told.startswith(f"processes of the job user {user.name} still ran and were killed: ")


def test_a_build_that_begins_again_gets_its_user_again_and_others_wait_for_nothing(host: Host) -> None:
    users = host.users(2)
    assert users.take(1).user == users.take(1).user != users.take(2).user
    with pytest.raises(SetupError, match="all 2 job users are taken: name at least as many"):
        users.take(3)
    users.give_back(1)
    assert users.take(3).user == users.users[0]
    again = host.users(2)
    assert (again.of(2), again.of(3)) == (users.of(2), users.of(3))
    assert again.settle([2]) == []
    assert (again.of(2), again.of(3)) == (users.of(2), None)


def test_who_waits_for_a_user_gets_the_first_that_is_given_back(host: Host) -> None:
    users = host.users(2)
    assert all(users.reserve(build).done() for build in (1, 2))
    third, fourth, fifth = (users.reserve(build) for build in (3, 4, 5))
    third.cancel()
    users.give_back(2)
    assert (fourth.result(0), users.of(4)) == (None, users.users[1])
    assert not fifth.done()


async def test_a_build_that_gets_a_slot_before_its_user_is_free_waits_for_it(host: Host) -> None:
    users = Asked(numbers(1), host.state)
    users.take(99)
    async with world(host.state, "jobs:" + job("true"), job_users=users) as found, asyncio.TaskGroup() as group:
        build = group.create_task(found.built("a"))
        await users.asked.wait()
        await asyncio.to_thread(users.give_back, 99)
    assert build.result().ended.status == "success"


def test_the_store_is_closed_to_other_users_but_for_passing_through(host: Host) -> None:
    (host.state / "more").mkdir(mode=0o755)
    (host.state / "integrations.yml").touch(mode=0o644)
    host.users()
    modes = {path.name: path.stat().st_mode & 0o777 for path in host.state.iterdir()}
    assert modes.pop("builds") == 0o711
    assert modes.keys() == {"more", "integrations.yml", "runs", "runner.db", "job-users"}
    assert not any(mode & 0o077 for mode in modes.values())
    assert host.state.stat().st_mode & 0o777 == 0o711


def test_without_names_there_is_no_pool_unless_a_build_has_a_user(host: Host) -> None:
    assert open_job_users([], host.state) is None
    host.users().take(1)
    found = open_job_users([], host.state)
    assert found is not None
    assert found.of(1) == job_user(numbers(1)[0])


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["root"], "the job user root is root"),
        (["0:5"], "the job user 0:5 is root"),
        (["5:0"], "the job user 5:0 is root"),
        (["no-such-user"], "there is no user 'no-such-user'"),
        (["1:x"], "'1:x' is no job user"),
        (["5:5", "5:6"], "the job users 5 and 5 are the same user"),
        (["5:5", "6:5"], "the job users 5 and 6 share a group"),
    ],
)
def test_users_that_would_keep_nothing_apart_are_refused(names: list[str], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        refuse_sharing([job_user(name) for name in names])


def test_a_user_may_be_named_and_gets_a_shell_that_works() -> None:
    known = next(entry for entry in pwd.getpwall() if entry.pw_uid and entry.pw_gid and "nologin" in entry.pw_shell)
    user = job_user(known.pw_name)
    assert (user.name, user.uid, user.gid, user.shell) == (known.pw_name, known.pw_uid, known.pw_gid, "/bin/bash")
    assert known.pw_gid not in user.groups


async def test_the_limit_for_the_disk_counts_the_home_of_the_user(host: Host) -> None:
    text = "jobs:" + job("head -c 3M /dev/zero > $HOME/x; head -c 3M /dev/zero > $TMPDIR/x; sleep 600")
    limits = Limits(disk=5 * 1024**2)
    async with world(host.state, text, job_users=host.users(), limits=limits) as found:
        ran = await found.built("a")
    assert (ran.ended.reason or "").startswith("disk limit of 5 MiB reached: the build directory holds 6")


def test_fewer_users_than_builds_at_once_are_refused() -> None:
    with pytest.raises(UsageError, match="2 builds may run at the same time, but there are 1 job users"):
        refuse_too_few([job_user("5:5")], 2)
    refuse_too_few([], 2)
