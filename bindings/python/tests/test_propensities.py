# SPDX-License-Identifier: Apache-2.0
"""Propensities of all kinds of auctions agree with the shares of 200,000 draws of all weights by the formula."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import policies
import reference
from policies import policy
from valuation import Batch, Candidates, Engine, Features

DRAWS = 200_000
#: The documented accuracy for campaigns whose ads move together: up to 32 ads that may be worth most, and beyond.
FEW, BOUND_OF_FEW, BOUND_OF_MANY = 32, 0.01, 0.03


def standard_error(probability: float, ads: int) -> float:
    """The standard error of the share of draws, for ads with uncertain weights of their own."""
    draws = 2 ** int(math.log2(min(4096, max(256, 131_072 // ads))))
    return math.sqrt(max(probability * (1 - probability), 1 / draws) / draws)


@dataclass(frozen=True)
class Auction:
    """Some campaigns with some ads each; ``own`` and ``shared`` are deviations of an ad's and a campaign's weights."""

    campaigns: int
    ads: int
    shared: float
    own: float
    cpa: float = 0.0
    scale: float = 1.0
    adjusted: bool = False
    equal: bool = False
    common: bool = False
    #: By how much the logits of all but the first two ads of a campaign are lower.
    lower: float = 0.0

    def __str__(self) -> str:
        members = [f"{self.campaigns}x{self.ads}", f"shared {self.shared}", f"own {self.own}"]
        members += [f"lower {self.lower}"] * (self.lower > 0)
        members += [f"cpa {self.cpa}"] * (self.cpa > 0) + [f"scale {self.scale}"] * (self.scale != 1)
        members += [name for name in ("adjusted", "equal", "common") if getattr(self, name)]
        return ", ".join(members)


SHAPES = [(1, 2), (1, 10), (1, 30), (2, 1), (3, 4), (8, 1), (8, 4), (30, 1), (40, 3), (120, 1)]
AUCTIONS = [
    # 32 equal bids, variance 100, exploration 2: many draws give a probability that is 1 as a float, so some are equal.
    Auction(32, 1, shared=10.0, own=0.0, scale=2.0, equal=True),
    Auction(1, 32, shared=0.0, own=10.0, scale=2.0, equal=True),
    *[Auction(campaigns, ads, shared=0.3, own=0.4) for campaigns, ads in SHAPES],
    *[Auction(campaigns, ads, shared=0.5, own=0.6, cpa=0.6) for campaigns, ads in SHAPES],
    *[Auction(campaigns, ads, shared=1.5, own=2.0, cpa=0.3, adjusted=True) for campaigns, ads in SHAPES],
    *[Auction(campaigns, ads, shared=0.2, own=0.0, cpa=0.5, adjusted=True) for campaigns, ads in SHAPES[:4]],
    *[Auction(campaigns, ads, shared=0.1, own=1.0, common=True) for campaigns, ads in SHAPES[:4]],
    # Two ads that compete, whatever else there is.
    *[
        Auction(campaigns, ads, shared=0.0, own=1.0, equal=True, lower=5.0)
        for campaigns, ads in [(1, 2), (1, 20), (1, 32), (1, 100), (1, 200), (3, 10)]
    ],
    Auction(16, 2, shared=0.3, own=1.0, cpa=0.5, scale=3.0),
    Auction(4, 2, shared=0.3, own=3.0, cpa=0.5, common=True),
    Auction(1, 32, shared=0.3, own=1.0, cpa=1.0),
]


class Case:
    """The models, policy and ads of an auction, and each ad's value in each of many draws."""

    def __init__(self, auction: Auction, seed: int) -> None:
        random = np.random.default_rng(seed)
        self._random, self._auction = random, auction
        self._drawn = np.random.default_rng((seed, 1))
        self.documents: list[dict[str, Any]] = []
        self.adjustments: dict[str, dict[str, float]] = {}
        self.names: list[str] = []
        self.pricings: list[str] = []
        self.bids: list[float] = []
        self.worth: list[npt.NDArray[np.float64]] = []
        for number in range(auction.campaigns):
            self._add(f"c{number}")

    def _spread(self, deviation: float) -> float:
        return deviation if self._auction.equal else deviation * float(self._random.uniform(0.5, 1.5))

    def _moves(self, deviation: float) -> npt.NDArray[np.float64] | float:
        """Draw a weight's distance from its mean; 0 for a certain weight."""
        return deviation * self._drawn.standard_normal(DRAWS) if deviation else 0.0

    def _add(self, campaign: str) -> None:
        auction, random = self._auction, self._random
        creatives = [f"{campaign}-{number}" for number in range(auction.ads)]
        pricings = ["cpa" if random.random() < auction.cpa else "cpc" for _ in creatives]
        floor, cap = 0.0, math.inf
        if auction.adjusted and random.random() < 0.5:
            floor, cap = 0.03, 0.12
            self.adjustments[campaign] = {"floor": floor, "cap": cap}
        logits: dict[tuple[str, str], Any] = {}
        for target, intercept in (("click", -3.0), ("conversion", -1.0)):
            weights = {name: 0.0 if auction.equal else float(random.normal(0, 0.3)) for name in creatives}
            weights |= dict.fromkeys(creatives[2:], -auction.lower) if auction.lower else {}
            shared = self._spread(auction.shared)
            own = {name: self._spread(auction.own) for name in creatives}
            common = self._spread(auction.own) if auction.common else 0.0
            variance = {
                "intercept": shared**2,
                "categorical": {
                    "creative": {name: deviation**2 for name, deviation in own.items()},
                    "format": {"video": common**2},
                },
            }
            self.documents.append(
                reference.model(
                    campaign,
                    target,
                    intercept=intercept,
                    categorical={"creative": weights, "format": {"video": 0.0}},
                    variance=variance,
                )
            )
            all_move, videos_move = self._moves(shared), self._moves(common)
            for number, (name, pricing) in enumerate(zip(creatives, pricings, strict=True)):
                if target == "click" or pricing == "cpa":
                    moved = all_move + self._moves(own[name]) + videos_move * (number % 2)
                    logits[target, name] = intercept + weights[name] + auction.scale * moved
        for name, pricing in zip(creatives, pricings, strict=True):
            bid = 1.0 if auction.equal else float(random.uniform(0.7, 1.4)) * (3.5 if pricing == "cpa" else 1.0)
            worth = bid * sigmoid(logits["click", name])
            if pricing == "cpa":
                worth *= sigmoid(logits["conversion", name])
            self.names.append(campaign)
            self.pricings.append(pricing)
            self.bids.append(bid)
            self.worth.append(np.minimum(np.maximum(worth, floor), cap))

    def creatives(self) -> list[str]:
        """The creative of each ad."""
        return [f"{name}-{number % self._auction.ads}" for number, name in enumerate(self.names)]

    def shares(self) -> npt.NDArray[np.float64]:
        """For each ad, the share of draws in which it was the first of those worth most."""
        best, winner = self.worth[0].copy(), np.zeros(DRAWS, np.int64)
        for number, worth in enumerate(self.worth[1:], start=1):
            is_better = worth > best
            best[is_better] = worth[is_better]
            winner[is_better] = number
        return np.bincount(winner, minlength=len(self.worth)) / DRAWS


