# SPDX-License-Identifier: Apache-2.0
"""A session with Spark, and its failures as errors that people can fix."""

from __future__ import annotations

import logging
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from valuation_pipeline.errors import PipelineError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_OURS = ("valuation_pipeline.", "valuation.")


def check_installed() -> None:
    """Raise a PipelineError if pyspark or Java is missing here."""
    try:
        import pyspark  # noqa: F401
    except ImportError as error:
        raise PipelineError(
            "--engine spark: pyspark is missing; install it with `pip install 'valuation-pipeline[spark]'`, here and "
            "on all executors"
        ) from error
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        raise PipelineError(
            "--engine spark: Java is missing; install version 17 or newer (Debian: openjdk-17-jre-headless), "
            "or set JAVA_HOME"
        )


@contextmanager
def session(master: str) -> Iterator[SparkSession]:
    """Open a session, and close it at the end.

    Parameters
    ----------
    master : str
        In Spark's notation: ``local[2]``, ``spark://host:7077``, ``yarn``, ``k8s://…``. Everything else is configured
        as usual in Spark (spark-defaults.conf).

    Raises
    ------
    PipelineError
        Spark does not start.
    """
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    logging.getLogger("py4j").setLevel(logging.ERROR)
    builder = SparkSession.builder.appName("valuation-pipeline").master(master)
    for name, value in _settings(master).items():
        builder = builder.config(name, value)
    with failures_told(f"--master {master}: Spark does not start"):
        opened = builder.getOrCreate()
    opened.sparkContext.setLogLevel("OFF")
    try:
        yield opened
    finally:
        opened.stop()


@contextmanager
def failures_told(doing: str) -> Iterator[None]:
    """Turn what Spark raises into a PipelineError: the current step, and the executor's message, if there is one."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, Py4JError) as error:
        raise PipelineError(f"{doing}: {reason_of(str(error))}") from error


def reason_of(told: str) -> str:
    """Return the gist of Spark's long messages.

    That is the message of our own error in an executor, or the last line of another one's traceback, or the cause
    according to Java, or the first line.
    """
    lines = [line for line in told.splitlines() if line.strip()]
    for line in reversed(lines):
        kind, colon, message = line.strip().partition(": ")
        if colon and kind.startswith(_OURS) and " " not in kind:
            return message
    tracebacks = [place for place, line in enumerate(lines) if line.startswith("Traceback (most recent")]
    if tracebacks:
        return next((line for line in lines[tracebacks[-1] + 1 :] if not line.startswith((" ", "\t"))), lines[0])
    for beginning in ("Caused by: ", ": "):
        for line in lines:
            if line.startswith(beginning):
                return line.removeprefix(beginning).partition(": ")[2] or line.removeprefix(beginning)
    return lines[0] if lines else told


def _settings(master: str) -> dict[str, str]:
    """The pipeline's settings; and on this machine alone, protection from access by others."""
    settings = {
        "spark.sql.session.timeZone": "UTC",
        # The driver takes the sampled rows, however many [sampling] leaves.
        "spark.driver.maxResultSize": "0",
        "spark.ui.showConsoleProgress": "false",
    }
    if master.startswith("local"):
        settings |= {
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.ui.enabled": "false",
        }
    return settings
