"""Where an adversary works: a directory with a pipeline and its store, and what must be true of it afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

RUNNER = Path(sys.executable).with_name("runner")
PATIENCE_S = 60.0
"""How long a promise may take to come true on a busy machine."""


@dataclass
class Tally:
    """What was done to the runner, and what it lost by it: each loss is a sentence."""

    builds: int = 0
    faults: int = 0
    losses: list[str] = field(default_factory=list)


@dataclass
class World:
    """One project directory. `random` makes every choice, so that a seed repeats them."""

    directory: Path
    random: Random
    tally: Tally
    fault_names: list[str] = field(default_factory=list)

    def write(self, text: str) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.directory / "shippable.yml").write_text(text, "utf-8")

    def run(self, *arguments: str) -> int:
        """`runner run`, to its end; gives its exit status. What it shows can be as long as what the jobs print."""
        return self.start("run", "--output", "plain", *arguments).wait()

    def runner(self, *arguments: str, limit_s: float = 300.0) -> subprocess.CompletedProcess[str]:
        """Call a command and wait for it; what it takes too long for is a loss."""
        try:
            return subprocess.run(
                [RUNNER, *arguments],
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=limit_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            self.lose(f"`runner {' '.join(arguments)}` did not end within {limit_s:g} s")
            return subprocess.CompletedProcess([], 124, "", "")

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [RUNNER, *arguments],
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def fault(self, what: str) -> None:
        self.tally.faults += 1
        self.fault_names.append(what)

    def lose(self, what: str) -> None:
        self.tally.losses.append(
            f"{self.directory.name}: {what} (faults: {', '.join(self.fault_names[-6:]) or 'none'})"
        )

    def expect(self, true: bool, what: str) -> None:
        if not true:
            self.lose(what)

    def rows(self) -> list[dict[str, Any]]:
        """Every build of the store; what a killed process has left is looked after by this very call."""
        said = self.runner("builds", "--all", "--json")
        return [json.loads(line) for line in said.stdout.splitlines()]

    def settled(self) -> list[dict[str, Any]]:
        """Every build once no run goes on any more."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            self.rows()
            if not list((self.directory / ".runner" / "runs").glob("*.lock")):
                return self.rows()
            time.sleep(0.1)
        self.lose("a run does not end")
        return self.rows()

    def check(self) -> list[dict[str, Any]]:
        """What must be true after anything: one end for each build, whole logs, nothing left. Gives the builds."""
        rows = self.settled()
        self.tally.builds += len(rows)
        for row in rows:
            self.expect(row["ended_at"] is not None, f"{row['job']}/{row['number']} has no end: {row['status']}")
            self._check_log(row)
        self._check_processes()
        return rows

    def _check_log(self, row: dict[str, Any]) -> None:
        """Numbers without gap (or with one that is declared), and a last record that says what the store says."""
        name = f"{row['job']}/{row['number']}"
        expected, last_line = 1, b"{}"
        reading = subprocess.Popen(
            [RUNNER, "logs", "--json", name], cwd=self.directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        )
        assert reading.stdout is not None
        for line in reading.stdout:
            seq = int(line[7 : line.index(b",")])  # {"seq":7,
            if seq != expected:
                self.lose(f"the log of {name} goes from {expected - 1} to {seq}")
            plain = not line.startswith(b'"dropped"', line.index(b'"type":') + 7)
            expected = (seq if plain else json.loads(line)["until"]) + 1
            last_line = line
        last = json.loads(last_line)
        self.expect(reading.wait() == 0, f"the log of {name} cannot be read")
        self.expect(last.get("type") == "result", f"the log of {name} has no last record")
        self.expect(last.get("status") == row["status"], f"log and store tell two ends of {name}")

    def _check_processes(self) -> None:
        """Nothing that was born in a build of this directory lives, and no group of one is left."""
        left = [pid for pid in marked(self.directory) if alive(pid)]
        deadline = time.monotonic() + 5
        while left and time.monotonic() < deadline:
            time.sleep(0.05)
            left = [pid for pid in left if alive(pid)]
        for pid in left:
            self.lose(f"process {pid} is left")
        for lock in (self.directory / ".runner" / "builds").glob("*/lock"):
            text = lock.read_text()
            for group in json.loads(text)["groups"] if text else ():
                self.expect(not Path(group).exists(), f"the control group {group} is left")


def marked(directory: Path) -> list[int]:
    """The pids of all processes that a build below a directory gave birth to."""
    mark = f"SHIPPABLE_SUPERVISOR={directory}/".encode()
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                environ = Path(f"/proc/{name}/environ").read_bytes()
            except OSError:
                continue
            if any(part.startswith(mark) for part in environ.split(b"\0")):
                found.append(int(name))
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False
