# SPDX-License-Identifier: Apache-2.0
"""The commands work on files, and show progress only on a terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import valuation

from training.small_log import Log
from valuation_pipeline.training.campaigns import campaign_documents


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "valuation_pipeline.command", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "COLUMNS": "200"}
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300, check=False)


def test_train_writes_models_that_the_engine_publishes(log: Log, tmp_path: Path) -> None:
    features = log.folder / "features.toml"
    configuration = tmp_path / "pipeline.toml"
    configuration.write_text('format = "valuation-pipeline/1"\n[log]\ndays = 20\n[training]\nvalidation_days = 2\n')
    out = tmp_path / "click"
    done = run(
        "train", log.folder / "examples", "--features", features, "--target", "click", "--out", out,
        "--configuration", configuration, "--workers", "1",
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{out}: " in done.stdout
    assert "on held-back days" in done.stdout
    training = json.loads((out / "training.json").read_text())
    assert (training["first_day"], training["last_day"]) == ("2026-03-05", "2026-03-24")
    assert training["held_out"]["first_day"] == "2026-03-23"
    assert pq.read_metadata(out / "held_out.parquet").num_rows == 1000
    campaigns = campaign_documents(log.folder / "examples" / "examples.parquet", 7.0)
    (models := tmp_path / "models").mkdir()
    (models / "campaigns.jsonl").write_text("".join(json.dumps(document) + "\n" for document in campaigns))
    (models / "click.jsonl").write_bytes((out / "models.jsonl").read_bytes())
    assert sum(document["impressions"] for document in campaigns) == 12_000
    valuation.publish(models, tmp_path / "releases")


def test_compare_shows_strategies_beside_constant_and_truth(log: Log) -> None:
    examples, features, truth = log.folder / "examples", log.folder / "features.toml", log.folder / "truth.parquet"
    done = run(
        "compare", examples, "--features", features, "--truth", truth, "--strategy", "pooled", "--strategy", "separate"
    )
    assert (done.returncode, done.stderr) == (0, "")
    rows = [line for line in done.stdout.splitlines() if "│" in line]
    names = [line.split("│")[1].strip() for line in rows]
    assert names == ["constant", "pooled", "separate", "truth"]
    overall = [float(line.split("│")[5]) for line in rows]
    assert overall[-1] < min(overall[:-1])


def test_mistakes_of_users_are_reported_without_a_traceback(log: Log, tmp_path: Path) -> None:
    configuration = tmp_path / "pipeline.toml"
    configuration.write_text('[training]\nstrategie = "joint"\n')
    done = run(
        "train", log.folder / "examples", "--features", log.folder / "features.toml", "--target", "click",
        "--out", tmp_path / "out", "--configuration", configuration,
    )  # fmt: skip
    assert done.returncode == 1
    assert "training: strategie" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_models_are_corrected_by_the_rate_of_their_own_days(log: Log, tmp_path: Path) -> None:
    configuration = tmp_path / "pipeline.toml"
    configuration.write_text('format = "valuation-pipeline/1"\n[log]\ndays = 3\n[sampling]\none_in = 20\n')
    out = tmp_path / "click"
    done = run(
        "train", log.folder / "examples", "--features", log.folder / "features.toml", "--target", "click",
        "--out", out, "--configuration", configuration, "--strategy", "pooled",
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    training = json.loads((out / "training.json").read_text())
    assert training["first_day"] == "2026-03-22"
    shown = pq.read_table(log.folder / "examples" / "examples.parquet", columns=["date"])["date"].to_pylist()
    whole = sum(str(day) >= training["first_day"] for day in shown)
    assert abs(training["rows"] - whole) <= 0.5 * len(training["campaigns"])  # each campaign's count is rounded
