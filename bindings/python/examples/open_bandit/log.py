# SPDX-License-Identifier: Apache-2.0
"""Reads the Open Bandit Dataset into pandas: one row an impression, with the item shown and whether it was clicked.

Item = ad, page = campaign, position = slot. Two policies chose the items, uniformly at random and by Bernoulli Thompson
sampling ("bts"); each logged 10,000 impressions on each of three pages.

Three things about this log decide how it is read:

- The hashes of item_feature_1 ... 3 differ between the two policies' files for the same item (the prices agree, and the
  hashes map one to one), so both policies' rows take the item features from the random policy's file.
- The columns user-item_affinity_* are left out. They count the user's past clicks, but on the first day every clicked
  impression, and few others, has one: they have seen the label. ``affinity_leak`` counts it.
- The day is the UTC day of the timestamp.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from features import FeatureSet

CAMPAIGNS = ("all", "men", "women")
POLICIES = ("random", "bts")
HASH_DIGITS = 8

FEATURES = FeatureSet(
    request_categories=("slot", "hour", "user_feature_0", "user_feature_1", "user_feature_2", "user_feature_3"),
    ad_categories=("item", "item_feature_1", "item_feature_2", "item_feature_3"),
    ad_numbers=("item_feature_0",),
    crosses=(("slot", "item"),),
)


def read_log(folder: Path) -> pd.DataFrame:
    """All impressions in the order of their time.

    Columns: impression (unique: policy/page/row), campaign, timestamp, day, ad (page/item), click (0 or 1), affinities
    (how many items the affinity columns say that the user clicked), and the features of ``FEATURES``.
    """
    parts = [_read_part(folder, policy, campaign) for policy in POLICIES for campaign in CAMPAIGNS]
    log = pd.concat(parts, ignore_index=True).sort_values(["timestamp", "impression"], ignore_index=True)
    if not log["impression"].is_unique:
        raise ValueError("two impressions have the same id")
    return log


def held_out_split(log: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The days before the last one, and the last one."""
    last = log["day"] == log["day"].max()
    return log[~last], log[last]


def ads_of(log: pd.DataFrame, campaign: str) -> pd.DataFrame:
    """The ads that a page ever showed, one row each with the ad's features, in the order of their item number."""
    columns = ["ad", *FEATURES.ad_categories, *FEATURES.ad_numbers]
    ads = log[log["campaign"] == campaign][columns].drop_duplicates("ad")
    return ads.iloc[ads["item"].astype(int).argsort()].reset_index(drop=True)


def affinity_leak(log: pd.DataFrame) -> pd.DataFrame:
    """Per day: the clicks, and how many of them have a non-zero affinity."""
    with_affinity = log["click"] * (log["affinities"] > 0)
    return (
        pd.DataFrame({"day": log["day"], "clicks": log["click"], "with_affinity": with_affinity}).groupby("day").sum()
    )


def _read_part(folder: Path, policy: str, campaign: str) -> pd.DataFrame:
    part = pd.read_csv(folder / policy / campaign / f"{campaign}.csv", index_col=0)
    items = pd.read_csv(folder / POLICIES[0] / campaign / "item_context.csv", index_col=0)
    timestamp = pd.to_datetime(part["timestamp"], format="ISO8601", utc=True)
    affinity_columns = [name for name in part.columns if name.startswith("user-item_affinity_")]
    rows = pd.DataFrame(
        {
            "impression": [f"{policy}/{campaign}/{row}" for row in part.index],
            "campaign": campaign,
            "timestamp": timestamp,
            "day": timestamp.dt.strftime("%Y-%m-%d"),
            "ad": campaign + "/" + part["item_id"].astype(str),
            "click": part["click"],
            "affinities": (part[affinity_columns] != 0).sum(axis="columns"),
            "slot": part["position"].astype(str),
            "hour": timestamp.dt.hour.astype(str),
            "item": part["item_id"].astype(str),
            "item_id": part["item_id"],
        }
    )
    for field in ("user_feature_0", "user_feature_1", "user_feature_2", "user_feature_3"):
        rows[field] = _shortened(part[field])
    for field in ("item_feature_1", "item_feature_2", "item_feature_3"):
        items[field] = _shortened(items[field])
    return rows.merge(items, on="item_id", how="left", validate="many_to_one").drop(columns="item_id")


def _shortened(hashes: pd.Series) -> pd.Series:
    """The first digits of each hash, for people's eyes; refuses if that makes two of them one."""
    short = hashes.str[:HASH_DIGITS]
    if short.nunique() != hashes.nunique():
        raise ValueError(f"{HASH_DIGITS} digits do not tell the values of {hashes.name} apart")
    return short
