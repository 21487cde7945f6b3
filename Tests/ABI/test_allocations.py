# SPDX-License-Identifier: Apache-2.0
"""Memory: none is taken while scoring, and a load that gets none harms nothing."""

from pathlib import Path

import pytest

from .model_files import BETTER, model, write_models
from .programs import Toolchain

CALLS = ["score", "rank", "score_batch", "score_badly"]


@pytest.fixture(scope="module")
def counts(toolchain: Toolchain, models: Path, better_models: Path, request_file: Path) -> dict[str, int]:
    """How many allocations each thing took."""
    lines = toolchain.program("allocations").run(models, better_models, request_file).splitlines()
    return {name: int(count) for name, count in (line.split() for line in lines)}


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


def test_the_first_call_on_larger_models_grows_the_scratch_space_once(counts: dict[str, int]):
    assert counts["score_first_after_a_load"] <= 1


def test_json_calls_keep_their_buffers(counts: dict[str, int], record_property):
    record_property("allocations of a JSON call", counts["json_later"])
    print(
        "allocations of the first, second and later JSON calls:",
        counts["json_first"],
        counts["json_second"],
        counts["json_later"],
    )
    assert counts["json_second"] < counts["json_first"]
    assert counts["json_third"] == counts["json_second"] == counts["json_later"]


@pytest.mark.parametrize("call", ["load", "refuse", "scorer", "json", "explain", "describe"])
def test_a_call_that_gets_no_memory_harms_nothing_and_can_be_repeated(
    toolchain: Toolchain, models: Path, tmp_path: Path, request_file: Path, call: str
):
    sound = write_models(tmp_path / "sound.jsonl.gz", BETTER[-1:])
    faulty = write_models(tmp_path / "faulty.json", [model(categorical={"slot": {"12": "no number"}})])
    program = toolchain.program("out_of_memory")
    finished = program.start(call, models, faulty if call == "refuse" else sound, request_file)
    assert finished.returncode == 0, finished.stderr
    failures, survived = map(int, finished.stdout.split())
    assert failures > 0, "no allocation was made, so none could fail"
    assert survived == failures, finished.stderr
