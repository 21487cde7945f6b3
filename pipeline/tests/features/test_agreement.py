# SPDX-License-Identifier: Apache-2.0
"""A model made of a vocabulary's coefficients gives the same in the engine as on the training rows."""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
import valuation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.examples import feature_set, write_examples
from valuation_pipeline.features import FeatureSet, Rows, Vocabulary, of_rows, tabulate

ODD_TEXTS = [
    "12",
    "12.0",
    " 12",
    "é",
    "",
    "a=b",
    "x" * 1024,
    "x" * 1025,
    "a\0b",
    "ios",
    "true",
    "null",
    "\n",
    '"',
    "😀",
]
NUMBERS = ["0", "-0", "12.5", "1e3", "-7", "2147483648", "1e-7", " 12", "12px", "", "1e999", "NaN", "inf", "0x10"]
START = datetime(2026, 11, 20, 22, tzinfo=UTC)
FULL: dict[str, dict[str, Any]] = {
    "category": {
        "slot": {},
        "os": {"source": "features.platform"},
        "segments": {"multi": True},
        "interests": {"multi": True, "side": "ad"},
        "campaign": {"source": "campaign"},
        "creative": {"source": "ad"},
        "placement": {"source": "placement"},
        "user": {"source": "unit.user"},
    },
    "number": {
        "visits": {},
        "price": {"source": "bid"},
        "age": {"buckets": [18, 25.5]},
        "weight": {"source": "features.visits", "side": "ad", "buckets": [-1, 0]},
    },
    "time": {
        "hour": {"of": "hour", "utc_offset_hours": 5.5},
        "weekday": {"of": "weekday"},
        "how": {"of": "hour_of_week"},
    },
    "exposure": {"seen": {"of": "campaign", "cap": 2}, "seen_ad": {"of": "ad", "unit": "user", "cap": 1}},
    "cross": {
        "a": {"fields": ["slot", "os"]},
        "b": {"fields": ["segments", "interests"]},
        "c": {"fields": ["creative", "hour"]},
        "d": {"fields": ["seen", "campaign"]},
        "e": {"fields": ["segments", "age"]},
        "f": {"fields": ["interests", "campaign"]},
    },
}


@st.composite
def rows(draw: st.DrawFn) -> list[dict[str, Any]]:
    texts, numbers = st.sampled_from(ODD_TEXTS), st.sampled_from(NUMBERS)
    features = st.fixed_dictionaries(
        {},
        optional={
            "slot": texts,
            "platform": st.one_of(texts, st.lists(texts, max_size=2)),
            "segments": st.lists(texts, max_size=4),
            "interests": st.lists(texts, max_size=3),
            "visits": st.one_of(numbers, st.lists(numbers, max_size=2)),
            "age": st.one_of(numbers, st.sampled_from(["17.9", "18", "25.5", "30"])),
            "unused": texts,
        },
    )
    row = st.fixed_dictionaries(
        {
            "features": features,
            "time": st.integers(0, 20 * 3600).map(lambda seconds: START + timedelta(seconds=seconds)),
            "campaign": st.sampled_from(["1", "2"]),
            "ad": st.sampled_from(["9", "é"]),
        },
        optional={
            "unit": st.sampled_from([{"user": "u-1"}, {"user": "u-2", "session": "s"}, {"session": "s"}]),
            "placement": texts,
            "bid": st.sampled_from([0.5, 2.0, 3.25]),
        },
    )
    return draw(st.lists(row, min_size=1, max_size=12))


@st.composite
def feature_sets(draw: st.DrawFn) -> FeatureSet:
    chosen: dict[str, Any] = {}
    for section in ("category", "number", "time", "exposure"):
        names = draw(st.sets(st.sampled_from(sorted(FULL[section]))))
        chosen[section] = {name: FULL[section][name] for name in sorted(names)}
    if not any(chosen.values()):
        chosen["category"] = {"slot": {}}
    there = {name for members in chosen.values() for name in members}
    crosses = {name: cross for name, cross in FULL["cross"].items() if there.issuperset(cross["fields"])}
    return feature_set(**chosen, cross=crosses, fold={"minimum_rows": draw(st.integers(1, 3))})


