# SPDX-License-Identifier: Apache-2.0
"""From examples to a table of features, one row an impression."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from valuation_pipeline.errors import PipelineError
from valuation_pipeline.features.definition import Exposure, FeatureField, FeatureSet
from valuation_pipeline.features.queries import COLUMNS, REASONS, exposures_query, fields_query, quoted
from valuation_pipeline.sampling import Sample, SamplingOptions, register_fingerprint, sample_condition, sample_of

_METADATA = b"valuation-features"


@dataclass(frozen=True)
class Summary:
    """What became of the rows of a table of features.

    Attributes
    ----------
    sample : Sample
        How many positives (clicks) and negatives there were, and how many negatives were kept.
    set_aside : dict of str to dict of str to int
        Of the table's rows, by field and reason: values that the log has and that count as missing.
    """

    sample: Sample
    set_aside: dict[str, dict[str, int]]


def tabulate(examples: Path, feature_set: FeatureSet, sampling: SamplingOptions | None = None) -> pa.Table:
    """Take the fields of a feature set out of examples.

    Parameters
    ----------
    examples : Path
        A Parquet file of examples.
    feature_set : FeatureSet
        Which fields.
    sampling : SamplingOptions, optional
        Which negatives (rows without a click) to keep. Left out, all. Exposures are counted before.

    Returns
    -------
    pyarrow.Table
        One row an impression, ordered by (time, impression_id): the columns of
        :data:`valuation_pipeline.features.queries.COLUMNS` and ``features``, a struct with one child for each field:
        string (a category), list of string (several), double (a number); null where there is none. A value is missing,
        too, where a number's text is none or infinite, and where there are several of a field that has one;
        :func:`summary` counts these. Equal examples give an equal table. O(rows x fields); DuckDB works on disk (in
        TMPDIR) where memory ends, while the table, and 2 bytes for each exposure of all examples, are in memory.

    Raises
    ------
    PipelineError
        If the file cannot be read, or the sample holds no negative.
    """
    if not examples.is_file():
        raise PipelineError(f"{examples}: there is no such file; extract examples from the log first")
    chosen = sampling or SamplingOptions()
    source = f"read_parquet({quoted(str(examples))}, file_row_number = true)"
    fields = feature_set.fields
    with tempfile.TemporaryDirectory() as spill, duckdb.connect(config={"temp_directory": spill}) as connection:
        if chosen.one_in > 1:
            register_fingerprint(connection)
        try:
            selected: Any = connection.sql(fields_query(fields, source, sample_condition(chosen))).to_arrow_table()
            outcomes = dict(connection.execute(f"SELECT click, count(*) FROM {source} GROUP BY click").fetchall())
            selected = _with_exposures(connection, source, fields, selected)
        except duckdb.Error as error:
            raise PipelineError(f"{examples}: {error}") from error
    positives, negatives = outcomes.get(True, 0), outcomes.get(False, 0)
    sample = sample_of(positives, negatives, selected.num_rows - positives, chosen)
    set_aside = {
        field.name: _reasons(selected.column(f"r{place}"))
        for place, field in enumerate(fields)
        if f"r{place}" in selected.column_names
    }
    counted = {"sample": vars(sample), "set_aside": {name: reasons for name, reasons in set_aside.items() if reasons}}
    result = selected.select(list(COLUMNS)).append_column("features", _struct(selected, fields))
    return result.replace_schema_metadata({_METADATA: json.dumps(counted)})


def summary(table: pa.Table) -> Summary:
    """Return what :func:`tabulate` counted; it stands in the table's metadata, which slices and filters keep."""
    counted = json.loads(table.schema.metadata[_METADATA])
    return Summary(Sample(**counted["sample"]), counted["set_aside"])


def feature_column(table: pa.Table, name: str) -> pa.ChunkedArray:
    """Return the column of a field of a table of features, null where the row has none."""
    column = table.column("features")
    place = column.type.get_field_index(name)
    return pa.chunked_array([chunk.field(place) for chunk in column.chunks], column.type.field(place).type)


def _with_exposures(
    connection: duckdb.DuckDBPyConnection, source: str, fields: list[FeatureField], selected: pa.Table
) -> pa.Table:
    """Add the exposure of each row, which was counted over all rows of the file."""
    if not any(field.section == "exposure" for field in fields):
        return selected
    counted: Any = connection.sql(exposures_query(fields, source)).to_arrow_table()
    rows_of_file, wanted = counted.column("file_row_number").to_numpy(), selected.column("file_row_number").to_numpy()
    for place, field in enumerate(fields):
        if isinstance(field.definition, Exposure):
            counts = np.empty(len(rows_of_file), np.int16)
            counts[rows_of_file] = counted.column(f"f{place}").to_numpy()
            labels = pa.array([str(count) for count in range(field.definition.cap + 1)])
            own = counts[wanted]
            selected = selected.append_column(f"f{place}", labels.take(pa.array(own, mask=own < 0)))
    return selected


def _reasons(column: pa.ChunkedArray) -> dict[str, int]:
    counts = np.bincount(column.to_numpy(), minlength=len(REASONS) + 1)
    return {reason: int(counts[number]) for number, reason in REASONS.items() if counts[number]}


def _struct(selected: pa.Table, fields: list[FeatureField]) -> pa.ChunkedArray:
    """Make one column of the fields, whose names SQL does not see: DuckDB's do not tell ``a`` from ``A``."""
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
