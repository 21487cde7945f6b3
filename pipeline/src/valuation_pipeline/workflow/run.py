# SPDX-License-Identifier: Apache-2.0
"""Runs days, one after another: the lock, the tasks, and one line with the result of each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import luigi

from valuation_pipeline.checks.verdicts import read_verdicts
from valuation_pipeline.computing import Engine
from valuation_pipeline.configuration import Configuration
from valuation_pipeline.errors import HeldBackError, as_pipeline_error
from valuation_pipeline.features import FeatureSet
from valuation_pipeline.workflow.day import Day
from valuation_pipeline.workflow.lock import locked
from valuation_pipeline.workflow.luigi_run import logging_to, run_task
from valuation_pipeline.workflow.publication import previous_release, release_of
from valuation_pipeline.workflow.tasks import Arrived, Finished, StepTask


@dataclass(frozen=True)
class Wishes:
    """How days are to be run.

    Attributes
    ----------
    logs, models, work : Path
        The log, the directory of releases, the folder of runs.
    configuration : Configuration
        Of all steps.
    workers : int
        The number of processors to use. With two or more, click and conversion models are trained at the same time.
    engine, master : str, str or None
        The engine for features and models; see ``computing.computing``.
    scheduler_url : str or None
        The address of a luigid.
    again : bool
        Publish a day again that is published from other inputs.
    """

    logs: Path
    models: Path
    work: Path
    configuration: Configuration
    workers: int = 1
    engine: Engine = "local"
    master: str | None = None
    scheduler_url: str | None = None
    again: bool = False


def run_days(first: date, last: date, wishes: Wishes) -> Iterator[str | HeldBackError]:
    """Run days, the oldest first, each with what was known at its end.

    Yields
    ------
    str or HeldBackError
        The result of the day, in a line. If a day is held back, the next one still runs.

    Raises
    ------
    PipelineError
        A day stops, and so do all that follow.
    """
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        try:
            yield run_day(day, wishes)
        except HeldBackError as error:
            yield error


def run_day(date: date, wishes: Wishes) -> str:
    """Run a day as far as it is not done, and publish it.

    Equal inputs give the same release, byte for byte, however often the run was killed in between; a day that is
    published from the same inputs is left as it is.

    Returns
    -------
    str
        The result, in a line.

    Raises
    ------
    PipelineError
        Its message begins with the day.
    """
    day = Day(
        date,
        wishes.logs,
        wishes.models,
        wishes.work,
        wishes.configuration,
        wishes.workers,
        wishes.engine,
        wishes.master,
    )
    try:
        with locked(day.work / date.isoformat(), f"{date}"), logging_to(day.log_file):
            return f"{date} {_run(day, wishes)}"
    except Exception as error:
        known = as_pipeline_error(error)
        if known is None:
            raise
        raise type(known)(f"{date}: {known}") from error


def _run(day: Day, wishes: Wishes) -> str:
    processes = min(2, wishes.workers)
    FeatureSet.read(wishes.configuration.features)  # A mistake in it is told now, not after hours of waiting.
    run_task(_task(Arrived, day), processes, wishes.scheduler_url)
    release, is_published = release_of(day.models, day.date, day.known, wishes.again)
    if is_published:
        return f"is published as {release} in {day.models} from the same inputs; nothing to do"
    day = replace(
        day,
        previous=previous_release(day.models, day.date),
        release=release,
        workers=max(1, wishes.workers // processes),
    )
    run_task(_task(Finished, day), processes, wishes.scheduler_url)
    return _told(day)


def _task(kind: type[StepTask | Finished], day: Day) -> luigi.Task:
    return kind(date=day.date, models=str(day.models), day=day)


def _told(day: Day) -> str:
    """Describe what was published, for cron's mail."""
    published = _read(day.folder("release") / "published.json")
    training = _read(day.folder("click") / "training.json")
    warnings = sum(verdict.status == "warned" for verdict in read_verdicts(day.folder("check") / "verdicts.json"))
    entropy = (training["held_out"] or {}).get("ne")
    return (
        f"published {day.release} in {day.models}: {len(training['campaigns'])} campaigns, "
        + (f"click NE {entropy:.2f}, " if entropy is not None else "")
        + f"{warnings} warning{'' if warnings == 1 else 's'}"
        + ("" if published["serves"] else ", a later day serves")
        + f"; {day.folder('report') / 'report.html'}"
    )


def _read(file: Path) -> dict[str, Any]:
    return dict(json.loads(file.read_text(encoding="utf-8")))
