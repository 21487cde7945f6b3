# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from features.examples import feature_set, write_examples
from valuation_pipeline.features import FeatureSet, Vocabulary, tabulate


def table_of(tmp_path: Path, features: FeatureSet, rows: list[dict[str, Any]]) -> pa.Table:
    return tabulate(write_examples(tmp_path / "e.parquet", [{"features": row} for row in rows]), features)


def test_a_value_or_pair_with_too_few_rows_has_no_column(tmp_path: Path) -> None:
    features = feature_set(
        category={"slot": {}, "tags": {"multi": True}},
        cross={"both": {"fields": ["slot", "tags"]}},
        fold={"minimum_rows": 2},
    )
    rows: list[dict[str, Any]] = [
        {"slot": "b", "tags": ["x", "x"]},  # twice in one row counts as one row
        {"slot": "b", "tags": ["y", "z"]},
        {"slot": "a", "tags": ["y", "z"]},
        {"slot": "a", "tags": ["z"]},
        {"slot": "c", "tags": ["z"]},
    ]
    table = table_of(tmp_path, features, rows)
    vocabulary = Vocabulary.fit(table, features)
    assert vocabulary.column_names() == ["slot=a", "slot=b", "tags=y", "tags=z", "slot=a x tags=z"]
    encoded = vocabulary.encode(table)
    dtypes = [str(array.dtype) for array in (encoded.starts, encoded.columns, encoded.numbers)]
    assert dtypes == ["int64", "int32", "float64"]
    assert encoded.starts.tolist() == [0, 1, 4, 8, 11, 12]
    assert encoded.columns.tolist() == [1, 1, 2, 3, 0, 2, 3, 4, 0, 3, 4, 3]
    assert encoded.numbers.shape == (5, 0)


def test_a_value_that_a_row_has_twice_counts_twice_and_so_do_its_pairs(tmp_path: Path) -> None:
    features = feature_set(category={"slot": {}, "tags": {"multi": True}}, cross={"both": {"fields": ["slot", "tags"]}})
    table = table_of(tmp_path, features, [{"slot": "a", "tags": ["x", "y", "x"]}])
    vocabulary = Vocabulary.fit(table, features)
    assert vocabulary.column_names() == ["slot=a", "tags=x", "tags=y", "slot=a x tags=x", "slot=a x tags=y"]
    assert sorted(vocabulary.encode(table).columns.tolist()) == [0, 1, 1, 2, 3, 3, 4]


def test_numbers_are_standardised_and_a_missing_one_is_the_mean(tmp_path: Path) -> None:
    features = feature_set(number={"n": {}, "constant": {}, "never": {}, "huge": {}})
    rows = [{"n": "1", "constant": "0.1", "huge": "1e300"}, {"n": "4", "constant": "0.1", "huge": "-1e300"}, {}]
    table = table_of(tmp_path, features, rows)
    vocabulary = Vocabulary.fit(table, features)
    assert [(number.field, number.mean, number.std) for number in vocabulary.numbers] == [("n", 2.5, 1.5)]
    assert vocabulary.encode(table).numbers.tolist() == [[-1.0], [1.0], [0.0]]
    assert vocabulary.left_out["constant"] == "it is 0.1 in every row that has it"
    assert vocabulary.left_out["never"] == "no row has it"
    assert "no model can have; give it buckets" in vocabulary.left_out["huge"]


def test_texts_that_a_model_cannot_hold_have_no_column(tmp_path: Path) -> None:
    features = feature_set(category={"slot": {}})
    rows = [{"slot": text} for text in ("é" * 512, "é" * 513, "a\0", "")]
    vocabulary = Vocabulary.fit(table_of(tmp_path, features, rows), features)
    assert vocabulary.values == {"slot": ["", "é" * 512]}


