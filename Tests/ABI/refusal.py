# SPDX-License-Identifier: Apache-2.0
"""Loads files that must be refused, through refuse.c."""

from dataclasses import dataclass
from pathlib import Path

from .programs import Toolchain


@dataclass
class Refusal:
    """What a failed load reported, and the process's peak memory in KiB."""

    status: str
    line: int
    column: int
    file: str
    json_path: str
    message: str
    most_memory: int


def refused(
    toolchain: Toolchain,
    models: Path,
    path: Path | str,
    *,
    maximum_bytes: int = 0,
    as_nobody: bool = False,
    environment: dict[str, str] | None = None,
) -> Refusal:
    """Loads `path` beside serving models; the program checks that these go on serving."""
    more = ["nobody"] if as_nobody else []
    output = toolchain.program("refuse").run(models, path, str(maximum_bytes), *more, environment=environment)
    status, line, column, file, json_path, message, most_memory, end = output.split("\n")
    assert end == ""
    name = status.removeprefix("VALUATION_").removeprefix("ERROR_")
    return Refusal(name, int(line), int(column), file, json_path, message, int(most_memory))
