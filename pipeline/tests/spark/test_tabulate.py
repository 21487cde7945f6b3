# SPDX-License-Identifier: Apache-2.0
"""Executors extract the same features from examples, however a day's rows are distributed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.examples import feature_set, write_examples
from spark.small_log import Log
from valuation_pipeline.computing import Computing
from valuation_pipeline.errors import PipelineError
from valuation_pipeline.features import summary
from valuation_pipeline.sampling import SamplingOptions

pytestmark = pytest.mark.thorough

START = datetime(2026, 11, 20, 22, tzinfo=UTC)
TEXTS = ["12", " 12", "é", "", "a\0b", "null", "😀"]
NUMBERS = ["0", "-0", "12.5", "1e-7", "12px", "1e999", ""]
EXPOSURES = {"seen": {"of": "campaign", "cap": 2}, "of_session": {"of": "ad", "unit": "session", "cap": 9}}


def odd_rows(count: int) -> list[dict[str, Any]]:
    draws = np.random.default_rng(1)

    def some(texts: list[str], at_most: int) -> list[str]:
        return [str(text) for text in draws.choice(texts, int(draws.integers(0, at_most + 1)))]

    units: list[dict[str, str]] = [{}, {"user": ""}, {"user": "u-1"}, {"user": "u-2", "session": "s"}, {"session": "s"}]
    return [
        {
            "time": START + timedelta(minutes=int(draws.integers(0, 3 * 1440))),
            "features": {"slot": some(TEXTS, 2), "tags": some(TEXTS, 4), "visits": some(NUMBERS, 2)},
            "unit": units[int(draws.integers(0, len(units)))],
            "campaign": f"c-{draws.integers(0, 3)}",
            "ad": f"ad-{draws.integers(0, 4)}",
            "bid": None if draws.random() < 0.1 else float(draws.choice([-0.0, 0.0, 1.25])),
            "click": bool(draws.random() < 0.2),
        }
        for _ in range(count)
    ]


@pytest.mark.parametrize("exposures", [[], ["seen"], ["seen", "of_session"]])
@pytest.mark.parametrize("one_in", [1, 4])
def test_the_table_equals_that_of_one_machine(
    tmp_path: Path, local: Computing, spark: Computing, exposures: list[str], one_in: int
) -> None:
    examples = write_examples(tmp_path / "examples.parquet", odd_rows(2000))
    features = feature_set(
        category={"slot": {}, "Slot": {"source": "features.tags", "multi": True}, "campaign": {"source": "campaign"}},
        number={"visits": {}, "price": {"source": "bid"}, "age": {"source": "features.visits", "buckets": [0, 10]}},
        time={"hour": {"of": "hour", "utc_offset_hours": 5.5}},
        exposure={name: EXPOSURES[name] for name in exposures},
    )
    sampling = SamplingOptions(one_in=one_in, part=one_in - 1)
    expected = local.tabulate(examples, features, sampling)
    table = spark.tabulate(examples, features, sampling)
    assert table.equals(expected)
    assert str(table.to_pylist()) == str(expected.to_pylist())  # texts distinguish -0.0 from 0.0
    assert summary(table) == summary(expected)
    assert summary(table).set_aside["visits"]


def test_the_table_of_a_log_equals_that_of_one_machine(log: Log, local: Computing, spark: Computing) -> None:
    sampling = SamplingOptions(one_in=5, part=2)
    expected = local.tabulate(log.examples, log.feature_set, sampling)
    assert spark.tabulate(log.examples, log.feature_set, sampling).equals(expected)


def test_a_sample_without_negatives_is_refused_in_the_same_words(tmp_path: Path, spark: Computing) -> None:
    examples = write_examples(tmp_path / "examples.parquet", [{"click": True}, {"click": False}])
    with pytest.raises(PipelineError, match="part 77 of one in 100000 holds none of 1 negatives"):
        spark.tabulate(examples, feature_set(category={"slot": {}}), SamplingOptions(one_in=100_000, part=77))
