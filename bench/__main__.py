"""`make bench`: what the runner costs, each figure beside a floor measured in the same run on the same machine.

Quote the ratios: the absolute figures are those of this machine at this moment.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.api import api
from bench.chain import chain, one_job
from bench.dispatch import dispatch
from bench.figures import Figure
from bench.limits import limits
from bench.log import latency, log, long_log, whole_run
from bench.reading import reading
from bench.redaction import redaction
from bench.retention import retention
from bench.service import service
from bench.shipctl import shipctl
from bench.simulate import simulate


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        place = Path(directory)
        rows = [row for measure in (log, whole_run, long_log, latency) for row in measure(place)]
        rows += [
            one_job(place),
            chain(place),
            *redaction(),
            *reading(),
            *limits(place),
            *shipctl(place),
            *retention(place),
        ]
        rows += [*dispatch(place), *simulate(), *service(place), *api(place)]
    print(f"{'what':44} {'measured':>12} {'floor':>12} {'ratio':>8}   aim")
    for row in rows:
        print(line(row))


def line(row: Figure) -> str:
    measured, floor = (f"{value:.1f} {row.unit}" for value in (row.measured, row.floor))
    return f"{row.what:44} {measured:>12} {floor:>12} {row.ratio:>8.2f}   {row.aim} (floor: {row.floor_is})"


if __name__ == "__main__":
    main()
