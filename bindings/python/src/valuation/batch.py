# SPDX-License-Identifier: Apache-2.0
"""Many requests and candidates as arrays, ready for one call of the library."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from valuation import _arrays
from valuation._abi import CANDIDATE_DTYPE, REQUEST_DTYPE
from valuation.candidates import Candidates
from valuation.features import Features


class Batch:
    """Requests and their candidates. Made once, scored as often as wanted, with any engine.

    Everything is checked here, before anything reaches C. An object never changes after it was made, so any thread may
    use it. Pickling, and so sending it to another process, makes it anew there.

    Parameters
    ----------
    requests : Features, n_requests rows
        Slot, audience and context of each request.
    candidates : Candidates, n_candidates rows
        The ads, ordered by request.
    candidate_offsets : array_like of int, shape (n_requests + 1,), optional
        From 0 to n_candidates, not falling: request i has the candidates ``candidate_offsets[i] ...
        candidate_offsets[i + 1] - 1``. Left out, request i has candidate i, as in a log of impressions.
    time_budget_ns : int, default=0
        Time for each request in nanoseconds, 0 for no limit; see ``Flag.BUDGET_EXCEEDED``.

    Raises
    ------
    TypeError
        If the offsets are not integers.
    ValueError
        If the numbers of rows do not fit together, or the offsets do not fit.

    Notes
    -----
    Making one costs O(n_requests + n_candidates), 24 bytes a request and 32 bytes a candidate; the features are shared
    with ``requests`` and ``candidates``.
    """

    def __init__(
        self,
        requests: Features,
        candidates: Candidates,
        candidate_offsets: npt.ArrayLike | None = None,
        *,
        time_budget_ns: int = 0,
    ) -> None:
        if not 0 <= time_budget_ns < 2**64:
            raise ValueError(f"time_budget_ns must be from 0 (no limit) to 2**64 - 1, not {time_budget_ns}")
        if candidate_offsets is None:
            if len(requests) != len(candidates):
                raise ValueError(
                    f"{len(requests)} requests and {len(candidates)} candidates: pass candidate_offsets to say which "
                    f"candidates belong to which request"
                )
            candidate_offsets = np.arange(len(requests) + 1)
        offsets = _arrays.offsets("candidate_offsets", candidate_offsets, len(candidates), count=len(requests) + 1)
        self.requests = requests
        self.candidates = candidates
        self.time_budget_ns = time_budget_ns
        self._offsets = offsets  # none is negative, so that C may read them as size_t
        self._request_structs = _request_structs(requests, time_budget_ns)
        self._candidate_structs = _candidate_structs(candidates)
        for array in (self._offsets, self._request_structs, self._candidate_structs):
            array.flags.writeable = False

    @property
    def candidate_offsets(self) -> npt.NDArray[np.int64]:
        """Where each request's candidates begin and end, shape (n_requests + 1,), read-only."""
        return self._offsets

    def __len__(self) -> int:
        """Return the number of requests."""
        return len(self.requests)

    def __repr__(self) -> str:
        return f"<Batch: {len(self.requests)} requests, {len(self.candidates)} candidates>"

    def __reduce__(self) -> tuple[Any, ...]:
        # The structs hold addresses, which mean nothing in a copy.
        return _rebuild, (self.requests, self.candidates, np.asarray(self._offsets), self.time_budget_ns)


def _rebuild(requests: Features, candidates: Candidates, offsets: npt.ArrayLike, time_budget_ns: int) -> Batch:
    return Batch(requests, candidates, offsets, time_budget_ns=time_budget_ns)


def _request_structs(requests: Features, time_budget_ns: int) -> npt.NDArray[Any]:
    structs = np.zeros(len(requests), REQUEST_DTYPE)
    structs["struct_size"] = REQUEST_DTYPE.itemsize
    structs["feature_count"] = requests.counts
    structs["features"] = requests._addresses()
    structs["time_budget_ns"] = time_budget_ns
    return structs


def _candidate_structs(candidates: Candidates) -> npt.NDArray[Any]:
    structs = np.zeros(len(candidates), CANDIDATE_DTYPE)
    structs["campaign"] = candidates.campaigns
    structs["pricing"] = candidates.pricing
    structs["bid"] = candidates.bids
    structs["feature_count"] = candidates.features.counts
    structs["features"] = candidates.features._addresses()
    return structs
