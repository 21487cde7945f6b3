# SPDX-License-Identifier: Apache-2.0
"""Outcomes say which models served and how many features they knew; shared features give the bits of own ones."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import policies
import reference
from conftest import CLICK, CONVERSION, EVERYBODY, MODELS
from policies import policy
from valuation import Batch, Candidates, Engine, Features, Flag, Outcome, RequestError, Scores, publish

Label = tuple[str, Any]
# A label that Monday's models alone know, and one that Tuesday's alone know.
MONDAY = [*MODELS, reference.model("3000", categorical={"weekday": {"mon": 1.0}})]
TUESDAY = [EVERYBODY, CLICK | {"intercept": -1.5}, CONVERSION, reference.model("3000", numeric={"age": {
    "mean": 30.0, "std": 10.0, "weight": 0.2}}, categorical={"weekday": {"tue": 1.0}})]  # fmt: skip
CATEGORIES: list[Label] = [
    *(("slot", value) for value in ("12", "77", "13")),
    *(("os", value) for value in ("ios", "android")),
    *(("segments", value) for value in ("sports", "travel", "news")),
    *(("creative", value) for value in ("55", "56")),
    *(("weekday", value) for value in ("mon", "tue")),
]
LABEL = st.one_of(
    st.sampled_from(CATEGORIES),
    st.tuples(st.sampled_from(["days_since_visit", "age"]), st.sampled_from([0.0, 2.5, float("nan"), float("inf")])),
)
LABELS = st.lists(LABEL, max_size=6)
CANDIDATE = st.tuples(st.sampled_from(["1042", "2000", "3000", "unheard-of"]), st.sampled_from([1, 2, 3, 9]), LABELS)
LOG = st.lists(st.tuples(LABELS, st.lists(CANDIDATE, max_size=4)), min_size=1, max_size=6)
Log = list[tuple[list[Label], list[tuple[str, int, list[Label]]]]]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An engine that has loaded Tuesday's release; Monday's is beside it."""
    for name, models in (("monday", MONDAY), ("tuesday", TUESDAY)):
        publish(reference.write(tmp_path / f"{name}.jsonl", *models), tmp_path / "releases", id=name)
    with Engine() as engine:
        engine.load(tmp_path / "releases")
        yield engine


def features_of(engine: Engine, rows: Iterable[list[Label]]) -> Features:
    listed = list(rows)
    keys, numbers = [], []
    for field, value in (label for row in listed for label in row):
        is_number = isinstance(value, float)
        keys.append(engine.number_key(field) if is_number else engine.feature_key(field, value))
        numbers.append(value if is_number else 1.0)
    return Features(np.array(keys, np.uint64), np.cumsum([0, *map(len, listed)]), np.array(numbers, float))


def batch_of(engine: Engine, log: Log, **options: Any) -> Batch:
    ads = [ad for _, group in log for ad in group]
    candidates = Candidates(
        engine.campaign_keys([campaign for campaign, _, _ in ads]),
        np.array([pricing for _, pricing, _ in ads], np.int32),
        np.ones(len(ads)),
        features_of(engine, (labels for _, _, labels in ads)),
    )
    offsets = np.cumsum([0, *(len(group) for _, group in log)])
    return Batch(features_of(engine, (labels for labels, _ in log)), candidates, offsets, **options)


def known_to(models: list[reference.Model]) -> Callable[[Label], bool]:
    """Whether some model has a weight for a feature or for a cross of it."""
    found = {(field, value) for model in models for field, weights in model["categorical"].items() for value in weights}
    for cross in (cross for model in models for cross in model.get("crosses", [])):
        found |= {
            (field, value) for pair in cross["weights"] for field, value in zip(cross["fields"], pair, strict=False)
        }
    numbers = {field for model in models for field in model.get("numeric", {})}

    def is_known(label: Label) -> bool:
        field, value = label
        return bool(field in numbers and np.isfinite(value)) if isinstance(value, float) else label in found

    return is_known


