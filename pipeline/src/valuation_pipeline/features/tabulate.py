# SPDX-License-Identifier: Apache-2.0
"""From examples to a table of features, one row for each impression."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from valuation_pipeline.database import connect
from valuation_pipeline.errors import PipelineError
from valuation_pipeline.features.definition import FeatureField, FeatureSet
from valuation_pipeline.features.queries import COLUMNS, REASONS, quoted
from valuation_pipeline.features.selection import select_rows
from valuation_pipeline.sampling import Sample, SamplingOptions, sample_of

_METADATA = b"valuation-features"


@dataclass(frozen=True)
class Summary:
    """The counts of a table of features.

    Attributes
    ----------
    sample : Sample
        How many positives (clicks) and negatives there were, and how many negatives were kept.
    set_aside : dict of str to dict of str to int
        For the table's rows, by field and reason: values in the log that count as missing.
    """

    sample: Sample
    set_aside: dict[str, dict[str, int]]


def tabulate(examples: Path, feature_set: FeatureSet, sampling: SamplingOptions | None = None) -> pa.Table:
    """Extract the fields of a feature set from examples.

    Parameters
    ----------
    examples : Path
        A Parquet file of examples.
    feature_set : FeatureSet
        The fields.
    sampling : SamplingOptions, optional
        Which negatives (rows without a click) to keep; by default, all. Exposures are counted before sampling.

    Returns
    -------
    pyarrow.Table
        One row for each impression, ordered by (time, impression_id): the columns of
        :data:`valuation_pipeline.features.queries.COLUMNS` and ``features``, a struct with one child for each field:
        string (a category), list of string (several), double (a number); null for a missing value. A value is also
        missing if a number's text is not a number or is infinite, and if there are several values of a field that has
        one; :func:`summary` counts these. Equal examples give an equal table. O(rows x fields); DuckDB spills to disk
        (in TMPDIR) when memory does not suffice, while the table, and 2 bytes for each exposure of all examples, are in
        memory.

    Raises
    ------
    PipelineError
        If the file cannot be read, or the sample has no negative.
    """
    if not examples.is_file():
        raise PipelineError(f"{examples}: there is no such file; extract examples from the log first")
    chosen = sampling or SamplingOptions()
    with tempfile.TemporaryDirectory() as spill, connect(config={"temp_directory": spill}) as connection:
        selected = select_rows(connection, examples, feature_set.fields, chosen)
        query = f"SELECT click, count(*) FROM read_parquet({quoted(str(examples))}) GROUP BY click"
        outcomes = dict(connection.execute(query).fetchall())
    return as_features(selected, feature_set.fields, outcomes.get(True, 0), outcomes.get(False, 0), chosen)


def as_features(
    selected: pa.Table, fields: list[FeatureField], positives: int, negatives: int, sampling: SamplingOptions
) -> pa.Table:
    """Make a table of features, as :func:`tabulate` returns it, from selected rows.

    Parameters
    ----------
    selected : pyarrow.Table
        From :func:`valuation_pipeline.features.selection.select_rows`.
    fields : list of FeatureField
        The selected fields.
    positives, negatives : int
        The number of examples with and without a click.
    sampling : SamplingOptions
        Which of the negatives were kept.

    Raises
    ------
    PipelineError
        If the sample has no negative.
    """
    sample = sample_of(positives, negatives, selected.num_rows - positives, sampling)
    set_aside = {
        field.name: _reasons(selected.column(f"r{place}"))
        for place, field in enumerate(fields)
        if f"r{place}" in selected.column_names
    }
    counted = {"sample": vars(sample), "set_aside": {name: reasons for name, reasons in set_aside.items() if reasons}}
    result = selected.select(list(COLUMNS)).append_column("features", _struct(selected, fields))
    return result.replace_schema_metadata({_METADATA: json.dumps(counted)})


def summary(table: pa.Table) -> Summary:
    """Return the counts of :func:`tabulate`; they are in the table's metadata, which slices and filters keep."""
    counted = json.loads(table.schema.metadata[_METADATA])
    return Summary(Sample(**counted["sample"]), counted["set_aside"])


def feature_column(table: pa.Table, name: str) -> pa.ChunkedArray:
    """Return the column of a field of a table of features, null if the row has none."""
    column = table.column("features")
    place = column.type.get_field_index(name)
    return pa.chunked_array([chunk.field(place) for chunk in column.chunks], column.type.field(place).type)


def _reasons(column: pa.ChunkedArray) -> dict[str, int]:
    counts = np.bincount(column.to_numpy(), minlength=len(REASONS) + 1)
    return {reason: int(counts[number]) for number, reason in REASONS.items() if counts[number]}


def _struct(selected: pa.Table, fields: list[FeatureField]) -> pa.ChunkedArray:
    """Make one column of the fields, with names that SQL never sees: DuckDB does not distinguish ``a`` from ``A``."""
    types = {"category": pa.string(), "multi": pa.list_(pa.string()), "number": pa.float64()}
    members = [pa.field(field.name, types[field.kind]) for field in fields]
    columns = selected.select([f"f{place}" for place in range(len(fields))])
    chunks = [
        pa.StructArray.from_arrays(
            [pc.cast(column, member.type) for column, member in zip(batch.columns, members, strict=True)],
            fields=members,
        )
        for batch in columns.to_batches()
    ]
    return pa.chunked_array(chunks, pa.struct(members))
