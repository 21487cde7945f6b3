# SPDX-License-Identifier: Apache-2.0
"""A table's features as arrays that the engine scores."""

from __future__ import annotations

import pyarrow as pa
from valuation import Engine, Features

from valuation_pipeline.features.definition import FeatureSet, Side
from valuation_pipeline.features.tabulate import feature_column


def of_rows(engine: Engine, table: pa.Table, feature_set: FeatureSet) -> tuple[Features, Features]:
    """Return a table's features for :class:`valuation.Batch`, so that the engine values whole tables in one call.

    Parameters
    ----------
    engine : Engine
        The engine for the keys; load models into it first.
    table : pyarrow.Table
        From :func:`valuation_pipeline.features.tabulate`.
    feature_set : FeatureSet
        The fields.

    Returns
    -------
    request, ad : Features
        One row for each row of the table.
    """
    return _side(engine, table, feature_set, "request"), _side(engine, table, feature_set, "ad")


def _side(engine: Engine, table: pa.Table, feature_set: FeatureSet, side: Side) -> Features:
    fields = [field for field in feature_set.fields if field.side == side]
    if not fields:
        return Features.empty(table.num_rows)
    columns = {field.name: feature_column(table, field.name) for field in fields}
    return Features.from_columns(engine, columns, numeric=[field.name for field in fields if field.kind == "number"])
