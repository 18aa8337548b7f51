"""A CI build: its items run side by side, each a build of its own; their ends make the end of the whole."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Protocol, TypeAlias

from runner.errors import RunnerError, SetupError
from runner.execution.model import EndedBy
from runner.logs.records import DamagedLogError
from runner.pipeline.ci.expansion import Item, expand
from runner.pipeline.model import Job
from runner.service.build import Build
from runner.service.ci import cache, kept
from runner.service.ci.checkout import git_of
from runner.service.ci.filters import resets_cache, skipped
from runner.service.ci.item import CiItem
from runner.service.ci.locale import utf8_locale
from runner.service.ci.outcome import ItemEnd, outcome
from runner.service.ci.source import CiSource
from runner.service.ci.telling import CiTelling
from runner.service.ci.tested import Tested, tested_here, tested_input
from runner.service.engine import Engine
from runner.service.journal import Journal, Section
from runner.service.notices import at_end, at_start
from runner.service.ports import Ended
from runner.service.preparation import Preparation
from runner.service.tidings import Tidings
from runner.service.tidying import KEPT
from runner.store import views
from runner.store.items import add_items, items_of, last_success
from runner.store.rows import BuildEnd, BuildRow, NewNotice
from runner.store.sqlite import Transaction
from runner.workspace.directory import BuildDirectory
from runner.workspace.removal import remove_all_but
from runner.workspace.versions import NewVersion

Follow: TypeAlias = Callable[[Build, BuildRow], Awaitable[Ended]]
"""Runs the build of an item and shows it."""


CHECKOUT = "checkout"
"""Beside the log, until the build has ended: the clone of an input, of which each item gets a copy."""


class Record(Protocol):
    """Records items in a transaction of the store."""

    async def __call__(self, work: Callable[[Transaction], list[BuildRow]]) -> list[BuildRow]: ...


class CiBuild:
    """`run` may be called once; `cancel` at any time: it starts no more items, those that run are cancelled by whoever
    follows them. One that another process has begun is gone on with: items that have ended keep their end."""

    def __init__(self, engine: Engine, job: Job, row: BuildRow, follow: Follow, record: Record | None = None) -> None:
        """`record`: how items are recorded where more than the store hears of it."""
        self._engine = engine
        self._job = job
        self._row = row
        self._follow = follow
        self._record = record or engine.store.transaction
        self._began = time.monotonic()
        self._cancelled: tuple[str, EndedBy] | None = None
        self._versions: dict[int, Sequence[NewVersion]] = {}
        self._tidings = Tidings(engine, row.id)
        self._telling: CiTelling | None = None
        self._silent = False
        self._place = engine.store.build_directory(row.id).absolute()
        self.journal = Journal(self._place / "log.jsonl")

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
        try:
            status, reason, by = await self._run()
        except (RunnerError, OSError) as error:
            status, reason, by = "error", str(error), EndedBy.RUNNER
        except Exception as error:  # noqa: BLE001 - here a build's end is decided: whatever broke, the build ends
            status, by = "error", EndedBy.RUNNER
            reason = f"a bug of the runner ended this build: {type(error).__name__}: {error}"
        if self._cancelled is not None and status != "success":
            return await self._finish("cancelled", *self._cancelled)
        return await self._finish(status, reason, by)

    async def _run(self) -> tuple[str, str | None, EndedBy]:
        persist, store = self._engine.persist, self._engine.store
        await persist(lambda: store.start_build(self._row.id))
        source = self._source()
        tested = await self._tested(source)
        if (why := self._left_out(tested)) is not None:
            self._silent = True
            return "cancelled", why, EndedBy.RUNNER
        earlier = (await store.last_statuses([self._job.name])).get(self._job.name)
        telling = self._telling = CiTelling(part=tested.part, commit=tested.commit, earlier=earlier)
        items = expand(tested.part)
        rows = await persist(lambda: self._record(lambda tx: self._items(tx, len(items))))
        with self.journal.section("Matrix", shown=True) as section:
            self._tell(section, source, tested)
            for item, row in zip(items, rows, strict=True):
                section.note(f"{row.name}: {item}" if str(item) else row.name)
        await self._tidings.begin((*at_start(self._job.hooks), *telling.at_start()))
        return (*outcome(await self._run_items(source, tested, items, rows)), EndedBy.SCRIPT)

    def _source(self) -> CiSource:
        """Raises SetupError where no CI part can be run."""
        source = self._engine.ci
        if source is None:
            raise SetupError(f"{self._job.name} runs where its checkout is: 'runner run --ci' in there")
        if not self._engine.attached and self._row.attempt is None:
            raise SetupError(f"{self._job.name} cannot run in the background yet: run it without --detach")
        return source

    async def _tested(self, source: CiSource) -> Tested:
        git = git_of(self._engine.host.base)
        here = await tested_here(git, source, self._job.name)
        if here is not None:
            return here
        await asyncio.to_thread(remove_all_but, self._place, KEPT | {CHECKOUT} | kept.names(self._place))
        preparation = Preparation(
            engine=self._engine,
            job=self._job,
            row=await self._again(),
            journal=self.journal,
            directory=BuildDirectory(self._place / "work"),
            renewed=lambda secrets: None,
            warn=self.journal.warn,
        )
        dependencies = (await preparation.resolve()).variables.dependencies
        with self.journal.section("Checkout") as section, section.step(f"Clone the repository of {self._job.name}"):
            target = self._place / CHECKOUT
            repositories, job = self._engine.repositories, self._job.name
            return await tested_input(git, repositories, job, dependencies, target, source.library)

    async def _again(self) -> BuildRow:
        """The row as one that gets the inputs that it got before, where another process has taken them already."""
        taken = await self._engine.store.read(lambda tx: views.inputs(tx, self._row.id))
        return replace(self._row, replay_of=self._row.id) if taken else self._row

    def _left_out(self, tested: Tested) -> str | None:
        """Why nothing is built of a commit that came by itself. Source: a run by hand passes over the filters."""
        if tested.by is None or self._row.triggered_by != tested.by:
            return None
        why = skipped(tested.commit, tested.part.branches)
        return None if why is None else f"skipped: {why}"

    def _items(self, tx: Transaction, count: int) -> list[BuildRow]:
        return items_of(tx, self._row) or add_items(tx, self._row, count, self._job.type)

    def _tell(self, section: Section, source: CiSource, tested: Tested) -> None:
        """What a person should know about this run, and the cache that its commit does not want."""
        commit = tested.commit
        if (why := skipped(commit, tested.part.branches)) is not None:
            section.note(f"a push of this commit would build nothing: {why}; a run by hand does")
        if commit.changed and not source.working_tree and tested.by is None:
            files = "1 file differs" if commit.changed == 1 else f"{commit.changed} files differ"
            section.warn(
                f"{files} from the commit and {'is' if commit.changed == 1 else 'are'} not in this build:"
                " --working-tree takes them"
            )
        if resets_cache(commit) and cache.drop(source.cache / commit.cache_path):
            section.note("cache: dropped, as the message of the commit asks for")

    async def _run_items(
        self, source: CiSource, tested: Tested, items: Sequence[Item], rows: Sequence[BuildRow]
    ) -> list[ItemEnd]:
        if tested.by is not None:
            source = replace(source, working_tree=False)
        store = self._engine.store
        job_id = await store.node_id(self._job.name)
        since = await store.read(lambda tx: last_success(tx, self._job.name))
        locale = await utf8_locale()
        slots = asyncio.Semaphore(source.parallel)

        async def run(item: Item, row: BuildRow) -> ItemEnd:
            if row.ended_at is not None:
                self._versions[item.number] = await asyncio.to_thread(kept.kept, self._place, item.number)
                return ItemEnd(row.name, row.status, item.may_fail)
            async with slots:
                ci = CiItem(
                    source=source, part=tested.part, commit=tested.commit, item=item, items=len(items), run=self._row,
                    job_id=job_id, base=self._engine.host.base, locale=locale, last_success=since,
                )  # fmt: skip
                return ItemEnd(row.name, await self._run_item(ci, row, section), item.may_fail)

        with self.journal.section("Items", shown=True) as section:
            async with asyncio.TaskGroup() as group:
                running = [
                    group.create_task(run(item, row), name=f"build {row.name}")
                    for item, row in zip(items, rows, strict=True)
                ]
        return [each.result() for each in running]

    async def _run_item(self, ci: CiItem, row: BuildRow, section: Section) -> str:
        if self._row.attempt is not None:  # an item of a service gets what the whole has got
            await self._engine.persist(lambda: self._engine.store.start_build(row.id))
            row = replace(row, attempt=self._row.attempt, replay_of=self._row.id, injected=self._row.injected)
        build = Build(replace(self._engine, finish=self._keep), self._job, row, ci)
        if self._cancelled is not None:
            build.cancel(*self._cancelled)
        ended = await self._follow(build, row)
        section.note(f"{row.name}: {ended.status}{f': {ended.reason}' if ended.reason else ''}")
        return ended.status

    async def _keep(self, row: BuildRow, end: BuildEnd, versions: Sequence[NewVersion]) -> bool:
        """Record the end of an item; what it gives out is published by the end of all."""
        item = row.item or 0
        self._versions[item] = versions
        await asyncio.to_thread(kept.keep, self._place, item, versions)
        end = replace(end, published=frozenset())
        return await self._engine.persist(lambda: self._engine.store.finish_build(row.id, end))

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
        reason = self.journal.redact(reason) if reason else None
        end = BuildEnd(
            status=status, reason=reason, exit_code=code, by=by, published=published, notices=self._notices(status)
        )
        if not await self._recorded(end, versions):
            end = BuildEnd(status="error", reason="another process has recorded another end of this build", by=by)
        duration = timedelta(seconds=time.monotonic() - self._began)
        with contextlib.suppress(OSError):
            await asyncio.to_thread(remove_all_but, self._place, KEPT)
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

    def _notices(self, status: str) -> tuple[NewNotice, ...]:
        """Who is told of the whole; nobody where nothing was built because of a filter."""
        if self._silent:
            return ()
        told = self._telling.at_end(status) if self._telling is not None else ()
        return self._tidings.of((*at_end(self._job.hooks, status), *told))

    async def _recorded(self, end: BuildEnd, versions: Sequence[NewVersion]) -> bool:
        if self._engine.finish is not None:
            return await self._engine.finish(self._row, end, versions)
        return await self._engine.store.finish_build(self._row.id, end, versions)
