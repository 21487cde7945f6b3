# SPDX-License-Identifier: Apache-2.0
"""A scorer: the scratch space of one thread that values requests."""

from __future__ import annotations

import ctypes
import json
from collections.abc import Callable
from itertools import pairwise
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast, overload

import numpy as np
import numpy.typing as npt

from valuation._abi import CANDIDATE_DTYPE, OUTCOME_DTYPE, REQUEST_DTYPE, VALUE_DTYPE, ErrorStruct
from valuation._handle import Handle
from valuation._json_request import Request, json_bytes
from valuation._library import library
from valuation.answers import Answer, Assignment, Explanation
from valuation.batch import Batch
from valuation.errors import creation_failure, request_failure
from valuation.outcomes import Outcome, Outcomes, outcome_structs

if TYPE_CHECKING:
    from typing_extensions import Self

    from valuation.engine import Engine


class Ranking(NamedTuple):
    """The best candidates of one request, best first."""

    #: ndarray of intp, shape (k,): positions among the candidates of the request.
    positions: npt.NDArray[np.intp]
    #: ndarray of VALUE_DTYPE, shape (k,): their values.
    values: npt.NDArray[Any]
    #: How the call went.
    outcome: Outcome


class Scores(NamedTuple):
    """The values of a batch, and how each of its requests went."""

    #: ndarray of VALUE_DTYPE, shape (n_candidates,)
    values: npt.NDArray[Any]
    #: One for each request.
    outcomes: Outcomes


class Exploration(NamedTuple):
    """The candidates of requests valued by predictors that may explore, in the order of the candidates."""

    #: ndarray of VALUE_DTYPE, shape (n_candidates,)
    values: npt.NDArray[Any]
    #: ndarray of float64, shape (n_candidates,): how likely each was to be chosen for its request.
    propensities: npt.NDArray[np.float64]
    #: ndarray of intp, shape (n_requests,): the position of the chosen one among the candidates of the request, or -1.
    chosen: npt.NDArray[np.intp]
    #: How each request went.
    outcomes: Outcomes


