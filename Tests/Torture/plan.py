# SPDX-License-Identifier: Apache-2.0
"""The parts of the campaign, each in a short form for the tests and in a long form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .bombs import unpack_bombs
from .broken_pulls import break_pulls
from .campaign import Findings, Tools
from .failing_calls import FAULTS, fail_compilers, fail_first_publishers, fail_readers, fail_writers
from .killed_writer import kill_at_any_moment, kill_at_each_call
from .mutations import mutate
from .no_memory import CALLS, fail_allocations
from .policies import mutate_policies
from .rivals import run_rivals
from .rough_host import live_in_a_rough_host
from .strange_files import meet_locked_files, meet_strange_files
from .swaps import swap_releases
from .vanishing import load_what_vanishes


@dataclass(frozen=True)
class Part:
    """A kind of fault."""

    name: str
    short: Callable[[Tools], Findings]
    long: Callable[[Tools], Findings]


PARTS = [
    Part("swaps", lambda tools: swap_releases(tools, 40), lambda tools: swap_releases(tools, 4000)),
    Part("killed-at-calls", lambda tools: kill_at_each_call(tools, 4), kill_at_each_call),
    Part("killed", lambda tools: kill_at_any_moment(tools, 20), lambda tools: kill_at_any_moment(tools, 300)),
    Part("mutations", lambda tools: mutate(tools, 500), lambda tools: mutate(tools, 200_000)),
    Part("policies", lambda tools: mutate_policies(tools, 2000), lambda tools: mutate_policies(tools, 200_000)),
    Part(
        "writers", lambda tools: fail_writers(tools, list(FAULTS), 11), lambda tools: fail_writers(tools, list(FAULTS))
    ),
    Part(
        "first-publishers",
        lambda tools: fail_first_publishers(tools, list(FAULTS), 11),
        lambda tools: fail_first_publishers(tools, list(FAULTS)),
    ),
    Part("pulls", lambda tools: break_pulls(tools, ["EIO"]), lambda tools: break_pulls(tools, ["kill", *FAULTS])),
    Part(
        "compilers",
        lambda tools: fail_compilers(tools, list(FAULTS), 5),
        lambda tools: fail_compilers(tools, list(FAULTS)),
    ),
    Part(
        "readers", lambda tools: fail_readers(tools, list(FAULTS), 5), lambda tools: fail_readers(tools, list(FAULTS))
    ),
    Part("strange", meet_strange_files, meet_strange_files),
    Part("locked", meet_locked_files, meet_locked_files),
    Part("vanishing", lambda tools: load_what_vanishes(tools, 4000), lambda tools: load_what_vanishes(tools, 500_000)),
    Part("rough-host", lambda tools: live_in_a_rough_host(tools, 20), lambda tools: live_in_a_rough_host(tools, 1000)),
    Part("rivals", lambda tools: run_rivals(tools, 60), lambda tools: run_rivals(tools, 6000)),
    Part("bombs", lambda tools: unpack_bombs(tools, 300), lambda tools: unpack_bombs(tools, 10 * 1024)),
    Part("no-memory", lambda tools: fail_allocations(tools, CALLS, 97), lambda tools: fail_allocations(tools, CALLS)),
]
