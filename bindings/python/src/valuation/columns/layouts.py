# SPDX-License-Identifier: Apache-2.0
"""The layouts of cells in libraries: numbers, objects, dictionaries, lists, chunks. Texts have their own module."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from valuation.columns.absence import is_absent
from valuation.columns.cells import Cells, Distinct, Numbering, TextOf, Unreadable, ranges

#: Values of these types are equal only if their texts are.
_TOLD_APART: frozenset[type] = frozenset({str, bytes, int, type(None)})

#: If this many first values are all different, as ids are, most others are, too: searching for equal ones costs more
#: than it saves.
_SAMPLE = 1000

#: A value of these types is always a single one, which need not be examined.
_SINGLE = _TOLD_APART | {bool, float}


class Numbers(Cells):
    """Numbers or bools of one NumPy dtype, with a mask of those present, or None if all are."""

    def __init__(self, array: npt.NDArray[Any], present: npt.NDArray[np.bool_] | None = None) -> None:
        if array.dtype.kind == "f":
            there = ~np.isnan(array)
            present = there if present is None else present & there
        self._array = array.astype(array.dtype.newbyteorder("="), copy=False)
        self._present = None if present is None or present.all() else present

    def __len__(self) -> int:
        return len(self._array)

    def distinct(self, text_of: TextOf) -> Distinct:
        array = self._array if self._present is None else self._array[self._present]
        if array.dtype.kind == "f":  # 0.0 equals -0.0, their bits and their texts differ
            bits, inverse = np.unique(array.astype(np.float64).view(np.int64), return_inverse=True)
            values = bits.view(np.float64)
        else:
            values, inverse = np.unique(array, return_inverse=True)
        codes = inverse.astype(np.int64, copy=False)
        if self._present is not None:
            codes = np.full(len(self._array), -1, np.int64)
            codes[self._present] = inverse
        return Distinct(codes, [text_of(value).encode() for value in values.tolist()])

    def numbers(self) -> npt.NDArray[Any]:
        if self._array.dtype.kind == "b":
            raise TypeError("holds bools, not numbers")
        if self._present is None:
            return self._array
        return np.where(self._present, self._array.astype(np.float64), np.nan)

    def take(self, positions: npt.NDArray[np.intp]) -> Cells:
        return Numbers(self._array[positions], None if self._present is None else self._present[positions])


class Objects(Cells):
    """Python objects: texts, numbers, bools, collections of these; None where absent."""

    def __init__(self, cells: list[Any], kinds: frozenset[type] | None = None) -> None:
        self._cells = cells
        self._kinds = frozenset(map(type, cells)) if kinds is None else kinds

    def __len__(self) -> int:
        return len(self._cells)

    def distinct(self, text_of: TextOf) -> Distinct:
        cells, kinds = self._cells, self._kinds
        if not (kinds <= _TOLD_APART or kinds <= {bool, type(None)}):
            cells, text_of = [None if is_absent(cell) else text_of(cell) for cell in cells], str
            kinds = frozenset({str, type(None)})
        if type(None) not in kinds and len(set(cells[:_SAMPLE])) == _SAMPLE:
            return Distinct(np.arange(len(cells)), [text_of(value).encode() for value in cells])
        numbering = Numbering()
        codes = numbering.of(cells, len(cells))
        return Distinct(codes, [text_of(value).encode() for value in numbering.distinct()])

    def numbers(self) -> npt.NDArray[Any]:
        cells, kinds = self._cells, self._kinds
        if not kinds <= {int, float, type(None)}:
            cells = [None if is_absent(cell) else cell for cell in cells]
            for cell in cells:
                is_number = isinstance(cell, int | float | np.integer | np.floating) and not isinstance(cell, bool)
                if cell is not None and not is_number:
                    raise TypeError(f"holds {cell!r}, which is no number")
        whole = all(issubclass(kind, int | np.integer) for kind in kinds) and bool(kinds)
        if whole:
            for dtype in (np.int64, np.uint64):
                try:
                    return np.array([int(cell) for cell in cells], dtype)
                except OverflowError:
                    continue
        try:
            return np.array(cells, np.float64)  # None becomes NaN
        except OverflowError:
            raise ValueError("holds an integer beyond the range of float64") from None

    def take(self, positions: npt.NDArray[np.intp]) -> Cells:
        return Objects([self._cells[position] for position in positions.tolist()])

    def members(self) -> tuple[npt.NDArray[np.int64] | None, Cells]:
        if self._kinds <= _SINGLE or not any(map(is_several, self._cells)):
            return None, self
        rows: list[int] = []
        values: list[Any] = []
        for row, cell in enumerate(self._cells):
            several = list(cell) if is_several(cell) else [cell]
            rows.extend([row] * len(several))
            values.extend(several)
        return np.array(rows, np.int64), Objects(values)


class Dictionary(Cells):
    """Positions in a column of values, -1 where absent: a categorical, a dictionary array."""

    def __init__(self, positions: npt.NDArray[np.integer[Any]], values: Cells) -> None:
        self._positions = positions
        self._values = values

    def __len__(self) -> int:
        return len(self._positions)

    def distinct(self, text_of: TextOf) -> Distinct:
        seen = np.zeros(len(self._values) + 1, np.bool_)
        seen[self._positions] = True  # the last one, if any is absent
        used = np.flatnonzero(seen[:-1])
        found = (self._values if len(used) == len(self._values) else self._values.take(used)).distinct(text_of)
        codes = np.full(len(self._values) + 1, -1, np.int64)
        codes[used] = found.codes
        return Distinct(codes[self._positions], found.texts)

    def numbers(self) -> npt.NDArray[Any]:
        values = self._values.numbers()
        if len(self._positions) and self._positions.min() < 0:
            values = np.append(values.astype(np.float64), np.nan)
        return np.asarray(values[self._positions])

    def take(self, positions: npt.NDArray[np.intp]) -> Cells:
        return Dictionary(self._positions[positions], self._values)


class Lists(Cells):
    """Lists of values: row ``i`` has those whose ``rows`` are ``i``."""

    def __init__(self, count: int, rows: npt.NDArray[np.int64], values: Cells) -> None:
        self._count = count
        self._rows = rows
        self._values = values

    def __len__(self) -> int:
        return self._count

    def distinct(self, text_of: TextOf) -> Distinct:
        text_of(Unreadable("list"))
        raise TypeError("holds lists")

    def numbers(self) -> npt.NDArray[Any]:
        raise TypeError("holds lists, not numbers")

    def take(self, positions: npt.NDArray[np.intp]) -> Cells:
        starts = np.searchsorted(self._rows, positions)
        rows, places = ranges(starts, np.searchsorted(self._rows, positions, side="right") - starts)
        return Lists(len(positions), rows, self._values.take(places))

    def members(self) -> tuple[npt.NDArray[np.int64] | None, Cells]:
        return self._rows, self._values


class Foreign(Cells):
    """Cells of a type that the package cannot take, such as dates; this matters only if some are present."""

    def __init__(self, kind: str, absent: npt.NDArray[np.bool_]) -> None:
        self._kind = kind
        self._absent = absent

    def __len__(self) -> int:
        return len(self._absent)

    def distinct(self, text_of: TextOf) -> Distinct:
        if not self._absent.all():
            text_of(Unreadable(self._kind))
        return Distinct(np.full(len(self), -1, np.int64), [])

    def numbers(self) -> npt.NDArray[Any]:
        if not self._absent.all():
            raise TypeError(f"holds {self._kind} values, not numbers")
        return np.full(len(self), np.nan)

    def take(self, positions: npt.NDArray[np.intp]) -> Cells:
        return Foreign(self._kind, self._absent[positions])


class Chunks(Cells):
    """Several columns in a row."""

    def __init__(self, chunks: list[Cells]) -> None:
        self._chunks = chunks

    def __len__(self) -> int:
        return sum(map(len, self._chunks))

    def distinct(self, text_of: TextOf) -> Distinct:
        numbering = Numbering()
        codes = []
        for chunk in self._chunks:
            found = chunk.distinct(text_of)
            codes.append(numbering.of([*found.texts, None], len(found.texts) + 1)[found.codes])
        return Distinct(np.concatenate(codes), numbering.distinct())

    def numbers(self) -> npt.NDArray[Any]:
        return np.concatenate([chunk.numbers() for chunk in self._chunks])

    def take(self, positions: npt.NDArray[np.intp]) -> Cells:
        ends = np.cumsum([len(chunk) for chunk in self._chunks])
        owners = np.searchsorted(ends, positions, side="right")
        order = np.argsort(owners, kind="stable")
        taken = [
            chunk.take(positions[owners == number] - (ends[number] - len(chunk)))
            for number, chunk in enumerate(self._chunks)
        ]
        back = np.empty(len(positions), np.int64)
        back[order] = np.arange(len(positions))
        return Dictionary(back, Chunks(taken))

    def members(self) -> tuple[npt.NDArray[np.int64] | None, Cells]:
        rows: list[npt.NDArray[np.int64]] = []
        values: list[Cells] = []
        start, spread = 0, False
        for chunk in self._chunks:
            own, members = chunk.members()
            spread = spread or own is not None
            rows.append(start + (np.arange(len(chunk)) if own is None else own))
            values.append(members)
            start += len(chunk)
        return (np.concatenate(rows) if spread else None), Chunks(values)


def is_several(cell: Any) -> bool:
    """Return whether a cell holds several categories of one field."""
    if isinstance(cell, np.ndarray):
        return cell.ndim > 0  # NumPy's masked constant is an array without dimensions
    return isinstance(cell, list | tuple | set | frozenset)
