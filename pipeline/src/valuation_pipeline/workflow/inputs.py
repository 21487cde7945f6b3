# SPDX-License-Identifier: Apache-2.0
"""The inputs of a step: equal inputs give equal outputs, so a step with unchanged inputs is done."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import luigi

from valuation_pipeline.files import write_json
from valuation_pipeline.logs.attribution import READ
from valuation_pipeline.logs.mapping import Mapping as LogMapping
from valuation_pipeline.logs.opening import files_of
from valuation_pipeline.logs.tables import matching_files, within

FILE = "inputs.json"


@dataclass(frozen=True)
class Inputs:
    """The inputs of a step.

    Attributes
    ----------
    parts : mapping
        Name → a JSON value: options, versions, the checksums of other steps' inputs.
    """

    parts: Mapping[str, Any]

    @cached_property
    def sha256(self) -> str:
        """The checksum of all parts, in hexadecimal."""
        return hashlib.sha256(json.dumps(self.parts, sort_keys=True).encode()).hexdigest()

    def write(self, folder: Path) -> None:
        """Write them into the step's folder, which marks the step as done."""
        write_json(folder / FILE, {"sha256": self.sha256, **self.parts})

    def made(self, folder: Path) -> bool:
        """Return whether a folder was made from these inputs."""
        try:
            known = json.loads((folder / FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return isinstance(known, dict) and known.get("sha256") == self.sha256


class StepFolder(luigi.Target):
    """A step's folder, which exists for Luigi if it was made from the current inputs."""

    def __init__(self, path: Path, inputs: Inputs) -> None:
        self.path = path
        self.inputs = inputs

    def exists(self) -> bool:
        """Return whether the step is done."""
        return self.inputs.made(self.path)

    def __str__(self) -> str:
        return str(self.path)


def sum_of_file(file: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def sum_of_log(log: Path, mapping: LogMapping | None, first: date, last: date) -> str:
    """Return one checksum for the files of a log, of their names, sizes and modification times.

    Reading gigabytes to find that nothing has changed would take as long as training on them. Partitions of days
    outside first to last do not count; files that are not partitioned by date always do.

    Parameters
    ----------
    log : Path
        The directory of the log.
    mapping : Mapping, optional
        If the log has other columns.
    first, last : date
        Both inclusive.
    """
    files = [file for table in READ for file in files_of(log, table, mapping)]
    for of_table in (mapping.of(table) for table in READ) if mapping else ():
        for lookup in of_table.lookup.values() if of_table else ():
            files += matching_files(log, lookup.files)
    found = []
    for file in within(files, lambda day: first <= day <= last):
        status = file.path.stat()
        found.append([file.path.relative_to(log).as_posix(), status.st_size, status.st_mtime_ns])
    return hashlib.sha256(json.dumps(found).encode()).hexdigest()
