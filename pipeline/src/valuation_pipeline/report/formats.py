# SPDX-License-Identifier: Apache-2.0
"""Formatting of values: in English, the numbers of a column with the same number of decimals."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable
from typing import Any

from valuation_pipeline.report.page import Kind

MISSING = "\u2013"
_MINUS = "\u2212"


def as_number(value: Any) -> float | None:
    """Return a value as a number; None if there is none (missing, NaN, text)."""
    if value is None or isinstance(value, str | bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return None if math.isnan(number) else number


def decimals(kind: Kind, values: Iterable[Any]) -> int:
    """Return the number of decimals for the values of a column.

    Rates have three significant digits, amounts three but at least two decimals, plain numbers four; they are counted
    for the median of the absolute values, the lower one of two. Ratios have three decimals.
    """
    if kind in ("text", "count"):
        return 0
    if kind == "ratio":
        return 3
    sizes = sorted(abs(number) for value in values if (number := as_number(value)) and math.isfinite(number))
    size = sizes[(len(sizes) - 1) // 2] if sizes else 1.0
    if kind == "rate":
        return _within(2 - _magnitude(100 * size), 1, 5)
    if kind == "money":
        return _within(2 - _magnitude(size), 2, 6)
    whole = all(size == int(size) for size in sizes)
    return 0 if whole else _within(3 - _magnitude(size), 0, 6)


def write(value: Any, kind: Kind, places: int) -> str:
    """Write a value with a number of decimals; a dash if it is missing."""
    if kind == "text":
        return _text(value)
    number = as_number(value)
    if number is None:
        return MISSING if value is None or not isinstance(value, str | bool) else _text(value)
    if math.isinf(number):
        return "∞" if number > 0 else f"{_MINUS}∞"
    if kind == "rate":
        number *= 100
    percent = "%" if kind == "rate" else ""
    if abs(number) >= 1e15:
        return f"{number:.3g}{percent}".replace("-", _MINUS)
    smallest = 10.0**-places
    if number != 0 and abs(number) < smallest / 2:
        return f"<{smallest:.{places}f}{percent}" if number > 0 else f">{_MINUS}{smallest:.{places}f}{percent}"
    return f"{number:,.{places}f}{percent}".replace("-", _MINUS)


def write_alone(value: Any, kind: Kind | None = None) -> str:
    """Write a value that stands by itself, without zeros at its end; without a kind, numbers are plain."""
    number = as_number(value)
    if number is None or not math.isfinite(number):
        return write(value, kind or "text", 0) if number is None else write(number, "number", 0)
    if kind in (None, "number") and number != 0 and abs(number) < 1e-4:
        return f"{number:.3g}".replace("-", _MINUS)
    text = write(number, kind or "number", decimals(kind or "number", [number]))
    percent = "%" if text.endswith("%") else ""
    text = text.removesuffix("%")
    return (text.rstrip("0").rstrip(".") if "." in text else text) + percent


def write_interval(low: Any, high: Any, kind: Kind, places: int) -> str:
    """Write an interval; nothing if both ends are missing."""
    if as_number(low) is None and as_number(high) is None:
        return ""
    return f"[{write(low, kind, places)}, {write(high, kind, places)}]"


def as_plain(value: Any) -> Any:
    """Return a value that JSON can express.

    Times become ISO 8601 text, NaN null, and the infinities "Infinity" and "-Infinity", as in Protocol Buffers' JSON.
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): as_plain(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [as_plain(member) for member in value]
    if hasattr(value, "item") and not isinstance(value, float):
        return as_plain(value.item())
    try:
        number = float(value)
    except (TypeError, ValueError):
        return str(value)
    if math.isnan(number):
        return None
    return number if math.isfinite(number) else ("Infinity" if number > 0 else "-Infinity")


def _text(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)) or value == "":
        return MISSING
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ", timespec="seconds" if value.second else "minutes")
    return str(value)


def _magnitude(number: float) -> int:
    return math.floor(math.log10(number)) if number > 0 else 0


def _within(number: int, least: int, most: int) -> int:
    return max(least, min(most, number))
