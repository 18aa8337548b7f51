"""The state that the rules keep: open builds and one small record for each job. Nothing of a build that has ended
stays but the last status of its job."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from runner.scheduling.snapshot import JobState, OpenBuild, Snapshot, Waiting


@dataclass(slots=True)
class Record:
    """What is known of a job; `running`: how many of its builds are processing."""

    last_status: str | None = None
    paused: bool = False
    stale: bool = False
    waiting: Waiting | None = None
    running: int = 0


class Line:
    """The queued builds of one job in the order of their ids, those that a person asked for by themselves."""

    __slots__ = ("automatic", "manual")

    def __init__(self) -> None:
        # An ordinary dict takes longer and longer to give its first key when its first keys are what is deleted.
        self.automatic: OrderedDict[int, None] = OrderedDict()
        self.manual: OrderedDict[int, None] = OrderedDict()

    def first(self, *, held: bool) -> int | None:
        """The id of the oldest build; of the oldest manual one where the others are held."""
        manual = next(iter(self.manual), None)
        automatic = None if held else next(iter(self.automatic), None)
        if manual is None or automatic is None:
            return automatic if manual is None else manual
        return min(manual, automatic)


class Ledger:
    """`builds` in the order of their ids. A job has a line only while it has a queued build."""

    __slots__ = ("builds", "lines", "next_build", "records")

    def __init__(self) -> None:
        self.next_build = 1
        self.builds: dict[int, OpenBuild] = {}
        self.lines: dict[str, Line] = {}
        self.records: dict[str, Record] = {}

    @classmethod
    def of(cls, snapshot: Snapshot) -> Ledger:
        ledger = cls()
        ledger.next_build = snapshot.next_build
        for job, state in snapshot.jobs.items():
            ledger.records[job] = Record(state.last_status, state.paused, state.stale, state.waiting)
        for build in snapshot.builds:
            ledger.know([build.job])
            ledger.queue(build)
            if build.processing:
                ledger.start(build)
        return ledger

    def know(self, jobs: Iterable[str]) -> None:
        """Give every job a record; one that was known before keeps its own."""
        for job in jobs:
            if job not in self.records:
                self.records[job] = Record()

    def queue(self, build: OpenBuild) -> None:
        self.builds[build.id] = build
        line = self.lines.setdefault(build.job, Line())
        (line.manual if build.manual else line.automatic)[build.id] = None

    def start(self, build: OpenBuild) -> None:
        self._leave_line(build)
        self.builds[build.id] = replace(build, processing=True)
        self.records[build.job].running += 1

    def remove(self, build: OpenBuild) -> None:
        del self.builds[build.id]
        if build.processing:
            self.records[build.job].running -= 1
        else:
            self._leave_line(build)

    def next_of(self, job: str) -> OpenBuild | None:
        """The queued build of the job that goes first; a paused job holds the automatic ones."""
        line = self.lines.get(job)
        first = None if line is None else line.first(held=self.records[job].paused)
        return None if first is None else self.builds[first]

    def is_open(self, job: str) -> bool:
        """Whether a build of the job is queued or processing, or a waiting entry of it exists."""
        record = self.records[job]
        return record.running > 0 or job in self.lines or record.waiting is not None

    def snapshot(self, *, draining: bool) -> Snapshot:
        return Snapshot(
            next_build=self.next_build,
            jobs={
                job: JobState(record.last_status, record.paused, record.stale, record.waiting)
                for job, record in self.records.items()
            },
            builds=tuple(self.builds.values()),
            draining=draining,
        )

    def _leave_line(self, build: OpenBuild) -> None:
        line = self.lines[build.job]
        del (line.manual if build.manual else line.automatic)[build.id]
        if not line.manual and not line.automatic:
            del self.lines[build.job]
