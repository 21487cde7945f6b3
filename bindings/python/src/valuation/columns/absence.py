# SPDX-License-Identifier: Apache-2.0
"""Which cells are absent: those that hold None, NaN, NaT, pandas' NA or NumPy's masked constant."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np


def is_absent(cell: Any) -> bool:
    """Return whether a cell is absent, in any library's notation."""
    if cell is None or cell is np.ma.masked:
        return True
    if isinstance(cell, float | np.floating):
        return bool(cell != cell)
    if isinstance(cell, np.datetime64 | np.timedelta64):
        return bool(np.isnat(cell))
    pandas = sys.modules.get("pandas")  # a cell cannot be its NA as long as nobody has imported it
    return pandas is not None and (cell is pandas.NA or cell is pandas.NaT)
