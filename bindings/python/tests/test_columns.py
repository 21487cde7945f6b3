# SPDX-License-Identifier: Apache-2.0
"""A value has the same key in every container, and an absent value is absent in every container."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference
from containers import BOOLS, BYTES, FLOATS, INTEGERS, OBJECTS, TEXTS, Holder
from valuation import Batch, Candidates, Engine, Features, bucket, buckets, fingerprint64, fingerprints

ABSENT = (None, np.nan, np.float32("nan"), np.datetime64("NaT"), pd.NA, pd.NaT, np.ma.masked)


class Os(str, enum.Enum):
    IOS = "ios"
    ANDROID = "android"


class Slot(enum.IntEnum):
    TOP = 12


class Rate(float, enum.Enum):
    HALF = 0.5


CHARACTER = st.characters(exclude_categories=["Cs"])
TEXT = st.text(CHARACTER, max_size=9) | st.text(CHARACTER, min_size=20, max_size=50) | st.sampled_from(["", "a\0", "a"])
INTEGER = st.integers(-(2**63), 2**63 - 1) | st.integers(2**53, 2**53 + 9) | st.integers(-2, 2)
FLOAT = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([0.0, -0.0, 1.0, 2.0**53, 1e16])
OBJECT = st.one_of(
    TEXT,
    TEXT.map(str.encode),
    TEXT.map(np.str_),
    INTEGER,
    st.integers(-(10**30), 10**30),
    INTEGER.map(np.int64),
    FLOAT,
    FLOAT.map(np.float64),
    st.floats(width=32, allow_nan=False, allow_infinity=False).map(np.float32),
    st.booleans(),
    st.booleans().map(np.bool_),
    st.sampled_from([*Os, Slot.TOP, Rate.HALF]),
)


def column_of(value: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    """Columns of up to eight cells, with and without gaps."""
    return st.lists(value, max_size=8) | st.lists(st.none() | value, max_size=8)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with Engine() as engine:
        yield engine


def assert_known(engine: Engine, cells: list[Any], holders: dict[str, Holder]) -> None:
    """Put a column into every container, and compare its keys with those of single values."""
    expected = [[] if cell is None else [engine.feature_key("f", cell)] for cell in cells]
    for name, holder in holders.items():
        if holder(cells) is None:
            continue
        features = Features.from_columns(engine, {"f": holder(cells)})
        found = [features.row(row)[0].tolist() for row in range(len(features))]
        assert found == expected, name
        if None in cells:
            with pytest.raises(TypeError, match="is missing"):
                engine.feature_keys("f", holder(cells))
            continue
        assert engine.feature_keys("f", holder(cells)).tolist() == [key for (key,) in expected], name
        assert engine.campaign_keys(holder(cells)).tolist() == [engine.campaign_key(cell) for cell in cells], name


def assert_same_units(cells: list[Any], holders: dict[str, Holder]) -> None:
    """Put a column into every container, and compare its units, buckets and fingerprints with those of a list."""
    requests, ads = Features.empty(len(cells)), Candidates([1] * len(cells), "cpc", 1.0)
    expected = unit_texts(Batch(requests, ads, units={"user": cells}))
    for name, holder in holders.items():
        if holder(cells) is None:
            continue
        assert unit_texts(Batch(requests, ads, units={"user": holder(cells)})) == expected, name
        if None not in cells:
            assert buckets("salt", holder(cells)).tolist() == [bucket("salt", cell) for cell in cells], name
            assert fingerprints(holder(cells)).tolist() == [fingerprint64(text) for text in expected], name


def unit_texts(batch: Batch) -> list[str]:
    """Return the text of each request's unit, empty if it has none."""
    assert batch.units is not None
    (column,) = batch.units._columns
    return [column.texts[code].decode() if code >= 0 else "" for code in column.codes.tolist()]


@given(column_of(TEXT))
@settings(max_examples=25)
def test_a_text_has_one_key_in_every_container(engine: Engine, cells: list[Any]) -> None:
    assert_known(engine, cells, TEXTS)
    assert_same_units(cells, TEXTS)


