# SPDX-License-Identifier: Apache-2.0
"""Candidate ads for requests, as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from valuation import _arrays
from valuation._texts import category_text
from valuation.columns import read_any_shape
from valuation.constants import Pricing
from valuation.features import Features


class Candidates:
    """Ads: their campaigns, pricings, bids, and their own features.

    A bad one (no pricing, a bid that is missing, infinite or negative) is not refused: its value is 0 and flagged, and
    the others are valued. Text that is not a pricing is refused. An object is immutable, so any thread may use it. Each
    array may be a list, a NumPy array, a pandas or polars Series or an Arrow array.

    Parameters
    ----------
    campaigns : column of uint64, shape (n,)
        From :meth:`valuation.Engine.campaign_keys`; a column of ids is refused. Copied.
    pricing : Pricing, str, or column of these, shape (n,)
        :class:`Pricing` or its text in lower case (``"cpm"``, ``"cpc"``, ``"cpa"``). One stands for all. Copied.
    bids : float or column of float, shape (n,)
        Per thousand impressions, per click or per conversion, all in one currency. One stands for all. Copied.
    features : Features of n rows, optional
        Of the ads themselves, for example their creatives.

    Raises
    ------
    TypeError
        If an array is of the wrong dtype.
    ValueError
        If an array is of the wrong shape, a number is too large for a key, or a text is not a pricing.
    """

    __slots__ = ("bids", "campaigns", "features", "pricing")

    def __init__(
        self,
        campaigns: Any,
        pricing: Any,
        bids: Any,
        features: Features | None = None,
    ) -> None:
        #: ndarray of uint64, shape (n,), read-only
        self.campaigns = _arrays.keys("campaigns", campaigns, hint="make them with engine.campaign_keys(ids)")
        count = len(self.campaigns)
        #: ndarray of int32, shape (n,), read-only
        self.pricing = _pricing_codes(pricing, count)
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


_CODES = {member.name.lower().encode(): int(member) for member in Pricing}


def _pricing_codes(pricing: Any, count: int) -> npt.NDArray[np.int32]:
    """Return the numbers of pricings; 0 for a missing one, which the library flags."""
    cells, shape = read_any_shape(pricing)
    if shape not in ((), (count,)):
        raise ValueError(f"pricing must be one value or {count} of them, not the shape {shape}")
    found = cells.distinct(_pricing_text)
    codes = np.array([_CODES.get(text) or int(text) for text in found.texts] + [0], np.int32)[found.codes]
    return codes if shape else np.full(count, codes[0], np.int32)


def _pricing_text(pricing: Any) -> str:
    """Return the text of a pricing, or the digits of its number."""
    if isinstance(pricing, int | np.integer) and not isinstance(pricing, bool):
        if not -(2**31) <= pricing < 2**31:
            raise ValueError(f"pricing must fit 32 bits, not {int(pricing)}")
        return str(int(pricing))
    if isinstance(pricing, str | bytes):
        text = category_text(pricing)
        if text.encode() in _CODES:
            return text
        raise ValueError(f'pricing is "cpm", "cpc" or "cpa" in lower case, not {text!r}')
    raise TypeError(f'pricing is "cpm", "cpc" or "cpa", or a Pricing, not {pricing!r}')
