# SPDX-License-Identifier: Apache-2.0
"""Connections to DuckDB."""

from __future__ import annotations

import sys

import duckdb


def connect(
    file: str = ":memory:", config: dict[str, str | bool | int | float | list[str]] | None = None
) -> duckdb.DuckDBPyConnection:
    """Open a database that shows the progress of long queries on a terminal only.

    By itself, DuckDB goes by how the process was started, and writes a bar into pipes and mails of cron, too.
    """
    connection = duckdb.connect(file, config=config or {})
    is_shown = sys.stdout is not None and sys.stdout.isatty()
    connection.execute(f"SET enable_progress_bar = {str(is_shown).lower()}")
    return connection
