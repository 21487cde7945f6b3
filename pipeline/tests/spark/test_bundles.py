# SPDX-License-Identifier: Apache-2.0
"""Campaigns are bundled evenly, and a fit from the bundle's rows equals a fit from all rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from valuation_pipeline.features import Rows
from valuation_pipeline.spark import bundles
from valuation_pipeline.spark.bundles import Bundle, bundled, rows_of
from valuation_pipeline.training.campaign_fits import CampaignFits, fit, judge
from valuation_pipeline.training.samples import Sample

COLUMNS = 40


def sample(draws: np.random.Generator, sizes: Sequence[int], numbers: int, weighed: bool) -> Sample:
    count = sum(sizes)
    lengths = draws.integers(0, 6, count)
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    columns = draws.integers(0, COLUMNS, starts[-1]).astype(np.int32)
    return Sample(
        rows=np.arange(count),
        bounds=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        encoded=Rows(starts, columns, draws.normal(size=(count, numbers))),
        outcomes=(draws.random(count) < 0.3).astype(np.float64),
        fit_weights=draws.random(count) + 0.5 if weighed else None,
        offset=-draws.random(count),
    )


@pytest.mark.parametrize("numbers", [0, 2])
@pytest.mark.parametrize("weighed", [False, True])
def test_a_bundle_gives_the_same_fits(monkeypatch: pytest.MonkeyPatch, numbers: int, weighed: bool) -> None:
    monkeypatch.setattr(bundles, "ROWS_AT_ONCE", 7)
    draws = np.random.default_rng(5)
    sizes = [30, 200, 0, 41, 90]
    fitted, held_back = sample(draws, sizes, numbers, weighed), sample(draws, [5, 0, 3, 20, 9], numbers, weighed)
    fits = CampaignFits(
        fitted,
        draws.normal(size=len(fitted)) if weighed else None,
        10.0,
        draws.uniform(0.5, 3.0, COLUMNS + numbers),
        COLUMNS,
        numbers,
        held_back,
        choice=np.array([10, 12, 9, 11, 9]),
    )
    seen = []
    together = [[0, 3], [1, 4]]
    table = rows_of(fits, together)
    table = table.take(draws.permutation(table.num_rows))
    for place in range(len(together)):
        its_fits, campaigns = Bundle.of(fits).fits(table.filter(np.asarray(table["bundle"]) == place))
        for index, campaign in enumerate(campaigns):
            assert judge(its_fits, index).tobytes() == judge(fits, campaign).tobytes()
            found, expected = fit(its_fits, index), fit(fits, campaign)
            assert repr(found) == repr(expected)
            assert found.values.tobytes() == expected.values.tobytes()
            assert len(expected.values) > 0
            seen.append(campaign)
    assert sorted(seen) == [0, 1, 3, 4]


def test_bundles_have_about_equal_numbers_of_rows() -> None:
    rows = np.random.default_rng(2).lognormal(8, 1, 500).astype(np.int64)
    campaigns = list(range(0, 500, 2))
    made = bundled(rows, campaigns, 16)
    assert sorted(campaign for bundle in made for campaign in bundle) == campaigns
    sums = [int(rows[bundle].sum()) for bundle in made]
    assert max(sums) < 1.01 * sum(sums) / len(sums)
    assert all(bundle == sorted(bundle) for bundle in made)


def test_a_large_campaign_has_a_bundle_of_its_own() -> None:
    rows = np.array([1_000_000, 10, 20, 30, 40])
    assert [0] in bundled(rows, range(5), 3)


def test_there_are_no_more_bundles_than_campaigns() -> None:
    assert sorted(bundled(np.array([5, 6, 7]), [0, 2], 8)) == [[0], [2]]
    assert bundled(np.array([5]), [], 8) == []
