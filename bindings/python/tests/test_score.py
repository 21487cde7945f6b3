# SPDX-License-Identifier: Apache-2.0
"""JSON requests are valued by the formulas of the model format."""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

import reference
from conftest import ALONE, CLICK, CONVERSION, EVERYBODY, MODELS, REQUEST_FEATURES
from valuation import Engine, NothingLoadedError, RequestError, Status


def ad(campaign: str = "1042", pricing: str = "cpc", bid: Any = 0.5, **members: Any) -> dict[str, Any]:
    return {"campaign": campaign, "pricing": pricing, "bid": bid} | members


def request(*candidates: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"features": REQUEST_FEATURES, "candidates": list(candidates)} | members


def test_each_pricing_is_valued_by_its_formula(engine: Engine) -> None:
    creative = {"creative": "55"}
    answer = engine.score(
        request(
            ad(pricing="cpm", bid=2.0, features=creative),
            ad(pricing="cpc", bid=0.5, features=creative),
            ad(pricing="cpa", bid=35.0, features=creative),
            id="imp-1",
        )
    )
    pctr = reference.probability(CLICK, MODELS, REQUEST_FEATURES, creative)
    pcvr = reference.probability(CONVERSION, MODELS, REQUEST_FEATURES, creative)
    cpm, cpc, cpa = answer["values"]
    assert answer["id"] == "imp-1"
    assert cpm["expected_revenue"] == 0.002
    assert cpc["expected_revenue"] == pytest.approx(0.5 * pctr, rel=1e-6)
    assert cpa["expected_revenue"] == pytest.approx(35.0 * pctr * pcvr, rel=2e-6)
    assert [value["pctr"] for value in (cpm, cpc, cpa)] == [pytest.approx(pctr, rel=1e-6)] * 3
    assert (cpm["pcvr"], cpc["pcvr"]) == (None, None)
    assert cpa["pcvr"] == pytest.approx(pcvr, rel=1e-6)


def test_a_request_is_a_mapping_or_json_text(engine: Engine) -> None:
    as_dictionary = request(ad(features={"creative": "55"}))
    expected = engine.score(as_dictionary)
    assert engine.score(MappingProxyType(as_dictionary)) == expected
    assert engine.score(json.dumps(as_dictionary)) == expected
    assert engine.score(json.dumps(as_dictionary).encode()) == expected


def test_numpy_values_count_like_pythons(engine: Engine) -> None:
    features = REQUEST_FEATURES | {
        "slot": np.int64(12),
        "days_since_visit": np.float32(2.5),
        "segments": np.array(["sports", "travel"]),
        "logged_in": np.True_,
    }
    assert engine.score({"features": features, "candidates": [ad()]}) == engine.score(request(ad()))


def test_integers_bools_and_text_name_the_same_category(engine: Engine) -> None:
    by_text = {"features": {"slot": "12", "logged_in": "true"}, "candidates": [ad("2000")]}
    by_type = {"features": {"slot": 12, "logged_in": True, "os": None}, "candidates": [ad("2000")]}
    assert engine.score(by_text) == engine.score(by_type)
    expected = reference.probability(ALONE, MODELS, {"logged_in": "true"})
    assert engine.score(by_text)["values"][0]["pctr"] == pytest.approx(expected, rel=1e-6)


def test_a_campaign_without_models_is_valued_by_the_default_models(engine: Engine) -> None:
    (value,) = engine.score(request(ad("unheard-of", "cpa")))["values"]
    assert value["pctr"] == pytest.approx(reference.probability(EVERYBODY, MODELS, REQUEST_FEATURES), rel=1e-6)
    assert value["pcvr"] is None
    assert value["expected_revenue"] == 0
    assert {"unknown_campaign", "default_click_model", "no_conversion_model"} <= set(value["flags"])


def test_a_bad_candidate_is_worth_nothing_and_the_others_are_valued(engine: Engine) -> None:
    good = ad(features={"creative": "55"})
    bids = ["0.5", -1, None]
    values = engine.score(request(good, *(ad(bid=bid) for bid in bids), ad(pricing="cpx"), good))["values"]
    assert [value["expected_revenue"] for value in values[1:-1]] == [0, 0, 0, 0]
    assert all({"invalid_bid", "invalid_candidate"} & set(value["flags"]) for value in values[1:-1])
    assert values[0] == values[-1] == engine.score(request(good))["values"][0]


def test_top_returns_the_best_first(engine: Engine) -> None:
    candidates = [ad(bid=bid, ad=str(bid)) for bid in (1, 3, 2, 5, 4)]
    assert [value["ad"] for value in engine.score(request(*candidates, top=2))["values"]] == ["5", "4"]


