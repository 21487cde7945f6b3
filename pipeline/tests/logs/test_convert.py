# SPDX-License-Identifier: Apache-2.0
"""A mapping converts other logs to valuation-log/1; rows that cannot be converted are set aside."""

from __future__ import annotations

import gzip
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from logs.small import click, impression, write_log
from valuation_pipeline.errors import PipelineError
from valuation_pipeline.logs.check import check_log
from valuation_pipeline.logs.convert import convert
from valuation_pipeline.logs.extract import extract
from valuation_pipeline.logs.mapping import read_mapping
from valuation_pipeline.logs.options import LogOptions
from valuation_pipeline.logs.schema import TABLES

DATASET = """\
,timestamp,item_id,position,click,propensity_score,user_feature_0,user_feature_1,user_feature_2,user_feature_3,\
user-item_affinity_0,user-item_affinity_1
0,2019-11-24 00:00:34.762830+00:00,1,3,0,0.5,u0,u1,u2,u3,0.0,1.0
1,2019-11-24 02:00:00+02:00,0,2,1,0.25,u0,u1,u2,u3,0.0,0.0
2,2019-11-25 00:00:01+00:00,1,1,0,2,u0,u1,u2,u3,0.0,0.0
3,broken
"""
ITEMS = ",item_id,item_feature_0,item_feature_1,item_feature_2,item_feature_3\n0,0,-0.5,{0}a,b,c\n1,1,1.50,{0}d,e,f\n"


def rows(log: Path, table: str) -> list[dict[str, Any]]:
    """All rows of a table in the order of its files, without null values."""
    found = []
    for file in sorted((log / table).rglob("*.parquet")):
        assert pq.read_schema(file).names == TABLES[table].names
        assert (file.parent / "_SUCCESS").exists()
        found += pq.ParquetFile(file).read().to_pylist()
    return [{name: value for name, value in row.items() if value is not None} for row in found]


def test_the_open_bandit_dataset(tmp_path: Path) -> None:
    for policy in ("random", "bts"):
        for page in ("all", "men"):
            folder = tmp_path / "obd" / policy / page
            folder.mkdir(parents=True)
            (folder / f"{page}.csv").write_text(DATASET, encoding="utf-8")
            (folder / "item_context.csv").write_text(ITEMS.format(f"{policy}-{page}-"), encoding="utf-8")
    counts = convert(tmp_path / "obd", tmp_path / "log", read_mapping("open-bandit"))
    assert counts["impressions"].model_dump(mode="json") == {
        "read": 16,
        "used": 8,
        "set_aside": {"bad_value": 4, "unreadable": 4},
        "outside": 0,
    }
    shown = {row["impression_id"]: row for row in rows(tmp_path / "log", "impressions")}
    first = shown["bts/men/men.csv/1"]
    assert dict(first.pop("features")) == {
        "slot": ["3"],
        **{f"user_feature_{number}": [f"u{number}"] for number in range(4)},
        "item_feature_0": ["1.5"],
        "item_feature_1": ["random-men-d"],
        "item_feature_2": ["e"],
        "item_feature_3": ["f"],
    }
    assert first == {
        "impression_id": "bts/men/men.csv/1",
        "time": datetime(2019, 11, 24, 0, 0, 34, 762830),
        "placement": "men/3",
        "campaign": "men",
        "ad": "men/1",
        "pricing": "cpc",
        "propensity": 0.5,
        "policy": "bts",
    }
    clicked = [row for row in rows(tmp_path / "log", "clicks") if row["impression_id"].startswith("random/all")]
    assert clicked == [{"impression_id": "random/all/all.csv/2", "time": datetime(2019, 11, 24)}]
    aside = pq.read_table(tmp_path / "log" / "set_aside.parquet").to_pylist()
    bad = next(row for row in aside if row["reason"] == "bad_value")
    assert (bad["file"], bad["row"], bad["detail"]) == ("bts/all/all.csv", 3, "propensity")
    assert json.loads(bad["record"])["propensity_score"] == "2"


