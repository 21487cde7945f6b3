# SPDX-License-Identifier: Apache-2.0
"""Who sees each impression: the units that a policy's experiments assign to buckets."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from valuation._abi import UNIT_DTYPE
from valuation._texts import unit_text
from valuation.columns import Distinct, Table, named, read_any_shape, read_columns

#: The largest number of types of units in a request.
MAXIMUM_FIELDS = 16


class Units:
    """For each request one unit of each type (``user``, ``session``, ...), or none. Immutable.

    Parameters
    ----------
    fields : tuple of str
        The types.
    columns : list of Distinct
        The units of each type. Each distinct text is kept once.
    """

    __slots__ = ("_columns", "_structs", "_texts", "fields")

    def __init__(self, fields: tuple[str, ...], columns: list[Distinct]) -> None:
        self.fields = fields
        self._columns = columns
        names = [field.encode() for field in fields]
        self._texts = b"".join(names + [text for column in columns for text in column.texts])
        start = np.frombuffer(self._texts, np.uint8).ctypes.data
        self._structs = np.empty((len(columns[0].codes), len(fields)), UNIT_DTYPE)
        for number, name in enumerate(names):
            self._structs["field"][:, number] = start
            self._structs["field_length"][:, number] = len(name)
            start += len(name)
        for number, column in enumerate(columns):
            lengths = np.array([*map(len, column.texts), 0], np.uintp)  # the last is of those absent
            starts = np.cumsum(lengths) - lengths + np.uintp(start)
            self._structs["text"][:, number] = starts[column.codes]
            self._structs["text_length"][:, number] = lengths[column.codes]
            start += int(lengths.sum())

    @classmethod
    def from_columns(cls, columns: Table, rows: int) -> Units:
        """Read the units of ``rows`` requests, as documented for ``units`` in :class:`valuation.Batch`."""
        named = read_columns(columns)
        if not 1 <= len(named) <= MAXIMUM_FIELDS:
            raise ValueError(
                f"units must have 1 to {MAXIMUM_FIELDS} columns, not {len(named)}; leave them out for none"
            )
        for field in named:
            if not isinstance(field, str) or not field:
                raise ValueError(f"a unit's name is text and not empty, not {field!r}")
        return cls(tuple(named), [_read(field, values, rows) for field, values in named.items()])

    def __len__(self) -> int:
        """Return the number of requests."""
        return len(self._structs)

    def __repr__(self) -> str:
        return f"<Units: {', '.join(self.fields)} of {len(self)} requests>"

    def __reduce__(self) -> tuple[Any, ...]:
        # The structs contain addresses, which are invalid in a copy.
        return Units, (self.fields, self._columns)

    def _addresses(self) -> npt.NDArray[np.uintp]:
        """Return the address of each request's units, valid as long as this object lives."""
        size = np.uintp(len(self.fields) * UNIT_DTYPE.itemsize)
        return self._structs.ctypes.data + np.arange(len(self), dtype=np.uintp) * size


def _read(field: str, values: Any, rows: int) -> Distinct:
    """Read the units of one type; a single value stands for all requests."""
    with named(f"units {field!r}"):
        cells, shape = read_any_shape(values)
        if len(shape) > 1:
            raise ValueError(f"must have one dimension, not the shape {shape}")
        if not shape:
            return Distinct(np.zeros(rows, np.int64), [unit_text(values).encode()])
        found = cells.distinct(unit_text)
    if len(cells) != rows:
        raise ValueError(f"units {field!r} has {len(cells)} rows, there are {rows} requests")
    return found
