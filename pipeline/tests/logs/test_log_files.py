# SPDX-License-Identifier: Apache-2.0
"""Every file of a log is read, or the message says which is not, and why."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from logs.extracted import DAY, GENERATED, run
from logs.small import click, impression, write_log
from valuation_pipeline.errors import PipelineError
from valuation_pipeline.generated.log import generate


def test_a_table_that_lacks_a_required_column_is_refused(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log")
    (log / "impressions.jsonl").unlink()
    (log / "impressions.csv").write_text("impression_id,time,ad\n", encoding="utf-8")
    with pytest.raises(
        PipelineError, match="the column campaign is missing; there are impression_id, time, ad; a mapping"
    ):
        run(log)


def test_an_empty_log_gives_no_examples(tmp_path: Path) -> None:
    counts, examples, aside = run(write_log(tmp_path / "log"))
    assert (examples, aside) == ([], [])
    assert counts.tables["impressions"].read == 0


def test_unreadable_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="no folder; a log is a folder"):
        run(tmp_path / "absent")
    log = write_log(tmp_path / "log", impressions=[impression(1)])
    with pytest.raises(PipelineError, match="is before the first one"):
        run(log, DAY, date(2026, 2, 1))
    with pytest.raises(PipelineError, match="the last day 2026-03-01 is not over"):
        run(log, as_of=datetime(2026, 3, 1, 12))
    (log / "clicks.jsonl").rename(log / "clicks.txt")
    with pytest.raises(PipelineError, match=r"clicks\.txt: not read: a table's files end in"):
        run(log)
    (log / "clicks.txt").unlink()
    with pytest.raises(PipelineError, match="the table clicks is missing"):
        run(log)
    (log / "clicks.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(PipelineError, match=r"clicks\.parquet: cannot be read as Parquet"):
        run(log)
    pq.write_table(pa.table({"impression_id": ["i-1"], "time": [1772323200]}), log / "clicks.parquet")
    with pytest.raises(PipelineError, match="clicks: the column time is BIGINT, not TIMESTAMP"):
        run(log)
    (log / "clicks.parquet").unlink()
    (log / "clicks.csv").write_bytes(b"impression_id,time\ni-1,2026-03-01\r\ni-2,2026-03-01\n")
    with pytest.raises(
        PipelineError, match=r"clicks\.csv: cannot be read: .*; see that all its lines end in the same way"
    ):
        run(log)
    (log / "clicks.csv").unlink()
    (log / "clicks.csv.gz").write_bytes(b"no gzip")
    with pytest.raises(PipelineError, match=r"clicks\.csv\.gz: cannot be read"):
        run(log)
    assert not (tmp_path / "log-examples").exists()


def test_a_damaged_parquet_file_is_named(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log", clicks=[click(1)])
    (log / "impressions.jsonl").unlink()
    file = log / "impressions.parquet"
    rows = pa.table({name: [f"{name}-{row}" for row in range(5000)] for name in ("impression_id", "campaign", "ad")})
    pq.write_table(rows.append_column("time", pa.array(["2026-03-01 01:00:00"] * 5000)), file)
    content = bytearray(file.read_bytes())
    content[40:4000] = bytes(3960)
    file.write_bytes(content)
    with pytest.raises(PipelineError, match=r"the log cannot be read: .*impressions\.parquet"):
        run(log)


def test_a_damaged_parquet_file_is_named_even_if_duckdb_does_not_name_it(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log", clicks=[click(1)])
    (log / "impressions.jsonl").unlink()
    (log / "impressions").mkdir()
    names = ("impression_id", "time", "campaign", "ad")
    whole = pa.table(
        {
            name: ["2026-03-01 01:00:00" if name == "time" else f"{name}-{row % 7}" for row in range(5000)]
            for name in names
        }
    )
    for part in "ab":
        pq.write_table(whole, log / "impressions" / f"{part}.parquet", compression="none")
    file = log / "impressions" / "b.parquet"
    place = pq.read_metadata(file).row_group(0).column(0).data_page_offset
    content = bytearray(file.read_bytes())
    content[place + 40 : place + 400] = b"\xff" * 360
    file.write_bytes(content)
    with pytest.raises(PipelineError, match=r"b\.parquet: cannot be read: .*; have the file delivered again"):
        run(log)


def test_files_behind_links_are_read(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log", clicks=[click(1)])
    away = tmp_path / "away"
    away.mkdir()
    (log / "impressions.jsonl").rename(away / "part.jsonl")
    (away / "part.jsonl").write_text(json.dumps(impression(1)) + "\n", encoding="utf-8")
    (log / "impressions").mkdir()
    (log / "impressions" / "date=2026-03-01").symlink_to(away)
    _, examples, _ = run(log)
    assert [row["click"] for row in examples] == [True]


def test_a_broken_or_circular_link_is_named_and_not_read_as_empty(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log", impressions=[impression(1)])
    (log / "clicks.jsonl").unlink()
    (log / "clicks").mkdir()
    link = log / "clicks" / "part.jsonl"
    link.symlink_to("gone")
    with pytest.raises(PipelineError, match=r"clicks/part\.jsonl: no file, or a link to a file that is not there"):
        run(log)
    link.unlink()
    link.symlink_to(".")
    with pytest.raises(PipelineError, match=r"clicks/part\.jsonl: links to a folder that it lies in; remove it"):
        run(log)
    link.unlink()
    (log / "clicks" / "part-0.jsonl").write_text("", encoding="utf-8")
    (log / "conversions.jsonl").unlink()
    (log / "conversions").symlink_to("gone")
    with pytest.raises(PipelineError, match=r"conversions: No such file or directory; see that it is a folder"):
        run(log)


def test_days_without_impressions_are_refused_with_the_days_available(tmp_path: Path) -> None:
    generate(tmp_path / "generated", GENERATED)
    with pytest.raises(
        PipelineError, match="no impressions of 2026-04-01 to 2026-04-01; there are those of 2026-03-01 to 2026-03-03"
    ):
        run(tmp_path / "generated" / "log", date(2026, 4, 1), date(2026, 4, 1))