@given(column_of(INTEGER))
@settings(max_examples=25)
def test_an_integer_has_one_key_in_every_container(engine: Engine, cells: list[Any]) -> None:
    assert_known(engine, cells, INTEGERS)
    assert_same_units(cells, INTEGERS)


@given(column_of(FLOAT))
@settings(max_examples=25)
def test_a_float_has_one_key_in_every_container(engine: Engine, cells: list[Any]) -> None:
    assert_known(engine, cells, FLOATS)
    assert_same_units(cells, FLOATS)


@given(column_of(st.booleans()))
@settings(max_examples=15)
def test_a_bool_has_one_key_in_every_container(engine: Engine, cells: list[Any]) -> None:
    assert_known(engine, cells, BOOLS)


@given(column_of(TEXT.map(str.encode)))
@settings(max_examples=25)
def test_bytes_have_the_key_of_their_text_in_every_container(engine: Engine, cells: list[Any]) -> None:
    assert_known(engine, cells, BYTES)
    assert_known(engine, [None if cell is None else cell.decode() for cell in cells], {"list": list})


@given(column_of(OBJECT))
@settings(max_examples=25)
def test_mixed_values_have_the_keys_that_each_has_alone(engine: Engine, cells: list[Any]) -> None:
    assert_known(engine, cells, OBJECTS)


@given(st.lists(st.none() | FLOAT | st.integers(-(2**53), 2**53), max_size=8))
@settings(max_examples=25)
def test_a_number_is_the_same_in_every_container(engine: Engine, cells: list[Any]) -> None:
    expected = [[] if cell is None else [float(cell)] for cell in cells]
    for name, holder in (OBJECTS | FLOATS).items():
        column = holder([None if cell is None else float(cell) for cell in cells] if name in FLOATS else cells)
        if column is not None:
            features = Features.from_columns(engine, {"n": column}, numeric=["n"])
            assert [features.row(row)[1].tolist() for row in range(len(features))] == expected, name


@pytest.mark.parametrize(
    "value", [*Os, Slot.TOP, Rate.HALF, -0.0, 0.0, 2**60 + 1, 2**70, True, b"ios", np.float32(0.1)]
)
def test_a_value_of_a_dictionary_is_the_same_category_in_a_column(value: Any, tmp_path: Path) -> None:
    with Engine() as known:
        texts = ["ios", "android", "12", "0.5", "-0", "0", "true", str(2**60 + 1), str(2**70), "0.10000000149011612"]
        labels = dict.fromkeys(texts, 1.0)
        known.load(reference.write(tmp_path / "model.json", reference.model("1", categorical={"f": labels})))
        ad = {"campaign": "1", "pricing": "cpc", "bid": 1.0}
        (answer,) = known.score({"features": {"f": value}, "candidates": [ad]})["values"]
        assert answer["flags"] == []
        row = Features.from_columns(known, {"f": [value, None]}).take([0])
        (by_key,) = known.score_batch(Batch(row, Candidates([known.campaign_key("1")], "cpc", 1.0)))
        assert by_key["flags"] == 0
        assert by_key["expected_revenue"] == answer["expected_revenue"]


@pytest.mark.parametrize("nothing", ABSENT, ids=repr)
def test_an_absent_value_is_absent_in_every_container(engine: Engine, nothing: Any, models_path: Path) -> None:
    for cells in ([nothing, "12"], ["12", nothing, 7], [nothing], [[nothing, "12"], nothing]):
        array = np.empty(len(cells), object)
        for position, cell in enumerate(cells):
            array[position] = cell
        for column in (cells, array, pd.Series(array)):
            features = Features.from_columns(engine, {"f": column})
            present = [cell for cell in cells if not any(cell is absent for absent in ABSENT)]
            assert features.counts.sum() == len(present)
    assert Features.from_columns(engine, {"n": [nothing, 1.5]}, numeric=["n"]).counts.tolist() == [0, 1]
    batch = Batch(Features.empty(2), Candidates([1, 1], "cpc", 1.0), units={"user": [nothing, "u"]})
    assert unit_texts(batch) == ["", "u"]
    with Engine() as known:
        known.load(models_path)
        ad = {"campaign": "2000", "pricing": "cpc", "bid": 1.0}
        requests = [{"features": features, "candidates": [ad]} for features in ({}, {"logged_in": nothing})]
        assert known.score(requests[0]) == known.score(requests[1])


