# SPDX-License-Identifier: Apache-2.0
"""JSON requests as the library takes them: text in UTF-8."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np

#: A request as a dictionary, or as JSON text.
Request: TypeAlias = Mapping[str, Any] | str | bytes


def json_bytes(request: Request) -> bytes:
    """Return the JSON text of a request.

    Raises
    ------
    TypeError, ValueError
        If a dictionary holds what JSON has no form for, such as a set or NaN.
    """
    if isinstance(request, bytes):
        return request
    if isinstance(request, str):
        return request.encode()
    if not isinstance(request, Mapping):
        raise TypeError(f"a request is a dict, or JSON as str or bytes, not {type(request).__name__}")
    try:
        return json.dumps(request, ensure_ascii=False, allow_nan=False, default=_plain).encode()
    except ValueError as reason:
        raise ValueError(f"the request has no form in JSON: {reason}; leave out what is NaN or infinite") from None


def _plain(value: Any) -> Any:
    """Return what JSON has a form for: NumPy's numbers and arrays, and mappings that are no dict."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a request cannot hold a {type(value).__name__}; use text, numbers, bools, None, lists and dicts")
