# SPDX-License-Identifier: Apache-2.0
"""Reading pandas' series, indexes and extension arrays, without importing pandas."""

from __future__ import annotations

from typing import Any

import numpy as np

from valuation.columns.arrow import read_arrow
from valuation.columns.cells import Cells
from valuation.columns.layouts import Dictionary
from valuation.columns.numpy_arrays import read_array


def is_pandas(values: Any) -> bool:
    """Return whether these are pandas' cells."""
    return hasattr(values, "isna") and hasattr(values, "dtype")


def read_pandas(values: Any) -> Cells:
    """Read a Series, an Index or an extension array; pandas itself says which cells are missing."""
    dtype, array = values.dtype, getattr(values, "array", values)
    if hasattr(array, "codes") and hasattr(array, "categories"):
        return Dictionary(np.asarray(array.codes), read_pandas(array.categories))
    if hasattr(dtype, "pyarrow_dtype") or getattr(dtype, "storage", None) == "pyarrow":
        return read_arrow(array.__arrow_array__())
    present = ~np.asarray(array.isna(), dtype=np.bool_)
    if hasattr(dtype, "numpy_dtype"):  # nullable: as floats, integers beyond 2**53 would lose digits
        kind = dtype.numpy_dtype
        return read_array(array.to_numpy(dtype=kind, na_value=np.zeros((), kind).item()), present)
    return read_array(np.asarray(values), present)
