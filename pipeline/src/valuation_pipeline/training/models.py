# SPDX-License-Identifier: Apache-2.0
"""Fitted weights, and their predictions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from valuation_pipeline.features import Rows
from valuation_pipeline.training.rows import Indices, Numbers, weighed


@dataclass(frozen=True)
class Weights:
    """A model: the weights that are not 0.

    Attributes
    ----------
    intercept : float
    columns : int64 array
        Columns of the vocabulary, then its numbers, rising.
    values : array
        Their weights.
    penalty : float
        Of the mean loss: lambda in (1/W) sum w * loss + lambda * sum |weight|.
    ratio : float
        The penalty as a share of the least one at which no penalised column has a weight.
    """

    intercept: float
    columns: Indices
    values: Numbers
    penalty: float
    ratio: float

    @classmethod
    def of(cls, intercept: float, coefficients: Numbers, penalty: float, ratio: float) -> Weights:
        """Keep the coefficients that are not 0."""
        columns = np.flatnonzero(coefficients)
        return cls(float(intercept), columns, coefficients[columns], float(penalty), float(ratio))

    def coefficients(self, count: int) -> Numbers:
        """The weights of all columns and numbers."""
        result = np.zeros(count)
        result[self.columns] = self.values
        return result


@dataclass(frozen=True)
class Priors:
    """What keeps weights near 0.

    Attributes
    ----------
    shared, own : array (columns + numbers)
        Penalty factors of the shared model, and of campaigns' own weights.
    precisions : array (columns + numbers)
        Of the normal priors of the shared model's weights; own weights have none.
    """

    shared: Numbers
    own: Numbers
    precisions: Numbers


@dataclass(frozen=True)
class Models:
    """The models of one target.

    Attributes
    ----------
    count : int
        Columns and numbers of the vocabulary.
    shared : Weights or None
        The model of campaign ``"*"``.
    own : dict of int to Weights
        Models of campaigns, by their index.
    priors : Priors
        What they were fitted with.
    stand_in : array (campaigns)
        Log-odds of a campaign without any model, as the engine would take them from its observed rate.
    unknown : float
        Log-odds of an unknown campaign.
    """

    count: int
    shared: Weights | None
    own: dict[int, Weights]
    priors: Priors
    stand_in: Numbers
    unknown: float

    def log_odds(self, rows: Rows, campaigns: Indices) -> Numbers:
        """Log-odds of rows among sampled ones: without the log of the sampling rate. O(entries).

        Parameters
        ----------
        rows : Rows
            Of the vocabulary's columns.
        campaigns : int64 array (rows)
            The campaign of each row by its index, -1 for an unknown one.
        """
        if self.shared is None:
            result = np.append(self.stand_in, self.unknown)[campaigns]
        else:
            result = self.shared.intercept + weighed(rows, self.shared.coefficients(self.count))
        order = np.argsort(campaigns, kind="stable")
        for campaign, weights in self.own.items():
            first, last = np.searchsorted(campaigns, [campaign, campaign + 1], sorter=order)
            its = order[first:last]
            if len(its):
                shift = weights.intercept + weighed(rows.take(its), weights.coefficients(self.count))
                result[its] = shift if self.shared is None else result[its] + shift
        return result
