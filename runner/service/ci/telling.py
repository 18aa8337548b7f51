"""Who is told of a CI build, by `integrations.notifications` of its CI part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from runner.notifications.news import Moment
from runner.pipeline.ci.model import CiNotification, CiPart, When
from runner.pipeline.ci.notification_keys import LAST_AUTHOR, LAST_COMMITTER
from runner.pipeline.plain import plain
from runner.service.notices import MOMENTS
from runner.store.rows import Address, NewNotice
from runner.triggers.wildcards import Names
from runner.workspace.ci import Commit

METHODS = ("email", "irc")


@dataclass(frozen=True, slots=True, kw_only=True)
class CiTelling:
    """What is built; `earlier` is how the build before ended, None for the first one: that counts as a success."""

    part: CiPart
    commit: Commit
    earlier: str | None

    def at_start(self) -> tuple[NewNotice, ...]:
        return tuple(self._notices(Moment.ON_START, changed=True))

    def at_end(self, status: str) -> tuple[NewNotice, ...]:
        moment = MOMENTS.get(status)
        if moment is None:
            return ()
        return tuple(self._notices(moment, changed=MOMENTS.get(self.earlier or "success") is not moment))

    def _notices(self, moment: Moment, *, changed: bool) -> Iterator[NewNotice]:
        for index, entry in enumerate(self.part.notifications):
            when = self._when(entry, moment)
            if when is When.NEVER or (when is When.CHANGE and not changed):
                continue
            if not Names(entry.branches.only, entry.branches.excepted).take(self.commit.branch):
                continue
            name = f"integrations.notifications[{index}]"
            yield NewNotice(
                moment=moment,
                target=name,
                address=_address(entry, self.commit),
                snippet=entry.failing_snippet,
                about=_about(self.commit),
            )

    def _when(self, entry: CiNotification, moment: Moment) -> When:
        """Of the end of a pull request one key alone decides. Source: the platform's documentation of notifications."""
        if moment is not Moment.ON_START and self.commit.pull_request is not None:
            return entry.on_pull_request
        return _whens(entry)[moment]


def _whens(entry: CiNotification) -> Mapping[Moment, When]:
    return {
        Moment.ON_START: entry.on_start,
        Moment.ON_SUCCESS: entry.on_success,
        Moment.ON_FAILURE: entry.on_failure,
        Moment.ON_CANCEL: entry.on_cancel,
    }


def _about(commit: Commit) -> str:
    subject = commit.message.partition("\n")[0]
    return f"{commit.full_name} {commit.branch} at {commit.sha[:12]} ({subject})"


def _address(entry: CiNotification, commit: Commit) -> Address:
    method = entry.type if entry.type in METHODS else None
    people = {LAST_COMMITTER: commit.committer_email, LAST_AUTHOR: commit.author_email}
    return Address(
        method=method,
        integration=entry.name.name if method is None and entry.name is not None else None,
        recipients=tuple(people.get(name, name) for name in entry.recipients),
        payload=plain(entry.payload),
    )
