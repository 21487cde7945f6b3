# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq

from features.examples import write_examples

DEFINITION = """
format = "valuation-features/1"
[category.slot]
[number.age]
[fold]
minimum_rows = 1
"""


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "valuation_pipeline.command", "features", *map(str, arguments)]
    wide = os.environ | {"COLUMNS": "200"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=wide)


def test_the_command_shows_the_columns_of_each_field(tmp_path: Path) -> None:
    (tmp_path / "features.toml").write_text(DEFINITION)
    rows = [{"features": {"slot": str(place % 3), "age": "x"}, "click": place == 0} for place in range(40)]
    examples = write_examples(tmp_path / "examples.parquet", rows)
    done = run(examples, tmp_path / "features.toml", "--one-in", 2, "--output", tmp_path / "table.parquet")
    assert (done.returncode, done.stderr) == (0, "")
    table = pq.read_table(tmp_path / "table.parquet")
    kept = table.num_rows - 1
    assert f"{kept + 1} rows: 1 clicked, {kept} of 39 not ({kept / 39:.6g}); 3 columns" in done.stdout
    assert "none: no row has it" in done.stdout
    assert f"{kept + 1} not a number" in done.stdout
    assert table.schema.field("features").type.names == ["slot", "age"]


def test_a_wrong_definition_is_reported_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "features.toml").write_text(DEFINITION + "[cross.x]\nfields = ['slot', 'age']\n")
    examples = write_examples(tmp_path / "examples.parquet", [{}])
    done = run(examples, tmp_path / "features.toml")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"{tmp_path}/features.toml: cross.x.fields: 'age' is a number")
    assert len(done.stderr.splitlines()) == 1
