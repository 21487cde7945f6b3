# SPDX-License-Identifier: Apache-2.0
"""Makes requests out of the log: an impression asks, and all ads that its page ever showed may answer.

The log holds no bids. Each ad gets a CPC bid between 0.20 and 1.00 made from the fingerprint of its name, so that it is
the same in every run; the bids are the one invented number in the requests.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

import valuation
from features import Row
from log import CAMPAIGNS, FEATURES, ads_of


def cpc_bid(ad: str) -> float:
    """The invented bid of an ad, per click: 0.20, 0.21, ... 1.00."""
    return (20 + valuation.fingerprint64(f"bid/{ad}") % 81) / 100


def candidate(row: Row) -> dict[str, Any]:
    """An ad as a candidate that pays per click. ``row`` holds "ad" and the ad's features."""
    campaign = row["ad"].split("/")[0]
    features = FEATURES.of_ad(row)
    return {"ad": row["ad"], "campaign": campaign, "pricing": "cpc", "bid": cpc_bid(row["ad"]), "features": features}


class RequestMaker:
    """Makes the request of an impression with every ad of its page as a candidate."""

    def __init__(self, log: pd.DataFrame) -> None:
        self._candidates = {
            campaign: [candidate(row) for row in ads_of(log, campaign).to_dict("records")] for campaign in CAMPAIGNS
        }

    def request(self, row: Row, *, top: int | None = None) -> dict[str, Any]:
        """The request of one row. ``top`` asks for the best so many ads only."""
        request = {
            "id": row["impression"],
            "features": FEATURES.of_request(row),
            "candidates": self._candidates[row["campaign"]],
        }
        return request if top is None else {**request, "top": top}

    def requests(self, rows: pd.DataFrame, *, top: int | None = None) -> list[dict[str, Any]]:
        """The requests of all rows."""
        return [self.request(row, top=top) for row in rows.to_dict("records")]
