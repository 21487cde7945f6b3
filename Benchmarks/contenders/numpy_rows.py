# SPDX-License-Identifier: Apache-2.0
"""NumPy on dense float32 rows, one a label: it sums a request's rows and gathers the ads' weights."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from workload import BID, Data

from contenders.contender import Answer, probabilities
from contenders.dense_rows import GROUP, DenseRows

# Rows of more numbers than this are added one by one: a copy of all rows would not stay in the cache.
LONG = 8192


class NumPy(DenseRows):
    """Sums the rows of the request's labels for all campaigns, and gathers the weights of the ads' labels.

    Click and conversion weight of a campaign lie side by side; viewed as one complex64, one gather fetches both.
    """

    name = "NumPy"

    def __init__(self, data: Data) -> None:
        super().__init__(data)
        self._pairs = self._rows.reshape(-1).view(np.complex64)
        self._chosen = np.empty((data.features.shape[1], self._rows.shape[1]), dtype=np.float32)

    def score(self, request: int) -> Answer:
        """Value the candidates of one request."""
        campaigns, places = self._campaigns[request], self._places[request]
        sums = self._summed(self._features[request]).view(np.complex64).take(campaigns)
        if len(places):
            sums += self._pairs.take(places).sum(axis=0)
        # Add in double: in float32 the intercepts, larger than the sums, would cost most of the tolerance.
        logits = sums.view(np.float32).reshape(-1, 2) + self._intercepts[campaigns]
        pctr, pcvr = probabilities(logits).T
        return pctr, pcvr, pctr * pcvr * BID

    def _summed(self, features: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Return the sum of rows, computed in the way that measures best for their length."""
        rows = self._rows
        if rows.shape[1] <= LONG:
            # mode="clip" lets take() write into out directly.
            chosen = rows.take(features, axis=0, out=self._chosen, mode="clip")
            return chosen.reshape(-1, GROUP, rows.shape[1]).sum(axis=1).sum(axis=0)
        total = np.zeros(rows.shape[1], dtype=np.float32)
        for first, *others in features.reshape(-1, GROUP).tolist():
            part = rows[first].copy()
            for feature in others:
                part += rows[feature]
            total += part
        return total
