# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

# DuckDB takes a process without a file of its own for a notebook, and shows progress bars.
PROGRAM = """
import sys
from valuation_pipeline.database import connect
sys.stderr.write(str(connect().execute("SELECT current_setting('enable_progress_bar')").fetchall()[0][0]))
"""


@pytest.mark.parametrize("is_terminal", [False, True])
def test_progress_is_shown_on_a_terminal_only(is_terminal: bool) -> None:
    master, slave = pty.openpty()
    stdout = slave if is_terminal else subprocess.DEVNULL
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, text=True, timeout=120, check=True)
    os.close(master)
    os.close(slave)
    assert done.stderr == str(is_terminal)
