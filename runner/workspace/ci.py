"""What a script of a CI build sees beside the platform's variables. The names are those of its documentation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from runner.pipeline.ci.languages import VERSION_VARIABLES
from runner.workspace.variables import Variable

UTF8 = "en_US.UTF-8"
"""The platform's locale; a host that has not got it uses another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """What a commit is proposed by. `base` and `head` are branches, `repository` is where the head's is; `from_fork`:
    that is another one than the base's, or nobody knows."""

    number: int
    base: str
    head: str
    repository: str
    from_fork: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    name: str
    published_at: str
    prerelease: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """The commit of a checkout. `tag` is the one that is checked out (None: a branch is); `url` is that of `origin`, or
    empty; `changed` are the files of the working tree that differ from it. `head` is what is built where that is
    another commit: of a pull request, merged into its base."""

    top: Path
    sha: str
    parent: str
    branch: str
    message: str
    author: str
    committer: str
    author_email: str = ""
    committer_email: str = ""
    tag: str | None = None
    url: str = ""
    changed: int = 0
    head: str = ""
    pull_request: PullRequest | None = None
    release: Release | None = None
    fork: bool = False

    @property
    def built(self) -> str:
        """The commit that is checked out."""
        return self.head or self.sha

    @property
    def full_name(self) -> str:
        """`org/repo` of the address, else the name of the directory."""
        path = re.sub(r"^[a-z+]+://[^/]*/|^[^/]*:", "", self.url).removesuffix("/").removesuffix(".git")
        return "/".join(path.split("/")[-2:]) if path else self.top.name

    @property
    def organization(self) -> str:
        return self.full_name.rpartition("/")[0]

    @property
    def repository(self) -> str:
        return self.full_name.rpartition("/")[2]

    @property
    def host(self) -> str:
        """Of the address; empty where it is a path."""
        found = re.match(r"[a-z+]+://(?:[^/@]*@)?([^/:]+)|(?:[^/@]*@)?([^/:]+):", self.url)
        return next(filter(None, found.groups()), "") if found else ""

    @property
    def of_fork(self) -> bool:
        """Whether somebody proposes it who may not write to the repository: nothing is trusted to it."""
        return self.pull_request is not None and self.pull_request.from_fork

    @property
    def cache_path(self) -> str:
        """Where the caches of its repository are, below those of all: `acme/shop`."""
        parts = [part for part in self.full_name.split("/") if part not in ("", ".", "..")]
        return "/".join(parts) or "repository"

    @property
    def job(self) -> str:
        return ci_job_of(self.repository)

    @property
    def commit_range(self) -> str:
        return f"{self.parent}...{self.sha}" if self.parent else self.sha

    @property
    def compare_url(self) -> str:
        if self.host != "github.com" or not self.parent:
            return ""
        return f"https://github.com/{self.full_name}/compare/{self.commit_range}"

    @property
    def shown_url(self) -> str:
        """The address without a login."""
        return re.sub(r"^([a-z+]+://)[^/@]*@", r"\1", self.url)


@dataclass(frozen=True, slots=True, kw_only=True)
class CiIdentity:
    """Which item of which run a build is. `directory` is the clone, `gopath` what it lies in; `last_success` is when a
    run of the job succeeded last."""

    commit: Commit
    run_id: int
    number: int
    item_id: int
    item: int
    items: int
    job_id: int
    directory: Path
    gopath: Path
    cache: Path
    home: str
    path: str
    locale: str
    last_success: datetime | None = None
    versions: Sequence[tuple[str, str]] = ()
    bundler_args: str | None = None
    submodules: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CiWork:
    """What one item runs. `before` are the lines that set its variables, `variables` those whose values are known."""

    directory: Path
    before: tuple[str, ...] = ()
    pre_ci: tuple[str, ...] = ()
    ci: tuple[str, ...] = ()
    post_ci: tuple[str, ...] = ()
    on_success: tuple[str, ...] = ()
    on_failure: tuple[str, ...] = ()
    always: tuple[str, ...] = ()
    variables: tuple[Variable, ...] = ()
    least_coverage: float | None = None


def ci_variables(of: CiIdentity) -> Iterator[Variable]:
    """All of them; what is set later wins."""
    groups = (
        _constants(of),
        _commit(of.commit),
        _pull_request(of.commit),
        _tag(of.commit),
        _run(of),
        _places(of),
        _versions(of),
    )
    values = {name: value for group in groups for name, value in group.items()}
    values |= {f"TRAVIS_{name}": values[source] for name, source in _TRAVIS.items()}
    return (Variable(name, value, "CI") for name, value in values.items())


