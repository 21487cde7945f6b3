# SPDX-License-Identifier: Apache-2.0
"""The spread of a field's weights is learnt from outcomes, and its penalty factor is the prior's for that spread."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from valuation_pipeline.features import Rows
from valuation_pipeline.training.rows import Indices, Numbers
from valuation_pipeline.training.samples import Sample
from valuation_pipeline.training.spreads import SPREADS, own_factors, shared_factors

CAMPAIGNS, ROWS, VALUES = 60, 4000, 10
FIELDS = np.repeat(np.arange(3), [VALUES, VALUES, 1])
"""Two fields of ten values, and a number."""
EVERYONE = np.arange(CAMPAIGNS)


def sample(rng: np.random.Generator, own: list[float], weights: Numbers | None = None) -> tuple[Sample, Numbers]:
    """Rows of campaigns that deviate by this much in each field, and their log-odds without the deviations."""
    n = CAMPAIGNS * ROWS
    columns = rng.integers(0, VALUES, (n, 2)) + np.array([0, VALUES])
    numbers = rng.normal(size=(n, 1))
    campaigns = np.repeat(EVERYONE, ROWS)
    spreads = np.array(own)[FIELDS]
    deviations = rng.normal(0.0, spreads, (CAMPAIGNS, len(FIELDS)))
    level = -2.0 + rng.normal(0.0, 0.5, CAMPAIGNS)[campaigns]
    shared = np.zeros(len(FIELDS)) if weights is None else weights
    z = level + (deviations[campaigns[:, None], columns] + shared[columns]).sum(axis=1)
    z += (deviations[campaigns, -1] + shared[-1]) * numbers[:, 0]
    outcomes = (rng.random(n) < expit(z)).astype(float)
    encoded = Rows(np.arange(0, 2 * n + 1, 2), columns.ravel().astype(np.int32), numbers)
    bounds: Indices = np.arange(0, n + 1, ROWS)
    return Sample(np.arange(n), bounds, encoded, outcomes, None, np.zeros(n)), level


def spreads_of(factors: Numbers) -> list[float]:
    """The spread of each field."""
    result = np.sqrt(2.0) / factors
    assert all(len(set(result[field == FIELDS].tolist())) == 1 for field in range(3))
    return [float(result[field == FIELDS][0]) for field in range(3)]


def test_deviations_of_campaigns_are_found_in_their_fields() -> None:
    rows, level = sample(np.random.default_rng(1), own=[0.6, 0.0, 0.2])
    found = spreads_of(own_factors(rows, level, EVERYONE, FIELDS))
    assert found[0] == pytest.approx(0.6, rel=0.25)
    assert found[1] < 0.1
    assert found[2] == pytest.approx(0.2, rel=0.4)


def test_a_campaigns_level_is_not_a_deviation() -> None:
    rows, level = sample(np.random.default_rng(2), own=[0.0, 0.0, 0.0])
    assert max(spreads_of(own_factors(rows, level + 0.3, EVERYONE, FIELDS))) < 0.1


def test_the_spread_of_shared_weights_comes_from_a_fit_and_its_residuals() -> None:
    weights = np.concatenate([np.random.default_rng(3).normal(0.0, 0.5, VALUES), np.zeros(VALUES), [0.0]])
    rows, level = sample(np.random.default_rng(4), own=[0.0, 0.0, 0.0], weights=weights)
    # A fit with half of each weight is one Newton step away from the whole weight.
    half = weights / 2
    z = level + half[rows.encoded.columns.reshape(-1, 2)].sum(axis=1)
    found = spreads_of(shared_factors(rows, z, half, FIELDS))
    assert found[0] == pytest.approx(float(np.sqrt((weights[:VALUES] ** 2).mean())), rel=0.25)
    assert max(found[1:]) < 0.1


def test_twice_the_rows_at_half_the_weight_give_the_same() -> None:
    rows, level = sample(np.random.default_rng(5), own=[0.4, 0.1, 0.0])
    twice = rows.encoded.take(np.repeat(np.arange(len(rows)), 2))
    doubled = Sample(
        np.arange(2 * len(rows)), 2 * rows.bounds, twice, np.repeat(rows.outcomes, 2),
        np.full(2 * len(rows), 0.5), np.zeros(2 * len(rows)),
    )  # fmt: skip
    once = own_factors(rows, level, EVERYONE, FIELDS)
    np.testing.assert_array_equal(own_factors(doubled, np.repeat(level, 2), EVERYONE, FIELDS), once)


def test_an_offset_lowers_the_expected_outcomes() -> None:
    rows, level = sample(np.random.default_rng(6), own=[0.3, 0.0, 0.1])
    lowered = replace(rows, offset=np.full(len(rows), -0.7))
    np.testing.assert_array_equal(
        own_factors(lowered, level + 0.7, EVERYONE, FIELDS), own_factors(rows, level, EVERYONE, FIELDS)
    )


def test_without_campaigns_the_smallest_spread_is_taken() -> None:
    rows, level = sample(np.random.default_rng(7), own=[0.5, 0.5, 0.5])
    assert spreads_of(own_factors(rows, level, np.empty(0, np.int64), FIELDS)) == pytest.approx([SPREADS[0]] * 3)
