# SPDX-License-Identifier: Apache-2.0
"""Exploring predictors draw from their models' uncertainty, and report how likely the result was."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import farmhash
import numpy as np
import numpy.typing as npt
import pytest

import key_function
import policies
import reference
from conftest import CLICK, CONVERSION, EVERYBODY
from policies import policy
from valuation import Batch, Candidates, Engine, Features, Flag, fingerprint64, fingerprints, publish

EVERYBODY = EVERYBODY | {
    "variance": {"intercept": 0.01, "categorical": {"slot": {"12": 0.04}}, "numeric": {"days_since_visit": 0.09}}
}
CLICK = CLICK | {
    "variance": {
        "intercept": 0.02,
        "categorical": {"slot": {"12": 0.05}, "segments": {"sports": 0.03, "travel": 0.01}, "creative": {"55": 0.2}},
        "crosses": [{"fields": ["slot", "creative"], "weights": [["12", "55", 0.3]]}],
    }
}
CONVERSION = CONVERSION | {"variance": {"intercept": 0.15, "categorical": {"creative": {"55": 0.1}}}}
SURE = reference.model("2000", intercept=-3.0)
MODELS = [EVERYBODY, CLICK, CONVERSION, SURE]
FEATURES = {"slot": "12", "segments": ["sports", "travel"], "days_since_visit": 2.5}
CREATIVE = {"creative": "55"}
SEEDS = fingerprints(np.arange(2000))


@pytest.fixture
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An engine with models of which some have variances, from files or, by parameter, from a release."""
    path = reference.write(tmp_path / "models.jsonl", *MODELS)
    if getattr(request, "param", "files") == "a release":
        publish(path, tmp_path / "releases")
        path = tmp_path / "releases"
    with Engine() as engine:
        engine.load(path)
        yield engine


def explore(engine: Engine, tmp_path: Path, scale: float = 1.0, **members: Any) -> None:
    predictors = {"curious": {"release": "LATEST", "exploration": scale}} | members.pop("predictors", {})
    engine.load_policy(policies.write(tmp_path / "policy.json", policy("curious", predictors=predictors, **members)))


def auctions(engine: Engine, seeds: npt.ArrayLike) -> Batch:
    """The same auction once for each seed: two ads of one campaign, one of another, and one without uncertainty."""
    count = len(np.asarray(seeds))
    columns = {field: [value] * count for field, value in FEATURES.items()}
    ads = Candidates(
        engine.campaign_keys(["1042", "1042", "new", "2000"] * count),
        ["cpc", "cpa", "cpc", "cpm"] * count,
        [0.5, 12.0, 1.6, 30.0] * count,
        Features.from_columns(engine, {"creative": ["55", "55", None, None] * count}),
    )
    offsets = np.arange(count + 1) * 4
    return Batch(Features.from_columns(engine, columns, numeric=["days_since_visit"]), ads, offsets, seeds=seeds)


def test_a_request_without_features_draws_the_same_whatever_its_scorer_has_read(engine: Engine, tmp_path: Path) -> None:
    explore(engine, tmp_path)
    request = {"candidates": [{"campaign": "1042", "pricing": "cpc", "bid": 1.0}]}
    with engine.scorer() as new, engine.scorer() as used:
        used.score(request | {"features": FEATURES})
        assert used.score(request) == new.score(request)


def drawn(
    secret: key_function.Secret, subject: reference.Model, campaign: str, seed: int, scale: float, *features: Any
) -> float:
    """Return the probability by the documentation's formulas and functions of the standard library."""
    mean = reference.probability(subject, MODELS, *features)
    moved = sum(
        deviation * z(secret, seed, campaign, subject["target"], weight)
        for weight, deviation in reference.deviations(subject, MODELS, *features)
        if deviation
    )
    return 1 / (1 + math.exp(-(math.log(mean / (1 - mean)) + scale * moved)))


