# SPDX-License-Identifier: Apache-2.0
"""Compares the engine's values on the GENERATED log with the true ones, which are known there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

import valuation
from batches import score_rows
from generated import CAMPAIGNS, FEATURES


def score_auctions(engine: valuation.Engine, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of ``auctions`` with the engine's pctr, pcvr and expected_revenue for CPA bids."""
    values = score_rows(engine, rows, FEATURES, "cpa")
    return rows.assign(
        pctr=values["pctr"].astype(float),
        pcvr=values["pcvr"].astype(float),
        expected_revenue=values["expected_revenue"],
    )


def against_truth(scored: pd.DataFrame, log: pd.DataFrame) -> list[dict[str, Any]]:
    """Per campaign and target: the mean true and the mean predicted probability, and how far off one row is.

    The errors are root mean squares of log(predicted / true), the model's and that of the campaign's constant rate.
    """
    table = []
    clicks = log[log["click"] == 1]
    for campaign in CAMPAIGNS:
        rows = scored[scored["campaign"] == campaign]
        for target, source, predicted in (("click", log, "pctr"), ("conversion", clicks, "pcvr")):
            of_campaign = source.loc[source["campaign"] == campaign, target]
            true = rows[f"true_{predicted}"]
            table.append(
                {
                    "campaign": campaign,
                    "target": target,
                    "training_rows": len(of_campaign),
                    "positives": int(of_campaign.sum()),
                    "mean_true": float(true.mean()),
                    "mean_predicted": float(rows[predicted].mean()),
                    "error": _error(rows[predicted] / true),
                    "error_of_constant": _error(of_campaign.mean() / true),
                }
            )
    return table


def revenue_of_picks(scored: pd.DataFrame, log: pd.DataFrame) -> dict[str, float]:
    """The true expected revenue of a thousand requests, each answered by the ad that somebody values highest."""
    clicks = log[log["click"] == 1]
    by_campaign = log.groupby("campaign")["click"].mean() * clicks.groupby("campaign")["conversion"].mean()
    constant = scored["campaign"].map(by_campaign) * scored["bid"]
    return {
        "the truth": _picked(scored, scored["true_revenue"]),
        "the models": _picked(scored, scored["expected_revenue"]),
        "a constant rate per campaign (ties shared)": _picked(scored, constant),
        "chance": _picked(scored, constant * 0),
    }


def _picked(rows: pd.DataFrame, opinion: pd.Series) -> float:
    """The true revenue of 1,000 requests, each answered by the ad with the best opinion (the mean of equal ones)."""
    chosen = rows[opinion == opinion.groupby(rows["impression"]).transform("max")]
    return float(1000 * chosen.groupby("impression")["true_revenue"].mean().mean())


def _error(ratio: pd.Series) -> float:
    """The root mean square of the logarithms."""
    return float(np.sqrt((np.log(ratio.to_numpy(float)) ** 2).mean()))
