# SPDX-License-Identifier: Apache-2.0
"""The rows of one target, encoded and ordered by campaign."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from valuation_pipeline.errors import PipelineError
from valuation_pipeline.features import FeatureSet, Rows, Vocabulary
from valuation_pipeline.training.options import Target

Numbers = NDArray[np.float64]
Indices = NDArray[np.int64]

MICROSECONDS_A_DAY = 86_400_000_000


def weighed(rows: Rows, coefficients: Numbers) -> Numbers:
    """Sum of each row's weights, without an intercept. O(entries).

    Parameters
    ----------
    rows : Rows
    coefficients : array (columns + numbers)
    """
    count = len(coefficients) - rows.numbers.shape[1]
    result: Numbers = np.einsum("nm,m->n", rows.numbers, coefficients[count:])
    filled = np.flatnonzero(np.diff(rows.starts))
    if len(filled):
        result[filled] += np.add.reduceat(coefficients[:count][rows.columns], rows.starts[filled])
    return result


@dataclass(frozen=True)
class Examples:
    """Rows of one target: impressions for clicks, clicks for conversions; ordered by campaign, then time.

    Attributes
    ----------
    table : pa.Table
        The result of ``features.tabulate``, only the rows of the target, in this order.
    encoded : Rows
        The features that models see.
    campaigns : list of str
        In ascending order.
    bounds : int64 array (campaigns + 1)
        The start of each campaign's rows.
    outcomes : array
        1 if a click, or a conversion, is known.
    times, outcome_times : int64 arrays
        Microseconds since 1970, UTC: of the impression or click, and of the click or conversion (the largest int64 if
        there is none).
    days : int32 array
        Date of the impression, in days since 1970.
    weights : array
        How many rows each represents: 1 / ``negative_sampling_rate`` for negatives.
    negative_sampling_rate : float
        Share of the negatives that were kept.
    """

    table: pa.Table
    encoded: Rows
    campaigns: list[str]
    bounds: Indices
    outcomes: Numbers
    times: Indices
    outcome_times: Indices
    days: NDArray[np.int32]
    weights: Numbers
    negative_sampling_rate: float

    def __len__(self) -> int:
        return len(self.outcomes)

    def rows_of(self, campaign: int) -> slice:
        """The rows of a campaign, given by its index."""
        return slice(int(self.bounds[campaign]), int(self.bounds[campaign + 1]))

    @property
    def log_rate(self) -> float:
        """The difference between a logit among sampled rows and one among all."""
        return float(np.log(self.negative_sampling_rate))


def read_rows(
    table: pa.Table, feature_set: FeatureSet, target: Target, negative_sampling_rate: float
) -> tuple[Examples, Vocabulary]:
    """Order and encode the rows of a target.

    Parameters
    ----------
    table : pa.Table
        From ``features.tabulate``.
    target : "click" or "conversion"
        For conversions, rows without a click are skipped.
    negative_sampling_rate : float
        Share of the negatives that the table has.

    Raises
    ------
    PipelineError
        There is no row to train on.
    """
    if target == "conversion":
        table = table.filter(pc.field("click"))
    if table.num_rows == 0:
        rows = "impressions" if target == "click" else "clicks"
        raise PipelineError(f"{target} models: there are no {rows} to train on; see what counts.json says of the log")
    order = pc.sort_indices(table, [("campaign", "ascending"), ("time", "ascending"), ("impression_id", "ascending")])
    table = table.take(order)
    vocabulary = Vocabulary.fit(table, feature_set)
    codes = table["campaign"].combine_chunks().dictionary_encode()
    bounds = np.append(np.flatnonzero(np.diff(codes.indices.to_numpy(), prepend=-1)), table.num_rows).astype(np.int64)
    outcomes = table[target].to_numpy().astype(np.float64)
    return Examples(
        table=table,
        encoded=vocabulary.encode(table),
        campaigns=codes.dictionary.to_pylist(),
        bounds=bounds,
        outcomes=outcomes,
        times=_microseconds(table["time" if target == "click" else "click_time"]),
        outcome_times=_microseconds(table[f"{target}_time"]),
        days=table["date"].cast(pa.int32()).to_numpy(),
        weights=np.where(outcomes > 0, 1.0, 1.0 / negative_sampling_rate),
        negative_sampling_rate=negative_sampling_rate,
    ), vocabulary


def _microseconds(times: pa.ChunkedArray) -> Indices:
    whole = times.cast(pa.timestamp("us")).cast(pa.int64())
    result: Indices = pc.fill_null(whole, np.iinfo(np.int64).max).to_numpy()
    return result
