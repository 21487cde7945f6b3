# SPDX-License-Identifier: Apache-2.0
"""The SQL for BigQuery parses as such, and, translated for DuckDB, gives the same as the extraction."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
import sqlglot
from sqlglot import exp

from valuation_pipeline.generated.log import generate
from valuation_pipeline.generated.options import GeneratorOptions
from valuation_pipeline.logs.extract import extract
from valuation_pipeline.logs.options import LogOptions
from valuation_pipeline.sampling import SamplingOptions, register_fingerprint, sample_condition

FOLDER = Path(__file__).parents[2] / "sql" / "bigquery"
FILES = sorted(FOLDER.glob("*.sql"))
NOW = datetime(2026, 11, 1)
FIRST, LAST = date(2026, 3, 2), date(2026, 3, 3)
AS_OF = datetime(2026, 3, 5)
PARAMETERS: dict[str, Any] = {
    "first_day": FIRST,
    "last_day": LAST,
    "as_of": AS_OF,
    "now": NOW,
    "click_window_hours": 24,
    "attribution_days": 1,
    "one_in": 5,
    "part": 2,
}


def statements(file: Path) -> list[Any]:
    return [parsed for parsed in sqlglot.parse(file.read_text(encoding="utf-8"), read="bigquery") if parsed is not None]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_file_is_bigquery_sql(file: Path) -> None:
    parsed = statements(file)
    assert parsed
    for statement in parsed:
        assert not list(statement.find_all(exp.Command)), "sqlglot does not know this command"
        text = statement.sql(dialect="bigquery", comments=False)
        assert sqlglot.parse_one(text, read="bigquery").sql(dialect="bigquery") == text


def run(connection: duckdb.DuckDBPyConnection, name: str) -> duckdb.DuckDBPyConnection:
    """Run a file in DuckDB, with the parameters that its comment names."""
    (statement,) = statements(FOLDER / f"{name}.sql")
    comment = (FOLDER / f"{name}.sql").read_text(encoding="utf-8").partition("-- Parameters: ")[2].partition(".")[0]
    for found in statement.find_all(exp.Parameter):
        assert found.name in comment, f"the comment of {name}.sql does not name the parameter {found.name}"
    # DuckDB has no parameters in CREATE TABLE, so values replace them.
    statement = statement.transform(
        lambda node: _value(PARAMETERS[node.name]) if isinstance(node, exp.Parameter) else node
    )
    return connection.execute(statement.sql(dialect="duckdb"))


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return sqlglot.parse_one(f"TIMESTAMP '{value}+00'", read="bigquery")
    if isinstance(value, date):
        return sqlglot.parse_one(f"DATE '{value}'", read="bigquery")
    return exp.Literal.number(value)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, duckdb.DuckDBPyConnection]:
    """The output of an extraction from a log with faults, and a database in which BigQuery's files ran on the log."""
    folder = tmp_path_factory.mktemp("bigquery")
    options = GeneratorOptions(
        impressions=4000, campaigns=10, days=4, click_rate=0.2, conversion_rate=0.3, candidate_share=0.0
    )
    faults = ["duplicates", "clicks_without_impressions", "conversions_without_clicks", "times_out_of_order"]
    generate(folder / "generated", options, [*faults, "future_times"])
    log = folder / "generated" / "log"
    extract(log, FIRST, LAST, LogOptions(attribution_days=1), folder / "examples", AS_OF, NOW)
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    register_fingerprint(connection)
    for statement in statements(FOLDER / "tables.sql"):
        for partition in list(statement.find_all(exp.PartitionedByProperty)):
            partition.pop()
        connection.execute(statement.sql(dialect="duckdb"))
    for table in ("impressions", "clicks", "conversions"):
        files = f"read_parquet('{log}/{table}/*/*.parquet', hive_partitioning = false)"
        connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM {files}")
    for name in ("impressions_rows", "clicks_rows", "conversions_rows", "examples"):
        run(connection, name)
    return folder / "examples", connection


