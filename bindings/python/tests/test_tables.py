# SPDX-License-Identifier: Apache-2.0
"""Tables are scored to tables, with the same values as JSON requests."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import parquet

import policies
from valuation import Engine, Flag, NothingLoadedError, Pricing, score_parquet, score_table

ROWS = 7
LOG: dict[str, list[Any]] = {
    "campaign": ["1042", "2000", "1042", "unheard-of", "1042", "2000", "1042"],
    "pricing": ["cpa", "cpc", "cpm", "cpc", "cpc", "cpa", "cpc"],
    "bid": [35.0, 0.5, 2.0, 1.0, 0.25, 10.0, 0.5],
    "slot": ["12", "77", None, "12", "12", "5", "77"],
    "segments": [["sports", "travel"], [], None, ["news"], ["sports"], [], []],
    "creative": ["55", None, "55", "56", "55", None, "55"],
    "logged_in": [True, False, None, True, False, True, None],
    "days_since_visit": [2.5, None, 0.5, 1.0, 7.0, 3.0, -1.0],
    "user": ["u-1", "u-2", "u-3", None, "u-5", "u-6", "u-7"],
    "impression": [f"imp-{row}" for row in range(ROWS)],
}
COLUMNS: dict[str, Any] = {
    "features": ["slot", "segments", "creative", "logged_in", "days_since_visit"],
    "numeric": ["days_since_visit"],
    "units": {"user": "user"},
    "id": "impression",
}

FORMS: dict[str, Callable[[], Any]] = {
    "mapping": lambda: LOG,
    "Arrow table": lambda: pa.table(LOG),
    "record batch": lambda: pa.RecordBatch.from_pydict(LOG),
    "stream": lambda: pa.table(LOG).to_reader(max_chunksize=2),
    "dictionaries": lambda: pa.table(LOG | {"slot": pa.array(LOG["slot"]).dictionary_encode()}),
    "pandas": lambda: pd.DataFrame(LOG),
    "pandas on Arrow": lambda: pa.table(LOG).to_pandas(types_mapper=pd.ArrowDtype),
    "polars": lambda: pl.DataFrame(LOG),
}


@pytest.fixture
def trial(engine: Engine, tmp_path: Path) -> Engine:
    """An engine with a policy: an experiment on users, one variant of which is a constant."""
    house = {"house": {"constant": {"pctr": 0.25}}}
    users = policies.experiment("users", ("control", 4000, None), ("house", 4000, "house"), unit="user")
    document = policies.policy(predictors=house, experiments=[users])
    engine.load_policy(policies.write(tmp_path / "policy.json", document))
    return engine


def answers(engine: Engine) -> list[dict[str, Any]]:
    """Return the answers to JSON requests, row by row."""
    values = []
    for row in range(ROWS):
        cell = {name: column[row] for name, column in LOG.items()}
        candidate = {name: cell[name] for name in ("campaign", "pricing", "bid")}
        request = {"id": cell["impression"], "features": {name: cell[name] for name in COLUMNS["features"]}}
        (value,) = engine.score(request | {"unit": {"user": cell["user"]}, "candidates": [candidate]})["values"]
        values.append(dict(value))
    return values


def assert_answers(scored: Any, expected: list[dict[str, Any]]) -> None:
    assert scored.column_names == [
        *LOG,
        *("expected_revenue", "pctr", "pcvr", "flags", "predictor", "experiment", "variant"),
    ]
    for row, value in zip(scored.to_pylist(), expected, strict=True):
        assert row["expected_revenue"] == value["expected_revenue"]
        assert Flag.names(row["flags"]) == value["flags"]
        for name in ("pctr", "pcvr"):
            assert row[name] == (None if value[name] is None else pytest.approx(value[name], rel=1e-7))
        for name in ("predictor", "experiment", "variant"):
            assert row[name] == value.get(name)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_table_of_any_library_is_scored_as_its_rows_are(trial: Engine, form: Callable[[], Any]) -> None:
    expected = answers(trial)
    assert {value["variant"] for value in expected} >= {"control", "house"}
    scored = score_table(trial, form(), **COLUMNS)
    assert_answers(scored, expected)
    assert scored.select(["campaign", "bid", "slot"]).to_pydict() == {
        name: LOG[name] for name in ("campaign", "bid", "slot")
    }


def test_without_a_policy_no_predictor_is_named(engine: Engine) -> None:
    scored = score_table(engine, LOG, **COLUMNS)
    assert_answers(scored, answers(engine))
    assert scored["predictor"].null_count == ROWS


def test_all_columns_that_no_argument_names_are_features(engine: Engine) -> None:
    names = ["campaign", "bid", *COLUMNS["features"]]
    table = pa.table(LOG).select(names)
    expected = score_table(engine, LOG, **COLUMNS | {"pricing": Pricing.CPC})
    found = score_table(engine, table, numeric=COLUMNS["numeric"], pricing=Pricing.CPC)
    assert found["expected_revenue"].equals(expected["expected_revenue"])
    alone = score_table(engine, table.select(["campaign"]), pricing=Pricing.CPM, bid=3.0)
    assert alone["expected_revenue"].to_pylist() == [0.003] * ROWS


def test_times_are_compared_with_starts(engine: Engine, tmp_path: Path) -> None:
    house = {"house": {"constant": {"pctr": 0.25}}}
    later = policies.experiment("later", ("house", 10_000, "house"), unit="user", start="2026-11-21T12:00:00Z")
    document = policies.policy(predictors=house, experiments=[later])
    engine.load_policy(policies.write(tmp_path / "policy.json", document))
    times = pa.array([1795262400 - 1, 1795262400], pa.timestamp("s", "UTC"))
    table = {"campaign": ["1042"] * 2, "bid": [1.0] * 2, "user": ["u"] * 2, "at": times}
    scored = score_table(engine, table, pricing=Pricing.CPC, units={"user": "user"}, time="at", features=[])
    assert scored["experiment"].to_pylist() == [None, "later"]


@pytest.mark.parametrize(
    ("change", "columns", "kind", "message"),
    [
        ({"pctr": [0.1] * ROWS}, {}, ValueError, "a column 'pctr' already"),
        ({}, {"campaign": "ad"}, KeyError, "no column 'ad'"),
        ({}, {"features": ["os"]}, KeyError, "no column 'os'"),
        ({}, {"pricing": "cpc"}, KeyError, "no column 'cpc'; for one pricing of all rows pass Pricing.CPC"),
        ({}, {"units": {"user": "who"}}, KeyError, "no column 'who'"),
        ({"pricing": ["CPC"] * ROWS}, {}, ValueError, "in lower case, not 'CPC'"),
        ({"campaign": [None] * ROWS}, {}, TypeError, r"campaigns\[0\] is missing"),
        ({"slot": pa.array([0] * ROWS, pa.timestamp("s"))}, {}, TypeError, "column 'slot': .*not timestamp"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(
    engine: Engine, change: Any, columns: Any, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        score_table(engine, LOG | change, **COLUMNS | columns)


def test_a_table_needs_models() -> None:
    with Engine() as empty, pytest.raises(NothingLoadedError):
        score_table(empty, LOG, **COLUMNS)


@pytest.mark.parametrize("batch_rows", [1, 3, 100])
def test_a_parquet_file_is_scored_in_batches(trial: Engine, tmp_path: Path, batch_rows: int) -> None:
    source, destination = tmp_path / "log.parquet", tmp_path / "scored.parquet"
    parquet.write_table(pa.table(LOG), source, row_group_size=2)
    assert score_parquet(trial, source, destination, batch_rows=batch_rows, **COLUMNS) == ROWS
    assert_answers(parquet.read_table(destination), answers(trial))
    assert score_parquet(trial, source, source, **COLUMNS) == ROWS  # the destination is the source
    assert parquet.read_table(source).equals(parquet.read_table(destination))
    assert sorted(path.name for path in tmp_path.glob("*parquet*")) == ["log.parquet", "scored.parquet"]


def test_a_parquet_file_without_rows_is_scored_to_one_without(engine: Engine, tmp_path: Path) -> None:
    parquet.write_table(pa.table(LOG).slice(0, 0), tmp_path / "log.parquet")
    assert score_parquet(engine, tmp_path / "log.parquet", tmp_path / "scored.parquet", **COLUMNS) == 0
    assert_answers(parquet.read_table(tmp_path / "scored.parquet"), [])


def test_a_failure_leaves_the_destination_unchanged(engine: Engine, tmp_path: Path) -> None:
    source, destination = tmp_path / "log.parquet", tmp_path / "scored.parquet"
    parquet.write_table(pa.table(LOG | {"pricing": ["cpc"] * (ROWS - 1) + ["CPC"]}), source)
    destination.write_text("yesterday's")
    with pytest.raises(ValueError, match="not 'CPC'"):
        score_parquet(engine, source, destination, batch_rows=2, **COLUMNS)
    assert destination.read_text() == "yesterday's"
    assert len(list(tmp_path.glob("*parquet*"))) == 2


def test_without_pyarrow_tables_say_what_to_install(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"pip install 'valuation\[arrow\]'"):
        score_table(engine, LOG, **COLUMNS)
