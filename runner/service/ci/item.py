"""One item of a CI build: its copy of the checkout, its variables, its commands, its cache."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from runner.errors import SetupError
from runner.pipeline.ci.expansion import Item
from runner.pipeline.ci.languages import LANGUAGES
from runner.pipeline.ci.model import Assignment, CiPart, Commands, EnvItem, Secure
from runner.pipeline.problems import Problem
from runner.secret import Secret
from runner.service.ci.cache import Cache
from runner.service.ci.checkout import Copy, git_of, place_of
from runner.service.ci.source import CiSource
from runner.service.journal import Journal
from runner.store.rows import BuildRow
from runner.workspace.ci import CiIdentity, CiWork, Commit, ci_variables
from runner.workspace.variables import Variable

KEPT = ("success", "unstable")
"""Ends of a build whose cache is kept."""


@dataclass(slots=True, kw_only=True)
class CiItem:
    """`run` is the build that it is an item of, `job_id` the id of the job; `base` is what the host gives."""

    source: CiSource
    part: CiPart
    commit: Commit
    item: Item
    items: int
    run: BuildRow
    job_id: int
    base: Mapping[str, str]
    locale: str
    last_success: datetime | None
    _cache: Cache | None = field(default=None, init=False)

    async def prepare(self, root: Path, row: BuildRow, journal: Journal) -> CiWork:
        """Copy the checkout into the build directory. Raises SetupError, GitError, OSError."""
        directory = place_of(self.commit, root)
        identity = self._identity(row, root, directory)
        with journal.section("Checkout") as section, section.step(f"Copy {self.commit.top} at {self.commit.sha[:12]}"):
            git = git_of(self.base)
            tree = self.source.working_tree
            await Copy(git=git, commit=self.commit, part=self.part, target=directory, working_tree=tree).make()
        variables = tuple(ci_variables(identity))
        if self.item.build.cache or self.item.build.cache_dirs:
            known = {variable.name: variable.value for variable in variables} | {"HOME": identity.home}
            self._cache = Cache.of(self.item.build, identity.cache, directory, known)
            with journal.section("Cache") as section:
                await self._cache.restore(section.note)
        return self._work(directory, (*variables, *self._unsealed(journal)))

    async def close(self, status: str, journal: Journal) -> None:
        """Keep the cache of a build that has passed. What a fork proposes leaves nothing to later builds. Raises
        OSError."""
        if self._cache is not None and status in KEPT:
            with journal.section("Cache") as section:
                if self.commit.of_fork:
                    section.note("cache: not renewed by a pull request of a fork")
                else:
                    await self._cache.save(section.note)

    def _identity(self, row: BuildRow, root: Path, directory: Path) -> CiIdentity:
        return CiIdentity(
            commit=self.commit,
            run_id=self.run.id,
            number=self.run.number,
            item_id=row.id,
            item=self.item.number,
            items=self.items,
            job_id=self.job_id,
            directory=directory,
            gopath=root,
            cache=self.source.cache / self.commit.cache_path,
            home=self.base.get("HOME", "/"),
            path=self.base.get("PATH", ""),
            locale=self.locale,
            last_success=self.last_success,
            versions=self.item.versions,
            bundler_args=self.part.bundler_args,
            submodules=self.part.submodules,
        )

    def _work(self, directory: Path, variables: tuple[Variable, ...]) -> CiWork:
        build = self.item.build
        defaults = LANGUAGES[self.part.language].commands
        return CiWork(
            directory=directory,
            before=tuple(_exports(item) for item in self._env() if any(isinstance(p, Assignment) for p in item.parts)),
            pre_ci=_texts(build.pre_ci),
            ci=_texts(build.ci) or defaults,
            post_ci=_texts(build.post_ci),
            on_success=_texts(build.on_success),
            on_failure=_texts(build.on_failure),
            always=_texts(build.always),
            variables=variables,
            least_coverage=self.source.least_coverage,
        )

    def _env(self) -> Iterator[EnvItem]:
        """What sets variables, in order: the shared ones, then those of the item, then those of the container."""
        yield from self.part.env.shared
        if self.item.env is not None:
            yield self.item.env
        yield from self.item.build.boot_env or ()

    def _unsealed(self, journal: Journal) -> Iterator[Variable]:
        sealed = [part for item in self._env() for part in item.parts if isinstance(part, Secure)]
        if sealed and self.commit.of_fork:  # source: the platform did not decrypt for them either
            journal.warn("'secure' variables are left out: this is a pull request of a fork")
            return
        for part in sealed:
            yield from self._variables(part, journal)

    def _variables(self, secure: Secure, journal: Journal) -> Iterator[Variable]:
        found: Mapping[str, Secret] | Problem = self.source.unseal(secure)
        if isinstance(found, Problem):
            raise SetupError(str(found))
        journal.mask(found.values())
        yield from (Variable(name, value.reveal(), "secure", secret=True) for name, value in found.items())


def _exports(item: EnvItem) -> str:
    """One line for each, so that a later one may use an earlier one."""
    return "\n".join(f"export {part}" for part in item.parts if isinstance(part, Assignment))


def _texts(commands: Commands | None) -> tuple[str, ...]:
    return tuple(command.text for command in commands or ())