def test_it_gives_the_examples_of_the_extraction(both: tuple[Path, duckdb.DuckDBPyConnection]) -> None:
    folder, connection = both
    columns = "impression_id, time::TIMESTAMP, campaign, ad, bid, date, click, click_time::TIMESTAMP, conversion, "
    columns += "conversion_time::TIMESTAMP, conversions, round(revenue, 6), to_json(features)::VARCHAR"
    query = f"SELECT {columns} FROM {{}} ORDER BY time, impression_id"
    expected = connection.execute(query.format(f"'{folder}/examples.parquet'")).fetchall()
    found = connection.execute(query.format("examples")).fetchall()
    assert len(found) == 2000
    assert found == expected


def test_it_sets_the_same_rows_aside_for_the_same_reasons(both: tuple[Path, duckdb.DuckDBPyConnection]) -> None:
    folder, connection = both
    expected = sorted(
        (row["table"], json.loads(row["record"])["impression_id"], row["reason"])
        for row in pq.read_table(folder / "set_aside.parquet").to_pylist()
    )
    found = []
    for table in ("impressions", "clicks", "conversions"):
        query = f"SELECT impression_id, state FROM {table}_rows WHERE state NOT IN ('used', 'outside')"
        found += [(table, identity, state) for identity, state in connection.execute(query).fetchall()]
    # A table without partition folders sees the future rows of all days.
    found = [row for row in found if row[2] != "future_time" or row in expected]
    assert {reason for _, _, reason in expected} >= {"duplicate", "click_without_impression", "conversion_after_window"}
    assert sorted(found) == expected


def test_its_counts_agree_with_the_tables(both: tuple[Path, duckdb.DuckDBPyConnection]) -> None:
    _, connection = both
    counts = {(table, state): rows for table, state, rows in run(connection, "counts").fetchall()}
    assert counts["impressions", "used"] == 2000
    for table in ("impressions", "clicks", "conversions"):
        (rows,) = connection.execute(f"SELECT count(*) FROM {table}_rows").fetchall()[0]
        assert sum(number for (of, _), number in counts.items() if of == table) == rows


def test_it_samples_the_same_rows_as_the_pipeline(both: tuple[Path, duckdb.DuckDBPyConnection]) -> None:
    _, connection = both
    sampled = sorted(row[0] for row in run(connection, "sample").fetchall())
    condition = sample_condition(SamplingOptions(one_in=5, part=2))
    expected = connection.execute(f"SELECT impression_id FROM examples WHERE {condition} ORDER BY 1").fetchall()
    assert [(identity,) for identity in sampled] == expected
    clicks, impressions = connection.execute("SELECT count_if(click), count(*) FROM examples").fetchall()[0]
    (share,) = run(connection, "sample_share").fetchall()[0]
    assert share == (len(sampled) - clicks) / (impressions - clicks)
    assert 0.15 < share < 0.25


def test_its_export_is_a_log_that_gives_the_same_examples(
    both: tuple[Path, duckdb.DuckDBPyConnection], tmp_path: Path
) -> None:
    folder, connection = both
    exports = statements(FOLDER / "export.sql")
    assert len(exports) == 3
    (tmp_path / "log").mkdir()
    for export in exports:
        (table,) = re.findall(r"/log/(\w+)/part-\*\.parquet'", export.sql(dialect="bigquery"))
        query = export.this.sql(dialect="duckdb")
        connection.execute(f"COPY ({query}) TO '{tmp_path}/log/{table}.parquet' (FORMAT parquet)")
    counts = extract(tmp_path / "log", FIRST, LAST, LogOptions(attribution_days=1), tmp_path / "examples", AS_OF, NOW)
    assert all(counted.set_aside == {} for counted in counts.tables.values())
    tables = [pq.read_table(output / "examples.parquet") for output in (folder, tmp_path / "examples")]
    assert tables[0].equals(tables[1])
