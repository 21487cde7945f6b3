# SPDX-License-Identifier: Apache-2.0
"""``valuation-pipeline features``: the effect of a features.toml on examples."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pyarrow as pa
import pyarrow.parquet as pq
import typer
from rich.console import Console
from rich.table import Table

from valuation_pipeline.features.definition import FeatureField, FeatureSet
from valuation_pipeline.features.tabulate import Summary, feature_column, summary, tabulate
from valuation_pipeline.features.vocabulary import Vocabulary
from valuation_pipeline.options import as_options
from valuation_pipeline.sampling import SamplingOptions

_DEFAULT = SamplingOptions()


def features(
    examples: Annotated[Path, typer.Argument(metavar="EXAMPLES", help="A file examples.parquet.")],
    definition: Annotated[Path, typer.Argument(metavar="FEATURES", help="A file features.toml.")],
    output: Annotated[Path | None, typer.Option(help="Write the table of features to this Parquet file.")] = None,
    one_in: Annotated[int, typer.Option(help="Keep one negative in so many.")] = _DEFAULT.one_in,
    part: Annotated[int, typer.Option(help="Which of these parts, from 0 on.")] = _DEFAULT.part,
) -> None:
    """Show the effect of a features.toml on examples: for each field its rows, its columns, and what was set aside."""
    sampling = as_options(SamplingOptions, {"one_in": one_in, "part": part}, "features")
    feature_set = FeatureSet.read(definition)
    table = tabulate(examples, feature_set, sampling)
    if output is not None:
        pq.write_table(table, output)
    _show(table, feature_set, Vocabulary.fit(table, feature_set), summary(table))


def _show(table: pa.Table, feature_set: FeatureSet, vocabulary: Vocabulary, found: Summary) -> None:
    shown = Table()
    for header in ("field", "of", "from", "rows", "weights", "set aside"):
        shown.add_column(header, overflow="fold", justify="right" if header == "rows" else "left")
    numbers = {number.field: f"mean {number.mean:g}, deviation {number.std:g}" for number in vocabulary.numbers}
    for field in feature_set.fields:
        rows = table.num_rows - feature_column(table, field.name).null_count
        weights = _columns(vocabulary, field) or numbers.get(field.name) or f"none: {vocabulary.left_out[field.name]}"
        reasons = found.set_aside.get(field.name, {})
        set_aside = "; ".join(f"{count:,} {reason}" for reason, count in reasons.items())
        shown.add_row(field.name, field.side, field.source, f"{rows:,}", weights, set_aside)
    for cross in vocabulary.crosses:
        shown.add_row(" x ".join(cross.fields), "", "", "", f"{len(cross.pairs):,}", "")
    console = Console(highlight=False, markup=False)
    console.print(shown)
    sample = found.sample
    console.print(
        f"{table.num_rows:,} rows: {sample.positives:,} clicked, {sample.kept_negatives:,} of {sample.negatives:,} not "
        f"({sample.share:.6g}); {vocabulary.column_count:,} columns",
        soft_wrap=True,
    )


def _columns(vocabulary: Vocabulary, field: FeatureField) -> str:
    return f"{len(vocabulary.values[field.name]):,}" if field.name in vocabulary.values else ""
