# SPDX-License-Identifier: Apache-2.0
"""Hosts with functions of the same names, other locales and other habits."""

from pathlib import Path

from .model_files import MODELS, model, write_models
from .policy_files import override, policy, write_policy
from .programs import HERE, Toolchain

# The stride between the steps of a call that are tried. 1 tries all, which takes a few minutes.
STRIDE = "23"


def test_the_hosts_functions_of_the_same_names_are_not_called(toolchain: Toolchain, models: Path, tmp_path: Path):
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
    assert len(tried) == 6
    assert min(tried) > 2, f"too few steps tried: {tried}"


def test_cancelling_waits_for_the_end_of_a_load(toolchain: Toolchain, models: Path, tmp_path: Path):
    releases = tmp_path / "releases"
    toolchain.program("publish").run(models, releases, "first")
    assert int(toolchain.program("cancelled").run(models, releases, STRIDE)) > 2


def test_no_file_takes_the_number_of_a_closed_standard_stream(toolchain: Toolchain, models: Path, tmp_path: Path):
    toolchain.program("closed_streams").run(models, tmp_path / "releases")
