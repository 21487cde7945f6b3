# SPDX-License-Identifier: Apache-2.0
"""``valuation-pipeline train`` and ``compare``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Annotated

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from valuation_pipeline.computing import EngineOption, MasterOption, Tabulate, computing
from valuation_pipeline.errors import PipelineError
from valuation_pipeline.features import FeatureSet, tabulate
from valuation_pipeline.files import whole_folder, write_json, write_json_lines
from valuation_pipeline.logs.options import LogOptions
from valuation_pipeline.options import as_options, read_toml
from valuation_pipeline.sampling import SamplingOptions
from valuation_pipeline.training import job
from valuation_pipeline.training.compare import SIZES, Compared, compare
from valuation_pipeline.training.days import features_since, last_day
from valuation_pipeline.training.options import STRATEGIES, Strategy, Target, TrainingOptions
from valuation_pipeline.training.rows import Numbers
from valuation_pipeline.training.train import train

Examples = Annotated[Path, typer.Argument(metavar="EXAMPLES", help="The folder that `logs extract` made.")]
Features = Annotated[Path, typer.Option(metavar="FILE", help="What models know of an impression.")]
Configuration = Annotated[Path | None, typer.Option(metavar="FILE", help="A pipeline.toml.")]
Workers = Annotated[int | None, typer.Option(min=1, help="Threads; by default one a core.")]


@dataclass(frozen=True)
class _Input:
    table: pa.Table
    feature_set: FeatureSet
    options: TrainingOptions
    as_of: datetime
    share: float
    attribution_days: float


def train_models(
    examples: Examples,
    features: Features,
    target: Annotated[Target, typer.Option(help="What the models predict.")],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="The folder to make.")],
    configuration: Configuration = None,
    strategy: Annotated[Strategy | None, typer.Option(help="Instead of the configuration's.")] = None,
    workers: Workers = None,
    engine: EngineOption = "local",
    master: MasterOption = None,
) -> None:
    """Train the models of a target: OUT/models.jsonl, OUT/training.json and OUT/held_out.parquet."""
    with computing(engine, master, workers) as chosen, whole_folder(out) as folder, _progress() as progress:
        read = _read(examples, features, target, configuration, chosen.tabulate)
        options = read.options if strategy is None else read.options.model_copy(update={"strategy": strategy})
        trained = train(
            read.table,
            read.feature_set,
            options,
            target,
            read.as_of,
            read.share,
            chosen.workers,
            progress,
            read.attribution_days,
        )
        write_json_lines(folder / "models.jsonl", trained.documents)
        write_json(folder / "training.json", {**trained.summary, "campaigns": trained.campaigns})
        pq.write_table(trained.held_out, folder / "held_out.parquet")
    held = trained.summary["held_out"]
    judged = "no day was held back" if held is None else f"normalized entropy {_figure(held['ne'])} on held-back days"
    typer.echo(f"{out}: {len(trained.documents)} models, {trained.summary['rows']:,} rows; {judged}")


def compare_strategies(
    examples: Examples,
    features: Features,
    target: Annotated[Target, typer.Option(help="What the models predict.")] = "click",
    configuration: Configuration = None,
    strategy: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help=f"{', '.join(STRATEGIES)}. May be given several times; by default all."),
    ] = None,
    truth: Annotated[Path | None, typer.Option(metavar="FILE", help="truth.parquet of a generated log.")] = None,
    workers: Workers = None,
) -> None:
    """Train strategies without the last days, and show how well each predicts these, by size of campaigns."""
    strategies = [as_options(TrainingOptions, {"strategy": name}, "--strategy").strategy for name in strategy or []]
    read = _read(examples, features, target, configuration)
    with _progress() as progress:
        compared, counts = compare(
            read.table,
            read.feature_set,
            read.options,
            target,
            read.as_of,
            strategies or STRATEGIES,
            read.share,
            workers,
            progress,
            read.attribution_days,
            None if truth is None else _truth(truth, read.table, target),
        )
    Console(soft_wrap=True).print(_as_table(compared, counts, target))


def _read(
    examples: Path, features: Path, target: Target, configuration: Path | None, tabulate: Tabulate = tabulate
) -> _Input:
    values = {} if configuration is None else read_toml(configuration)
    log = as_options(LogOptions, values.get("log", {}), f"{configuration}: log")
    sampling = as_options(SamplingOptions, values.get("sampling", {}), f"{configuration}: sampling")
    options = as_options(TrainingOptions, values.get("training", {}), f"{configuration}: training")
    feature_set = FeatureSet.read(features)
    file = examples / "examples.parquet"
    last = last_day(file)
    first = last - timedelta(days=(log.days if target == "click" else log.conversion_days) - 1)
    table, share = features_since(file, first, target, feature_set, sampling, tabulate)
    as_of = datetime.combine(last + timedelta(days=1), time())
    return _Input(table, feature_set, options, as_of, share, log.attribution_days)


def _truth(file: Path, table: pa.Table, target: Target) -> Numbers:
    try:
        truth = pq.read_table(file, columns=["impression_id", "pctr" if target == "click" else "pcvr"])
    except (OSError, pa.ArrowException) as error:
        raise PipelineError(f"{file}: no truth of a generated log: {error}") from error
    places = pc.index_in(table["impression_id"], value_set=truth["impression_id"].combine_chunks())
    if places.null_count:
        raise PipelineError(f"{file}: lacks {places.null_count} impressions of the examples; it is of another log")
    result: Numbers = truth.column(1).take(places).to_numpy().astype(np.float64)
    return result


def _as_table(compared: list[Compared], counts: dict[str, int], target: Target) -> Table:
    positives = "clicks" if target == "click" else "conversions"
    table = Table(title=f"Normalized entropy on days not seen, by campaigns' {positives} in the training")
    table.add_column("strategy")
    for _, _, name in SIZES:
        table.add_column(f"{name}\n({counts.get(name, 0)} campaigns)", justify="right")
    for name in ("CPU s", "models", "weights"):
        table.add_column(name, justify="right")
    for row in compared:
        seconds = "" if row.cpu_seconds is None else f"{row.cpu_seconds:.1f}"
        sizes = [_figure(row.entropies[name]) for _, _, name in SIZES]
        counted = ["" if count is None else f"{count:,}" for count in (row.models, row.weights)]
        table.add_row(row.name, *sizes, seconds, *counted)
    return table


def _figure(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.4f}"


@contextmanager
def _progress() -> Iterator[job.Progress]:
    """A bar for each stage on a terminal; nothing elsewhere."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        tasks = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield show
