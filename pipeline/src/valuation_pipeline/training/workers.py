# SPDX-License-Identifier: Apache-2.0
"""Fits of campaigns in parallel on the cores, with the same results for any number of workers."""

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
    """Fits campaigns."""

    def each(
        self, function: Callable[[CampaignFits, int], Result], fits: CampaignFits, campaigns: Sequence[int]
    ) -> Iterator[tuple[int, Result]]:
        """Call a function for each campaign, and give the results in the campaigns' order.

        Parameters
        ----------
        function : callable
            A function of the fits and a campaign's index, which reads only the rows of that campaign; defined at the
            top level of a module.
        fits : CampaignFits
        campaigns : sequence of int
            Rising.
        """
        ...


@dataclass(frozen=True)
class Threads:
    """A number of threads, 1 or more. They suffice on one machine, because the solver holds no lock while it works."""

    count: int

    def each(
        self, function: Callable[[CampaignFits, int], Result], fits: CampaignFits, campaigns: Sequence[int]
    ) -> Iterator[tuple[int, Result]]:
        """See Workers. After an error, or when the caller stops, no further campaign is started."""
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
