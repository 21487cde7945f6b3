# SPDX-License-Identifier: Apache-2.0
"""A small log, its configuration, and the command as a process of its own."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from valuation_pipeline.generated.log import generate
from valuation_pipeline.generated.options import GeneratorOptions
from workflow.runs import FIRST, LAST, run

CONFIGURATION = """
format = "valuation-pipeline/1"
features = "log/features.toml"
[log]
attribution_days = 1
[training]
conversion_validation_days = 1
[checks]
severity = { new_values = "warn" } # among four campaigns, a new one is a large share
[workflow]
wait_minutes = 0
pause_seconds = 0
"""


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with log/log, log/features.toml and pipeline.toml."""
    folder = tmp_path_factory.mktemp("workflow")
    options = GeneratorOptions(
        impressions=12_000, campaigns=4, days=5, click_rate=0.1, conversion_rate=0.3, candidate_share=0.0, seed=6
    )
    generate(folder / "log", options)
    (folder / "pipeline.toml").write_text(CONFIGURATION)
    return folder


@dataclass(frozen=True)
class Finished:
    """Two days run by the command: their work, their models, and the command's output."""

    work: Path
    models: Path
    printed: str
    seconds: float


@pytest.fixture(scope="session")
def finished(place: Path, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """The two days, run once for all tests."""
    folder = tmp_path_factory.mktemp("finished")
    begin = time.monotonic()
    done = run(place, folder / "work", folder / "models", "--from", str(FIRST), "--date", str(LAST), "--workers", "2")
    assert (done.returncode, done.stderr) == (0, "")
    return Finished(folder / "work", folder / "models", done.stdout, time.monotonic() - begin)
