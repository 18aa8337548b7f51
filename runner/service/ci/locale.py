"""The language of the shells of a CI build."""

from __future__ import annotations

import asyncio

from runner.workspace.ci import UTF8


async def utf8_locale() -> str:
    """The platform's locale where this host has it: else every shell would complain."""
    try:
        asked = await asyncio.create_subprocess_exec(
            "locale", "-a", stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
    except OSError:
        return "C.UTF-8"
    output, _ = await asked.communicate()
    return UTF8 if "en_us.utf8" in output.decode("ascii", "replace").casefold().split() else "C.UTF-8"