def counted(log: Log, releases: dict[str, list[list[reference.Model]]]) -> list[tuple[int, int, int, int]]:
    """Count the features of each request as the header says; ``releases`` value the campaigns, "" all others."""
    counts = []
    for labels, group in log:
        used = [models for campaign, _, _ in group for models in releases.get(campaign, releases[""])]
        distinct = [known_to(models) for models in {id(models): models for models in used}.values()]
        looked_up = [
            (known_to(models), own)
            for campaign, pricing, own in group
            for models in releases.get(campaign, releases[""])
            if pricing != 9
        ]
        counts.append(
            (
                len(labels) * len(distinct),
                sum(is_known(label) for is_known in distinct for label in labels),
                sum(len(own) for _, own in looked_up),
                sum(is_known(label) for is_known, own in looked_up for label in own),
            )
        )
    return counts


def counts_of(outcome: Outcome) -> tuple[int, int, int, int]:
    return (
        outcome.request_features,
        outcome.request_features_known,
        outcome.candidate_features,
        outcome.candidate_features_known,
    )


OTHERS: dict[str, tuple[policies.Policy | None, dict[str, list[list[reference.Model]]]]] = {
    "no policy": (None, {"": [TUESDAY]}),
    "a release for a campaign": (
        policy(
            predictors={"old": {"release": "monday"}},
            overrides=[{"scope": {"campaigns": ["1042"]}, "predictor": "old", "reason": "a test"}],
        ),
        {"": [TUESDAY], "1042": [MONDAY]},
    ),
    "a mean and a constant": (
        policy(
            "bag",
            predictors={"bag": {"ensemble": ["monday", "tuesday"]}, "fixed": {"constant": {"pctr": 0.1}}},
            overrides=[{"scope": {"campaigns": ["3000"]}, "predictor": "fixed", "reason": "a test"}],
        ),
        {"": [MONDAY, TUESDAY], "3000": []},
    ),
    "draws": (
        policy("curious", predictors={"curious": {"release": "monday", "exploration": 1.0}}),
        {"": [MONDAY]},
    ),
}


@pytest.mark.parametrize("name", OTHERS)
@given(LOG)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_features_are_counted_as_an_independent_count_does(engine: Engine, tmp_path: Path, name: str, log: Log) -> None:
    document, releases = OTHERS[name]
    engine.load_policy(None if document is None else policies.write(tmp_path / "policy.json", document))
    expected = counted(log, releases)
    batch = batch_of(engine, log)
    outcomes = engine.score_batch(batch, return_outcomes=True).outcomes
    assert [counts_of(outcomes[request]) for request in range(len(log))] == expected
    assert not outcomes.budget_exceeded.any()
    explored = engine.explore(batch).outcomes
    assert [counts_of(explored[request]) for request in range(len(log))] == expected
    with engine.scorer() as scorer:
        ranked = [scorer.rank(batch, 2, request=request).outcome for request in range(len(log))]
        assert [counts_of(outcome) for outcome in ranked] == expected


