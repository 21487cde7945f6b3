# SPDX-License-Identifier: Apache-2.0
"""Models as documents that the engine loads (``valuation-model/1``)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from valuation_pipeline import __version__
from valuation_pipeline.features import FeatureSet, Rows, Vocabulary
from valuation_pipeline.training.job import Job
from valuation_pipeline.training.models import Models, Weights
from valuation_pipeline.training.rows import Indices, Numbers, weighed
from valuation_pipeline.training.variances import Variances, variances

SELF_TEST_ROWS = 200
"""Of so many rows, spread evenly over a model's, the self-tests are picked."""


class DocumentWriter:
    """Writes the documents of a training.

    Parameters
    ----------
    job, models, vocabulary, feature_set
        What was trained.
    version : str
        Of the documents.
    """

    def __init__(self, job: Job, models: Models, vocabulary: Vocabulary, feature_set: FeatureSet, version: str) -> None:
        self.job = job
        self.models = models
        self.vocabulary = vocabulary
        self.feature_set = feature_set
        self.version = version
        shared = models.shared
        self.shared: Numbers | None = None if shared is None else shared.coefficients(job.count)

    def documents(self, campaigns: list[dict[str, Any]], overall: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The shared model's document, then those of campaigns, in the order of their ids.

        Parameters
        ----------
        campaigns : list of dict
            The figures in ``training.json`` for each.
        overall : dict
            The figures for all.
        """
        job = self.job
        if self.models.shared is not None:
            everything = slice(0, len(job.now))
            yield self._document("*", self.models.shared, everything, _training(overall), {})
        for campaign, weights in sorted(self.models.own.items()):
            known = campaigns[campaign]
            members = {} if self.shared is None else {"extends": "*"}
            if known["advertiser"] is not None:
                members["advertiser"] = known["advertiser"]
            yield self._document(known["campaign"], weights, job.now.rows_of(campaign), _training(known), members)

    def _document(
        self, campaign: str, weights: Weights, place: slice, training: dict[str, Any], members: dict[str, str]
    ) -> dict[str, Any]:
        coefficients = weights.coefficients(self.job.count)
        document: dict[str, Any] = {
            "format": "valuation-model/1",
            "kind": "logistic",
            "campaign": campaign,
            "target": self.job.target,
            "version": self.version,
            **members,
            "negative_sampling_rate": self.job.examples.negative_sampling_rate,
        }
        intercept, total = weights.intercept, coefficients
        if "extends" in members and self.models.shared is not None and self.shared is not None:
            intercept, total = intercept + self.models.shared.intercept, total + self.shared
        if self.job.options.variances:
            shared = campaign == "*"
            known = self.models.priors
            factors, precisions = (known.shared, known.precisions) if shared else (known.own, np.zeros(self.job.count))
            found = variances(self.job, weights, factors, precisions, intercept, total, place, shared)
            document |= self._with_variances(weights.intercept, coefficients, found)
        else:
            document |= self.vocabulary.document_parts(weights.intercept, coefficients)
        document["training"] = training
        document["self_test"] = self._self_tests(intercept, total, coefficients, place)
        return document

    def _with_variances(self, intercept: float, coefficients: Numbers, found: Variances) -> dict[str, Any]:
        parts = self.vocabulary.document_parts(intercept, coefficients, found.listed)
        variance = self.vocabulary.variance_parts(found.intercept, found.values, found.listed)
        return {**parts, "variance": variance}

    def _self_tests(self, intercept: float, total: Numbers, own: Numbers, place: slice) -> list[dict[str, Any]]:
        """Rows that together use every type of weight, with the probabilities according to the trainer."""
        rows = np.unique(np.linspace(place.start, place.stop - 1, SELF_TEST_ROWS).astype(np.int64))
        encoded = self.job.now.encoded.take(rows)
        log_odds = intercept + weighed(encoded, total) + self.job.examples.log_rate
        has = _kinds_had(encoded, own, total, self.job.fields)
        picked = _pick(has, log_odds, self.job.options.self_tests)
        table = self.job.examples.table.take(self.job.now.rows[rows[picked]])
        tests = []
        for row, z in zip(table.to_pylist(), log_odds[picked], strict=True):
            features = {**self.feature_set.request_features(row), **self.feature_set.ad_features(row)}
            tests.append({"features": features, "probability": float(expit(z))})
        return tests


def _training(known: dict[str, Any]) -> dict[str, Any]:
    rows, positives, held = known["rows"], known["positives"], known["held_out"]
    result = {"rows": rows, "positives": positives, "base_rate": positives / rows if rows else None}
    if held is not None:
        result |= {"auc": held["auc"], "log_loss": held["log_loss"]}
    return {**result, "trainer": f"valuation-pipeline {__version__}"}


def _kinds_had(rows: Rows, own: Numbers, total: Numbers, kinds: Indices) -> NDArray[np.bool_]:
    """The fields and crosses for which each row has a weight: of the model itself, then of the whole chain."""
    first_number = len(total) - rows.numbers.shape[1]
    width = int(kinds.max()) + 1 if len(kinds) else 0
    has = np.zeros((len(rows), 2 * width), bool)
    row = np.repeat(np.arange(len(rows)), np.diff(rows.starts))
    for first, weights in ((0, own), (width, total)):
        used = weights[rows.columns] != 0.0
        has[row[used], first + kinds[rows.columns[used]]] = True
        has[:, first + kinds[first_number:]] |= (rows.numbers != 0.0) & (weights[first_number:] != 0.0)
    return has


def _pick(has: NDArray[np.bool_], log_odds: Numbers, most: int) -> Indices:
    """Choose rows: each adds the most types of weights that earlier ones lack; then those of extreme predictions."""
    picked: list[int] = []
    missing = np.ones(has.shape[1], bool)
    while len(picked) < most:
        gains = has[:, missing].sum(axis=1)
        best = int(gains.argmax())
        if gains[best] == 0:
            break
        picked.append(best)
        missing &= ~has[best]
    for extreme in (int(log_odds.argmin()), int(log_odds.argmax())):
        if len(picked) < most and extreme not in picked:
            picked.append(extreme)
    return np.array(picked, np.int64)