_TRAVIS = {
    "BUILD_DIR": "SHIPPABLE_BUILD_DIR", "REPO_SLUG": "SHIPPABLE_REPO_SLUG", "COMMIT_RANGE": "SHIPPABLE_COMMIT_RANGE",
    "BUILD_NUMBER": "SHIPPABLE_BUILD_NUMBER", "JOB_NUMBER": "SHIPPABLE_JOB_NUMBER", "BUILD_ID": "SHIPPABLE_BUILD_ID",
    "JOB_ID": "JOB_ID", "BRANCH": "BRANCH", "COMMIT": "COMMIT", "PULL_REQUEST": "PULL_REQUEST",
}  # fmt: skip


def ci_job_of(repository: str) -> str:
    """The name of the CI job of a repository, by the last part of its name."""
    return f"{re.sub(r'[^A-Za-z0-9_-]', '', repository)}_runCI"


def _constants(of: CiIdentity) -> Mapping[str, str]:
    return {
        **dict.fromkeys(("CI", "CONTINUOUS_INTEGRATION", "SHIPPABLE", "SHIPPABLE_ARCHIVE", "TRAVIS"), "true"),
        **dict.fromkeys(("CACHE_CONTAINER", "SERVICE_SKIP"), "false"),
        "DEBIAN_FRONTEND": "noninteractive",
        **dict.fromkeys(("LANG", "LC_ALL", "LC_CTYPE"), of.locale),
        **dict.fromkeys(("RACK_ENV", "RAILS_ENV", "MERB_ENV"), "test"),
        **dict.fromkeys(("SHIPPABLE_OS_NAME", "TRAVIS_OS_NAME"), "linux"),
        "SHIPPABLE_SUBMODULE_ENABLED": _truth(of.submodules),
    }


def _commit(commit: Commit) -> Mapping[str, str]:
    return {
        "BRANCH": commit.branch,
        "COMMIT": commit.sha,
        "COMMITTER": commit.committer,
        "COMMIT_MESSAGE": commit.message,
        "LAST_AUTHOR": commit.author,
        "COMPARE_URL": commit.compare_url,
        "SHIPPABLE_COMMIT_RANGE": commit.commit_range,
        "REPO_NAME": commit.repository,
        "ORG_NAME": commit.organization,
        "REPO_FULL_NAME": commit.full_name,
        "SHIPPABLE_REPO_SLUG": commit.full_name,
        "REPOSITORY_URL": commit.shown_url or str(commit.top),
    }


def _pull_request(commit: Commit) -> Mapping[str, str]:
    request = commit.pull_request
    return {
        "IS_PULL_REQUEST": _truth(request is not None),
        "PULL_REQUEST": str(request.number) if request else "false",
        **dict.fromkeys(("BASE_BRANCH", "PULL_REQUEST_BASE_BRANCH"), request.base if request else ""),
        "HEAD_BRANCH": request.head if request else "",
        "PULL_REQUEST_REPO_FULL_NAME": request.repository if request else "",
        "IS_FORK": _truth(commit.fork),
    }


def _tag(commit: Commit) -> Mapping[str, str]:
    release = commit.release
    return {
        "IS_GIT_TAG": _truth(commit.tag is not None),
        "GIT_TAG_NAME": commit.tag or "",
        "IS_RELEASE": _truth(release is not None),
        "IS_PRERELEASE": _truth(release is not None and release.prerelease),
        "RELEASED_AT": release.published_at if release else "",
        "RELEASE_NAME": release.name if release else "",
    }


def _run(of: CiIdentity) -> Mapping[str, str]:
    return {
        "SHIPPABLE_BUILD_NUMBER": str(of.number),
        "SHIPPABLE_BUILD_ID": str(of.run_id),
        "JOB_ID": str(of.item_id),
        **dict.fromkeys(("JOB_NUMBER", "SHIPPABLE_JOB_NUMBER", "SHIPPABLE_JOB_ID"), str(of.item)),
        "SHIPPABLE_JOB_COUNT": str(of.items),
        "PROJECT_ID": str(of.job_id),
        "LAST_SUCCESSFUL_BUILD_TIMESTAMP": str(int(of.last_success.timestamp())) if of.last_success else "false",
    }


def _places(of: CiIdentity) -> Mapping[str, str]:
    return {
        **dict.fromkeys(("SHIPPABLE_BUILD_DIR", "SHIPPABLE_REPO_DIR"), str(of.directory)),
        "SHIPPABLE_DATA_DIR": f"{of.home}/data",
        "SHIPPABLE_VE_DIR": f"{of.home}/build_ve",
        "SHIPPABLE_GOPATH": str(of.gopath),
        "CACHE_DIR": str(of.cache),
        "PATH": f"{of.home}/bin:{of.path}:{of.home}/usr/local/bin",
    }


def _versions(of: CiIdentity) -> Mapping[str, str]:
    values = {name: value for key, value in of.versions for name in VERSION_VARIABLES[key]}
    return values | ({"SHIPPABLE_BUNDLER_ARGS": of.bundler_args} if of.bundler_args is not None else {})


def _truth(value: bool) -> str:
    return "true" if value else "false"
