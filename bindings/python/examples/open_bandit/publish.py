# SPDX-License-Identifier: Apache-2.0
"""Publishes model documents as a release, and writes requests as files."""

from __future__ import annotations

import gzip
import json
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import valuation

RELEASES_KEPT = 5


def publish_models(folder: Path, documents: Iterable[dict[str, Any]]) -> valuation.Manifest:
    """Publishes documents as a release: click.jsonl.gz and conversion.jsonl.gz, a document a line, and a compiled file.

    ``folder`` is the directory of releases; its LATEST names the new one afterwards, and all but the newest few are
    removed. The same documents give the same files. Returns the release's manifest.
    """
    folder.mkdir(parents=True, exist_ok=True)
    documents = list(documents)
    with tempfile.TemporaryDirectory() as written:
        for target in ("click", "conversion"):
            lines = [_line(document) for document in documents if document["target"] == target]
            if lines:
                Path(written, f"{target}.jsonl.gz").write_bytes(gzip.compress("".join(lines).encode(), mtime=0))
        manifest = valuation.publish(written, folder)
    valuation.prune_releases(folder, keep=RELEASES_KEPT)
    return manifest


def write_requests(path: Path, requests: Iterable[dict[str, Any]]) -> None:
    """Writes requests, one JSON text a line, as ``valuation score`` reads them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        file.writelines(_line(request) for request in requests)


def _line(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n"
