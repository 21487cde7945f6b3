# SPDX-License-Identifier: Apache-2.0
"""``valuation-pipeline check``: checks that may hold the release of a run back."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from valuation_pipeline.checks.log_checks import Windows
from valuation_pipeline.checks.options import CheckOptions
from valuation_pipeline.checks.run import check_run
from valuation_pipeline.checks.table import as_table, summary
from valuation_pipeline.checks.verdicts import held_back
from valuation_pipeline.errors import HeldBackError
from valuation_pipeline.features import FeatureSet
from valuation_pipeline.logs.options import LogOptions
from valuation_pipeline.options import as_options, read_toml


class Format(StrEnum):
    """The output format."""

    TABLE = "table"
    JSON = "json"


def check(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Its folder: examples/, click/ and conversion/.")],
    previous: Annotated[
        Path | None,
        typer.Option(metavar="MODELS", help="The directory of releases, or the release, that serves."),
    ] = None,
    configuration: Annotated[Path | None, typer.Option(metavar="FILE", help="A pipeline.toml.")] = None,
    features: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What models know; by default what the configuration names.")
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How to answer.")] = Format.TABLE,
) -> None:
    """Check a run, and write RUN/check: verdicts.json, and models/ to be published.

    Exits with 0 if nothing holds the release back, 3 if a check does, 1 if something has to be fixed, 2 wrong usage.
    """
    sections = read_toml(configuration) if configuration else {}
    options = as_options(CheckOptions, sections.get("checks", {}), f"{configuration}: [checks]")
    log = as_options(LogOptions, sections.get("log", {}), f"{configuration}: [log]")
    beside = configuration.parent if configuration else Path()
    feature_set = FeatureSet.read(features or beside / sections.get("features", "features.toml"))
    click_days = math.ceil(log.click_window_hours / 24)
    windows = Windows(click_days, click_days + math.ceil(log.attribution_days))
    progress = Console(stderr=True)
    with progress.status("") as status:
        verdicts = check_run(run, feature_set, options, previous, windows, status.update)
    if form is Format.JSON:
        typer.echo(json.dumps([asdict(verdict) for verdict in verdicts], ensure_ascii=False, indent=2))
    else:
        console = Console(highlight=False, markup=False)
        console.print(as_table(verdicts))
        console.print(summary(verdicts))
    if held_back(verdicts):
        raise typer.Exit(HeldBackError.exit_code)
