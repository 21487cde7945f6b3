# SPDX-License-Identifier: Apache-2.0
"""The machine code of the scoring path: no reference counting, no allocation, no lock.

The tests look at the exported calls, all functions named after the scoring code, the loops for every instruction set,
and all functions that these call. `Cost`, `Deadline` and `PerfectHash` are nearly always inlined into them.
"""

import re
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from .assembly import Function, disassemble, reachable

ENTRIES = ("valuation_score", "valuation_rank", "valuation_score_batch")
READING = ("read", "resolve", "look_up", "sum_rows", "add_rows", "add_pair")
LOOPS = (*READING, "scale", "sigmoid", "draw", "average", "write")
LEVELS = ("baseline", "avx2", "avx512")
# AVX2 uses the baseline's versions of these.
MISSING_LOOPS = {f"{loop}_avx2" for loop in ("read", "write")}
# Types with at least one function that is never inlined, then types whose functions may all be inlined.
TYPES = ("Scoring", "TargetScoring", "RequestTerms", "Ranking", "PolicyScoring")
INLINED_TYPES = ("Cost", "Deadline", "PerfectHash")

# Not checked: the first call after a load grows the scratch space, a failed call says why, a batch copies the features
# of a request whose draws have no seed, and only valuation_explore records what it needs for propensities.
EXCEPTIONS = {
    "growing the scratch space": r"13TargetScratchV7prepare",
    "growing the policy's scratch space": r"6ScorerV7prepare",
    "describing a failure": r"4NoteV8describe",
    "making a seed from shared and own features": r"14SharedFeaturesV4seed",
    "recording for propensities what may move an ad": r"13PolicyScoringV4note",
}
# Allowed calls to other libraries: the clock for time budgets and rules, short copies and zeros, copies of a request's
# rows, and the check of gcc's stack protector; under a policy, comparing a unit's name, and the functions of predictors
# other than a lone model.
ALLOWED = {"clock_gettime", "memcpy", "memmove", "memset", "__stack_chk_fail", "bcmp", "exp", "log", "sqrt"}
# These call the loops through the table of the machine's instruction set; some are inlined into the entries.
CALLING_LOOPS = re.compile(
    r"^\$[es]9Valuation((13Target|13Policy|7)Scoring|13EnsembleMeans|14CandidateSlots)"
    r"|^(\$[es]9Valuation\d+)?valuation_(score|rank)"
)


def function_of(type_name: str) -> re.Pattern[str]:
    """Matches the mangled names of a type's functions."""
    return re.compile(rf"^\$[es]9Valuation{len(type_name)}{type_name}V")


@pytest.fixture(scope="module")
def functions(unstripped_library: Path) -> dict[str, Function]:
    return disassemble(unstripped_library)


@pytest.fixture(scope="module")
def hot(functions: dict[str, Function]) -> dict[str, Function]:
    names = [function_of(name) for name in TYPES + INLINED_TYPES]
    roots = {name for name in functions if any(pattern.search(name) for pattern in names)}
    roots |= {f"{loop}_{level}" for loop in LOOPS for level in LEVELS} - MISSING_LOOPS
    return reachable(functions, roots | set(ENTRIES), re.compile("|".join(EXCEPTIONS.values())))


def text_of(path: Path) -> bytes:
    """The machine code of a library."""
    with path.open("rb") as file:
        return ELFFile(file).get_section_by_name(".text").data()


def test_the_checked_library_is_the_shipped_one(library: Path, unstripped_library: Path):
    is_same = text_of(library) == text_of(unstripped_library)
    assert is_same, "build/lib and .build-library come from different builds; run `make build`."


@pytest.mark.parametrize("name", [*ENTRIES, *sorted({f"{a}_{b}" for a in LOOPS for b in LEVELS} - MISSING_LOOPS)])
def test_each_entry_and_loop_is_found(hot: dict[str, Function], name: str):
    assert name in hot, "the library has no such function; if it was renamed, rename it here"


@pytest.mark.parametrize("name", TYPES)
def test_the_entries_lead_to_each_part_of_the_scoring_code(functions: dict[str, Function], name: str):
    led_to = reachable(functions, ENTRIES, re.compile("|".join(EXCEPTIONS.values())))
    # Ranking may be inlined into valuation_rank; its own functions then serve only the JSON calls.
    found = functions if name == "Ranking" else led_to
    assert any(function_of(name).search(function) for function in found)


@pytest.mark.parametrize("what", EXCEPTIONS)
def test_each_exception_is_still_needed(functions: dict[str, Function], hot: dict[str, Function], what: str):
    called = {call for function in hot.values() for call in function.calls}
    assert any(re.search(EXCEPTIONS[what], name) for name in called & set(functions)), "no hot function calls it now"


def test_hot_functions_count_no_references_and_check_no_access(hot: dict[str, Function]):
    assert {f.name: calls for f in hot.values() if (calls := {c for c in f.calls if c.startswith("swift_")})} == {}


def test_of_other_libraries_hot_functions_call_only_the_clock_and_copies(hot: dict[str, Function]):
    outside = {f.name: {c.removesuffix("@plt") for c in f.calls if c.endswith("@plt")} for f in hot.values()}
    assert {name: calls - ALLOWED for name, calls in outside.items() if calls - ALLOWED} == {}


def test_only_the_loops_are_called_by_address(hot: dict[str, Function]):
    assert any(f.calls_by_address for f in hot.values()), "nothing calls the loops"
    assert [f.name for f in hot.values() if f.calls_by_address and not CALLING_LOOPS.search(f.name)] == []


def test_hot_functions_lock_memory_only_to_announce_the_models_in_use(hot: dict[str, Function]):
    locking = [f for f in hot.values() if f.locked]
    # In each entry, inlined or not, one instruction writes the scorer's own memory (Engine.Reader).
    assert {f.name: f.locked for f in locking if not any(entry in f.name for entry in ENTRIES)} == {}
    assert {len(f.locked) for f in locking} == {1}


def test_values_are_not_copied_byte_by_byte(hot: dict[str, Function]):
    outlined = [f for f in hot.values() if re.search(r"WO[a-z]$", f.name)]
    assert [f.name for f in outlined if f.has_loop or f.calls] == []
