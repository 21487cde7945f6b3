# SPDX-License-Identifier: Apache-2.0
"""Many requests and candidates as arrays, ready for one call of the library."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from valuation import _arrays
from valuation._abi import CANDIDATE_DTYPE, REQUEST_DTYPE, VALUE_DTYPE
from valuation.candidates import Candidates
from valuation.columns import Table
from valuation.features import Features
from valuation.units import Units


class Batch:
    """Requests and their candidates. Made once, scored any number of times, with any engine that has the keys' secret.

    Everything is checked here, before anything reaches C. An object is immutable, so any thread may use it. Pickling
    it, for example to send it to another process, makes it anew there.

    Parameters
    ----------
    requests : Features, n_requests rows
        Slot, audience and context of each request.
    candidates : Candidates, n_candidates rows
        The ads, ordered by request.
    candidate_offsets : array_like of int, shape (n_requests + 1,), optional
        From 0 to n_candidates, not falling: request i has the candidates
        ``candidate_offsets[i] ... candidate_offsets[i + 1] - 1``. By default, request i has candidate i, as in a log of
        impressions.
    shared : Features, 1 row, optional
        Features that every request has before its own, such as those of the user and the site if the requests are the
        impressions of one page. :meth:`Scorer.score_batch` looks them up once. Values are those of requests that have
        them in their own rows.
    time_budget_ns : int, default=0
        Time for each request in nanoseconds, 0 for no limit; see ``Flag.BUDGET_EXCEEDED``.
    units : mapping of name to column, pandas or polars DataFrame, Arrow table, optional
        For experiments: who sees each impression, for example ``{"user": log["user"]}``; at most 16 columns of
        n_requests cells, of any type that :meth:`Features.from_columns` takes. A cell is text or a number (77 and 77.0
        are ``"77"``); a missing cell and ``""`` are absent. A single text or number instead of a column stands for all
        requests.
    seeds : column of int, shape (n_requests,), optional
        For predictors that explore: the same seed draws the same, so give each request its own. 0, the default, stands
        for a seed made from the request's features. ``fingerprints(ids)`` gives the seeds that JSON requests with these
        ids have.
    times : array_like of datetime64, datetime or int, shape (n_requests,), or a single one, optional
        The times with which the starts, ends and expiries of a policy are compared: datetime64 in UTC, datetimes with a
        time zone, or seconds since 1970. 0, the default, stands for the time of scoring.

    Raises
    ------
    TypeError
        If the offsets or seeds are not integers, a unit is neither text nor a number, or a time has no time zone.
    ValueError
        If the numbers of rows or the offsets do not match, a seed is negative, or a time is missing.

    Notes
    -----
    Making one costs O(n_requests + n_candidates), 64 bytes a request, 32 bytes a unit besides its text, and 32 bytes a
    candidate; the features are shared with ``requests`` and ``candidates``. Units, seeds and times are for policies:
    without one they are ignored.
    """

    def __init__(
        self,
        requests: Features,
        candidates: Candidates,
        candidate_offsets: npt.ArrayLike | None = None,
        *,
        shared: Features | None = None,
        time_budget_ns: int = 0,
        units: Table | Units | None = None,
        seeds: Any | None = None,
        times: npt.ArrayLike | datetime | None = None,
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
        if shared is not None and len(shared) != 1:
            raise ValueError(f"shared must have one row, not {len(shared)}")
        self.shared = Features.empty(1) if shared is None else shared
        self.time_budget_ns = time_budget_ns
        if units is not None and not isinstance(units, Units):
            units = Units.from_columns(units, len(requests))
        self.units = units
        self._offsets = offsets  # none is negative, so that C may read them as size_t
        self._request_structs = _request_structs(requests, time_budget_ns)
        if units is not None:
            self._request_structs["units"] = units._addresses()
            self._request_structs["unit_count"] = len(units.fields)
        if seeds is not None:
            self._request_structs["seed"] = _arrays.seeds("seeds", seeds, len(requests))
        if times is not None:
            self._request_structs["time"] = _arrays.times("times", times, len(requests))
        self._candidate_structs = _candidate_structs(candidates)
        for array in (self._offsets, self._request_structs, self._candidate_structs):
            array.flags.writeable = False

    @property
    def candidate_offsets(self) -> npt.NDArray[np.int64]:
        """The start and end of each request's candidates, shape (n_requests + 1,), read-only."""
        return self._offsets

    @property
    def seeds(self) -> npt.NDArray[np.uint64]:
        """The seed of each request, 0 if it is made from the features, shape (n_requests,), read-only."""
        return np.asarray(self._request_structs["seed"])

    @property
    def times(self) -> npt.NDArray[np.int64]:
        """The time of each request in seconds since 1970, 0 for that of scoring, shape (n_requests,), read-only."""
        return np.asarray(self._request_structs["time"])

    @cached_property
    def _whole_requests(self) -> tuple[npt.NDArray[Any], Features]:
        """The structs of requests that have the shared features in their own rows, and these rows."""
        if self.shared.counts[0] == 0:
            return self._request_structs, self.requests
        rows = self.requests.after(self.shared)
        structs = self._request_structs.copy()
        structs["feature_count"] = rows.counts
        structs["features"] = rows._addresses()
        structs.flags.writeable = False
        return structs, rows

    def __len__(self) -> int:
        """Return the number of requests."""
        return len(self.requests)

    def __repr__(self) -> str:
        return f"<Batch: {len(self.requests)} requests, {len(self.candidates)} candidates>"

    def __reduce__(self) -> tuple[Any, ...]:
        # The structs contain addresses, which are invalid in a copy.
        circumstances = (self.shared, self.time_budget_ns, self.units, np.array(self.seeds), np.array(self.times))
        return _rebuild, (self.requests, self.candidates, np.asarray(self._offsets), *circumstances)


def _rebuild(
    requests: Features,
    candidates: Candidates,
    offsets: npt.ArrayLike,
    shared: Features,
    time_budget_ns: int,
    units: Units | None,
    seeds: npt.ArrayLike,
    times: npt.ArrayLike,
) -> Batch:
    circumstances: dict[str, Any] = {"time_budget_ns": time_budget_ns, "units": units, "seeds": seeds, "times": times}
    return Batch(requests, candidates, offsets, shared=shared, **circumstances)


def _request_structs(requests: Features, time_budget_ns: int) -> npt.NDArray[Any]:
    structs = np.zeros(len(requests), REQUEST_DTYPE)
    structs["struct_size"] = REQUEST_DTYPE.itemsize
    structs["candidate_size"] = CANDIDATE_DTYPE.itemsize
    structs["value_size"] = VALUE_DTYPE.itemsize
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
