# SPDX-License-Identifier: Apache-2.0
"""Ownership of one object of the C library."""

from __future__ import annotations

import contextlib
import ctypes
import threading
import weakref
from collections.abc import Callable
from typing import NoReturn


class Handle:
    """A C object that is destroyed once, and never while a call uses it.

    ``with handle.guard():`` surrounds each call with ``handle.pointer``. Closing during a call lets that call finish;
    its end destroys the object. An object that nobody closes is destroyed when it is garbage-collected, or by the end
    of the process.

    A signal handler may raise at the end of any call that Python makes, also within a context manager written in
    Python. So there is no count of users that a call would have to undo. The guard owns the object, and the ``with``
    statement holds the guard. An exclusive guard is a lock of CPython's own: since 3.10 no signal is handled between
    its acquisition and the ``with`` block, nor between that block's end and its release.

    Parameters
    ----------
    name : str
        The name of the object in messages.
    destroy : callable
        Takes the pointer; called once, also if it is still null.
    exclusive : bool
        Whether calls on the object must not overlap (*one thread per object*), or may (*any thread*).
    """

    def __init__(self, name: str, destroy: Callable[[ctypes.c_void_p], None], *, exclusive: bool) -> None:
        #: The call that creates the object writes its address here: an exception after that call loses nothing.
        self.pointer = ctypes.c_void_p()
        self._name = name
        self._guard: threading.Lock | contextlib.nullcontext[None] | None
        self._guard = threading.Lock() if exclusive else contextlib.nullcontext()
        # A thread may still be inside the library when the process ends, so nothing is destroyed then.
        weakref.finalize(self._guard, destroy, self.pointer).atexit = False

    def guard(self) -> contextlib.AbstractContextManager[object]:
        """Return what surrounds a call, or raise RuntimeError if the object is closed or in use elsewhere."""
        guard = self._guard
        if guard is None:
            raise RuntimeError(f"this {self._name} is closed; make a new one")
        if not isinstance(guard, contextlib.nullcontext) and guard.locked():
            raise RuntimeError(
                f"this {self._name} is being used by another thread; make one {self._name} per thread "
                f"(engine.scorer()), or share the Engine, which does that by itself"
            )
        return guard

    def close(self) -> None:
        """Destroy the object now, or at the end of the last call under way. May be called again, from any thread."""
        self._guard = None

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return self._guard is None

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"cannot pickle this {self._name}: it lives in one process, and each makes its own")
