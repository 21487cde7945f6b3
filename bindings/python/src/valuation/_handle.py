# SPDX-License-Identifier: Apache-2.0
"""Ownership of one object of the C library."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from types import TracebackType


class Handle:
    """A C object that is destroyed once, and never while a call uses it.

    ``with handle as pointer:`` surrounds each call. Closing during a call lets that call finish; its end destroys the
    object. An object that nobody closes is destroyed when it is garbage, or by the end of the process.

    Parameters
    ----------
    pointer : int
        The address of the object; owned from now on.
    destroy : callable
        Takes the pointer; called once.
    name : str
        What to call the object in messages.
    exclusive : bool
        Whether calls on the object must not overlap (*one thread per object*), or may (*any thread*).
    """

    def __init__(self, pointer: int, destroy: Callable[[int], None], name: str, exclusive: bool) -> None:
        self._pointer = pointer
        self._name = name
        self._exclusive = exclusive
        self._users = 0
        self._lock = threading.RLock()
        self.closed = False
        # A thread may still be inside the library when the process ends, so nothing is destroyed then.
        self._destroy = weakref.finalize(self, destroy, pointer)
        self._destroy.atexit = False

    def __enter__(self) -> int:
        with self._lock:
            if self.closed:
                raise RuntimeError(f"this {self._name} is closed; make a new one")
            if self._exclusive and self._users:
                raise RuntimeError(
                    f"this {self._name} is being used by another thread; make one {self._name} per thread "
                    f"(engine.scorer()), or share the Engine, which does that by itself"
                )
            self._users += 1
            return self._pointer

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._lock:
            self._users -= 1
            if self.closed and not self._users:
                self._destroy()

    def close(self) -> None:
        """Destroy the object now, or at the end of the last call under way. May be called again, from any thread."""
        with self._lock:
            self.closed = True
            if not self._users:
                self._destroy()
