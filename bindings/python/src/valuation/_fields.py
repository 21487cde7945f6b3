# SPDX-License-Identifier: Apache-2.0
"""The features of one column in the rows of a log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from valuation._texts import category_text
from valuation.columns import named, read_cells
from valuation.keys import Keyed


@dataclass(frozen=True)
class Field:
    """The features of one field.

    Attributes
    ----------
    name : str
        The field's name.
    length : int
        Rows of the column, including those without a feature.
    rows : ndarray of int64, shape (n,), or None
        The row of each feature, not falling; None if each row has one.
    keys : ndarray of uint64, shape (n,), or a single number
        The key of each feature.
    numbers : ndarray of float64, shape (n,), or a single number
        Its number; 1.0 for a category.
    """

    name: str
    length: int
    rows: npt.NDArray[np.int64] | None
    keys: npt.NDArray[np.uint64] | int
    numbers: npt.NDArray[np.float64] | float

    def counts(self) -> npt.NDArray[np.int64]:
        """Return how many features each row has."""
        if self.rows is None:
            return np.ones(self.length, np.int64)
        return np.bincount(self.rows, minlength=self.length).astype(np.int64)


def read_field(engine: Keyed, name: str, values: Any, *, numeric: bool) -> Field:
    """Read a column of numbers or categories, as documented in :meth:`valuation.Features.from_columns`."""
    with named(f"numeric column {name!r}" if numeric else f"column {name!r}"):
        return _numbers(engine, name, values) if numeric else _categories(engine, name, values)


def _numbers(engine: Keyed, name: str, values: Any) -> Field:
    numbers = read_cells(values).numbers().astype(np.float64)
    absent = np.isnan(numbers)
    if not absent.any():
        return Field(name, len(numbers), None, engine.number_key(name), numbers)
    rows = np.flatnonzero(~absent)
    return Field(name, len(numbers), rows, engine.number_key(name), numbers[rows])


def _categories(engine: Keyed, name: str, values: Any) -> Field:
    cells = read_cells(values)
    rows, members = cells.members()
    found = members.distinct(category_text)
    keys = engine._feature_keys(name, found.texts)
    if len(found.codes) and found.codes.min() < 0:
        present = np.flatnonzero(found.codes >= 0)
        return Field(name, len(cells), present if rows is None else rows[present], keys[found.codes[present]], 1.0)
    return Field(name, len(cells), rows, keys[found.codes], 1.0)
