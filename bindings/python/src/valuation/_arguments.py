# SPDX-License-Identifier: Apache-2.0
"""Paths and ids in the form that the library takes: bytes, and their number."""

from __future__ import annotations

import os


def path_arguments(path: str | os.PathLike[str]) -> tuple[bytes, int]:
    """Return a path in the form that the library takes: bytes and their number."""
    name = os.fsencode(path)
    return name, len(name)


def id_arguments(id: str | None) -> tuple[bytes, int]:  # noqa: A002
    """Return a release's id in the form that the library takes; None, for the library's choice, has no bytes.

    Raises
    ------
    ValueError
        If it is empty, which would count as None.
    """
    if id == "":
        raise ValueError("the id of a release is not empty; leave it out for the default")
    name = (id or "").encode()
    return name, len(name)
