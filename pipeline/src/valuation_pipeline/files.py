# SPDX-License-Identifier: Apache-2.0
"""Outputs that appear completely or not at all: written under a temporary name in the same folder, then renamed."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Give an empty folder to fill, which becomes ``folder`` at the end; after an error nothing of it remains.

    An existing folder is replaced. What a killed process left beside it is removed first, so two processes must not
    make one folder at the same time.

    Parameters
    ----------
    folder : Path
        Its parent is created if it is missing.

    Yields
    ------
    Path
        The folder to fill, on the same file system.
    """
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    old = folder.with_name(f".{folder.name}.old")
    for left in (unfinished, old):
        shutil.rmtree(left, ignore_errors=True)
    unfinished.mkdir(parents=True)
    try:
        yield unfinished
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    for file in sorted(unfinished.rglob("*")):
        if file.is_file():
            _flush(file)
    _flush(unfinished)
    if folder.exists():
        folder.rename(old)
    unfinished.rename(folder)
    _flush(folder.parent)
    shutil.rmtree(old, ignore_errors=True)


def write_json(file: Path, value: Any) -> None:
    """Write a value as JSON for people and programs: indented, members in their order, completely or not at all.

    NaN and infinities are refused (ValueError), because JSON has none.
    """
    write_text(file, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_text(file: Path, text: str) -> None:
    """Write a text as UTF-8, completely or not at all."""
    unfinished = file.with_name(f".{file.name}.unfinished")
    unfinished.write_text(text, encoding="utf-8")
    _flush(unfinished)
    unfinished.replace(file)


def write_json_lines(file: Path, values: Iterator[Any] | list[Any]) -> None:
    """Write values as compact JSON Lines into a folder that has not been renamed yet."""
    with file.open("w", encoding="utf-8") as output:
        for value in values:
            output.write(json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n")


def _flush(path: Path) -> None:
    """Flush a file to the disk, so that a rename never precedes its contents."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
