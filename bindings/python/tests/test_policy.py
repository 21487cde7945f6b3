# SPDX-License-Identifier: Apache-2.0
"""A policy decides what values each candidate, and the value names its source."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import policies
import reference
import valuation
from conftest import CLICK, CONVERSION, EVERYBODY
from policies import experiment, policy
from valuation import Batch, Candidates, Engine, Features, Flag, Source, fingerprint64, publish
from valuation.answers import Answer, Value

FEATURES = {"slot": "12", "os": "ios", "segments": ["sports", "travel"], "days_since_visit": 2.5}
TIME = "2026-11-21T03:00:00Z"
ADVERTISERS = {"1042": "77", "3001": "77", "3002": "88"}
COUNTS = {"1042": (81234, 512, 40), "3001": (20000, 90, 3), "3002": (500, 9, 1)}
KNOWN = {
    campaign: policies.Known(("click", "conversion") if campaign == "1042" else (), counts[0], counts[1])
    for campaign, counts in COUNTS.items()
}
CAMPAIGNS = [
    {"format": "valuation-campaign/1", "campaign": campaign, "advertiser": ADVERTISERS[campaign]}
    | dict(zip(("impressions", "clicks", "conversions"), counts, strict=True))
    for campaign, counts in COUNTS.items()
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A directory of two releases with campaigns of two advertisers; LATEST names the second."""
    for name, intercept in (("first", -1.93), ("second", -1.5)):
        models = reference.write(
            tmp_path / f"{name}.jsonl", EVERYBODY, CLICK | {"intercept": intercept}, CONVERSION, *CAMPAIGNS
        )
        publish(models, tmp_path / "releases", id=name)
    return tmp_path / "releases"


@pytest.fixture
def engine(root: Path) -> Iterator[Engine]:
    """An engine that has loaded the releases but no policy."""
    with Engine() as engine:
        engine.load(root)
        yield engine


def score(engine: Engine, *campaigns: str, **members: Any) -> Answer:
    """Value ads of campaigns, all CPA at 35."""
    candidates = [{"campaign": campaign, "pricing": "cpa", "bid": 35.0} for campaign in campaigns]
    return engine.score({"features": FEATURES, "candidates": candidates, "time": TIME} | members)


def decided(value: Value) -> tuple[str, str | None, str | None]:
    return value["predictor"], value["experiment"], value["variant"]


def load(engine: Engine, tmp_path: Path, **members: Any) -> policies.Policy:
    document = policy(**members)
    engine.load_policy(policies.write(tmp_path / "policy.json", document))
    return document


def test_without_a_policy_values_have_no_source(engine: Engine, tmp_path: Path) -> None:
    before = score(engine, "1042")
    assert "predictor" not in before["values"][0]
    load(engine, tmp_path)
    (value,) = score(engine, "1042")["values"]
    assert decided(value) == ("production", None, None)
    assert {name: member for name, member in value.items() if name in before["values"][0]} == before["values"][0]
    engine.load_policy(None)
    assert score(engine, "1042")["values"] == before["values"]


def test_an_override_comes_before_all_else_until_it_expires(engine: Engine, tmp_path: Path) -> None:
    house: dict[str, Any] = {"house": {"constant": {"pctr": 0.25, "pcvr": 0.5}}}
    override = {"scope": {"advertisers": ["77"]}, "predictor": "house", "reason": "odd numbers", "expires": TIME}
    trial = experiment("trial", ("control", 10_000, None))
    load(engine, tmp_path, predictors=house, overrides=[override], experiments=[trial])
    request = {"unit": "u-1", "time": "2026-11-21T02:59:59Z"}
    overridden, other = score(engine, "3001", "3002", **request)["values"]
    assert decided(overridden) == ("house", None, None)
    assert (overridden["pctr"], overridden["pcvr"]) == (0.25, 0.5)
    assert overridden["expected_revenue"] == 35 * 0.25 * 0.5
    assert overridden["flags"] == ["overridden"]
    assert decided(other) == ("production", "trial", "control")
    assert decided(score(engine, "3001", unit="u-1")["values"][0]) == ("production", "trial", "control")


