# SPDX-License-Identifier: Apache-2.0
"""The engine of the computation: this machine, or the executors of Apache Spark. Models are the same, byte for byte."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import pyarrow as pa
import typer

from valuation_pipeline.errors import PipelineError
from valuation_pipeline.features import FeatureSet, tabulate
from valuation_pipeline.sampling import SamplingOptions
from valuation_pipeline.scoring.score import score_examples
from valuation_pipeline.training.workers import Threads, Workers

Engine = Literal["local", "spark"]

Tabulate = Callable[[Path, FeatureSet, SamplingOptions | None], pa.Table]

EngineOption = Annotated[Engine, typer.Option("--engine", help="What computes: this machine, or Apache Spark.")]
MasterOption = Annotated[
    str | None, typer.Option("--master", metavar="URL", help="Of Spark; by default all cores of this machine.")
]


@dataclass(frozen=True)
class Computing:
    """The functions with which the steps compute.

    Attributes
    ----------
    tabulate : callable
        ``features.tabulate``.
    workers : Workers
        Fits campaigns.
    score : callable
        ``scoring.score.score_examples``.
    """

    tabulate: Tabulate
    workers: Workers
    score: Callable[[Path, FeatureSet, Path, Path], int]


@contextmanager
def computing(engine: Engine = "local", master: str | None = None, threads: int | None = None) -> Iterator[Computing]:
    """Provide an engine.

    Parameters
    ----------
    engine : "local" or "spark"
    master : str, optional
        For Spark; by default all cores of this machine.
    threads : int, optional
        For the local engine; by default one a core.

    Raises
    ------
    PipelineError
        A master is given without Spark; or Spark is not available, or fails.
    """
    check_engine(engine, master)
    if engine == "local":
        yield Computing(tabulate, Threads(threads or os.cpu_count() or 1), score_examples)
        return
    from valuation_pipeline import spark

    with spark.session(master or "local[*]") as opened:
        yield Computing(partial(spark.tabulate, opened), spark.Executors(opened), partial(spark.score_examples, opened))


def check_engine(engine: Engine, master: str | None) -> None:
    """Fail at once, before hours of other work, if an engine is not available; raises what :func:`computing` raises."""
    if engine == "spark":
        from valuation_pipeline.spark.session import check_installed

        check_installed()
    elif master is not None:
        raise PipelineError(f"--master {master}: is of Spark; add --engine spark")
