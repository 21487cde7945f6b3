# SPDX-License-Identifier: Apache-2.0
"""Measure scoring on this machine and print a table; see Documentation/performance.md."""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
from pathlib import Path

from rich.console import Console
from rich.table import Table
from workload import Workload

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "bench"


def main() -> None:
    """Generate the workload, build the measuring program against the shipped library, run it, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=25, help="times that each request is valued (default 25)")
    options = parser.parse_args()
    console = Console()
    workload = Workload()
    with console.status("Generating the workload (a minute the first time)"):
        workload.write(FOLDER)
    program = FOLDER / "measure"
    compiler = ["gcc", "-O2", "-std=gnu11", "-Wall", "-Wextra", "-Werror", f"-I{ROOT}/build/include"]
    link = [f"-L{ROOT}/build/lib", "-lvaluation", f"-Wl,-rpath,{ROOT}/build/lib"]
    subprocess.run([*compiler, str(ROOT / "Benchmarks/measure.c"), *link, "-o", str(program)], check=True)
    with console.status("Measuring"):
        answer = subprocess.run(
            [program, FOLDER / "models", FOLDER / "requests.bin", FOLDER / "requests.jsonl", str(options.rounds)],
            check=True,
            capture_output=True,
            text=True,
        )
    show(console, workload, json.loads(answer.stdout))


def processor() -> str:
    """Name of this machine's processor, as Linux tells it."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def show(console: Console, workload: Workload, result: dict) -> None:
    """Print what was measured."""
    console.print(
        f"{workload.campaigns:,} campaigns x ({workload.click_weights:,} click + {workload.conversion_weights:,} "
        f"conversion weights), {workload.fields} request features, {workload.candidates:,} candidates, one thread; "
        f"{result['samples']:,} requests of each kind, taking turns, on {processor()}"
    )
    table = Table("call", "p50", "p99", "p99.9", "per candidate, p50", title="Microseconds per request")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, quantiles in result["microseconds"].items():
        per_candidate = quantiles["p50"] / workload.candidates * 1000
        table.add_row(name, *(f"{quantiles[key]:.1f}" for key in ("p50", "p99", "p999")), f"{per_candidate:.1f} ns")
    console.print(table)
    console.print(
        f"Loading {result['weights']:,} weights from .jsonl.gz: {result['load_seconds']:.2f} s; index "
        f"{result['index_bytes'] / 1e6:.1f} MB, {result['index_bytes'] / result['weights']:.2f} bytes a weight; peak "
        f"resident {result['peak_resident_bytes'] / 1e6:.0f} MB"
    )


if __name__ == "__main__":
    main()
