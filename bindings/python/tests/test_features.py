# SPDX-License-Identifier: Apache-2.0
"""Columns of a log become rows of features."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from valuation import Engine, Features, fingerprints, publish


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine with a secret of its own."""
    folder = tmp_path_factory.mktemp("models")
    publish(reference.write(folder / "model.json", reference.model("1042")), folder / "releases")
    with Engine() as engine:
        engine.load(folder / "releases")
        yield engine


def rows_of(features: Features) -> list[list[tuple[int, float]]]:
    return [
        list(zip(keys.tolist(), numbers.tolist(), strict=True))
        for keys, numbers in (features.row(position) for position in range(len(features)))
    ]


COLUMNS: dict[str, Any] = {
    "slot": ["12", "77", None],
    "segments": [["sports", "travel"], [], ["news", None]],
    "days_since_visit": [2.5, float("nan"), 7.0],
    "logged_in": [True, False, True],
    "campaign_week": [1, 2, 3],
}
#: The content of each row: a category, or a number with its value.
ROWS: list[list[tuple[str, str | float]]] = [
    [
        ("slot", "12"),
        ("segments", "sports"),
        ("segments", "travel"),
        ("days_since_visit", 2.5),
        ("logged_in", "true"),
        ("campaign_week", 1.0),
    ],
    [("slot", "77"), ("logged_in", "false"), ("campaign_week", 2.0)],
    [("segments", "news"), ("days_since_visit", 7.0), ("logged_in", "true"), ("campaign_week", 3.0)],
]
NUMERIC = ["days_since_visit", "campaign_week"]


def keyed(engine: Engine, rows: list[list[tuple[str, str | float]]]) -> list[list[tuple[int, float]]]:
    """Return rows as keys and numbers."""
    return [
        [
            (engine.number_key(field), value) if isinstance(value, float) else (engine.feature_key(field, value), 1.0)
            for field, value in row
        ]
        for row in rows
    ]


@pytest.mark.parametrize(
    "columns",
    [
        COLUMNS,
        {field: np.array(values, dtype=object) for field, values in COLUMNS.items() if field != "segments"},
        pd.DataFrame(COLUMNS),
        pd.DataFrame(COLUMNS, index=[7, 7, 3]),
        pd.DataFrame(COLUMNS).astype({"slot": "category"}),
        pd.DataFrame(COLUMNS).astype({"slot": "string", "days_since_visit": "Float64", "campaign_week": "Int64"}),
    ],
    ids=["lists", "arrays", "frame", "frame with an index", "categories", "nullable"],
)
def test_columns_become_rows(engine: Engine, columns: Any) -> None:
    expected = [[feature for feature in row if feature[0] in columns] for row in ROWS]
    assert rows_of(Features.from_columns(engine, columns, numeric=NUMERIC)) == keyed(engine, expected)


CELL = st.one_of(
    st.none(), st.text("abc", max_size=2), st.integers(), st.booleans(), st.lists(st.text("abc", max_size=2))
)
NUMBER = st.one_of(st.none(), st.floats(allow_infinity=False), st.integers(-(2**53), 2**53))


@given(st.lists(st.tuples(CELL, NUMBER, CELL)))
def test_any_columns_become_the_rows_that_a_loop_gives(engine: Engine, table: list[tuple[Any, Any, Any]]) -> None:
    def one_row(first: Any, number: Any, second: Any) -> list[tuple[int, float]]:
        row = []
        for field, cell in (("first", first), ("second", second)):
            members = cell if isinstance(cell, list) else [] if cell is None else [cell]
            row += [(engine.feature_key(field, member), 1.0) for member in members]
        if number is not None and number == number:
            row.append((engine.number_key("number"), float(number)))
        return row

    first, number, second = (list(column) for column in zip(*table, strict=True)) if table else ([], [], [])
    columns = {"first": first, "second": second, "number": number}
    features = Features.from_columns(engine, columns, numeric={"number"})
    assert rows_of(features) == [one_row(*row) for row in table]


def test_integers_beyond_any_numpy_type_keep_their_digits(engine: Engine) -> None:
    values = [0, 2**63, -1]
    expected = [engine.feature_key("first", value) for value in values]
    assert engine.feature_keys("first", values).tolist() == expected
    assert rows_of(Features.from_columns(engine, {"first": values})) == [[(key, 1.0)] for key in expected]


def test_text_keeps_the_nuls_at_its_end(engine: Engine) -> None:
    values = ["a", "a\0", "a\0\0"]
    expected = [engine.feature_key("first", value) for value in values]
    assert len(set(expected)) == 3
    assert engine.feature_keys("first", values).tolist() == expected
    assert rows_of(Features.from_columns(engine, {"first": values})) == [[(key, 1.0)] for key in expected]


