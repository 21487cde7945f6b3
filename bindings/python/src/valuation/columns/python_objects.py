# SPDX-License-Identifier: Apache-2.0
"""Reading Python's own sequences of cells."""

from __future__ import annotations

from typing import Any

import numpy as np

from valuation.columns.cells import Cells
from valuation.columns.layouts import Numbers, Objects


def read_objects(cells: list[Any]) -> Cells:
    """Read a list."""
    kinds = frozenset(map(type, cells))
    if float in kinds and kinds <= {float, type(None)}:
        return Numbers(np.array(cells, np.float64))  # None becomes NaN
    if float in kinds and kinds <= {float, str, int, type(None)}:  # NaN among texts, as pandas has it
        return Objects([None if cell != cell else cell for cell in cells])
    if any(hasattr(kind, "as_py") for kind in kinds):  # pyarrow's scalars, which a loop over its arrays gives
        return read_objects([cell.as_py() if hasattr(cell, "as_py") else cell for cell in cells])
    return Objects(cells, kinds)
