# SPDX-License-Identifier: Apache-2.0
"""BigQuery's FARM_FINGERPRINT for DuckDB."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import valuation


def register_fingerprint(connection: duckdb.DuckDBPyConnection) -> None:
    """Register the function ``farm_fingerprint(VARCHAR) -> BIGINT`` on a connection.

    It is FarmHash's Fingerprint64 of the text's UTF-8 bytes as a signed number, like BigQuery's FARM_FINGERPRINT; null
    of null. DuckDB's own ``hash()`` changes between versions and would draw another sample after an update. A
    connection that has the function already is left as it is.
    """
    known = "SELECT count(*) FROM duckdb_functions() WHERE function_name = 'farm_fingerprint'"
    if connection.execute(known).fetchall() != [(0,)]:
        return
    connection.create_function(  # type: ignore[call-overload]
        "farm_fingerprint", _signed_fingerprints, ["VARCHAR"], "BIGINT", type="arrow"
    )


def _signed_fingerprints(texts: Any) -> Any:
    """Return the fingerprints of texts that are all different: here, looking for equal ones first would cost more."""
    found = np.fromiter(map(valuation.fingerprint64, texts.to_pylist()), np.uint64, len(texts))
    return pa.array(found.view(np.int64))
