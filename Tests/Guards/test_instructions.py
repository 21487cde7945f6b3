# SPDX-License-Identifier: Apache-2.0
"""The instructions of a request, as callgrind counts them, are compared with instructions.json.

The counts do not depend on the machine's load. They depend on the compiler, and on the processor if it lacks AVX2.
Valgrind 3.19 does not know AVX-512, so the counts cover the AVX2 loops and the baseline's. They show neither a change
of the other loops nor cache misses: `make bench` measures time.
"""

import json
from pathlib import Path
from typing import NamedTuple

import pytest

from .callgrind import Programs, compiled
from .conftest import REPOSITORY
from .workload import write_models, write_requests

HERE = Path(__file__).resolve().parent
COUNTS = HERE / "instructions.json"
UPDATE = ".venv/bin/python -m pytest Tests/Guards/test_instructions.py --write-instructions"
# The most that a count may exceed the recorded one, and how far below it the recorded one is out of date.
ALLOWED, OUT_OF_DATE = 1.05, 0.90


class Case(NamedTuple):
    """A call of valuation_score."""

    candidates: int
    ad_features: int
    pricing: str
    requests: int
    switches: int = 0


CASES = {
    "score, CPC, 1000 candidates": Case(1000, 0, "cpc", requests=5),
    "score, CPA, 1000 candidates": Case(1000, 0, "cpa", requests=5),
    "score, CPA, 1000 candidates of 3 features": Case(1000, 3, "cpa", requests=5),
    "score, CPA, 1 candidate": Case(1, 0, "cpa", requests=50),
    "score, CPA, 1 candidate of 3 features": Case(1, 3, "cpa", requests=50),
    "score, CPA, 10 candidates": Case(10, 0, "cpa", requests=50),
    "score, CPA, 10 candidates of 3 features": Case(10, 3, "cpa", requests=50),
}
# VALUATION_SWITCH_USE_BASELINE; the others are counted with AVX2.
BASELINE = 1 << 3
CASES |= {f"{name}, baseline": case._replace(switches=BASELINE) for name, case in CASES.items()}
JSON_CASE = "score_json, CPA, 1000 candidates of 3 features"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(write_models(tmp_path_factory.mktemp("models") / "models.jsonl"))


@pytest.fixture(scope="module")
def programs(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Programs:
    if "avx2" not in Path("/proc/cpuinfo").read_text(encoding="utf-8"):
        pytest.skip("the recorded counts come from machines with AVX2")
    return Programs(library, tmp_path_factory.mktemp("instructions"))


def compare(case: str, counted: int, config: pytest.Config) -> None:
    """Compares the instructions of one request with the recorded count, or records them."""
    noted = json.loads(COUNTS.read_text(encoding="utf-8")) if COUNTS.exists() else {}
    if config.getoption("--write-instructions"):
        kept = {name: count for name, count in noted.items() if name in (*CASES, JSON_CASE)}
        COUNTS.write_text(json.dumps(kept | {case: counted}, indent=4, sort_keys=True) + "\n", encoding="utf-8")
        return
    assert case in noted, f"{COUNTS.name} has no count for it; run {UPDATE}"
    change = f"{case}: {counted:,} instructions a request, {noted[case]:,} recorded ({counted / noted[case] - 1:+.1%})."
    assert counted <= noted[case] * ALLOWED, f"{change} If the change is worth it, record them: {UPDATE}"
    assert counted >= noted[case] * OUT_OF_DATE, f"{change} Fewer: record them, so that the gain is kept: {UPDATE}"


@pytest.mark.parametrize("case", CASES)
def test_a_request_takes_no_more_instructions_than_recorded(
    case: str, programs: Programs, models: Path, pytestconfig: pytest.Config
):
    candidates, ad_features, pricing, requests, switches = CASES[case]
    total = programs.count(
        "valuation_score",
        HERE / "score_requests.c",
        *(models, requests, candidates, ad_features, pricing, switches),
        options=("--instr-atstart=no",),
    )
    compare(case, total // requests, pytestconfig)


def test_a_json_request_takes_no_more_instructions_than_recorded(
    programs: Programs, models: Path, tmp_path: Path, pytestconfig: pytest.Config
):
    requests = write_requests(tmp_path / "requests.jsonl", count=3, candidates=1000)
    total = programs.count("valuation_score_json", REPOSITORY / "Tests" / "ABI" / "score_requests.c", models, requests)
    compare(JSON_CASE, total // 3, pytestconfig)


#: Of request_forms.c.
REQUESTS, COMMON = 8, 27


def count_form(programs: Programs, models: Path, function: str, form: str, candidates: int, ad_features: int) -> int:
    """The instructions of all requests in one form."""
    arguments = (models, form, candidates, ad_features)
    return programs.count(function, HERE / "request_forms.c", *arguments, options=("--instr-atstart=no",))


@pytest.mark.parametrize(("candidates", "ad_features"), [(1, 3), (10, 3), (1000, 0), (1000, 3)])
def test_the_flat_form_costs_a_few_instructions_a_candidate(
    programs: Programs, models: Path, candidates: int, ad_features: int
):
    arguments = (programs, models)
    pointers = count_form(*arguments, "valuation_score", "pointers", candidates, ad_features)
    flat = count_form(*arguments, "valuation_score_flat", "flat", candidates, ad_features)
    more = (flat - pointers) / REQUESTS
    assert more <= 400 + 24 * candidates, f"{more:.0f} instructions more a request"


def test_an_outcome_costs_a_fixed_number_of_instructions(programs: Programs, models: Path):
    def more(candidates: int) -> float:
        with_outcome, without = (
            count_form(programs, models, "valuation_score", form, candidates, 3) for form in ("outcome", "pointers")
        )
        return (with_outcome - without) / REQUESTS

    # Most of it reads the clock twice, which callgrind counts as calls of the C library.
    assert 0 < more(10) <= 500
    assert more(1000) == more(10)


def test_shared_features_are_looked_up_once(programs: Programs, models: Path):
    own, shared = (count_form(programs, models, "valuation_score_batch", form, 1, 0) for form in ("own", "shared"))
    # A lookup of a label takes some 35 instructions.
    assert own - shared >= (REQUESTS - 1) * COMMON * 30, f"{own - shared} instructions fewer in all"
    text = [programs.output(HERE / "request_forms.c", models, form, 7, 3) for form in ("own", "shared")]
    assert text[0] == text[1]


@pytest.mark.parametrize("function", ["valuation_scorer_create", "valuation_scorer_destroy"])
def test_a_scorer_costs_the_same_among_many(function: str, programs: Programs, models: Path):
    # Not fewer than 200: the first ones get memory that glibc's allocator need not search for.
    few, many = (programs.count(function, HERE / "many_scorers.c", models, count) / count for count in (200, 1000))
    assert many <= few * ALLOWED, f"{many:.0f} instructions each of 1,000, {few:.0f} each of 200"


def test_an_engine_uses_the_instruction_set_that_it_was_asked_for(programs: Programs, models: Path):
    best, baseline = (
        programs.count("valuation_score", HERE / "score_requests.c", models, 1, 1000, 3, "cpa", switches)
        for switches in (0, BASELINE)
    )
    assert baseline > 1.3 * best, f"{best:,} instructions with AVX2, {baseline:,} with the baseline"


def test_every_recorded_count_belongs_to_a_case():
    assert set(json.loads(COUNTS.read_text(encoding="utf-8"))) == {*CASES, JSON_CASE}
