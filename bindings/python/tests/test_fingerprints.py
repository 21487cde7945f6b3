# SPDX-License-Identifier: Apache-2.0
"""Fingerprints equal FarmHash's, one by one or by the array."""

from __future__ import annotations

import farmhash
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from valuation import fingerprint64, fingerprints

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@given(TEXT)
def test_a_fingerprint_equals_farmhash(text: str) -> None:
    assert fingerprint64(text) == farmhash.fingerprint64(text)


@given(st.lists(TEXT))
def test_fingerprints_of_an_array_are_those_of_its_members(values: list[str]) -> None:
    expected = [farmhash.fingerprint64(value) for value in values]
    for array in (values, np.array(values, dtype=object), pd.Series(values, dtype=object)):
        found = fingerprints(array)
        assert found.dtype == np.uint64
        assert found.tolist() == expected


def test_values_other_than_text_are_taken_by_their_text() -> None:
    assert fingerprints(np.arange(12).reshape(3, 4)).tolist() == [
        [fingerprint64(str(4 * row + column)) for column in range(4)] for row in range(3)
    ]
    assert fingerprints([2**64, 12.0, True]).tolist() == [fingerprint64(text) for text in (str(2**64), "12", "true")]
    with pytest.raises(TypeError, match=r"values\[1\] is missing"):
        fingerprints(np.array(["imp-1", None]))