def test_taking_rows_repeats_reorders_and_filters_them(engine: Engine) -> None:
    features = Features.from_columns(engine, COLUMNS, numeric=NUMERIC)
    first, second, third = rows_of(features)
    assert rows_of(features.take([2, 0, 2, -3])) == [third, first, third, first]
    assert rows_of(features.take(np.array([True, False, True]))) == [first, third]
    assert rows_of(features.take([2, 1]).take([1])) == [second]
    assert rows_of(features.take([])) == []
    with pytest.raises(IndexError):
        features.take([3])
    with pytest.raises(TypeError, match="positions"):
        features.take([0.5])


def test_rows_are_made_of_keys_numbers_and_offsets() -> None:
    keys = np.array([1, 2, 2**61 - 1], dtype=np.uint64)
    assert rows_of(Features(keys, [0, 0, 2, 3], [1, 2.5, 3])) == [[], [(1, 1.0), (2, 2.5)], [(2**61 - 1, 3.0)]]
    assert rows_of(Features([1, 2**61 - 1], [0, 2])) == [[(1, 1.0), (2**61 - 1, 1.0)]]
    assert rows_of(Features.empty(2)) == [[], []]


def test_rows_do_not_change_with_the_arrays_they_were_made_of() -> None:
    keys, offsets, numbers = np.array([1, 2], dtype=np.uint64), np.array([0, 1, 2]), np.array([1.0, 2.0])
    features = Features(keys, offsets, numbers)
    keys[:], offsets[:], numbers[:] = 9, 10**9, 9
    assert rows_of(features) == [[(1, 1.0)], [(2, 2.0)]]
    with pytest.raises(ValueError, match="read-only"):
        features.row(0)[0][0] = 7


KEYS = np.array([1, 2, 3], dtype=np.uint64)


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ((KEYS, [0, 4]), ValueError, "offsets must end with 3"),
        ((KEYS, [0, 2]), ValueError, "offsets must end with 3"),
        ((KEYS, [1, 3]), ValueError, "offsets must begin with 0"),
        ((KEYS, [0, 2, 1, 3]), ValueError, r"offsets\[2\] is 1, after 2"),
        ((KEYS, [0, 10**12, 3]), ValueError, "offsets must not fall"),
        ((KEYS, [0, -1, 3]), ValueError, "offsets must not fall"),
        ((KEYS, []), TypeError, "offsets must be integers"),
        ((KEYS, np.empty(0, np.int64)), ValueError, "offsets must have at least 1"),
        ((KEYS, [0.0, 3.0]), TypeError, "offsets must be integers"),
        ((KEYS, [[0, 3]]), ValueError, "offsets must have one dimension"),
        ((KEYS.astype(np.int64), [0, 3]), TypeError, "dtype uint64, not int64; make them with engine.feature_keys"),
        ((KEYS.astype(np.float64), [0, 3]), TypeError, "dtype uint64, not float64"),
        ((["slot=12"], [0, 1]), TypeError, "dtype uint64"),
        (([-1], [0, 1]), TypeError, "dtype uint64"),
        (([1, 2**61], [0, 2]), ValueError, r"keys, which are below 2\*\*61, not 2305843009213693952; make them with"),
        ((fingerprints(["slot=12"]), [0, 1]), ValueError, "make them with engine.feature_keys"),
        ((KEYS.reshape(3, 1), [0, 3]), ValueError, "keys: must have one dimension"),
        ((KEYS, [0, 3], [1.0, 2.0]), ValueError, "numbers must be one value or 3 of them"),
        ((KEYS, [0, 3], ["1", "2", "3"]), TypeError, "numbers: holds '1', which is no number"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(arguments: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        Features(*arguments)


@pytest.mark.parametrize(
    ("columns", "numeric", "kind", "message"),
    [
        ({}, [], ValueError, "no columns"),
        ({"a": ["x"], "b": ["y", "z"]}, [], ValueError, "column 'b' has 2 rows, 'a' has 1"),
        ({"a": ["x"]}, ["age"], ValueError, "numeric names 'age'"),
        ({"age": ["12"]}, ["age"], TypeError, "numeric column 'age'"),
        ({"age": ["12", None]}, ["age"], TypeError, "holds '12', which is no number"),
        ({"age": [True]}, ["age"], TypeError, "numeric column 'age'"),
        ({"a=b": ["x"]}, [], ValueError, "without '='"),
        ({"when": pd.to_datetime(["2026-11-21"])}, [], TypeError, "column 'when'"),
        ({"a": [{"x": 1}]}, [], TypeError, "column 'a'"),
        ({"a": [b"\xff"]}, [], ValueError, "column 'a': b'.xff' is no text in UTF-8"),
        ({"a": [float("inf")]}, [], ValueError, "inf is no category"),
        ({"a": np.zeros((2, 2))}, [], ValueError, "one dimension"),
    ],
)
def test_impossible_columns_are_refused(
    engine: Engine, columns: Any, numeric: list[str], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        Features.from_columns(engine, columns, numeric=numeric)
