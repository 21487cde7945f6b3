# SPDX-License-Identifier: Apache-2.0
"""JSON requests in the form that the library takes: text in UTF-8."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np

from valuation._texts import category_text
from valuation.columns.absence import is_absent

#: A request as a dictionary, or as JSON text.
Request: TypeAlias = Mapping[str, Any] | str | bytes


def json_bytes(request: Request) -> bytes:
    """Return the JSON text of a request.

    Raises
    ------
    TypeError, ValueError
        If a dictionary contains something that JSON cannot express, such as a set or NaN.
    """
    if isinstance(request, bytes):
        return request
    if isinstance(request, str):
        return request.encode()
    if not isinstance(request, Mapping):
        raise TypeError(f"a request is a dict, or JSON as str or bytes, not {type(request).__name__}")
    try:
        return _dumped(request)
    except ValueError:
        pass  # NaN, which is no JSON: a feature that is NaN is absent, as it is in a column
    try:
        return _dumped(_without_nan(request))
    except ValueError as reason:
        raise ValueError(f"the request has no form in JSON: {reason}; leave out what is NaN or infinite") from None


def _dumped(request: Mapping[str, Any]) -> bytes:
    return json.dumps(request, ensure_ascii=False, allow_nan=False, default=_plain).encode()


def _plain(value: Any) -> Any:
    """Return a value that JSON can express: for NumPy's numbers and arrays, bytes, and mappings that are not a dict."""
    if isinstance(value, np.floating):
        return float(value)
    if is_absent(value):
        return None
    if isinstance(value, bytes):
        return category_text(value)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a request cannot hold a {type(value).__name__}; use text, numbers, bools, None, lists and dicts")


def _without_nan(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return a request with null for each feature and each unit that is NaN."""
    changed = dict(request)
    for member in ("features", "unit"):
        if isinstance(changed.get(member), Mapping):
            changed[member] = {name: _null(value) for name, value in changed[member].items()}
    if isinstance(changed.get("candidates"), list | tuple):
        changed["candidates"] = [
            _without_nan(candidate) if isinstance(candidate, Mapping) else candidate
            for candidate in changed["candidates"]
        ]
    return changed


def _null(value: Any) -> Any:
    if isinstance(value, list | tuple | np.ndarray):
        return [_null(member) for member in value]
    return None if is_absent(value) else value
