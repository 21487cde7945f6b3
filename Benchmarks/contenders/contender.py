# SPDX-License-Identifier: Apache-2.0
"""The interface of every contender: made from the models' arrays, given prepared requests, timed by itself."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from typing import Protocol

import numpy as np
import numpy.typing as npt
from workload import REQUESTS

Floats = npt.NDArray[np.floating]
# pCTR, pCVR and expected revenue of each candidate.
Answer = tuple[Floats, Floats, Floats]


class Contender(Protocol):
    """One way to value the candidates of a request; :class:`native.Native` is another."""

    name: str

    @property
    def bytes(self) -> int:
        """Bytes of the models in this contender's own form, without the requests."""

    def prepare(self, candidates: int, ad_features: int, *, requests: int = REQUESTS) -> None:
        """Convert the first requests into this contender's form; not timed."""

    def score(self, request: int) -> Answer:
        """Value the candidates of one prepared request."""

    def run(self, first: int, count: int) -> npt.NDArray[np.uint64]:
        """Value ``count`` requests from number ``first`` on, cyclically; return the nanoseconds of each."""

    def close(self) -> None:
        """Free everything."""


class PythonContender(ABC):
    """A contender that is timed in Python, around :meth:`score`."""

    name: str
    # The number of different requests to prepare.
    requests = REQUESTS

    @property
    @abstractmethod
    def bytes(self) -> int:
        """Bytes of the models in this contender's own form, without the requests."""

    @abstractmethod
    def prepare(self, candidates: int, ad_features: int, *, requests: int = REQUESTS) -> None:
        """Convert the first requests into this contender's form; not timed."""

    @abstractmethod
    def score(self, request: int) -> Answer:
        """Value the candidates of one prepared request."""

    def run(self, first: int, count: int) -> npt.NDArray[np.uint64]:
        """Value ``count`` requests from number ``first`` on, cyclically; return the nanoseconds of each."""
        nanoseconds = np.empty(count, dtype=np.uint64)
        for sample in range(count):
            request = (first + sample) % self.requests
            start = time.perf_counter_ns()
            self.score(request)
            nanoseconds[sample] = time.perf_counter_ns() - start
        return nanoseconds

    def close(self) -> None:
        """Free everything."""
        self.__dict__.clear()


def probabilities(logits: Floats) -> Floats:
    """Return 1 / (1 + e^-z), in NumPy's quickest way."""
    return 1.0 / (1.0 + np.exp(-logits))
