"""A CI build: its items run side by side, each a build of its own; their ends make the end of the whole."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TypeAlias

from runner.errors import RunnerError, SetupError
from runner.execution.model import EndedBy
from runner.logs.records import DamagedLogError
from runner.pipeline.ci.expansion import Item, expand
from runner.pipeline.ci.model import CiPart
from runner.pipeline.model import Job
from runner.pipeline.problems import Severity
from runner.service.build import Build
from runner.service.ci import cache
from runner.service.ci.checkout import commit_of, git_of
from runner.service.ci.filters import resets_cache, skipped
from runner.service.ci.item import CiItem
from runner.service.ci.outcome import ItemEnd, outcome
from runner.service.ci.source import CiSource
from runner.service.ci.telling import CiTelling, people_of
from runner.service.journal import Journal, Section
from runner.service.notices import at_end, at_start
from runner.service.ports import Ended
from runner.service.preparation import Engine
from runner.service.tidings import Tidings
from runner.store.items import add_items, last_success
from runner.store.rows import BuildEnd, BuildRow
from runner.workspace.ci import UTF8, Commit
from runner.workspace.versions import NewVersion

Follow: TypeAlias = Callable[[Build, BuildRow], Awaitable[Ended]]
"""Runs the build of an item and shows it."""


class CiBuild:
    """`run` may be called once; `cancel` at any time: it starts no more items, those that run are cancelled by whoever
    follows them."""

    def __init__(self, engine: Engine, job: Job, row: BuildRow, follow: Follow) -> None:
        self._engine = engine
        self._job = job
        self._row = row
        self._follow = follow
        self._began = time.monotonic()
        self._cancelled: tuple[str, EndedBy] | None = None
        self._versions: dict[int, Sequence[NewVersion]] = {}
        self._tidings = Tidings(engine, row.id)
        self._telling: CiTelling | None = None
        self.journal = Journal(engine.store.build_directory(row.id).absolute() / "log.jsonl")

    @property
    def id(self) -> int:
        return self._row.id

    def cancel(self, reason: str, by: EndedBy = EndedBy.USER) -> None:
        self._cancelled = self._cancelled or (reason, by)

    def tell(self, text: str, level: str) -> None:
        """Have a line of the runner's own (info, warning) at the end of the log."""
        self._tidings.keep(text, level)

    def begin(self) -> None:
        """Make the log. Raises OSError; then `fail` is what is left to do."""
        self.journal.open(self._row.id, self._job.name, self._row.number)

    async def fail(self, reason: str) -> Ended:
        """End a build that could not begin. Raises StoreError."""
        return await self._finish("error", reason, EndedBy.RUNNER)

    async def run(self) -> Ended:
        """Run it to its one recorded end. Only a failing store is raised (StoreError)."""
        await self._engine.store.start_build(self._row.id)
        try:
            status, reason = await self._run()
        except (RunnerError, OSError) as error:
            return await self._finish("error", str(error), EndedBy.RUNNER)
        if self._cancelled is not None and status != "success":
            return await self._finish("cancelled", *self._cancelled)
        return await self._finish(status, reason, EndedBy.SCRIPT)

    async def _run(self) -> tuple[str, str | None]:
        source, part = self._source()
        git = git_of(self._engine.host.base)
        commit = await commit_of(git, source.directory)
        if commit.job != self._job.name:
            raise SetupError(f"{self._job.name} is of another repository: the checkout here is that of {commit.job}")
        source.people.update(people_of(commit))
        earlier = (await self._engine.store.last_statuses([self._job.name])).get(self._job.name)
        telling = self._telling = CiTelling(part=part, commit=commit, earlier=earlier)
        items = expand(part)
        rows = await self._engine.store.transaction(lambda tx: add_items(tx, self._row, len(items), self._job.type))
        with self.journal.section("Matrix", shown=True) as section:
            self._tell(section, source, commit, part)
            for item, row in zip(items, rows, strict=True):
                section.note(f"{row.name}: {item}" if str(item) else row.name)
        await self._tidings.begin((*at_start(self._job.hooks), *telling.at_start()))
        ends = await self._run_items(source, part, commit, items, rows)
        return outcome(ends)

    def _source(self) -> tuple[CiSource, CiPart]:
        """Raises SetupError where there is no CI part that can be run."""
        source = self._engine.ci
        if source is None:
            raise SetupError(f"{self._job.name} runs where its checkout is: 'runner run --ci' in there")
        if not self._engine.attached:
            raise SetupError(f"{self._job.name} cannot run in the background yet: run it without --detach")
        if source.reading is None:
            raise SetupError(f"there is no CI part: no shippable.yml in the root of {source.directory} has one")
        if source.reading.refused:
            first = next(p for p in source.reading.problems if p.severity is Severity.ERROR)
            raise SetupError(f"the CI part has problems ('runner validate' tells all): {first}")
        return source, source.reading.part

    def _tell(self, section: Section, source: CiSource, commit: Commit, part: CiPart) -> None:
        """What a person should know about this run, and the cache that its commit does not want."""
        if (why := skipped(commit, part.branches)) is not None:
            section.note(f"a push of this commit would build nothing: {why}; a run by hand does")
        if commit.changed and not source.working_tree:
            files = "1 file differs" if commit.changed == 1 else f"{commit.changed} files differ"
            section.warn(
                f"{files} from the commit and {'is' if commit.changed == 1 else 'are'} not in this build:"
                " --working-tree takes them"
            )
        if resets_cache(commit) and cache.drop(source.cache / commit.repository):
            section.note("cache: dropped, as the message of the commit asks for")

    async def _run_items(
        self, source: CiSource, part: CiPart, commit: Commit, items: Sequence[Item], rows: Sequence[BuildRow]
    ) -> list[ItemEnd]:
        job_id = await self._engine.store.node_id(self._job.name)
        since = await self._engine.store.read(lambda tx: last_success(tx, self._job.name))
        locale = await _locale()
        slots = asyncio.Semaphore(source.parallel)
        engine = replace(self._engine, finish=self._keep)

        async def run(item: Item, row: BuildRow) -> ItemEnd:
            async with slots:
                ci = CiItem(
                    source=source, part=part, commit=commit, item=item, items=len(items), run=self._row, job_id=job_id,
                    base=self._engine.host.base, locale=locale, last_success=since,
                )  # fmt: skip
                build = Build(engine, self._job, row, ci)
                if self._cancelled is not None:
                    build.cancel(*self._cancelled)
                ended = await self._follow(build, row)
                return ItemEnd(row.name, ended.status, item.may_fail)

        async with asyncio.TaskGroup() as group:
            running = [
                group.create_task(run(item, row), name=f"build {row.name}")
                for item, row in zip(items, rows, strict=True)
            ]
        return [each.result() for each in running]

    async def _keep(self, row: BuildRow, end: BuildEnd, versions: Sequence[NewVersion]) -> bool:
        """Record the end of an item; what it gives out is published by the end of all."""
        self._versions[row.item or 0] = versions
        return await self._engine.store.finish_build(row.id, replace(end, published=frozenset()))

    def _published(self, status: str) -> tuple[NewVersion, ...]:
        """What the items give out, of each name once: the last item counts. Of a failed build what is for that case."""
        if status not in ("success", "failure"):
            return ()
        wanted = {out.name for out in self._job.outs if status == "success" or out.on_failure} | {self._job.name}
        versions = (version for item in sorted(self._versions) for version in self._versions[item])
        return tuple({version.node: version for version in versions if version.node in wanted}.values())

    async def _finish(self, status: str, reason: str | None, by: EndedBy) -> Ended:
        versions = self._published(status)
        triggered = {out.name for out in self._job.outs if out.name in self._engine.jobs}
        published = frozenset(version.node for version in versions if version.node != self._job.name)
        if status == "success":
            published |= triggered
        code = {"success": 0, "unstable": 0}.get(status)
        told = self._telling.at_end(status) if self._telling is not None else ()
        notices = self._tidings.of((*at_end(self._job.hooks, status), *told))
        end = BuildEnd(status=status, reason=reason, exit_code=code, by=by, published=published, notices=notices)
        if not await self._engine.store.finish_build(self._row.id, end, versions):
            end = BuildEnd(status="error", reason="another process has recorded another end of this build", by=by)
        duration = timedelta(seconds=time.monotonic() - self._began)
        with contextlib.suppress(OSError, DamagedLogError):
            await self._tidings.close(self.journal)
        with contextlib.suppress(OSError, DamagedLogError):  # the store has the end, where the log cannot have it
            self.journal.end(end, duration)
        return Ended(
            build=self._row.id,
            job=self._job.name,
            number=self._row.number,
            status=end.status,
            reason=end.reason,
            duration=duration,
            by=by,
            published=end.published,
        )


async def _locale() -> str:
    """The platform's locale where this host has it: else every shell would complain."""
    try:
        asked = await asyncio.create_subprocess_exec(
            "locale", "-a", stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
    except OSError:
        return "C.UTF-8"
    output, _ = await asked.communicate()
    return UTF8 if "en_us.utf8" in output.decode("ascii", "replace").casefold().split() else "C.UTF-8"
