# SPDX-License-Identifier: Apache-2.0
"""How values are written."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from valuation_pipeline.report.formats import as_plain, decimals, write, write_alone, write_interval
from valuation_pipeline.report.page import Kind

MINUS = "\u2212"
DASH = "\u2013"


@pytest.mark.parametrize(
    ("kind", "values", "written"),
    [
        ("count", [0, 31_207, 4_812_730.0], ["0", "31,207", "4,812,730"]),
        ("rate", [0.0064, 0.5, 0.0], ["0.640%", "50.000%", "0.000%"]),
        ("rate", [0.00064, 0.00071, 0.02], ["0.0640%", "0.0710%", "2.0000%"]),
        ("money", [10_104.3, 250], ["10,104.30", "250.00"]),
        ("money", [0.0021, 0.0032], ["0.00210", "0.00320"]),
        ("ratio", [1, 0.9834, -0.5], ["1.000", "0.983", f"{MINUS}0.500"]),
        ("number", [0.73412, 0.5], ["0.7341", "0.5000"]),
        ("number", [3, 12], ["3", "12"]),
        ("number", [0.5, 0.3, 0.25, 1e-9, -1e-9], ["0.5000", "0.3000", "0.2500", "<0.0001", f">{MINUS}0.0001"]),
        ("number", [None, math.nan, math.inf, -math.inf], [DASH, DASH, "∞", f"{MINUS}∞"]),
        ("text", ["a", "", None, math.nan, 3], ["a", DASH, DASH, DASH, "3"]),
        ("text", [dt.date(2026, 11, 29), dt.datetime(2026, 11, 29, 1, 14)], ["2026-11-29", "2026-11-29 01:14"]),
        ("count", [1e18, "unknown"], ["1e+18", "unknown"]),
    ],
)
def test_the_values_of_a_column_have_the_same_decimals(kind: Kind, values: list[Any], written: list[str]) -> None:
    places = decimals(kind, values)
    assert [write(value, kind, places) for value in values] == written


@pytest.mark.parametrize(
    ("value", "kind", "written"),
    [
        (0.8, None, "0.8"),
        (1200, None, "1,200"),
        (0.73412, None, "0.7341"),
        (2.1e-16, None, "2.1e" + MINUS + "16"),
        (-4.44e-6, "number", f"{MINUS}4.44e{MINUS}06"),
        (0.005, "rate", "0.5%"),
        (0, "rate", "0%"),
        (1, "ratio", "1"),
        (2.5, "money", "2.5"),
        ("at least 3", None, "at least 3"),
        (None, None, DASH),
        (math.nan, "rate", DASH),
        (math.inf, "rate", "∞"),
    ],
)
def test_a_single_value_has_no_trailing_zeros(value: Any, kind: Kind | None, written: str) -> None:
    assert write_alone(value, kind) == written


def test_an_interval_has_both_ends_or_says_which_is_missing() -> None:
    assert write_interval(0.9, 1.1, "ratio", 3) == "[0.900, 1.100]"
    assert write_interval(0.9, math.inf, "ratio", 3) == "[0.900, ∞]"
    assert write_interval(None, 1.1, "ratio", 3) == f"[{DASH}, 1.100]"
    assert write_interval(None, math.nan, "ratio", 3) == ""


def test_json_has_plain_values() -> None:
    values = {
        "a": np.int64(3),
        "b": np.float32(0.5),
        "c": Decimal("2.50"),
        "d": dt.date(2026, 11, 29),
        "e": (True, None),
    }
    assert as_plain(values) == {"a": 3, "b": 0.5, "c": 2.5, "d": "2026-11-29", "e": [True, None]}
    assert as_plain([math.nan, math.inf, -math.inf]) == [None, "Infinity", "-Infinity"]
