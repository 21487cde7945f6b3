# SPDX-License-Identifier: Apache-2.0
"""Bad input while serving: a flag on what it concerns, and the same bits for everything else."""

from pathlib import Path

from .model_files import model, write_models
from .programs import Toolchain


def test_one_bad_candidate_is_worth_nothing_and_the_others_keep_their_values(toolchain: Toolchain, models: Path):
    toolchain.program("bad_candidates").run(models)


def test_bad_features_of_the_request_and_campaigns_without_models_are_flagged(
    toolchain: Toolchain, models: Path, tmp_path: Path
):
    program = toolchain.program("bad_requests", libraries=(*toolchain.package_flags("--libs"), "-lm"))
    program.run(models, write_models(tmp_path / "1042.json", [model()]))
