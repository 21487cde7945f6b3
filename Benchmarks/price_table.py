# SPDX-License-Identifier: Apache-2.0
"""The prices of the paths in a loaded library (Sources/CKernels/prices.c), so that a benchmark can force a path.

The table is a constant of the unstripped library, which `make build` leaves in .build-library/release. No interface
leads to it: the benchmark finds the symbol and writes to the memory of its own process.
"""

from __future__ import annotations

import ctypes
import mmap
import subprocess
from pathlib import Path

import numpy as np

# The members of valuation_prices (kernels.h): adding rows to the sums of all models, looking rows up, candidates.
SUMMING = ("dense_weight", "sum", "list", "list_weight", "number_weight")
LOOKUPS = ("dense_lookup", "short_lookup", "list_lookup", "number_step")
MEMBERS = (*SUMMING, *LOOKUPS, "candidate", "candidate_probability", "model_probability")
LEVELS = ("second cache", "third cache", "memory")
# The ends of the tables' names, by the names of native.SETS.
TABLES = {"baseline": "baseline", "AVX2": "avx2", "AVX-512": "avx512"}


class PriceTable:
    """The prices of one instruction set in a library that this process has loaded.

    Parameters
    ----------
    library : Path
        The unstripped library.
    instructions : str
        A name of ``TABLES``.
    """

    def __init__(self, library: Path, instructions: str) -> None:
        address = _base(library) + _offset(library, f"valuation_prices_{TABLES[instructions]}")
        count = len(LEVELS) * len(MEMBERS)
        start = address // mmap.PAGESIZE * mmap.PAGESIZE
        length = address + count * ctypes.sizeof(ctypes.c_int32) - start
        readable_and_writable = 1 | 2
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mprotect(ctypes.c_void_p(start), ctypes.c_size_t(length), readable_and_writable) != 0:
            raise OSError(ctypes.get_errno(), "the table of prices cannot be made writable")
        prices = np.ctypeslib.as_array((ctypes.c_int32 * count).from_address(address))
        self._table = prices.reshape(len(LEVELS), len(MEMBERS))
        self._own = self._table.copy()

    def set(self, prices: dict[str, int]) -> None:
        """Put the library's own prices back, but for these members, at all levels."""
        self._table[:] = self._own
        for name, price in prices.items():
            self._table[:, MEMBERS.index(name)] = price


def _offset(library: Path, symbol: str) -> int:
    listed = subprocess.run(["nm", str(library)], check=True, capture_output=True, text=True).stdout
    found = [line.split()[0] for line in listed.splitlines() if line.endswith(f" {symbol}")]
    if len(found) != 1:
        raise RuntimeError(f"{library} has no symbol {symbol}; name an unstripped library of this version")
    return int(found[0], 16)


def _base(library: Path) -> int:
    """Return the address at which the library is mapped."""
    maps = Path("/proc/self/maps").read_text().splitlines()
    starts = [int(line.split("-")[0], 16) for line in maps if line.endswith(f" {library}")]
    if not starts:
        raise RuntimeError(f"{library} is not loaded")
    return min(starts)
