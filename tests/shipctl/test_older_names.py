"""`shippable_retry` and its like, and Java."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.shipctl.conftest import Answer, Inside, Job, answer

USAGE = "Usage: shippable_jdk set openjdk9\n"
SUPPORTED = (
    "The version of the jdk you are trying to use is not supported. "
    "The supported versions include openjdk7, openjdk8, openjdk9, oraclejdk8, oraclejdk9\n"
)


def _run(job: Job, *words: str) -> Answer:
    return answer([str(job.bin / words[0]), *words[1:]], job.environ, job.root)


def test_the_older_names_do_what_the_commands_do(job: Job) -> None:
    assert _run(job, "shippable_retry", "printf", "%s|", "a b", "-n").out == "a b|-n|"
    assert _run(job, "shippable_bump_version", "1.2.3", "minor") == Answer(0, "1.3.0\n")
    file = job.write("f", "$JOB_NAME")
    assert _run(job, "shippable_replace", "f") == Answer(0, "")
    assert file.read_text() == "deploy"
    missing = _run(job, "shippable_decrypt", "f", "no/key")
    assert (missing.status, missing.out.splitlines()[-1]) == (
        100,
        "shippable_decrypt: ERROR - Key file no/key not found",
    )


def test_an_exported_function_can_be_retried_by_the_older_name(job: Job) -> None:
    script = 'f() { echo "f $1"; }; export -f f; shippable_retry f "a b"'
    done = subprocess.run(["bash", "-c", script], env=job.environ, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("f a b\n", "")


@pytest.fixture
def jvm(job: Job) -> dict[str, str]:
    """A host with OpenJDK 8 and 11, its alternatives and `sudo` written down."""
    for home in ("java-8-openjdk-amd64/jre", "java-11-openjdk-amd64"):
        job.write(f"jvm/{home}/bin/java", f"#!/bin/bash\necho {home} >&2\n", mode=0o755)
    for home in ("java-8-openjdk-amd64", "java-11-openjdk-amd64"):
        job.write(f"jvm/{home}/bin/javac", "", mode=0o755)
        job.write(f"jvm/{home}/bin/java", f"#!/bin/bash\necho {home} >&2\n", mode=0o755)
    job.write("tools/update-alternatives", '#!/bin/bash\necho "$@"\n', mode=0o755)
    job.write("tools/sudo", '#!/bin/bash\n[[ $1 == -n ]] && shift\nexec "$@"\n', mode=0o755)
    job.write("tools/java", "#!/bin/bash\necho the chosen one >&2\n", mode=0o755)
    return {"SHIPPABLE_JVM_DIR": str(job.root / "jvm"), "PATH": f"{job.root}/tools:{job.environ['PATH']}"}


WRONG = [
    ([], 1, USAGE),
    (["set"], 1, USAGE),
    (["get", "openjdk8"], 1, f"Unknown command: get\n{USAGE}"),
    (["set", "openjdk7"], 99, "openjdk7 is not supported on this image\n"),
    (["set", "oraclejdk8"], 99, "oraclejdk8 is not supported on this image\n"),
    (["set", "jdk8"], 99, SUPPORTED),
    (["set", "openjdk8; touch pwned"], 99, SUPPORTED),
    (["home", "openjdk*"], 99, SUPPORTED),
]


@pytest.mark.parametrize(("call", "status", "said"), WRONG)
def test_a_jdk_that_is_not_there_is_said(
    inside: Inside, jvm: dict[str, str], call: list[str], status: int, said: str
) -> None:
    assert inside("jdk", *call, **jvm) == Answer(status, said)


def test_the_directory_of_a_jdk_is_printed(job: Job, inside: Inside, jvm: dict[str, str]) -> None:
    assert inside("jdk", "home", "openjdk8", **jvm) == Answer(0, f"{job.root}/jvm/java-8-openjdk-amd64\n")


def test_a_program_sets_the_hosts_java(job: Job, inside: Inside, jvm: dict[str, str]) -> None:
    home = f"{job.root}/jvm/java-8-openjdk-amd64"
    said = f"--set java {home}/jre/bin/java\n--set javac {home}/bin/javac\n"
    assert inside("jdk", "set", "openjdk8", **jvm) == Answer(0, said, "the chosen one\n")


def test_a_host_that_refuses_names_the_other_way(job: Job, inside: Inside, jvm: dict[str, str]) -> None:
    job.write("tools/update-alternatives", "#!/bin/bash\nexit 2\n", mode=0o755)
    said = "shipctl jdk: the host's java stays as it is; for this shell: source shippable_jdk set openjdk11\n"
    assert inside("jdk", "set", "openjdk11", **jvm) == Answer(2, "", said)


def _sourced(job: Job, jvm: dict[str, str], script: str) -> subprocess.CompletedProcess[str]:
    environ = {**job.environ, **jvm}
    return subprocess.run(["bash", "-uc", script], env=environ, cwd=job.root, capture_output=True, text=True)


def test_sourced_it_sets_the_java_of_that_shell_alone(job: Job, jvm: dict[str, str]) -> None:
    done = _sourced(job, jvm, 'source shippable_jdk set openjdk11; echo "$JAVA_HOME"; type -P java')
    home = f"{job.root}/jvm/java-11-openjdk-amd64"
    assert (done.stdout, done.stderr) == (f"{home}\n{home}/bin/java\n", "java-11-openjdk-amd64\n")


def test_sourced_a_missing_jdk_leaves_the_shell_as_it_is(job: Job, jvm: dict[str, str]) -> None:
    done = _sourced(job, jvm, 'source shippable_jdk set openjdk7; echo "$?" "${JAVA_HOME-none}"')
    assert done.stdout == "openjdk7 is not supported on this image\n99 none\n"
    assert _sourced(job, jvm, "source shippable_jdk; echo $?").stdout == f"{USAGE}1\n"


def test_a_run_name_is_the_command(job: Job) -> None:
    assert _run(job, "shippable_jdk", "set", "x") == Answer(99, SUPPORTED)
    assert os.access(Path(job.bin) / "shippable_jdk", os.X_OK)
