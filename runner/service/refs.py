"""What a repository has: its branches and tags, asked without fetching anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runner.pipeline.problems import nearest
from runner.service.git import Git, GitError, Remote
from runner.triggers.git_repo import GitRepo

_HEADS, _TAGS, _PEELED = "refs/heads/", "refs/tags/", "^{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refs:
    """The commits of all branches and tags by name, and the name of the default branch (None: it has none)."""

    branches: Mapping[str, str]
    tags: Mapping[str, str]
    default: str | None


@dataclass(frozen=True, slots=True)
class Head:
    branch: str
    sha: str


async def read_refs(git: Git, remote: Remote) -> Refs:
    """Everything in one question. Raises GitError."""
    output = await git.run(
        "ls-remote", "--symref", "--", remote.url, "HEAD", "refs/heads/*", "refs/tags/*", remote=remote
    )
    branches: dict[str, str] = {}
    tags: dict[str, str] = {}
    default = None
    for line in output.decode("utf-8", "replace").splitlines():
        sha, _, name = line.partition("\t")
        if name == "HEAD" and sha.startswith(f"ref: {_HEADS}"):
            default = sha.removeprefix(f"ref: {_HEADS}")
        elif name.startswith(_HEADS):
            branches[name.removeprefix(_HEADS)] = sha
        elif name.startswith(_TAGS):  # the commit of an annotated tag comes behind the tag itself
            tags[name.removeprefix(_TAGS).removesuffix(_PEELED)] = sha
    return Refs(branches=branches, tags=tags, default=default)


async def head(git: Git, remote: Remote, branch: str | None = None) -> Head:
    """The tip of the branch, None: of the default branch. Raises GitError; for an unknown branch with near names."""
    return tip(await read_refs(git, remote), remote, branch)


def tip(refs: Refs, remote: Remote, branch: str | None) -> Head:
    """The same of what was read already. Raises GitError."""
    wanted = branch if branch is not None else refs.default
    if not refs.branches:
        raise GitError(f"{remote} has no commits yet: push a branch first")
    if wanted is None or (branch is None and wanted not in refs.branches):
        raise GitError(f"{remote} has no default branch: name one with 'branch'")
    if wanted not in refs.branches:
        meant = nearest(wanted, refs.branches) or f"it has {', '.join(sorted(refs.branches)[:5])}"
        raise GitError(f"{remote} has no branch '{wanted}' ({meant})")
    return Head(wanted, refs.branches[wanted])


def first_head(options: GitRepo, refs: Refs, remote: Remote) -> Head | None:
    """What the first version of a resource is made of: the branch that it names; else the default branch, or `master`,
    if its filter takes them. None where it takes neither. Raises GitError. Source: the platform."""
    if options.branch is not None:
        return tip(refs, remote, options.branch)
    names = (name for name in (refs.default, "master") if name is not None and options.takes_branch(name))
    found = next((name for name in names if name in refs.branches), None)
    return None if found is None else Head(found, refs.branches[found])


async def tag_commit(git: Git, remote: Remote, tag: str) -> str:
    """The commit that a tag stands for: a release may tell the tag alone. Raises GitError."""
    refs = await read_refs(git, remote)
    if tag not in refs.tags:
        raise GitError(f"{remote} has no tag '{tag}'{f' ({meant})' if (meant := nearest(tag, refs.tags)) else ''}")
    return refs.tags[tag]