def test_units_fall_into_variants_the_holdout_or_no_variant(engine: Engine, tmp_path: Path) -> None:
    shares = [("control", 4000, None), ("old", 3000, "old")]
    load(
        engine,
        tmp_path,
        predictors={"old": {"release": "first"}},
        experiments=[experiment("trial", *shares, holdout=1000, unit="user")],
    )
    expected: dict[range, tuple[str, str | None, str | None]] = {
        range(4000): ("production", "trial", "control"),
        range(4000, 7000): ("old", "trial", "old"),
        range(7000, 8000): ("production", "trial", "holdout"),
        range(8000, 10_000): ("production", None, None),
    }
    for buckets, names in expected.items():
        units = policies.units_in("trial-salt", buckets)
        for unit in (next(units) for _ in range(20)):
            (value,) = score(engine, "1042", unit={"session": "s", "user": unit})["values"]
            assert decided(value) == names
            assert "no_unit" not in value["flags"]


def test_without_the_unit_the_control_decides_and_a_flag_says_so(engine: Engine, tmp_path: Path) -> None:
    load(engine, tmp_path, experiments=[experiment("trial", ("control", 1, None), unit="user")])
    for request in ({}, {"unit": "u-1"}, {"unit": {"session": "s"}}, {"unit": {"user": ""}}, {"unit": {"user": None}}):
        (value,) = score(engine, "1042", **request)["values"]
        assert decided(value) == ("production", "trial", "control")
        assert "no_unit" in value["flags"]


def test_layers_are_independent_and_the_first_that_names_a_predictor_decides(engine: Engine, tmp_path: Path) -> None:
    model = experiment("model", ("control", 5000, None), ("old", 5000, "old"), layer="model")
    house = experiment("house", ("control", 5000, None), ("house", 5000, "house"), layer="price")
    predictors = {"old": {"release": "first"}, "house": {"constant": {"pctr": 0.001}}}
    document = load(engine, tmp_path, predictors=predictors, experiments=[model, house])
    seen = set()
    for number in range(40):
        (value,) = score(engine, "1042", unit=f"u-{number}")["values"]
        request = {"features": FEATURES, "unit": {"unit": f"u-{number}"}, "time": TIME}
        assert decided(value) == policies.decide(document, request, "1042")[:3]
        seen.add(decided(value))
    assert seen == {("old", "model", "old"), ("house", "house", "house"), ("production", "model", "control")}


SCOPE = st.fixed_dictionaries(
    {},
    optional={
        "campaigns": st.lists(st.sampled_from(["1042", "3001", "new"]), min_size=1, unique=True),
        "advertisers": st.lists(st.sampled_from(["77", "88"]), min_size=1, unique=True),
        "placements": st.lists(st.sampled_from(["12", "77"]), min_size=1, unique=True),
        "newcomers": st.sampled_from(
            [
                {"without_model": "click"},
                {"without_model": "conversion"},
                {"fewer_impressions_than": 1000},
                {"fewer_clicks_than": 10**6},
                {"without_model": "conversion", "fewer_clicks_than": 1},
            ]
        ),
    },
)
PREDICTOR = st.sampled_from(["production", "old", "house", "safe"])
EXPIRY = st.fixed_dictionaries({}, optional={"expires": st.sampled_from([TIME, "2027-01-01T00:00:00Z"])})
OVERRIDE = st.builds(
    lambda scope, predictor, expiry: {"scope": scope, "predictor": predictor, "reason": "drawn"} | expiry,
    SCOPE,
    PREDICTOR,
    EXPIRY,
)
EXPERIMENT = st.fixed_dictionaries(
    {
        "layer": st.sampled_from(["model", "price"]),
        "unit": st.sampled_from(["user", "session"]),
        "scope": SCOPE,
        "shares": st.lists(st.integers(0, 3000), min_size=1, max_size=3),
        "predictor": st.none() | PREDICTOR,
        "holdout": st.integers(0, 1000),
        "times": st.sampled_from([{}, {"start": TIME}, {"end": TIME}]),
    }
)
REQUEST = st.fixed_dictionaries(
    {
        "features": st.fixed_dictionaries({}, optional={"slot": st.sampled_from(["12", "77", "5"])}),
        "unit": st.fixed_dictionaries(
            {}, optional={name: st.integers(0, 10**6).map(str) for name in ("user", "session")}
        ),
        "time": st.sampled_from([TIME, "2026-11-21T02:59:59Z"]),
    }
)


