"""Cloning a repository for a build: at one commit, as the platform did it.

Source: a pull request is its head with the base branch merged into it; anything else is the commit, checked out
without a branch; `depth` makes it shallow, of all branches.
"""

from __future__ import annotations

import asyncio
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from runner.errors import SetupError
from runner.pipeline.plain import Json
from runner.service.git import Git, GitError, Remote, with_key
from runner.triggers.git_repo import GitRepo

IDENTITY = (("user.name", "Shippable Build"), ("user.email", "build@shippable.com"))
HARMLESS = frozenset({"core.autocrlf", "core.eol", "core.longpaths", "core.ignorecase", "core.symlinks"})
"""Settings that count for the clone itself. Every other one is set when it is done: it may name a program, which must
run as the job does and not as the runner."""
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9-]*\.(?:.+\.)?[A-Za-z][A-Za-z0-9-]*")
_SHA = re.compile(r"[0-9a-f]{7,64}")
_BRANCHES = "+refs/heads/*:refs/remotes/origin/*"
_PULL_REFS = {
    "gitlab": "refs/merge-requests/{}/head",
    "bitbucketServer": "refs/pull-requests/{}/from",
    "bitbucketServerBasic": "refs/pull-requests/{}/from",
}
"""Where a provider keeps the commits of pull requests, also of those from forks; the others do as GitHub."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a version of a gitRepo stands for. `sha` may be empty where there is a `tag`; `merged_into` is the base of a
    pull request."""

    sha: str
    tag: str = ""
    pull_request: int | None = None
    merged_into: str | None = None
    provider: str = ""

    @classmethod
    def of(cls, bag: Json) -> Wanted | None:
        """Read it from the property bag of a version; None where it has no commit data."""
        data, facts = bag.get("shaData"), bag.get("normalizedRepo")
        if not isinstance(data, dict):
            return None
        sha, tag, number = (
            str(data.get("commitSha") or ""),
            str(data.get("gitTagName") or ""),
            data.get("pullRequestNumber"),
        )
        if not tag and _SHA.fullmatch(sha) is None:
            return None
        return cls(
            sha=sha if _SHA.fullmatch(sha) else "",
            tag=tag,
            pull_request=number if isinstance(number, int) and not isinstance(number, bool) else None,
            merged_into=str(data.get("baseCommitRef") or "") or None if data.get("isPullRequest") is True else None,
            provider=str(facts.get("repositoryProvider") or "") if isinstance(facts, dict) else "",
        )

    @property
    def told(self) -> str:
        return f"commit {self.sha}" if self.sha else f"tag {self.tag}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clone:
    """One clone into `target`, an empty directory. `run` raises SetupError or GitError; `name` is the resource,
    `key_file` where the job has the key of the repository, if there is one. `pauses_s`: before each further try of a
    server that does not answer, in seconds."""

    git: Git
    name: str
    remote: Remote
    target: Path
    options: GitRepo
    key_file: Path | None = None
    pauses_s: tuple[float, ...] = (0.5, 2.0)

    async def run(self, wanted: Wanted) -> None:
        settings = [parse_setting(self.name, entry) for entry in self.options.git_config]
        await self._git("init", "--quiet", "--template=")
        await self._set([*IDENTITY, *((key, value) for key, value in settings if key.lower() in HARMLESS)])
        await self._git("remote", "add", "--", "origin", self.remote.url)
        await self._bring_branches()
        commit = await self._commit(wanted)
        await self._git("checkout", "--quiet", "--force", "--detach", commit)
        if wanted.merged_into is not None:
            await self._merge(wanted)
        if self.key_file is not None and self.remote.key is not None:  # for what scripts do in the clone
            await self._set([("core.sshCommand", f"ssh {with_key(str(self.key_file))}")])
        await self._set([(key, value) for key, value in settings if key.lower() not in HARMLESS])

    async def _bring_branches(self) -> None:
        """Again where it fails: on the platform too a server had three tries."""
        for pause_s in self.pauses_s:
            try:
                await self._bring(_BRANCHES)
                return
            except GitError:
                await asyncio.sleep(pause_s)
        await self._bring(_BRANCHES)

    async def _commit(self, wanted: Wanted) -> str:
        """The commit, from wherever the repository has it."""
        places = []
        if wanted.tag:
            places.append(f"+refs/tags/{wanted.tag}:refs/tags/{wanted.tag}")
        if wanted.pull_request is not None:
            ref = _PULL_REFS.get(wanted.provider, "refs/pull/{}/head").format(wanted.pull_request)
            places.append(f"+{ref}:refs/remotes/origin/pull/{wanted.pull_request}")
        commit = wanted.sha or f"refs/tags/{wanted.tag}"
        for place in (*places, *([wanted.sha] if len(wanted.sha) >= 40 else [])):
            if await self._has(commit):
                break
            try:
                await self._bring(place)
            except GitError:
                continue  # the last word is whether the commit is there
        if not await self._has(commit):
            raise SetupError(
                f"{self.name}: {wanted.told} is not in {self.remote} any more: push again for a new version"
            )
        return commit

    async def _merge(self, wanted: Wanted) -> None:
        try:
            await self._git("merge", "--quiet", "--no-edit", f"refs/remotes/origin/{wanted.merged_into}")
        except GitError as error:
            hint = "; a larger depth may help" if self.options.depth is not None else ""
            what = f"{wanted.merged_into} cannot be merged into pull request {wanted.pull_request}"
            raise SetupError(f"{self.name}: {what}{hint}: {error}") from error

    async def _bring(self, what: str) -> None:
        depth = [f"--depth={self.options.depth}"] if self.options.depth is not None else []
        options = ("--quiet", "--no-write-fetch-head", "--no-recurse-submodules", *depth)
        await self.git.run("fetch", *options, "origin", what, directory=self.target, remote=self.remote)

    async def _has(self, commit: str) -> bool:
        try:
            await self._git("rev-parse", "--quiet", "--verify", f"{commit}^{{commit}}")
        except GitError:
            return False
        return True

    async def _set(self, settings: list[tuple[str, str]]) -> None:
        for key, value in settings:
            await self._git("config", "--local", key, value)

    async def _git(self, *arguments: str) -> None:
        await self.git.run(*arguments, directory=self.target)


def parse_setting(name: str, entry: str) -> tuple[str, str]:
    """`--global user.name "A B"` as key and value. Raises SetupError."""
    try:
        words = [word for word in shlex.split(entry) if word != "--global"]
    except ValueError:
        words = []
    if len(words) != 2 or _KEY.fullmatch(words[0]) is None or words[1].startswith("-"):
        raise SetupError(f"{name}: '{entry}' in gitConfig must be a key and a value, as in 'core.autocrlf true'")
    return words[0], words[1]
