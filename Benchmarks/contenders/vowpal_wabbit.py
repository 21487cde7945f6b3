# SPDX-License-Identifier: Apache-2.0
"""Vowpal Wabbit: one model that crosses the campaign with every label, on examples parsed in advance."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from vowpalwabbit import Example, Workspace
from workload import BID, LABELS, REQUESTS, Data, Weights

from contenders.contender import Answer, PythonContender, probabilities

# A label, counted from 1, takes the low bits of a weight's index; the campaign, counted from 1, takes the bits above.
LABEL_BITS = 16
# In Vowpal Wabbit the index of a cross of features a and b is (a * FNV_PRIME) ^ b. With a = campaign << LABEL_BITS and
# b = label no two crosses collide, because the prime is odd.
FNV_PRIME = 16777619


class VowpalWabbit(PythonContender):
    """One multi-line example a request (csoaa_ldf): the request's labels are shared, each candidate has its own.

    Click and conversion each have a workspace; both predict the same examples, with the campaign in namespace ``c`` and
    the labels in ``l``.
    """

    name = "Vowpal Wabbit"

    def __init__(self, data: Data) -> None:
        self._data = data
        self._intercepts = np.stack([data.click.intercepts, data.conversion.intercepts])
        self._bits = LABEL_BITS + len(data.campaign_keys).bit_length()
        self._workspaces = [self._workspace(weights) for weights in (data.click, data.conversion)]

    def _workspace(self, weights: Weights) -> Workspace:
        """Return a workspace with these weights, as if it had learnt them."""
        options = "--csoaa_ldf mc --csoaa_rank --quadratic cl --ignore_linear c --ignore_linear l --noconstant"
        workspace = Workspace(f"{options} --testonly --sgd --quiet --bit_precision {self._bits}")
        for campaign, (start, end) in enumerate(pairwise(weights.indptr.tolist()), start=1):
            place = (campaign << LABEL_BITS) * FNV_PRIME % (1 << self._bits)
            places = place ^ (weights.indices[start:end].astype(np.int64) + 1)
            for label, value in zip(places.tolist(), weights.values[start:end].tolist(), strict=True):
                workspace.set_weight(label, 0, value)
        return workspace

    @property
    def bytes(self) -> int:
        """Bytes of the rows of labels in use; the tables themselves are larger, but nothing touches the rest."""
        return sum(4 * LABELS * len(intercepts) for intercepts in self._intercepts) + self._intercepts.nbytes

    def prepare(self, candidates: int, ad_features: int, *, requests: int = REQUESTS) -> None:
        """Make the examples; each line takes 30 KB."""
        self.requests = requests
        self._campaigns = np.array(self._data.campaigns[:requests, :candidates])
        features = self._data.features + 1
        ads = self._data.ad_features[:requests, :candidates, :ad_features] + 1
        places = (self._campaigns + 1) << LABEL_BITS
        self._examples = [
            [
                self._example("shared", l=features[request].tolist()),
                *(
                    self._example(str(position), c=[place], l=labels)
                    for position, (place, labels) in enumerate(
                        zip(places[request].tolist(), ads[request].tolist(), strict=True)
                    )
                ),
            ]
            for request in range(requests)
        ]

    def _example(self, label: str, **namespaces: list[int]) -> Example:
        """Return one line of a multi-line example."""
        workspace = self._workspaces[0]
        example = Example(workspace, None, workspace.lCostSensitive)
        example.set_label_string(label)
        for name, features in namespaces.items():
            example.push_features(name, features)
        return example

    def score(self, request: int) -> Answer:
        """Value the candidates of one request."""
        lines = self._examples[request]
        sums = np.array([workspace.predict(lines) for workspace in self._workspaces])
        pctr, pcvr = probabilities(sums + self._intercepts[:, self._campaigns[request]])
        return pctr, pcvr, pctr * pcvr * BID

    def close(self) -> None:
        """Free everything."""
        workspaces = self._workspaces
        self.__dict__.clear()
        for workspace in workspaces:
            workspace.finish()
