# SPDX-License-Identifier: Apache-2.0
"""Children of a run die with it, so that none goes on writing to a day that a new run works on."""

from __future__ import annotations

import ctypes
import os
import signal

_PR_SET_PDEATHSIG = 1


def let_children_die_with_their_parents() -> None:
    """Make the kernel kill every process that is forked from now on when its parent ends (prctl(2))."""
    libc = ctypes.CDLL(None, use_errno=True)
    parent = 0

    def remember() -> None:
        nonlocal parent
        parent = os.getpid()

    def follow() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it was gone before that
            os.kill(os.getpid(), signal.SIGKILL)

    os.register_at_fork(before=remember, after_in_child=follow)
