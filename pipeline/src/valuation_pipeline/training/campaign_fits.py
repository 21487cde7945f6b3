# SPDX-License-Identifier: Apache-2.0
"""Fits of one campaign from its own rows: work for any worker, on any machine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from valuation_pipeline.training.models import Weights
from valuation_pipeline.training.penalties import CAMPAIGN_MULTIPLES
from valuation_pipeline.training.per_campaign import Own
from valuation_pipeline.training.rows import Indices, Numbers
from valuation_pipeline.training.samples import Sample


@dataclass(frozen=True)
class CampaignFits:
    """The rows of campaigns, and how each one's own model is fitted.

    Attributes
    ----------
    fitted : Sample
    offset : array (fitted rows) or None
        Log-odds that own models correct; None if they stand alone.
    precision : float
        Of the intercepts.
    factors : array (columns + numbers)
        Of penalties.
    column_count, number_count : int
        Columns and numbers of the vocabulary.
    held_back : Sample or None
        Rows that judge the fits.
    choice : int64 array (campaigns) or None
        The penalty of each campaign, counted from 1.
    """

    fitted: Sample
    offset: Numbers | None
    precision: float
    factors: Numbers
    column_count: int
    number_count: int
    held_back: Sample | None = None
    choice: Indices | None = None


def judge(fits: CampaignFits, campaign: int) -> Numbers:
    """Fit a campaign's path, and predict its held-back rows.

    Returns
    -------
    array (penalties, held-back rows of the campaign)
        What each fit adds to their log-odds.
    """
    assert fits.held_back is not None
    place = fits.held_back.rows_of(campaign)
    if place.start == place.stop:
        return np.empty((len(CAMPAIGN_MULTIPLES), 0))
    own = Own.of(fits.fitted, campaign, fits.offset, fits.factors, fits.column_count)
    path = own.path(len(CAMPAIGN_MULTIPLES), fits.precision)
    return own.log_odds(path, fits.held_back, campaign, fits.column_count)


def fit(fits: CampaignFits, campaign: int) -> Weights:
    """Fit a campaign's path down to the chosen penalty."""
    assert fits.choice is not None
    own = Own.of(fits.fitted, campaign, fits.offset, fits.factors, fits.column_count)
    last = int(fits.choice[campaign]) - 1
    path = own.path(last + 1, fits.precision)
    return own.weights(path, last, fits.column_count + fits.number_count)
