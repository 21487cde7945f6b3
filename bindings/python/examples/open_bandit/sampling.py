# SPDX-License-Identifier: Apache-2.0
"""Negative down-sampling: every positive, and one negative in fifty, chosen by the fingerprint of the impression's id.

The same choice as this SQL makes, so that a log may be sampled where it is stored:

    SELECT ... WHERE click = 1 OR MOD(ABS(FARM_FINGERPRINT(impression)), 50) = 0

FARM_FINGERPRINT is a signed number, so the fingerprint is read as signed before the absolute value is taken. ABS of the
smallest signed number overflows in SQL; here it is 2**63, which is no multiple of 50, so such an impression is dropped.
"""

from __future__ import annotations

import pandas as pd

import valuation

ONE_IN = 50


def signed(fingerprint: int) -> int:
    """An unsigned 64-bit number read as two's complement, as SQL's INT64 has it."""
    return fingerprint - 2**64 if fingerprint >= 2**63 else fingerprint


def keeps(impression: str, one_in: int = ONE_IN) -> bool:
    """Whether a negative with this id stays in the sample."""
    return abs(signed(valuation.fingerprint64(impression))) % one_in == 0


def down_sample(log: pd.DataFrame, target: str, one_in: int = ONE_IN) -> tuple[pd.DataFrame, float]:
    """The rows kept, and the share of the negatives that was kept.

    The share is counted, not 1 / one_in: of 17,000 negatives the fingerprints keep 340 give or take 18, and a model
    corrected by the nominal rate would be wrong by those 5 %.
    """
    negative = log[target] == 0
    kept = ~negative | log["impression"].map(lambda impression: keeps(impression, one_in)).astype(bool)
    share = (kept & negative).sum() / negative.sum()
    if share == 0:
        raise ValueError(f"no negative of {len(log)} rows was kept: too few rows for one in {one_in}")
    return log[kept], float(share)
