# SPDX-License-Identifier: Apache-2.0
"""Buckets are uniform, independent between experiments, the same for ever, and the same in SQL.

All units are fixed, so every run gives the same p-values: they do not depend on luck.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import farmhash
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import policies
from policies import experiment, policy
from valuation import Batch, Candidates, Engine, Features, bucket, buckets

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
UNITS = 1_000_000

#: The smallest p-value allowed. The least of some twenty fixed cases is 0.004.
LEAST_P = 0.001


@pytest.fixture(scope="module")
def columns() -> dict[str, npt.NDArray[np.uint32]]:
    """The buckets of a million users in three experiments; the salts of two of these differ by a letter."""
    users = [f"u-{number}" for number in range(UNITS)]
    return {salt: buckets(salt, users) for salt in ("bagging-1", "bagging-2", "new prices")}


#: Recorded once. A library with other buckets moves every user of every running experiment to another variant.
GOLDEN = [
    ("bagging-1", "u-77", 6961),
    ("bagging-1", "u-1", 9065),
    ("bagging-1", "u-2", 7659),
    ("bagging-2", "u-1", 2951),
    ("bagging-2", "u-77", 8902),
    ("", "u-1", 31),
    ("bagging-1", "", 8493),
    ("größer", "müller", 3783),
    ("実験", "ユーザー77", 3807),
    ("trial", "🙂", 5601),
    ("a:b", "c", 4905),
    ("a", "b:c", 4905),
    ("long", "0123456789" * 13, 9850),
]


@pytest.mark.parametrize(("salt", "unit", "expected"), GOLDEN)
def test_a_bucket_never_changes(salt: str, unit: str, expected: int) -> None:
    assert bucket(salt, unit) == expected
    assert policies.bucket(salt, unit) == expected


@given(TEXT, TEXT)
def test_a_bucket_is_farmhashs_fingerprint_modulo_ten_thousand(salt: str, unit: str) -> None:
    assert bucket(salt, unit) == farmhash.fingerprint64((salt + ":" + unit).encode()) % 10_000


@given(TEXT, st.lists(TEXT))
def test_buckets_of_a_column_are_those_of_its_members(salt: str, units: list[str]) -> None:
    expected = [bucket(salt, unit) for unit in units]
    for column in (units, np.array(units, dtype=object), pd.Series(units, dtype=object)):
        found = buckets(salt, column)
        assert found.dtype == np.uint32
        assert found.tolist() == expected


@pytest.mark.parametrize(
    ("units", "texts"),
    [
        ([77, "77", 77.0, 1.5], ["77", "77", "77", "1.5"]),
        ([2**63 + 1, -1], ["9223372036854775809", "-1"]),
        (np.array([[1, 2], [3, 4]]), [["1", "2"], ["3", "4"]]),
        (np.array(["a", "bc"]), ["a", "bc"]),
        (pd.Series([5, 6], index=[8, 9]), ["5", "6"]),
        ([], []),
    ],
)
def test_numbers_are_taken_by_their_text(units: Any, texts: Any) -> None:
    found = buckets("s", units)
    assert (
        found.tolist() == np.vectorize(lambda text: bucket("s", text), otypes=[int])(np.array(texts, object)).tolist()
    )


@pytest.mark.parametrize("unit", [None, True, ["u-77"], np.datetime64("2026-11-21")])
def test_a_value_that_is_not_a_unit_has_no_bucket(unit: Any) -> None:
    with pytest.raises(TypeError, match="a unit is text or a number"):
        bucket("s", unit)
    column = np.empty(1, object)
    column[0] = unit
    with pytest.raises(TypeError, match=r"a unit is text or a number|units\[0\] is missing"):
        buckets("s", column)


def test_all_buckets_are_equally_full(columns: dict[str, npt.NDArray[np.uint32]]) -> None:
    for found in columns.values():
        counts = np.bincount(found, minlength=10_000)
        assert len(counts) == 10_000
        assert stats.chisquare(counts).pvalue > LEAST_P


@pytest.mark.parametrize("shares", [[5000, 5000], [4000, 4000, 1000, 1000], [1, 99, 9900]])
def test_every_variant_has_its_share(columns: dict[str, npt.NDArray[np.uint32]], shares: list[int]) -> None:
    for found in columns.values():
        variants = np.searchsorted(np.cumsum(shares), found, side="right")
        counts = np.bincount(variants, minlength=len(shares))
        assert stats.chisquare(counts, np.array(shares) * UNITS / 10_000).pvalue > LEAST_P


def test_buckets_of_different_salts_are_independent(columns: dict[str, npt.NDArray[np.uint32]]) -> None:
    first, *others = columns.values()
    for size in (5000, 100):  # two halves; a hundred groups: 10,000 cells of a hundred units each
        for other in (*others, np.roll(first, 1)):  # nor does the neighbour's bucket predict it
            groups = 10_000 // size
            table = np.bincount(first // size * groups + other // size, minlength=groups**2).reshape(groups, groups)
            assert stats.chi2_contingency(table, correction=False).pvalue > LEAST_P


def test_a_database_finds_the_same_buckets_from_the_same_text() -> None:
    users = pd.DataFrame({"unit": [f"u-{number}" for number in range(20_000)] + ["", "ü", "雪", "a:b", "🙂"]})

    def fingerprint(text: str) -> int:
        unsigned = int(farmhash.fingerprint64(text))
        return unsigned - 2**64 if unsigned >= 2**63 else unsigned  # as BigQuery shows it

    with duckdb.connect() as database:
        database.create_function("FARM_FINGERPRINT", fingerprint, ["VARCHAR"], "BIGINT")
        database.register("users", users)
        for salt in ("bagging-1", "größer"):
            found = database.execute(
                """
                SELECT MOD(MOD(f, 10000) + IF(f < 0, 11616, 0), 10000) AS bucket
                FROM (SELECT FARM_FINGERPRINT(CONCAT(?, ':', unit)) AS f FROM users)
                """,
                [salt],
            ).fetchall()
            assert [row[0] for row in found] == buckets(salt, users["unit"]).tolist()


def test_an_experiment_without_a_difference_shows_none(models_path: Path, tmp_path: Path) -> None:
    """An A/A test: the engine's shares are within their binomial bounds, and both sides value the same."""
    shares = {"control": 4000, "same": 4000, "holdout": 1000, None: 1000}
    document = policy(
        predictors={"same": {"release": "LATEST"}},
        experiments=[experiment("a-a", ("control", 4000, None), ("same", 4000, "same"), holdout=1000, unit="user")],
    )
    count = 200_000
    users = [f"user {number}" for number in range(count)]
    with Engine() as engine:
        engine.load(models_path)
        slots = Features.from_columns(engine, {"slot": ["12", "77", "5", None] * (count // 4)})
        ads = Candidates(np.full(count, engine.campaign_key("1042"), np.uint64), "cpc", 1.0)
        engine.load_policy(policies.write(tmp_path / "policy.json", document))
        values = engine.score_batch(Batch(slots, ads, units={"user": users}))
        sources, inverse = np.unique(values["source"], return_inverse=True)
        variants = [engine.find_source(source).variant for source in sources.tolist()]
    assert set(variants) == set(shares)
    revenue = {}
    for number, variant in enumerate(variants):
        members = inverse == number
        share = shares[variant] / 10_000
        assert stats.binomtest(int(members.sum()), count, share).pvalue > LEAST_P
        revenue[variant] = values["expected_revenue"][members]
    assert stats.ttest_ind(revenue["control"], revenue["same"]).pvalue > LEAST_P
    assert sorted(set(revenue["control"])) == sorted(set(revenue["same"]))
