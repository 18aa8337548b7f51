"""A service whose store lies on a small disk that is full for a while: `python -m tests.daemon.on_full_disk DIRECTORY`,
where DIRECTORY/state is that disk. Prints how many versions were taken, how many there are, and the ends of builds."""

from __future__ import annotations

import asyncio
import os
import select
import sys
from pathlib import Path

from runner.daemon.service import Service
from runner.errors import StoreError
from runner.execution import identity
from runner.store.queueing import Request
from runner.workspace.versions import NewVersion
from tests.daemon.running import Host, ended, heard, serving

PIPELINE = """
resources:
  - {{name: img, type: image, versionTemplate: {{sourceName: a/b, versionName: none}}}}
jobs:
  - name: reads
    type: runSh
    dependencyMode: immediate
    triggerMode: parallel
    steps: [{{IN: img}}, {{TASK: {{script: [pwd]}}}}]
  - name: runs
    type: runSh
    steps: [{{TASK: {{script: ['echo > {begun}', 'until test -e {go}; do sleep 0.05; done']}}}}]
"""


async def main(directory: Path) -> None:
    host, go = Host(directory), directory / "go"
    begun = host.pipe("begun")
    host.write(PIPELINE.format(begun=begun, go=go))
    async with serving(host.settings) as service:
        running = await service.orders.run("runs", Request())
        await heard(begun)
        await service.orders.drain()
        filling = directory / "state" / "filling"
        fill(filling)
        taken = await send_until_refused(service)
        await end_now(service, running.id, go)
        filling.unlink()
        assert await service.orders.add_version(NewVersion(node="img"))
        await service.orders.drain(False)
        last = await ended(service, "runs")
        ends = [(await ended(service, "reads", number)).status for number in range(1, taken + 2)]
        versions = await service.questions.versions("img", most=1)
        print(taken + 1, versions[0].number - 1, last.status, *sorted(set(ends)))


def fill(path: Path) -> None:
    """To the last byte."""
    with path.open("wb", buffering=0) as file:
        for size in (65536, 512, 1):
            while file_takes(file.fileno(), size):
                pass


def file_takes(descriptor: int, size: int) -> bool:
    try:
        return os.write(descriptor, b"x" * size) == size
    except OSError:
        return False


async def send_until_refused(service: Service) -> int:
    """How many versions the store takes: its files have some room left."""
    taken = 0
    while True:
        try:
            await service.orders.add_version(NewVersion(node="img", name=f"v{taken}"))
        except StoreError:
            return taken
        taken += 1


async def end_now(service: Service, build: int, go: Path) -> None:
    """Let the script end, and wait for its supervisor: its end cannot be recorded now."""
    found = identity.find(service.store.build_directory(build))
    assert found is not None
    process = found.open()
    assert process is not None
    await asyncio.to_thread(go.touch)
    await asyncio.to_thread(select.select, [process], [], [], 30)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
