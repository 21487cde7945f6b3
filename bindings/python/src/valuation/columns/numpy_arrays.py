# SPDX-License-Identifier: Apache-2.0
"""Reading NumPy's arrays: numbers of any byte order, every kind of text, objects, masked arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from valuation.columns.cells import Cells
from valuation.columns.layouts import Foreign, Numbers, Objects
from valuation.columns.python_objects import read_objects


def read_array(array: npt.NDArray[Any], present: npt.NDArray[np.bool_] | None = None) -> Cells:
    """Read an array of one dimension; a cell that is not ``present``, or is masked, is absent and never read."""
    if isinstance(array, np.ma.MaskedArray):
        there = ~np.ma.getmaskarray(array)
        array, present = np.ma.getdata(array), there if present is None else present & there
    kind = array.dtype.kind
    if kind in "biuf":
        return Numbers(array, present)
    if kind in "mM":
        absent = np.isnat(array)
        return Foreign(array.dtype.name, absent if present is None else absent | ~present)
    if kind not in "OSUT":
        return Foreign(array.dtype.name, np.zeros(len(array), np.bool_) if present is None else ~present)
    cells = array.astype(object).tolist()
    if kind == "T":
        nothing = getattr(array.dtype, "na_object", None)
        cells = [None if cell is nothing else cell for cell in cells]
    if present is not None and not present.all():
        cells = [cell if is_there else None for cell, is_there in zip(cells, present.tolist(), strict=True)]
    return Objects(cells) if kind in "SU" else read_objects(cells)
