# SPDX-License-Identifier: Apache-2.0
"""Batches say who sees each impression and when, and get the same values as JSON requests."""

from __future__ import annotations

import copy
import gc
import pickle
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import policies
from policies import experiment, policy
from valuation import Batch, Candidates, Engine, Features, Flag, fingerprint64, fingerprints

NOON = "2026-11-21T12:00:00Z"
NOW = np.datetime64("2026-11-21")
UNIT = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.integers(-(10**25), 10**25)


@pytest.fixture
def trials(engine: Engine, tmp_path: Path) -> Engine:
    """An engine with an experiment on users, and another on sessions that begins at noon."""
    house = {"house": {"constant": {"pctr": 0.25}}}
    users = experiment("users", ("control", 3000, None), ("house", 3000, "house"), unit="user", layer="a")
    sessions = experiment("sessions", ("control", 5000, None), ("b", 5000, "house"), unit="session", start=NOON)
    engine.load_policy(
        policies.write(tmp_path / "policy.json", policy(predictors=house, experiments=[users, sessions]))
    )
    return engine


def batch(count: int, *, campaign: int = 1, **circumstances: Any) -> Batch:
    """Return requests with one ad each; no engine knows the campaign of key 1."""
    return Batch(Features.empty(count), Candidates([campaign] * count, "cpc", 1.0), **circumstances)


