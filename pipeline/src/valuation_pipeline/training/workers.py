# SPDX-License-Identifier: Apache-2.0
"""Campaigns side by side over the cores, with the same results for any number of workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, TypeVar

from valuation_pipeline.training.campaign_fits import CampaignFits

Result = TypeVar("Result")

AHEAD = 4
"""Results for each worker that may wait to be taken: what bounds the memory."""


class Workers(Protocol):
    """What fits campaigns."""

    def each(
        self, function: Callable[[CampaignFits, int], Result], fits: CampaignFits, campaigns: Sequence[int]
    ) -> Iterator[tuple[int, Result]]:
        """Call a function for each campaign, and give the results in the campaigns' order.

        Parameters
        ----------
        function : callable
            Of the fits and a campaign by its index, whose rows alone it looks at; named at the top of a module.
        fits : CampaignFits
        campaigns : sequence of int
            Rising.
        """
        ...


@dataclass(frozen=True)
class Threads:
    """So many threads, 1 or more. They suffice on one machine, for the solver holds no lock while it works."""

    count: int

    def each(
        self, function: Callable[[CampaignFits, int], Result], fits: CampaignFits, campaigns: Sequence[int]
    ) -> Iterator[tuple[int, Result]]:
        """See Workers. After an error, or when the caller stops, what has not begun is not begun any more."""
        executor = ThreadPoolExecutor(self.count, thread_name_prefix="training")
        try:
            first = AHEAD * self.count
            waiting = [(campaign, executor.submit(function, fits, campaign)) for campaign in campaigns[:first]]
            for following in campaigns[first:]:
                campaign, future = waiting.pop(0)
                yield campaign, future.result()
                waiting.append((following, executor.submit(function, fits, following)))
            for campaign, future in waiting:
                yield campaign, future.result()
        finally:
            executor.shutdown(cancel_futures=True)
