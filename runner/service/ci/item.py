"""One item of a CI build: its copy of the checkout, its variables, its commands, its cache."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from runner.pipeline.ci.expansion import Item
from runner.pipeline.ci.languages import LANGUAGES
from runner.pipeline.ci.model import Assignment, CiPart, Commands, EnvItem
from runner.pipeline.sealed import Secure
from runner.secret import Secret
from runner.service.ci.cache import Cache
from runner.service.ci.checkout import Copy, git_of, place_of
from runner.service.ci.source import CiSource
from runner.service.journal import TOO_SHORT, Journal
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
        opened = self.opened()
        self._tell(opened, journal)
        secure = (
            Variable(name, value.reveal(), "secure", secret=True)
            for found in opened.values()
            for name, value in found.items()
        )
        return self._work(directory, (*variables, *secure), tuple(self._exports(opened)))

    async def close(self, status: str, journal: Journal) -> None:
        """Keep the cache of a build that has passed. What a fork proposes leaves nothing to later builds. Raises
        OSError."""
        if self._cache is not None and status in KEPT:
            with journal.section("Cache") as section:
                if self.commit.of_fork:
                    section.note("cache: not renewed by a pull request of a fork")
                else:
                    await self._cache.save(section.note)

    def opened(self) -> Mapping[str, Mapping[str, Secret]]:
        """What each encrypted text stands for, in order; nothing for a pull request from a fork. Source: the platform,
        where the scripts of a stranger got no secrets. Raises SealedError."""
        if self.commit.of_fork:
            return {}
        secure = (part for part in _parts(self._env()) if isinstance(part, Secure))
        return {part.text: self.source.unseal(part) for part in secure}

    def _tell(self, opened: Mapping[str, Mapping[str, Secret]], journal: Journal) -> None:
        """Hide what was decrypted, and say what a person should know."""
        for found in opened.values():
            if journal.mask(found.values()):
                journal.warn(f"{TOO_SHORT}a secure variable of the CI part")
        request = self.commit.pull_request
        if request is not None and request.from_fork and any(isinstance(part, Secure) for part in _parts(self._env())):
            whose = f"the fork {request.repository}" if request.repository else "a fork"
            journal.warn(f"secure variables are left out: pull request {request.number} comes from {whose}")

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

    def _work(self, directory: Path, variables: tuple[Variable, ...], before: tuple[str, ...]) -> CiWork:
        build = self.item.build
        defaults = LANGUAGES[self.part.language].commands
        return CiWork(
            directory=directory,
            before=before,
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

    def _exports(self, opened: Mapping[str, Mapping[str, Secret]]) -> Iterator[str]:
        """One line for each variable of an item, so that a later one may use an earlier one. What is encrypted is there
        before all of them, so what it has taken the place of is left out."""
        items = tuple(self._env())
        later = {part.text: at for at, part in enumerate(_parts(items)) if isinstance(part, Secure)}
        last = {name: later[text] for text, found in opened.items() for name in found}
        number = 0
        for item in items:
            lines = []
            for part in item.parts:
                if isinstance(part, Assignment) and number >= last.get(part.name, 0):
                    lines.append(f"export {part}")
                number += 1
            if lines:
                yield "\n".join(lines)


def _parts(items: Iterable[EnvItem]) -> Iterator[Assignment | Secure]:
    return (part for item in items for part in item.parts)


def _texts(commands: Commands | None) -> tuple[str, ...]:
    return tuple(command.text for command in commands or ())
