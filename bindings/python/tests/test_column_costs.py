# SPDX-License-Identifier: Apache-2.0
"""Costs of columns: a long text costs its own length, a repeated value costs one key."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from valuation import Engine, Features, buckets
from valuation._library import library
from valuation.columns import read_cells


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with Engine() as engine:
        yield engine


def test_a_long_text_costs_its_own_length(engine: Engine) -> None:
    cells = ["short"] * 5000 + ["x" * 1_000_000]
    for column in (cells, pd.Series(cells), pd.Series(cells, dtype=object), pl.Series(cells), pa.array(cells)):
        tracemalloc.start()
        try:
            Features.from_columns(engine, {"f": column})
            engine.campaign_keys(column)
            buckets("salt", column)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 10_000_000


class Counted:
    """The library, with counts of how often each function is called."""

    def __init__(self, library: Any) -> None:
        self.library = library
        self.calls = 0

    def __getattr__(self, name: str) -> Any:
        function = getattr(self.library, name)

        def counted(*arguments: Any) -> Any:
            self.calls += 1
            return function(*arguments)

        return counted


TEN_THOUSAND = ["ios", "android", None, "web"] * 2500


@pytest.mark.parametrize(
    "column",
    [
        TEN_THOUSAND,
        np.array(TEN_THOUSAND, object),
        pd.Series(TEN_THOUSAND),
        pd.Series(TEN_THOUSAND, dtype=pd.CategoricalDtype([*"abcdefghi", "ios", "web", "android"])),
        pl.Series(TEN_THOUSAND),
        pl.Series(TEN_THOUSAND, dtype=pl.Categorical),
        pa.chunked_array([TEN_THOUSAND] * 2),
        pa.chunked_array([TEN_THOUSAND] * 2).dictionary_encode(),
        np.arange(10_000) % 3,
        np.arange(10_000) % 3 / 2,
    ],
    ids=lambda column: f"{type(column).__name__} {getattr(column, 'dtype', '')}",
)
def test_a_key_is_computed_once_for_each_distinct_value(
    engine: Engine, column: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = Counted(library)
    monkeypatch.setattr("valuation.keys.library", counted)
    Features.from_columns(engine, {"f": column})
    assert counted.calls == 3


@pytest.mark.parametrize("gap", [[], [None]])
def test_ids_that_repeat_late_keep_their_keys(engine: Engine, gap: list[None]) -> None:
    ids: list[Any] = [f"imp-{number}" for number in range(1500)]
    cells = [*ids, *ids[::-1], 7, "7", *gap]
    for column in (cells, np.array(cells, object), pl.Series([str(cell) for cell in cells[:-1]])):
        features = Features.from_columns(engine, {"f": column})
        for row in (0, 1499, 1500, 2999, 3000, len(features) - 1):
            expected = [] if cells[row] is None else [engine.feature_key("f", cells[row])]
            assert features.row(row)[0].tolist() == expected


def test_texts_with_equal_hashes_keep_different_keys() -> None:
    """For any first word of the second text, the test makes two texts of 16 bytes with the same short-text hash."""

    def step(word: int) -> int:
        word = word * 0x9E3779B97F4A7C15 % 2**64
        return word ^ word >> 29

    length = step(16)
    first, tail, other = (int.from_bytes(word, "little") for word in (b"abcdefgh", b"ABCDEFGH", b"hgfedcba"))
    made = step(length ^ first) ^ tail ^ step(length ^ other)
    assert step(step(length ^ first) ^ tail) == step(step(length ^ other) ^ made)
    texts = [(word + 2**64 * end).to_bytes(16, "little") for word, end in ((first, tail), (other, made))]
    found = read_cells(pa.array(texts * 2, pa.binary())).distinct(lambda text: text.decode("latin-1"))
    assert found.codes.tolist() == [0, 1, 0, 1]
    assert [text.decode().encode("latin-1") for text in found.texts] == texts
