# SPDX-License-Identifier: Apache-2.0
"""Timing contenders against each other: rounds in which each takes a turn, quantiles over all their requests."""

from __future__ import annotations

import gc
import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from contenders.contender import Contender

# A quantile is given only if this many samples lie above it.
SAMPLES_ABOVE = 5
QUANTILES = {"p50": 0.5, "p99": 0.99, "p999": 0.999}
# The most requests in a turn.
MOST_IN_A_TURN = 20_000
SEED = 20261121


def rounds(contenders: Sequence[Contender], turns: int, seconds: float) -> dict[str, npt.NDArray[np.float64]]:
    """Time prepared contenders in turns.

    Parameters
    ----------
    contenders
        The contenders to time.
    turns
        Rounds. In each, every contender values a block of requests, in a newly drawn order.
    seconds
        Time for each contender over all rounds. A slow one values one request a round, however long it takes.

    Returns
    -------
    dict
        Nanoseconds of every request, by the contender's name.
    """
    order = list(contenders)
    shuffle = random.Random(SEED).shuffle
    times: dict[str, list[npt.NDArray[np.uint64]]] = {contender.name: [] for contender in order}
    blocks = {}
    for contender in order:
        warm = contender.run(0, 3)
        blocks[contender.name] = int(np.clip(seconds / turns * 1e9 / max(1, warm.min()), 1, MOST_IN_A_TURN))
    gc.collect()
    gc.disable()
    try:
        for turn in range(turns):
            shuffle(order)
            for contender in order:
                block = blocks[contender.name]
                times[contender.name].append(contender.run(turn * block, block))
    finally:
        gc.enable()
    return {name: np.concatenate(parts).astype(np.float64) for name, parts in times.items()}


def figures(nanoseconds: npt.NDArray[np.float64], ours: npt.NDArray[np.float64], candidates: int) -> dict[str, Any]:
    """Summarise one contender's times.

    Returns
    -------
    dict
        ``samples``; ``p50``, ``p99`` and ``p999`` in microseconds, if there are enough samples; ``ratio``, its p50 to
        ours; ``nanoseconds_each``, p50 for each candidate and model.
    """
    median = float(np.median(nanoseconds))
    quantiles = {
        name: float(np.quantile(nanoseconds, quantile)) / 1e3
        for name, quantile in QUANTILES.items()
        if len(nanoseconds) * (1 - quantile) >= SAMPLES_ABOVE or name == "p50"
    }
    return {
        "samples": len(nanoseconds),
        **quantiles,
        "ratio": median / float(np.median(ours)),
        "nanoseconds_each": median / candidates / 2,
    }
