# SPDX-License-Identifier: Apache-2.0
"""Reading a column or a table of any library."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeAlias

import numpy as np

from valuation.columns.arrow import read_arrow, read_arrow_table
from valuation.columns.arrow_interface import is_arrow
from valuation.columns.cells import Cells
from valuation.columns.numpy_arrays import read_array
from valuation.columns.pandas_series import is_pandas, read_pandas
from valuation.columns.python_objects import read_objects

#: Names and columns: a mapping, a pandas or polars DataFrame, a pyarrow Table, or an object with
#: ``__arrow_c_stream__``.
Table: TypeAlias = Any


def read_columns(table: Table) -> dict[str, Any]:
    """Return the columns of a table by their names, each as :func:`read_cells` takes it.

    Raises
    ------
    TypeError
        If it is not a table.
    """
    if isinstance(table, Mapping) or (hasattr(table, "items") and hasattr(table, "columns")):  # pandas
        return dict(table.items())
    if is_arrow(table):
        return dict(read_arrow_table(table))
    raise TypeError(
        f"columns are a mapping of names to columns, a pandas or polars DataFrame or an Arrow table, "
        f"not {type(table).__name__}"
    )


def read_cells(values: Any) -> Cells:
    """Read a column of any type.

    Raises
    ------
    TypeError
        If it is not a column.
    ValueError
        If it does not have one dimension.
    """
    if isinstance(values, Cells):
        return values
    if isinstance(values, np.ndarray):
        array = values
    elif is_pandas(values):
        return read_pandas(values)
    elif is_arrow(values):
        return read_arrow(values)
    elif hasattr(values, "__array__"):
        array = np.asarray(values)
    elif isinstance(values, Iterable) and not isinstance(values, str | bytes | bytearray | Mapping | set | frozenset):
        return read_objects(list(values))
    else:
        raise TypeError(f"is no column, but of type {type(values).__name__}")
    if array.ndim != 1:
        raise ValueError(f"must have one dimension, not the shape {array.shape}")
    return read_array(array)


def read_any_shape(values: Any) -> tuple[Cells, tuple[int, ...]]:
    """Read a column, an array of any shape, nested lists or a single value, and return the shape, too."""
    if isinstance(values, list | tuple) and any(isinstance(value, list | tuple) for value in values):
        values = np.array(values, dtype=object)
    if isinstance(values, np.ndarray | np.generic):
        return read_array(np.ravel(values)), values.shape
    if isinstance(values, str | bytes) or not (isinstance(values, Iterable) or is_arrow(values)):
        return read_objects([values]), ()
    cells = read_cells(values)
    return cells, (len(cells),)


@contextmanager
def named(name: str) -> Iterator[None]:
    """Add the name of a column to the message about it."""
    try:
        yield
    except TypeError as reason:
        raise TypeError(f"{name}: {reason}") from None
    except ValueError as reason:
        raise ValueError(f"{name}: {reason}") from None
