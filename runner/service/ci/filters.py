"""Which commits a push would have built, and what their messages ask for. Source: the platform's documentation."""

from __future__ import annotations

from runner.pipeline.ci.model import Branches
from runner.triggers.wildcards import Names
from runner.workspace.ci import Commit

SKIP = ("[skip ci]", "[ci skip]")
RESET_CACHE = ("[reset cache]", "[reset_cache]", "[cache reset]", "[cache_reset]")


def skipped(commit: Commit, branches: Branches) -> str | None:
    """Why a push of this commit would build nothing; None: it would."""
    found = next((words for words in SKIP if words in commit.message.casefold()), None)
    if found is not None:
        return f"its message says {found}"
    names = Names(branches.only, branches.excepted)
    return None if names.take(commit.branch) else f"branches leaves out {commit.branch} ({names})"


def resets_cache(commit: Commit) -> bool:
    return any(words in commit.message.casefold() for words in RESET_CACHE)
