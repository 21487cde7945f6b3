# SPDX-License-Identifier: Apache-2.0
"""Merging of rows with equal features, so that executors send these features once. Nothing is lost by it."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from valuation_pipeline.database import connect
from valuation_pipeline.features import FeatureField
from valuation_pipeline.features.queries import COLUMNS, may_be_set_aside
from valuation_pipeline.logs.schema import EXAMPLES

ROWS = "rows"
_TYPES = {"category": pa.string(), "multi": pa.list_(pa.string()), "number": pa.int64()}
_ROW = pa.struct([pa.field(name, EXAMPLES.field(name).type) for name in COLUMNS])


def schema_of(fields: list[FeatureField]) -> pa.Schema:
    """Return the columns of merged rows: their features, and ``rows``, a list of everything else.

    Numbers are the integers of their bits: 0.0 and -0.0 are equal, but not the same.
    """
    found = [pa.field(f"f{place}", _TYPES[field.kind]) for place, field in enumerate(fields)]
    reasons = [pa.field(f"r{place}", pa.int32()) for place, field in enumerate(fields) if may_be_set_aside(field)]
    return pa.schema([*found, *reasons, pa.field(ROWS, pa.list_(_ROW))])


def brought_together(connection: duckdb.DuckDBPyConnection, selected: pa.Table, schema: pa.Schema) -> pa.Table:
    """Merge the rows of ``features.selection.select_rows``. O(rows x fields)."""
    keys = [name for name in schema.names if name != ROWS]
    for name in keys:
        if selected.schema.field(name).type == pa.float64():
            bits = pa.chunked_array([chunk.view(pa.int64()) for chunk in selected[name].chunks], pa.int64())
            selected = selected.set_column(selected.column_names.index(name), name, bits)
    row = ", ".join(f"'{name}': {name}" for name in COLUMNS)
    query = f"SELECT {', '.join([*keys, f'list({{{row}}}) AS {ROWS}'])} FROM selected GROUP BY ALL"
    connection.register("selected", selected)
    grouped: pa.Table = connection.sql(query).to_arrow_table()
    return grouped.cast(schema)


def taken_apart(together: pa.Table) -> pa.Table:
    """Split merged rows again, ordered by (time, impression_id). O(rows x fields)."""
    schema = pa.schema(
        [*_ROW, *(pa.field(f.name, pa.float64() if f.type == pa.int64() else f.type) for f in together.schema)][:-1]
    )
    with connect() as connection:
        apart = connection.from_arrow(pa.Table.from_batches(map(_apart, together.to_batches()), schema))
        ordered: pa.Table = apart.order("time, impression_id").to_arrow_table()
    return ordered


def _apart(batch: pa.RecordBatch) -> pa.RecordBatch:
    rows = batch.column(ROWS)
    each, places = pc.list_flatten(rows), pc.list_parent_indices(rows)
    columns = dict(zip(_ROW.names, each.flatten(), strict=True))
    for name in batch.schema.names[:-1]:
        column = batch.column(name).take(places)
        columns[name] = column.view(pa.float64()) if column.type == pa.int64() else column
    return pa.record_batch(columns)
