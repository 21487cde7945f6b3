# SPDX-License-Identifier: Apache-2.0
"""Retries of steps that fail for a transient reason."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

import duckdb
from tenacity import Retrying, before_sleep_log, retry_if_exception, stop_after_attempt, wait_exponential
from valuation import BusyError, WriteError

from valuation_pipeline.workflow.options import WorkflowOptions

logger = logging.getLogger(__name__)

Made = TypeVar("Made")

#: Errors of the operating system that another attempt does not fix.
LASTING = (FileNotFoundError, FileExistsError, PermissionError, NotADirectoryError, IsADirectoryError)


def may_pass(error: BaseException) -> bool:
    """Return whether another attempt may succeed: after an error of a disk or a network, or with another publisher."""
    return isinstance(error, OSError | duckdb.IOException | BusyError | WriteError) and not isinstance(error, LASTING)


def attempt(step: Callable[[], Made], options: WorkflowOptions, sleep: Callable[[float], None] = time.sleep) -> Made:
    """Call a step, again after a pause if it fails for a transient reason; the last error is raised unchanged.

    Parameters
    ----------
    step : callable
        May be called any number of times.
    options : WorkflowOptions
        The number of attempts, and the first pause, which doubles each time.
    sleep : callable, optional
        Waits so many seconds.
    """
    retrying = Retrying(
        retry=retry_if_exception(may_pass),
        stop=stop_after_attempt(options.attempts),
        wait=wait_exponential(multiplier=options.pause_seconds),
        before_sleep=before_sleep_log(logger, logging.WARNING, exc_info=True),
        sleep=sleep,
        reraise=True,
    )
    return retrying(step)
