# SPDX-License-Identifier: Apache-2.0
"""The rows that are known at a time, and the days that are held back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

from valuation_pipeline.features import Rows
from valuation_pipeline.training.delay import DelayCurves
from valuation_pipeline.training.options import Target, TrainingOptions
from valuation_pipeline.training.rows import MICROSECONDS_A_DAY, Examples, Indices, Numbers

EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Sample:
    """Rows with their outcomes as they were known at a time.

    Attributes
    ----------
    rows : int64 array (n)
        The rows of the examples, ascending, and so ordered by campaign.
    bounds : int64 array (campaigns + 1)
        The start of each campaign's rows among them.
    encoded : Rows
        The features that models see.
    outcomes : array (n)
    fit_weights : array (n) or None
        The weight of each in a fit, by its age; None if all have the same.
    offset : array (n)
        Lowers the logit of a row whose outcome is still open: the log of the share of positives that has come.
    """

    rows: Indices
    bounds: Indices
    encoded: Rows
    outcomes: Numbers
    fit_weights: Numbers | None
    offset: Numbers

    def __len__(self) -> int:
        return len(self.rows)

    def rows_of(self, campaign: int) -> slice:
        """The sample's rows of a campaign, given by its index."""
        return slice(int(self.bounds[campaign]), int(self.bounds[campaign + 1]))

    def counts(self) -> tuple[Indices, Indices]:
        """Rows and positives of each campaign, as sampled."""
        sums = np.concatenate([[0.0], np.cumsum(self.outcomes)])
        return np.diff(self.bounds), np.diff(sums[self.bounds]).astype(np.int64)


@dataclass(frozen=True)
class Trial:
    """The rows that choose penalties.

    Attributes
    ----------
    fitted : Sample
        The rows to fit, as they were known when the first held-back day began.
    held_back : Sample
        The rows of the last days, which judge the fits.
    """

    fitted: Sample
    held_back: Sample


@dataclass(frozen=True)
class Known:
    """When outcomes become known.

    Attributes
    ----------
    target : "click" or "conversion"
        A click counts as known at once, a conversion from its time on.
    attribution_days : float
        How long after a click its conversions count.
    options : TrainingOptions
    """

    target: Target
    attribution_days: float
    options: TrainingOptions

    @property
    def _attribution(self) -> int:
        return round(self.attribution_days * MICROSECONDS_A_DAY)

    def sample(self, examples: Examples, at: int, last_day: int | None = None) -> Sample:
        """The rows that can be fitted at a time.

        Parameters
        ----------
        examples : Examples
        at : int
            Microseconds since 1970, UTC. Later rows are left out, and later conversions have not come.
        last_day : int, optional
            Rows of later dates are left out, in days since 1970.
        """
        kept = examples.times < at
        if last_day is not None:
            kept &= examples.days <= last_day
        offset = np.zeros(len(examples))
        outcomes = examples.outcomes
        if self.target == "conversion":
            outcomes = outcomes * (examples.outcome_times < at)
            age = at - examples.times
            if self.options.delay == "leave_out":
                kept &= age >= self._attribution
            else:
                curves = DelayCurves.fit(examples, at, self._attribution)
                offset = curves.log_shares(examples, at)
                kept &= np.isfinite(offset)
        rows = np.flatnonzero(kept)
        weights = None
        if self.options.half_life_days is not None:
            age_in_days = (at - examples.times[rows]) / MICROSECONDS_A_DAY
            weights = np.exp2(-age_in_days / self.options.half_life_days)
        return _sample(examples, rows, outcomes[rows], weights, offset[rows])

    def trial(self, examples: Examples, as_of: int) -> Trial | None:
        """Hold the last days back.

        Returns
        -------
        Trial or None
            None if there are too few days: nothing is left to fit or to judge by, or all outcomes there are alike.
        """
        complete = as_of - (self._attribution if self.target == "conversion" else 0)
        last = complete // MICROSECONDS_A_DAY - 1
        if self.target == "click":
            # Rows of the current day judge, too.
            last = (complete - 1) // MICROSECONDS_A_DAY
        days = self.options.validation_days if self.target == "click" else self.options.conversion_validation_days
        present = examples.days[(examples.days <= last) & (examples.times < as_of)]
        if not len(present):
            return None
        last = int(present.max())
        first = last - days + 1
        gap = self.options.gap_days if self.target == "click" else 0
        fitted = self.sample(examples, first * MICROSECONDS_A_DAY, first - 1 - gap)
        judged = (examples.days >= first) & (examples.days <= last) & (examples.times < as_of)
        if self.target == "conversion":
            judged &= examples.times <= as_of - self._attribution
        rows = np.flatnonzero(judged)
        held = _sample(examples, rows, examples.outcomes[rows], None, np.zeros(len(rows)))
        if not _has_both(fitted.outcomes) or not _has_both(held.outcomes):
            return None
        return Trial(fitted, held)


def microseconds(time: datetime) -> int:
    """A UTC time in microseconds since 1970; one without a zone counts as UTC."""
    if time.tzinfo is not None:
        time = time.astimezone(UTC).replace(tzinfo=None)
    return (time - datetime(1970, 1, 1)) // timedelta(microseconds=1)


def day_of(days: int) -> date:
    """The date of a number of days since 1970."""
    return EPOCH + timedelta(days=days)


def _sample(examples: Examples, rows: Indices, outcomes: Numbers, weights: Numbers | None, offset: Numbers) -> Sample:
    encoded = examples.encoded if len(rows) == len(examples) else examples.encoded.take(rows)
    return Sample(rows, np.searchsorted(rows, examples.bounds), encoded, outcomes, weights, offset)


def _has_both(outcomes: Numbers) -> bool:
    return len(outcomes) > 0 and bool(outcomes.min() < outcomes.max())
