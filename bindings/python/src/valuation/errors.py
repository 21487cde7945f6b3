# SPDX-License-Identifier: Apache-2.0
"""Failures of the library, as Python exceptions that say where, what, and what to do."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import Any

from valuation._abi import ErrorStruct
from valuation._library import library
from valuation.constants import Status


@dataclass(frozen=True)
class Problem:
    """One error or warning, and its location.

    Attributes
    ----------
    status : int
        A :class:`Status`, or a plain int that a newer library knows. ``Status.OK`` is that of a warning.
    status_name : str
        For example ``"VALUATION_ERROR_GZIP"``.
    file : str
        Path of the file concerned, or ``""``.
    line : int
        Line in the file or text from 1, or 0 where there is none.
    column : int
        Byte in that line from 1, or 0 where unknown.
    json_path : str
        For example ``$.categorical.slot["12"]``, or ``""``.
    message : str
        One sentence: what is wrong and what to do.
    """

    status: int
    status_name: str
    file: str
    line: int
    column: int
    json_path: str
    message: str

    @property
    def is_warning(self) -> bool:
        """Whether models load in spite of it."""
        return self.status == Status.OK

    def __str__(self) -> str:
        place = self.file
        if self.line:
            numbers = f"{self.line}:{self.column}" if self.column else f"{self.line}"
            place = f"{self.file}:{numbers}" if self.file else f"line {numbers}"
        where = " ".join(part for part in (place, self.json_path) if part)
        message = f"warning: {self.message}" if self.is_warning else f"{self.message} [{self.status_name}]"
        return f"{where}: {message}" if where else message


class Error(Exception):
    """A call of the library failed. The base of all its exceptions; picklable.

    Parameters
    ----------
    problem : Problem
        The problem and its location; its members are attributes of the exception, too.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem
        self.status = problem.status
        self.status_name = problem.status_name
        self.file = problem.file
        self.line = problem.line
        self.column = problem.column
        self.json_path = problem.json_path
        self.message = problem.message

    def __str__(self) -> str:
        return str(self.problem)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.problem,)


class ModelError(Error):
    """Models, a release or a policy could not be used. What was loaded or published before goes on serving."""


class InvalidArgumentError(ModelError, ValueError):
    """An argument is impossible.

    An impossible id or path, or a file of another type than the call takes.
    """


class ChecksumError(ModelError):
    """A file of a release, or a compiled file, is not as it was published."""


class SecretError(ModelError):
    """The models' keys are under another secret than the engine's, or SECRET is malformed."""


class UnknownReleaseError(ModelError, LookupError):
    """There is no release of that id, or no LATEST, so that none serves yet."""


class NotCompiledError(ModelError):
    """An index would have to be built, and the engine was created with ``compiled_only``."""


class StateError(Error):
    """The engine is not in a state for this call, though nothing is wrong; ``status`` says which.

    ``NO_PREVIOUS``: nothing to go back to. ``NOTHING_FOLLOWED``: no directory of releases (and no policy) was loaded.
    ``NOTHING_PREPARED`` and ``STALE``: nothing to commit, or the engine has changed since. ``NO_POLICY``: no policy is
    loaded.
    """


class UnknownSourceError(Error, LookupError):
    """The engine does not know that generation (any more), or the generation has no such source."""


class ModelNotFoundError(ModelError, FileNotFoundError):
    """There is no such file or directory."""

    def __init__(self, problem: Problem) -> None:
        ModelError.__init__(self, problem)
        FileNotFoundError.__init__(self, errno.ENOENT, problem.message, problem.file)


class ReleaseExistsError(Error, FileExistsError):
    """A release of that id is there already."""

    def __init__(self, problem: Problem) -> None:
        Error.__init__(self, problem)
        FileExistsError.__init__(self, errno.EEXIST, problem.message, problem.file)


class BusyError(Error):
    """Another process is publishing or pruning in that directory. Try again when it has finished."""


class WriteError(Error):
    """A file could not be written: disk full, permission, I/O error. Existing files are unchanged."""


class RequestError(Error, ValueError):
    """A request could not be read or is beyond a limit."""


class NothingLoadedError(Error):
    """Scoring, a policy, or what serves was asked for before any models were loaded."""


class OutOfMemoryError(Error, MemoryError):
    """Memory ran out. Nothing changed; the caller may retry."""


def problem_of(error: ErrorStruct) -> Problem:
    """Copy what the library reported, so that it outlives the call."""
    try:
        status: int = Status(error.status)
    except ValueError:
        status = error.status
    return Problem(
        status=status,
        status_name=library.valuation_status_name(error.status).decode(),
        file=error.file.decode(errors="replace"),
        line=error.line,
        column=error.column,
        json_path=error.json_path.decode(errors="replace"),
        message=error.message.decode(errors="replace"),
    )


def load_failure(error: ErrorStruct) -> Error:
    """Return the exception for models or releases that could not be read or written."""
    problem = problem_of(error)
    special: dict[int, type[Error]] = {
        Status.INVALID_ARGUMENT: InvalidArgumentError,
        Status.OUT_OF_MEMORY: OutOfMemoryError,
        Status.FILE_NOT_FOUND: ModelNotFoundError,
        Status.CHECKSUM: ChecksumError,
        Status.WRITE_FAILED: WriteError,
        Status.UNKNOWN_RELEASE: UnknownReleaseError,
        Status.RELEASE_EXISTS: ReleaseExistsError,
        Status.BUSY: BusyError,
        Status.SECRET: SecretError,
        Status.NOT_COMPILED: NotCompiledError,
        Status.NO_PREVIOUS: StateError,
        Status.NOTHING_FOLLOWED: StateError,
        Status.NOTHING_PREPARED: StateError,
        Status.STALE: StateError,
    }
    return special.get(problem.status, ModelError)(problem)


def policy_failure(error: ErrorStruct) -> Error:
    """Return the exception for a policy that could not be loaded."""
    failure = load_failure(error)
    return NothingLoadedError(failure.problem) if failure.status == Status.NOTHING_LOADED else failure


def request_failure(error: ErrorStruct) -> Error:
    """Return the exception for a failed request."""
    problem = problem_of(error)
    special: dict[int, type[Error]] = {
        Status.INVALID_ARGUMENT: InvalidArgumentError,
        Status.OUT_OF_MEMORY: OutOfMemoryError,
        Status.NOTHING_LOADED: NothingLoadedError,
        Status.NO_POLICY: StateError,
        Status.UNKNOWN_GENERATION: UnknownSourceError,
        Status.UNKNOWN_SOURCE: UnknownSourceError,
    }
    return special.get(problem.status, RequestError)(problem)


def creation_failure(error: ErrorStruct) -> Error:
    """Return the exception for an engine or scorer that could not be made."""
    problem = problem_of(error)
    return OutOfMemoryError(problem) if problem.status == Status.OUT_OF_MEMORY else Error(problem)
