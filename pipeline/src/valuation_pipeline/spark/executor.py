# SPDX-License-Identifier: Apache-2.0
"""The common parts of the functions that run in executors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import valuation

from valuation_pipeline import __version__
from valuation_pipeline.database import connect
from valuation_pipeline.errors import PipelineError

VERSIONS = f"valuation-pipeline {__version__} and valuation {valuation.__version__}"
"""What the driver has, which executors must have, too."""

MEMORY = "1GB"
"""What DuckDB may hold of a partition in memory; the rest it holds on the executor's disk."""


def check_versions(wanted: str) -> None:
    """Refuse to work for a driver with other versions, because the models would differ."""
    if wanted != VERSIONS:
        raise PipelineError(f"an executor has {VERSIONS}, the driver {wanted}; install the same on both")


@contextmanager
def partition(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path | None]]:
    """Write the rows of a partition to disk, for the functions that read files, with a connection to read them.

    Yields
    ------
    (duckdb.DuckDBPyConnection, Path or None)
        None if the partition has no rows.
    """
    with TemporaryDirectory() as folder:
        file = Path(folder) / "examples.parquet"
        written = _write(batches, file)
        config: dict[str, str | bool | int | float | list[str]] = {
            "threads": 1,
            "memory_limit": MEMORY,
            "temp_directory": folder,
        }
        with connect(config=config) as connection:
            yield connection, file if written else None


def _write(batches: Iterable[pa.RecordBatch], file: Path) -> bool:
    writer = None
    try:
        for batch in batches:
            if writer is None:
                writer = pq.ParquetWriter(file, batch.schema, compression="lz4")
            writer.write_batch(batch)
    finally:
        if writer is not None:
            writer.close()
    return writer is not None
