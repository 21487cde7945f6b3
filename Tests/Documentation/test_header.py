# SPDX-License-Identifier: Apache-2.0
"""What the header shows of the library is what it is."""

import ctypes
import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def test_the_line_that_says_how_the_library_was_built_is_as_the_header_shows_it():
    header = (REPOSITORY / "Include" / "valuation.h").read_text()
    shown = re.search(r'"(valuation [^"]*, embedded), x86_64"', header)
    assert shown
    build_info = ctypes.CDLL(str(REPOSITORY / "build" / "lib" / "libvaluation.so.1")).valuation_build_info
    build_info.restype = ctypes.c_char_p
    assert build_info().decode().startswith(shown[1])
