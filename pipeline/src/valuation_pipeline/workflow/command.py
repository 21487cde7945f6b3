# SPDX-License-Identifier: Apache-2.0
"""``valuation-pipeline run`` and ``valuation-pipeline configuration``."""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from valuation_pipeline.computing import EngineOption, MasterOption, check_engine
from valuation_pipeline.configuration import DEFAULT, as_toml, read_configuration
from valuation_pipeline.days import check_day
from valuation_pipeline.errors import HeldBackError
from valuation_pipeline.workflow.processes import (
    TerminatedError,
    end_in_order_when_terminated,
    let_children_die_with_their_parents,
)
from valuation_pipeline.workflow.run import Wishes, run_days

Configured = Annotated[
    Path, typer.Option("--configuration", metavar="FILE", help="Left out and not there: all defaults.")
]


def _check_url(url: str | None) -> str | None:
    if url is not None and not url.startswith(("http://", "https://")):
        raise typer.BadParameter(f"{url} does not begin with http:// or https://")
    return url


def run(
    logs: Annotated[Path, typer.Option(metavar="FOLDER", help="The delivery log.")],
    models: Annotated[Path, typer.Option(metavar="FOLDER", help="The directory of releases; made by the first.")],
    day: Annotated[
        datetime | None,
        typer.Option(
            "--date", formats=["%Y-%m-%d"], callback=check_day, metavar="DATE", help="In UTC; by default yesterday."
        ),
    ] = None,
    first: Annotated[
        datetime | None,
        typer.Option(
            "--from", formats=["%Y-%m-%d"], callback=check_day, metavar="DATE", help="Run all days from here to --date."
        ),
    ] = None,
    work: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Of runs, a folder a day; by default work beside the models.")
    ] = None,
    configuration: Configured = DEFAULT,
    workers: Annotated[int | None, typer.Option(min=1, help="Processors to use; by default all.")] = None,
    engine: EngineOption = "local",
    master: MasterOption = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="URL", callback=_check_url, help="Of a luigid, whose page then shows the graph of the tasks."
        ),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Publish a day that is published from other inputs once more, beside that.")
    ] = False,
) -> None:
    """Run a day: wait for its log, train, check, publish, report. Finished steps are not repeated.

    Exits with 0 published (now or before), 1 something to fix, 2 wrong usage, 3 held back by checks, 4 the log has not
    arrived, 5 another run works on it, 130 interrupted (143 by SIGTERM). The last line on standard error says why.
    """
    last = day.date() if day else datetime.now(UTC).date() - timedelta(days=1)
    begin = first.date() if first else last
    if begin > last:
        raise typer.BadParameter(f"{begin} is after {last}", param_hint="--from")
    check_engine(engine, master)
    wishes = Wishes(
        logs=logs,
        models=models,
        work=work or models.parent / "work",
        configuration=read_configuration(configuration),
        workers=workers or len(os.sched_getaffinity(0)),
        engine=engine,
        master=master,
        scheduler_url=scheduler,
        again=again,
    )
    let_children_die_with_their_parents()
    end_in_order_when_terminated()
    held_back: HeldBackError | None = None
    try:
        for told in run_days(begin, last, wishes):
            if isinstance(told, HeldBackError):
                held_back = told
                typer.echo(str(told), err=True)
            else:
                typer.echo(told)
    except KeyboardInterrupt as error:
        is_terminated = isinstance(error, TerminatedError)
        typer.echo(f"{'terminated' if is_terminated else 'interrupted'}; run again to go on", err=True)
        raise typer.Exit(128 + (signal.SIGTERM if is_terminated else signal.SIGINT)) from None
    if held_back:
        raise typer.Exit(held_back.exit_code)


def configuration(file: Annotated[Path, typer.Argument(metavar="FILE")] = DEFAULT) -> None:
    """Show the whole configuration: every member, its meaning, and its default."""
    typer.echo(as_toml(read_configuration(file)), nl=False)
