# SPDX-License-Identifier: Apache-2.0
"""Runs of days, by the command and by processes that end at a given step. Other processes import this module."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from valuation_pipeline.command import main
from valuation_pipeline.configuration import read_configuration
from valuation_pipeline.errors import PipelineError
from valuation_pipeline.files import whole_folder
from valuation_pipeline.workflow import steps
from valuation_pipeline.workflow.day import Day, Step
from valuation_pipeline.workflow.run import Wishes, run_day

#: Days of the small log.
FIRST, LAST = date(2026, 3, 4), date(2026, 3, 5)

#: Processes are forked from one that has imported everything and done nothing, which saves seconds each.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([__name__])


def wishes(place: Path, work: Path, models: Path) -> Wishes:
    """The options of a day's run on the small log, in this process."""
    return Wishes(place / "log" / "log", models, work, read_configuration(place / "pipeline.toml"))


def command(place: Path, work: Path, models: Path, *arguments: str) -> list[str]:
    """The command that runs a day of the small log."""
    return [sys.executable, "-m", "valuation_pipeline.command", *words(place, work, models, *arguments)]


def words(place: Path, work: Path, models: Path, *arguments: str) -> list[str]:
    """The arguments after the command's name."""
    paths = ["--logs", str(place / "log" / "log"), "--models", str(models), "--work", str(work)]
    return ["run", *paths, "--configuration", str(place / "pipeline.toml"), *arguments]


def run(place: Path, work: Path, models: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        command(place, work, models, *arguments), capture_output=True, text=True, timeout=600, check=False
    )


def start(target: Callable[..., None], *arguments: object) -> ForkServerProcess:
    """Start a function of this module in a process of its own."""
    process = PROCESSES.Process(target=target, args=arguments)
    process.start()
    return process


def run_main(output: Path, arguments: list[str]) -> None:
    """Run the command in this process, which prints to the files ``output``/stdout and ``output``/stderr."""
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        os.dup2(os.open(output / name, os.O_CREAT | os.O_WRONLY), descriptor)
    # As in a new process, unlike the forkserver's settings.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    multiprocessing.set_start_method("fork", force=True)
    sys.argv = ["valuation-pipeline", *arguments]
    main()


def leave_out_the_page() -> None:
    """Write no page: it takes longer than the rest of a small run, and no other step depends on it."""
    steps.MAKE = {**steps.MAKE, "report": _no_page}


def _no_page(day: Day) -> None:
    with whole_folder(day.folder("report")):
        pass


def run_quietly(place: Path, work: Path, models: Path, day: date) -> None:
    """Run a day without its page, and exit as the command does."""
    leave_out_the_page()
    try:
        run_day(day, wishes(place, work, models))
    except PipelineError as error:
        (work / f"{os.getpid()}.reason").write_text(str(error))
        sys.exit(error.exit_code)


def die_at(step: Step, when: str, place: Path, work: Path, models: Path, day: date) -> None:
    """Run a day without its page, and die before a step or just after the step has made its folder."""
    leave_out_the_page()
    make = steps.MAKE[step]

    def die(day: Day) -> None:
        if when == "after":
            make(day)
        os.kill(os.getpid(), signal.SIGKILL)

    steps.MAKE = {**steps.MAKE, step: die}
    run_day(day, wishes(place, work, models))


def released(models: Path, release: str) -> dict[str, object]:
    """Return the files of a release, without times."""
    folder = models / "releases" / release
    files: dict[str, object] = {file.name: file.read_bytes() for file in folder.iterdir()}
    for name, times in (("manifest.json", ("created", "checksum")), ("lineage.json", ("made",))):
        document = json.loads((folder / name).read_text())
        files[name] = {member: value for member, value in document.items() if member not in times}
    return files


def new_models(folder: Path, secret_of: Path) -> Path:
    """Make a directory of releases with another one's secret, on which the compiled file depends."""
    folder.mkdir(parents=True)
    (folder / "SECRET").write_bytes((secret_of / "SECRET").read_bytes())
    return folder


def processes_with(text: str) -> list[str]:
    """Return the command lines of running processes whose environment contains a text."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if text.encode() in (folder / "environ").read_bytes():
                found.append(re.sub("\0", " ", (folder / "cmdline").read_text()))
        except OSError:  # ended meanwhile, or another user's
            continue
    return found
