# SPDX-License-Identifier: Apache-2.0
"""Strategies with weights of their own for each campaign recognise campaigns that differ from the others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from scipy.special import expit

from features.examples import feature_set, write_examples
from valuation_pipeline.features import FeatureSet, feature_column, tabulate
from valuation_pipeline.training.options import Strategy, TrainingOptions
from valuation_pipeline.training.train import Trained, train

FEATURES = feature_set(
    category={"campaign": {"source": "campaign"}, "advertiser": {"source": "advertiser"}, "slot": {}, "os": {}}
)
AS_OF = datetime(2026, 11, 21)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    """In four campaigns, slot=a raises the clicks of c-0 to c-2 and lowers those of c-3; os has no effect."""
    rng = np.random.default_rng(1)
    rows = []
    for number in range(8000):
        campaign, slot = f"c-{number % 4}", rng.choice(["a", "b"])
        effect = (0.0 if slot == "b" else -1.5 if campaign == "c-3" else 1.0) + 0.2 * (number % 4)
        click = bool(rng.random() < expit(-1.5 + effect))
        time = datetime(2026, 11, 11, tzinfo=UTC) + timedelta(minutes=int(number * 1.8))
        features = {"slot": str(slot), "os": str(rng.choice(["x", "y"]))}
        row = {"campaign": campaign, "advertiser": "adv", "features": features, "time": time, "click": click}
        rows.append(row | ({"click_time": time.replace(tzinfo=None)} if click else {}))
    return tabulate(write_examples(tmp_path_factory.mktemp("rows") / "examples.parquet", rows), FEATURES)


def fitted(table: pa.Table, strategy: Strategy, features: FeatureSet = FEATURES, **told: float) -> Trained:
    options = TrainingOptions.model_validate({"strategy": strategy, **told})
    return train(table, features, options, "click", AS_OF)


def slot_effect(result: Trained, table: pa.Table, campaign: str) -> float:
    """The effect of slot=a on a campaign's log-odds, relative to slot=b."""
    z = result.log_odds(table)
    campaigns, slots, systems = (
        np.array(column.to_pylist())
        for column in (table["campaign"], feature_column(table, "slot"), feature_column(table, "os"))
    )
    its = (campaigns == campaign) & (systems == "x")
    return float(z[its & (slots == "a")].mean() - z[its & (slots == "b")].mean())


@pytest.mark.parametrize("strategy", ["corrections", "joint", "separate"])
def test_a_campaign_that_differs_has_weights_of_its_own(table: pa.Table, strategy: Strategy) -> None:
    result = fitted(table, strategy)
    assert slot_effect(result, table, "c-3") == pytest.approx(-1.5, abs=0.4)
    assert slot_effect(result, table, "c-1") == pytest.approx(1.0, abs=0.3)


def test_the_pooled_model_cannot_tell_it(table: pa.Table) -> None:
    result = fitted(table, "pooled")
    assert slot_effect(result, table, "c-3") == pytest.approx(slot_effect(result, table, "c-1"))
    assert len(result.documents) == 1


def test_joint_without_own_columns_is_the_shared_model_of_normal_priors_alone(table: pa.Table) -> None:
    joint, pooled = (fitted(table, strategy, minimum_expected_positives=1e6) for strategy in ("joint", "pooled"))
    assert len(joint.documents) == 1
    shared = joint.models.shared
    assert shared is not None
    residuals = table["click"].to_numpy().astype(float) - expit(joint.log_odds(table))
    rows = joint.vocabulary.encode(table)
    gradient = np.bincount(rows.columns, np.repeat(residuals, np.diff(rows.starts)), joint.models.count)
    prior = joint.models.priors.precisions * shared.coefficients(joint.models.count)
    assert np.abs(prior).max() > 5.0
    np.testing.assert_allclose(gradient, prior, atol=1.0)
    assert abs(residuals.sum()) < 1.0
    np.testing.assert_array_equal(joint.models.priors.precisions, pooled.models.priors.precisions)


def test_a_strong_prior_holds_a_corrections_intercept_at_0(table: pa.Table) -> None:
    free, held = (
        fitted(table, "corrections", intercept_precision=0.0),
        fitted(table, "corrections", intercept_precision=1e9),
    )
    assert max(abs(document["intercept"]) for document in held.documents[1:]) < 1e-6
    assert max(abs(document["intercept"]) for document in free.documents[1:]) > 1e-3


def test_a_campaign_with_too_few_rows_has_no_model_of_its_own(table: pa.Table) -> None:
    result = fitted(table, "corrections", minimum_expected_positives=1e6)
    assert [document["campaign"] for document in result.documents] == ["*"]
    assert all("rows, fewer than" in row["decision"] for row in result.campaigns)
