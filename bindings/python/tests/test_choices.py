# SPDX-License-Identifier: Apache-2.0
"""A policy may set a floor on each candidate's propensity; the seed then chooses one accordingly."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import farmhash
import numpy as np
import numpy.typing as npt
import pytest

import policies
import reference
from policies import policy
from valuation import Batch, Candidates, Engine, Exploration, Features, fingerprint64, fingerprints

NAMES = ["a", "b", "c", "d"]
BIDS = [1.0, 1.1, 0.9, 1.05]
SEEDS = fingerprints(np.arange(10_000))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An engine with a model of some uncertainty for each campaign."""
    models = [reference.model(name, intercept=-3.0, variance={"intercept": 0.01}) for name in NAMES]
    with Engine() as engine:
        engine.load(reference.write(tmp_path / "models.jsonl", *models))
        yield engine


def follow(engine: Engine, tmp_path: Path, *, exploration: float = 1.0, **members: Any) -> None:
    predictors = {"curious": {"release": "LATEST", "exploration": exploration}}
    document = policy("curious", predictors=predictors, **members)
    engine.load_policy(policies.write(tmp_path / "policy.json", document))


def auctions(engine: Engine, seeds: npt.ArrayLike, bids: list[float] = BIDS) -> Batch:
    """The same auction once for each seed."""
    count = len(np.asarray(seeds))
    ads = Candidates(engine.campaign_keys(NAMES * count), "cpc", bids * count)
    return Batch(Features.empty(count), ads, np.arange(count + 1) * len(NAMES), seeds=seeds)


def table(found: Exploration) -> npt.NDArray[np.float64]:
    return found.propensities.reshape(-1, len(NAMES))


@pytest.mark.parametrize("exploration", [0.0, 1.0, 5.0])
@pytest.mark.parametrize("least", [0.001, 0.05, 0.25])
def test_a_floor_is_mixed_into_the_propensities_exactly(
    engine: Engine, tmp_path: Path, exploration: float, least: float
) -> None:
    follow(engine, tmp_path, exploration=exploration)
    without = table(engine.explore(auctions(engine, SEEDS[:5])))
    follow(engine, tmp_path, exploration=exploration, minimum_propensity=least)
    found = table(engine.explore(auctions(engine, SEEDS[:5])))
    np.testing.assert_allclose(found, (1 - 4 * least) * without + least, rtol=1e-12)
    assert found.min() >= least * (1 - 1e-12)


@pytest.mark.parametrize("exploration", [0.0, 1.0])
def test_candidates_are_chosen_as_often_as_their_propensities_say(
    engine: Engine, tmp_path: Path, exploration: float
) -> None:
    follow(engine, tmp_path, exploration=exploration, minimum_propensity=0.03)
    found = engine.explore(auctions(engine, SEEDS))
    chosen = np.bincount(found.chosen, minlength=4) / len(SEEDS)
    expected = table(found)[0]
    chance = 4 * np.sqrt(expected * (1 - expected) / len(SEEDS))  # four standard deviations
    bound = 0.01 if exploration else 0.0  # the propensities of explored values are approximate
    assert np.all(np.abs(chosen - expected) <= bound + chance), (chosen, expected)


def test_the_choice_is_replayed_from_the_seed(engine: Engine, tmp_path: Path) -> None:
    follow(engine, tmp_path, minimum_propensity=0.1)
    seeds = SEEDS[:2000]
    found = engine.explore(auctions(engine, seeds))
    best = found.values["expected_revenue"].reshape(-1, 4).argmax(axis=1)
    expected = []
    for seed, of_most_worth in zip(seeds.tolist(), best.tolist(), strict=True):
        both = seed.to_bytes(8, "little") + (1).to_bytes(8, "little")
        u = (farmhash.fingerprint64(both) >> 11) / 2**53
        expected.append(int(u / 0.1) if u < 4 * 0.1 else of_most_worth)
    assert found.chosen.tolist() == expected
    assert 0.2 < np.mean(found.chosen != best) < 0.4


