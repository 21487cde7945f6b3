# SPDX-License-Identifier: Apache-2.0
"""No argument, however wrong, harms the host: each call refuses what it cannot accept, and says why."""

from pathlib import Path

import pytest

from .programs import Toolchain


def test_names_and_keys_take_every_argument(toolchain: Toolchain):
    toolchain.program("names_and_keys").run()


@pytest.mark.parametrize("program", ["engine_arguments", "scoring_arguments", "json_arguments"])
def test_wrong_arguments_are_refused_and_edge_cases_accepted(toolchain: Toolchain, models: Path, program: str):
    toolchain.program(program).run(models)


def test_the_calls_for_releases_accept_what_the_header_says(
    toolchain: Toolchain, models: Path, better_models: Path, tmp_path: Path
):
    toolchain.program("release_arguments", libraries=(*toolchain.package_flags("--libs"), "-lm")).run(
        models, better_models, tmp_path / "releases"
    )


def test_a_key_asked_for_during_the_first_load_has_the_secret_of_the_models(
    toolchain: Toolchain, models: Path, tmp_path: Path
):
    toolchain.program("publish").run(models, tmp_path / "releases", "first")
    toolchain.program("late_key").run(tmp_path / "releases")
