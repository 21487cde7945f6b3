# SPDX-License-Identifier: Apache-2.0
"""From a finding to a status, and to words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from valuation_pipeline.checks.options import CheckOptions, Levels
from valuation_pipeline.checks.verdicts import Status, Verdict


def judged(p_value: float, relevant: bool, levels: Levels) -> Status:
    """Return the status of a finding: flagged only if it matters and chance does not explain it."""
    if not relevant or p_value >= levels.warn:
        return "passed"
    return "failed" if p_value < levels.fail else "warned"


def apart(ratio: float, limit: float) -> bool:
    """Say whether a ratio is farther from 1 than a share, in either direction: for 0.3 below 0.7 or above 1 / 0.7."""
    return ratio < 1 - limit or ratio > 1 / (1 - limit)


def within_severity(verdicts: Sequence[Verdict], options: CheckOptions) -> list[Verdict]:
    """Turn failures of checks that may only warn into warnings."""
    return [
        replace(verdict, status="warned")
        if verdict.status == "failed" and options.severity_of(verdict.check) == "warn"
        else verdict
        for verdict in verdicts
    ]


def percent(share: float) -> str:
    """Write a share for people: 0.1234 is 12.3 %."""
    return f"{100 * share:.3g} %"