def test_rows_in_another_order_or_in_pieces_give_the_same_vocabulary_and_document(tmp_path: Path) -> None:
    features = feature_set(
        category={"slot": {}, "tags": {"multi": True}}, number={"n": {}}, cross={"x": {"fields": ["tags", "slot"]}}
    )
    draws = np.random.default_rng(5)
    rows = [
        {
            "slot": f"s{draws.integers(0, 20)}",
            "tags": [f"t{tag}" for tag in draws.integers(0, 9, 2)],
            "n": str(place / 7),
        }
        for place in range(300)
    ]
    table = table_of(tmp_path, features, rows)
    pieces = pa.concat_tables([table.slice(0, 100), table.slice(100, 1), table.slice(101)])
    shuffled = table.take(draws.permutation(300))
    whole = Vocabulary.fit(table, features)
    coefficients = draws.normal(size=whole.column_count + 1)
    vocabularies = [Vocabulary.fit(other, features) for other in (table, pieces, shuffled)]
    assert len({json.dumps(vocabulary.document_parts(-1, coefficients)) for vocabulary in vocabularies}) == 1
    one, other = whole.encode(table), whole.encode(pieces)
    assert one.columns.tolist() == other.columns.tolist()
    assert one.starts.tolist() == other.starts.tolist()


def test_a_document_names_the_weights_that_are_not_zero(tmp_path: Path) -> None:
    features = feature_set(
        category={"slot": {}, "os": {}}, number={"n": {}, "m": {}}, cross={"x": {"fields": ["os", "slot"]}}
    )
    rows = [{"slot": "12", "os": "ios", "n": "1", "m": "1"}, {"slot": "77", "os": "ios", "n": "3", "m": "2"}]
    vocabulary = Vocabulary.fit(table_of(tmp_path, features, rows), features)
    assert vocabulary.column_names() == ["slot=12", "slot=77", "os=ios", "os=ios x slot=12", "os=ios x slot=77"]
    coefficients = [0, 0.5, -0.0, 0.25, 0, -1, 0]
    assert vocabulary.document_parts(-2, coefficients) == {
        "intercept": -2.0,
        "categorical": {"slot": {"77": 0.5}},
        "numeric": {"n": {"mean": 2.0, "std": 1.0, "weight": -1.0}},
        "crosses": [{"fields": ["os", "slot"], "weights": [["ios", "12", 0.25]]}],
    }
    assert vocabulary.variance_parts(0.1, [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8], coefficients) == {
        "intercept": 0.1,
        "categorical": {"slot": {"77": 0.3}},
        "numeric": {"n": 0.7},
        "crosses": [{"fields": ["os", "slot"], "weights": [["ios", "12", 0.5]]}],
    }


def test_coefficients_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    features = feature_set(category={"slot": {}})
    vocabulary = Vocabulary.fit(table_of(tmp_path, features, [{"slot": "12"}]), features)
    with pytest.raises(ValueError, match=r"one value for each of 1 columns and numbers, not the shape \(2,\)"):
        vocabulary.document_parts(0, [1, 2])
    with pytest.raises(ValueError, match="value 0 is not finite"):
        vocabulary.document_parts(0, [np.nan])


def test_without_rows_there_are_no_columns(tmp_path: Path) -> None:
    features = feature_set(
        category={"a": {}, "b": {"multi": True}}, number={"n": {}}, cross={"x": {"fields": ["a", "b"]}}
    )
    table = table_of(tmp_path, features, [])
    vocabulary = Vocabulary.fit(table, features)
    assert (vocabulary.column_count, vocabulary.numbers) == (0, ())
    assert len(vocabulary.encode(table)) == 0
    one = table_of(tmp_path, features, [{"a": "1", "b": ["2"]}])
    assert vocabulary.encode(one).starts.tolist() == [0, 0]


def test_nulls_among_several_values_do_not_count(tmp_path: Path) -> None:
    features = feature_set(category={"tags": {"multi": True}})
    table = table_of(tmp_path, features, [{"tags": [None, "a", None]}, {"tags": [None]}, {"tags": []}, {}])
    assert Vocabulary.fit(table, features).encode(table).starts.tolist() == [0, 1, 1, 1, 1]
    assert [features.request_features(row) for row in table.to_pylist()] == [{"tags": ["a"]}, {}, {}, {}]
