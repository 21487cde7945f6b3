# SPDX-License-Identifier: Apache-2.0
"""The engine: the loaded models and the policy."""

from __future__ import annotations

import ctypes
import os
import threading
import weakref
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, cast, overload

import numpy.typing as npt

from valuation._abi import EngineStateStruct, EngineSwitch, ErrorStruct, GenerationStruct, OptionsStruct, SourceStruct
from valuation._arguments import id_arguments, path_arguments
from valuation._handle import Handle
from valuation._json_request import Request
from valuation._library import library
from valuation._report import report_of
from valuation.answers import Answer, Assignment, Description, Explanation
from valuation.batch import Batch
from valuation.errors import creation_failure, load_failure, policy_failure, request_failure
from valuation.generations import EngineState, Generation, generation_of, source_of, state_of
from valuation.keys import Keyed
from valuation.policy import Source
from valuation.scorer import Exploration, Scorer, Scores

if TYPE_CHECKING:
    from typing_extensions import Self


_INSTRUCTION_SETS = {
    "baseline": EngineSwitch.USE_BASELINE,
    "avx2": EngineSwitch.USE_AVX2,
    "avx512": EngineSwitch.USE_AVX512,
}


class Engine(Keyed):
    """The loaded models, and the policy that decides between them. Create one for each process and share it.

    Threads: any, at the same time. Each thread gets a scorer of its own at its first call, which is destroyed when the
    thread ends or the engine is closed; scoring takes no lock that another thread holds, and releases Python's.

    Processes: an engine belongs to one. A forked child may go on using its parent's; a spawned one loads its own.

    Keys: :meth:`feature_key` and its neighbours are under the secret of the directory of releases that is loaded first,
    for the engine's life. An engine whose first models are in no such directory, and one that is asked for a key before
    it loads any, keeps the standard secret, which is public. Keys mean nothing to an engine with another secret.

    Parameters
    ----------
    maximum_input_bytes : int, default=0
        Most bytes, after unpacking, that one load may read; 0 for 16 GiB.
    trust_compiled : bool, default=False
        Map compiled files without checking their contents: opening one takes the same time whatever its size. A damaged
        or forged file may then end the process, or read and write any memory.
    forget_previous : bool, default=False
        Free the previous models as soon as nobody reads them, instead of keeping them for :meth:`roll_back`.
    copy_compiled : bool, default=False
        Copy compiled files to memory instead of mapping them: a disk that fails later then has no effect, but processes
        no longer share the memory of a file.
    compiled_only : bool, default=False
        Map compiled files and build no index: models that would have to be built are refused. Loading then takes
        milliseconds, whatever is published.
    instructions : {"baseline", "avx2", "avx512"}, optional
        The vector instructions that score: those that every machine of its architecture has, AVX2, or AVX-512. By
        default, the best set that the machine has. Values have the same bits with each.

    Raises
    ------
    ValueError
        If ``maximum_input_bytes`` is negative or too large, or ``instructions`` is no such name.
    Error
        If the machine lacks the ``instructions``.
    OutOfMemoryError
        If there is not enough memory.

    Examples
    --------
    >>> with Engine() as engine:  # doctest: +SKIP
    ...     engine.load("models")
    ...     ad = {"campaign": "1042", "pricing": "cpc", "bid": 0.5}
    ...     engine.score({"features": {"slot": "12"}, "candidates": [ad]})
    """

    def __init__(
        self,
        maximum_input_bytes: int = 0,
        *,
        trust_compiled: bool = False,
        forget_previous: bool = False,
        copy_compiled: bool = False,
        compiled_only: bool = False,
        instructions: Literal["baseline", "avx2", "avx512"] | None = None,
    ) -> None:
        switches = EngineSwitch(0)
        if trust_compiled:
            switches |= EngineSwitch.TRUST_COMPILED
        if forget_previous:
            switches |= EngineSwitch.FORGET_PREVIOUS
        if copy_compiled:
            switches |= EngineSwitch.COPY_COMPILED
        if compiled_only:
            switches |= EngineSwitch.COMPILED_ONLY
        if instructions is not None:
            if instructions not in _INSTRUCTION_SETS:
                raise ValueError(f'instructions must be "baseline", "avx2" or "avx512", not {instructions!r}')
            switches |= _INSTRUCTION_SETS[instructions]
        options, error = OptionsStruct.new(maximum_input_bytes, switches), ErrorStruct.new()
        self._handle = Handle("Engine", library.valuation_engine_destroy, exclusive=False)
        if library.valuation_engine_create(
            ctypes.byref(options), ctypes.byref(self._handle.pointer), ctypes.byref(error)
        ):
            raise creation_failure(error)
        self._of_thread = threading.local()
        #: Those of all threads, by id, for :meth:`close`. No lock: a forked child might find it held forever.
        self._scorers: weakref.WeakValueDictionary[int, Scorer] = weakref.WeakValueDictionary()

    def load(self, path: str | os.PathLike[str]) -> None:
        """Load all models at a path and, if every check passes, replace the old ones by them.

        Scoring goes on with the old ones meanwhile, in other threads, too. If anything is wrong, nothing changes.

        Parameters
        ----------
        path : str or os.PathLike
            A model file (.json, .json.gz, .jsonl, .jsonl.gz); a directory of such files; a release, which is a
            directory with a manifest.json; a directory of releases, of which the one that LATEST names is loaded; or a
            compiled file (.valuation). The files of a release are checked against its checksums, and its compiled file
            is mapped if it has one.

        Raises
        ------
        ModelError
            If a model is refused; file, line, JSON path and message say where, why and what to do.
        ChecksumError
            If a file of a release, or a compiled file, is not as it was published. It is a ModelError, too.
        SecretError
            If the models' keys are under another secret than the engine's; load them into an engine of their own. It is
            a ModelError, too.
        ModelNotFoundError
            If there is no such file or directory. It is a FileNotFoundError, too.
        OutOfMemoryError
            If the new models do not fit into memory beside the old ones.
        RuntimeError
            If the engine is closed.
        """
        error = ErrorStruct.new()
        with self._handle.guard():
            if library.valuation_engine_load(self._handle.pointer, *path_arguments(path), ctypes.byref(error)):
                raise load_failure(error)

    def load_policy(self, path: str | os.PathLike[str] | None) -> None:
        """Load a policy. If it is sound and everything that it names exists, it decides from then on.

        Load models first: ``LATEST`` in a policy means the models that :meth:`load` and :meth:`refresh` have put into
        service; other releases are opened from the directory of releases and stay in memory. Models loaded later must
        fit the policy, or that call fails. :meth:`refresh` follows the file. If anything is wrong, nothing changes.

        Parameters
        ----------
        path : str, os.PathLike or None
            The policy's file; None to remove the policy.

        Raises
        ------
        ModelError
            If the policy is refused; file, line, JSON path and message say where, why and what to do.
        UnknownReleaseError
            If it names a release that does not exist; the JSON path says where. It is a ModelError, too.
        ModelNotFoundError
            If there is no such file.
        NothingLoadedError
            If no models are loaded.
        ValueError
            If ``path`` is empty.
        ChecksumError, SecretError, OutOfMemoryError, RuntimeError
            As :meth:`load`, for the releases that it names.
        """
        if path is not None and not os.fspath(path):
            raise ValueError("the path of a policy is not empty; None is for doing without a policy")
        name = (None, 0) if path is None else path_arguments(path)
        error = ErrorStruct.new()
        with self._handle.guard():
            if library.valuation_engine_load_policy(self._handle.pointer, *name, ctypes.byref(error)):
                raise policy_failure(error)

    def refresh(self) -> bool:
        """Load the policy if its file was replaced, and the release that LATEST names if that is another one.

        Call it regularly, for example each second in a thread of its own (``asyncio.to_thread`` with an event loop,
        because a release without a compiled file takes seconds; or :meth:`prepare` there, and :meth:`commit` in the
        loop); while nothing is new it costs next to nothing. It
        follows the policy's file last given to :meth:`load_policy`, and the directory of releases last given to
        :meth:`load`. A release that :meth:`roll_back` went back from is not loaded again; one published later is. After
        an error nothing has changed, and the next call tries again; a policy that cannot be loaded does not prevent a
        release from being loaded, nor the other way round.

        Returns
        -------
        bool
            Whether another policy or other models serve now.

        Raises
        ------
        StateError
            If neither a directory of releases nor a policy was loaded.
        ModelError, ChecksumError, SecretError, ModelNotFoundError, UnknownReleaseError, OutOfMemoryError, RuntimeError
            As :meth:`load` and :meth:`load_policy`; if both fail, the first one.
        """
        changed, error = ctypes.c_bool(), ErrorStruct.new()
        with self._handle.guard():
            if library.valuation_engine_refresh(self._handle.pointer, ctypes.byref(changed), ctypes.byref(error)):
                raise load_failure(error)
        return changed.value

    def prepare(self) -> bool:
        """Do the slow part of :meth:`refresh`: open what has changed, and hold it until :meth:`commit`.

        Call it as regularly as one would call :meth:`refresh`, in a thread that may wait. What is prepared already and
        is still what LATEST and the policy's file say is kept.

        Returns
        -------
        bool
            Whether anything is ready to be committed.

        Raises
        ------
        StateError, ModelError, ChecksumError, SecretError, ModelNotFoundError, UnknownReleaseError, OutOfMemoryError,
        RuntimeError
            As :meth:`refresh`.
        """
        ready, error = ctypes.c_bool(), ErrorStruct.new()
        with self._handle.guard():
            if library.valuation_engine_prepare(self._handle.pointer, ctypes.byref(ready), ctypes.byref(error)):
                raise load_failure(error)
        return ready.value

    def commit(self) -> None:
        """Put what :meth:`prepare` has prepared into service: microseconds, for the thread of an event loop.

        It reads no file, frees no models, and does not wait for a load, refresh or prepare in another thread.

        Raises
        ------
        StateError
            If nothing is prepared (``NOTHING_PREPARED``), or the engine has been changed since (``STALE``): prepare
            again. What serves goes on serving.
        RuntimeError
            If the engine is closed.
        """
        error = ErrorStruct.new()
        with self._handle.guard():
            if library.valuation_engine_commit(self._handle.pointer, ctypes.byref(error)):
                raise load_failure(error)

    def roll_back(self, id: str | None = None) -> None:  # noqa: A002
        """Go back to models that served before, only in this engine.

        If they are in memory, it does not wait for a load in another thread. LATEST, which concerns all processes,
        stays as it is; :func:`valuation.select_release` changes it.

        Parameters
        ----------
        id : str, optional
            Id of a release in the directory of releases. By default, the models that served before the present ones,
            whatever they were loaded from; they are in memory, so this takes no time.

        Raises
        ------
        UnknownReleaseError
            If there is no such release.
        StateError
            If there is nothing to go back to, or no directory of releases was loaded to find the release in.
        InvalidArgumentError, ValueError
            If the id is invalid.
        ModelError, ChecksumError, SecretError, ModelNotFoundError, OutOfMemoryError, RuntimeError
            As :meth:`load`, for a release that is not in memory. Nothing changes then.
        """
        error = ErrorStruct.new()
        with self._handle.guard():
            if library.valuation_engine_roll_back(self._handle.pointer, *id_arguments(id), ctypes.byref(error)):
                raise load_failure(error)

    def scorer(self) -> Scorer:
        """Create a scorer, for one thread at a time; the caller closes it. See :class:`Scorer` for errors."""
        return Scorer(self)

    def score(self, request: Request) -> Answer:
        """Answer a JSON request with the value of each of its candidates. See :meth:`Scorer.score`."""
        return self._scorer().score(request)

    def explain(self, request: Request) -> Explanation:
        """Answer a JSON request and explain the values. See :meth:`Scorer.explain`."""
        return self._scorer().explain(request)

    def assign(self, request: Request) -> Assignment:
        """Explain the decisions of the policy for a JSON request. See :meth:`Scorer.assign`."""
        return self._scorer().assign(request)

    def state(self) -> EngineState:
        """Say how the engine is: what serves, since when, and how the last refresh went. It takes microseconds.

        Raises
        ------
        RuntimeError
            If the engine is closed.
        """
        struct, error = EngineStateStruct.new(), ErrorStruct.new()
        with self._handle.guard():
            if library.valuation_engine_read_state(self._handle.pointer, ctypes.byref(struct), ctypes.byref(error)):
                raise request_failure(error)
        return state_of(struct)

    def find_generation(self, generation: int | None = None) -> Generation:
        """Say which models and which policy a generation stands for.

        Parameters
        ----------
        generation : int, optional
            The number; by default, that of what serves. The last 64 are known, and older ones while their models are in
            memory.

        Raises
        ------
        UnknownSourceError
            If this engine never had it, or has forgotten it.
        NothingLoadedError
            If nothing is loaded, for the default.
        RuntimeError
            If the engine is closed.
        """
        struct, error = GenerationStruct.new(), ErrorStruct.new()
        with self._handle.guard():
            if library.valuation_engine_find_generation(
                self._handle.pointer, generation or 0, ctypes.byref(struct), ctypes.byref(error)
            ):
                raise request_failure(error)
        return generation_of(struct)

    def find_source(self, source: int, generation: int | None = None) -> Source:
        r"""Return what a value is from: predictor, experiment, variant, and the releases behind the predictor.

        Parameters
        ----------
        source : int
            The ``source`` of a value: the lower half of
            ``fingerprint64(predictor + "\n" + experiment + "\n" + variant)``, with ``""`` for none. So the names are
            the same in every process and generation that has it. 0 is that of a value without a policy.
        generation : int, optional
            What served when the value was computed. By default, the newest generation that is known and has the source.

        Raises
        ------
        UnknownSourceError
            If no such generation is known, or it has no such source.
        ValueError
            If ``source`` is not from 0 to 2**32 - 1.
        RuntimeError
            If the engine is closed.
        """
        if not 0 <= source < 2**32:
            raise ValueError(f"a source is from 0 to 2**32 - 1, not {source}")
        struct, error = SourceStruct.new(), ErrorStruct.new()
        with self._handle.guard():
            if library.valuation_engine_find_source(
                self._handle.pointer, generation or 0, int(source), ctypes.byref(struct), ctypes.byref(error)
            ):
                raise request_failure(error)
        return source_of(struct)

    def describe(self) -> Description:
        """Describe what serves: source, totals and each model. O(models).

        Returns
        -------
        dict
            See :class:`valuation.answers.Description`.

        Raises
        ------
        NothingLoadedError
            If no models are loaded.
        RuntimeError
            If the engine is closed.
        """
        with self._handle.guard():
            return cast(
                Description,
                report_of(library.valuation_engine_describe, self._handle.pointer, failure=request_failure),
            )

    @overload
    def score_batch(self, batch: Batch, *, return_outcomes: Literal[False] = False) -> npt.NDArray[Any]: ...

    @overload
    def score_batch(self, batch: Batch, *, return_outcomes: Literal[True]) -> Scores: ...

    def score_batch(self, batch: Batch, *, return_outcomes: bool = False) -> npt.NDArray[Any] | Scores:
        """Value the candidates of many requests in one call of the library. See :meth:`Scorer.score_batch`."""
        if return_outcomes:
            return self._scorer().score_batch(batch, return_outcomes=True)
        return self._scorer().score_batch(batch)

    def explore(self, batch: Batch) -> Exploration:
        """Value candidates, choose among them, and compute how likely each was. See :meth:`Scorer.explore`."""
        return self._scorer().explore(batch)

    def close(self) -> None:
        """Release the models, once the calls under way have finished. May be called again, from any thread.

        Scorers that :meth:`scorer` made stay usable, and keep the models in memory until they are closed.
        """
        self._handle.close()
        for reference in self._scorers.valuerefs():  # a copy, which CPython makes in one step
            scorer = reference()
            if scorer is not None:
                scorer.close()

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

    def _scorer(self) -> Scorer:
        """Return this thread's scorer, which is no longer referenced when the thread ends."""
        scorer: Scorer | None = getattr(self._of_thread, "scorer", None)
        if scorer is None or scorer.closed:
            scorer = Scorer(self)
            self._scorers[id(scorer)] = scorer
            if self.closed:  # by another thread, which may not have seen this scorer
                scorer.close()
            self._of_thread.scorer = scorer
        return scorer
