# SPDX-License-Identifier: Apache-2.0
"""scikit-learn: a LogisticRegression for each campaign and target, predict_proba on one-hot rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import sklearn
from scipy.sparse import csr_array
from sklearn.linear_model import LogisticRegression
from workload import BID, LABELS, REQUESTS, Data, Weights

from contenders.contender import Answer, PythonContender
from contenders.scipy_sparse import one_hot

# A campaign, the positions of its candidates, and their one-hot rows.
Group = tuple[int, npt.NDArray[np.int64], csr_array]


class ScikitLearn(PythonContender):
    """One call of predict_proba for all candidates of a campaign and target; input checks are off.

    The coefficients are dense (0.4 MB a model): with sparse ones (``sparsify``) a call takes twice as long.
    """

    name = "scikit-learn"

    def __init__(self, data: Data) -> None:
        sklearn.set_config(assume_finite=True, skip_parameter_validation=True)
        self._data = data
        campaigns = range(len(data.campaign_keys))
        self._click = [estimator(data.click, campaign) for campaign in campaigns]
        self._conversion = [estimator(data.conversion, campaign) for campaign in campaigns]

    @property
    def bytes(self) -> int:
        """Bytes of the coefficients and intercepts."""
        return sum(model.coef_.nbytes + model.intercept_.nbytes for model in self._click + self._conversion)

    def prepare(self, candidates: int, ad_features: int, *, requests: int = REQUESTS) -> None:
        """Group each request's candidates by campaign and make their one-hot rows."""
        self.requests = requests
        self._candidates = candidates
        self._groups = [list(self._grouped(request, candidates, ad_features)) for request in range(requests)]

    def _grouped(self, request: int, candidates: int, ad_features: int) -> Iterator[Group]:
        """Yield the candidates of a request by campaign."""
        campaigns = self._data.campaigns[request, :candidates]
        features = self._data.features[request]
        for campaign in np.unique(campaigns).tolist():
            positions = np.flatnonzero(campaigns == campaign)
            shared = np.broadcast_to(features, (len(positions), len(features)))
            labels = np.sort(np.hstack([shared, self._data.ad_features[request, positions, :ad_features]]), axis=1)
            yield campaign, positions, one_hot(labels, LABELS)

    def score(self, request: int) -> Answer:
        """Value the candidates of one request."""
        pctr, pcvr = np.empty(self._candidates), np.empty(self._candidates)
        for campaign, positions, rows in self._groups[request]:
            pctr[positions] = self._click[campaign].predict_proba(rows)[:, 1]
            pcvr[positions] = self._conversion[campaign].predict_proba(rows)[:, 1]
        return pctr, pcvr, pctr * pcvr * BID


def estimator(weights: Weights, campaign: int) -> LogisticRegression:
    """Return an estimator as fitting would leave it, with the coefficients of one campaign."""
    model = LogisticRegression()
    span = slice(weights.indptr[campaign], weights.indptr[campaign + 1])
    model.coef_ = np.zeros((1, LABELS))
    model.coef_[0, weights.indices[span]] = weights.values[span]
    model.intercept_ = np.array(weights.intercepts[campaign : campaign + 1])
    model.classes_ = np.array([0, 1])
    model.n_features_in_ = LABELS
    return model
