"""Looking into the repositories that resources follow, for what no webhook has told: first versions, commits, tags."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import structlog

from runner.errors import RunnerError, StoreError
from runner.service.arrivals import Arrivals
from runner.service.copies import Copies
from runner.service.engines import Engines
from runner.service.following import HEADS, TAGS, Follower, Followers, has_commit, new_version, takes
from runner.service.git import GitError, NoCommitError, Remote
from runner.service.refs import Refs, first_head, read_refs
from runner.triggers.git_events import GitEvent, Repository
from runner.triggers.git_repo import accepts

ASKING = timedelta(minutes=1)
"""How long a repository may take to tell its branches and tags."""
AT_ONCE = 4
LONGEST_PAUSE = timedelta(minutes=30)
"""Between two questions to a repository that does not answer, if it is not asked more seldom anyway."""
WITHOUT_POLL = timedelta(minutes=5)
"""When a first version is tried again where repositories are not asked otherwise."""
LOOK = timedelta(seconds=30)
"""How often it is looked whether other pipelines are applied by now."""

log = structlog.stdlib.get_logger("runner.repositories")


@dataclass(slots=True)
class _Asked:
    """When a repository is asked next, by the clock, and how often in a row it has not answered."""

    due: float = 0.0
    failures: int = 0


@dataclass(slots=True)
class _Facts:
    """What one look has found out about the commits of a repository: each is fetched once, whoever follows it."""

    copies: Copies
    remote: Remote
    _events: dict[tuple[Repository, str, str], GitEvent] = field(default_factory=dict)

    async def of(self, repository: Repository, ref: str, before: str) -> GitEvent:
        """Raises GitError."""
        key = (repository, ref, before)
        if key not in self._events:
            if ref.startswith(TAGS):
                event = await self.copies.tag(self.remote, repository, ref.removeprefix(TAGS), before)
            else:
                event = await self.copies.commit(self.remote, repository, ref.removeprefix(HEADS), before)
            self._events[key] = event
        return self._events[key]


class Polling:
    """`every` says how often (None: only first versions are made). Between two looks commits are merged into the newest
    one, as in one push. `problems` are sentences about resources whose repository cannot be asked."""

    def __init__(
        self,
        engines: Engines,
        followers: Followers,
        arrivals: Arrivals,
        copies: Copies,
        every: Callable[[], timedelta | None],
    ) -> None:
        self.problems: dict[str, str] = {}
        self._engines = engines
        self._followers = followers
        self._arrivals = arrivals
        self._copies = copies
        self._every = every
        self._changed = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
        self._asked: dict[Remote, _Asked] = {}
        self._find_again = math.inf

    def look_again(self) -> None:
        """The pipelines or the settings have changed."""
        self._changed.set()

    async def run(self) -> None:
        """Look until cancelled."""
        seen = None
        while True:
            everything = self._changed.is_set() or self._engines.graph != seen
            self._changed.clear()
            seen = self._engines.graph
            try:
                if everything or self._next_due() <= time.monotonic():
                    await self.look(everything=everything)
            except StoreError as error:
                log.error("store.unusable", error=str(error))
                seen = None
            wait = min(LOOK.total_seconds(), max(1.0, self._next_due() - time.monotonic()))
            try:
                async with asyncio.timeout(wait):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def look(self, *, everything: bool = True) -> None:
        """Ask the repositories whose time has come, or all of them. Raises StoreError."""
        async with self._one_at_a_time:
            followers, problems = await self._followers.find(only_new=self._every() is None)
            for name, problem in problems.items():
                self._tell([name], problem)
            of_remote: dict[Remote, list[Follower]] = {}
            for follower in followers:
                of_remote.setdefault(follower.remote, []).append(follower)
            again = time.monotonic() + (self._every() or WITHOUT_POLL).total_seconds()
            self._find_again = again if problems else math.inf
            self._asked = {remote: self._asked.get(remote, _Asked()) for remote in of_remote}
            self._forget_problems({f.name for f in followers} | problems.keys())
            slots, now = asyncio.Semaphore(AT_ONCE), time.monotonic()
            async with asyncio.TaskGroup() as group:
                for remote, these in of_remote.items():
                    if everything or self._asked[remote].due <= now:
                        group.create_task(self._ask(remote, these, slots), name=f"repository {remote}")
            if self._every() is not None and not problems:  # else it is not known whose copies are needed
                await self._copies.keep_only(of_remote)

    def _next_due(self) -> float:
        return min([self._find_again, *(asked.due for asked in self._asked.values())])

    async def _ask(self, remote: Remote, followers: Iterable[Follower], slots: asyncio.Semaphore) -> None:
        """One question to a repository, for all who follow it."""
        asked, every = self._asked[remote], self._every() or WITHOUT_POLL
        async with slots:
            try:
                refs = await read_refs(replace(self._copies.git, limit=ASKING), remote)
                asked.failures = 0
            except RunnerError as error:
                asked.failures += 1
                self._tell([follower.name for follower in followers], str(error))
            else:
                facts = _Facts(self._copies, remote)
                for follower in followers:
                    await self._look(follower, refs, facts)
        pause = every if not asked.failures else min(every * 2 ** min(asked.failures, 20), max(every, LONGEST_PAUSE))
        asked.due = time.monotonic() + pause.total_seconds()

    async def _look(self, follower: Follower, refs: Refs, facts: _Facts) -> None:
        problem = None
        for step in (self._compare, self._first):
            try:
                await step(follower, refs, facts)
            except RunnerError as error:
                problem = problem or str(error)
        self._tell([follower.name], problem)

    async def _compare(self, follower: Follower, refs: Refs, facts: _Facts) -> None:
        """Take what differs from what was seen. Raises GitError, StoreError."""
        recorded, now = follower.recorded, follower.wanted(refs)
        known = recorded.tips if recorded.url in (None, follower.url) else {}
        begins = (recorded.url, recorded.filter) != (follower.url, follower.filter)
        noted = {ref: sha for ref, sha in now.items() if begins and ref not in known}
        gone = known.keys() - now.keys()
        if begins or gone:
            await self._arrivals.begin(follower, noted, gone)
        problem = None
        for ref, sha in now.items():
            before = known.get(ref)
            if ref in noted or (before is not None and sha.startswith(before)):
                continue
            try:
                await self._take(follower, ref, before, facts)
            except NoCommitError as error:
                await self._arrivals.find(follower.name, ref, before, sha, None)
                log.info("repository.moved", resource=follower.name, ref=ref, version=False, passed_over=str(error))
            except GitError as error:  # the others are taken all the same
                problem = problem or error
        if problem is not None:
            raise problem

    async def _take(self, follower: Follower, ref: str, before: str | None, facts: _Facts) -> None:
        event = await facts.of(follower.repository, ref, before or "")
        if before is not None and event.sha.startswith(before):  # it has moved back meanwhile
            return
        reason = accepts(follower.options, event)
        version = new_version(follower.resource, event) if reason is None else None
        made = await self._arrivals.find(follower.name, ref, before, event.sha, version)
        log.info(
            "repository.moved", resource=follower.name, ref=ref, commit=event.sha, version=made, passed_over=reason
        )

    async def _first(self, follower: Follower, refs: Refs, facts: _Facts) -> None:
        """Make the first version, if there is none. Raises GitError, StoreError."""
        if has_commit(follower.recorded):
            return
        found = first_head(follower.options, refs, follower.remote) if refs.branches else None
        if found is None:
            return
        ref = f"{HEADS}{found.branch}"
        event = await facts.of(follower.repository, ref, "")
        followed = ref if takes(follower.options, ref) else None
        if await self._arrivals.first(new_version(follower.resource, event), followed, event.sha):
            log.info("repository.first", resource=follower.name, ref=ref, commit=event.sha)

    def _tell(self, names: Iterable[str], problem: str | None) -> None:
        """Remember it, and say it where it is new."""
        changed = [name for name in names if self.problems.get(name) != problem]
        for name in changed:
            if problem is None:
                del self.problems[name]
            else:
                self.problems[name] = problem
        if changed and problem is None:
            log.info("repository.usable", resources=changed)
        elif changed:
            log.warning("repository.unusable", resources=changed, error=problem)

    def _forget_problems(self, known: Collection[str]) -> None:
        self.problems = {name: problem for name, problem in self.problems.items() if name in known}
