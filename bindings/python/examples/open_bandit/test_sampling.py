# SPDX-License-Identifier: Apache-2.0
"""Down-sampling chooses the rows that the SQL of its description would choose."""

from __future__ import annotations

import pandas as pd
import pytest

import valuation
from sampling import down_sample, keeps, signed


@pytest.mark.parametrize(
    ("text", "farm_fingerprint"),
    [  # the examples of BigQuery's manual
        ("1footrue", -1541654101129638711),
        ("2applefalse", 2794438866806483259),
        ("3true", -4880158226897771312),
    ],
)
def test_a_fingerprint_is_signed_as_in_sql(text: str, farm_fingerprint: int) -> None:
    assert signed(valuation.fingerprint64(text)) == farm_fingerprint
    for one_in in (2, 9, 50):
        assert keeps(text, one_in) == (abs(farm_fingerprint) % one_in == 0)


def test_the_smallest_signed_number_is_read_as_such() -> None:
    assert signed(2**63) == -(2**63)
    assert signed(2**63 - 1) == 2**63 - 1


def test_every_positive_stays_and_the_share_of_negatives_is_counted() -> None:
    names = [f"impression-{row}" for row in range(20_000)]
    log = pd.DataFrame({"impression": names, "click": [int(row % 100 == 0) for row in range(20_000)]})
    kept, share = down_sample(log, "click")
    assert kept["click"].sum() == 200
    assert share == (kept["click"] == 0).sum() / 19_800
    assert share == pytest.approx(0.02, rel=0.15)
    assert kept.loc[kept["click"] == 0, "impression"].map(keeps).all()


def test_a_log_of_which_no_negative_would_stay_is_refused() -> None:
    dropped = next(name for name in (f"impression-{row}" for row in range(1_000)) if not keeps(name))
    with pytest.raises(ValueError, match="too few rows"):
        down_sample(pd.DataFrame({"impression": [dropped], "click": [0]}), "click")
