# SPDX-License-Identifier: Apache-2.0
"""A batch gives the same bits as single calls, and nothing out of bounds reaches C."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import reference
from valuation import (
    VALUE_DTYPE,
    Batch,
    Candidates,
    Engine,
    Features,
    Flag,
    NothingLoadedError,
    Pricing,
    RequestError,
    Status,
    publish,
)
from valuation._texts import category_text

NUMERIC = ["days_since_visit"]
REQUEST = st.fixed_dictionaries(
    {
        "slot": st.sampled_from(["12", "77", "13", None]),
        "os": st.sampled_from(["ios", "android", None]),
        "segments": st.lists(st.sampled_from(["sports", "travel", "news"]), unique=True),
        "logged_in": st.sampled_from([True, False, None]),
        "days_since_visit": st.one_of(st.none(), st.floats(-100, 100)),
    }
)
CANDIDATE = st.fixed_dictionaries(
    {
        "campaign": st.sampled_from(["1042", "2000", "*", "unheard-of"]),
        "pricing": st.sampled_from(["cpm", "cpc", "cpa"]),
        "bid": st.floats(0, 1000),
        "creative": st.sampled_from(["55", "56", None]),
    }
)
LOG = st.lists(st.tuples(REQUEST, st.lists(CANDIDATE, max_size=5)), max_size=8)


@pytest.fixture(params=["files", "a release"])
def engine(request: pytest.FixtureRequest, models_path: Path, tmp_path: Path) -> Iterator[Engine]:
    """An engine that has loaded the models, with the standard secret, and with one of its own."""
    with Engine() as engine:
        if request.param == "a release":
            publish(models_path, tmp_path / "releases")
            engine.load(tmp_path / "releases")
        else:
            engine.load(models_path)
        yield engine


def batch_of(engine: Engine, log: list[tuple[dict[str, Any], list[dict[str, Any]]]]) -> Batch:
    requests, groups = [row for row, _ in log], [group for _, group in log]
    ads = [candidate for group in groups for candidate in group]
    fields = ["slot", "os", "segments", "logged_in", "days_since_visit"]
    request_features = Features.from_columns(
        engine, {field: [row[field] for row in requests] for field in fields}, numeric=NUMERIC
    )
    candidates = Candidates(
        engine.campaign_keys([ad["campaign"] for ad in ads]),
        np.array([ad["pricing"] for ad in ads], dtype=str),
        np.array([ad["bid"] for ad in ads], dtype=float),
        Features.from_columns(engine, {"creative": [ad["creative"] for ad in ads]}),
    )
    return Batch(request_features, candidates, np.cumsum([0, *map(len, groups)]))


def json_values(engine: Engine, log: list[tuple[dict[str, Any], list[dict[str, Any]]]]) -> npt.NDArray[Any]:
    """Score a log request by request through JSON."""
    rows = []
    for features, ads in log:
        candidates = [
            {name: ad[name] for name in ("campaign", "pricing", "bid")} | {"features": {"creative": ad["creative"]}}
            for ad in ads
        ]
        for value in engine.score({"features": features, "candidates": candidates})["values"]:
            flags = sum(flag for flag in Flag if Flag.names(flag)[0] in value["flags"])
            rows.append((value["expected_revenue"], nan(value["pctr"]), nan(value["pcvr"]), flags, 0))
    return np.array(rows, dtype=VALUE_DTYPE)


def nan(number: float | None) -> float:
    return float("nan") if number is None else number


def assert_same_bits(first: npt.NDArray[Any], second: npt.NDArray[Any], fields: Any = VALUE_DTYPE.names) -> None:
    assert len(first) == len(second)
    for field in fields:
        np.testing.assert_array_equal(first[field], second[field], strict=True)  # NaN equals NaN


@given(LOG)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_a_batch_gives_the_bits_of_json_and_of_single_calls(
    engine: Engine, log: list[tuple[dict[str, Any], list[dict[str, Any]]]]
) -> None:
    batch = batch_of(engine, log)
    values = engine.score_batch(batch)
    assert values.dtype == VALUE_DTYPE
    # Only JSON can report a field that no model knows: a key does not reveal its field.
    assert_same_bits(values, json_values(engine, log))
    with engine.scorer() as scorer:
        for position, (_, ads) in enumerate(log):
            first, last = batch.candidate_offsets[position : position + 2]
            alone = Batch(
                batch.requests.take([position]),
                batch.candidates.take(np.arange(first, last)),
                [0, len(ads)],
            )
            assert_same_bits(scorer.score_batch(alone), values[first:last])


@given(LOG.filter(bool), st.integers(0, 7))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_ranking_gives_the_best_of_a_request_first(
    engine: Engine, log: list[tuple[dict[str, Any], list[dict[str, Any]]]], count: int
) -> None:
    batch = batch_of(engine, log)
    values = engine.score_batch(batch)
    with engine.scorer() as scorer:
        for request in range(len(batch)):
            first, last = batch.candidate_offsets[request : request + 2]
            own = values[first:last]
            best = np.argsort(-own["expected_revenue"], kind="stable")[:count]
            ranking = scorer.rank(batch, count, request=request)
            assert ranking.positions.tolist() == best.tolist()
            assert_same_bits(ranking.values, own[best])


@given(
    st.one_of(
        st.text(st.characters(min_codepoint=1, exclude_categories=["Cs"]), max_size=20),
        st.integers(-(10**30), 10**30),
        st.floats(allow_nan=False, allow_infinity=False),
        st.booleans(),
    )
)
@example(-0.0)
@example(2.0**53)
@example(2.0**53 + 2)
@example(-9801660732802520.0)
@example(1e16)
@example(1e-5)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_value_of_any_type_is_the_same_category_in_json_and_in_columns(
    tmp_path_factory: pytest.TempPathFactory, value: str | float | bool
) -> None:
    labels = {category_text(value): 1.0, "": 0.5}
    model = reference.model("1", categorical={"slot": labels})
    candidates = [{"campaign": "1", "pricing": "cpc", "bid": 1.0}]
    with Engine() as engine:
        engine.load(reference.write(tmp_path_factory.mktemp("models") / "model.json", model))
        (known,) = engine.score({"features": {"slot": value}, "candidates": candidates})["values"]
        row = Features.from_columns(engine, {"slot": np.array([value], dtype=object)})
        (by_key,) = engine.score_batch(Batch(row, Candidates([engine.campaign_key("1")], "cpc", 1.0)))
    assert known["flags"] == []
    assert by_key["flags"] == 0
    assert by_key["expected_revenue"] == known["expected_revenue"]


def test_a_log_of_impressions_has_one_candidate_for_each_request(engine: Engine) -> None:
    log = pd.DataFrame(
        {
            "slot": ["12", "77", "12"],
            "days_since_visit": [1.0, None, 3.0],
            "campaign": [1042, 2000, 1042],
            "creative": ["55", "55", None],
            "pricing": ["cpc", "cpm", "cpa"],
            "bid": [0.5, 2.0, 35.0],
        }
    )
    creatives = Features.from_columns(engine, log[["creative"]])
    candidates = Candidates(engine.campaign_keys(log["campaign"]), log["pricing"], log["bid"], creatives)
    requests = Features.from_columns(engine, log[["slot", "days_since_visit"]], numeric=NUMERIC)
    values = engine.score_batch(Batch(requests, candidates))
    assert values["expected_revenue"].tolist() == [
        0.5 * float(values["pctr"][0]),
        0.002,
        35.0 * float(values["pctr"][2]) * float(values["pcvr"][2]),
    ]


def test_an_inventory_is_indexed_by_position(engine: Engine) -> None:
    creatives = Features.from_columns(engine, {"creative": ["55", "56", "57"]})
    inventory = Candidates([engine.campaign_key("1042")] * 3, Pricing.CPC, [1.0, 2.0, 3.0], creatives)
    slots = Features.from_columns(engine, {"slot": ["12", "77"]})
    chosen = [2, 0, 0, 1, 2]
    values = engine.score_batch(Batch(slots.take([1, 0]), inventory.take(chosen), [0, 2, 5]))
    whole = engine.score_batch(Batch(slots, inventory.take([0, 1, 2] * 2), [0, 3, 6])).reshape(2, 3)
    expected = np.concatenate([whole[1][chosen[:2]], whole[0][chosen[2:]]])
    assert_same_bits(values, expected)


def test_bad_candidates_are_flagged_not_refused(engine: Engine) -> None:
    pricing, bids = ["cpc", "cpc", "cpc", 7, "cpc", None], [1.0, float("nan"), -1.0, 1.0, float("inf"), 1.0]
    candidates = Candidates([engine.campaign_key("1042")] * 6, pricing, bids)
    values = engine.score_batch(Batch(Features.empty(1), candidates, [0, 6]))
    assert (values["expected_revenue"] > 0).tolist() == [True, False, False, False, False, False]
    invalid_bid, invalid_candidate = int(Flag.INVALID_BID), int(Flag.INVALID_CANDIDATE)
    bad = values["flags"] & (invalid_bid | invalid_candidate)
    assert bad.tolist() == [0, invalid_bid, invalid_bid, invalid_candidate, invalid_bid, invalid_candidate]


def test_an_infinite_number_is_flagged(engine: Engine) -> None:
    requests = Features.from_columns(engine, {"days_since_visit": [float("inf"), 1.0]}, numeric=NUMERIC)
    values = engine.score_batch(Batch(requests, Candidates([engine.campaign_key("*")] * 2, "cpc", 1.0)))
    assert (values["flags"] & int(Flag.INVALID_NUMBER) != 0).tolist() == [True, False]


def test_an_empty_batch_has_no_values(engine: Engine) -> None:
    nothing = Candidates([], "cpc", 1.0)
    assert len(engine.score_batch(Batch(Features.empty(0), nothing))) == 0
    assert len(engine.score_batch(Batch(Features.empty(2), nothing, [0, 0, 0]))) == 0
    with engine.scorer() as scorer:
        assert len(scorer.rank(Batch(Features.empty(1), nothing, [0, 0]), 3).positions) == 0


def one_of_each(engine: Engine) -> Batch:
    requests = Features.from_columns(engine, {"slot": ["12", "77"], "os": ["ios", None]})
    creatives = Features.from_columns(engine, {"creative": ["55", "56", None]})
    campaigns = engine.campaign_keys(["1042", "2000", "*"])
    candidates = Candidates(campaigns, ["cpc", "cpm", "cpa"], [0.5, 2, 35], creatives)
    return Batch(requests, candidates, [0, 1, 3])


@pytest.mark.parametrize(
    "duplicate",
    [copy.copy, copy.deepcopy, lambda batch: pickle.loads(pickle.dumps(batch))],
    ids=["copy", "deepcopy", "pickle"],
)
def test_a_copied_batch_does_not_need_the_original(engine: Engine, duplicate: Any) -> None:
    batch = one_of_each(engine)
    expected = engine.score_batch(batch)
    copied = duplicate(batch)
    del batch
    gc.collect()
    # C will read the features that the copy keeps alive.
    assert copied._request_structs["features"].tolist() == copied.requests._addresses().tolist()
    assert copied._candidate_structs["features"].tolist() == copied.candidates.features._addresses().tolist()
    assert_same_bits(engine.score_batch(copied), expected)


def test_a_batch_keeps_its_arrays_alive(engine: Engine) -> None:
    requests = Features.from_columns(engine, {"slot": ["12", "77"]})
    kept = weakref.ref(requests._entries)
    batch = Batch(requests, Candidates(engine.campaign_keys(["1042", "2000"]), "cpc", 1.0))
    expected = engine.score_batch(batch)
    del requests
    gc.collect()
    assert kept() is not None
    assert_same_bits(engine.score_batch(batch), expected)
    with pytest.raises(ValueError, match="read-only"):
        batch.candidate_offsets[1] = 10**9
    with pytest.raises(ValueError, match="read-only"):
        batch.candidates.bids[0] = 1


TWO = Candidates([1, 2], "cpc", 1.0)


@pytest.mark.parametrize(
    ("requests", "offsets", "kind", "message"),
    [
        (3, None, ValueError, "3 requests and 2 candidates: pass candidate_offsets"),
        (1, [0, 3], ValueError, "candidate_offsets must end with 2"),
        (1, [0, 1], ValueError, "candidate_offsets must end with 2"),
        (1, [1, 2], ValueError, "candidate_offsets must begin with 0"),
        (2, [0, 3, 2], ValueError, "candidate_offsets must not fall"),
        (2, [0, -1, 2], ValueError, "candidate_offsets must not fall"),
        (2, [0, 2], ValueError, "candidate_offsets must have 3 members"),
        (1, [0, 1, 2], ValueError, "candidate_offsets must have 2 members"),
        (1, [0.0, 2.0], TypeError, "candidate_offsets must be integers"),
        (1, [[0], [2]], ValueError, "one dimension"),
        (1, np.array([0, 2**63], dtype=np.uint64), ValueError, "must end with 2"),
    ],
)
def test_offsets_that_do_not_fit_are_refused(requests: int, offsets: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        Batch(Features.empty(requests), TWO, offsets)


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ((["1042"], "cpc", 1.0), TypeError, "campaigns must be keys of dtype uint64.*engine.campaign_keys"),
        ((np.array([1042]), "cpc", 1.0), TypeError, "not int64; make them with engine.campaign_keys"),
        (([1, 2], ["cpc"], 1.0), ValueError, "pricing must be one value or 2 of them"),
        (([1], 1.5, 1.0), TypeError, 'pricing is "cpm", "cpc" or "cpa", or a Pricing, not 1.5'),
        (([1], "CPC", 1.0), ValueError, 'pricing is "cpm", "cpc" or "cpa" in lower case, not \'CPC\''),
        (([1, 2], ["cpc", "sale"], 1.0), ValueError, "not 'sale'"),
        (([1, 2], pd.Series(["cpc", "CPM"], dtype="category"), 1.0), ValueError, "not 'CPM'"),
        (([1], 2**40, 1.0), ValueError, "pricing must fit 32 bits"),
        (([1], "cpc", "1.0"), TypeError, "bids: holds '1.0', which is no number"),
        (([1], "cpc", [1.0, 2.0]), ValueError, "bids must be one value or 1 of them"),
        (([1], "cpc", 1.0, Features.empty(2)), ValueError, "one row for each of 1 campaigns, not 2"),
    ],
)
def test_candidates_that_do_not_fit_are_refused(arguments: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        Candidates(*arguments)


@pytest.mark.parametrize("budget", [-1, 2**64])
def test_an_impossible_time_budget_is_refused(budget: int) -> None:
    with pytest.raises(ValueError, match="time_budget_ns"):
        Batch(Features.empty(2), TWO, time_budget_ns=budget)


def test_a_time_budget_reaches_the_library(engine: Engine) -> None:
    requests = Features.from_columns(engine, {"slot": ["12"]})
    ads = Candidates([engine.campaign_key("1042")] * 20000, "cpc", 1.0)
    hurried = engine.score_batch(Batch(requests, ads, [0, 20000], time_budget_ns=1))
    calm = engine.score_batch(Batch(requests, ads, [0, 20000], time_budget_ns=10**12))
    assert hurried["flags"][-1] & int(Flag.BUDGET_EXCEEDED)
    assert not np.any(calm["flags"] & int(Flag.BUDGET_EXCEEDED))


def test_rank_refuses_a_request_that_does_not_exist(engine: Engine) -> None:
    with engine.scorer() as scorer:
        for request in (-1, 2):
            with pytest.raises(IndexError, match="there is no request"):
                scorer.rank(one_of_each(engine), 1, request=request)
        with pytest.raises(ValueError, match="maximum_count"):
            scorer.rank(one_of_each(engine), -1)


def test_a_request_with_too_many_features_is_refused(engine: Engine) -> None:
    requests = Features(np.ones(10001, np.uint64), [0, 10001])
    with pytest.raises(RequestError) as caught:
        engine.score_batch(Batch(requests, Candidates([1], "cpc", 1.0)))
    assert caught.value.status == Status.LIMIT_EXCEEDED


def test_a_batch_needs_loaded_models() -> None:
    with Engine() as empty, pytest.raises(NothingLoadedError):
        empty.score_batch(one_of_each(empty))
