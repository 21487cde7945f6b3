# SPDX-License-Identifier: Apache-2.0
"""The values of a categorical field as numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True)
class Codes:
    """The values of a field, or of a cross, in each row, as positions in a list of distinct values.

    Attributes
    ----------
    rows : ndarray of int64, shape (n,)
        The row of each value, not falling; a row may have none, one or several.
    codes : ndarray of int64, shape (n,)
        The position of each value.
    row_count : int
        The number of rows.
    """

    rows: npt.NDArray[np.int64]
    codes: npt.NDArray[np.int64]
    row_count: int

    @property
    def has_several(self) -> bool:
        """Whether some row has several values. O(n)."""
        return bool((self.rows[1:] == self.rows[:-1]).any())

    def renumbered(self, numbers: npt.NDArray[np.int64]) -> Codes:
        """Return the values with other numbers, shape (distinct values,), without those whose number is negative."""
        codes = numbers[self.codes]
        known = codes >= 0
        return Codes(self.rows[known], codes[known], self.row_count)

    def rows_with(self, distinct: int) -> npt.NDArray[np.int64]:
        """Return the number of rows that have each distinct value; a value that a row has twice counts once."""
        codes = self.codes
        if self.has_several:
            pairs = np.sort(self.rows * distinct + codes)  # numpy's unique takes ten times as long
            codes = pairs[np.diff(pairs, prepend=-1) > 0] % distinct
        return np.bincount(codes, minlength=distinct)

    def crossed(self, other: Codes, other_distinct: int) -> Codes:
        """Return each row's pairs of values: ``code * other_distinct + other's code``. O(pairs)."""
        their_counts = np.bincount(other.rows, minlength=self.row_count)
        their_starts = np.cumsum(their_counts) - their_counts
        repeats = their_counts[self.rows]
        ends = np.cumsum(repeats)
        total = int(ends[-1]) if len(ends) else 0
        theirs = np.repeat(their_starts[self.rows] - (ends - repeats), repeats) + np.arange(total)
        pairs = np.repeat(self.codes, repeats) * other_distinct + other.codes[theirs]
        return Codes(np.repeat(self.rows, repeats), pairs, self.row_count)


def read_codes(column: pa.ChunkedArray) -> tuple[Codes, pa.Array]:
    """Return a column's values as codes, and its distinct values.

    Parameters
    ----------
    column : pyarrow.ChunkedArray of string, or of list of string
        Nulls, and nulls in lists, are not values.

    Returns
    -------
    codes : Codes
        Positions in the distinct values.
    distinct : pyarrow.Array of string
        In no particular order. O(n) expected.
    """
    row_count = len(column)
    if pa.types.is_list(column.type):
        rows = _list_rows(column)
        values = pc.list_flatten(column)
    else:
        rows = None
        values = column
    encoded = pc.dictionary_encode(values).combine_chunks()
    codes = encoded.indices.fill_null(-1).to_numpy().astype(np.int64)
    present = np.flatnonzero(codes >= 0)
    rows = present if rows is None else rows[present]
    return Codes(rows, codes[present], row_count), encoded.dictionary


def _list_rows(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """Return the row of each element of lists."""
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy()
    return np.repeat(np.arange(len(column), dtype=np.int64), lengths)


def laid_out(parts: list[Codes], row_count: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Return the start of each row, shape (row_count + 1,), and the codes of all parts row by row. O(codes)."""
    starts = np.zeros(row_count + 1, np.int64)
    for part in parts:
        starts[1:] += np.bincount(part.rows, minlength=row_count)
    np.cumsum(starts, out=starts)
    columns = np.empty(int(starts[-1]), np.int32)
    cursor = starts[:-1].copy()  # where the next code of each row goes
    for part in parts:
        places = cursor[part.rows]
        if part.has_several:
            places += np.arange(len(part.rows)) - np.searchsorted(part.rows, part.rows)
            cursor += np.bincount(part.rows, minlength=row_count)
        else:
            cursor[part.rows] += 1
        columns[places] = part.codes
    return starts, columns
