# SPDX-License-Identifier: Apache-2.0
"""The pipeline does what its pages say."""

import re
import subprocess
import sys
from pathlib import Path

from test_examples import PATIENCE, README, ROOT, lines, output_after

PAGE = ROOT / "Documentation/pipeline.md"
COMMAND = Path(sys.executable).with_name("valuation-pipeline")


def test_the_pipelines_example_prints_the_output_below_it(tmp_path):
    commands, expected = output_after(README, "sh", "valuation-pipeline run")
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/valuation-pipeline").symlink_to(COMMAND)
    result = subprocess.run(commands, shell=True, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE)
    assert result.returncode == 0, result.stderr
    assert lines(result.stdout) == lines(expected)


def test_the_page_shows_the_configuration_with_all_its_defaults(tmp_path):
    printed = subprocess.run([COMMAND, "configuration"], cwd=tmp_path, capture_output=True, text=True)
    assert printed.returncode == 0, printed.stderr
    shown, _ = output_after(PAGE, "toml", "[workflow]")
    assert shown == printed.stdout


def test_the_page_links_to_existing_pages_and_sections():
    text = PAGE.read_text()
    sections = {
        re.sub(r"[^a-z0-9 -]", "", line.lower()).strip().replace(" ", "-")
        for line in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    }
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if target.startswith("#"):
            assert target[1:] in sections, target
        elif "://" not in target:
            assert (PAGE.parent / target.partition("#")[0]).exists(), target
