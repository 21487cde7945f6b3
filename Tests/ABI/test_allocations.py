# SPDX-License-Identifier: Apache-2.0
"""Memory: scoring allocates none, and a load that gets none does no harm."""

import gzip
import json
from pathlib import Path

import pytest

from .model_files import BETTER, many_models, model, write_models
from .programs import Toolchain

CALLS = [
    "score",
    "score_few",
    "score_bare",
    "score_crossing",
    "score_badly",
    "rank",
    "score_batch",
    "score_flat",
    "score_shared",
]
# The models loaded while the others serve. The larger sets take every path of the scoring code: rows for all models,
# long and short lists, and numbers, each added to all models at once or looked up for each candidate.
LARGER = {"one model more": BETTER, "many": many_models(extend=False), "many that extend": many_models(extend=True)}


@pytest.fixture(scope="module", params=LARGER)
def counts(
    toolchain: Toolchain,
    models: Path,
    request_file: Path,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> dict[str, int]:
    """The number of allocations of each operation."""
    larger = write_models(tmp_path_factory.mktemp("larger") / "models.jsonl", LARGER[request.param])
    lines = toolchain.program("allocations").run(models, larger, request_file).splitlines()
    taken = {name: int(count) for name, count in (line.split() for line in lines)}
    return taken | {"models": len(LARGER[request.param])}


def test_the_counter_sees_the_librarys_allocations(counts: dict[str, int]):
    assert counts["load"] > 100
    assert counts["scorer_create"] > 1
    assert counts["released"] > 100


@pytest.mark.parametrize("call", CALLS)
def test_scoring_allocates_nothing_from_the_first_call_on(counts: dict[str, int], call: str):
    assert counts[f"{call}_from_the_first_call"] == 0


@pytest.mark.parametrize("call", CALLS)
def test_scoring_allocates_nothing_after_the_first_call_on_larger_models(counts: dict[str, int], call: str):
    assert counts[f"{call}_after_a_load"] == 0


def test_the_first_call_after_a_load_grows_the_scratch_space_only_if_it_is_too_small(counts: dict[str, int]):
    assert (counts["score_first_after_a_load"] > 0) == (counts["models"] > 16)


def test_json_calls_allocate_nothing_after_the_first(counts: dict[str, int]):
    assert counts["json_first"] > 0
    assert counts["json_later"] == 0


@pytest.mark.parametrize("call", ["load", "refuse", "scorer", "json", "explain", "describe"])
def test_a_call_without_memory_does_no_harm_and_can_be_repeated(
    toolchain: Toolchain, models: Path, tmp_path: Path, request_file: Path, call: str
):
    sound = tmp_path / "sound.jsonl.gz"
    # The longest text read so far, so that memory may run out within the number.
    long_number = '{"unknown": 0.123456789012e5, '
    sound.write_bytes(gzip.compress((long_number + json.dumps(BETTER[-1])[1:]).encode()))
    faulty = write_models(tmp_path / "faulty.json", [model(categorical={"slot": {"12": "no number"}})])
    program = toolchain.program("out_of_memory")
    finished = program.start(call, models, faulty if call == "refuse" else sound, request_file)
    assert finished.returncode == 0, finished.stderr
    failures, survived = map(int, finished.stdout.split())
    assert failures > 0, "the call allocated nothing, so nothing could fail"
    assert survived == failures, finished.stderr
