# SPDX-License-Identifier: Apache-2.0
"""Finding libvaluation_solver (in this package, or where VALUATION_SOLVER_LIBRARY says), loading and calling it."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path
from typing import Any

from valuation_pipeline.solver import _abi
from valuation_pipeline.solver.errors import FitStopped, SolverError

#: The environment variable that names a library to use instead of the packaged one.
ENVIRONMENT_VARIABLE = "VALUATION_SOLVER_LIBRARY"

#: The library in the wheel; the name is its SONAME.
PACKAGED_FILE = Path(__file__).with_name(f"libvaluation_solver.so.{_abi.ABI_VERSION}")


def load() -> ctypes.CDLL:
    """Load the library and check that it has this package's ABI.

    Raises
    ------
    ImportError
        If the library is missing, cannot be loaded, or has another ABI version.
    """
    path = Path(os.environ.get(ENVIRONMENT_VARIABLE) or PACKAGED_FILE)
    if not path.exists():
        raise ImportError(
            f"{path} is missing. Install the valuation-pipeline wheel, or set {ENVIRONMENT_VARIABLE} to the path of "
            f"libvaluation_solver.so (`make solver` leaves it at build/lib/libvaluation_solver.so)."
        )
    try:
        loaded = ctypes.CDLL(os.fspath(path))
        _abi.set_signatures(loaded)
    except (OSError, AttributeError) as reason:
        raise ImportError(f"{path} is not a libvaluation_solver that this machine can load: {reason}") from reason
    found = loaded.valuation_solver_abi_version()
    if found != _abi.ABI_VERSION:
        raise ImportError(
            f"{path} has ABI version {found}, this package needs {_abi.ABI_VERSION}. "
            f"Unset {ENVIRONMENT_VARIABLE}, or install the library and the package from one release."
        )
    return loaded


library = load()


def call(name: str, *arguments: Any) -> None:
    """Call a function of the library that can fail; its error is the last argument.

    Raises
    ------
    SolverError
        If a value or a setting is refused.
    MemoryError
        If there is not enough memory for the work.
    FitStopped
        If the caller's flag stopped it.
    """
    error = _abi.ErrorStruct(struct_size=ctypes.sizeof(_abi.ErrorStruct))
    status = getattr(library, name)(*arguments, ctypes.byref(error))
    if status == _abi.OK:
        return
    message = error.message.decode()
    if status == _abi.OUT_OF_MEMORY:
        raise MemoryError(message)
    if status == _abi.STOPPED:
        raise FitStopped(message)
    raise SolverError(message)
