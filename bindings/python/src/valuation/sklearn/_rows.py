# SPDX-License-Identifier: Apache-2.0
"""Rows in the form that a pipeline takes, and in the form of requests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from valuation._texts import category_text
from valuation.columns.absence import is_absent
from valuation.sklearn._terms import Category, Cross, Number, Term

#: Examples of a document.
SELF_TESTS = 20


def representatives(
    matrix: Any, logits: npt.NDArray[np.float64], used: npt.NDArray[np.bool_], count: int = SELF_TESTS
) -> npt.NDArray[np.int64]:
    """Choose rows that together have as many as possible of the columns with a coefficient.

    The first three have the least and the greatest logit and the fewest columns (missing and unknown values must agree,
    too); each further one adds the most columns that no earlier row has.

    Parameters
    ----------
    matrix : array or sparse matrix, shape (n_rows, n_columns)
    logits : ndarray of float64, shape (n_rows,)
        With the sampling corrected. Rows beyond 80, where the engine clamps logits, are not chosen.
    used : ndarray of bool, shape (n_columns,)
        Which columns have a coefficient.
    count : int
        Most rows.

    Returns
    -------
    ndarray of int
        Positions, in the order of the rows. O(count · entries of the matrix).
    """
    eligible = np.flatnonzero(np.abs(logits) < 80)
    if not len(eligible):
        return eligible
    present = matrix[eligible] != 0
    ends = [np.argmin(logits[eligible]), np.argmax(logits[eligible]), np.argmin(present @ np.ones(len(used)))]
    chosen = np.unique(ends).tolist()
    wanted = used.astype(np.float64)
    newest = chosen
    while True:
        rows = present[newest]
        wanted[(rows.toarray() if hasattr(rows, "toarray") else rows).any(axis=0)] = 0
        gains = np.asarray(present @ wanted)
        if len(chosen) >= count or not gains.max():
            return np.asarray(eligible[np.sort(chosen)])
        newest = [int(np.argmax(gains))]
        chosen += newest


def take(rows: Any, positions: npt.NDArray[np.int64]) -> Any:
    """Return some rows, in the given type."""
    if hasattr(rows, "iloc"):
        return rows.iloc[positions]
    if hasattr(rows, "shape"):
        taken = rows[positions.tolist()]
        return taken.toarray() if hasattr(taken, "toarray") else taken
    return [rows[position] for position in positions.tolist()]


def features_of(rows: Any, names: Sequence[str] | None, labels: Iterable[Term]) -> list[dict[str, Any]]:
    """Return the features of rows as in a JSON request, only those of the model's labels.

    Parameters
    ----------
    rows : DataFrame, array, or sequence of mappings
    names : sequence of str, optional
        Of an array's columns.
    labels : iterable of Term

    Raises
    ------
    ValueError
        If a cell cannot be expressed in a request; by the field's name.
    """
    numbers, categories = _fields(labels)
    return [
        {
            field: value
            for field, cell in _row_cells(rows, names, position, numbers | categories)
            if (value := _number(field, cell) if field in numbers else _categories(field, cell)) is not None
        }
        for position in range(len(rows) if not hasattr(rows, "shape") else rows.shape[0])
    ]


def _fields(labels: Iterable[Term]) -> tuple[set[str], set[str]]:
    """Return the fields of numbers, and those of categories."""
    numbers: set[str] = set()
    categories: set[str] = set()
    for label in labels:
        if isinstance(label, Number):
            numbers.add(label.field)
        elif isinstance(label, Category):
            categories.add(label.field)
        elif isinstance(label, Cross):
            categories |= {label.first.field, label.second.field}
    return numbers, categories


def _row_cells(rows: Any, names: Sequence[str] | None, position: int, fields: set[str]) -> Iterable[tuple[str, Any]]:
    if hasattr(rows, "iloc"):
        return [(field, rows[field].iloc[position]) for field in rows.columns if field in fields]
    if hasattr(rows, "columns"):
        return [(field, rows[field][position]) for field in rows.columns if field in fields]
    row = rows[position]
    if isinstance(row, Mapping):
        for field in row:
            if "=" in field:
                raise ValueError(f"the field {field!r} has '=' in its name, which parts field and value; rename it")
    cells: Iterable[tuple[str, Any]] = row.items() if isinstance(row, Mapping) else zip(names or (), row, strict=True)
    return [(field, cell) for field, cell in cells if field in fields]


def _number(field: str, cell: Any) -> float | int | None:
    if is_absent(cell):
        return None
    if isinstance(cell, bool | np.bool_) or not isinstance(cell, int | float | np.integer | np.floating):
        raise ValueError(
            f"the number {field!r} holds {cell!r}, which the engine takes for no number; give the pipeline and the "
            f"requests a number, or encode it one-hot"
        )
    return cell.item() if isinstance(cell, np.generic) else cell


def _categories(field: str, cell: Any) -> Any:
    if isinstance(cell, list | tuple | set | frozenset | np.ndarray):
        return [_category(field, member) for member in cell]
    return None if is_absent(cell) else _category(field, cell)


def _category(field: str, cell: Any) -> Any:
    """Return a category for JSON: an integer too large for JSON as its text."""
    try:
        text = category_text(cell)
    except (TypeError, ValueError) as problem:
        raise ValueError(f"column {field!r} holds {cell!r}: {problem}") from None
    if isinstance(cell, str | bytes) or (isinstance(cell, int | np.integer) and not -(2**63) <= int(cell) < 2**63):
        return text
    return cell.item() if isinstance(cell, np.generic) else cell
