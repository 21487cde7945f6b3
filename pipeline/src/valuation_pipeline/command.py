# SPDX-License-Identifier: Apache-2.0
"""The command ``valuation-pipeline``: each step registers its own subcommand."""

from __future__ import annotations

import sys

import typer
from rich.console import Console

from valuation_pipeline import __version__
from valuation_pipeline.checks.command import check
from valuation_pipeline.errors import as_pipeline_error
from valuation_pipeline.features.command import features
from valuation_pipeline.generated.command import generate_log
from valuation_pipeline.logs.command import extract_examples, logs
from valuation_pipeline.scoring.command import score
from valuation_pipeline.training.command import compare_strategies, train_models
from valuation_pipeline.workflow.command import configuration, run

app = typer.Typer(
    name="valuation-pipeline",
    help="From delivery logs to releases of valuation, every day.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _common(
    version: bool = typer.Option(False, "--version", callback=_show_version, is_eager=True, help="Show the version."),
) -> None:
    """From delivery logs to releases of valuation, every day."""


app.command()(run)
logs.command("generate")(generate_log)
app.add_typer(logs)
app.command()(features)
app.command("extract")(extract_examples)
app.command("train")(train_models)
app.command("compare")(compare_strategies)
app.command()(check)
app.command()(score)
app.command()(configuration)


def main() -> None:
    """Run the command and exit: 0 done, 2 wrong usage, 130 interrupted, otherwise 1 or the exit code of the error."""
    try:
        app()
    except Exception as error:
        known = as_pipeline_error(error)
        if known is None:
            raise
        Console(stderr=True, highlight=False, markup=False, soft_wrap=True).print(str(known))
        sys.exit(known.exit_code)


if __name__ == "__main__":
    main()
