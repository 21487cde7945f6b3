# SPDX-License-Identifier: Apache-2.0
"""The models' predictions for days that they were not fitted on, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from valuation_pipeline.checks.calibration import Predicted
from valuation_pipeline.checks.statistics import Floats
from valuation_pipeline.training.options import Target


@dataclass(frozen=True)
class HeldOut:
    """Rows of held-back days, ordered by campaign.

    Attributes
    ----------
    target : str
        "click" or "conversion".
    days : int
        The number of held-back days.
    campaigns : list of str, n
    bounds : ndarray of int64, shape (n + 1,)
        The start of each campaign's rows.
    outcomes : ndarray of bool, shape (rows,)
    probabilities, constants : ndarray of float64, shape (rows,)
        The model's probability, and the constant's, both corrected for sampling.
    weights : ndarray of float64, shape (rows,)
        How many impressions (clicks) each row represents: 1, or 1 / ``negative_sampling_rate`` for a negative.
    """

    target: Target
    days: int
    campaigns: list[str]
    bounds: npt.NDArray[np.int64]
    outcomes: npt.NDArray[np.bool_]
    probabilities: Floats
    constants: Floats
    weights: Floats

    @classmethod
    def of(
        cls,
        target: Target,
        days: int,
        campaigns: list[str],
        outcomes: npt.NDArray[np.bool_],
        probabilities: Floats,
        constants: Floats,
        weights: Floats,
    ) -> HeldOut:
        """Order rows by campaign; ``campaigns`` has that of each row. O(n log n)."""
        names, codes = np.unique(np.array(campaigns, object), return_inverse=True)
        order = np.argsort(codes, kind="stable")
        bounds = np.searchsorted(codes[order], np.arange(len(names) + 1)).astype(np.int64)
        return cls(
            target,
            days,
            names.tolist(),
            bounds,
            outcomes[order],
            probabilities[order],
            constants[order],
            weights[order],
        )

    def rows_of(self, place: int) -> slice:
        """Return the rows of a campaign."""
        return slice(int(self.bounds[place]), int(self.bounds[place + 1]))

    def sums(self, values: Floats) -> Floats:
        """Sum a value over the rows of each campaign, shape (n,)."""
        return np.diff(np.concatenate([[0.0], np.cumsum(values)])[self.bounds])

    def predicted(self) -> Predicted:
        """Return the sums for judging calibration."""
        return Predicted(
            target=self.target,
            source="held_out",
            days=self.days,
            campaigns=self.campaigns,
            rows=self.sums(self.weights),
            predicted=self.sums(self.weights * self.probabilities),
            observed=self.sums(self.outcomes.astype(np.float64)),
            variances=self._variances(),
        )

    def _variances(self) -> Floats:
        """Estimate the variances of the predicted sums, of which negatives are a sample, twice, and take the larger.

        Horvitz and Thompson (J. Am. Stat. Assoc. 47, 1952) sum p² · w · (w - 1) over the rows, where w is the weight.
        That is too small just where few negatives, and so too little, were drawn. Positives are all there, and if the
        model is right, their sum of p (1 - p) is as large as that of p² over all negatives.
        """
        p, most = self.probabilities, self.weights.max(initial=1.0)
        drawn = self.sums(self.weights * (self.weights - 1) * np.square(p))
        return np.asarray(np.maximum(drawn, (most - 1) * self.sums(self.outcomes * p * (1 - p))))

    def with_constants(self, campaigns: set[str]) -> HeldOut:
        """Return the rows with the predictions of some campaigns replaced by their constants."""
        chosen = np.repeat([name in campaigns for name in self.campaigns], np.diff(self.bounds))
        return replace(self, probabilities=np.where(chosen, self.constants, self.probabilities))
