# SPDX-License-Identifier: Apache-2.0
"""The fault campaign in its short form; torture.py runs it at length."""

import pytest

from .campaign import Tools
from .plan import PARTS, Part


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_a_part_of_the_campaign_finds_no_fault(tools: Tools, part: Part):
    findings = part.short(tools)
    assert findings.figures, "nothing was tried"
    assert not findings.faults, "\n".join(findings.faults[:20])
