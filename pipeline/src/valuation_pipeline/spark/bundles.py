# SPDX-License-Identifier: Apache-2.0
"""Campaigns in bundles of about equal numbers of rows, and their rows as tables for executors."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from valuation_pipeline.features import Rows
from valuation_pipeline.training.campaign_fits import CampaignFits
from valuation_pipeline.training.rows import Indices, Numbers
from valuation_pipeline.training.samples import Sample

ROWS_AT_ONCE = 100_000
"""So many rows are copied at a time on their way to the executors."""

BUNDLED = pa.schema(
    [
        ("bundle", pa.int32()),
        ("campaign", pa.int32()),
        ("held_back", pa.bool_()),
        ("row", pa.int64()),
        ("columns", pa.list_(pa.int32())),
        ("numbers", pa.list_(pa.float64())),
        ("outcome", pa.float64()),
        ("weight", pa.float64()),
        ("open", pa.float64()),
        ("offset", pa.float64()),
    ]
)
"""Rows of campaigns: ``weight``, ``open`` and ``offset`` are those of a fit, null where it has none."""


def bundled(rows: Indices, campaigns: Sequence[int], most: int) -> list[list[int]]:
    """Bundle campaigns: the largest first, each into the bundle that has the fewest rows so far.

    Parameters
    ----------
    rows : int64 array (campaigns)
        Rows of each campaign, by its index.
    campaigns : sequence of int
        The campaigns to bundle.
    most : int
        The largest number of bundles.

    Returns
    -------
    list of list of int
        Each rising.
    """
    bundles: list[list[int]] = [[] for _ in range(min(most, len(campaigns)))]
    lightest = [(0, place) for place in range(len(bundles))]
    for campaign in sorted(campaigns, key=lambda campaign: (-int(rows[campaign]), campaign)):
        weight, place = heapq.heappop(lightest)
        bundles[place].append(campaign)
        heapq.heappush(lightest, (weight + int(rows[campaign]), place))
    return [sorted(bundle) for bundle in bundles]


def rows_of(fits: CampaignFits, bundles: list[list[int]]) -> pa.Table:
    """Return the rows of bundles of campaigns, as BUNDLED has them. O(entries)."""
    batches = [batch for place, bundle in enumerate(bundles) for batch in _batches(fits, place, bundle)]
    return pa.Table.from_batches(batches, BUNDLED)


@dataclass(frozen=True)
class Bundle:
    """What a bundle needs besides its rows.

    Attributes
    ----------
    precision, factors, column_count, number_count, choice
        As in CampaignFits.
    held_back : bool
        Whether there are held-back rows.
    """

    precision: float
    factors: Numbers
    column_count: int
    number_count: int
    choice: Indices | None
    held_back: bool

    @classmethod
    def of(cls, fits: CampaignFits) -> Bundle:
        """Extract it from the fits of all campaigns."""
        return cls(
            fits.precision, fits.factors, fits.column_count, fits.number_count, fits.choice, fits.held_back is not None
        )

    def fits(self, table: pa.Table) -> tuple[CampaignFits, list[int]]:
        """Make the fits of a bundle's campaigns from its rows, in any order.

        Returns
        -------
        (CampaignFits, list of int)
            The campaigns have new indices there; the list has their former ones.
        """
        table = table.sort_by("row")
        campaigns = pc.unique(table["campaign"]).sort()
        is_held = table["held_back"]
        fitted = table.filter(pc.invert(is_held))
        result = CampaignFits(
            fitted=self._sample(fitted, campaigns),
            offset=_numbers(fitted["offset"]),
            precision=self.precision,
            factors=self.factors,
            column_count=self.column_count,
            number_count=self.number_count,
        )
        if self.held_back:
            result = replace(result, held_back=self._sample(table.filter(is_held), campaigns))
        if self.choice is not None:
            result = replace(result, choice=self.choice[campaigns.to_numpy()])
        return result, campaigns.to_pylist()

    def _sample(self, table: pa.Table, campaigns: pa.Array) -> Sample:
        count = table.num_rows
        of_row, known = table["campaign"].to_numpy(), campaigns.to_numpy()
        lengths = pc.list_value_length(table["columns"]).to_numpy().astype(np.int64)
        encoded = Rows(
            np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)]),
            pc.list_flatten(table["columns"]).to_numpy().astype(np.int32),
            pc.list_flatten(table["numbers"]).to_numpy().astype(np.float64).reshape(count, self.number_count),
        )
        return Sample(
            rows=np.arange(count),
            bounds=np.append(np.searchsorted(of_row, known), count).astype(np.int64),
            encoded=encoded,
            outcomes=table["outcome"].to_numpy().astype(np.float64),
            fit_weights=_numbers(table["weight"]),
            offset=table["open"].to_numpy().astype(np.float64),
        )


def _batches(fits: CampaignFits, place: int, bundle: list[int]) -> Iterator[pa.RecordBatch]:
    for held_back, sample in ((False, fits.fitted), (True, fits.held_back)):
        if sample is None:
            continue
        offset = None if held_back else fits.offset
        for campaign in bundle:
            whole = sample.rows_of(campaign)
            for first in range(whole.start, whole.stop, ROWS_AT_ONCE):
                rows = np.arange(first, min(first + ROWS_AT_ONCE, whole.stop))
                encoded = sample.encoded.take(rows)
                count, numbers = encoded.numbers.shape
                columns = {
                    "bundle": pa.repeat(pa.scalar(place, pa.int32()), count),
                    "campaign": pa.repeat(pa.scalar(campaign, pa.int32()), count),
                    "held_back": pa.repeat(held_back, count),
                    "row": pa.array(rows),
                    "columns": pa.ListArray.from_arrays(encoded.starts.astype(np.int32), encoded.columns),
                    "numbers": pa.ListArray.from_arrays(
                        np.arange(count + 1, dtype=np.int32) * numbers, encoded.numbers.reshape(-1)
                    ),
                    "outcome": pa.array(sample.outcomes[rows]),
                    "weight": _part(sample.fit_weights, rows),
                    "open": pa.array(sample.offset[rows]),
                    "offset": _part(offset, rows),
                }
                yield pa.record_batch(columns, schema=BUNDLED)


def _part(numbers: Numbers | None, rows: Indices) -> pa.Array:
    return pa.nulls(len(rows), pa.float64()) if numbers is None else pa.array(numbers[rows])


def _numbers(column: pa.ChunkedArray) -> Numbers | None:
    """A column's numbers, None if all are null; without rows, an array, which is equivalent."""
    if len(column) and column.null_count == len(column):
        return None
    result: Numbers = column.to_numpy().astype(np.float64)
    return result
