# SPDX-License-Identifier: Apache-2.0
"""Constants that replace models: documents that the engine accepts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import valuation

from valuation_pipeline.checks.constants import Rate, observed_rates, replace_by_constants
from valuation_pipeline.errors import PipelineError

AD = {"pricing": "cpc", "bid": 1.0}


def _documents(share: float = 1.0) -> list[dict[str, Any]]:
    common = {
        "format": "valuation-model/1",
        "kind": "logistic",
        "target": "click",
        "version": "v",
        "negative_sampling_rate": share,
        "training": {"rows": 1000, "positives": 20, "trainer": "t"},
    }
    shared = {"campaign": "*", "intercept": -3.0, "categorical": {"slot": {"1": 0.5}}}
    own = {"campaign": "a", "extends": "*", "intercept": 0.2, "categorical": {"slot": {"1": -0.1}}}
    return [{**common, **shared}, {**common, **own}, {**common, **own, "campaign": "b"}]


def _probabilities(folder: Path, documents: list[dict[str, Any]]) -> dict[str, float]:
    file = folder / "click.jsonl"
    file.write_text("".join(json.dumps(document) + "\n" for document in documents), encoding="utf-8")
    with valuation.Engine() as engine:
        engine.load(folder)
        ads = [{"campaign": campaign, **AD} for campaign in ("a", "b", "new")]
        values = engine.score({"features": {"slot": "1"}, "candidates": ads})["values"]
    return {str(ad["campaign"]): value["pctr"] or 0.0 for ad, value in zip(ads, values, strict=True)}


@pytest.mark.parametrize("share", [1.0, 0.02])
def test_the_engine_gives_the_rate_for_a_replaced_campaign_and_the_same_for_others(
    tmp_path: Path, share: float
) -> None:
    before = _probabilities(tmp_path, _documents(share))
    replaced = replace_by_constants(_documents(share), "click", {"a": Rate(0.0125, 800, 9, 800.0, "adv")})
    after = _probabilities(tmp_path, replaced)
    assert after == {**before, "a": pytest.approx(0.0125, rel=1e-6)}
    assert not [problem for problem in valuation.validate(tmp_path) if not problem.is_warning]


def test_a_campaign_without_a_model_of_its_own_gets_a_constant(tmp_path: Path) -> None:
    replaced = replace_by_constants(_documents(), "click", {"new": Rate(0.3, 10, 3, 10.0)})
    assert _probabilities(tmp_path, replaced)["new"] == pytest.approx(0.3, rel=1e-6)


def test_the_shared_model_is_not_replaced_below_models_that_correct_it() -> None:
    with pytest.raises(PipelineError, match=r"of campaign 'b' extends that of '\*'"):
        replace_by_constants(_documents(), "click", {"*": Rate(0.1, 10, 1, 10.0), "a": Rate(0.1, 10, 1, 10.0)})


def test_all_models_may_be_replaced(tmp_path: Path) -> None:
    rates = {"*": Rate(0.1, 100, 10, 100.0), "a": Rate(0.2, 10, 2, 10.0), "b": Rate(0.3, 10, 3, 10.0)}
    found = _probabilities(tmp_path, replace_by_constants(_documents(0.1), "click", rates))
    assert found == pytest.approx({"a": 0.2, "b": 0.3, "new": 0.1}, rel=1e-6)


def test_a_constant_has_a_variance_if_its_model_had_one(tmp_path: Path) -> None:
    documents = [{**document, "variance": {"intercept": 0.5}} for document in _documents(0.1)]
    replaced = replace_by_constants(documents, "click", {"a": Rate(0.02, 5000, 100, 5000.0)})
    assert replaced[1]["variance"] == {"intercept": pytest.approx(1 / 100 + 1 / 490)}
    _probabilities(tmp_path, replaced)


def test_rates_of_campaigns_are_shrunk_towards_that_of_all() -> None:
    rates = observed_rates(
        "click",
        [
            {"campaign": "none", "rows": 0, "positives": 0, "complete_rows": 0.0},
            {"campaign": "large", "rows": 999_000, "positives": 9_990, "complete_rows": 999_000.0, "advertiser": "x"},
        ],
    )
    assert rates["none"].probability == pytest.approx(rates["*"].probability)
    assert rates["large"].probability == pytest.approx(0.01, rel=1e-3)
    assert rates["large"].advertiser == "x"


def test_a_campaign_that_never_had_a_positive_keeps_a_probability() -> None:
    rates = observed_rates("conversion", [{"campaign": "a", "rows": 30, "positives": 0, "complete_rows": 30.0}])
    assert 0 < rates["a"].probability < 0.05


def test_without_named_models_nothing_is_replaced() -> None:
    assert replace_by_constants(_documents(), "click", {}) == _documents()
