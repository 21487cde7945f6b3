# SPDX-License-Identifier: Apache-2.0
"""A request has the same values in every form, and an outcome that says how they came about."""

from pathlib import Path

import pytest

from .policy_files import experiment, override, policy, publish_two_releases, three_layers, write_policy
from .programs import Program, Toolchain

EXPLORING = {"production": {"release": "LATEST", "exploration": 1.0}}
POLICIES = {
    "no policy": None,
    "every kind of rule": three_layers(),
    "observed rates": policy(predictors={"production": {"naive": {}}}),
    "a constant": policy(predictors={"production": {"constant": {"pctr": 0.01, "pcvr": 0.02}}}),
    "draws": policy(predictors=EXPLORING),
    "draws and chance": policy(predictors=EXPLORING, minimum_propensity=0.001),
    "drawn rates": policy(predictors={"production": {"naive": {}, "exploration": 0.7}}),
    "a mean": policy(predictors={"production": {"ensemble": ["first", "LATEST"]}}),
    "draws for some": policy(
        predictors={"production": {"release": "LATEST"}, "trial": {"release": "first", "exploration": 2.0}},
        overrides=[override("trial", scope={"campaigns": ["77"]})],
        experiments=[
            experiment(
                "move",
                variants=[{"name": "control", "share": 0}, {"name": "treatment", "share": 10000, "predictor": "trial"}],
                scope={"campaigns": ["1042"]},
            )
        ],
    ),
}


@pytest.fixture(scope="module")
def forms(toolchain: Toolchain) -> Program:
    return toolchain.program("forms", libraries=(*toolchain.package_flags("--libs"), "-lm"))


@pytest.fixture(scope="module")
def releases(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish_two_releases(toolchain, tmp_path_factory.mktemp("releases"))


@pytest.mark.parametrize("name", POLICIES)
def test_every_form_of_a_request_gives_the_same_bits_and_outcome(
    forms: Program, releases: Path, tmp_path: Path, name: str
):
    document = POLICIES[name]
    forms.run(releases, *([] if document is None else [write_policy(tmp_path / "policy.json", document)]))


def test_the_flat_form_shared_features_and_outcomes_refuse_wrong_arguments(toolchain: Toolchain, models: Path):
    libraries = (*toolchain.package_flags("--libs"), "-lm")
    toolchain.program("flat_arguments", libraries=libraries).run(models)
