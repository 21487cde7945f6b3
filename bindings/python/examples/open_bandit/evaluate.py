# SPDX-License-Identifier: Apache-2.0
"""Compares the engine's values for the held-out day with what happened on it, and with what a constant rate says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import valuation
from ad_requests import cpc_bid
from batches import score_rows
from log import CAMPAIGNS, FEATURES


def score_shown_ads(engine: valuation.Engine, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with the bid, pctr and expected_revenue of the ad that was shown."""
    rows = rows.assign(bid=rows["ad"].map(cpc_bid))
    values = score_rows(engine, rows, FEATURES, "cpc")
    return rows.assign(pctr=values["pctr"].astype(float), expected_revenue=values["expected_revenue"])


def calibration(scored: pd.DataFrame, training_days: pd.DataFrame) -> list[dict[str, Any]]:
    """One row a campaign and one for all: what was observed, what the models say, what a constant says.

    The constant is the campaign's click rate on the training days. Log losses are means in nats an impression;
    log_loss_gain is the constant's less the model's (above 0: the model is better) with its standard error over the
    impressions.
    """
    rate = training_days.groupby("campaign")["click"].mean()
    scored = scored.assign(constant=scored["campaign"].map(rate))
    groups = [(campaign, scored[scored["campaign"] == campaign]) for campaign in CAMPAIGNS]
    return [_calibration_row(name, rows) for name, rows in [*groups, ("together", scored)]]


def _calibration_row(name: str, rows: pd.DataFrame) -> dict[str, Any]:
    click = rows["click"].to_numpy()
    of_model = log_losses(click, rows["pctr"].to_numpy())
    of_constant = log_losses(click, rows["constant"].to_numpy())
    gain = of_constant - of_model
    return {
        "campaign": name,
        "impressions": len(rows),
        "clicks": int(click.sum()),
        "sum_of_pctr": float(rows["pctr"].sum()),
        "sum_of_constant": float(rows["constant"].sum()),
        "revenue": float((rows["click"] * rows["bid"]).sum()),
        "expected_revenue": float(rows["expected_revenue"].sum()),
        "log_loss": float(of_model.mean()),
        "log_loss_of_constant": float(of_constant.mean()),
        "log_loss_gain": float(gain.mean()),
        "standard_error": float(gain.std(ddof=1) / np.sqrt(len(gain))),
    }


def log_losses(label: NDArray[np.int64], probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """The log loss of each row, in nats."""
    return -np.where(label == 1, np.log(probability), np.log1p(-probability))