def test_with_too_high_a_floor_all_are_equally_likely(engine: Engine, tmp_path: Path) -> None:
    for least in (0.25, 0.3, 1.0):
        follow(engine, tmp_path, minimum_propensity=least)
        found = engine.explore(auctions(engine, SEEDS[:2000]))
        np.testing.assert_allclose(found.propensities, 0.25, rtol=1e-12)
        shares = np.bincount(found.chosen, minlength=4) / 2000
        np.testing.assert_allclose(shares, 0.25, atol=0.039)  # four standard deviations


def test_a_worthless_candidate_is_not_chosen_and_does_not_count(engine: Engine, tmp_path: Path) -> None:
    follow(engine, tmp_path, minimum_propensity=0.3)
    found = engine.explore(auctions(engine, SEEDS[:1000], [1.0, 0.0, -1.0, 1.0]))
    assert np.all(table(found)[:, [1, 2]] == 0)
    np.testing.assert_allclose(table(found).sum(axis=1), 1, rtol=1e-12)
    assert table(found)[:, [0, 3]].min() >= 0.3
    assert set(found.chosen.tolist()) == {0, 3}
    nothing = engine.explore(auctions(engine, SEEDS[:3], [0.0] * 4))
    assert nothing.chosen.tolist() == [-1, -1, -1]
    assert not nothing.propensities.any()


def test_without_a_floor_the_best_is_chosen(engine: Engine, tmp_path: Path) -> None:
    for exploration in (0.0, 1.0):
        follow(engine, tmp_path, exploration=exploration)
        found = engine.explore(auctions(engine, SEEDS[:500]))
        best = found.values["expected_revenue"].reshape(-1, 4).argmax(axis=1)
        assert found.chosen.tolist() == best.tolist()


def test_a_floor_changes_no_value(engine: Engine, tmp_path: Path) -> None:
    follow(engine, tmp_path)
    batch = auctions(engine, SEEDS[:50])
    without = engine.score_batch(batch)
    follow(engine, tmp_path, minimum_propensity=0.2)
    assert engine.score_batch(batch).tobytes() == without.tobytes() == engine.explore(batch).values.tobytes()


@pytest.mark.parametrize("exploration", [0.0, 1.0])
def test_a_json_answer_names_the_chosen_candidate(engine: Engine, tmp_path: Path, exploration: float) -> None:
    follow(engine, tmp_path, exploration=exploration, minimum_propensity=0.2)
    ads = [
        {"ad": f"ad-{name}", "campaign": name, "pricing": "cpc", "bid": bid}
        for name, bid in zip(NAMES, BIDS, strict=True)
    ]
    ids = [f"imp-{number}" for number in range(30)]
    found = engine.explore(auctions(engine, [fingerprint64(name) for name in ids]))
    are_missing_above = []
    for row, name in enumerate(ids):
        answer = engine.score({"id": name, "candidates": ads})
        chosen = answer["chosen"]
        assert chosen is not None
        position = chosen.pop("candidate")
        assert position == found.chosen[row]
        assert chosen == answer["values"][position]
        assert chosen["propensity"] == table(found)[row, position]
        best = engine.score({"id": name, "candidates": ads, "top": 1})
        assert best["chosen"] == {**chosen, "candidate": position}
        are_missing_above.append(best["values"][0]["ad"] != chosen["ad"])
    assert any(are_missing_above)
    assert not all(are_missing_above)


def test_a_json_answer_says_if_no_candidate_is_worth_choosing(engine: Engine, tmp_path: Path) -> None:
    follow(engine, tmp_path, minimum_propensity=0.2)
    assert engine.score({"candidates": [{"campaign": "a", "pricing": "cpc", "bid": 0}]})["chosen"] is None
    engine.load_policy(None)
    assert "chosen" not in engine.score({"candidates": [{"campaign": "a", "pricing": "cpc", "bid": 1}]})
