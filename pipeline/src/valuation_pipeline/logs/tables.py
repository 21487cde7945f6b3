# SPDX-License-Identifier: Apache-2.0
"""Finds the files of a log's tables."""

from __future__ import annotations

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


def files_of_table(log: Path, table: str) -> list[LogFile]:
    """The files of a table, in the order of their paths: ``<table>.<extension>``, or all in the folder ``<table>``.

    Names that begin with ``_`` or ``.`` are skipped, as in Spark and DuckDB. A missing table has no files.

    Raises
    ------
    PipelineError
        There is no such log, a file's extension is not supported, or a partition's date is invalid.
    """
    if not log.is_dir():
        raise PipelineError(f"{log}: no folder; a log is a folder with the tables impressions, clicks and conversions")
    single = [path for path in sorted(log.glob(f"{table}.*")) if path.is_file()]
    return [_log_file(path, log) for path in [*single, *_data_files(log / table)]]


def matching_files(source: Path, pattern: str) -> list[LogFile]:
    """The files of another source that a glob matches, in the order of their paths.

    Raises
    ------
    PipelineError
        There is no such folder, or a file's extension is not supported.
    """
    if not source.is_dir():
        raise PipelineError(f"{source}: no folder")
    return [_log_file(path, source) for path in sorted(source.glob(pattern)) if path.is_file()]


def within(files: list[LogFile], keep: Callable[[date], bool]) -> list[LogFile]:
    """The files whose day is kept, and those without a day."""
    return [file for file in files if file.day is None or keep(file.day)]


def _data_files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    files = []
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(("_", ".")) for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden:
            files.append(path)
    return files


def _log_file(path: Path, log: Path) -> LogFile:
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