def expected(rows: Rows, intercept: float, coefficients: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The logistic regression's probabilities, row by row in plain arithmetic."""
    columns, numbers = np.split(coefficients, [len(coefficients) - rows.numbers.shape[1]])
    logits = [
        intercept + columns[rows.columns[start:end]].sum() + own @ numbers
        for start, end, own in zip(rows.starts[:-1], rows.starts[1:], rows.numbers, strict=True)
    ]
    probabilities: npt.NDArray[np.float64] = 1 / (1 + np.exp(-np.array(logits)))
    return probabilities


def engine_of(parts: dict[str, Any]) -> valuation.Engine:
    document = {
        "format": "valuation-model/1",
        "kind": "logistic",
        "campaign": "*",
        "target": "click",
        "version": "2026-11-22",
        "negative_sampling_rate": 1.0,
    }
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.json"
        file.write_text(json.dumps(document | parts), encoding="utf-8")
        engine = valuation.Engine()
        engine.load(file)
    return engine


def by_requests(engine: valuation.Engine, table: pa.Table, features: FeatureSet) -> npt.NDArray[np.float64]:
    values = []
    for row in table.to_pylist():
        request = {
            "features": features.request_features(row),
            "candidates": [{"campaign": "1", "pricing": "cpc", "bid": 1, "features": features.ad_features(row)}],
        }
        values.append(engine.score(json.loads(json.dumps(request)))["values"][0]["pctr"])
    return np.array(values)


def by_batch(engine: valuation.Engine, table: pa.Table, features: FeatureSet) -> npt.NDArray[np.float64]:
    requests, ads = of_rows(engine, table, features)
    keys = engine.campaign_keys(["1"] * table.num_rows)
    values: npt.NDArray[np.float64] = engine.score_batch(
        valuation.Batch(requests, valuation.Candidates(keys, "cpc", 1.0, ads))
    )["pctr"].astype(np.float64)
    return values


def agree(examples: Path, features: FeatureSet, seed: int) -> Vocabulary:
    table = tabulate(examples, features)
    vocabulary = Vocabulary.fit(table, features)
    encoded = vocabulary.encode(table)
    draws = np.random.default_rng(seed)
    coefficients = draws.normal(0, 0.5, vocabulary.column_count + len(vocabulary.numbers))
    coefficients[draws.random(len(coefficients)) < 0.3] = 0
    intercept = float(draws.normal(-2, 0.5))
    wanted = expected(encoded, intercept, coefficients)
    with engine_of(vocabulary.document_parts(intercept, coefficients)) as engine:
        np.testing.assert_allclose(by_requests(engine, table, features), wanted, rtol=1e-6)
        np.testing.assert_allclose(by_batch(engine, table, features), wanted, rtol=1e-6)
    return vocabulary


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(rows(), feature_sets(), st.integers(0, 2**32 - 1))
def test_the_engine_gives_the_probabilities_of_the_training_rows(
    rows: list[dict[str, Any]], features: FeatureSet, seed: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        agree(write_examples(Path(folder) / "examples.parquet", rows), features, seed)


def test_the_engine_gives_them_for_a_thousand_rows_of_every_kind(tmp_path: Path) -> None:
    draws = np.random.default_rng(1)

    def some(texts: list[str], at_most: int) -> list[str]:
        return [str(text) for text in draws.choice(texts, int(draws.integers(0, at_most + 1)))]

    rows: list[dict[str, Any]] = [
        {
            "time": START + timedelta(seconds=int(draws.integers(0, 3 * 86400))),
            "features": {
                "slot": some(ODD_TEXTS, 1),
                "platform": some(ODD_TEXTS, 1),
                "segments": some(ODD_TEXTS, 4),
                "interests": some(ODD_TEXTS, 3),
                "visits": some([*NUMBERS, *map(repr, draws.normal(3, 2, 20))], 1),
                "age": some([str(age) for age in range(10, 40)], 1),
            },
            "unit": {"user": f"u-{draws.integers(0, 40)}"} if draws.random() < 0.9 else {},
            "campaign": f"c-{draws.integers(0, 5)}",
            "ad": f"ad-{draws.integers(0, 9)}",
            "placement": None if draws.random() < 0.1 else f"p-{draws.integers(0, 4)}",
            "bid": float(draws.integers(1, 9)) / 4,
        }
        for _ in range(1000)
    ]
    features = feature_set(**FULL, fold={"minimum_rows": 5})
    vocabulary = agree(write_examples(tmp_path / "examples.parquet", rows), features, 7)
    assert vocabulary.column_count > 300
    assert [number.field for number in vocabulary.numbers] == ["visits", "price"]
    assert set(vocabulary.values["seen"]) == {"0", "1", "2"}


def test_values_that_training_did_not_see_count_as_absent(tmp_path: Path) -> None:
    features = feature_set(category={"slot": {}, "os": {}}, cross={"slot_os": {"fields": ["slot", "os"]}})
    seen = tabulate(write_examples(tmp_path / "seen.parquet", [{"features": {"slot": "12", "os": "ios"}}]), features)
    others = [{"slot": "12", "os": "android"}, {"slot": "77"}, {"slot": "12", "os": "ios"}]
    table = tabulate(write_examples(tmp_path / "others.parquet", [{"features": row} for row in others]), features)
    vocabulary = Vocabulary.fit(seen, features)
    with engine_of(vocabulary.document_parts(-1.0, [0.5, 0.25, 2.0])) as engine:
        for found in (by_requests(engine, table, features), by_batch(engine, table, features)):
            assert found == pytest.approx(1 / (1 + np.exp([0.5, 1.0, -1.75])), rel=1e-6)