def z(secret: key_function.Secret, seed: int, campaign: str, target: str, weight: reference.Weight) -> float:
    """Return the draw of a weight."""
    level, label = weight
    product = (key_of(secret, label) ^ fingerprint_of(seed, 0)) * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF
    x = (product >> 32 ^ (2 * level + (target == "conversion")) * 0x9E3779B9) & 0xFFFFFFFF | 1
    x = x * (secret.campaign_key(campaign) | 1) & 0xFFFFFFFF
    x = (x ^ x >> 15) * 0x846CA68B & 0xFFFFFFFF
    t = 7936 * (x & 255) + 8064 * (x >> 8 & 255) + 8128 * (x >> 16 & 255) + 7747 * (x >> 24) - 4064062.5
    return t * (8.20729833e-7 + t**2 * (3.06492405e-21 + t**2 * 7.69688015e-34))


def key_of(secret: key_function.Secret, label: tuple[Any, ...]) -> int:
    """Return the key of a weight's label: empty for the intercept, else a number's field, a category or a cross."""
    if not label:
        return 0
    if len(label) == 1:
        return secret.number_key(label[0])
    if isinstance(label[0], str):
        return secret.feature_key(*label)
    return secret.cross_key(*(secret.feature_key(*member) for member in label))


def fingerprint_of(first: int, second: int) -> int:
    """Return the fingerprint of two numbers, one behind the other."""
    return int(farmhash.fingerprint64(struct.pack("<QQ", first, second)))


