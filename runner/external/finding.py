"""The files of a pipeline with what they refer to, for a command of the command line."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from runner.pipeline.files import Found, discover
from runner.pipeline.reader import SourceFile
from runner.pipeline.references import KEY
from runner.pipeline.sections import is_templates

if TYPE_CHECKING:
    from runner.external.resolving import Library, Resolved


def find(paths: Sequence[Path], *, offline: bool = False) -> Found:
    """`discover`, and the texts that templates refer to. First use pins them in shippable.lock beside the templates;
    what is pinned and in the cache of this user is not fetched again. Not inside an event loop."""
    found = discover(paths)
    return resolved(found, offline=offline).found if refers(found.files) else found


def refers(files: Sequence[SourceFile]) -> bool:
    """Whether there may be references. Where there are none, nothing that fetches is imported."""
    return any(is_templates(file.name) and KEY in file.text for file in files)


def resolved(found: Found, *, offline: bool = False, update: bool = False) -> Resolved:
    """The files with what they refer to, for this user."""
    import asyncio

    from runner.external.resolving import resolve

    return asyncio.run(resolve(found, user_library(offline=offline, update=update)))


def user_library(*, offline: bool = False, update: bool = False) -> Library:
    """That of the user of this process."""
    from runner.external.cache import Cache
    from runner.external.resolving import Library

    return Library(cache=Cache.of_user(os.environ), download=None if offline else fetch, update=update)


async def fetch(address: str) -> bytes:
    """`download` within the usual limits. Raises FetchError."""
    from runner.external.download import download  # aiohttp: only where something must be fetched

    return await download(address)