def test_the_same_request_gives_the_same_bits_alone_or_among_others(engine: Engine) -> None:
    candidates = [ad(campaign, features={"creative": "55"}) for campaign in ("1042", "2000", "*", "new")]
    together = engine.score(request(*candidates))["values"]
    assert [engine.score(request(candidate))["values"][0] for candidate in candidates] == together


def test_an_explanation_adds_up_to_the_value(engine: Engine) -> None:
    subject = request(ad(pricing="cpa", bid=35.0, features={"creative": "55"}), ad("2000"))
    scored, explained = engine.score(subject)["values"], engine.explain(subject)["values"]
    for value, reasons in zip(scored, explained, strict=True):
        assert {name: reasons.get(name) for name in value} == value
        click = reasons["click"]
        assert click is not None
        # Each term is printed to a float's digits.
        digits = math.fsum(abs(term["logit"]) for term in click["terms"]) * 2**-24
        assert math.fsum(term["logit"] for term in click["terms"]) == pytest.approx(click["logit"], abs=digits)
        assert click["probability"] == value["pctr"]
    conversion = explained[0]["conversion"]
    assert conversion is not None
    assert conversion["probability"] == scored[0]["pcvr"]
    assert explained[1]["conversion"] is None


def test_an_explanation_names_every_term_and_the_model_it_is_from(engine: Engine) -> None:
    (value,) = engine.explain(request(ad(features={"creative": "55"})))["values"]
    click = value["click"]
    assert click is not None
    terms = {(term["term"], term.get("feature"), term["model"]): term["logit"] for term in click["terms"]}
    expected = {
        ("intercept", None, "1042"): -1.93,
        ("sampling", None, "1042"): math.log(0.02),
        ("feature", "slot=12", "1042"): 0.31,
        ("feature", "segments=sports", "1042"): 0.2,
        ("feature", "segments=travel", "1042"): 0.7,
        ("feature", "creative=55", "1042"): 0.9,
        ("intercept", None, "*"): -2.0,
        ("feature", "slot=12", "*"): 0.5,
        ("feature", "os=ios", "*"): 0.125,
        ("number", "days_since_visit", "*"): -0.4 * (2.5 - 3.0) / 1.5,
    }
    crosses = {name: logit for name, logit in terms.items() if name[0] == "cross"}
    assert list(crosses.values()) == [pytest.approx(0.4)]
    assert {name: terms[name] for name in terms if name not in crosses} == pytest.approx(expected)


def test_a_description_counts_what_is_loaded(engine: Engine) -> None:
    description = engine.describe()
    assert (description["models"], description["click_models"], description["conversion_models"]) == (4, 3, 1)
    by_name = {(entry["campaign"], entry["target"]): entry for entry in description["list"]}
    click = by_name["1042", "click"]
    assert (click["extends"], click["intercept"], click["negative_sampling_rate"]) == ("*", -1.93, 0.02)
    assert (click["categorical_weights"], click["numeric_weights"], click["cross_weights"]) == (4, 0, 1)
    assert click["self_tests"] == 2
    assert click["training"] is not None
    assert click["training"]["rows"] == 124878
    assert by_name["*", "click"]["training"] is None


def test_a_malformed_request_says_line_and_column(engine: Engine) -> None:
    with pytest.raises(RequestError) as caught:
        engine.score('{"features": {},\n "candidates": [}')
    error = caught.value
    assert error.status == Status.JSON_SYNTAX
    assert (error.line, error.column) == (2, 17)
    assert "line 2:17" in str(error)
    assert isinstance(error, ValueError)


def test_a_dictionary_without_a_form_in_json_is_refused(engine: Engine) -> None:
    with pytest.raises(ValueError, match="NaN or infinite"):
        engine.score({"features": {"days_since_visit": float("inf")}, "candidates": [ad()]})
    with pytest.raises(ValueError, match="NaN or infinite"):
        engine.score({"features": {}, "candidates": [ad(bid=float("nan"))]})
    with pytest.raises(TypeError, match="cannot hold a set"):
        engine.score({"features": {"segments": {"sports"}}, "candidates": [ad()]})
    with pytest.raises(TypeError, match="a request is a dict"):
        engine.score([ad()])  # type: ignore[arg-type]


def test_scoring_before_loading_says_so() -> None:
    with Engine() as empty, pytest.raises(NothingLoadedError):
        empty.score(request(ad()))


def test_new_models_serve_from_the_next_call_on(engine: Engine, tmp_path: Path) -> None:
    scorer = engine.scorer()
    newer = reference.model("1042", intercept=1.5)
    engine.load(reference.write(tmp_path / "newer.json", newer))
    for caller in (scorer, engine):
        assert caller.score(request(ad()))["values"][0]["pctr"] == pytest.approx(1 / (1 + math.exp(-1.5)), rel=1e-6)
