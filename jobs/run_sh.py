"""`runSh`: the user's scripts on the host."""

from __future__ import annotations

from jobs._script import run_tasks
from jobs.context import Context
from runner.execution.launcher import Result


class RunSh:
    """One bash per TASK, hooks in the shell of the TASK that they belong to."""

    async def run(self, context: Context) -> Result:
        return await run_tasks(context)
