# SPDX-License-Identifier: Apache-2.0
"""Ads that may answer requests, as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from valuation import _arrays
from valuation.constants import Pricing
from valuation.features import Features


class Candidates:
    """Ads: whose they are, what they are paid for, what they bid, and their own features.

    A bad one (unknown pricing, a bid that is NaN, infinite or negative) is not refused: its value is 0 and flagged,
    and the others are valued. An object never changes after it was made, so any thread may use it.

    Parameters
    ----------
    campaigns : array_like of uint64, shape (n,)
        As :meth:`valuation.Engine.campaign_keys` gives them; a column of ids is refused. Copied.
    pricing : Pricing, str, or array_like of these, shape (n,)
        :class:`Pricing` or its text in lower case (``"cpm"``, ``"cpc"``, ``"cpa"``). One stands for all. Copied.
    bids : float or array_like of float, shape (n,)
        Per thousand impressions, per click or per conversion, all in one currency. One stands for all. Copied.
    features : Features of n rows, optional
        Of the ads themselves, for example their creatives.

    Raises
    ------
    TypeError
        If an array is of the wrong dtype.
    ValueError
        If an array is of the wrong shape, or a number is too large for a key.
    """

    __slots__ = ("bids", "campaigns", "features", "pricing")

    def __init__(
        self,
        campaigns: npt.ArrayLike,
        pricing: npt.ArrayLike,
        bids: npt.ArrayLike,
        features: Features | None = None,
    ) -> None:
        #: ndarray of uint64, shape (n,), read-only
        self.campaigns = _arrays.keys("campaigns", campaigns, hint="make them with engine.campaign_keys(ids)")
        count = len(self.campaigns)
        #: ndarray of int32, shape (n,), read-only
        self.pricing = _arrays.broadcast_codes("pricing", _pricing_codes(pricing), count)
        #: ndarray of float64, shape (n,), read-only
        self.bids = _arrays.floats("bids", bids, count)
        #: Features of n rows
        self.features = Features.empty(count) if features is None else features
        if len(self.features) != count:
            raise ValueError(f"features must have one row for each of {count} campaigns, not {len(self.features)}")
        self._freeze()

    def _freeze(self) -> None:
        for array in (self.campaigns, self.pricing, self.bids):
            array.flags.writeable = False

    def __len__(self) -> int:
        return len(self.campaigns)

    def __repr__(self) -> str:
        return f"<Candidates: {len(self)}>"

    def take(self, positions: npt.ArrayLike) -> Candidates:
        """Choose ads, in any order and any number of times, without copying their features.

        So an inventory is made once, and a log of impressions or auctions refers to it by position.

        Parameters
        ----------
        positions : array_like of int, shape (n,)
            Positions of ads; or a mask, shape (n_ads,).

        Returns
        -------
        Candidates
            n ads. O(n).

        Raises
        ------
        IndexError
            If there is no such ad.
        """
        chosen = _arrays.positions("positions", positions)
        result = Candidates.__new__(Candidates)
        result.campaigns = self.campaigns[chosen]
        result.pricing = self.pricing[chosen]
        result.bids = self.bids[chosen]
        result.features = self.features.take(chosen)
        result._freeze()
        return result


def _pricing_codes(pricing: npt.ArrayLike) -> npt.NDArray[Any]:
    """Return text as numbers; text that is no pricing becomes 0, which the library flags."""
    array = np.asarray(pricing)
    if array.dtype.kind not in "OUT":
        return array
    codes = {member.name.lower(): int(member) for member in Pricing} | {int(member): int(member) for member in Pricing}
    flat = [codes.get(value, 0) for value in array.ravel().tolist()]
    return np.array(flat, dtype=np.int32).reshape(array.shape)
