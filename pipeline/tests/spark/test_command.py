# SPDX-License-Identifier: Apache-2.0
"""The commands give the same with Spark and on this machine alone."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spark.commands import SPARK, run
from spark.small_log import GENERATED, Log

pytestmark = pytest.mark.thorough


def scored(folder: Path) -> pa.Table:
    return pq.read_table(folder).sort_by([("time", "ascending"), ("impression_id", "ascending")])


def test_spark_trains_and_scores_the_same_as_this_machine(log: Log, tmp_path: Path) -> None:
    features = ("--features", log.folder / "features.toml")
    configuration = tmp_path / "pipeline.toml"
    configuration.write_text("[sampling]\none_in = 3\n[training]\nvariances = true\nminimum_expected_positives = 1\n")
    for engine, options in (("local", ()), ("spark", SPARK)):
        out = tmp_path / engine
        done = run(
            "train", log.folder / "examples", *features, "--target", "click", "--out", out / "click",
            "--configuration", configuration, *options,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        done = run(
            "score", log.folder / "examples", *features, "--models", tmp_path / "local" / "click" / "models.jsonl",
            "--out", out / "scored", *options,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert done.stdout == f"{out / 'scored'}: {GENERATED.impressions:,} impressions\n"
    for name in ("models.jsonl", "training.json", "held_out.parquet"):
        assert (tmp_path / "spark" / "click" / name).read_bytes() == (tmp_path / "local" / "click" / name).read_bytes()
    expected, found = scored(tmp_path / "local" / "scored"), scored(tmp_path / "spark" / "scored")
    assert found.equals(expected)
    assert expected["pctr"].null_count == 0
    assert len(set(expected["pctr"].to_pylist())) > 1000


def test_an_invalid_master_is_reported(log: Log, tmp_path: Path) -> None:
    done = run(
        "train", log.folder / "examples", "--features", log.folder / "features.toml", "--target", "click",
        "--out", tmp_path / "out", "--engine", "spark", "--master", "nowhere",
    )  # fmt: skip
    assert done.returncode == 1
    *before, told = done.stderr.splitlines()
    assert told.startswith("--master nowhere: Spark does not start: ")
    assert any("Master must" in line for line in before)  # Spark's own message
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_day_run_with_spark_has_the_same_models(log: Log, tmp_path: Path, workers: str) -> None:
    configuration = tmp_path / "pipeline.toml"
    configuration.write_text(
        f'format = "valuation-pipeline/1"\nfeatures = "{log.folder / "features.toml"}"\n'
        "[log]\nconversion_days = 20\n[sampling]\none_in = 2\n[workflow]\nwait_minutes = 0\n"
    )
    for engine, options in (("local", ()), ("spark", SPARK)):
        done = run(
            "run", "--date", "2026-03-24", "--logs", log.folder / "log", "--models", tmp_path / engine / "models",
            "--configuration", configuration, "--workers", workers, *options,
        )  # fmt: skip
        assert done.returncode in (0, 3), done.stderr  # a log this small may be held back
    for name in ("click/models.jsonl", "conversion/models.jsonl"):
        found, expected = (tmp_path / engine / "work" / "2026-03-24" / name for engine in ("spark", "local"))
        assert found.read_bytes() == expected.read_bytes()
        assert len(expected.read_bytes()) > 1000
