"""Every job type that can run, by the name the file gives it."""

from __future__ import annotations

from collections.abc import Mapping

from jobs.context import JobType
from jobs.run_ci import RunCI
from jobs.run_sh import RunSh

RUN_SH = RunSh()

JOB_TYPES: Mapping[str, JobType] = {
    "runSh": RUN_SH,
    "runCI": RunCI(),
    "runCLI": RUN_SH,  # the deprecated name of the same
}
