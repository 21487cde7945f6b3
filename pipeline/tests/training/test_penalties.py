# SPDX-License-Identifier: Apache-2.0
"""Penalties are chosen by held-back losses: a campaign's own, and those of campaigns of its size."""

from __future__ import annotations

import numpy as np

from valuation_pipeline.training.penalties import choose


def test_a_large_campaign_follows_its_own_days_and_a_small_one_its_class() -> None:
    # Losses a row: the class is best off with candidate 1, every campaign alone says 2.
    large, small = 100_000.0, 50.0
    curves = np.array([[0.20, 0.19, 0.18], [0.20, 0.19, 0.18], [0.20, 0.15, 0.19], [0.20, 0.15, 0.19]])
    rows = np.array([large, small, large, large])
    choice = choose(curves * rows[:, None], rows, np.zeros(4, np.int64), 1000.0)
    assert choice.tolist() == [2, 1, 1, 1]


def test_classes_do_not_mix() -> None:
    curves = np.array([[3.0, 1.0], [1.0, 3.0]])
    assert choose(curves, np.ones(2), np.array([0, 1]), 1e9).tolist() == [1, 0]


def test_of_equals_the_most_penalised_is_taken() -> None:
    assert choose(np.ones((2, 4)), np.ones(2), np.zeros(2, np.int64), 10.0).tolist() == [0, 0]
    assert choose(np.zeros((1, 4)), np.zeros(1), np.zeros(1, np.int64), 10.0).tolist() == [0]
