# SPDX-License-Identifier: Apache-2.0
"""The reports that calls about releases and policies return: JSON texts that the caller owns."""

from __future__ import annotations

import ctypes
import json
from collections.abc import Callable
from typing import Any

from valuation._abi import ErrorStruct
from valuation._library import library
from valuation.errors import Error, load_failure


def report_of(
    function: Callable[..., int], *arguments: Any, failure: Callable[[ErrorStruct], Error] = load_failure
) -> Any:
    """Call a function whose last parameters are a report and an error; return the parsed report, and destroy it."""
    report, error = ctypes.c_void_p(), ErrorStruct.new()
    try:
        if function(*arguments, ctypes.byref(report), ctypes.byref(error)):
            raise failure(error)
        return json.loads(library.valuation_report_text(report, None))
    finally:
        library.valuation_report_destroy(report)
