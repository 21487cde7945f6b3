# SPDX-License-Identifier: Apache-2.0
"""The origin of a release, for ``lineage.json`` beside its manifest."""

from __future__ import annotations

import json
import platform
import sys
from collections import Counter
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from valuation_pipeline.checks.verdicts import read_verdicts
from valuation_pipeline.configuration import as_toml
from valuation_pipeline.workflow.day import Day
from valuation_pipeline.workflow.publication import LINEAGE

FORMAT = "valuation-lineage/1"


def lineage_files(day: Day) -> dict[str, str]:
    """Return the files that document the origin of a day's release: name → text.

    With ``pipeline.toml``, which has every member, and ``features.toml`` beside it, the day can be run again.
    """
    configuration = day.configuration.model_copy(update={"features": Path("features.toml")})
    return {
        "pipeline.toml": as_toml(configuration),
        "features.toml": day.configuration.features.read_text(encoding="utf-8"),
        LINEAGE: json.dumps(lineage_of(day), indent=2, ensure_ascii=False) + "\n",
    }


def lineage_of(day: Day) -> dict[str, Any]:
    """Return the lineage of a day that was checked.

    ``made`` is when and with what it was made, and may differ between two runs; the rest is the same for equal inputs.
    """
    counts = json.loads((day.folder("examples") / "counts.json").read_text(encoding="utf-8"))
    verdicts = Counter(verdict.status for verdict in read_verdicts(day.folder("check") / "verdicts.json"))
    return {
        "format": FORMAT,
        "release": day.release,
        "inputs": {"sha256": day.known.sha256, **day.known.parts},
        "log": {name: counts[name] for name in ("first_day", "last_day", "as_of", "tables")},
        "compared_with": day.previous,
        "verdicts": dict(sorted(verdicts.items())),
        "made": {
            "at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            "from": str(day.logs),
            "command": sys.argv,
            "python": platform.python_version(),
            "platform": platform.platform(),
            "packages": dict(sorted((found.name, found.version) for found in metadata.distributions())),
        },
    }
