# SPDX-License-Identifier: Apache-2.0
"""Who sees each impression, as the experiments of a policy bucket them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from valuation._abi import UNIT_DTYPE
from valuation._texts import category_text
from valuation.columns import Columns, read_cells

#: Most kinds of units that a request may have.
MAXIMUM_FIELDS = 16


class Units:
    """For each request one unit of each kind (``user``, ``session``, ...), or none. Never changes after it was made.

    Parameters
    ----------
    fields : tuple of str
        The kinds.
    texts : bytes
        The names of the kinds, and behind them the units of the first kind, of the second and so on, in UTF-8.
    lengths : ndarray of uintp, shape (n_fields + n_fields * n_rows,)
        Bytes of each; 0 where a request has no such unit.
    """

    __slots__ = ("_lengths", "_structs", "_texts", "fields")

    def __init__(self, fields: tuple[str, ...], texts: bytes, lengths: npt.NDArray[np.uintp]) -> None:
        self.fields = fields
        self._texts = texts
        self._lengths = lengths
        starts = np.cumsum(lengths) - lengths + np.uintp(np.frombuffer(texts, np.uint8).ctypes.data)
        count = len(fields)
        rows = (len(lengths) - count) // count
        self._structs = np.empty((rows, count), UNIT_DTYPE)
        self._structs["field"], self._structs["field_length"] = starts[:count], lengths[:count]
        self._structs["text"] = starts[count:].reshape(count, rows).T
        self._structs["text_length"] = lengths[count:].reshape(count, rows).T

    @classmethod
    def from_columns(cls, columns: Columns, rows: int) -> Units:
        """Read the units of ``rows`` requests; what :class:`valuation.Batch` says of ``units`` holds here."""
        named = dict(columns.items())
        if not 1 <= len(named) <= MAXIMUM_FIELDS:
            raise ValueError(
                f"units must have 1 to {MAXIMUM_FIELDS} columns, not {len(named)}; leave them out for none"
            )
        texts: list[bytes] = []
        for field in named:
            if not isinstance(field, str) or not field:
                raise ValueError(f"a unit's name is text and not empty, not {field!r}")
            texts.append(field.encode())
        for field, values in named.items():
            texts.extend(_texts(field, values, rows))
        lengths = np.fromiter(map(len, texts), np.uintp, len(texts))
        return cls(tuple(named), b"".join(texts), lengths)

    def __len__(self) -> int:
        """Return the number of requests."""
        return len(self._structs)

    def __repr__(self) -> str:
        return f"<Units: {', '.join(self.fields)} of {len(self)} requests>"

    def __reduce__(self) -> tuple[Any, ...]:
        # The structs hold addresses, which mean nothing in a copy.
        return Units, (self.fields, self._texts, self._lengths)

    def _addresses(self) -> npt.NDArray[np.uintp]:
        """Return where each request's units begin in memory, as long as this object lives."""
        size = np.uintp(len(self.fields) * UNIT_DTYPE.itemsize)
        return self._structs.ctypes.data + np.arange(len(self), dtype=np.uintp) * size


def unit_text(unit: Any) -> str:
    """Return the text of a unit: text stands for itself, 77 and 77.0 are ``"77"``.

    Raises
    ------
    TypeError
        If it is neither text nor a number.
    """
    if isinstance(unit, bool | np.bool_):
        raise TypeError("a unit is text or a number, not a bool")
    try:
        return category_text(unit)
    except TypeError:
        raise TypeError(f"a unit is text or a number, not {type(unit).__name__}") from None


def _texts(field: str, values: Any, rows: int) -> list[bytes]:
    """Return one text for each request, empty where there is none; a single value stands for all."""
    if isinstance(values, str) or np.ndim(values) == 0:
        return [unit_text(values).encode()] * rows
    cells, present = read_cells(field, values)
    if len(cells) != rows:
        raise ValueError(f"units {field!r} has {len(cells)} rows, there are {rows} requests")
    try:
        return [
            unit_text(cell).encode() if is_there else b""
            for cell, is_there in zip(cells, present.tolist(), strict=True)
        ]
    except TypeError as reason:
        raise TypeError(f"units {field!r}: {reason}") from None
