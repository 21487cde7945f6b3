# SPDX-License-Identifier: Apache-2.0
"""Campaigns side by side over the cores, with the same results for any number of workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 4
"""Results for each worker that may wait to be taken: what bounds the memory."""


def side_by_side(
    function: Callable[[Item], Result], items: Sequence[Item], workers: int
) -> Iterator[tuple[Item, Result]]:
    """Call a function for each item in threads, and give the results in the items' order.

    Threads suffice, for the solver holds no lock while it works. After an error, or when the caller stops, what has not
    begun is not begun any more.

    Parameters
    ----------
    function : callable
        Of one item; must not depend on what other calls do.
    items : sequence
    workers : int
        Threads, 1 or more.

    Yields
    ------
    (item, result)
    """
    executor = ThreadPoolExecutor(workers, thread_name_prefix="training")
    try:
        waiting = [(item, executor.submit(function, item)) for item in items[: AHEAD * workers]]
        for following in items[AHEAD * workers :]:
            item, future = waiting.pop(0)
            yield item, future.result()
            waiting.append((following, executor.submit(function, following)))
        for item, future in waiting:
            yield item, future.result()
    finally:
        executor.shutdown(cancel_futures=True)
