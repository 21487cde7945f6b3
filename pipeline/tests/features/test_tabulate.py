# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.examples import feature_set, write_examples
from valuation_pipeline.errors import PipelineError
from valuation_pipeline.features import FeatureSet, feature_column, summary, tabulate
from valuation_pipeline.features.queries import COLUMNS
from valuation_pipeline.sampling import SamplingOptions

MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)  # a Sunday's


def values(tmp_path: Path, features: FeatureSet, rows: list[dict[str, Any]], name: str) -> list[Any]:
    table = tabulate(write_examples(tmp_path / "e.parquet", rows), features)
    found: list[Any] = feature_column(table, name).to_pylist()
    return found


def test_a_table_has_the_columns_of_the_log_and_a_struct_of_the_fields(tmp_path: Path) -> None:
    features = feature_set(category={"slot": {}, "tags": {"multi": True}}, number={"age": {}})
    row = {"features": {"slot": "12", "tags": ["a", "b", "a"], "age": "30"}, "bid": 0.5, "pctr": 0.25, "click": True}
    table = tabulate(write_examples(tmp_path / "e.parquet", [row, {}]), features)
    assert table.column_names == [*COLUMNS, "features"]
    assert table.schema.field("features").type == pa.struct(
        {"slot": pa.string(), "tags": pa.list_(pa.string()), "age": pa.float64()}
    )
    first, second = table.to_pylist()
    assert first["features"] == {"slot": "12", "tags": ["a", "b", "a"], "age": 30.0}
    assert (first["bid"], first["pctr"], first["click"], first["campaign"]) == (0.5, 0.25, True, "1042")
    assert second["features"] == {"slot": None, "tags": None, "age": None}


def test_rows_are_ordered_by_time_and_impression_whatever_the_file(tmp_path: Path) -> None:
    seconds = [3, 1, 2, 1]
    rows: list[dict[str, Any]] = [
        {"impression_id": name, "time": MIDNIGHT + timedelta(seconds=second), "unit": {"user": "u"}}
        for name, second in zip("abdc", seconds, strict=True)
    ]
    features = feature_set(exposure={"seen": {"of": "campaign"}})
    table = tabulate(write_examples(tmp_path / "e.parquet", rows), features)
    assert table.column("impression_id").to_pylist() == ["b", "c", "d", "a"]
    assert feature_column(table, "seen").to_pylist() == ["0", "1", "2", "3"]


def test_names_that_are_equal_to_sql_are_different_fields(tmp_path: Path) -> None:
    names = ["a", "A", "f1", "it's", 'a"b', "größe", "select", "a.b"]
    features = feature_set(category={name: {} for name in names})
    table = tabulate(write_examples(tmp_path / "e.parquet", [{"features": {name: name for name in names}}]), features)
    assert table.column("features").to_pylist() == [{name: name for name in names}]


def test_numbers_are_those_of_json_and_other_values_are_counted(tmp_path: Path) -> None:
    numbers = ["12", "12.0", "-0.5e1", "1E3"]
    others: list[Any] = [
        " 12",
        "+1",
        "01",
        ".5",
        "1_000",
        "0x10",
        "",
        "NaN",
        "inf",
        "1e999",
        "9" * 400,
        ["1", "2"],
        [],
        [None],
    ]
    rows: list[dict[str, Any]] = [{"features": {"n": text}} for text in (*numbers, *others)] + [{}]
    table = tabulate(write_examples(tmp_path / "e.parquet", rows), feature_set(number={"n": {}}))
    assert feature_column(table, "n").to_pylist() == [12.0, 12.0, -5.0, 1000.0, *[None] * 15]
    assert summary(table).set_aside == {
        "n": {"not a number": 9, "beyond the range of a double": 2, "several values, and the field is not multi": 1}
    }


def test_a_bid_that_is_not_finite_is_counted(tmp_path: Path) -> None:
    rows = [{"bid": bid} for bid in (1.5, float("inf"), float("nan"), None)]
    table = tabulate(write_examples(tmp_path / "e.parquet", rows), feature_set(number={"bid": {"source": "bid"}}))
    assert feature_column(table, "bid").to_pylist() == [1.5, None, None, None]
    assert summary(table).set_aside == {"bid": {"beyond the range of a double": 2}}


def test_several_values_of_a_single_valued_field_are_set_aside_and_counted(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"features": {"slot": value}} for value in (["12"], ["12", "12"], ["12", "77"], [None, "77"], [None], [])
    ]
    table = tabulate(write_examples(tmp_path / "e.parquet", rows), feature_set(category={"slot": {}}))
    assert feature_column(table, "slot").to_pylist() == ["12", None, None, "77", None, None]
    assert summary(table).set_aside == {"slot": {"several values, and the field is not multi": 2}}


def test_a_bound_belongs_to_the_bucket_above_it(tmp_path: Path) -> None:
    features = feature_set(number={"age": {"buckets": [-1, 0.1, 25]}})
    texts = ["-1e9", "-1.5", "-1", "0", "0.1", "0.1000000000000000055", "24.9", "25", "x"]
    rows = [{"features": {"age": text}} for text in texts]
    assert values(tmp_path, features, rows, "age") == [
        *["<-1"] * 2,
        *["-1..0.1"] * 2,
        *["0.1..25"] * 3,
        ">=25",
        None,
    ]


