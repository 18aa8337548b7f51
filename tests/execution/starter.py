"""A process that starts a build and waits for it: `python -m tests.execution.starter PLACE GATE SCRIPT [detached]`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.execution.harness import Job, task


async def main() -> None:
    place, gate, script, *detached = sys.argv[1:]
    attached = not detached
    build = await Job(place=Path(place), tasks=(task(script),), exports=(("GATE", gate),), attached=attached).start()
    await build.wait()


if __name__ == "__main__":
    asyncio.run(main())