@pytest.mark.parametrize("scale", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("engine", ["files", "a release"], indirect=True)
def test_a_seed_draws_by_the_formula(engine: Engine, tmp_path: Path, scale: float) -> None:
    explore(engine, tmp_path, scale)
    releases = tmp_path / "releases"
    secret = key_function.Secret.of(releases) if releases.exists() else key_function.STANDARD
    seeds = [1, 77, 2**64 - 1, *SEEDS[:50].tolist()]
    for seed, values in zip(seeds, engine.score_batch(auctions(engine, seeds)).reshape(-1, 4), strict=True):
        pctr = drawn(secret, CLICK, "1042", seed, scale, FEATURES, CREATIVE)
        pcvr = drawn(secret, CONVERSION, "1042", seed, scale, FEATURES, CREATIVE)
        of_new = drawn(secret, EVERYBODY, "new", seed, scale, FEATURES)
        assert values["pctr"][:3].tolist() == [pytest.approx(p, rel=2e-6) for p in (pctr, pctr, of_new)]
        assert values["pcvr"][1] == pytest.approx(pcvr, rel=2e-6)
        expected = [0.5 * pctr, 12 * pctr * pcvr, 1.6 * of_new, 0.03]
        assert values["expected_revenue"].tolist() == [pytest.approx(value, rel=5e-6) for value in expected]
        assert (values["flags"] & int(Flag.EXPLORED) != 0).tolist() == [True, True, True, False]


def creatives(engine: Engine, seeds: npt.NDArray[np.uint64], names: list[str]) -> Batch:
    """One ad for each creative of a campaign, in a request for each seed."""
    ads = Candidates(
        [engine.campaign_key("1")] * (len(names) * len(seeds)),
        "cpc",
        1.0,
        Features.from_columns(engine, {"creative": names * len(seeds)}),
    )
    return Batch(Features.empty(len(seeds)), ads, np.arange(len(seeds) + 1) * len(names), seeds=seeds)


def logits(values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    p = values["pctr"].astype(float)
    return np.asarray(np.log(p / (1 - p)))


def test_a_creatives_weight_moves_only_it_and_the_campaigns_moves_all(tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(4)]
    variances = {"intercept": 0.25, "categorical": {"creative": dict.fromkeys(names, 1.0)}}
    subject = reference.model("1", categorical={"creative": dict.fromkeys(names, 0.0)}, variance=variances)
    with Engine() as engine:
        engine.load(reference.write(tmp_path / "models.jsonl", subject))
        explore(engine, tmp_path)
        values = engine.score_batch(creatives(engine, SEEDS, [*names, "c0"]))
    drawn_logits = logits(values).reshape(-1, 5) + 2.0
    assert np.array_equal(drawn_logits[:, 0], drawn_logits[:, 4])
    covariance = np.cov(drawn_logits[:, :4].T)
    np.testing.assert_allclose(np.diag(covariance), 1.25, rtol=0.15)
    np.testing.assert_allclose(covariance[~np.eye(4, dtype=bool)], 0.25, atol=0.12)


def test_campaigns_draw_the_model_that_they_extend_independently(tmp_path: Path) -> None:
    everybody = reference.model("*", variance={"intercept": 1.0})
    own = [reference.model(name, intercept=0.0, extends="*") for name in "ab"]
    with Engine() as engine:
        engine.load(reference.write(tmp_path / "models.jsonl", everybody, *own))
        explore(engine, tmp_path)
        ads = Candidates(engine.campaign_keys(["a", "b", "new", "newer"] * len(SEEDS)), "cpc", 1.0)
        batch = Batch(Features.empty(len(SEEDS)), ads, np.arange(len(SEEDS) + 1) * 4, seeds=SEEDS)
        correlation = np.corrcoef(logits(engine.score_batch(batch)).reshape(-1, 4).T)
    assert np.abs(correlation - np.eye(4)).max() < 0.1


def test_equally_uncertain_creatives_win_equally_often_and_a_known_one_by_its_value(tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(10)]
    for known, expected in ((None, [0.1] * 10), ("c0", [0.0068, *[0.1104] * 9])):
        weights = dict.fromkeys(names, 0.0) | ({known: 0.2} if known else {})
        variances = dict.fromkeys(names, 1.0) | ({known: 0.001} if known else {})
        subject = reference.model(
            "1",
            intercept=-3.0,
            categorical={"creative": weights},
            variance={"intercept": 0.0, "categorical": {"creative": variances}},
        )
        with Engine() as engine:
            engine.load(reference.write(tmp_path / "models.jsonl", subject))
            explore(engine, tmp_path)
            found = engine.explore(creatives(engine, SEEDS[:1], names)).propensities
        np.testing.assert_allclose(found, expected, atol=0.01)


def test_the_same_seed_draws_the_same_bits_everywhere_and_another_draws_others(engine: Engine, tmp_path: Path) -> None:
    explore(engine, tmp_path)
    batch = auctions(engine, SEEDS[:20])
    values = engine.score_batch(batch)
    for again in (
        engine.score_batch(batch),
        engine.explore(batch).values,
        engine.score_batch(auctions(engine, SEEDS[:20])),
    ):
        assert again.tobytes() == values.tobytes()
    with engine.scorer() as scorer:
        for request in range(20):
            best = scorer.rank(batch, 4, request=request)
            assert best.values.tobytes() == values[request * 4 + best.positions].tobytes()
    assert len(set(values["pctr"][::4].tolist())) == 20


def test_a_json_request_is_drawn_by_its_id(engine: Engine, tmp_path: Path) -> None:
    explore(engine, tmp_path)
    candidates: list[dict[str, Any]] = [
        {"campaign": "1042", "pricing": "cpc", "bid": 0.5, "features": CREATIVE},
        {"campaign": "1042", "pricing": "cpa", "bid": 12.0, "features": CREATIVE},
        {"campaign": "new", "pricing": "cpc", "bid": 1.6},
        {"campaign": "2000", "pricing": "cpm", "bid": 30.0},
    ]
    answer = engine.score({"id": "imp-1", "features": FEATURES, "candidates": candidates})["values"]
    values, propensities, *_ = engine.explore(auctions(engine, [fingerprint64("imp-1")]))
    assert [value["expected_revenue"] for value in answer] == values["expected_revenue"].tolist()
    assert [value["propensity"] for value in answer] == propensities.tolist()


def test_without_a_seed_the_features_serve_as_one(engine: Engine, tmp_path: Path) -> None:
    explore(engine, tmp_path)
    ads = Candidates([engine.campaign_key("new")] * 3, "cpc", 1.0)
    requests = Features.from_columns(engine, {"slot": ["12", "12", "77"]})
    same, again, other = engine.score_batch(Batch(requests, ads))["pctr"]
    assert same == again
    assert same != other


def test_nothing_is_explored_unless_the_policy_says_so(engine: Engine, tmp_path: Path) -> None:
    batch = auctions(engine, SEEDS[:50])
    plain = engine.score_batch(batch)
    for document in (
        None,
        policy(),
        policy("curious", predictors={"curious": {"release": "LATEST", "exploration": 0}}),
    ):
        engine.load_policy(None if document is None else policies.write(tmp_path / "policy.json", document))
        values, propensities, *_ = engine.explore(batch)
        assert not np.any(values["flags"] & int(Flag.EXPLORED))
        assert values["pctr"].tolist() == plain["pctr"].tolist()
        assert len(set(values["pctr"][::4].tolist())) == 1
        best = plain["expected_revenue"].reshape(-1, 4).argmax(axis=1)
        assert propensities.reshape(-1, 4).tolist() == np.eye(4)[best].tolist()
    answer = engine.score({"features": FEATURES, "candidates": [{"campaign": "1042", "pricing": "cpc", "bid": 1}]})
    assert "propensity" not in answer["values"][0]


def test_a_worthless_candidate_has_propensity_zero(engine: Engine, tmp_path: Path) -> None:
    explore(engine, tmp_path)
    ads = Candidates(engine.campaign_keys(["1042", "new", "1042"]), "cpc", [0.0, -1.0, 1.0])
    assert engine.explore(Batch(Features.empty(1), ads, [0, 3])).propensities.tolist() == [0, 0, 1]
    assert engine.explore(Batch(Features.empty(1), ads.take([0, 1]), [0, 2])).propensities.tolist() == [0, 0]
    assert len(engine.explore(Batch(Features.empty(1), ads.take([]), [0, 0])).propensities) == 0


SETTINGS: dict[str, dict[str, Any]] = {
    "drawn": {},
    "drawn widely": {"scale": 3.0},
    "adjusted": {"campaigns": {"1042": {"multiplier": 1.5, "cap": 0.07}, "new": {"floor": 0.03}}},
    "held apart by a floor": {"campaigns": {"new": {"floor": 0.031}}},
    "raised to one floor": {"campaigns": {"1042": {"floor": 0.06}, "new": {"floor": 0.06}}},
    "lowered to one cap": {"campaigns": {"1042": {"cap": 0.04}, "new": {"cap": 0.04}}},
    "with an override": {
        "predictors": {"house": {"constant": {"pctr": 0.035, "pcvr": 0.1}}},
        "overrides": [{"scope": {"campaigns": ["new"]}, "predictor": "house", "reason": "because"}],
    },
}


@pytest.mark.parametrize("case", SETTINGS)
def test_propensities_are_how_often_each_ad_wins_over_the_seeds(engine: Engine, tmp_path: Path, case: str) -> None:
    explore(engine, tmp_path, **SETTINGS[case])
    table = engine.explore(auctions(engine, SEEDS[:20])).propensities.reshape(-1, 4)
    assert len(np.unique(table, axis=0)) == 1  # they belong to the auction, not to the draw
    assert table[0].sum() == pytest.approx(1, abs=1e-12)
    count = 100_000
    drawn_values = engine.score_batch(auctions(engine, fingerprints(np.arange(count))))["expected_revenue"]
    winners = drawn_values.reshape(-1, 4).argmax(1)
    wins = np.bincount(winners, minlength=4) / count
    chance = 3 * np.sqrt(wins * (1 - wins) / count)  # three standard deviations
    assert np.all(np.abs(wins - table[0]) <= 0.01 + chance), (wins, table[0])
    assert np.sum(wins > 0.03) >= 2


@pytest.mark.parametrize(
    ("of_request", "of_ad"),
    [
        ({"slot": "12"}, {}),
        ({"slot": ["12", "12"]}, {}),
        ({}, {"slot": ["12", "12"]}),
        ({"slot": "12"}, {"slot": "12"}),
    ],
    ids=str,
)
def test_a_weight_that_counts_twice_moves_twice_as_far(
    tmp_path: Path, of_request: dict[str, Any], of_ad: dict[str, Any]
) -> None:
    variance = {"categorical": {"slot": {"12": 1.0}, "creative": {"5": 0.25}}}
    weights = {"slot": {"12": 0.0}, "creative": {"5": 0.0}}
    models = [
        reference.model("a", categorical=weights, variance=variance),
        reference.model("b", intercept=-0.8),
    ]
    candidates = [
        {"campaign": name, "pricing": "cpc", "bid": 1.0, "features": of_ad | {"creative": "5"}} for name in "ab"
    ]
    wins, count = 0, 20_000
    with Engine() as engine:
        engine.load(reference.write(tmp_path / "models.jsonl", *models))
        explore(engine, tmp_path)
        for number in range(count):
            answer = engine.score({"id": f"imp-{number}", "features": of_request, "candidates": candidates})
            wins += answer["chosen"] is not None and answer["chosen"]["campaign"] == "a"
            propensity = answer["values"][0]["propensity"]
    chance = 4 * math.sqrt(propensity * (1 - propensity) / count)  # four standard deviations
    assert abs(wins / count - propensity) <= 0.01 + chance


def test_a_candidate_not_reached_in_time_is_not_drawn(engine: Engine, tmp_path: Path) -> None:
    explore(engine, tmp_path)
    count = 128
    ads = Candidates(engine.campaign_keys(["1042", "new"] * (count // 2)), "cpc", 1.0)
    request = Features.from_columns(engine, {"slot": ["12"]})
    for budget in range(500, 100_000, 100):
        found = engine.explore(Batch(request, ads, [0, count], seeds=[budget], time_budget_ns=budget)).values["flags"]
        both = int(Flag.EXPLORED) | int(Flag.BUDGET_EXCEEDED)
        assert not np.any(found & both == both)


def test_naive_explores_its_beta_distribution(tmp_path: Path) -> None:
    counts = {"impressions": 5000, "clicks": 40, "conversions": 6}
    document = {"format": "valuation-campaign/1", "campaign": "1042"} | counts
    with Engine() as engine:
        engine.load(reference.write(tmp_path / "models.jsonl", EVERYBODY, document))
        predictors = {"naive": {"naive": {"impressions": 500, "clicks": 20}, "exploration": 1.0}}
        engine.load_policy(policies.write(tmp_path / "policy.json", policy("naive", predictors=predictors)))
        ads = Candidates([engine.campaign_key("1042")] * len(SEEDS), "cpa", 1.0)
        values = engine.score_batch(Batch(Features.empty(len(SEEDS)), ads, seeds=SEEDS))
    for target, trials, successes, weight in (("pctr", 5000, 40, 500), ("pcvr", 40, 6, 20)):
        alpha, beta = successes * (1 + weight / trials), (trials - successes) * (1 + weight / trials)
        logits = np.log(values[target].astype(float) / (1 - values[target].astype(float)))
        assert logits.mean() == pytest.approx(math.log(alpha / beta), abs=0.05)
        assert logits.var() == pytest.approx(1 / alpha + 1 / beta, rel=0.12)  # a variance of 2,000 draws is within 12 %


def test_an_explanation_shows_each_draw(engine: Engine, tmp_path: Path) -> None:
    explore(engine, tmp_path, 2.0)
    candidates = [{"campaign": "1042", "pricing": "cpa", "bid": 12.0, "features": CREATIVE}]
    answer = engine.explain({"id": "imp-1", "features": FEATURES, "candidates": candidates})["values"][0]
    seed = fingerprint64("imp-1")
    for target, subject in (("click", CLICK), ("conversion", CONVERSION)):
        explained: Any = dict(answer)[target]
        assert explained["logit"] == pytest.approx(math.fsum(term["logit"] for term in explained["terms"]), rel=1e-5)
        assert explained["probability"] == pytest.approx(1 / (1 + math.exp(-explained["logit"])), rel=2e-6)
        shown = sorted((term["deviation"], term["draw"]) for term in explained["terms"] if "draw" in term)
        expected = sorted(
            (2.0 * deviation, z(key_function.STANDARD, seed, "1042", target, weight))
            for weight, deviation in reference.deviations(subject, MODELS, FEATURES, CREATIVE)
            if deviation
        )
        np.testing.assert_allclose(shown, expected, rtol=1e-6)
        for term in explained["terms"]:
            if "draw" in term and term["term"] == "feature":
                assert term["logit"] == pytest.approx(term["weight"] + term["deviation"] * term["draw"], rel=1e-5)
