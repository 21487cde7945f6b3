# SPDX-License-Identifier: Apache-2.0
"""SciPy on compressed sparse rows: one product for the request and all campaigns, one for the ads' own features."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.special import expit
from workload import BID, LABELS, REQUESTS, Data

from contenders.contender import Answer, PythonContender


class SciPy(PythonContender):
    """Two sparse products: x @ W.T for the request, and one for the ads over rows (label, campaign).

    Looking up single weights by index in W takes many times as long: SciPy scans whole rows for it.
    """

    name = "SciPy"

    def __init__(self, data: Data) -> None:
        self._data = data
        campaigns = len(data.campaign_keys)
        both = (data.click, data.conversion)
        owners = [np.repeat(np.arange(campaigns, dtype=np.int32), np.diff(weights.indptr)) for weights in both]
        labels = np.concatenate([weights.indices for weights in both])
        values = np.concatenate([weights.values for weights in both])
        columns = np.concatenate([owners[0], owners[1] + np.int32(campaigns)])
        self._by_label = csr_array((values, (labels, columns)), shape=(LABELS, 2 * campaigns))
        pairs = labels * np.int32(campaigns) + np.concatenate(owners)
        targets = np.repeat(np.arange(2, dtype=np.int32), [len(owner) for owner in owners])
        self._by_pair = csr_array((values, (pairs, targets)), shape=(LABELS * campaigns, 2))
        self._intercepts = np.stack([weights.intercepts for weights in both], axis=1)

    @property
    def bytes(self) -> int:
        """Bytes of both matrices and the intercepts."""
        matrices = (self._by_label, self._by_pair)
        arrays = [array for matrix in matrices for array in (matrix.data, matrix.indices, matrix.indptr)]
        return sum(array.nbytes for array in [*arrays, self._intercepts])

    def prepare(self, candidates: int, ad_features: int, *, requests: int = REQUESTS) -> None:
        """Make the one-hot rows: one over labels for each request, one over pairs for each of its candidates."""
        self.requests = requests
        self._campaigns = np.array(self._data.campaigns[:requests, :candidates])
        places = self._data.ad_features[:requests, :candidates, :ad_features] * np.int32(len(self._intercepts))
        places += self._campaigns[:, :, None]
        self._rows = [
            (one_hot(features[None], LABELS), one_hot(pairs, self._by_pair.shape[0]))
            for features, pairs in zip(self._data.features[:requests], places, strict=True)
        ]

    def score(self, request: int) -> Answer:
        """Value the candidates of one request."""
        campaigns = self._campaigns[request]
        shared, own = self._rows[request]
        sums = (shared @ self._by_label).toarray().reshape(2, -1).T
        logits = sums[campaigns] + self._intercepts[campaigns]
        if own.nnz:
            logits += (own @ self._by_pair).toarray()
        pctr, pcvr = expit(logits).T
        return pctr, pcvr, pctr * pcvr * BID


def one_hot(columns: npt.NDArray[np.int32], width: int) -> csr_array:
    """Return a matrix with ones in the columns given for each row."""
    rows, ones = columns.shape
    ends = np.arange(rows + 1, dtype=np.int32) * np.int32(ones)
    return csr_array((np.ones(columns.size), columns.ravel(), ends), shape=(rows, width))
