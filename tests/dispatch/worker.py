"""A worker process: `python -m tests.dispatch.worker IMPLEMENTATION PLACE NAME SLOTS POOL…`.

It says on stdout what its attempts do, opens the gates that it reads from stdin, and ends with stdin.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta

from tests.dispatch.bodies import Bodies
from tests.dispatch.implementations import IMPLEMENTATIONS


def say(line: str) -> None:
    print(line, flush=True)


async def main(implementation: str, place: str, name: str, slots: str, *pools: str) -> None:
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async with IMPLEMENTATIONS[implementation](place, timedelta(minutes=1)) as dispatch, asyncio.TaskGroup() as group:
        bodies = Bodies(dispatch, say)
        serve = dispatch.serve(pools, int(slots), bodies.handler, worker=name, report=bodies.report)
        serving = group.create_task(serve)
        async for line in lines:
            bodies.open(line.decode().strip())
        serving.cancel()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
