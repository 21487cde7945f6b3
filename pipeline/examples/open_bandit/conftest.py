# SPDX-License-Identifier: Apache-2.0
"""Lets the test here import the example's modules, which stand beside it, whatever pytest's import mode is."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