LOG: dict[str, list[Any]] = {
    "slot": ["12", "77", None, "12"],
    "user": [2**60 + 1, None, 3, 4],
    "segments": [["sports", "travel"], [], None, ["news", None]],
    "days": [2.5, None, 7.0, -0.0],
}

TABLES: dict[str, Callable[[], Any]] = {
    "pandas": lambda: pd.DataFrame(LOG | {"user": pd.array(LOG["user"], "Int64")}),
    "pandas on Arrow": lambda: pa.table(LOG).to_pandas(types_mapper=pd.ArrowDtype),
    "polars": lambda: pl.DataFrame(LOG),
    "Arrow table": lambda: pa.table(LOG),
    "Arrow table of chunks": lambda: pa.concat_tables([pa.table(LOG).slice(0, 1), pa.table(LOG).slice(1)]),
    "record batch": lambda: pa.RecordBatch.from_pydict(LOG),
    "slice of a record batch": lambda: pa.RecordBatch.from_pydict({k: [*v, *v] for k, v in LOG.items()}).slice(4),
    "stream": lambda: pa.table(LOG).to_reader(max_chunksize=2),
    "columns of many kinds": lambda: {
        "slot": np.array(LOG["slot"], object),
        "user": pl.Series(LOG["user"]),
        "segments": pa.array(LOG["segments"], pa.list_view(pa.string())),
        "days": np.ma.masked_invalid(np.array(LOG["days"], float)),
    },
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_table_of_any_library_gives_the_same_rows(engine: Engine, table: Callable[[], Any]) -> None:
    expected = Features.from_columns(engine, LOG, numeric=["days"])
    found = Features.from_columns(engine, table(), numeric=["days"])
    assert found.counts.tolist() == expected.counts.tolist() == [5, 1, 2, 4]
    for row in range(4):
        assert [part.tolist() for part in found.row(row)] == [part.tolist() for part in expected.row(row)]


@pytest.mark.parametrize("size", [0, 2])
@pytest.mark.parametrize(
    "kind", [pa.list_(pa.string()), pa.large_list(pa.string()), pa.list_(pa.string(), 2), pa.list_view(pa.string())]
)
def test_arrow_lists_are_several_categories(engine: Engine, kind: Any, size: int) -> None:
    cells = [["a", "b"], None, ["c", None], ["a", "a"]]
    array = pa.array(cells, kind)
    chunked = pa.chunked_array([array.slice(0, size), array.slice(size)])
    for column in (array, chunked, array.slice(1), pl.Series(cells).slice(1)):
        features = Features.from_columns(engine, {"f": column})
        rows = cells if len(features) == len(cells) else cells[1:]
        expected = [[engine.feature_key("f", text) for text in row or () if text is not None] for row in rows]
        assert [features.row(row)[0].tolist() for row in range(len(rows))] == expected


def test_candidates_are_columns_of_any_library() -> None:
    expected = Candidates([1, 2, 2**60], ["cpc", "cpm", None], [0.5, 2.0, np.nan])
    campaigns, pricing, bids = [1, 2, 2**60], ["cpc", "cpm", None], [0.5, 2.0, None]
    for found in (
        Candidates(pa.array(campaigns, pa.uint64()), pa.array(pricing).dictionary_encode(), pa.array(bids)),
        Candidates(pl.Series(campaigns, dtype=pl.UInt64), pl.Series(pricing, dtype=pl.Categorical), pl.Series(bids)),
        Candidates(pd.Series(campaigns, dtype="UInt64"), pd.Series(pricing, dtype="category"), pd.Series(bids)),
        Candidates(np.array(campaigns, ">u8"), np.array(pricing, object), np.array(bids, ">f8")),
    ):
        assert found.campaigns.tolist() == expected.campaigns.tolist()
        assert found.pricing.tolist() == expected.pricing.tolist() == [2, 1, 0]
        np.testing.assert_array_equal(found.bids, expected.bids)


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (pd.Series(pd.to_datetime(["2026-11-21"])), "datetime64"),
        (pd.Series(pd.to_datetime(["2026-11-21"])).dt.tz_localize("UTC"), "Timestamp"),
        (pd.Series(pd.to_datetime(["2026-11-21"])).astype("category"), "datetime64"),
        (np.array(["2026-11-21"], "M8[D]"), "datetime64"),
        (np.array([1j]), "complex128"),
        (pl.Series([None, "2026-11-21"]).str.to_date(), "date"),
        (pa.array([0], pa.timestamp("us")), "timestamp"),
        (pa.array([1], pa.decimal128(5)), "decimal"),
        (pa.array([{"a": 1}]), "struct"),
        (pa.array([b"0123456789abcdef"], pa.uuid()), "arrow.uuid"),
        (pl.Series([object()], dtype=pl.Object), "fixed-size binary"),
        (pl.Series([2**70], dtype=pl.Int128), "Arrow's '_pli128'"),
        (pa.array([[["a"]]]), "list"),
        ([{"a": 1}], "dict"),
        ("ios", "no column, but of type str"),
        ({"a": 1}, "no column, but of type dict"),
        ({"ios"}, "no column, but of type set"),
        (7, "no column, but of type int"),
    ],
)
def test_a_value_without_a_text_is_refused_by_its_name(engine: Engine, column: Any, kind: str) -> None:
    with pytest.raises(TypeError, match=f"^column 'f': .*{kind}"):
        Features.from_columns(engine, {"f": column})
    with pytest.raises(TypeError, match=r"^numeric column 'f': "):
        Features.from_columns(engine, {"f": column}, numeric=["f"])