CRITEO = """\
timestamp\tuid\tcampaign\tconversion\tconversion_timestamp\tconversion_id\tattribution\tclick\tclick_pos\tclick_nb\tcost\tcpo\
\ttime_since_last_click\tcat1\tcat2\tcat3\tcat4\tcat5\tcat6\tcat7\tcat8\tcat9
0\t7\t100\t1\t90000\t5\t1\t1\t0\t2\t0.001\t0.5\t-1\t1\t2\t3\t4\t5\t6\t7\t8\t9
3600\t7\t100\t1\t90000\t5\t1\t1\t1\t2\t0.002\t0.5\t3600\t1\t2\t3\t4\t5\t6\t7\t8\t9
86400\t8\t101\t0\t-1\t-1\t0\t0\t-1\t-1\t0.001\t0.25\t-1\t1\t2\t3\t4\t5\t6\t7\t8\t9
soon\t8\t101\t0\t-1\t-1\t0\t0\t-1\t-1\t0.001\t0.25\t-1\t1\t2\t3\t4\t5\t6\t7\t8\t9
"""


def test_the_criteo_attribution_format_counts_a_conversion_once(tmp_path: Path) -> None:
    (tmp_path / "criteo").mkdir()
    (tmp_path / "criteo" / "criteo_attribution_dataset.tsv.gz").write_bytes(gzip.compress(CRITEO.encode()))
    counts = convert(tmp_path / "criteo", tmp_path / "log", read_mapping("criteo"))
    assert {table: (counted.read, counted.used) for table, counted in counts.items()} == {
        "impressions": (4, 3),
        "clicks": (2, 2),
        "conversions": (1, 1),
    }
    assert dict(counts["impressions"].set_aside) == {"no_time": 1}
    shown = rows(tmp_path / "log", "impressions")
    assert [row["time"] for row in shown] == [datetime(2017, 1, 1), datetime(2017, 1, 1, 1), datetime(2017, 1, 2)]
    assert shown[1]["unit"] == [("user", "7")]
    assert dict(shown[1]["features"])["time_since_last_click"] == ["3600"]
    assert "time_since_last_click" not in dict(shown[0]["features"])
    assert (shown[1]["cost"], shown[1]["bid"], shown[1]["pricing"]) == (0.002, 0.5, "cpa")
    days = (date(2017, 1, 1), date(2017, 1, 2))
    extract(tmp_path / "log", *days, LogOptions(attribution_days=30), tmp_path / "examples")
    examples = pq.read_table(tmp_path / "examples" / "examples.parquet").to_pylist()
    assert [row["conversions"] for row in examples] == [0, 1, 0]


MAPPING = """
format = "valuation-mapping/1"
[impressions]
files = "events/*.jsonl"
where = "kind = 'view'"
[impressions.columns]
impression_id = "id"
time = "to_timestamp(seconds::BIGINT)"
campaign = "campaign"
ad = "campaign || '/' || creative"
bid = "cents::BIGINT / 100"
[impressions.features]
slot = "slot::DOUBLE"
tags = "string_split(tags, ' ')"
[impressions.unit]
user = "visitor"
[clicks]
files = "events/*.jsonl"
where = "kind = 'click'"
[clicks.columns]
impression_id = "id"
time = "to_timestamp(seconds::BIGINT)"
"""
EVENTS = [
    {"kind": "view", "id": 1, "seconds": 1772323200, "campaign": "c", "creative": 3, "slot": 2.0, "tags": "a b"},
    {"kind": "click", "id": 1, "seconds": 1772323210},
    {"kind": "view", "id": 2, "seconds": "later", "campaign": "c", "creative": 3, "cents": 150, "visitor": "v"},
    {"kind": "view", "id": 3, "seconds": 1772323300, "campaign": "c", "creative": 4, "cents": 150, "visitor": "v"},
    {"kind": "other"},
]


@pytest.fixture
def events(tmp_path: Path) -> Path:
    (tmp_path / "source" / "events").mkdir(parents=True)
    text = "".join(json.dumps(event) + "\n" for event in EVENTS)
    (tmp_path / "source" / "events" / "one.jsonl").write_text(text, encoding="utf-8")
    (tmp_path / "mapping.toml").write_text(MAPPING, encoding="utf-8")
    return tmp_path


