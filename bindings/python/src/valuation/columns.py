# SPDX-License-Identifier: Apache-2.0
"""Reading one column of a log: which rows have which features."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from valuation.keys import Keyed


class Columns(Protocol):
    """Names and columns: a mapping, or a pandas DataFrame."""

    def items(self) -> Iterable[tuple[Any, Any]]:
        """Return each column's name and its cells."""


@dataclass(frozen=True)
class Column:
    """The features of one field.

    Attributes
    ----------
    field : str
        The field's name.
    length : int
        Rows of the column, with those that have no feature.
    rows : ndarray of int64, shape (n,)
        The row of each feature, not falling.
    keys : ndarray of uint64, shape (n,)
        The key of each feature.
    numbers : ndarray of float64, shape (n,)
        Its number; 1.0 for a category.
    """

    field: str
    length: int
    rows: npt.NDArray[np.int64]
    keys: npt.NDArray[np.uint64]
    numbers: npt.NDArray[np.float64]


def read_column(engine: Keyed, field: str, values: Any, *, numeric: bool) -> Column:
    """Read a column of numbers or categories; what :meth:`valuation.Features.from_columns` says holds here."""
    array, present = read_cells(field, values)
    rows = np.flatnonzero(present)
    if numeric:
        keys = np.full(len(rows), engine.number_key(field), np.uint64)
        return Column(field, len(array), rows, keys, _numbers(field, array[rows]))
    rows, cells = _flatten(field, rows, array[rows])
    try:
        keys = engine.feature_keys(field, cells)
    except TypeError as reason:
        raise TypeError(f"column {field!r}: {reason}") from None
    return Column(field, len(array), rows, keys, np.ones(len(rows)))


def read_cells(field: str, values: Any) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
    """Return the cells as an array of one dimension, and which of them hold something."""
    if hasattr(values, "isna"):  # pandas knows best what it calls missing
        array = np.asarray(values)
        return array, ~np.asarray(values.isna(), dtype=np.bool_)
    if isinstance(values, np.ndarray):
        array = values
    else:
        cells = list(values)
        if any(isinstance(cell, list | tuple | set | frozenset | np.ndarray) or cell is None for cell in cells):
            array = np.empty(len(cells), object)
            array[:] = cells
        else:
            array = np.asarray(cells) if len({type(cell) for cell in cells}) == 1 else np.array(cells, dtype=object)
            # No integer type holds all of them, or text ends in NULs, which NumPy drops.
            if (array.dtype.kind == "f" and isinstance(cells[0], int)) or array.dtype.kind == "U":
                array = np.array(cells, dtype=object)
    if array.ndim != 1:
        raise ValueError(f"column {field!r} must have one dimension, not the shape {array.shape}")
    if array.dtype.kind == "f":
        return array, ~np.isnan(array)
    if array.dtype.kind == "O":
        return array, np.fromiter((not _is_missing(cell) for cell in array), np.bool_, len(array))
    return array, np.ones(len(array), np.bool_)


def _is_missing(cell: Any) -> bool:
    return cell is None or (isinstance(cell, float | np.floating) and bool(np.isnan(cell)))


def _numbers(field: str, cells: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    if cells.dtype.kind == "O":
        for cell in cells:
            if isinstance(cell, bool | np.bool_) or not isinstance(cell, int | float | np.integer | np.floating):
                raise TypeError(f"numeric column {field!r} holds {cell!r}, which is no number")
    elif cells.dtype.kind not in "iuf":
        raise TypeError(f"numeric column {field!r} must hold numbers, not {cells.dtype}")
    return cells.astype(np.float64)


def _flatten(
    field: str, rows: npt.NDArray[np.int64], cells: npt.NDArray[Any]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[Any]]:
    """Spread cells that hold several categories over as many features."""
    if cells.dtype.kind != "O":
        return rows, cells
    several = [isinstance(cell, list | tuple | set | frozenset | np.ndarray) for cell in cells]
    if not any(several):
        return rows, cells
    flat_rows: list[int] = []
    flat_cells: list[Any] = []
    for row, cell, is_several in zip(rows.tolist(), cells, several, strict=True):
        members = [member for member in cell if not _is_missing(member)] if is_several else [cell]
        flat_rows.extend([row] * len(members))
        flat_cells.extend(members)
    flat = np.empty(len(flat_cells), object)
    for position, cell in enumerate(flat_cells):
        flat[position] = cell
    return np.array(flat_rows, dtype=np.int64), flat
