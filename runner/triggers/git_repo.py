"""A `gitRepo` resource: its options, and which events make a version of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from runner.pipeline.model import Data, Resource
from runner.pipeline.sections import is_pipeline_file
from runner.triggers.addresses import same_repository
from runner.triggers.git_events import EventKind, GitEvent
from runner.triggers.wildcards import Names, matches

SKIP = ("[skip ci]", "[ci skip]")


@dataclass(frozen=True, slots=True, kw_only=True)
class GitRepo:
    """The options of one resource. `source` is `org/name`, an address or a path; `depth` None: all commits."""

    source: str
    branch: str | None = None
    branches: Names = field(default_factory=Names)
    tags: Names = field(default_factory=Names)
    on_commit: bool = True
    on_pull_request: bool = False
    on_pull_request_close: bool = False
    on_release: bool = False
    on_tag: bool = False
    depth: int | None = None
    git_config: tuple[str, ...] = ()

    @classmethod
    def of(cls, resource: Resource) -> GitRepo:
        """Read them from the content of the resource, which has been checked when the file was read."""
        bag = resource.property_bag
        depth = bag.get("depth")
        return cls(
            source=_text(bag.get("sourceName")) or "",
            branch=_text(bag.get("branch")),
            branches=_names(bag.get("branches")),
            tags=_names(bag.get("tags")),
            on_commit=_truth(bag.get("buildOnCommit"), True),
            on_pull_request=_truth(bag.get("buildOnPullRequest")),
            on_pull_request_close=_truth(bag.get("buildOnPullRequestClose")),
            on_release=_truth(bag.get("buildOnRelease")),
            on_tag=_truth(bag.get("buildOnTagPush")),
            depth=int(depth) if isinstance(depth, int | str) and str(depth).isdecimal() else None,
            git_config=_texts(bag.get("gitConfig")),
        )

    def takes_branch(self, branch: str) -> bool:
        """Whether commits of this branch are for it."""
        return matches(self.branch, branch) if self.branch is not None else self.branches.take(branch)


def accepts(options: GitRepo, event: GitEvent) -> str | None:
    """None where the event makes a version of the resource; else the sentence why it does not."""
    if not same_repository(options.source, event.repository):
        return f"it follows {options.source}, not {event.repository.full_name}"
    if event.deleted:
        return f"{f'tag {event.tag}' if event.tag else f'branch {event.branch}'} was deleted"
    key, wanted = _wanted(options, event.kind)
    if not wanted:
        return f"{key} is off"
    if event.kind in (EventKind.TAG, EventKind.RELEASE):
        return None if options.tags.take(event.tag) else f"tag {event.tag} is not among its tags ({options.tags})"
    if not options.takes_branch(event.branch):
        named = options.branch if options.branch is not None else str(options.branches)
        return f"branch {event.branch} is not among its branches ({named})"
    return _kept_out(event)


def _kept_out(event: GitEvent) -> str | None:
    """What a commit says or touches so that it starts nothing."""
    if event.kind is not EventKind.PULL_REQUEST_CLOSE:
        word = next((word for word in SKIP if word in event.message.casefold()), None)
        if word is not None:
            return f"its message says {word}"
    if event.kind is EventKind.COMMIT:
        touched = next((path for path in event.changed_files or () if is_pipeline_path(path)), None)
        if touched is not None:
            return f"it changes the pipeline file {touched}"
    return None


def is_pipeline_path(path: str) -> bool:
    """Whether a file at this path of a repository is one that a pipeline is read from."""
    return is_pipeline_file(path.rpartition("/")[2])


def _wanted(options: GitRepo, kind: EventKind) -> tuple[str, bool]:
    match kind:
        case EventKind.COMMIT:
            return "buildOnCommit", options.on_commit
        case EventKind.PULL_REQUEST:
            return "buildOnPullRequest", options.on_pull_request
        case EventKind.PULL_REQUEST_CLOSE:
            return "buildOnPullRequestClose", options.on_pull_request_close
        case EventKind.RELEASE:
            return "buildOnRelease", options.on_release
        case EventKind.TAG:
            return "buildOnTagPush", options.on_tag


def _text(value: Data) -> str | None:
    """A scalar as its text (`branch: 2` too); None for anything else, and for an empty one."""
    if value is None or isinstance(value, bool | tuple | Mapping):
        return None
    return str(value) or None


def _texts(value: Data) -> tuple[str, ...]:
    """A list of texts; lists in it (aliases) count as part of it, a single text as a list of one."""
    if isinstance(value, tuple):
        return tuple(text for item in value for text in _texts(item))
    text = _text(value)
    return () if text is None else (text,)


def _names(value: Data) -> Names:
    if not isinstance(value, Mapping):
        return Names()
    return Names(_texts(value.get("only")), _texts(value.get("except")))


def _truth(value: Data, default: bool = False) -> bool:
    """`true`, and the older spellings that a file may hold as text; what is neither counts as absent."""
    word = str(value).casefold()
    if word in ("true", "on", "yes"):
        return True
    return False if word in ("false", "off", "no") else default