def test_a_table_of_events_by_a_mapping(events: Path) -> None:
    counts = convert(events / "source", events / "log", read_mapping(str(events / "mapping.toml")))
    assert (counts["impressions"].read, counts["clicks"].read) == (3, 1)
    first, second = rows(events / "log", "impressions")
    assert dict(first["features"]) == {"slot": ["2"], "tags": ["a", "b"]}
    assert "unit" not in first or first["unit"] == []
    assert (second["bid"], second["ad"], second["unit"]) == (1.5, "c/4", [("user", "v")])
    aside = pq.read_table(events / "log" / "set_aside.parquet").to_pylist()
    assert [(row["row"], row["reason"]) for row in aside] == [(3, "no_time")]
    assert json.loads(aside[0]["record"])["seconds"] == "later", "the record comes from the source"


def test_extraction_through_the_mapping_equals_that_of_the_converted_log(events: Path) -> None:
    mapping = events / "mapping.toml"
    convert(events / "source", events / "log", read_mapping(str(mapping)))
    day = date(2026, 3, 1)
    extract(events / "log", day, day, LogOptions(), events / "one")
    counts = extract(events / "source", day, day, LogOptions(mapping=mapping), events / "two")
    examples = [pq.read_table(events / name / "examples.parquet") for name in ("one", "two")]
    assert examples[0].equals(examples[1])
    assert examples[0]["click"].to_pylist() == [True, False]
    assert counts.tables["impressions"].set_aside == {"no_time": 1}
    assert check_log(events / "source", LogOptions(mapping=mapping), tolerate=0.5).problems == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"valuation-mapping/1"', '"valuation-mapping/2"', "format: Input should be 'valuation-mapping/1'"),
        ('ad = "campaign', 'add = "campaign', "impressions.columns.add: no column of impressions; there are"),
        ("ad = \"campaign || '/' || creative\"", "", "impressions.columns.ad is missing"),
        ('campaign = "campaign"', 'campaign = "campain"', "mapping: impressions.columns.campaign: 'campain': "),
        ("kind = 'view'", "kind = 'view", "mapping: impressions.where: "),
        ("events/*.jsonl", "none/*.jsonl", "has no files none"),
    ],
)
def test_mistakes_in_a_mapping_are_named(events: Path, old: str, new: str, message: str) -> None:
    (events / "mapping.toml").write_text(MAPPING.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PipelineError) as error:
        convert(events / "source", events / "log", read_mapping(str(events / "mapping.toml")))
    assert message in str(error.value)


def test_a_lookup_with_two_rows_for_one_is_refused(events: Path) -> None:
    lookup = '[impressions.lookup.ads]\nfiles = "ads.csv"\non = "ads.campaign = source.campaign"\n[clicks]'
    text = MAPPING.replace('"campaign', '"source.campaign').replace("[clicks]", lookup)
    (events / "mapping.toml").write_text(text, encoding="utf-8")
    (events / "source" / "ads.csv").write_text("campaign,size\nc,1\nc,2\n", encoding="utf-8")
    with pytest.raises(PipelineError, match=r"impressions\.lookup: 5 rows became 8"):
        convert(events / "source", events / "log", read_mapping(str(events / "mapping.toml")))


def test_an_unknown_reader_is_refused() -> None:
    with pytest.raises(PipelineError, match=r"no reader; there are open-bandit, criteo, and files that end in \.toml"):
        read_mapping("criteo-2")


def test_a_log_of_text_becomes_parquet_with_the_same_examples(tmp_path: Path) -> None:
    impressions = [impression(1, features={"slot": 1.0}), impression(2), impression(3, bid="much"), impression(2)]
    log = write_log(tmp_path / "text", impressions=impressions, clicks=[click(1)])
    counts = convert(log, tmp_path / "parquet", None)
    assert counts["impressions"].set_aside == {"bad_value": 1}
    for source in ("text", "parquet"):
        extract(tmp_path / source, date(2026, 3, 1), date(2026, 3, 1), LogOptions(), tmp_path / f"{source}-examples")
    written = [(tmp_path / f"{source}-examples" / "examples.parquet").read_bytes() for source in ("text", "parquet")]
    assert written[0] == written[1]
    with pytest.raises(PipelineError, match="is there already"):
        convert(log, tmp_path / "parquet", None)
