"""A process that runs a detached build as a job user: `python -m tests.service.job_user_starter STATE USER GATE`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from runner.service.job_users import JobUsers
from tests.service.world import world

TEXT = """
    jobs:
      - name: a
        type: runSh
        steps: [TASK: {script: [id -u, echo here > $GATE; read < $GATE.go, echo x > $JOB_STATE/kept]}]
"""


async def main() -> None:
    state, user, gate = sys.argv[1:]
    users = JobUsers([user], Path(state))
    async with world(Path(state), TEXT, job_users=users, attached=False, injected={"GATE": gate}) as found:
        await found.built("a")


if __name__ == "__main__":
    asyncio.run(main())
