# SPDX-License-Identifier: Apache-2.0
"""A day to run: where its files lie, and what each of its steps makes its output from."""

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
    """A day, and all that its steps need to know.

    Attributes
    ----------
    date : date
        In UTC.
    logs, models, work : Path
        The log, the directory of releases, and the folder of runs, in which each day has a folder.
    configuration : Configuration
        Of all steps.
    workers : int
        How many processes may compute at a time.
    engine, master : str, str or None
        What computes; see ``computing.computing``. Models do not depend on it.
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
        """What was counted of each campaign."""
        return self.work / self.date.isoformat() / "campaigns.jsonl"

    @property
    def log_file(self) -> Path:
        """What Luigi and the steps log."""
        return self.work / self.date.isoformat() / "run.log"

    @cached_property
    def mapping(self) -> Mapping | None:
        """How the log's columns become those of ``valuation-log/1``, where they are others."""
        mapping = self.configuration.log.mapping
        return read_mapping(str(mapping)) if mapping else None

    @cached_property
    def log_sum(self) -> str:
        """One sum for the files of the log that the day is made from, as they were when this was first asked for."""
        return self.read_log_sum()

    def read_log_sum(self) -> str:
        """Return the same sum, as the files are now."""
        log = self.configuration.log
        earlier = dt.timedelta(days=math.ceil(log.attribution_days + log.click_window_hours / 24))
        return sum_of_log(self.logs, self.mapping, self.first - earlier, self.date)

    @cached_property
    def known(self) -> Inputs:
        """What the release is made from, but for the other releases there are: equal, and it need not be made again."""
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
        """Return what a step makes its output from: what it is told, and the sums of the steps before."""
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
    """Return what a section says, but for what does not change what is made: a mapping counts by what it says."""
    return section.model_dump(mode="json", exclude={"mapping", "memory_limit"})
