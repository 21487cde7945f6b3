# SPDX-License-Identifier: Apache-2.0
"""The command by itself: its help comes at once, and has the first sentence of each subcommand's own help."""

from __future__ import annotations

import inspect
import subprocess
import sys
from importlib import import_module

import pytest
import typer

from valuation_pipeline.command import SUBCOMMANDS, main


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_the_help_has_the_first_sentence_of_each_subcommand(name: str) -> None:
    where, summary = SUBCOMMANDS[name]
    module, _, member = where.partition(":")
    found = getattr(import_module(module), member)
    told = found.info.help if isinstance(found, typer.Typer) else inspect.getdoc(found)
    assert " ".join(str(told).partition("\n\n")[0].split()) == summary


def test_the_help_and_the_version_import_no_heavy_package() -> None:
    program = """
import sys
from valuation_pipeline.command import main
for option in ("--help", "--version"):
    sys.argv = ["valuation-pipeline", option]
    try:
        main()
    except SystemExit as ended:
        assert ended.code == 0, ended.code
print(sorted({"altair", "duckdb", "luigi", "numpy", "pyarrow", "scipy", "valuation"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    lines = done.stdout.splitlines()
    assert lines[-1] == "[]"
    assert [line.split()[0] for line in lines if line.startswith("  ") and line.split()[0] in SUBCOMMANDS] == [
        *SUBCOMMANDS
    ]


@pytest.mark.parametrize(
    ("arguments", "told"), [(["rnu"], "No such command 'rnu'. Did you mean 'run'"), (["logs", "chekc"], "'chekc'")]
)
def test_an_unknown_subcommand_is_wrong_usage(
    arguments: list[str], told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["valuation-pipeline", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert told in capsys.readouterr().err


def test_a_full_disk_is_reported_in_one_line() -> None:
    command = [sys.executable, "-m", "valuation_pipeline.command", "--version"]
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (1, "No space left on device\n")
