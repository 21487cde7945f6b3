# SPDX-License-Identifier: Apache-2.0
"""The weights as float32 rows, one a label, which NumPy and ONNX Runtime both take."""

from __future__ import annotations

from pathlib import Path
from weakref import WeakValueDictionary

import numpy as np
import numpy.typing as npt
from workload import LABELS, Data

# A request's rows are summed in groups of so many: 30 float32 in a row would be off by more than 1e-6.
GROUP = 5

# Rows that somebody still holds: 4 GB of them for 10,000 campaigns, so contenders of one set share them.
_held: WeakValueDictionary[Path, npt.NDArray[np.float32]] = WeakValueDictionary()


def dense_rows(data: Data) -> npt.NDArray[np.float32]:
    """Return the weights as (labels, 2 x campaigns): click and conversion weight of each campaign side by side."""
    rows = _held.get(data.models)
    if rows is None:
        campaigns = len(data.campaign_keys)
        rows = np.zeros((LABELS, 2 * campaigns), dtype=np.float32)
        for target, weights in enumerate((data.click, data.conversion)):
            columns = 2 * np.repeat(np.arange(campaigns), np.diff(weights.indptr)) + target
            rows[weights.indices, columns] = weights.values
        _held[data.models] = rows
    return rows