@given(LOG, LABELS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_shared_features_give_the_values_and_outcomes_of_own_ones(
    engine: Engine, tmp_path: Path, log: Log, shared: list[Label]
) -> None:
    document, _ = OTHERS["draws"]
    own = batch_of(engine, [(shared + labels, group) for labels, group in log])
    common = batch_of(engine, log, shared=features_of(engine, [shared]))
    for path in (None, policies.write(tmp_path / "policy.json", document or {})):
        engine.load_policy(path)
        for other in (common, copy.deepcopy(common), pickle.loads(pickle.dumps(common))):
            expected, found = (engine.score_batch(batch, return_outcomes=True) for batch in (own, other))
            assert found.values.tobytes() == expected.values.tobytes()
            for request in range(len(log)):
                assert counts_of(found.outcomes[request]) == counts_of(expected.outcomes[request])
        assert engine.explore(common).values.tobytes() == engine.explore(own).values.tobytes()
        with engine.scorer() as scorer:
            for request in range(len(log)):
                best, same = (scorer.rank(batch, 3, request=request) for batch in (own, common))
                assert best.values.tobytes() == same.values.tobytes()
                assert best.positions.tolist() == same.positions.tolist()


def test_shared_features_are_one_row_and_count_among_the_10000(engine: Engine) -> None:
    log: Log = [([("slot", "12")], [("1042", 2, [])])]
    with pytest.raises(ValueError, match="one row"):
        batch_of(engine, log, shared=Features.empty(2))
    many = features_of(engine, [[("slot", "12")] * 10_000])
    with pytest.raises(RequestError, match="10,000"):
        engine.score_batch(batch_of(engine, log, shared=many))


def test_json_answers_carry_what_outcomes_do(engine: Engine, tmp_path: Path) -> None:
    request = {
        "id": "imp-1",
        "features": {"slot": "12", "os": "beos", "days_since_visit": 2.5, "no_such_field": "x"},
        "candidates": [{"campaign": "1042", "pricing": "cpc", "bid": 1, "features": {"creative": ["55", "99"]}}] * 2,
    }
    served = {"id": "imp-1", "release": "tuesday", "policy": None, "generation": 1}
    counts = {
        "request_features": 3,
        "request_features_known": 2,
        "candidate_features": 4,
        "candidate_features_known": 2,
    }
    for answer in (engine.score(request), engine.explain(request), engine.score(request | {"top": 1})):
        assert {name: member for name, member in answer.items() if name != "values"} == served | counts
    document = policy(version="v7", predictors={"fixed": {"constant": {"pctr": 0.1}}})
    engine.load_policy(policies.write(tmp_path / "policy.json", document))
    answer = engine.score(request)
    assert (answer["release"], answer["policy"], answer["generation"]) == ("tuesday", "v7", 2)
    assigned = engine.assign(request)
    assert (assigned["release"], assigned["policy"], assigned["generation"]) == ("tuesday", "v7", 2)
    assert engine.score(request | {"candidates": []})["request_features"] == 0


def test_models_that_are_no_release_have_none(models_path: Path) -> None:
    with Engine() as engine:
        engine.load(models_path)
        answer = engine.score({"candidates": []})
        assert (answer["release"], answer["generation"]) == (None, 1)


def test_the_generation_rises_with_every_change(engine: Engine, tmp_path: Path) -> None:
    batch = batch_of(engine, [([], [("1042", 2, [])])])

    def generation() -> int:
        return int(engine.score_batch(batch, return_outcomes=True).outcomes.generation[0])

    seen = [generation()]
    assert generation() == seen[0]
    assert not engine.refresh()
    assert generation() == seen[0]
    changes: list[Callable[[], object]] = [
        lambda: engine.load_policy(policies.write(tmp_path / "policy.json", policy())),
        lambda: engine.load_policy(None),
        lambda: engine.roll_back("monday"),
        lambda: engine.roll_back(),
        lambda: engine.load(tmp_path / "monday.jsonl"),
    ]
    for change in changes:
        change()
        seen.append(generation())
    assert seen == sorted(set(seen)), seen


def test_a_budget_that_is_exceeded_is_told_and_what_it_did_not_reach_is_not_counted(engine: Engine) -> None:
    log: Log = [([("slot", "12")] * 5, [("1042", 2, [("creative", "55")])] * 3)] * 2
    values, outcomes = engine.score_batch(batch_of(engine, log, time_budget_ns=1), return_outcomes=True)
    assert outcomes.budget_exceeded.all()
    assert (values["flags"] & Flag.BUDGET_EXCEEDED).all()
    assert not outcomes.request_features.any()
    assert not outcomes.candidate_features.any()
    found = engine.explore(batch_of(engine, log, time_budget_ns=1))
    assert found.outcomes.budget_exceeded.all()
    answer = engine.score({"budget_us": 0, "candidates": [{"campaign": "1042", "pricing": "cpc", "bid": 1}]})
    assert "budget_exceeded" not in answer


def test_outcomes_are_read_only_arrays_of_one_element_a_request(engine: Engine) -> None:
    log: Log = [([("slot", "12")], [("1042", 2, [])])] * 3
    batch = batch_of(engine, log)
    scores = engine.score_batch(batch, return_outcomes=True)
    assert isinstance(scores, Scores)
    assert scores.values.tobytes() == engine.score_batch(batch).tobytes()
    assert len(scores.outcomes) == 3
    assert "3 requests" in repr(scores.outcomes)
    assert (scores.outcomes.nanoseconds > 0).all()
    assert scores.outcomes[2] == Outcome(1, False, int(scores.outcomes.nanoseconds[2]), 1, 1, 0, 0)
    for column in (scores.outcomes.generation, scores.outcomes.budget_exceeded):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 0