@given(st.lists(st.tuples(UNIT, UNIT, st.sampled_from([NOON, "2026-11-21T11:59:59Z"])), max_size=8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_units_and_times_of_a_batch_are_those_of_json(trials: Engine, rows: list[tuple[Any, Any, str]]) -> None:
    users, sessions, times = ([row[column] for row in rows] for column in range(3))
    values = trials.score_batch(
        batch(
            len(rows),
            campaign=trials.campaign_key("1042"),
            units={"user": users, "session": sessions},
            times=np.array([time.rstrip("Z") for time in times], "datetime64[s]"),
        )
    )
    candidates = [{"campaign": "1042", "pricing": "cpc", "bid": 1.0}]
    for value, (user, session, time) in zip(values, rows, strict=True):
        request = {"unit": {"user": user, "session": session}, "time": time, "candidates": candidates}
        (expected,) = trials.score({"features": {}} | request)["values"]
        source = trials.find_source(int(value["source"]))
        assert source[:3] == (expected["predictor"], expected["experiment"], expected["variant"])
        assert Flag.names(int(value["flags"])) == expected["flags"]
        assert value["expected_revenue"] == expected["expected_revenue"]


@pytest.mark.parametrize(
    "users",
    [
        ["1", "2", None],
        [1, 2, float("nan")],
        np.array([1.0, 2.0, np.nan]),
        np.array(["1", "2", ""]),
        pd.Series(["1", "2", None]),
        pd.Series([1, 2, None], dtype="Int64"),
        pd.DataFrame({"user": ["1", "2", ""]})["user"],
    ],
    ids=lambda users: type(users).__name__,
)
def test_a_column_of_units_may_be_any_sequence(trials: Engine, users: Any) -> None:
    found = trials.score_batch(batch(3, units={"user": users}))["source"]
    expected = [trials.score_batch(batch(1, units={"user": unit}))["source"][0] for unit in ("1", "2")]
    without = trials.score_batch(batch(1))["source"][0]
    assert found.tolist() == [*expected, without]


def test_a_single_unit_applies_to_all_requests(trials: Engine) -> None:
    units = [{"user": unit} for unit in ("7", 7, 7.0, np.int64(7), ["7"] * 4)]
    first, *others = [trials.score_batch(batch(4, units=unit))["source"].tolist() for unit in units]
    assert others == [first] * 4


def test_a_data_frame_has_the_units_by_their_names(trials: Engine) -> None:
    log = pd.DataFrame({"user": ["u-1", "u-2"], "session": ["s-1", "s-2"]})
    expected = trials.score_batch(batch(2, units=dict(log.items())))["source"]
    np.testing.assert_array_equal(trials.score_batch(batch(2, units=log))["source"], expected)


@pytest.mark.parametrize(
    "times",
    [
        np.array(["2026-11-21T12:00:00", "2026-11-21T11:59:59"], "datetime64[s]"),
        np.array(["2026-11-21T12:00:00.000", "2026-11-21T11:59:59.999"], "datetime64[ms]"),
        pd.to_datetime(pd.Series(["2026-11-21T12:00:00Z", "2026-11-21T11:59:59.9Z"], dtype=str), format="ISO8601"),
        pd.Series(pd.to_datetime(["2026-11-21 13:00", "2026-11-21 12:59"])).dt.tz_localize("Europe/Berlin"),
        [datetime.fromisoformat("2026-11-21T12:00:00+00:00"), datetime.fromisoformat("2026-11-21T11:59:59.5+00:00")],
        [1795262400, 1795262399],
    ],
    ids=["seconds", "milliseconds", "UTC", "Berlin", "datetimes", "integers"],
)
def test_times_are_compared_with_starts_and_ends(trials: Engine, times: Any) -> None:
    units = {"user": next(policies.units_in("users-salt", range(9000, 10_000))), "session": "s-1"}
    sources = trials.score_batch(batch(2, units=units, times=times))["source"].tolist()
    assert [trials.find_source(source).experiment for source in sources] == ["sessions", None]


def test_one_time_applies_to_all_requests() -> None:
    noon = datetime(2026, 11, 21, 13, tzinfo=timezone(timedelta(hours=1)))
    for time in (noon, np.datetime64("2026-11-21T12:00"), 1795262400, pd.Timestamp(noon)):
        assert batch(2, times=time).times.tolist() == [1795262400] * 2
    assert batch(2).times.tolist() == [0, 0]


def test_seeds_are_any_unsigned_numbers() -> None:
    for seeds in ([1, 2**64 - 1], np.array([1, 2**64 - 1], np.uint64), pd.Series([1, 2**64 - 1], dtype="uint64")):
        assert batch(2, seeds=seeds).seeds.tolist() == [1, 2**64 - 1]
    assert batch(2, seeds=np.arange(2)).seeds.tolist() == [0, 1]
    assert batch(2, seeds=fingerprints(["imp-1", "imp-2"])).seeds[0] == fingerprint64("imp-1")


@pytest.mark.parametrize(
    "duplicate",
    [copy.copy, copy.deepcopy, lambda subject: pickle.loads(pickle.dumps(subject))],
    ids=["copy", "deepcopy", "pickle"],
)
def test_a_copied_batch_has_the_same_units(trials: Engine, duplicate: Any) -> None:
    columns = {"user": [f"u-{number}" for number in range(50)], "session": ["s"] * 50}
    original = batch(50, units=columns, seeds=np.arange(50), times=1795262400)
    expected = trials.score_batch(original)["source"]
    copied = duplicate(original)
    del original, columns
    gc.collect()
    assert (copied.seeds.tolist(), set(copied.times.tolist())) == (list(range(50)), {1795262400})
    np.testing.assert_array_equal(trials.score_batch(copied)["source"], expected)
    assert len(set(expected.tolist())) > 1


@pytest.mark.parametrize(
    ("circumstances", "kind", "message"),
    [
        ({"units": {"user": ["a"]}}, ValueError, "units 'user' has 1 rows, there are 2 requests"),
        ({"units": {"user": [NOW, NOW]}}, TypeError, "units 'user': a unit is text or a number, not datetime64"),
        ({"units": {"user": [True, False]}}, TypeError, "not a bool"),
        ({"units": {"user": None}}, TypeError, "not NoneType"),
        ({"units": {"user": [["a"], ["b"]]}}, ValueError, "units 'user': must have one dimension"),
        ({"units": {"": ["a", "b"]}}, ValueError, "a unit's name"),
        ({"units": {}}, ValueError, "1 to 16 columns, not 0"),
        ({"units": {str(number): "a" for number in range(17)}}, ValueError, "1 to 16 columns, not 17"),
        ({"seeds": [1]}, ValueError, "seeds must have 2 members"),
        ({"seeds": 1}, TypeError, "seeds: is no column, but of type int"),
        ({"seeds": [1.0, 2.0]}, TypeError, "seeds must be integers"),
        ({"seeds": [-1, 2]}, ValueError, r"from 0 to 2\*\*64 - 1"),
        ({"seeds": np.array([-1, 2])}, ValueError, "BigQuery"),
        ({"times": [1, 2, 3]}, ValueError, "times must be one value or 2 of them"),
        ({"times": [1.0, 2.0]}, TypeError, "times must be datetime64"),
        ({"times": datetime(2026, 11, 21)}, TypeError, "time zone"),
        ({"times": [NOON, NOON]}, TypeError, "times must be datetime64"),
        ({"times": np.array(["2026-11-21", "NaT"], "datetime64[s]")}, ValueError, "NaT"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(circumstances: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        batch(2, **circumstances)
