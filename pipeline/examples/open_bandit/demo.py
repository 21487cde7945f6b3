# SPDX-License-Identifier: Apache-2.0
"""The demo: from a real log to ads ranked by expected revenue. ``make demo`` runs it.

It runs the pipeline on the Open Bandit Dataset and on a GENERATED log with conversions and known truth, then the
command on the published models. Last, it values a day that the training did not see.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

from rich.console import Console

from auctions import auctions
from fetch import FetchError, fetch
from truth import show_truth
from valuation_pipeline.features import FeatureSet, tabulate

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[2]

#: The Open Bandit Dataset's last day.
LAST_DAY = "2019-11-30"
#: Days of the generated log: the day to run, the next one, which the training does not see, and the day by which all
#: its conversions are in.
RUN_DAY, NEXT_DAY, KNOWN_UNTIL = "2026-03-08", "2026-03-09", "2026-03-12"

console = Console(highlight=False, width=None if Console().is_terminal else 120)


class CommandError(Exception):
    """A command failed; its output says why."""


def main() -> int:
    """Run all steps. Return the exit status: 0, or 1 if a step failed."""
    parser = argparse.ArgumentParser(description="Trains on the Open Bandit Dataset and values its ads.")
    parser.add_argument("--build", type=Path, default=REPOSITORY / "build", help="the folder of bin/ and demo/")
    build: Path = parser.parse_args().build
    demo, command = build / "demo", build / "bin" / "valuation"
    if not command.exists():
        print(f"{command} is missing.\nNext: `make build`, or name the folder with --build.", file=sys.stderr)
        return 1
    started = time.perf_counter()
    shutil.rmtree(demo, ignore_errors=True)
    try:
        run_open_bandit(demo, fetch(build / "cache"))
        run_generated(demo / "generated")
        use_command(demo, command)
    except FetchError as error:
        print(error, file=sys.stderr)
        return 1
    except CommandError:
        return 1
    step("The day after the generated log's last: what the models say, and the truth")
    show_truth(demo / "generated", NEXT_DAY, KNOWN_UNTIL, console)
    console.print(f"\nAll that, without the build, took {time.perf_counter() - started:.0f} s. Look at the reports:")
    for report in sorted(demo.rglob("report.html")):
        console.print(f"  {shown(report)}")
    return 0


def run_open_bandit(demo: Path, dataset: Path) -> None:
    """Convert the log and run its last day."""
    step("A real log: the Open Bandit Dataset, from the wheel of obp 0.4.1")
    pipeline("logs", "convert", dataset, demo / "log", "--reader", "open-bandit")
    console.print("Each item is an ad, each page a campaign. 287 of 60,000 impressions were clicked.")
    step("Training, checks, publishing and report of its last day, in one command")
    pipeline(
        *("run", "--date", LAST_DAY, "--logs", demo / "log", "--models", demo / "models"),
        *("--configuration", HERE / "pipeline.toml"),
    )
    console.print(
        "This log has so little signal that a constant is hard to beat; the report says where one is published."
    )


def run_generated(folder: Path) -> None:
    """Generate a log with conversions, and run its last day but one."""
    step("A GENERATED log, with conversions: its true probabilities are known")
    # Two days more than the next one, so that its conversions come in.
    options = ("--impressions", 300_000, "--campaigns", 30, "--days", 11, "--first-day", "2026-03-01")
    pipeline("logs", "generate", folder, *options)
    shutil.copy(HERE / "generated.toml", folder / "pipeline.toml")
    pipeline(
        *("run", "--date", RUN_DAY, "--logs", folder / "log", "--models", folder / "models"),
        *("--configuration", folder / "pipeline.toml"),
    )


def use_command(demo: Path, command: Path) -> None:
    """Validate, score and explain the published models, with requests made from the logs."""
    step("The command line: validate, score, explain")
    real = write_requests(demo / "requests.jsonl", demo / "work" / LAST_DAY, HERE / "features.toml", 3)
    generated = demo / "generated"
    day, features = generated / "work" / RUN_DAY, generated / "features.toml"
    invented = write_requests(generated / "requests.jsonl", day, features, 3)
    one = write_requests(generated / "one_request.jsonl", day, features, 1)
    run(command, "validate", demo / "models")
    run(command, "validate", generated / "models")
    run(command, "score", "--models", demo / "models", "--top", 3, "--format", "table", real)
    run(command, "score", "--models", generated / "models", "--top", 3, "--format", "table", invented)
    run(command, "explain", "--models", generated / "models", "--top", 1, "--format", "bars", one)
    console.print("unknown_feature is ordinary: L1 left no weight for one of the features.")


def write_requests(file: Path, day: Path, features: Path, count: int) -> Path:
    """Make requests from a day's examples. Returns their file."""
    feature_set = FeatureSet.read(features)
    table = tabulate(day / "examples" / "examples.parquet", feature_set)
    lines = [json.dumps(request) + "\n" for request in auctions(table, feature_set, count, ads=8)]
    file.write_text("".join(lines), encoding="utf-8")
    return file


def step(title: str) -> None:
    """Print the heading of a step."""
    console.print()
    console.rule()
    console.print(f"[bold]{title}")


def pipeline(*arguments: object) -> None:
    """Run the pipeline's command."""
    run(Path(sys.executable).parent / "valuation-pipeline", *arguments)


def run(*command: object) -> None:
    """Run a command, with its output going where ours goes."""
    words = [shown(word) if isinstance(word, Path) else str(word) for word in command]
    # Not wrapped, so that it can be copied.
    console.print(f"\n[bold]$ {shlex.join(words)}", soft_wrap=True)
    console.file.flush()
    if subprocess.run(words, check=False).returncode:
        raise CommandError


def shown(path: Path) -> str:
    """A path relative to the working directory if it lies below."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


if __name__ == "__main__":
    sys.exit(main())
