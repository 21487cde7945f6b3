# SPDX-License-Identifier: Apache-2.0
"""A scorer: the scratch space in which one thread values requests."""

from __future__ import annotations

import ctypes
import json
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from valuation._abi import CANDIDATE_DTYPE, REQUEST_DTYPE, VALUE_DTYPE, ErrorStruct
from valuation._handle import Handle
from valuation._library import library
from valuation.answers import Answer, Description, Explanation
from valuation.batch import Batch
from valuation.errors import creation_failure, request_failure

if TYPE_CHECKING:
    from typing_extensions import Self

    from valuation.engine import Engine

#: A request as a dictionary, or as JSON text.
Request: TypeAlias = Mapping[str, Any] | str | bytes


class Ranking(NamedTuple):
    """The best candidates of one request, best first."""

    #: ndarray of intp, shape (k,): positions among the candidates of the request.
    positions: npt.NDArray[np.intp]
    #: ndarray of VALUE_DTYPE, shape (k,): their values.
    values: npt.NDArray[Any]


class Scorer:
    """Values requests with the models that an engine has loaded, for one thread at a time.

    Use one where every microsecond counts, or for :meth:`rank`; otherwise :class:`valuation.Engine` has the same
    methods for any thread. It sees newly loaded models from its next call on. It outlives its engine: it goes on with
    the models that were loaded when the engine was closed.

    Threads: one at a time. A call while another thread's call is under way raises RuntimeError and disturbs nothing.

    Parameters
    ----------
    engine : Engine
        Nothing needs to be loaded yet.

    Raises
    ------
    OutOfMemoryError
        If there is no memory for the scratch space, which is O(models).
    RuntimeError
        If the engine is closed.
    """

    def __init__(self, engine: Engine) -> None:
        pointer, error = ctypes.c_void_p(), ErrorStruct.new()
        with engine._handle as engine_pointer:
            if library.valuation_scorer_create(engine_pointer, ctypes.byref(pointer), ctypes.byref(error)):
                raise creation_failure(error)
        self._handle = Handle(cast(int, pointer.value), library.valuation_scorer_destroy, "Scorer", exclusive=True)

    def score(self, request: Request) -> Answer:
        """Answer a JSON request: say what each of its candidates is worth.

        Parameters
        ----------
        request : dict, or JSON as str or bytes
            As the request format says: ``features``, ``candidates`` and the rest. NumPy numbers and arrays in a
            dictionary are taken as Python's.

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
            If a dictionary holds what JSON has no form for, such as a set or NaN.
        RuntimeError
            If closed, or used by another thread at this moment.
        """
        return cast(Answer, self._answer(library.valuation_score_json, request))

    def explain(self, request: Request) -> Explanation:
        """Answer a JSON request and say why: every term of every logit, and what it is worth.

        For people, not for serving. Parameters and errors are those of :meth:`score`.

        Returns
        -------
        dict
            See :class:`valuation.answers.Explanation`.
        """
        return cast(Explanation, self._answer(library.valuation_explain_json, request))

    def describe(self) -> Description:
        """Describe what is loaded: where from, totals and each model.

        Returns
        -------
        dict
            See :class:`valuation.answers.Description`. O(models).

        Raises
        ------
        NothingLoadedError
            If no models are loaded.
        RuntimeError
            If closed, or used by another thread at this moment.
        """
        return cast(Description, self._call(library.valuation_describe_json))

    def score_batch(self, batch: Batch) -> npt.NDArray[Any]:
        """Value the candidates of many requests in one call of the library, all with one set of models.

        Gives the same bits as :meth:`score` for each request. Other Python threads run meanwhile.

        Parameters
        ----------
        batch : Batch
            Requests and candidates.

        Returns
        -------
        ndarray of VALUE_DTYPE, shape (n_candidates,)
            A structured array in the order of the candidates, with the fields ``expected_revenue`` (float64; currency
            unit of the bid, per impression), ``pctr`` and ``pcvr`` (float32; NaN where there is none) and ``flags``
            (uint32; see :class:`valuation.Flag`).

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
        error = ErrorStruct.new()
        with self._handle as pointer:
            if library.valuation_score_batch(
                pointer,
                batch._request_structs.ctypes.data,
                len(batch.requests),
                batch._candidate_structs.ctypes.data,
                batch._offsets.ctypes.data,
                values.ctypes.data,
                ctypes.byref(error),
            ):
                raise request_failure(error)
        return values

    def rank(self, batch: Batch, maximum_count: int, *, request: int = 0) -> Ranking:
        """Give the best candidates of one request, best first, without sorting all of them.

        Parameters
        ----------
        batch : Batch
            Requests and candidates.
        maximum_count : int
            How many to give at most.
        request : int, default=0
            Which request of the batch.

        Returns
        -------
        Ranking
            ``positions`` among the candidates of that request, and their ``values`` (VALUE_DTYPE), each of shape
            (min(maximum_count, candidates of the request),). Of two equal ones the earlier candidate comes first.

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
        found, error = ctypes.c_size_t(), ErrorStruct.new()
        with self._handle as pointer:
            if library.valuation_rank(
                pointer,
                batch._request_structs.ctypes.data + request * REQUEST_DTYPE.itemsize,
                batch._candidate_structs.ctypes.data + first * CANDIDATE_DTYPE.itemsize,
                last - first,
                count,
                positions.ctypes.data,
                values.ctypes.data,
                ctypes.byref(found),
                ctypes.byref(error),
            ):
                raise request_failure(error)
        return Ranking(positions[: found.value].astype(np.intp), values[: found.value])

    def close(self) -> None:
        """Give the scratch space back; a call under way finishes first. May be called again, from any thread."""
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
        text = _json_bytes(request)
        return self._call(function, text, len(text))

    def _call(self, function: Callable[..., int], *arguments: Any) -> Any:
        """Call a function that hands a JSON text out, and read that before the scorer reuses its place."""
        text, length, error = ctypes.c_void_p(), ctypes.c_size_t(), ErrorStruct.new()
        with self._handle as pointer:
            if function(pointer, *arguments, ctypes.byref(text), ctypes.byref(length), ctypes.byref(error)):
                raise request_failure(error)
            answer = ctypes.string_at(text.value or 0, length.value)
        return json.loads(answer)


def _json_bytes(request: Request) -> bytes:
    if isinstance(request, bytes):
        return request
    if isinstance(request, str):
        return request.encode()
    if not isinstance(request, Mapping):
        raise TypeError(f"a request is a dict, or JSON as str or bytes, not {type(request).__name__}")
    try:
        return json.dumps(request, ensure_ascii=False, allow_nan=False, default=_plain).encode()
    except ValueError as reason:
        raise ValueError(f"the request has no form in JSON: {reason}; leave out what is NaN or infinite") from None


def _plain(value: Any) -> Any:
    """Return what JSON has a form for: NumPy's numbers and arrays, and mappings that are no dict."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a request cannot hold a {type(value).__name__}; use text, numbers, bools, None, lists and dicts")
