# SPDX-License-Identifier: Apache-2.0
"""Keys are FarmHash fingerprints of plain text, one by one or by the array."""

from __future__ import annotations

import struct
from typing import Any

import farmhash
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from valuation import (
    campaign_key,
    campaign_keys,
    cross_key,
    feature_key,
    feature_keys,
    fingerprint64,
    number_key,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
FIELD = TEXT.filter(lambda text: text != "" and "=" not in text)
KEY = st.integers(0, 2**64 - 1)


@given(TEXT)
def test_a_fingerprint_is_that_of_farmhash(text: str) -> None:
    assert fingerprint64(text) == farmhash.fingerprint64(text)


@given(FIELD, TEXT)
def test_a_category_is_known_by_field_and_value(field: str, value: str) -> None:
    assert feature_key(field, value) == farmhash.fingerprint64(f"{field}={value}")


@given(FIELD)
def test_a_number_is_known_by_its_field(field: str) -> None:
    assert number_key(field) == farmhash.fingerprint64(field)


def test_a_campaign_is_known_by_its_id() -> None:
    assert campaign_key("1042") == campaign_key(1042) == farmhash.fingerprint64("1042")


@given(KEY, KEY)
def test_a_cross_is_known_by_both_keys_in_any_order(first: int, second: int) -> None:
    smaller, larger = sorted([first, second])
    both = struct.pack("<QQ", smaller, larger)
    assert cross_key(first, second) == cross_key(second, first) == farmhash.fingerprint64(both)


@given(st.lists(TEXT))
def test_keys_of_an_array_are_the_keys_of_its_members(values: list[str]) -> None:
    expected = [feature_key("os", value) for value in values]
    for array in (np.array(values, dtype=object), pd.Series(values, dtype=object)):
        keys = feature_keys("os", array)
        assert keys.dtype == np.uint64
        assert keys.tolist() == expected
    assert campaign_keys(np.array(values, dtype=object)).tolist() == [campaign_key(value) for value in values]


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (["ios", "android", "ios"], ["ios", "android", "ios"]),
        ([12, 7, 12], ["12", "7", "12"]),
        (np.array([2**64 - 1], dtype=np.uint64), ["18446744073709551615"]),
        ([1.0, 12.5, 1e22], ["1", "12.5", "1e+22"]),
        ([True, False], ["true", "false"]),
        (np.array([1, True, 1.0, "1"], dtype=object), ["1", "true", "1", "1"]),
        ([["a", "b"], ["c", "a"]], [["a", "b"], ["c", "a"]]),
        ([], []),
    ],
)
def test_values_are_taken_by_their_text(values: Any, texts: Any) -> None:
    expected = np.vectorize(lambda text: feature_key("slot", text), otypes=[np.uint64])(np.array(texts, dtype=object))
    keys = feature_keys("slot", values)
    assert keys.dtype == np.uint64
    np.testing.assert_array_equal(keys, expected.reshape(keys.shape))


@pytest.mark.parametrize("field", ["", "a=b", None])
def test_a_field_needs_a_name_without_equals_sign(field: Any) -> None:
    for call in (lambda: feature_key(field, "x"), lambda: number_key(field), lambda: feature_keys(field, ["x"])):
        with pytest.raises(ValueError, match="without '='"):
            call()


@pytest.mark.parametrize("value", [None, b"ios", ["ios"], {"ios"}, pd.Timestamp(0)])
def test_what_is_no_text_number_or_bool_is_no_category(value: Any) -> None:
    with pytest.raises(TypeError, match="a category is text"):
        feature_key("os", value)


def test_a_category_is_not_nan() -> None:
    with pytest.raises(ValueError, match="leave a missing value out"):
        feature_key("os", float("nan"))


@pytest.mark.parametrize("key", [-1, 2**64])
def test_a_key_outside_64_bits_is_refused(key: int) -> None:
    with pytest.raises(ValueError, match="BigQuery"):
        cross_key(key, 0)
