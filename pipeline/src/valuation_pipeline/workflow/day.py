# SPDX-License-Identifier: Apache-2.0
"""A day to run: the locations of its files, and the inputs of each of its steps."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

import valuation

from valuation_pipeline import __version__
from valuation_pipeline.computing import Engine
from valuation_pipeline.configuration import Configuration
from valuation_pipeline.logs.mapping import Mapping, read_mapping
from valuation_pipeline.options import Options
from valuation_pipeline.training.options import Target
from valuation_pipeline.workflow.inputs import Inputs, sum_of_file, sum_of_log

TARGETS: tuple[Target, ...] = get_args(Target)

Step = Literal["arrived", "examples", "click", "conversion", "check", "report", "release"]


@dataclass(frozen=True, eq=False)
class Day:
    """A day, and everything that its steps need to know.

    Attributes
    ----------
    date : date
        In UTC.
    logs, models, work : Path
        The log, the directory of releases, and the folder of runs, which has a folder for each day.
    configuration : Configuration
        Of all steps.
    workers : int
        The largest number of processes that compute at the same time.
    engine, master : str, str or None
        The engine; see ``computing.computing``. Models do not depend on it.
    previous : str or None
        The newest release of an earlier day, with which this one is compared.
    release : str
        The id under which the day is published.
    """

    date: dt.date
    logs: Path
    models: Path
    work: Path
    configuration: Configuration
    workers: int = 1
    engine: Engine = "local"
    master: str | None = None
    previous: str | None = None
    release: str = ""

    @property
    def first(self) -> dt.date:
        """The first day whose impressions are read."""
        log = self.configuration.log
        return self.date - dt.timedelta(days=max(log.days, log.conversion_days) - 1)

    def folder(self, step: Step) -> Path:
        """Return the folder that a step fills."""
        return self.work / self.date.isoformat() / step

    @property
    def campaigns_file(self) -> Path:
        """The counts of each campaign."""
        return self.work / self.date.isoformat() / "campaigns.jsonl"

    @property
    def log_file(self) -> Path:
        """The log of Luigi and the steps."""
        return self.work / self.date.isoformat() / "run.log"

    @cached_property
    def mapping(self) -> Mapping | None:
        """The mapping of the log's columns to those of ``valuation-log/1``, if they differ."""
        mapping = self.configuration.log.mapping
        return read_mapping(str(mapping)) if mapping else None

    @cached_property
    def log_sum(self) -> str:
        """One checksum for the files of the log from which the day is made, as of the first request."""
        return self.read_log_sum()

    def read_log_sum(self) -> str:
        """Return the same checksum for the files as they are now."""
        log = self.configuration.log
        earlier = dt.timedelta(days=math.ceil(log.attribution_days + log.click_window_hours / 24))
        return sum_of_log(self.logs, self.mapping, self.first - earlier, self.date)

    @cached_property
    def known(self) -> Inputs:
        """Everything that determines the release, apart from other releases: if equal, it need not be made again."""
        configuration = self.configuration
        sections = {name: _plain(getattr(configuration, name)) for name in ("log", "sampling", "training", "checks")}
        return Inputs(
            {
                "date": self.date.isoformat(),
                "log": self.log_sum,
                "features": sum_of_file(configuration.features),
                "mapping": self.mapping.model_dump(mode="json") if self.mapping else None,
                "configuration": sections,
                "pipeline": __version__,
                "valuation": valuation.__version__,
            }
        )

    def inputs(self, step: Step) -> Inputs:
        """Return the inputs of a step: its options, and the checksums of the earlier steps."""
        options = self.configuration
        if step == "arrived":
            return Inputs({"workflow": _plain(options.workflow)})
        known = self.known.parts
        common = {name: known[name] for name in ("date", "pipeline", "valuation")}
        match step:
            case "examples":
                parts = {"log": known["log"], "mapping": known["mapping"], "options": _plain(options.log)}
            case "click" | "conversion":
                parts = {
                    "examples": self.inputs("examples").sha256,
                    "features": known["features"],
                    "sampling": _plain(options.sampling),
                    "training": _plain(options.training),
                }
            case "check":
                before: dict[str, Any] = {target: self.inputs(target).sha256 for target in TARGETS}
                parts = {**before, "previous": self.previous, "checks": _plain(options.checks)}
            case _:
                parts = {"check": self.inputs("check").sha256, "release": self.release}
        return Inputs({"step": step, **common, **parts})


def _plain(section: Options) -> Any:
    """Return the options of a section without those that do not change the output: a mapping counts by its contents."""
    return section.model_dump(mode="json", exclude={"mapping", "memory_limit"})