@given(st.lists(OVERRIDE, max_size=2), st.lists(EXPERIMENT, max_size=5), st.lists(REQUEST, min_size=1, max_size=4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
def test_any_policy_decides_as_its_rules_say_in_python(
    engine: Engine,
    tmp_path: Path,
    overrides: list[dict[str, Any]],
    drawn: list[dict[str, Any]],
    requests: list[dict[str, Any]],
) -> None:
    experiments = [
        experiment(
            f"e{number}",
            ("control", subject["shares"][0], None),
            *((f"v{place}", share, subject["predictor"]) for place, share in enumerate(subject["shares"][1:])),
            holdout=subject["holdout"],
            **{name: subject[name] for name in ("layer", "unit", "scope")},
            **subject["times"],
        )
        for number, subject in enumerate(drawn)
    ]
    predictors = {"old": {"release": "first"}, "house": {"constant": {"pctr": 0.5}}, "safe": {"naive": {}}}
    document = load(
        engine, tmp_path, placement="slot", predictors=predictors, overrides=overrides, experiments=experiments
    )
    campaigns = ["1042", "3001", "3002", "new"]
    for request in requests:
        answer = score(engine, *campaigns, **request)["values"]
        assigned = engine.assign(request | {"candidates": [{"campaign": campaign} for campaign in campaigns]})
        for campaign, value, told in zip(campaigns, answer, assigned["values"], strict=True):
            expected = policies.decide(
                document, request, campaign, ADVERTISERS.get(campaign), KNOWN.get(campaign, policies.Known())
            )
            assert decided(value) == expected[:3]
            flags = {"no_unit", "overridden"} & set(value["flags"])
            assert flags == ({expected.why} if expected.why else set())
            assert (told["predictor"], told["experiment"], told["variant"]) == expected[:3]
            assert engine.find_source(told["source"])[:3] == expected[:3]


def logit(probability: float) -> float:
    return math.log(probability / (1 - probability))


@pytest.mark.parametrize("mean", ["probability", "logit", None])
def test_an_ensemble_is_the_mean_of_its_releases(engine: Engine, tmp_path: Path, mean: str | None) -> None:
    bag: dict[str, Any] = {"ensemble": ["LATEST", "first"]} | ({} if mean is None else {"mean": mean})
    predictors = {"first": {"release": "first"}, "second": {"release": "second"}, "bag": bag}
    values: dict[str, dict[str, Any]] = {}
    for name in predictors:
        load(engine, tmp_path, default=name, predictors=predictors)
        values[name] = dict(score(engine, "1042")["values"][0])
        assert values[name]["predictor"] == name
    for target in ("pctr", "pcvr"):
        first, second, found = (values[name][target] for name in predictors)
        expected = (first + second) / 2
        if mean == "logit":
            expected = 1 / (1 + math.exp(-(logit(first) + logit(second)) / 2))
        assert found == pytest.approx(expected, rel=1e-6)
    assert values["first"]["pctr"] != values["second"]["pctr"]


@pytest.mark.parametrize("weights", [(1000, 50), (10, 1)])
def test_naive_is_the_observed_rate_shrunk_to_the_advertisers_and_the_overall_rate(
    engine: Engine, tmp_path: Path, weights: tuple[int, int]
) -> None:
    members = {} if weights == (1000, 50) else dict(zip(("impressions", "clicks"), weights, strict=True))
    load(engine, tmp_path, default="safe", predictors={"safe": {"naive": members}})
    names = ["1042", "3001", "3002", "new"]
    for campaign, value in zip(names, score(engine, *names)["values"], strict=True):
        own = np.array(COUNTS.get(campaign, (0, 0, 0)))
        others = [
            COUNTS[other] for other in COUNTS if other != campaign and ADVERTISERS[other] == ADVERTISERS.get(campaign)
        ]
        of_others = np.array([(0, 0, 0), *others]).sum(axis=0)
        overall = np.array(list(COUNTS.values())).sum(axis=0)
        for target, weight in enumerate(weights):
            trials, successes = of_others[target], of_others[target + 1]
            rate = (successes + weight * overall[target + 1] / overall[target]) / (trials + weight)
            expected = (own[target + 1] + weight * rate) / (own[target] + weight)
            assert value["pcvr" if target else "pctr"] == pytest.approx(expected, rel=1e-6)
        assert ("unknown_campaign" in value["flags"]) == (campaign == "new")


def test_an_advertisers_only_campaign_is_valued_like_one_without_an_advertiser(tmp_path: Path) -> None:
    counted = {"impressions": 1000, "clicks": 100}
    documents: list[dict[str, Any]] = [
        {"format": "valuation-campaign/1", "campaign": "big", "impressions": 1_000_000, "clicks": 50_000},
        {"format": "valuation-campaign/1", "campaign": "alone", "advertiser": "A"} | counted,
        {"format": "valuation-campaign/1", "campaign": "nobody's"} | counted,
    ]
    model = reference.model("another")
    candidates = [{"campaign": name, "pricing": "cpc", "bid": 1.0} for name in ("alone", "nobody's", "unheard of")]
    with Engine() as engine:
        engine.load(reference.write(tmp_path / "models.jsonl", model, *documents))
        load(engine, tmp_path, default="safe", predictors={"safe": {"naive": {}}})
        explained = engine.explain({"candidates": candidates})["values"]
    overall = (50_000 + 100 + 100) / (1_000_000 + 1000 + 1000)
    rate = (100 + 1000 * overall) / (1000 + 1000)  # 7.5 %, not the 8.75 % that counts also in the prior would give
    for value in explained[:2]:
        assert value["pctr"] == pytest.approx(rate, rel=1e-6)
        assert value["observed"] is not None
        assert value["observed"]["click"] == {
            "clicks": 100,
            "impressions": 1000,
            "advertiser_clicks": 0,
            "advertiser_impressions": 0,
            "overall_rate": pytest.approx(overall, rel=1e-6),
            "prior_weight": 1000,
            "rate": pytest.approx(rate, rel=1e-6),
            "standard_deviation": pytest.approx(math.sqrt(rate * (1 - rate) / 2001), rel=1e-6),
        }
        assert value["click"] == {"logit": None, "probability": value["pctr"], "terms": []}
    assert explained[2]["observed"] is not None
    assert explained[2]["observed"]["click"]["clicks"] is None


def test_a_value_is_multiplied_then_raised_then_lowered(engine: Engine, tmp_path: Path) -> None:
    house = {"house": {"constant": {"pctr": 0.25, "pcvr": 0.5}}}  # at 35 a conversion, worth 4.375
    cases: dict[str, tuple[dict[str, float], float, bool]] = {
        "a": ({"multiplier": 2}, 8.75, True),
        "b": ({"floor": 5}, 5, True),
        "c": ({"cap": 4}, 4, True),
        "d": ({"multiplier": 0.5, "floor": 1, "cap": 3}, 2.1875, True),
        "e": ({"floor": 1, "cap": 9}, 4.375, False),
        "f": ({"multiplier": 0}, 0, True),
    }
    adjustments = {campaign: case[0] for campaign, case in cases.items()}
    load(engine, tmp_path, default="house", predictors=house, campaigns=adjustments)
    for (_, expected, changes), value in zip(cases.values(), score(engine, *cases)["values"], strict=True):
        assert value["expected_revenue"] == expected
        assert value["flags"] == (["adjusted"] if changes else [])
    without_bid = {"features": {}, "candidates": [{"campaign": "b", "pricing": "cpa", "bid": -1}]}
    assert engine.score(without_bid)["values"][0]["expected_revenue"] == 0


def test_the_number_of_a_source_means_the_same_everywhere(engine: Engine, tmp_path: Path) -> None:
    trial = experiment("trial", ("control", 10_000, None), scope={"campaigns": ["1042"]})
    load(engine, tmp_path, experiments=[trial])
    ads = Candidates(engine.campaign_keys(["1042", "3001"]), "cpc", 1.0)
    batch = Batch(Features.empty(2), ads, units={"unit": ["u-1", "u-2"]})
    sources = engine.score_batch(batch)["source"].tolist()
    assert sources == [
        fingerprint64("production\ntrial\ncontrol") & 0xFFFFFFFF,
        fingerprint64("production\n\n") & 0xFFFFFFFF,
    ]
    release = engine.find_generation().release or ""
    expected = [
        Source("production", "trial", "control", "release", (release,)),
        Source("production", None, None, "release", (release,)),
    ]
    generation = engine.state().generation
    assert [engine.find_source(source, generation) for source in sources] == expected
    engine.load_policy(None)
    assert [engine.find_source(source, generation) for source in sources] == expected  # still known
    assert [engine.find_source(source) for source in sources] == expected
    assert engine.score_batch(batch)["source"].tolist() == [0, 0]
    assert engine.find_source(0) == Source(None, None, None, "release", (release,))
    with pytest.raises(valuation.UnknownSourceError, match="has this source"):
        engine.find_source(12345)
    with pytest.raises(LookupError, match="no such source"):
        engine.find_source(sources[0], generation + 1)
    for impossible in (-1, 2**32):
        with pytest.raises(ValueError, match="a source is from 0"):
            engine.find_source(impossible)


def test_an_assignment_says_why(engine: Engine, tmp_path: Path) -> None:
    shares = [("control", 5000, None), ("old", 5000, "old")]
    load(
        engine,
        tmp_path,
        version="evening",
        predictors={"old": {"release": "first"}},
        overrides=[{"scope": {"campaigns": ["3001"]}, "predictor": "old", "reason": "odd numbers"}],
        experiments=[experiment("trial", *shares, unit="user")],
        campaigns={"1042": {"multiplier": 2, "cap": 0.5}},
    )
    unit = next(policies.units_in("trial-salt", range(5000, 10_000)))
    answer = engine.assign({"id": "imp-1", "unit": {"user": unit}, "candidates": [{"ad": "9", "campaign": "1042"}]})
    assert (answer["id"], answer["policy"]) == ("imp-1", "evening")
    (trial,) = answer["experiments"]
    assert (trial["experiment"], trial["layer"], trial["unit"]) == ("trial", "default", "user")
    assert (trial["bucket"], trial["variant"]) == (policies.bucket("trial-salt", unit), "old")
    assert "5000 to 9999" in trial["why"]
    (value,) = answer["values"]
    assert (value["ad"], value["campaign"], value["predictor"]) == ("9", "1042", "old")
    assert [(step["rule"], step["name"], step["holds"]) for step in value["steps"]] == [
        ("overrides[0]", "odd numbers", False),
        ("experiments[0]", "trial", True),
    ]
    assert value["adjustment"] == {"multiplier": 2.0, "floor": 0.0, "cap": 0.5}
    alone = engine.assign({"unit": "u-1"})  # a unit of another field
    assert alone["values"] == []
    assert (alone["experiments"][0]["bucket"], alone["experiments"][0]["variant"]) == (None, "control")


def test_batches_have_the_same_policy_flags(engine: Engine, tmp_path: Path) -> None:
    load(engine, tmp_path, experiments=[experiment("trial", ("control", 1, None))])
    (value,) = engine.score_batch(Batch(Features.empty(1), Candidates([engine.campaign_key("1042")], "cpc", 1.0)))
    assert Flag(int(value["flags"])) & Flag.NO_UNIT
