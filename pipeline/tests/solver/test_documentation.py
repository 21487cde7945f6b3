# SPDX-License-Identifier: Apache-2.0
"""The example of Documentation/solver.md runs and prints the output below it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parents[3] / "Documentation" / "solver.md"


def test_the_example_runs_and_prints_the_output_below_it() -> None:
    found = re.search(
        r"^```python\n(.*?)^```\n\n```text\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    assert found
    program, expected = found.groups()
    command = [sys.executable, "-W", "error", "-c", program]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert (result.stdout, result.stderr) == (expected, "")
