# SPDX-License-Identifier: Apache-2.0
"""The library in its host's process: it changes nothing, leaves nothing behind and survives everything."""

import json
import os
from pathlib import Path

import pytest

from .model_files import BETTER, MODELS, model, write_models
from .policy_files import experiment, override, policy, write_policy
from .programs import HERE, Toolchain

SWAPS = "60"
VALGRIND = ("valgrind", "--quiet", "--leak-check=full", "--show-leak-kinds=definite,indirect", "--error-exitcode=99",
            "--errors-for-leak-kinds=definite,indirect")  # fmt: skip


@pytest.fixture(scope="module")
def refused_paths(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Files that a load refuses at each of its stages, each after something valid."""
    directory = tmp_path_factory.mktemp("refused")
    wrong_test = json.loads(json.dumps(MODELS))
    wrong_test[-1]["self_test"][-1]["probability"] = 0.5
    faulty = {
        "type.jsonl.gz": [*MODELS, model("8", categorical={"slot": {"12": "no number"}})],
        "base.jsonl": [*MODELS, model("8", extends="nowhere")],
        "twice.jsonl": [*MODELS, MODELS[0]],
        "cross.jsonl.gz": [*MODELS, model("8", crosses=[{"fields": ["slot", "os"], "weights": [["1", "2", 3]] * 2}])],
        "test.jsonl": wrong_test,
    }
    paths = [write_models(directory / name, documents) for name, documents in faulty.items()]
    for name, content in {
        "cut.json": b'{"format": ',
        "cut.json.gz": paths[0].read_bytes()[:-20],
        "empty.jsonl": b"",
    }.items():
        (directory / name).write_bytes(content)
        paths.append(directory / name)
    os.mkfifo(directory / "pipe.json")
    (directory / "nothing").mkdir()
    return [*paths, directory / "pipe.json", directory / "nothing", directory / "absent.json", directory]


def write_everything(path: Path) -> Path:
    """A policy with every kind of rule and predictor that the impression's models allow."""
    halves = [{"name": "control", "share": 5000}, {"name": "curious", "share": 5000, "predictor": "curious"}]
    document = policy(
        predictors={
            "production": {"release": "LATEST"},
            "curious": {"release": "LATEST", "exploration": 1},
            "house": {"constant": {"pctr": 0.01, "pcvr": 0.1}},
        },
        overrides=[override("house", scope={"campaigns": ["77"]})],
        experiments=[experiment("half", variants=halves), experiment("other", layer="another")],
        campaigns={"1042": {"multiplier": 1.5}},
    )
    return write_policy(path, document)


def test_the_process_is_the_same_before_and_after(
    toolchain: Toolchain,
    models: Path,
    better_models: Path,
    request_file: Path,
    refused_paths: list[Path],
    tmp_path: Path,
):
    program = toolchain.program("guest", libraries=("-ldl", "-lm"))
    releases = tmp_path / "releases"
    releases.mkdir()
    # The standard secret, so that one engine can load this directory and models outside any directory of releases.
    (releases / "SECRET").write_text("243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89\n")
    # Count freed memory as free.
    environment = {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=0"}
    policy_file = write_everything(tmp_path / "policy.json")
    arguments = (toolchain.library, models, better_models, request_file, releases, policy_file, *refused_paths)
    finished = program.start(*arguments, environment=environment)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")


def test_engines_and_scorers_live_and_end_as_the_host_likes(
    toolchain: Toolchain, models: Path, better_models: Path, refused_paths: list[Path]
):
    toolchain.program("lives").run(models, better_models, refused_paths[0])


def test_answers_given_while_models_are_swapped_come_from_one_set_as_a_whole(
    toolchain: Toolchain, models: Path, better_models: Path, request_file: Path
):
    output = toolchain.program("swap_while_scoring").run(models, better_models, request_file, SWAPS)
    assert all(int(count) > 10 for count in output.split()), output


def test_no_memory_is_lost_or_misused(
    toolchain: Toolchain,
    models: Path,
    better_models: Path,
    request_file: Path,
    refused_paths: list[Path],
    tmp_path: Path,
):
    program = toolchain.program("whole_life")
    policy_file = write_everything(tmp_path / "policy.json")
    finished = program.start(models, better_models, request_file, "clean", policy_file, *refused_paths, under=VALGRIND)
    assert (finished.returncode, finished.stderr) == (0, "")


def test_the_memory_checker_notices_a_lost_scorer(
    toolchain: Toolchain, models: Path, request_file: Path, tmp_path: Path
):
    one_model = write_models(tmp_path / "one.jsonl", BETTER[:1])
    program = toolchain.program("whole_life")
    policy_file = write_everything(tmp_path / "policy.json")
    absent = tmp_path / "absent.json"
    finished = program.start(one_model, models, request_file, "leak", policy_file, absent, under=VALGRIND)
    assert finished.returncode == 99
    assert "valuation_scorer_create" in finished.stderr


@pytest.mark.parametrize("candidates", [1, 3, 40])
def test_no_answer_depends_on_uninitialised_memory(toolchain: Toolchain, tmp_path: Path, candidates: int):
    # As many models as a vector is wide, every row dense, and ads with and without need of a conversion model.
    weights = {"slot": {str(value): 0.25 for value in range(40)}}
    path = write_models(
        tmp_path / "dense.jsonl",
        [
            model(str(campaign), target, categorical=weights)
            for campaign in range(64)
            for target in ("click", "conversion")
        ],
    )
    ads = [
        {
            "ad": str(ad),
            "campaign": str(ad % 64),
            "pricing": ("cpc", "cpa")[ad % 2],
            "bid": 1,
            "features": {"slot": "7"},
        }
        for ad in range(candidates)
    ]
    requests = tmp_path / "requests.jsonl"
    requests.write_text(
        json.dumps({"features": {"slot": [str(value) for value in range(40)]}, "candidates": ads}) + "\n"
    )
    libraries = (*toolchain.package_flags("--libs"), "-ljansson", "-lm")
    program = toolchain.compile_source(HERE / "score_requests.c", libraries=libraries)
    finished = program.start(path, requests, under=VALGRIND)
    assert (finished.returncode, finished.stderr) == (0, "")
    assert len(finished.stdout.splitlines()) == candidates