def test_truth_values_in_bytes_are_bools(engine: Engine) -> None:
    column = pa.ExtensionArray.from_storage(pa.bool8(), pa.array([1, None, 0], pa.int8()))
    found = Features.from_columns(engine, {"f": column})
    assert [found.row(row)[0].tolist() for row in (0, 2)] == [
        [engine.feature_key("f", value)] for value in (True, False)
    ]
    assert found.counts.tolist() == [1, 0, 1]


def test_a_masked_offset_or_time_is_refused() -> None:
    masked = np.ma.MaskedArray([0, 1], mask=[False, True])
    ads = Candidates([1, 1], "cpc", 1.0)
    with pytest.raises(ValueError, match="times must have none missing"):
        Batch(Features.empty(2), ads, times=masked)
    with pytest.raises(ValueError, match="candidate_offsets must have none missing"):
        Batch(Features.empty(1), ads, candidate_offsets=masked)
    with pytest.raises(ValueError, match="positions must have none missing"):
        ads.take(masked)


def test_dates_that_are_all_missing_are_absent(engine: Engine) -> None:
    for column in (pd.Series([pd.NaT, pd.NaT]), pa.nulls(2), pa.nulls(2, pa.date32()), np.array(["NaT"] * 2, "M8[s]")):
        assert Features.from_columns(engine, {"f": column}).counts.tolist() == [0, 0]


def test_a_value_that_is_not_a_table_is_refused(engine: Engine) -> None:
    for table in ([1], pa.array([1]), pl.Series([1]), np.zeros((2, 2)), "slot"):
        with pytest.raises(TypeError, match=r"table|mapping"):
            Features.from_columns(engine, table)
    twice = pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], ["slot", "slot"])
    with pytest.raises(ValueError, match="two columns are named 'slot'"):
        Features.from_columns(engine, twice)
