# SPDX-License-Identifier: Apache-2.0
"""The weights as float32 rows, one a label, in the form that both NumPy and ONNX Runtime use."""

from __future__ import annotations

from pathlib import Path
from weakref import WeakValueDictionary

import numpy as np
import numpy.typing as npt
from workload import LABELS, REQUESTS, Data

from contenders.contender import PythonContender

# A request's rows are summed in groups of this size: adding 30 float32 in sequence would be off by more than 1e-6.
GROUP = 5

# Rows still in use: 4 GB of them for 10,000 campaigns, so contenders of one set share them.
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


class DenseRows(PythonContender):
    """What NumPy and ONNX Runtime share: the rows, the intercepts, and the ids in the form that both need."""

    def __init__(self, data: Data) -> None:
        self._data = data
        self._rows = dense_rows(data)
        self._intercepts = np.stack([data.click.intercepts, data.conversion.intercepts], axis=1)

    @property
    def bytes(self) -> int:
        """Bytes of rows and intercepts."""
        return self._rows.nbytes + self._intercepts.nbytes

    def prepare(self, candidates: int, ad_features: int, *, requests: int = REQUESTS) -> None:
        """Convert ids to the integers that NumPy indexes with; for the ads, to positions among the pairs."""
        self.requests = requests
        self._features = self._data.features[:requests].astype(np.int64)
        self._campaigns = self._data.campaigns[:requests, :candidates].astype(np.int64)
        ads = self._data.ad_features[:requests, :candidates, :ad_features].astype(np.int64)
        places = ads * len(self._intercepts) + self._campaigns[:, :, None]
        self._places = np.ascontiguousarray(places.transpose(0, 2, 1))
