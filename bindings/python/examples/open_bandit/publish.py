# SPDX-License-Identifier: Apache-2.0
"""Writes model documents and requests as files."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def publish_models(folder: Path, documents: Iterable[dict[str, Any]]) -> list[Path]:
    """Writes click.jsonl.gz and conversion.jsonl.gz, a document a line, and removes one that no document belongs to.

    Each file is written aside and renamed, so that a loader never meets half of one. The same documents give the same
    bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    documents = list(documents)
    written = []
    for target in ("click", "conversion"):
        path = folder / f"{target}.jsonl.gz"
        lines = [_line(document) for document in documents if document["target"] == target]
        if not lines:
            path.unlink(missing_ok=True)
            continue
        aside = folder / f".{target}.part"
        aside.write_bytes(gzip.compress("".join(lines).encode(), mtime=0))
        aside.replace(path)
        written.append(path)
    return written


def write_requests(path: Path, requests: Iterable[dict[str, Any]]) -> None:
    """Writes requests, one JSON text a line, as ``valuation score`` reads them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        file.writelines(_line(request) for request in requests)


def _line(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n"
