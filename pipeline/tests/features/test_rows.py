# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from valuation_pipeline.features import Rows, aggregate, restrict
from valuation_pipeline.features import rows as rows_module


def rows_of(columns: list[list[int]], numbers: list[list[float]]) -> Rows:
    starts = np.cumsum([0, *map(len, columns)])
    flat = [column for row in columns for column in row]
    width = len(numbers[0]) if numbers else 0
    return Rows(starts, np.array(flat, np.int32), np.array(numbers, np.float64).reshape(len(columns), width))


def lists(rows: Rows) -> list[tuple[list[int], list[float]]]:
    bounds = zip(rows.starts[:-1], rows.starts[1:], strict=True)
    columns = [rows.columns[start:end].tolist() for start, end in bounds]
    return list(zip(columns, rows.numbers.tolist(), strict=True))


TWO_NUMBERS = st.lists(st.sampled_from([0.0, -0.0, 1.5]), min_size=2, max_size=2)
MANY = st.lists(st.tuples(st.lists(st.integers(0, 3), max_size=3), TWO_NUMBERS, st.booleans()), max_size=30)


def test_rows_are_taken_by_position_or_mask() -> None:
    rows = rows_of([[1, 2], [], [3]], [[0.1], [0.2], [0.3]])
    assert lists(rows.take(np.array([2, 0, 2]))) == [([3], [0.3]), ([1, 2], [0.1]), ([3], [0.3])]
    assert lists(rows.take(np.array([True, True, False]))) == [([1, 2], [0.1]), ([], [0.2])]
    assert len(rows.take(np.zeros(3, np.bool_))) == 0


def test_restricted_rows_have_the_columns_that_occur() -> None:
    rows = rows_of([[7, 2], [100], [7, 7]], [[0.1], [0.2], [0.3]])
    chosen, kept = restrict(rows, np.array([True, False, True]))
    assert kept.tolist() == [2, 7]
    assert lists(chosen) == [([1, 0], [0.1]), ([1, 1], [0.3])]
    assert kept[chosen.columns].tolist() == [7, 2, 7, 7]
    nothing, none = restrict(rows, np.zeros(3, np.bool_))
    assert (len(nothing), len(none)) == (0, 0)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(MANY)
def test_equal_rows_become_counts(many: list[tuple[list[int], list[float], bool]]) -> None:
    rows = rows_of([columns for columns, _, _ in many], [numbers for _, numbers, _ in many])
    found = aggregate(rows, np.array([outcome for _, _, outcome in many], np.bool_))
    keys = [(tuple(sorted(columns)), tuple(numbers)) for columns, numbers, _ in many]  # 0.0 == -0.0
    counts = Counter(keys)
    positives = Counter(key for key, (_, _, outcome) in zip(keys, many, strict=True) if outcome)
    order = list(counts)  # in the order of first occurrence
    assert [(tuple(sorted(columns)), tuple(numbers)) for columns, numbers in lists(found.rows)] == order
    assert found.counts.tolist() == [counts[key] for key in order]
    assert found.positives.tolist() == [positives[key] for key in order]


def test_different_rows_with_one_hash_stay_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows_module, "_hashes", lambda rows: np.zeros(len(rows), np.uint64))
    rows = rows_of([[1], [1], [2], [1, 1], [1]], [[0.0], [0.0], [0.0], [0.0], [5.0]])
    found = aggregate(rows, np.array([True, False, True, True, False]))
    assert lists(found.rows) == [([1], [0.0]), ([2], [0.0]), ([1, 1], [0.0]), ([1], [5.0])]
    assert found.counts.tolist() == [2, 1, 1, 1]
    assert found.positives.tolist() == [1, 1, 1, 0]
