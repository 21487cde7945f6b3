# SPDX-License-Identifier: Apache-2.0
"""Runs a task and its requirements with Luigi, and reports why it could not."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import luigi
from luigi.execution_summary import LuigiStatusCode
from luigi.rpc import RemoteScheduler, RPCError
from luigi.scheduler import Scheduler
from luigi.worker import Worker

from valuation_pipeline.errors import HeldBackError, PipelineError, as_pipeline_error
from valuation_pipeline.workflow.errors import LockedError, NotArrivedError

#: Loggers whose lines go into the day's log file, not to the user's screen.
LOGGERS = ("luigi", "luigi-interface", "luigi.scheduler", "valuation_pipeline")
KINDS: dict[str, type[PipelineError]] = {
    kind.__name__: kind for kind in (PipelineError, HeldBackError, NotArrivedError, LockedError)
}


def run_task(task: luigi.Task, processes: int, scheduler_url: str | None) -> None:
    """Run a task and its requirements, as far as they are not done.

    Parameters
    ----------
    task : luigi.Task
        Its ``on_failure``, and that of all its requirements, must be :func:`reason_of`.
    processes : int
        The largest number of tasks that run at the same time. With 1, they run in this process.
    scheduler_url : str, optional
        The address of a luigid, whose page then shows the graph; by default Luigi's scheduler within this process.

    Raises
    ------
    PipelineError
        The one that a task raised; or, after another error, one that names the failed task and the reason.
    """
    luigi.configuration.get_config().set("core", "no_configure_logging", "true")
    schedulers = _Schedulers()
    try:
        result = luigi.build(
            [task],
            worker_scheduler_factory=schedulers,
            detailed_summary=True,
            workers=processes,
            local_scheduler=scheduler_url is None,
            scheduler_url=scheduler_url or "",
        )
        if result.status in (LuigiStatusCode.SUCCESS, LuigiStatusCode.SUCCESS_WITH_RETRY):
            return
        reasons = [_reason(stopped, schedulers.scheduler) for stopped in _stopped(task)]
    except RPCError as error:
        raise PipelineError(
            f"{scheduler_url}: no scheduler of Luigi answers; start luigid, or leave --scheduler out"
        ) from error
    if result.status is LuigiStatusCode.NOT_RUN:
        raise PipelineError(
            f"{scheduler_url}: Luigi's scheduler still counts the tasks as another run's; "
            "it forgets a killed run after a minute"
        )
    # If two failed, an error with an exit code of its own says more.
    raise max(reasons, key=lambda reason: reason.exit_code)


def reason_of(error: BaseException) -> str:
    """Return what Luigi's page shows of an error, and :func:`run_task` makes an error of again."""
    known = as_pipeline_error(error)
    if known is not None:
        kind = next(kind.__name__ for kind in type(known).__mro__ if kind.__name__ in KINDS)
        return f"{kind}: {known}"
    return f"{type(error).__name__}: {error} (the traceback is in the day's log file)"


@contextmanager
def logging_to(file: Path) -> Iterator[None]:
    """Append what Luigi and the steps log to a file, and nowhere else."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(file, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"))
    loggers = [logging.getLogger(name) for name in LOGGERS]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
        handler.close()


class _Schedulers:
    """Creates the scheduler and workers for luigi.build; keeps the scheduler, which knows why tasks failed."""

    scheduler: Any

    def create_local_scheduler(self) -> Any:
        self.scheduler = Scheduler(prune_on_get_work=True, record_task_history=False)
        return self.scheduler

    def create_remote_scheduler(self, url: str) -> Any:
        self.scheduler = RemoteScheduler(url)
        return self.scheduler

    def create_worker(self, scheduler: Any, worker_processes: int, assistant: bool = False) -> Any:
        return Worker(scheduler=scheduler, worker_processes=worker_processes, assistant=assistant)


def _stopped(task: luigi.Task) -> list[luigi.Task]:
    """Return the tasks that are not done although all their requirements are."""
    if task.complete():
        return []
    before = [stopped for required in task.deps() for stopped in _stopped(required)]
    return before or [task]


def _reason(task: luigi.Task, scheduler: Any) -> PipelineError:
    told = json.loads(scheduler.fetch_error(task.task_id)["error"] or '""')
    name, _, reason = str(told).partition(": ")
    if name in KINDS:
        return KINDS[name](reason)
    return PipelineError(f"{task.task_family}: {told}; run again, and report it if it stays")
