# SPDX-License-Identifier: Apache-2.0
"""The solution fulfils the conditions of the minimum for every kind of problem."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.problems import Kind, make, objective, violation
from valuation_pipeline.solver import fit_path

KINDS = st.builds(
    Kind,
    seed=st.integers(0, 2**32 - 1),
    rows=st.integers(1, 200),
    fields=st.integers(0, 6),
    labels=st.integers(1, 20),
    numbers=st.integers(0, 4),
    has_weights=st.booleans(),
    has_offset=st.booleans(),
    has_factors=st.booleans(),
    has_precisions=st.booleans(),
    has_fractions=st.booleans(),
    strength=st.sampled_from([0.0, 1.0, 8.0]),
    rate=st.sampled_from([0.01, 0.2, 0.7]),
)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(kind=KINDS, precision=st.sampled_from([0.0, 3.0]))
def test_the_conditions_of_the_minimum_hold(kind: Kind, precision: float) -> None:
    problem = make(kind)
    path = fit_path(problem, ratios=[1, 0.3, 0.03], intercept_precision=precision, tolerance=1e-12)
    assert path.converged.all()
    scale = max(1e-6, objective(problem, path.intercepts[0], path.coefficients[0], path.penalties[0], precision))
    for index, (penalty, intercept) in enumerate(zip(path.penalties, path.intercepts, strict=True)):
        model = (problem, intercept, path.coefficients[index], penalty, precision)
        assert np.isfinite(np.append(path.coefficients[index], intercept)).all()
        assert path.objective[index] == pytest.approx(objective(*model), rel=1e-10, abs=1e-14)
        missed = violation(*model)
        assert missed == pytest.approx(path.violation[index], rel=1e-3, abs=1e-12)
        # A step of a coefficient's size along the violated derivative gains no more than this.
        assert missed <= 1e-4 * max(scale, penalty)
