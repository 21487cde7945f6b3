# SPDX-License-Identifier: Apache-2.0
"""Finds the files of a log's tables."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from valuation_pipeline.errors import PipelineError

EXTENSIONS = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".csv.gz": "csv",
    ".tsv": "tsv",
    ".tsv.gz": "tsv",
    ".jsonl": "jsonl",
    ".jsonl.gz": "jsonl",
    ".ndjson": "jsonl",
    ".ndjson.gz": "jsonl",
}
_PARTITION = re.compile(r"date=(\d{4}-\d{2}-\d{2})")


@dataclass(frozen=True)
class LogFile:
    """A file of a table: its path, its format (parquet, csv, tsv, jsonl), and the day of its partition, if any."""

    path: Path
    format: str
    day: date | None


def check_folder(log: Path) -> None:
    """See that a log is there at all."""
    if not log.is_dir():
        raise PipelineError(f"{log}: no folder; a log is a folder with the tables impressions, clicks and conversions")


def files_of_table(log: Path, table: str) -> list[LogFile]:
    """The files of a table, in the order of their paths: ``<table>.<extension>``, or all in the folder ``<table>``.

    Links are followed. Names that begin with ``_`` or ``.`` are left out, as Spark and DuckDB leave them out. An absent
    table has no files.

    Raises
    ------
    PipelineError
        There is no such log; a table has what is no file or has an extension that is not read; or a partition's date
        is none.
    """
    check_folder(log)
    single = [path for path in sorted(log.glob(f"{table}.*")) if not path.is_dir()]
    return [_log_file(path, log) for path in [*single, *_data_files(log / table)]]


def matching_files(source: Path, pattern: str) -> list[LogFile]:
    """The files of another source that a glob matches, in the order of their paths. Links are followed.

    Raises
    ------
    PipelineError
        There is no such folder, or what matches is no file or has an extension that is not read.
    """
    if not source.is_dir():
        raise PipelineError(f"{source}: no folder")
    # Path.glob would not follow links.
    found = glob.glob(pattern, root_dir=source, recursive=True, include_hidden=True)  # noqa: PTH207
    return [_log_file(path, source) for path in sorted(source / name for name in found) if not path.is_dir()]


def within(files: list[LogFile], keep: Callable[[date], bool]) -> list[LogFile]:
    """The files whose day is kept, and those without a day."""
    return [file for file in files if file.day is None or keep(file.day)]


def _data_files(folder: Path) -> list[Path]:
    if not os.path.lexists(folder):
        return []
    files = []
    for place, folders, names in os.walk(folder, followlinks=True, onerror=_refuse):
        folders[:] = [name for name in folders if not _is_hidden(name)]
        for path in (Path(place, name) for name in folders):
            if Path(place).resolve().is_relative_to(path.resolve()):
                raise PipelineError(f"{path}: links to a folder that it lies in; remove it")
        files += [Path(place, name) for name in names if not _is_hidden(name)]
    return sorted(files)


def _is_hidden(name: str) -> bool:
    return name.startswith(("_", "."))


def _refuse(error: OSError) -> None:
    """Tell a folder that cannot be read, whose files would be missed by nobody."""
    raise PipelineError(f"{error.filename}: {error.strerror}; see that it is a folder that may be read") from error


def _log_file(path: Path, log: Path) -> LogFile:
    if not path.is_file():
        raise PipelineError(f"{path}: no file, or a link to a file that is not there; deliver the file, or remove it")
    for extension, kind in EXTENSIONS.items():
        if path.name.endswith(extension):
            return LogFile(path, kind, _day(path, log))
    raise PipelineError(f"{path}: not read: a table's files end in {', '.join(EXTENSIONS)}; remove it or rename it")


def _day(path: Path, log: Path) -> date | None:
    for part in path.relative_to(log).parts[:-1]:
        if part.startswith("date="):
            match = _PARTITION.fullmatch(part)
            try:
                return date.fromisoformat(match[1] if match else "")
            except ValueError:
                raise PipelineError(f"{path}: the partition {part} is no date like date=2026-03-01") from None
    return None
