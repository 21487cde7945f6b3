# SPDX-License-Identifier: Apache-2.0
"""Variances are 1 / (lambda + sum of x^2 p (1 - p)) over a model's rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from scipy.special import expit

from training.small_log import Log
from valuation_pipeline.features import feature_column
from valuation_pipeline.training.options import Strategy, TrainingOptions
from valuation_pipeline.training.train import Trained, train


def trained(log: Log, strategy: Strategy) -> Trained:
    options = TrainingOptions(strategy=strategy, variances=True, minimum_expected_positives=1, intercept_precision=3.0)
    return train(log.table, log.feature_set, options, "click", log.as_of)


@pytest.fixture(scope="module")
def found(log: Log) -> Trained:
    return trained(log, "corrections")


def curvature(table: pa.Table, result: Trained) -> np.ndarray[Any, Any]:
    p = expit(result.log_odds(table))
    return np.asarray(p * (1 - p))


def first_column(result: Trained, name: str) -> int:
    values = result.vocabulary.values
    return sum(len(values[before]) for before in list(values)[: list(values).index(name)])


def factor(result: Trained, name: str, *, own: bool) -> float:
    """The penalty factor of a field's columns."""
    factors = result.models.priors.own if own else result.models.priors.shared
    return float(factors[first_column(result, name)])


def normal_precision(result: Trained, name: str) -> float:
    """The precision of the normal prior of a field's shared weights."""
    return float(result.models.priors.precisions[first_column(result, name)])


def test_a_corrections_variances_are_those_of_its_campaigns_rows(log: Log, found: Trained) -> None:
    document = found.documents[-1]
    table = log.table.filter(pc.equal(log.table["campaign"], document["campaign"]))
    row = next(row for row in found.campaigns if row["campaign"] == document["campaign"])
    weight = curvature(table, found)
    precision = row["penalty"] * table.num_rows
    assert document["variance"]["intercept"] == pytest.approx(1 / (3.0 + weight.sum()))
    slots = feature_column(table, "slot").to_pylist()
    listed = document["variance"]["categorical"]["slot"]
    assert len(listed) > 10
    for slot, variance in listed.items():
        its = np.array([value == slot for value in slots])
        assert variance == pytest.approx(1 / (factor(found, "slot", own=True) * precision + weight[its].sum()))
        assert slot in document["categorical"]["slot"]
    number = next(number for number in found.vocabulary.numbers if number.field == "activity")
    x = number.of(feature_column(table, "activity"))
    expected = 1 / (found.models.priors.own[-1] * precision + (weight * x**2).sum())
    assert document["variance"]["numeric"]["activity"] == pytest.approx(expected)


@pytest.mark.parametrize("strategy", ["corrections", "joint"])
def test_a_shared_weight_has_the_precision_of_prior_penalty_and_rows_and_the_intercept_that_of_rows_alone(
    log: Log, strategy: Strategy
) -> None:
    found = trained(log, strategy)
    document, shared = found.documents[0], found.models.shared
    assert shared is not None
    encoded = found.vocabulary.encode(log.table)
    z = shared.intercept + np.zeros(len(encoded))
    dense = shared.coefficients(found.models.count)
    p = found.vocabulary.column_count
    for row in range(len(encoded)):
        z[row] += dense[encoded.columns[encoded.starts[row] : encoded.starts[row + 1]]].sum()
    z += encoded.numbers @ dense[p:]
    weight = expit(z) * (1 - expit(z))
    assert document["variance"]["intercept"] == pytest.approx(1 / weight.sum())
    precision = shared.penalty * len(encoded)
    its = np.array(feature_column(log.table, "os").to_pylist()) == "os-0"
    variances = document["variance"]["categorical"]
    normal = normal_precision(found, "os")
    assert normal > 0.1
    assert (factor(found, "os", own=False) == 0) == (strategy == "joint")
    expected = 1 / (factor(found, "os", own=False) * precision + normal + weight[its].sum())
    assert variances["os"]["os-0"] == pytest.approx(expected)
    campaigns = np.array(log.table["campaign"].to_pylist())
    some = next(iter(variances["campaign"]))
    prior = factor(found, "campaign", own=False) * precision + normal_precision(found, "campaign")
    expected = 1 / (prior + weight[campaigns == some].sum())
    assert variances["campaign"][some] == pytest.approx(expected)
