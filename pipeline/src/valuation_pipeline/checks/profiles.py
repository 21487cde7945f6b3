# SPDX-License-Identifier: Apache-2.0
"""The profile of a field on each day: how many rows have it, with which values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from valuation_pipeline.checks.statistics import Floats
from valuation_pipeline.features import FeatureField, FeatureSet, feature_column

Places = npt.NDArray[np.int64]

#: The number of values of a category that are counted one by one; the rarer ones are counted together.
VALUES = 50
#: The number of intervals of equal counts for numbers.
INTERVALS = 10


@dataclass(frozen=True)
class Profile:
    """One field by day, the newest day last.

    Attributes
    ----------
    field : str
    days : list of date
    rows : ndarray of float64, shape (n_days,)
        Rows of each day.
    present : ndarray of float64, shape (n_days,)
        Those that have the field.
    new : ndarray of float64, shape (n_days,)
        Those with a value that no earlier day had. All rows of the first day; none for a number.
    values : ndarray of float64, shape (n_days, n_bins)
        The count of each value, or of each interval of a number; the rarer ones together.
    """

    field: str
    days: list[date]
    rows: Floats
    present: Floats
    new: Floats
    values: Floats


def profiles(table: pa.Table, feature_set: FeatureSet) -> list[Profile]:
    """Count each field of a table of features by day.

    Parameters
    ----------
    table : pyarrow.Table
        From ``features.tabulate``.
    feature_set : FeatureSet
        The fields.

    Returns
    -------
    list of Profile
        In the order of the fields. Bins are made from all days but the newest. O(rows x fields).
    """
    dates = table["date"].combine_chunks().dictionary_encode()
    order = np.argsort(dates.dictionary.to_numpy(zero_copy_only=False))
    day_of = np.argsort(order)[dates.indices.to_numpy()]
    days = dates.dictionary.take(pa.array(order)).to_pylist()
    return [_profile(feature_column(table, field.name), field, days, day_of) for field in feature_set.fields]


def _profile(column: pa.ChunkedArray, field: FeatureField, days: list[date], day_of: Places) -> Profile:
    rows = np.bincount(day_of, minlength=len(days)).astype(np.float64)
    array = column.combine_chunks()
    if field.kind == "multi":
        cells, cell_days = pc.list_flatten(array), day_of[pc.list_parent_indices(array).to_numpy()]
        present = pc.greater(pc.fill_null(pc.list_value_length(array), 0), 0).to_numpy(zero_copy_only=False)
    else:
        cells, cell_days = array, day_of
        present = pc.is_valid(array).to_numpy(zero_copy_only=False)
    has = pc.is_valid(cells).to_numpy(zero_copy_only=False)
    cells, cell_days = cells.filter(pa.array(has)), cell_days[has]
    if field.kind == "number":
        numbers = cells.to_numpy(zero_copy_only=False)
        codes = np.searchsorted(_bounds(numbers[cell_days < len(days) - 1]), numbers, side="right")
    else:
        codes = cells.dictionary_encode().indices.to_numpy(zero_copy_only=False)
    values, new = _counts(codes.astype(np.int64), cell_days, len(days))
    if field.kind == "number":
        new = np.zeros(len(days))
    counted = np.bincount(day_of[present], minlength=len(days)).astype(np.float64)
    return Profile(field.name, days, rows, counted, new, values)


def _bounds(numbers: Floats) -> Floats:
    """Return the bounds of intervals of equal counts."""
    if not len(numbers):
        return np.zeros(0)
    return np.unique(np.quantile(numbers, np.arange(1, INTERVALS) / INTERVALS))


def _counts(codes: Places, day_of: Places, days: int) -> tuple[Floats, Floats]:
    """Count each value by day, the rarer ones together in the last column; and the rows of each value's first day."""
    pairs, rows = np.unique(codes * days + day_of, return_counts=True)
    code, day = pairs // days, pairs % days
    is_first = np.diff(code, prepend=-1) > 0
    new = np.bincount(day[is_first], rows[is_first], days).astype(np.float64)
    before = day < days - 1
    totals = np.bincount(code[before], rows[before], int(code.max()) + 1 if len(code) else 0)
    frequent = np.argsort(-totals, kind="stable")[:VALUES]
    frequent = frequent[totals[frequent] > 0]
    place_of = np.full(len(totals), len(frequent))
    place_of[frequent] = np.arange(len(frequent))
    values = np.zeros((days, len(frequent) + 1))
    np.add.at(values, (day, place_of[code]), rows)
    return values, new
