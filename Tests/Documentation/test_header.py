# SPDX-License-Identifier: Apache-2.0
"""What the header shows is what the library does."""

import ctypes
import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def test_the_build_line_has_the_form_that_the_header_shows():
    header = (REPOSITORY / "Include" / "valuation.h").read_text()
    shown = re.search(r'"(valuation [^"]*, embedded), x86_64"', header)
    assert shown
    build_info = ctypes.CDLL(str(REPOSITORY / "build" / "lib" / "libvaluation.so.1")).valuation_build_info
    build_info.restype = ctypes.c_char_p
    assert build_info().decode().startswith(shown[1])
