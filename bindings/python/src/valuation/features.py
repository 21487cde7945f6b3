# SPDX-License-Identifier: Apache-2.0
"""Rows of features, for requests or for ads, as arrays in compressed sparse row form."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt

from valuation import _arrays
from valuation._abi import FEATURE_DTYPE
from valuation._fields import Field, read_field
from valuation.columns import Table, read_columns
from valuation.keys import Keyed


class Features:
    """Rows of features: row i has the features ``offsets[i] ... offsets[i + 1] - 1``.

    A category is its key and any number (1.0 by convention); a number is the field's key and its value. A feature given
    twice counts twice. An object is immutable, so any thread may use it.

    Parameters
    ----------
    keys : column of uint64, shape (n_features,)
        From :meth:`valuation.Engine.feature_keys` and :meth:`valuation.Engine.number_key`. Copied.
    offsets : array_like of int, shape (n_rows + 1,)
        From 0 to n_features, not falling. Copied.
    numbers : column of float, shape (n_features,), or a single number, default=1.0
        The values of the numbers. One that is NaN or infinite adds nothing and sets ``Flag.INVALID_NUMBER``. Copied.

    Raises
    ------
    TypeError
        If an array is of the wrong dtype.
    ValueError
        If an array is of the wrong shape, a number is too large for a key, or the offsets do not match.

    Examples
    --------
    Two rows, ``slot=12 os=ios`` and ``slot=77``:

    >>> from valuation import Engine, Features
    >>> with Engine() as engine:
    ...     keys = [engine.feature_key(*label) for label in (("slot", "12"), ("os", "ios"), ("slot", "77"))]
    >>> len(Features(keys, offsets=[0, 2, 3]))
    2
    """

    __slots__ = ("_counts", "_entries", "_starts")

    _entries: npt.NDArray[Any]
    _starts: npt.NDArray[np.int64]
    _counts: npt.NDArray[np.int64]

    def __init__(self, keys: Any, offsets: npt.ArrayLike, numbers: Any = 1.0) -> None:
        key_array = _arrays.keys("keys", keys, hint="make them with engine.feature_keys or engine.number_key")
        entries = np.empty(len(key_array), FEATURE_DTYPE)
        entries["key"] = key_array
        entries["number"] = _arrays.floats("numbers", numbers, len(key_array))
        bounds = _arrays.offsets("offsets", offsets, last=len(entries))
        self._set(entries, bounds[:-1].copy(), np.diff(bounds))

    def _set(self, entries: npt.NDArray[Any], starts: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]) -> None:
        for array in (entries, starts, counts):
            array.flags.writeable = False
        self._entries, self._starts, self._counts = entries, starts, counts

    @classmethod
    def from_columns(cls, engine: Keyed, columns: Table, *, numeric: Collection[str] = ()) -> Features:
        """Turn a column-oriented log into rows of features.

        Parameters
        ----------
        engine : Engine
            The engine for the keys; load models into it first. The rows are for this engine, and for others with its
            secret.
        columns : mapping of field name to column, pandas or polars DataFrame, Arrow table
            Columns of one length, at least one: lists, NumPy arrays, pandas or polars Series, Arrow arrays. A cell of a
            category is text, an integer, a float or a bool, as in a JSON request (12 is ``"12"``, True is ``"true"``,
            bytes are text in UTF-8); or a list, tuple, set or array of such values: several categories of one field.
            None, NaN, NaT, NA, nulls and masked cells are absent.
        numeric : collection of str
            The fields that are numbers; all others are categories. NaN is absent.

        Returns
        -------
        Features
            One row for each row of the columns. A key is computed once for each distinct value of a column (for each
            cell of a list whose first thousand values are all different); of a categorical or a dictionary array only
            the codes are read.

        Raises
        ------
        TypeError
            If a cell is of another type, or a numeric column has cells that are not numbers.
        ValueError
            If the columns differ in length, a field's name is empty or contains ``=``, or ``numeric`` names a missing
            column.
        RuntimeError
            If the engine is closed.

        Examples
        --------
        >>> from valuation import Engine, Features
        >>> log = {"slot": ["12", "77"], "segments": [["sports", "travel"], []], "days_since_visit": [2.5, None]}
        >>> with Engine() as engine:
        ...     features = Features.from_columns(engine, log, numeric=["days_since_visit"])
        >>> features.counts.tolist()
        [4, 1]
        """
        named = read_columns(columns)
        missing = [field for field in numeric if field not in named]
        if missing:
            raise ValueError(f"numeric names {missing[0]!r}, which is no column; the columns are {list(named)}")
        fields = [read_field(engine, name, values, numeric=name in numeric) for name, values in named.items()]
        if not fields:
            raise ValueError("there are no columns; Features.empty(rows) makes rows without features")
        rows = fields[0].length
        for field in fields:
            if field.length != rows:
                raise ValueError(f"column {field.name!r} has {field.length} rows, {fields[0].name!r} has {rows}")
        result = cls.__new__(cls)
        result._set(*_laid_out(fields, rows))
        return result

    @classmethod
    def empty(cls, rows: int) -> Features:
        """Return ``rows`` rows without features."""
        return cls(np.empty(0, np.uint64), np.zeros(rows + 1, np.int64))

    def __len__(self) -> int:
        return len(self._starts)

    def __repr__(self) -> str:
        return f"<Features: {len(self)} rows, {int(self._counts.sum())} features>"

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """Features of each row, shape (n_rows,), read-only."""
        return self._counts

    def row(self, position: int) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.float64]]:
        """Return the keys and the numbers of one row, each of shape (features of the row,), read-only."""
        start = int(self._starts[position])
        entries = self._entries[start : start + int(self._counts[position])]
        return entries["key"], entries["number"]

    def take(self, positions: npt.ArrayLike) -> Features:
        """Choose rows, in any order and any number of times, without copying their features.

        Parameters
        ----------
        positions : array_like of int, shape (n,)
            Positions of rows; or a mask, shape (n_rows,).

        Returns
        -------
        Features
            n rows that share the features of this object. O(n).

        Raises
        ------
        IndexError
            If there is no such row.
        """
        chosen = _arrays.positions("positions", positions)
        result = Features.__new__(Features)
        result._set(self._entries, self._starts[chosen], self._counts[chosen])
        return result

    def after(self, first: Features) -> Features:
        """Copy the rows, each behind the same features.

        Parameters
        ----------
        first : Features, 1 row
            The features that come before those of each row.

        Returns
        -------
        Features
            As many rows. O(n_rows + their features).
        """
        shared = first._entries[first._starts[0] : first._starts[0] + first._counts[0]]
        counts = self._counts + len(shared)
        starts = np.cumsum(counts) - counts
        own = np.repeat(starts + len(shared) - np.cumsum(self._counts) + self._counts, self._counts)
        from_rows = np.repeat(self._starts - np.cumsum(self._counts) + self._counts, self._counts)
        entries = np.empty(int(counts.sum()), FEATURE_DTYPE)
        entries[(starts[:, None] + np.arange(len(shared))).ravel()] = np.tile(shared, len(self))
        steps = np.arange(int(self._counts.sum()))
        entries[own + steps] = self._entries[from_rows + steps]
        result = Features.__new__(Features)
        result._set(entries, starts, counts)
        return result

    def _addresses(self) -> npt.NDArray[np.uintp]:
        """Return the address of each row's features, valid as long as this object lives; 0 for an empty row."""
        starts = self._entries.ctypes.data + self._starts.astype(np.uintp) * np.uintp(FEATURE_DTYPE.itemsize)
        return np.where(self._counts > 0, starts, 0).astype(np.uintp)


