# SPDX-License-Identifier: Apache-2.0
"""Extraction uses every good row, sets every other row aside, and says why."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from logs.extracted import DAY, GENERATED, NOW, OPTIONS, run
from logs.small import click, conversion, impression, write_log
from valuation_pipeline.generated.log import generate
from valuation_pipeline.generated.options import GeneratorOptions
from valuation_pipeline.logs.extract import extract
from valuation_pipeline.logs.options import LogOptions
from valuation_pipeline.logs.reasons import Reason
from valuation_pipeline.logs.schema import EXAMPLES


def test_an_example_is_its_impression_with_its_click_and_conversions(tmp_path: Path) -> None:
    log = write_log(
        tmp_path / "log",
        impressions=[
            impression(2),
            impression(1, features={"slot": 12, "price": 12.50, "tags": ["a", "b"]}, unit={"user": "u"}, bid=1.5),
        ],
        clicks=[click(1, minute=3)],
        conversions=[
            {"impression_id": "i-1", "time": "2026-03-01T03:00:00+01:00", "revenue": 2.5},
            {"impression_id": "i-1", "time": "2026-03-01T03:00:00Z", "revenue": 4},
        ],
    )
    counts, examples, aside = run(log)
    assert aside == []
    assert [row["impression_id"] for row in examples] == ["i-1", "i-2"]
    first, second = examples
    assert dict(first["features"]) == {"slot": ["12"], "price": ["12.5"], "tags": ["a", "b"]}
    assert first["unit"] == [("user", "u")]
    assert (first["click"], first["click_time"]) == (True, datetime(2026, 3, 1, 1, 3))
    assert (first["conversion"], first["conversions"], first["revenue"]) == (True, 2, 6.5)
    assert first["conversion_time"] == datetime(2026, 3, 1, 2)
    assert (second["click"], second["conversion"], second["conversions"], second["revenue"]) == (False, False, 0, 0.0)
    assert second["features"] is None
    assert counts.days == {DAY: {"impressions": 2, "clicks": 1, "conversions": 1}}
    schema = pq.read_schema(log.with_name("log-examples") / "examples.parquet")
    assert schema.names == EXAMPLES.names
    assert [field.type for field in schema] == [field.type for field in EXAMPLES]


IMPRESSIONS_SET_ASIDE: list[tuple[Any, Reason]] = [
    ('{"impression_id": ', Reason.UNREADABLE),
    ("[1]", Reason.UNREADABLE),
    (impression(1, impression_id=None), Reason.NO_ID),
    (impression(1, impression_id=""), Reason.NO_ID),
    (impression(1, time=None), Reason.NO_TIME),
    (impression(1, time="yesterday"), Reason.NO_TIME),
    (impression(1, time="infinity"), Reason.NO_TIME),
    (impression(1, time="2036-03-01 00:00:00"), Reason.FUTURE_TIME),
    (impression(1, campaign=""), Reason.NO_CAMPAIGN),
    (impression(1, ad=None), Reason.NO_AD),
    (impression(1, bid="much"), Reason.BAD_VALUE),
    (impression(1, bid=-1), Reason.BAD_VALUE),
    (impression(1, pctr=1.5), Reason.BAD_VALUE),
    (impression(1, pcvr="NaN"), Reason.BAD_VALUE),
    (impression(1, pricing="cpx"), Reason.BAD_VALUE),
    (impression(1, propensity=0), Reason.BAD_VALUE),
    (impression(1, features=["slot"]), Reason.BAD_VALUE),
    (impression(1, features={"slot": {"number": 1}}), Reason.BAD_VALUE),
    (impression(1, features="{"), Reason.BAD_VALUE),
    (impression(1, flags={"a": 1}), Reason.BAD_VALUE),
    (impression(1, unit={"user": ["a", "b"]}), Reason.BAD_VALUE),
]


def test_each_bad_impression_is_set_aside_with_its_reason(tmp_path: Path) -> None:
    rows = [impression(5), *(row for row, _ in IMPRESSIONS_SET_ASIDE), impression(6)]
    counts, examples, aside = run(write_log(tmp_path / "log", impressions=rows))
    assert aside == [("impressions", 2 + place, reason) for place, (_, reason) in enumerate(IMPRESSIONS_SET_ASIDE)]
    assert [example["impression_id"] for example in examples] == ["i-5", "i-6"]
    assert counts.tables["impressions"].set_aside[Reason.UNREADABLE] == 2


def test_keys_that_cannot_be_columns_are_ignored(tmp_path: Path) -> None:
    odd = {"": 1, "\0": 2, "@row": 3, "a\nb": 4, 'q"': 5, "TIME": 6}
    _, examples, aside = run(write_log(tmp_path / "log", impressions=[impression(1), impression(2) | odd]))
    assert (len(examples), aside) == (2, [])


def test_values_of_features_have_the_texts_of_requests(tmp_path: Path) -> None:
    values = {"a": [None, 1, True, 1e2, 1.50, 10**20, "x"], "none": None, "empty": [], "zero": 0.0, "": "y"}
    _, examples, _ = run(write_log(tmp_path / "log", impressions=[impression(1, features=values)]))
    texts = ["1", "true", "100", "1.5", "100000000000000000000", "x"]
    assert dict(examples[0]["features"]) == {"a": texts, "zero": ["0"], "": ["y"]}


def test_the_detail_names_the_column_and_the_record_is_unchanged(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log", impressions=[impression(1), impression(2, bid="much", colour="red"), "{broken"])
    run(log)
    bad, broken = pq.read_table(tmp_path / "log-examples" / "set_aside.parquet").to_pylist()
    assert (bad["file"], bad["detail"]) == ("impressions.jsonl", "bid")
    assert json.loads(bad["record"]) == impression(2, bid="much", colour="red")
    assert (broken["row"], broken["record"]) == (3, "{broken")


CLICKS_SET_ASIDE: list[tuple[Any, Reason]] = [
    (click(1, minute=2), Reason.DUPLICATE),
    (click(9), Reason.CLICK_WITHOUT_IMPRESSION),
    ({"impression_id": "i-2", "time": "2026-03-01 01:59:59"}, Reason.CLICK_BEFORE_IMPRESSION),
    ({"impression_id": "i-2", "time": "2026-03-02 02:00:01"}, Reason.CLICK_AFTER_WINDOW),
    ({"impression_id": "bad", "time": "2026-03-01 12:00:00"}, Reason.IMPRESSION_SET_ASIDE),
    ({"impression_id": "i-2", "time": "2026-99-01"}, Reason.NO_TIME),
    ({"time": "2026-03-01 12:00:00"}, Reason.NO_ID),
    ({"impression_id": "i-2", "time": "2036-03-01 02:00:01"}, Reason.FUTURE_TIME),
]


def test_each_bad_click_is_set_aside_with_its_reason(tmp_path: Path) -> None:
    impressions = [impression(1), impression(2), impression(3, impression_id="bad", bid=-1)]
    rows = [click(1), *(row for row, _ in CLICKS_SET_ASIDE)]
    _, examples, aside = run(
        write_log(tmp_path / "log", impressions=impressions, clicks=rows), as_of=datetime(2026, 3, 10)
    )
    assert aside[:-1] == [("clicks", 2 + place, reason) for place, (_, reason) in enumerate(CLICKS_SET_ASIDE)]
    assert [example["click"] for example in examples] == [True, False]


CONVERSIONS_SET_ASIDE: list[tuple[Any, Reason]] = [
    (conversion(1, "2026-03-01 02:00:00", revenue=1), Reason.DUPLICATE),
    (conversion(9, "2026-03-01 02:00:00"), Reason.CONVERSION_WITHOUT_IMPRESSION),
    (conversion(2, "2026-03-01 03:00:00"), Reason.CONVERSION_WITHOUT_CLICK),
    (conversion(1, "2026-03-01 01:00:30"), Reason.CONVERSION_BEFORE_CLICK),
    (conversion(1, "2026-03-08 01:01:01"), Reason.CONVERSION_AFTER_WINDOW),
    (conversion(1, "2026-03-01 03:00:00", revenue="Infinity"), Reason.BAD_VALUE),
]


def test_each_bad_conversion_is_set_aside_with_its_reason(tmp_path: Path) -> None:
    well = conversion(1, "2026-03-01 02:00:00", revenue=1)
    log = write_log(
        tmp_path / "log",
        impressions=[impression(1), impression(2)],
        clicks=[click(1)],
        conversions=[well, *(row for row, _ in CONVERSIONS_SET_ASIDE)],
    )
    _, examples, aside = run(log, as_of=datetime(2026, 3, 20))
    assert aside == [("conversions", 2 + place, reason) for place, (_, reason) in enumerate(CONVERSIONS_SET_ASIDE)]
    assert [(example["conversions"], example["revenue"]) for example in examples] == [(1, 1.0), (0, 0.0)]


def test_of_duplicate_impressions_the_earliest_remains(tmp_path: Path) -> None:
    later = impression(1, time="2026-03-01 05:00:00", campaign="later")
    _, examples, aside = run(write_log(tmp_path / "log", impressions=[later, impression(1), impression(1)]))
    assert [example["campaign"] for example in examples] == ["c"]
    assert aside == [("impressions", 1, Reason.DUPLICATE), ("impressions", 3, Reason.DUPLICATE)]


def test_rows_of_other_days_are_counted_and_not_set_aside(tmp_path: Path) -> None:
    """Their clicks and conversions, of the day before and the day after, are recognised as theirs."""
    before, after = impression(1, time="2026-02-28 23:59:00"), impression(2, time="2026-03-02 00:00:00")
    log = write_log(
        tmp_path / "log",
        impressions=[before, impression(3), after],
        clicks=[click(1), {"impression_id": "i-2", "time": "2026-03-02 00:00:10"}],
        conversions=[conversion(1, "2026-03-01 12:00:00")],
    )
    counts, examples, aside = run(log, as_of=datetime(2026, 3, 3))
    assert [example["impression_id"] for example in examples] == ["i-3"]
    assert aside == []
    assert {name: table.outside for name, table in counts.tables.items()} == {
        "impressions": 2,
        "clicks": 2,
        "conversions": 1,
    }


def test_events_after_as_of_are_unknown(tmp_path: Path) -> None:
    late = {"impression_id": "i-23", "time": "2026-03-02 00:00:00"}
    log = write_log(tmp_path / "log", impressions=[impression(23)], clicks=[late])
    assert [example["click"] for example in run(log)[1]] == [False]
    assert [example["click"] for example in run(log, as_of=datetime(2026, 3, 2, 0, 0, 1, tzinfo=UTC))[1]] == [True]


def test_an_impression_in_the_partition_of_another_day_is_set_aside(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log")
    (log / "impressions.jsonl").unlink()
    folder = log / "impressions" / "date=2026-03-01"
    folder.mkdir(parents=True)
    rows = [impression(1), impression(2, time="2026-02-28 12:00:00"), impression(3, time="2026-03-02 00:00:00")]
    (folder / "part.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (folder / "_SUCCESS").touch()
    _, examples, aside = run(log)
    assert len(examples) == 1
    assert aside == [("impressions", 2, Reason.WRONG_DAY), ("impressions", 3, Reason.FUTURE_TIME)]


PLANTED_REASONS = {
    ("duplicates", "impressions"): Reason.DUPLICATE,
    ("duplicates", "clicks"): Reason.DUPLICATE,
    ("duplicates", "conversions"): Reason.DUPLICATE,
    ("clicks_without_impressions", "clicks"): Reason.CLICK_WITHOUT_IMPRESSION,
    ("conversions_without_clicks", "conversions"): Reason.CONVERSION_WITHOUT_CLICK,
    ("times_out_of_order", "clicks"): Reason.CLICK_BEFORE_IMPRESSION,
    ("future_times", "impressions"): Reason.FUTURE_TIME,
}


def test_exactly_the_planted_rows_are_set_aside_under_their_reasons(tmp_path: Path) -> None:
    options = GENERATED.model_copy(update={"conversion_rate": 0.3})
    generate(tmp_path / "wrong", options, sorted({fault for fault, _ in PLANTED_REASONS}))
    generate(tmp_path / "right", options)
    days = (options.dates[0], options.dates[-1])
    _, _, well = run(tmp_path / "right" / "log", *days)
    assert {reason for _, _, reason in well} <= {Reason.CONVERSION_AFTER_WINDOW}
    run(tmp_path / "wrong" / "log", *days)
    planted = pq.read_table(tmp_path / "wrong" / "planted.parquet").to_pylist()
    expected = sorted(
        (row["table"], row["impression_id"], PLANTED_REASONS[row["fault"], row["table"]]) for row in planted
    )
    aside = pq.read_table(tmp_path / "wrong" / "log-examples" / "set_aside.parquet").to_pylist()
    found = sorted(
        (row["table"], json.loads(row["record"])["impression_id"], row["reason"])
        for row in aside
        if row["reason"] != Reason.CONVERSION_AFTER_WINDOW
    )
    assert found == expected
    assert {reason for _, _, reason in found} == set(PLANTED_REASONS.values())
    examples = [tmp_path / name / "log-examples" / "examples.parquet" for name in ("right", "wrong")]
    assert pq.read_table(examples[0]).equals(pq.read_table(examples[1]))


def as_text(log: Path, output: Path, kind: str) -> None:
    """Convert a generated Parquet log to CSV or JSON Lines, some of it compressed."""
    for file in log.rglob("*.parquet"):
        table = pq.read_table(file, partitioning=None)
        folder = output / file.parent.relative_to(log)
        folder.mkdir(parents=True)
        rows = [_natural(row) for row in table.to_pylist()]
        if kind == "jsonl":
            text = "".join(
                json.dumps({name: value for name, value in row.items() if value is not None}) + "\n" for row in rows
            )
        else:
            lines = [table.column_names, *([_cell(value) for value in row.values()] for row in rows)]
            text = "".join(",".join(line) + "\n" for line in lines)
        if "clicks" in file.parts:
            (folder / f"part.{kind}.gz").write_bytes(gzip.compress(text.encode()))
        else:
            (folder / f"part.{kind}").write_text(text, encoding="utf-8")


def _natural(row: dict[str, Any]) -> dict[str, Any]:
    """A row as JSON writes it: maps as objects, numbers among the features as numbers."""
    for name in ("features", "unit"):
        if row.get(name) is not None:
            row[name] = dict(row[name])
    for field, texts in (row.get("features") or {}).items():
        values = [float(text) if field in ("slot", "activity") else text for text in texts]
        row["features"][field] = values if field == "interest" else values[0]
    if row.get("time"):
        row["time"] = row["time"].isoformat() + "Z"
    return row


def _cell(value: Any) -> str:
    text = "" if value is None else json.dumps(value) if isinstance(value, dict | list) else str(value)
    return '"' + text.replace('"', '""') + '"' if '"' in text else text


def test_the_same_log_in_three_formats_gives_the_same_bytes(tmp_path: Path) -> None:
    options = GeneratorOptions(impressions=500, campaigns=5, days=1, predictions="noisy", candidate_share=0.0)
    generate(tmp_path / "generated", options, ["duplicates", "times_out_of_order"])
    days = (options.dates[0], options.dates[-1])
    parquet = tmp_path / "generated" / "log"
    counts = {"parquet": run(parquet, *days)[0]}
    written = {"parquet": (tmp_path / "generated" / "log-examples" / "examples.parquet").read_bytes()}
    for kind in ("csv", "jsonl"):
        as_text(parquet, tmp_path / kind, kind)
        counts[kind] = run(tmp_path / kind, *days)[0]
        written[kind] = (tmp_path / f"{kind}-examples" / "examples.parquet").read_bytes()
    assert counts["csv"] == counts["jsonl"] == counts["parquet"]
    assert written["csv"] == written["parquet"]
    assert written["jsonl"] == written["parquet"]


def test_broken_lines_of_csv_are_set_aside_with_their_number(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log")
    (log / "impressions.jsonl").unlink()
    lines = [
        b"impression_id,time,campaign,ad,bid",
        b"i-1,2026-03-01 01:00:00,c,a,1",
        b"i-2,2026-03-01 01:00:00,c",
        b"i-3,2026-03-01 01:00:00,c,a,1,more,and more",
        b"\xff\xfe,2026-03-01 01:00:00,c,a,1",
        b'"i-5",2026-03-01 01:00:00,"c, with a comma",a,',
        b"i-6,2026-03-01 01:00:00,c,a,x",
    ]
    (log / "impressions.csv").write_bytes(b"\n".join(lines) + b"\n")
    counts, examples, aside = run(log)
    assert [(row["impression_id"], row["campaign"], row["bid"]) for row in examples] == [
        ("i-1", "c", 1.0),
        ("i-5", "c, with a comma", None),
    ]
    assert aside == [
        ("impressions", 2, Reason.UNREADABLE),
        ("impressions", 3, Reason.UNREADABLE),
        ("impressions", 4, Reason.UNREADABLE),
        ("impressions", 6, Reason.BAD_VALUE),
    ]
    assert counts.tables["impressions"].read == 6


cells = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.just("2026-03-01 10:00:00"),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
)
columns = st.sampled_from([*EXAMPLES.names[:22], "colour", "@file", "AD", "a'b\"c"])
lines = st.one_of(
    st.dictionaries(columns, cells, max_size=6),
    st.builds(impression, st.integers(0, 3)),
    st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs", "Zl", "Zp", "Cc"]), min_size=1).filter(
        str.strip
    ),
)


ANY = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
ANY_LOG = given(impressions=st.lists(lines, max_size=6), clicks=st.lists(lines, max_size=4))


@settings(ANY, max_examples=4)
@ANY_LOG
def test_no_line_is_lost_whatever_it_holds(
    tmp_path_factory: pytest.TempPathFactory, impressions: list[Any], clicks: list[Any]
) -> None:
    see_that_no_line_is_lost(tmp_path_factory.mktemp("any"), impressions, clicks)


@pytest.mark.thorough
@settings(ANY, max_examples=100)
@ANY_LOG
def test_no_line_among_many_is_lost_whatever_it_holds(
    tmp_path_factory: pytest.TempPathFactory, impressions: list[Any], clicks: list[Any]
) -> None:
    see_that_no_line_is_lost(tmp_path_factory.mktemp("any"), impressions, clicks)


def see_that_no_line_is_lost(folder: Path, impressions: list[Any], clicks: list[Any]) -> None:
    log = write_log(folder / "log", impressions=[impression(1), *impressions], clicks=clicks)
    counts, examples, aside = run(log)
    for table, lines_written in (("impressions", 1 + len(impressions)), ("clicks", len(clicks))):
        read = counts.tables[table]
        assert read.read == lines_written
        assert read.used + read.outside + sum(read.set_aside.values()) == lines_written
        assert len([entry for entry in aside if entry[0] == table]) == sum(read.set_aside.values())
    assert counts.tables["impressions"].used == len(examples)


def test_extracting_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    generate(tmp_path / "generated", GENERATED, ["duplicates"])
    log = tmp_path / "generated" / "log"
    outputs = []
    for name in ("one", "two"):
        extract(log, GENERATED.dates[0], GENERATED.dates[1], OPTIONS, tmp_path / name, now=NOW)
        outputs.append({file.name: file.read_bytes() for file in (tmp_path / name).iterdir()})
    assert outputs[0] == outputs[1]


@pytest.mark.thorough
def test_a_log_larger_than_the_memory_limit_is_extracted(tmp_path: Path) -> None:
    generate(tmp_path / "generated", GeneratorOptions(impressions=60_000, campaigns=5, days=1, candidate_share=0.0))
    options = LogOptions(memory_limit="60MB")
    counts, examples, _ = run(tmp_path / "generated" / "log", options=options)
    assert len(examples) == counts.tables["impressions"].used == 60_000


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"campaign": "*"}, Reason.NO_CAMPAIGN),
        ({"campaign": "x" * 256}, Reason.NO_CAMPAIGN),
        ({"campaign": "ü" * 128}, Reason.NO_CAMPAIGN),
        ({"campaign": "a\0b"}, Reason.NO_CAMPAIGN),
        ({"advertiser": "x" * 256}, Reason.BAD_VALUE),
        ({"advertiser": "a\0b"}, Reason.BAD_VALUE),
    ],
)
def test_a_name_that_the_engine_refuses_costs_only_its_row(
    tmp_path: Path, columns: dict[str, str], reason: Reason
) -> None:
    log = write_log(tmp_path / "log", impressions=[impression(1), impression(2, **columns)])
    (log / "impressions.jsonl").unlink()
    rows = [impression(1), impression(2) | columns]
    table = pa.table({name: [row.get(name) for row in rows] for name in sorted(rows[1])})
    pq.write_table(table, log / "impressions.parquet")
    _, examples, aside = run(log)
    assert [row["impression_id"] for row in examples] == ["i-1"]
    assert aside == [("impressions", 2, reason)]


def test_names_of_255_bytes_and_of_any_characters_are_used(tmp_path: Path) -> None:
    names = ["x" * 255, "Kampagne ü 東京 \U0001f600", "a/b", 'it\'s "quoted"', "a\nb", "<b>", "100%", "$1", "\\"]
    log = write_log(tmp_path / "log", impressions=[impression(n, campaign=name) for n, name in enumerate(names)])
    _, examples, aside = run(log)
    assert ([row["campaign"] for row in examples], aside) == (names, [])


def test_examples_equal_those_of_a_handwritten_join(tmp_path: Path) -> None:
    """An independent query over a generated log gives the same labels."""
    generate(tmp_path / "generated", GENERATED)
    log = tmp_path / "generated" / "log"
    _, examples, _ = run(log, GENERATED.dates[1], GENERATED.dates[2], as_of=datetime(2026, 4, 1))
    with duckdb.connect() as connection:
        expected = connection.execute(f"""
            SELECT i.impression_id, k.time, min(v.time), count(v.time) FROM '{log}/impressions/*/*.parquet' i
            LEFT JOIN '{log}/clicks/*/*.parquet' k USING (impression_id)
            LEFT JOIN '{log}/conversions/*/*.parquet' v
                ON v.impression_id = i.impression_id AND v.time <= k.time + INTERVAL 7 DAY
            WHERE i.date >= '2026-03-02' GROUP BY ALL ORDER BY min(i.time), i.impression_id
        """).fetchall()
    assert [
        (row["impression_id"], row["click_time"], row["conversion_time"], row["conversions"]) for row in examples
    ] == expected
