# SPDX-License-Identifier: Apache-2.0
"""``valuation-pipeline logs`` checks and converts delivery logs; ``extract`` makes examples from them."""

from __future__ import annotations

import json
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from valuation_pipeline.days import check_day
from valuation_pipeline.logs.check import check_log
from valuation_pipeline.logs.convert import convert
from valuation_pipeline.logs.display import counts_tables, show_check
from valuation_pipeline.logs.extract import extract
from valuation_pipeline.logs.mapping import READERS, read_mapping
from valuation_pipeline.logs.options import LogOptions
from valuation_pipeline.options import as_options


class Format(StrEnum):
    """How a check is printed."""

    TEXT = "text"
    JSON = "json"


logs = typer.Typer(
    name="logs",
    help="Check, convert and generate delivery logs.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

_LOG = LogOptions()


@logs.command("check")
def check(
    log: Annotated[Path, typer.Argument(metavar="LOGS", help="A folder of valuation-log/1.")],
    start: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], callback=check_day, help="The first day; by default all days."),
    ] = None,
    end: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], callback=check_day, help="The last day.")
    ] = None,
    mapping: Annotated[Path | None, typer.Option(help="A mapping TOML, where the log has other columns.")] = None,
    tolerate: Annotated[float, typer.Option(help="The share of a table's rows that may be set aside.")] = 0.01,
    memory_limit: Annotated[str | None, typer.Option(help="What DuckDB may hold in memory, such as 4GB.")] = None,
    output_format: Annotated[Format, typer.Option("--format", help="For people or for programs.")] = Format.TEXT,
) -> None:
    """Check columns, types and rows; exit with 1 if the log is not fit to train on."""
    options = as_options(LogOptions, {"mapping": mapping, "memory_limit": memory_limit}, "logs check")
    found = check_log(log, options, start.date() if start else None, end.date() if end else None, tolerate)
    if output_format is Format.JSON:
        typer.echo(json.dumps(found.document(), indent=2, ensure_ascii=False))
    else:
        show_check(found, Console(highlight=False))
    if found.problems:
        raise typer.Exit(1)


@logs.command("convert")
def convert_log(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="The folder of the source's files.")],
    output: Annotated[Path, typer.Argument(metavar="OUT", help="The folder to make.")],
    reader: Annotated[
        str | None,
        typer.Option(help=f"{', '.join(READERS)}, or a mapping TOML; by default the source is a valuation-log/1."),
    ] = None,
    memory_limit: Annotated[str | None, typer.Option(help="What DuckDB may hold in memory, such as 4GB.")] = None,
) -> None:
    """Write another log as Parquet of valuation-log/1; bad rows are set aside."""
    counts = convert(source, output, read_mapping(reader) if reader else None, memory_limit)
    Console(highlight=False).print(counts_tables(counts))


def extract_examples(
    log: Annotated[Path, typer.Argument(metavar="LOGS", help="A folder of valuation-log/1.")],
    start: Annotated[
        datetime, typer.Option("--from", formats=["%Y-%m-%d"], callback=check_day, help="The first day (UTC).")
    ],
    end: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], callback=check_day, help="The last day.")],
    output: Annotated[Path, typer.Option("--out", help="The folder to make.")],
    as_of: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"],
            callback=check_day,
            help="Clicks and conversions before this time (UTC) are known; by default the midnight after the last day.",
        ),
    ] = None,
    click_window_hours: Annotated[
        float, typer.Option(help="A click counts within these hours after its impression.")
    ] = _LOG.click_window_hours,
    attribution_days: Annotated[
        float, typer.Option(help="A conversion counts within these days after its click.")
    ] = _LOG.attribution_days,
    mapping: Annotated[Path | None, typer.Option(help="A mapping TOML, where the log has other columns.")] = None,
    memory_limit: Annotated[str | None, typer.Option(help="What DuckDB may hold in memory, such as 4GB.")] = None,
) -> None:
    """Write the examples of some days: impressions with their clicks and conversions. Bad rows are set aside."""
    values = {
        "click_window_hours": click_window_hours,
        "attribution_days": attribution_days,
        "mapping": mapping,
        "memory_limit": memory_limit,
    }
    counts = extract(log, start.date(), end.date(), as_options(LogOptions, values, "extract"), output, as_of)
    Console(highlight=False).print(counts_tables(counts.tables))