class Scorer:
    """Values requests with the models that an engine has loaded, for one thread at a time.

    Use one if every microsecond counts, or for :meth:`rank`; otherwise :class:`valuation.Engine` has the same methods
    for any thread. It uses newly loaded models from its next call on. It outlives its engine: it goes on with the
    models that were loaded when the engine was closed.

    Threads: one at a time. A call while another thread's call is under way raises RuntimeError and disturbs nothing; if
    both begin at the same moment, it may wait for the other instead. An exception that a signal handler raises during a
    call leaves the scorer as usable as before.

    Parameters
    ----------
    engine : Engine
        Nothing needs to be loaded yet.

    Raises
    ------
    OutOfMemoryError
        If there is not enough memory for the scratch space, which is O(models).
    RuntimeError
        If the engine is closed.
    """

    def __init__(self, engine: Engine) -> None:
        error = ErrorStruct.new()
        self._handle = Handle("Scorer", library.valuation_scorer_destroy, exclusive=True)
        with engine._handle.guard():
            if library.valuation_scorer_create(
                engine._handle.pointer, ctypes.byref(self._handle.pointer), ctypes.byref(error)
            ):
                raise creation_failure(error)

    def score(self, request: Request) -> Answer:
        """Answer a JSON request with the value of each of its candidates.

        Parameters
        ----------
        request : dict, or JSON as str or bytes
            The request as in the request format: ``features``, ``candidates`` and the rest, for a policy also ``unit``
            (text, or ``{"user": "u-77", "session": "s-1"}``) and ``time`` (UTC, ``"2026-11-21T03:00:00Z"``). NumPy
            numbers and arrays in a dictionary count as Python's; features and units that are NaN or NA are absent.

        Returns
        -------
        dict
            See :class:`valuation.answers.Answer`. Money is per impression, in the currency of the bids. A malformed
            candidate is worth 0 and flagged; the others are valued.

        Raises
        ------
        RequestError
            If the request is malformed (line and column say where) or beyond a limit.
        NothingLoadedError
            If no models are loaded.
        TypeError, ValueError
            If a dictionary contains something that JSON cannot express, such as a set, or a bid that is NaN.
        RuntimeError
            If closed, or used by another thread at this moment.
        """
        return cast(Answer, self._answer(library.valuation_score_json, request))

    def explain(self, request: Request) -> Explanation:
        """Answer a JSON request and explain it: every term of every logit, and what it is worth.

        For people, not for serving. Parameters and errors are those of :meth:`score`.

        Returns
        -------
        dict
            See :class:`valuation.answers.Explanation`.
        """
        return cast(Explanation, self._answer(library.valuation_explain_json, request))

    def assign(self, request: Request) -> Assignment:
        """Explain the decisions of the policy for a JSON request: every rule that was evaluated, in order.

        For people, not for serving. Without ``candidates`` in the request, only the experiments are explained.

        Returns
        -------
        dict
            See :class:`valuation.answers.Assignment`.

        Raises
        ------
        InvalidArgumentError
            If no policy is loaded.
        RequestError, NothingLoadedError, TypeError, ValueError, RuntimeError
            As :meth:`score`.
        """
        return cast(Assignment, self._answer(library.valuation_assign_json, request))

    @overload
    def score_batch(self, batch: Batch, *, return_outcomes: Literal[False] = False) -> npt.NDArray[Any]: ...

    @overload
    def score_batch(self, batch: Batch, *, return_outcomes: Literal[True]) -> Scores: ...

    def score_batch(self, batch: Batch, *, return_outcomes: bool = False) -> npt.NDArray[Any] | Scores:
        """Value the candidates of many requests in one call of the library, all with one set of models.

        Gives the same bits as :meth:`score` for each request. Other Python threads run meanwhile.

        Parameters
        ----------
        batch : Batch
            Requests and candidates.
        return_outcomes : bool, default=False
            Whether to return also how each request went: some 50 nanoseconds and 56 bytes a request.

        Returns
        -------
        ndarray of VALUE_DTYPE, shape (n_candidates,); or Scores, of this and the outcomes
            A structured array in the order of the candidates, with the fields ``expected_revenue`` (float64; currency
            unit of the bid, per impression), ``pctr`` and ``pcvr`` (float32; NaN if there is none), ``flags`` (uint32;
            see :class:`valuation.Flag`) and ``source`` (uint32; 0 without a policy, see
            :meth:`Engine.find_source`).

        Raises
        ------
        RequestError
            If a request has more than 10,000 features.
        NothingLoadedError
            If no models are loaded.
        RuntimeError
            If closed, or used by another thread at this moment.
        """
        values = np.zeros(len(batch.candidates), VALUE_DTYPE)
        outcomes = outcome_structs(len(batch)) if return_outcomes else None
        error = ErrorStruct.new()
        with self._handle.guard():
            if library.valuation_score_batch(
                self._handle.pointer,
                int(batch.shared._addresses()[0]),
                int(batch.shared.counts[0]),
                batch._request_structs.ctypes.data,
                len(batch.requests),
                batch._candidate_structs.ctypes.data,
                batch._offsets.ctypes.data,
                values.ctypes.data,
                None if outcomes is None else outcomes.ctypes.data,
                ctypes.byref(error),
            ):
                raise request_failure(error)
        return values if outcomes is None else Scores(values, Outcomes(outcomes))

    def explore(self, batch: Batch) -> Exploration:
        """Value the candidates of requests, choose one for each request, and compute how likely each was to be chosen.

        Predictors with ``exploration`` draw from the uncertainty of their weights (Thompson sampling; Chapelle and Li,
        "An empirical evaluation of Thompson sampling", 2011), here as in :meth:`score_batch` and :meth:`rank`: the same
        ``seeds`` of the batch draw the same. If the policy is replaced meanwhile, later requests see the new one.

        Parameters
        ----------
        batch : Batch
            Requests and candidates.

        Returns
        -------
        Exploration
            ``values`` (VALUE_DTYPE), as of :meth:`score_batch`, and ``propensities`` (float64), both of shape
            (n_candidates,); ``chosen`` (intp), of shape (n_requests,), counted among the candidates of its request. The
            chosen candidate is the one that is worth most by these draws; under a policy with a ``minimum_propensity``,
            it is sometimes any other. It is -1 if nothing is worth anything. The propensities of a request add up to 1,
            or are all 0 if nothing is worth anything. ``Documentation/policy.md`` says how exact they are. Without
            exploration and without ``minimum_propensity`` one is 1. ``outcomes`` says how each request went.

        Raises
        ------
        OutOfMemoryError
            If there is not enough memory for more candidates than ever before.
        RequestError, NothingLoadedError, RuntimeError
            As :meth:`score_batch`.
        """
        values = np.zeros(len(batch.candidates), VALUE_DTYPE)
        propensities = np.zeros(len(batch.candidates))
        chosen = np.full(len(batch.requests), -1, np.intp)
        error = ErrorStruct.new()
        outcomes = outcome_structs(len(batch))
        requests, _ = batch._whole_requests
        offsets = batch._offsets.tolist()
        with self._handle.guard():
            for request, (first, last) in enumerate(pairwise(offsets)):
                if library.valuation_explore(
                    self._handle.pointer,
                    requests.ctypes.data + request * REQUEST_DTYPE.itemsize,
                    batch._candidate_structs.ctypes.data + first * CANDIDATE_DTYPE.itemsize,
                    last - first,
                    values.ctypes.data + first * VALUE_DTYPE.itemsize,
                    propensities.ctypes.data + first * propensities.itemsize,
                    chosen.ctypes.data + request * chosen.itemsize,
                    outcomes.ctypes.data + request * OUTCOME_DTYPE.itemsize,
                    ctypes.byref(error),
                ):
                    raise request_failure(error)
        return Exploration(values, propensities, chosen, Outcomes(outcomes))

    def rank(self, batch: Batch, maximum_count: int, *, request: int = 0) -> Ranking:
        """Return the best candidates of one request, best first, without sorting all of them.

        Parameters
        ----------
        batch : Batch
            Requests and candidates.
        maximum_count : int
            The largest number of candidates to return.
        request : int, default=0
            Which request of the batch.

        Returns
        -------
        Ranking
            ``positions`` among the candidates of that request, and their ``values`` (VALUE_DTYPE), each of shape
            (min(maximum_count, candidates of the request),); and the ``outcome``. Of two equal ones the earlier
            candidate comes first.

        Raises
        ------
        ValueError
            If ``maximum_count`` is negative.
        IndexError
            If the batch has no such request.
        RequestError, NothingLoadedError, RuntimeError
            As :meth:`score_batch`.
        """
        if maximum_count < 0:
            raise ValueError(f"maximum_count must not be negative, but is {maximum_count}")
        if not 0 <= request < len(batch):
            raise IndexError(f"there is no request {request} in a batch of {len(batch)}")
        first, last = int(batch._offsets[request]), int(batch._offsets[request + 1])
        count = min(maximum_count, last - first)
        positions, values = np.zeros(count, np.uintp), np.zeros(count, VALUE_DTYPE)
        found, error, outcomes = ctypes.c_size_t(), ErrorStruct.new(), outcome_structs(1)
        requests, _ = batch._whole_requests
        with self._handle.guard():
            if library.valuation_rank(
                self._handle.pointer,
                requests.ctypes.data + request * REQUEST_DTYPE.itemsize,
                batch._candidate_structs.ctypes.data + first * CANDIDATE_DTYPE.itemsize,
                last - first,
                count,
                positions.ctypes.data,
                values.ctypes.data,
                ctypes.byref(found),
                outcomes.ctypes.data,
                ctypes.byref(error),
            ):
                raise request_failure(error)
        return Ranking(positions[: found.value].astype(np.intp), values[: found.value], Outcomes(outcomes)[0])

    def close(self) -> None:
        """Free the scratch space; a call under way finishes first. May be called again, from any thread."""
        self._handle.close()

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return self._handle.closed

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _answer(self, function: Callable[..., int], request: Request) -> Any:
        text = json_bytes(request)
        return self._call(function, text, len(text))

    def _call(self, function: Callable[..., int], *arguments: Any) -> Any:
        """Call a function that returns a JSON text, and parse the text before the scorer overwrites it."""
        text, length, error = ctypes.c_void_p(), ctypes.c_size_t(), ErrorStruct.new()
        with self._handle.guard():
            outs = ctypes.byref(text), ctypes.byref(length), ctypes.byref(error)
            if function(self._handle.pointer, *arguments, *outs):
                raise request_failure(error)
            answer = ctypes.string_at(text.value or 0, length.value)
        return json.loads(answer)
