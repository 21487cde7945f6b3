# SPDX-License-Identifier: Apache-2.0
"""Hosts that have what the library has, too: other functions under the same names, other locales, other habits."""

from pathlib import Path

from .model_files import MODELS, model, write_models
from .policy_files import override, policy, write_policy
from .programs import HERE, Toolchain

# Every so many steps of a call are tried. 1 tries all, in a few minutes.
STRIDE = "23"


def test_nothing_of_the_host_is_called_though_it_has_the_same_names(toolchain: Toolchain, models: Path, tmp_path: Path):
    refused = [*MODELS, model("8", categorical={"slot": {"12": "no number"}})]
    libraries = (*toolchain.package_flags("--libs"), "-Wl,-Bstatic", "-ljson-c", "-Wl,-Bdynamic")
    program = toolchain.compile_source(HERE / "strange_host.c", options=("-rdynamic",), libraries=libraries)
    program.run(models, write_models(tmp_path / "refused.jsonl.gz", refused), tmp_path / "releases")


def test_a_child_forked_at_any_step_of_a_call_works_as_if_it_were_alone(
    toolchain: Toolchain, models: Path, better_models: Path, request_file: Path, tmp_path: Path
):
    releases = tmp_path / "releases"
    toolchain.program("publish").run(models, releases, "first")
    policy_file = write_policy(
        tmp_path / "policy.json",
        policy(
            predictors={"production": {"release": "LATEST"}, "house": {"constant": {"pctr": 0.01, "pcvr": 0.1}}},
            overrides=[override("house")],
        ),
    )
    output = toolchain.program("forks").run(models, better_models, releases, policy_file, request_file, STRIDE)
    tried = [int(line) for line in output.split()]
    assert len(tried) == 5
    assert min(tried) > 2, f"too few steps: {tried}"


def test_a_load_is_not_cancelled(toolchain: Toolchain, models: Path, tmp_path: Path):
    releases = tmp_path / "releases"
    toolchain.program("publish").run(models, releases, "first")
    assert int(toolchain.program("cancelled").run(models, releases, STRIDE)) > 2


def test_no_file_is_taken_for_a_closed_standard_stream(toolchain: Toolchain, models: Path, tmp_path: Path):
    toolchain.program("closed_streams").run(models, tmp_path / "releases")
