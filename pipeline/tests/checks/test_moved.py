# SPDX-License-Identifier: Apache-2.0
"""What the new models change in money."""

from __future__ import annotations

import numpy as np

from valuation_pipeline.checks.moved import check_money
from valuation_pipeline.checks.options import CheckOptions


def test_models_that_expect_nothing_at_all_are_reported_with_figures() -> None:
    campaigns = np.array(["a", "b"], object)
    verdicts = check_money(campaigns, np.array([3.0, 1.0]), np.zeros(2), CheckOptions())
    assert [(v.subject, v.status, v.value) for v in verdicts] == [
        ("revenue", "failed", -1.0),
        ("revenue a", "failed", -1.0),
        ("revenue b", "failed", -1.0),
    ]
    assert not [v.reason for v in verdicts if "nan" in v.reason]
