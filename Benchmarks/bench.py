# SPDX-License-Identifier: Apache-2.0
"""Measure this library against others and against the machine's limit.

Writes results.json, a table and charts to Documentation/performance, or to build/bench/quick with --quick.
"""

from __future__ import annotations

import argparse
import json
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import charts
import machine
import policies
import releases
import report
import run
from plan import FULL, QUICK, Plan
from results import write
from rich.console import Console
from threadpoolctl import threadpool_limits
from workload import FOLDER, ROOT


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few points, in a minute or two")
    parser.add_argument("--redraw", action="store_true", help="measure nothing; print and draw results.json again")
    parser.add_argument("--loading", action="store_true", help="measure loading and releases; leave the other results")
    parser.add_argument("--policies", action="store_true", help="measure policies; leave the other results")
    options = parser.parse_args()
    folder = FOLDER / "quick" if options.quick else ROOT / "Documentation" / "performance"
    file = folder / "results.json"
    console = Console()
    plan = QUICK if options.quick else FULL
    if options.loading:
        write(json.loads(file.read_text()) | measure_loading(plan, console.print), file)
    elif options.policies:
        write(json.loads(file.read_text()) | {"policies": policies.measure_policies(plan, console.print)}, file)
    elif not options.redraw:
        folder.mkdir(parents=True, exist_ok=True)
        write(measure(plan, console), file)
    show(json.loads(file.read_text()), folder, console)


def measure(plan: Plan, console: Console) -> dict[str, Any]:
    """Return everything that was measured."""
    start = time.monotonic()
    described = machine.describe()
    if described["load_before"] > described["cores"] / 2:
        console.print(f"The machine is busy (load {described['load_before']}): times will be long and vary.")
    with console.status("Building the native contenders") as status, threadpool_limits(limits=1):

        def progress(text: str) -> None:
            line = f"{(time.monotonic() - start) / 60:4.1f} min  {text}"
            if console.is_terminal:
                status.update(line)
            else:
                console.print(line, soft_wrap=True)

        results = {
            "measured": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
            **described,
            "points": run.measure_grid(plan, progress),
            "json": run.measure_json(plan, progress),
            "threads": run.measure_threads(plan, progress),
            **measure_loading(plan, progress),
            "policies": policies.measure_policies(plan, progress),
        }
    console.print(f"Measured in {(time.monotonic() - start) / 60:.0f} minutes.")
    return results


def measure_loading(plan: Plan, progress: run.Progress) -> dict[str, Any]:
    """Return what loading and releases cost."""
    return {"load": run.measure_loading(plan, progress), "releases": releases.measure_releases(plan, progress)}


def show(results: dict[str, Any], folder: Path, console: Console) -> None:
    """Print the tables; write them and the charts."""
    tables = report.tables(results)
    for table in tables:
        console.print(table.for_terminal())
    (folder / "tables.md").write_text(report.markdown(results, tables))
    charts.draw(results, folder)
    console.print(f"Tables and charts are in {folder.relative_to(ROOT)}.")


if __name__ == "__main__":
    main()
