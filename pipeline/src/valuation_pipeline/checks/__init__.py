# SPDX-License-Identifier: Apache-2.0
"""Checks that can hold a release back: of the log, of the models on held-back days, and of the models in the engine."""

from valuation_pipeline.checks.constants import replace_by_constants
from valuation_pipeline.checks.log_checks import Windows
from valuation_pipeline.checks.options import CheckOptions
from valuation_pipeline.checks.run import check_run
from valuation_pipeline.checks.verdicts import Verdict, held_back, read_verdicts

__all__ = [
    "CheckOptions",
    "Verdict",
    "Windows",
    "check_run",
    "held_back",
    "read_verdicts",
    "replace_by_constants",
]
