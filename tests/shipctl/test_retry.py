"""`shipctl retry`."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest

from tests.shipctl.conftest import Answer, Job


def test_a_success_says_nothing_of_its_own(job: Job) -> None:
    assert job.shipctl("retry", "printf", "%s|", "a b", "", "*") == Answer(0, "a b||*|")
    assert job.shipctl("retry") == Answer(0, "")


def test_every_failure_is_announced_and_the_last_status_kept(job: Job) -> None:
    answer = job.shipctl("retry", "bash", "-c", "echo out; echo err >&2; exit 7")
    said = "".join(f"out\nretrying {i} of 3 times...\nbash -c echo out; echo err >&2; exit 7\n" for i in (1, 2, 3))
    assert answer == Answer(7, said, "err\n" * 3)


def test_it_stops_at_the_first_success(job: Job) -> None:
    answer = job.shipctl("retry", "if [ -f done ]; then echo now; else touch done; false; fi")
    command = "if [ -f done ]; then echo now; else touch done; false; fi"
    assert answer == Answer(0, f"retrying 1 of 3 times...\n{command}\nnow\n")


def test_one_argument_is_a_command_line(job: Job) -> None:
    assert job.shipctl("retry", "echo $JOB_NAME | tr a-z A-Z") == Answer(0, "DEPLOY\n")


def test_one_argument_that_is_a_program_is_that_program(job: Job) -> None:
    program = job.write("my program", "#!/bin/sh\necho ran\n", mode=0o755)
    assert job.shipctl("retry", program) == Answer(0, "ran\n")


def test_a_missing_program_is_status_127(job: Job) -> None:
    answer = job.shipctl("retry", "no-such-program", "x")
    assert answer.status == 127
    assert "no-such-program" in answer.err


@pytest.mark.parametrize("call", [["kill -TERM $$"], ["bash", "-c", "kill -TERM $$"]])
def test_a_command_ended_by_a_signal_has_its_status(job: Job, call: list[str]) -> None:
    answer = job.shipctl("retry", *call)
    assert answer.status == 128 + signal.SIGTERM
    assert answer.out.count("retrying") == 3


def test_an_exported_function_can_be_retried(job: Job) -> None:
    script = 'f() { echo "f $1"; }; export -f f; shipctl retry f "a b"; shipctl retry "f c"'
    done = subprocess.run(["bash", "-c", script], env=job.environ, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("f a b\nf c\n", "")


def test_the_command_gets_every_variable_and_the_usual_signals(job: Job) -> None:
    answer = job.shipctl("retry", "/usr/bin/env", environ={"npm_config_//r/:_token": "t", "a.b": "c"})
    assert {"npm_config_//r/:_token=t", "a.b=c"} <= set(answer.out.splitlines())
    assert "LC_CTYPE" not in answer.out
    ignored = job.shipctl("retry", "grep SigIgn /proc/self/status").out.split()[1]
    assert int(ignored, 16) & (1 << (signal.SIGPIPE - 1)) == 0


def test_standard_input_is_the_commands(job: Job) -> None:
    done = subprocess.run([job.bin / "shipctl", "retry", "cat"], input=b"in\0put", env=job.environ, capture_output=True)
    assert done.stdout == b"in\0put"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_to_the_group_ends_the_command_and_the_tries(job: Job, number: signal.Signals) -> None:
    words = [str(job.bin / "shipctl"), "retry", "echo $$; exec sleep 60"]
    with subprocess.Popen(words, env=job.environ, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        command = int(process.stdout.readline())
        os.killpg(process.pid, number)
        assert process.wait(timeout=30) == -number
        assert process.stdout.read() == ""
        with pytest.raises(ProcessLookupError):
            os.kill(command, 0)
