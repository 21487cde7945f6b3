# SPDX-License-Identifier: Apache-2.0
"""Finding and loading libvaluation: the one in this package, unless VALUATION_LIBRARY names another."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

from valuation._abi import ABI_VERSION, Library

#: The environment variable that names a library to use instead of the packaged one.
ENVIRONMENT_VARIABLE = "VALUATION_LIBRARY"

#: The library in the wheel; the name is its SONAME.
PACKAGED_FILE = Path(__file__).with_name(f"libvaluation.so.{ABI_VERSION}")


def library_file() -> Path:
    """Return the path of the library that this process uses.

    Returns
    -------
    pathlib.Path
        The value of the environment variable VALUATION_LIBRARY, or else the file in this package.
    """
    return Path(os.environ.get(ENVIRONMENT_VARIABLE) or PACKAGED_FILE)


def load() -> Library:
    """Load the library and check that it has this package's ABI.

    Raises
    ------
    ImportError
        If the library is missing, cannot be loaded, or has another ABI version.
    """
    path = library_file()
    if not path.exists():
        raise ImportError(
            f"{path} is missing. Install the valuation wheel, or set {ENVIRONMENT_VARIABLE} to the path of "
            f"libvaluation.so (`make build` leaves it at build/lib/libvaluation.so)."
        )
    try:
        loaded = ctypes.CDLL(os.fspath(path))
        library = Library(loaded)
    except (OSError, AttributeError) as reason:
        raise ImportError(f"{path} is not a libvaluation that this machine can load: {reason}") from reason
    found = library.valuation_abi_version()
    if found != ABI_VERSION:
        raise ImportError(
            f"{path} has ABI version {found}, this package needs {ABI_VERSION}. "
            f"Unset {ENVIRONMENT_VARIABLE}, or install the library and the package from one release."
        )
    return library


library = load()


def version() -> str:
    """Return the release of the loaded library, for example ``"0.1.0"``. Any thread."""
    return str(library.valuation_version().decode())


def build_info() -> str:
    """Return one line that says how the loaded library was built, for logs and bug reports. Any thread."""
    return str(library.valuation_build_info().decode())