def sigmoid(logit: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return probabilities as values have them."""
    return (1 / (1 + np.exp(-np.clip(logit, -80, 80)))).astype(np.float32).astype(np.float64)


@pytest.mark.parametrize("auction", AUCTIONS, ids=str)
def test_propensities_are_the_shares_of_draws(auction: Auction, tmp_path: Path) -> None:
    case = Case(auction, seed=AUCTIONS.index(auction))
    with Engine() as engine:
        engine.load(reference.write(tmp_path / "models.jsonl", *case.documents))
        predictors = {"curious": {"release": "LATEST", "exploration": auction.scale}}
        document = policy("curious", predictors=predictors, campaigns=case.adjustments)
        engine.load_policy(policies.write(tmp_path / "policy.json", document))
        columns = {
            "creative": case.creatives(),
            "format": ["video" if number % auction.ads % 2 else "image" for number in range(len(case.names))],
        }
        ads = Candidates(
            engine.campaign_keys(case.names), case.pricings, case.bids, Features.from_columns(engine, columns)
        )
        found = engine.explore(Batch(Features.empty(1), ads, [0, len(case.names)])).propensities
    expected = case.shares()
    assert found.sum() == pytest.approx(1, abs=1e-9)
    count = len(case.names)
    if auction.own > 0 and auction.ads > 1:
        # Four standard errors, which one case in 16,000 exceeds.
        bounds = np.array([4 * standard_error(probability, count) for probability in expected.tolist()])
    else:
        bounds = np.full(count, BOUND_OF_FEW if count <= FEW else BOUND_OF_MANY)
    bounds += 3.5 * np.sqrt(expected * (1 - expected) / DRAWS)
    worst = int(np.argmax(np.abs(found - expected) - bounds))
    assert abs(found[worst] - expected[worst]) <= bounds[worst], (worst, found[worst], expected[worst])