def _laid_out(fields: list[Field], rows: int) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the features of all fields row by row, the start of each row, and its number of features."""
    if all(field.rows is None for field in fields):
        counts = np.full(rows, len(fields), np.int64)
        entries = np.empty(rows * len(fields), FEATURE_DTYPE)
        for position, field in enumerate(fields):
            entries["key"][position :: len(fields)] = field.keys
            entries["number"][position :: len(fields)] = field.numbers
        return entries, np.arange(rows, dtype=np.int64) * len(fields), counts
    counts_by_field = [field.counts() for field in fields]
    counts = np.sum(counts_by_field, axis=0, dtype=np.int64)
    ends = np.cumsum(counts)
    entries = np.empty(int(counts.sum()), FEATURE_DTYPE)
    cursor = ends - counts  # where the next feature of each row goes
    starts = cursor.copy()
    for field, field_counts in zip(fields, counts_by_field, strict=True):
        places = cursor if field.rows is None else cursor[field.rows]
        if field.rows is not None and len(field.rows) and field_counts.max() > 1:
            first_of_row = np.cumsum(field_counts) - field_counts
            places = places + np.arange(len(field.rows)) - first_of_row[field.rows]
        entries["key"][places] = field.keys
        entries["number"][places] = field.numbers
        cursor = cursor + field_counts
    return entries, starts, counts
