# SPDX-License-Identifier: Apache-2.0
"""A GENERATED log with conversions, whose true probabilities are known because we wrote them down.

The Open Bandit Dataset has no conversions, so the way from a conversion model to the value of a CPA bid is shown on
this log. It says whether the way works; it says nothing about advertising. Three campaigns of six creatives each;
logistic models of the form that is trained, so that a trainer can find them: most labels have no effect, some have one,
one slot suits one creative.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features import FeatureSet
from train import TrainedModel, train

CAMPAIGNS = ("generated-1", "generated-2", "generated-3")
CPA_BIDS = {"generated-1": 12.0, "generated-2": 9.0, "generated-3": 7.0}
TRAINING_IMPRESSIONS = 400_000
TEST_REQUESTS = 2_000

FEATURES = FeatureSet(
    request_categories=("slot", "device", "hour"),
    ad_categories=("creative",),
    request_numbers=("days_since_visit",),
    crosses=(("slot", "creative"),),
)

_CREATIVES = tuple("abcdef")
_CLICK_BASE = {"generated-1": -4.6, "generated-2": -4.2, "generated-3": -3.9}
_CONVERSION_BASE = {"generated-1": -1.6, "generated-2": -1.9, "generated-3": -1.3}
_CLICK_EFFECTS = {
    "slot": {"1": 0.6, "2": 0.3, "6": -0.5},
    "device": {"phone": 0.3, "tablet": -0.2},
    "creative": {"a": 0.4, "d": -0.4},
    "slot x creative": {"1 x b": 0.9, "4 x a": -0.8},
}
_CONVERSION_EFFECTS = {"device": {"desktop": 0.7}, "creative": {"b": 0.5, "a": -0.4}}


def generate(seed: int, impressions: int) -> pd.DataFrame:
    """Impressions with the features of ``FEATURES``, the labels click and conversion, and true_pctr and true_pcvr."""
    random = np.random.default_rng(seed)
    rows = pd.DataFrame(
        {
            "impression": [f"generated/{seed}/{row}" for row in range(impressions)],
            "timestamp": pd.Timestamp("2019-11-24", tz="UTC") + pd.to_timedelta(np.arange(impressions), unit="s"),
            "campaign": random.choice(CAMPAIGNS, impressions),
            "slot": random.integers(1, 7, impressions).astype(str),
            "device": random.choice(["phone", "desktop", "tablet"], impressions, p=[0.6, 0.3, 0.1]),
            "hour": random.integers(0, 24, impressions).astype(str),
            "creative": random.choice(_CREATIVES, impressions),
            "days_since_visit": random.exponential(5.0, impressions).round(1),
        }
    )
    rows = rows.assign(true_pctr=true_pctr(rows), true_pcvr=true_pcvr(rows))
    click = random.random(impressions) < rows["true_pctr"]
    conversion = click & (random.random(impressions) < rows["true_pcvr"])
    return rows.assign(click=click.astype(int), conversion=conversion.astype(int))


def true_pctr(rows: pd.DataFrame) -> NDArray[np.float64]:
    """P(click = 1) of each row."""
    return _probability(rows, _CLICK_BASE, _CLICK_EFFECTS, per_day_since_visit=-0.06)


def true_pcvr(rows: pd.DataFrame) -> NDArray[np.float64]:
    """P(conversion = 1 | click = 1) of each row."""
    return _probability(rows, _CONVERSION_BASE, _CONVERSION_EFFECTS, per_day_since_visit=-0.04)


def train_models(log: pd.DataFrame, inverse_penalty: float, negatives_one_in: int) -> list[TrainedModel]:
    """A click model (negatives down-sampled) and a conversion model (on the clicks, none dropped) for each campaign."""
    clicks = log[log["click"] == 1]
    models = []
    for campaign in CAMPAIGNS:
        models += [
            train(
                log,
                campaign,
                "click",
                FEATURES,
                inverse_penalty=inverse_penalty,
                negatives_one_in=negatives_one_in,
            ),
            train(clicks, campaign, "conversion", FEATURES, inverse_penalty=inverse_penalty),
        ]
    return models


def auctions(seed: int, count: int) -> pd.DataFrame:
    """Requests that the training never saw, each with every creative of every campaign: 18 rows a request."""
    requests = generate(seed, count).drop(columns=["campaign", "creative", "click", "conversion"])
    ads = pd.DataFrame([(campaign, creative) for campaign in CAMPAIGNS for creative in _CREATIVES])
    rows = requests.merge(ads.set_axis(["campaign", "creative"], axis="columns"), how="cross")
    bid = rows["campaign"].map(CPA_BIDS)
    rows = rows.assign(true_pctr=true_pctr(rows), true_pcvr=true_pcvr(rows), bid=bid)
    return rows.assign(true_revenue=rows["bid"] * rows["true_pctr"] * rows["true_pcvr"])


def requests_of(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of ``auctions`` as JSON requests, in their order."""
    return [_request(group.to_dict("records")) for _, group in rows.groupby("impression", sort=False)]


def _request(rows: list[dict[Hashable, Any]]) -> dict[str, Any]:
    candidates = [
        {
            "ad": f"{row['campaign']}/{row['creative']}",
            "campaign": row["campaign"],
            "pricing": "cpa",
            "bid": row["bid"],
            "features": FEATURES.of_ad(row),
        }
        for row in rows
    ]
    return {"id": rows[0]["impression"], "features": FEATURES.of_request(rows[0]), "candidates": candidates}


def _probability(
    rows: pd.DataFrame, base: dict[str, float], effects: dict[str, dict[str, float]], per_day_since_visit: float
) -> NDArray[np.float64]:
    logit = rows["campaign"].map(base).astype(float) + per_day_since_visit * rows["days_since_visit"]
    for field, effect_of in effects.items():
        values = rows["slot"] + " x " + rows["creative"] if field == "slot x creative" else rows[field]
        logit += values.map(effect_of).astype(float).fillna(0.0)
    probability: NDArray[np.float64] = 1 / (1 + np.exp(-logit.to_numpy(float)))
    return probability
