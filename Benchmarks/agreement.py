# SPDX-License-Identifier: Apache-2.0
"""The reference that every contender must agree with: the formula of the model format, in float64."""

from __future__ import annotations

import time
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from contenders.contender import Contender
from plan import Point
from workload import AD_FIELDS, BID, CANDIDATES, LABELS, REQUESTS, Data, Weights

# The largest relative difference allowed.
TOLERANCE = 1e-6


class Reference:
    """Probabilities of every candidate of every request, for each number of ad features.

    It comes straight from the weights: each campaign's weights form one row over all labels and are summed.
    """

    def __init__(self, data: Data) -> None:
        self._campaigns = data.campaigns.reshape(-1)
        # Candidates of all requests by campaign.
        self._order = np.argsort(self._campaigns, kind="stable")
        self._ends = np.searchsorted(self._campaigns[self._order], np.arange(len(data.campaign_keys) + 1)).tolist()
        self._click = self._probabilities(data, data.click)
        self._conversion = self._probabilities(data, data.conversion)

    def _probabilities(self, data: Data, weights: Weights) -> npt.NDArray[np.float64]:
        """Return the probabilities of one target, (AD_FIELDS + 1, requests, candidates)."""
        requests = self._order // CANDIDATES
        labels = np.hstack([data.features[requests], data.ad_features.reshape(-1, AD_FIELDS)[self._order]])
        shared = data.features.shape[1]
        logits = np.empty((len(self._order), AD_FIELDS + 1))
        row = np.zeros(LABELS)
        for campaign, (start, end) in enumerate(pairwise(self._ends)):
            if start == end:
                continue
            own = slice(weights.indptr[campaign], weights.indptr[campaign + 1])
            row[weights.indices[own]] = weights.values[own]
            found = row[labels[start:end]]
            logits[start:end, 0] = weights.intercepts[campaign] + found[:, :shared].sum(axis=1)
            logits[start:end, 1:] = found[:, shared:]
            row[weights.indices[own]] = 0
        answer = np.empty((AD_FIELDS + 1, len(self._order)))
        answer[:, self._order] = 1 / (1 + np.exp(-np.cumsum(logits, axis=1).T))
        return answer.reshape(AD_FIELDS + 1, REQUESTS, CANDIDATES)

    def disagreement(self, contender: Contender, point: Point, requests: int, seconds: float) -> float:
        """Return the largest relative difference of a contender's answers to its requests.

        Checks all requests, or as many as the time allows, but at least three.

        Raises
        ------
        AssertionError
            If it is above ``TOLERANCE``.
        """
        worst = 0.0
        end = time.monotonic() + seconds
        for request in range(requests):
            place = (point.ad_features, request, slice(point.candidates))
            pctr, pcvr = self._click[place], self._conversion[place]
            expected = (pctr, pcvr, BID * pctr * pcvr)
            answer = contender.score(request)
            # A revenue is a product of two probabilities, so their differences may add up.
            for got, want, share in zip(answer, expected, (1, 1, 2), strict=True):
                difference = np.abs(got / want - 1).max() / share
                worst = max(worst, float(difference)) if difference == difference else np.inf
            if request >= 2 and time.monotonic() > end:
                break
        if worst > TOLERANCE:
            raise AssertionError(f"{contender.name} is off by {worst:.1e} for {point}")
        return worst
