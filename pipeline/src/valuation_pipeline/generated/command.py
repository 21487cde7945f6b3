# SPDX-License-Identifier: Apache-2.0
"""``valuation-pipeline logs generate``, which is added to the other subcommands of ``logs``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from valuation_pipeline.days import check_day
from valuation_pipeline.generated.faults import FAULTS
from valuation_pipeline.generated.log import generate
from valuation_pipeline.generated.options import GeneratorOptions
from valuation_pipeline.logs.command import logs
from valuation_pipeline.options import as_options

_DEFAULT = GeneratorOptions()
_FIRST_DAY = _DEFAULT.first_day.isoformat()


@logs.command("generate")
def generate_log(
    output: Annotated[Path, typer.Argument(metavar="OUT", help="The folder to make.")],
    impressions: Annotated[int, typer.Option(help="Over all days.")] = _DEFAULT.impressions,
    campaigns: Annotated[int, typer.Option(help="How many.")] = _DEFAULT.campaigns,
    days: Annotated[int, typer.Option(help="How many.")] = _DEFAULT.days,
    first_day: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], callback=check_day)] = _FIRST_DAY,  # type: ignore[assignment]
    seed: Annotated[int, typer.Option(help="The same seed gives the same log.")] = _DEFAULT.seed,
    click_rate: Annotated[float, typer.Option(help="Clicks an impression, about.")] = _DEFAULT.click_rate,
    conversion_rate: Annotated[float, typer.Option(help="Conversions a click, about.")] = _DEFAULT.conversion_rate,
    candidate_share: Annotated[
        float, typer.Option(help="Share of requests whose candidates are logged.")
    ] = _DEFAULT.candidate_share,
    predictions: Annotated[str, typer.Option(help="Logged pctr and pcvr: none, or noisy.")] = _DEFAULT.predictions,
    models: Annotated[
        Path | None, typer.Option(help="A release, or a directory of them: log what the engine predicts with it.")
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME[=ARGUMENT]", help="May be given several times: " + ", ".join(FAULTS) + "."),
    ] = None,
) -> None:
    """Write a log with known truth: OUT/log, truth.parquet, features.toml, pipeline.toml, planted.parquet."""
    values = {
        "impressions": impressions,
        "campaigns": campaigns,
        "days": days,
        "first_day": first_day.date(),
        "seed": seed,
        "click_rate": click_rate,
        "conversion_rate": conversion_rate,
        "candidate_share": candidate_share,
        "predictions": predictions,
    }
    options = as_options(GeneratorOptions, values, "logs generate")
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("days", total=options.days)
        generate(output, options, fault or [], lambda day: bar.advance(task), models)
    typer.echo(f"{output}: {options.impressions:,} impressions, {options.dates[0]} to {options.dates[-1]}")
