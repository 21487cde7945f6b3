# SPDX-License-Identifier: Apache-2.0
"""Compiling models: their finished index as one flat file, which engines map."""

from __future__ import annotations

import ctypes
import os

from valuation._abi import ErrorStruct
from valuation._arguments import path_arguments
from valuation._library import library
from valuation.errors import load_failure


def compile_models(path: str | os.PathLike[str], file: str | os.PathLike[str]) -> None:
    """Write the finished index of models as one file. Any thread.

    Loading it gives the same bits as loading the models, in milliseconds, and processes that load it share the memory.
    :func:`valuation.publish` does this for each release. The same models give the same bytes. The file is readable as
    far as the process's umask allows. The keys in a file made from a directory of releases give that directory's secret
    away. Keep the file beside that directory's ``SECRET``, or a copy of it, from which a new engine takes the secret.

    Parameters
    ----------
    path : str or os.PathLike
        As :meth:`valuation.Engine.load` takes it.
    file : str or os.PathLike
        Its name ends in ``.valuation``. An existing file is replaced atomically.

    Raises
    ------
    ModelError, ModelNotFoundError, ChecksumError, OutOfMemoryError
        As :meth:`valuation.Engine.load`.
    InvalidArgumentError
        If the name of the file has another ending.
    WriteError
        If the disk is full or read-only.
    """
    error = ErrorStruct.new()
    if library.valuation_compile(*path_arguments(path), *path_arguments(file), ctypes.byref(error)):
        raise load_failure(error)
