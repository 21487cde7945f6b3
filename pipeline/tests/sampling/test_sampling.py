# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Iterator

import duckdb
import numpy as np
import pyarrow as pa
import pytest
import valuation

from valuation_pipeline.errors import PipelineError
from valuation_pipeline.options import as_options
from valuation_pipeline.sampling import SamplingOptions, register_fingerprint, sample_condition, sample_of


@pytest.fixture(name="connection")
def _connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        register_fingerprint(connection)
        connection.execute(
            "CREATE TABLE impressions AS SELECT 'i-' || i AS impression_id, i % 50 = 0 AS click FROM range(20000) r(i)"
        )
        yield connection


def kept(connection: duckdb.DuckDBPyConnection, one_in: int, part: int) -> set[str]:
    condition = sample_condition(SamplingOptions(one_in=one_in, part=part))
    return {row[0] for row in connection.execute(f"SELECT impression_id FROM impressions WHERE {condition}").fetchall()}


@pytest.mark.parametrize(
    ("text", "fingerprint"),
    # BigQuery's manual for FARM_FINGERPRINT joins three columns: 1, "foo", true; 2, "apple", false; 3, "", true.
    [("1footrue", -1541654101129638711), ("2applefalse", 2794438866806483259), ("3true", -4880158226897771312)],
)
def test_fingerprints_are_those_of_bigquerys_manual(
    connection: duckdb.DuckDBPyConnection, text: str, fingerprint: int
) -> None:
    assert connection.execute("SELECT farm_fingerprint(?)", [text]).fetchall() == [(fingerprint,)]


def test_a_missing_text_has_no_fingerprint_and_a_connection_gets_the_function_once(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    register_fingerprint(connection)
    query = "SELECT farm_fingerprint(text) FROM (VALUES (NULL), ('1footrue'), ('é'), ('')) texts(text)"
    found = [row[0] for row in connection.execute(query).fetchall()]
    signed = [number - 2**64 if number >= 2**63 else number for number in map(valuation.fingerprint64, ("é", ""))]
    assert found == [None, -1541654101129638711, *signed]


def test_every_positive_is_kept_and_every_negative_is_in_one_part(connection: duckdb.DuckDBPyConnection) -> None:
    positives = {f"i-{place}" for place in range(0, 20000, 50)}
    parts = [kept(connection, 7, part) for part in range(7)]
    assert all(part >= positives for part in parts)
    negatives = [part - positives for part in parts]
    assert sum(map(len, negatives)) == 20000 - len(positives) == len(set.union(*negatives))
    # Each part is binomial, 19,600 draws at 1/7: a standard deviation of 49.
    assert all(abs(len(part) - 2800) < 5 * 49 for part in negatives)


def test_a_sample_agrees_with_bigquerys_formula(connection: duckdb.DuckDBPyConnection) -> None:
    def in_part(text: str) -> bool:
        fingerprint = valuation.fingerprint64(text)
        return abs(fingerprint - 2**64 if fingerprint >= 2**63 else fingerprint) % 7 == 3

    expected = {f"i-{place}" for place in range(20000) if place % 50 == 0 or in_part(f"i-{place}")}
    assert kept(connection, 7, 3) == expected
    assert kept(connection, 1, 0) == {f"i-{place}" for place in range(20000)}


def test_the_least_number_of_64_bits_falls_in_a_part() -> None:
    with duckdb.connect() as connection:
        connection.create_function("farm_fingerprint", lambda text: int(text), ["VARCHAR"], "BIGINT")
        for part in range(7):
            condition = sample_condition(SamplingOptions(one_in=7, part=part), "false", f"'{-(2**63)}'")
            assert connection.execute(f"SELECT {condition}").fetchall() == [(part == 2**63 % 7,)]


def test_the_share_is_counted() -> None:
    assert sample_of(10, 17000, 352, SamplingOptions(one_in=50)).share == 352 / 17000
    assert sample_of(10, 0, 0, SamplingOptions(one_in=50)).share == 1


def test_the_share_restores_the_odds_of_the_whole_log(connection: duckdb.DuckDBPyConnection) -> None:
    options = SamplingOptions(one_in=20, part=11)
    draws = np.random.default_rng(3)
    groups = np.repeat([0, 1, 2], 40_000)
    log = pa.table(
        {
            "impression_id": [f"{place:x}" for place in range(len(groups))],
            "site": groups,
            "click": draws.random(len(groups)) < np.array([0.01, 0.05, 0.2])[groups],
        }
    )
    connection.register("log", log)
    counts = "count(*) FILTER (click), count(*) FILTER (NOT click), count(*) FILTER (NOT click AND is_kept)"
    query = f"SELECT {counts} FROM (SELECT *, {sample_condition(options)} AS is_kept FROM log) GROUP BY site"
    found = np.array(connection.execute(query).fetchall())
    clicks, negatives, kept = found.T
    share = sample_of(int(clicks.sum()), int(negatives.sum()), int(kept.sum()), options).share
    # Among the kept rows the logit is higher by -ln(share); ln of a group's kept share has this standard deviation.
    deviation = np.sqrt((1 - share) / (share * negatives))
    error = np.log(clicks / kept) + np.log(share) - np.log(clicks / negatives)
    assert (np.abs(error) < 4 * deviation).all()
    assert (np.log(clicks / kept) - np.log(clicks / negatives) > 2.8).all()  # without the correction: ln 20 is 3.0


def test_a_sample_without_negatives_is_refused() -> None:
    with pytest.raises(PipelineError, match=r"part 1 of one in 50 holds none of 20 negatives; make sampling\.one_in"):
        sample_of(10, 20, 0, SamplingOptions(one_in=50, part=1))


def test_a_part_beyond_the_parts_is_refused() -> None:
    with pytest.raises(PipelineError, match=r"pipeline.toml \[sampling\].*part is from 0 to 9, for one_in is 10"):
        as_options(SamplingOptions, {"one_in": 10, "part": 10}, "pipeline.toml [sampling]")
