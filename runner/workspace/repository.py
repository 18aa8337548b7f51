"""What a script sees of a `gitRepo`: its variables, from the commit data and the repository facts of its version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from runner.pipeline.model import In
from runner.pipeline.plain import Json, variable_text
from runner.workspace.dependency import Dependency

GIT_REPO, SYNC_REPO = "gitRepo", "syncRepo"
_COMMIT = (
    ("BRANCH", "branchName"),
    ("BASE_BRANCH", "baseCommitRef"),
    ("HEAD_BRANCH", "headCommitRef"),
    ("COMMIT", "commitSha"),
    ("COMMIT_MESSAGE", "commitMessage"),
    ("IS_GIT_TAG", "isGitTag"),
    ("GIT_TAG_NAME", "gitTagName"),
    ("IS_RELEASE", "isRelease"),
    ("RELEASE_NAME", "releaseName"),
    ("RELEASED_AT", "releasedAt"),
    ("IS_PULL_REQUEST", "isPullRequest"),
    ("IS_PULL_REQUEST_CLOSE", "isPullRequestClose"),
    ("PULL_REQUEST_REPO_FULL_NAME", "pullRequestRepoFullName"),
)
_FACTS = (
    ("SSH_URL", "repositorySshUrl"),
    ("HTTPS_URL", "repositoryHttpsUrl"),
    ("IS_FORK", "isFork"),
    ("REPO_FULL_NAME", "fullName"),
)


_GERRIT = (
    ("EVENT_TYPE", "eventType"),
    ("BRANCH", "branchName"),
    ("CHANGE_NUMBER", "pullRequestNumber"),
    ("CHANGE_ID", "changeId"),
    ("PATCHSET_NUMBER", "patchSetNumber"),
    ("PATCHSET_REVISION", "commitSha"),
    ("REFSPEC", "baseCommitRef"),
    ("CHANGE_SUBJECT", "changeSubject"),
    ("CHANGE_COMMIT_MESSAGE", "commitMessage"),
    ("CHANGE_URL", "commitUrl"),
    ("HOST", "providerDomain"),
    ("PORT", "providerSshPort"),
    ("REST_URL", "providerUrl"),
)
_GERRIT_PERSONS = (
    ("CHANGE_OWNER", "changeOwner"),
    ("CHANGE_UPLOADER", "triggeredBy"),
    ("PATCHSET_UPLOADER", "lastAuthor"),
)


def is_clone(dependency: Dependency) -> bool:
    """Whether the build gets a clone of it."""
    return dependency.type in (GIT_REPO, SYNC_REPO) and isinstance(dependency.step, In)


def key_path(name: str) -> str:
    """Where the key of a repository is, below the build directory, if its integration has one."""
    return f"secrets/{name}_key.pem"


def repository_variables(bag: Mapping[str, Json], key_file: str) -> Iterator[tuple[str, str]]:
    """Behind `<NAME>_`; nothing for a version without commit data. Source: the platform's names."""
    data, facts = bag.get("shaData"), bag.get("normalizedRepo")
    if not isinstance(data, dict):
        return
    yield from ((name, variable_text(data.get(key))) for name, key in _COMMIT)
    yield "PULL_REQUEST", variable_text(data.get("pullRequestNumber") or False)
    committer = data.get("committer")
    yield "COMMITTER", variable_text(committer.get("displayName")) if isinstance(committer, dict) else ""
    yield "KEYPATH", key_file
    if isinstance(facts, dict):
        yield from ((name, variable_text(facts.get(key))) for name, key in _FACTS)
        if str(facts.get("repositoryProvider")).startswith("gerrit"):
            yield from _gerrit_variables(data, bag.get("sourceName"))


def _gerrit_variables(data: Mapping[str, Json], project: Json) -> Iterator[tuple[str, str]]:
    """What the Gerrit plugin of other systems calls them."""
    yield from ((f"GERRIT_{name}", variable_text(data.get(key))) for name, key in _GERRIT)
    yield "GERRIT_PROJECT", variable_text(project)
    for name, key in _GERRIT_PERSONS:
        person = data.get(key)
        who = person if isinstance(person, dict) else {}
        shown, mail = variable_text(who.get("displayName")), variable_text(who.get("email"))
        yield f"GERRIT_{name}", f'"{shown}" <{mail}>' if who else ""
        yield f"GERRIT_{name}_NAME", shown
        yield f"GERRIT_{name}_EMAIL", mail


def repository_facts(bag: Mapping[str, Json]) -> dict[str, Json]:
    """What version.json has of it beside `yml`."""
    return {"normalizedRepo": bag["normalizedRepo"]} if "normalizedRepo" in bag else {}


def unknown_commit(bag: Mapping[str, Json], unknown: str) -> dict[str, Json]:
    """The bag of a version that gets its commit only when a build begins: `unknown` stands for all that depends on
    it."""
    data = {key: unknown for _, key in _COMMIT} | {"pullRequestNumber": unknown, "committer": {"displayName": unknown}}
    facts = {key: unknown for _, key in _FACTS}
    return {**bag, "shaData": data, "normalizedRepo": facts}
