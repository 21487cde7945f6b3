# SPDX-License-Identifier: Apache-2.0
"""What the pages say of the pipeline is what it does."""

import subprocess
import sys
from pathlib import Path

from test_examples import ROOT, output_after

PAGE = ROOT / "Documentation/pipeline.md"
COMMAND = Path(sys.executable).with_name("valuation-pipeline")


def test_the_page_shows_the_configuration_with_all_its_defaults(tmp_path):
    printed = subprocess.run([COMMAND, "configuration"], cwd=tmp_path, capture_output=True, text=True)
    assert printed.returncode == 0, printed.stderr
    shown, _ = output_after(PAGE, "toml", "[workflow]")
    assert shown == printed.stdout
