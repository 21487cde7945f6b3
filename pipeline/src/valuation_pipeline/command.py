# SPDX-License-Identifier: Apache-2.0
"""The command ``valuation-pipeline``, with a subcommand for each step."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import typer
from rich.console import Console
from typer.core import TyperGroup
from typer.main import get_command

from valuation_pipeline import __version__
from valuation_pipeline.errors import as_pipeline_error

#: Name → where its function is, and the first line of its help.
SUBCOMMANDS = {
    "run": (
        "valuation_pipeline.workflow.command:run",
        "Run a day: wait for its log, train, check, publish, report. Finished steps are not repeated.",
    ),
    "logs": ("valuation_pipeline.generated.command:logs", "Check, convert and generate delivery logs."),
    "features": (
        "valuation_pipeline.features.command:features",
        "Show the effect of a features.toml on examples: for each field its rows, its columns, and what was set aside.",
    ),
    "extract": (
        "valuation_pipeline.logs.command:extract_examples",
        "Write the examples of some days: impressions with their clicks and conversions. Bad rows are set aside.",
    ),
    "train": (
        "valuation_pipeline.training.command:train_models",
        "Train the models of a target: OUT/models.jsonl, OUT/training.json and OUT/held_out.parquet.",
    ),
    "compare": (
        "valuation_pipeline.training.command:compare_strategies",
        "Train strategies without the last days, and show how well each predicts these, by size of campaigns.",
    ),
    "check": (
        "valuation_pipeline.checks.command:check",
        "Check a run, and write RUN/check: verdicts.json, and models/ to be published.",
    ),
    "score": (
        "valuation_pipeline.scoring.command:score",
        "Value every impression of a log with models: pctr, pcvr and expected revenue, beside the outcome.",
    ),
    "configuration": (
        "valuation_pipeline.workflow.command:configuration",
        "Show the whole configuration: every member, its meaning, and its default.",
    ),
}


class Subcommands(TyperGroup):
    """Imports a subcommand when it is called: all of them together take seconds to import."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands: Any = dict.fromkeys(SUBCOMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a subcommand; None if there is no such."""
        if cmd_name not in SUBCOMMANDS:
            return None
        module, _, name = SUBCOMMANDS[cmd_name][0].partition(":")
        found = getattr(import_module(module), name)
        if isinstance(found, typer.Typer):
            return get_command(found)
        alone = typer.Typer(add_completion=False, rich_markup_mode=None)
        alone.command(cmd_name)(found)
        return get_command(alone)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the subcommands."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in SUBCOMMANDS.items()])


app = typer.Typer(
    name="valuation-pipeline",
    help="From delivery logs to releases of valuation, every day.",
    cls=Subcommands,
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