@pytest.mark.parametrize(
    ("of", "offset", "expected"),
    [
        ("hour", 0, ["23", "0", "0"]),
        ("weekday", 0, ["6", "7", "1"]),
        ("hour_of_week", 0, ["143", "144", "0"]),
        ("hour", 5.5, ["5", "5", "5"]),
        ("weekday", -0.25, ["6", "6", "7"]),
        ("hour_of_week", -0.25, ["143", "143", "167"]),
    ],
)
def test_times_use_the_offsets_clock(tmp_path: Path, of: str, offset: float, expected: list[str]) -> None:
    features = feature_set(time={"t": {"of": of, "utc_offset_hours": offset}})
    times = [MIDNIGHT - timedelta(minutes=1), MIDNIGHT, MIDNIGHT + timedelta(days=1)]
    assert values(tmp_path, features, [{"time": time} for time in times], "t") == expected


def test_exposures_count_the_units_earlier_impressions_of_the_same_day(tmp_path: Path) -> None:
    def row(minutes: int, ad: str, campaign: str = "1", **unit: str) -> dict[str, Any]:
        return {"time": MIDNIGHT + timedelta(minutes=minutes), "ad": ad, "campaign": campaign, "unit": unit}

    rows = [
        row(-2, "9", user="u"),
        row(-1, "9", user="u"),
        row(0, "9", user="u"),  # a new day
        row(1, "9", user="u"),
        row(1, "8", user="u"),  # at the same time, but later by its id
        row(2, "9", user="v"),
        row(3, "9", session="s"),  # an unknown user
        row(3, "9", user=""),
        row(3, "9", user=""),
        row(4, "9", "2", user="u"),
        row(5, "9", user="u"),
        row(6, "9", user="u"),
    ]
    features = feature_set(exposure={"campaign": {"of": "campaign", "cap": 3}, "ad": {"of": "ad", "cap": 2}})
    table = tabulate(write_examples(tmp_path / "e.parquet", rows), features)
    assert feature_column(table, "campaign").to_pylist() == ["0", "1", "0", "1", "2", "0", *[None] * 3, "0", "3", "3"]
    assert feature_column(table, "ad").to_pylist() == ["0", "1", "0", "1", "0", "0", *[None] * 3, "2", "2", "2"]


def test_exposures_are_counted_before_negatives_are_dropped(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"time": MIDNIGHT + timedelta(minutes=minute), "unit": {"user": "u"}, "click": minute % 10 == 0}
        for minute in range(100)
    ]
    file = write_examples(tmp_path / "e.parquet", rows)
    features = feature_set(exposure={"seen": {"of": "campaign", "cap": 100}})
    table = tabulate(file, features, SamplingOptions(one_in=4, part=1))
    minutes = [int((time - MIDNIGHT.replace(tzinfo=None)).seconds / 60) for time in table.column("time").to_pylist()]
    assert feature_column(table, "seen").to_pylist() == [str(minute) for minute in minutes]
    assert set(range(0, 100, 10)) <= set(minutes)
    sample = summary(table).sample
    assert (sample.positives, sample.negatives) == (10, 90)
    assert sample.kept_negatives == table.num_rows - 10 == len(minutes) - 10
    assert sample.share == (table.num_rows - 10) / 90
    assert 0.1 < sample.share < 0.45  # 90 draws at a quarter, three standard deviations


def test_equal_examples_give_an_equal_table(tmp_path: Path) -> None:
    rows = [{"features": {"slot": str(place % 7)}, "click": place % 3 == 0} for place in range(500)]
    features = feature_set(category={"slot": {}})
    sampling = SamplingOptions(one_in=3, part=2)
    first = tabulate(write_examples(tmp_path / "a.parquet", rows), features, sampling)
    assert first.equals(tabulate(write_examples(tmp_path / "b.parquet", rows), features, sampling), check_metadata=True)


def test_a_part_of_the_table_keeps_the_summary(tmp_path: Path) -> None:
    table = tabulate(write_examples(tmp_path / "e.parquet", [{}, {"click": True}]), feature_set(category={"a": {}}))
    assert summary(table.filter(table.column("click"))) == summary(table)


def test_a_table_may_have_no_rows(tmp_path: Path) -> None:
    features = feature_set(category={"a": {}}, exposure={"seen": {"of": "ad"}}, number={"n": {}})
    table = tabulate(write_examples(tmp_path / "e.parquet", []), features)
    assert (table.num_rows, summary(table).sample.share) == (0, 1.0)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    features = feature_set(category={"a": {}})
    with pytest.raises(PipelineError, match=r"missing.parquet: there is no such file; extract examples"):
        tabulate(tmp_path / "missing.parquet", features)
    (tmp_path / "text.parquet").write_text("id,time\n")
    with pytest.raises(PipelineError, match=r"text.parquet: "):
        tabulate(tmp_path / "text.parquet", features)
    pq.write_table(pa.table({"impression_id": ["1"]}), tmp_path / "other.parquet")
    with pytest.raises(PipelineError, match=r"other.parquet: .*time"):
        tabulate(tmp_path / "other.parquet", features)
