# SPDX-License-Identifier: Apache-2.0
"""Spark trains, byte for byte, the same models as one machine."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest

from spark.small_log import AS_OF, Log
from valuation_pipeline.computing import Computing
from valuation_pipeline.features import summary
from valuation_pipeline.sampling import SamplingOptions
from valuation_pipeline.training.options import Target, TrainingOptions
from valuation_pipeline.training.train import train

pytestmark = pytest.mark.thorough

EASY = {"minimum_expected_positives": 1}
"""With this, small campaigns have models of their own, too."""


def written(chosen: Computing, log: Log, target: Target, one_in: int, **told: Any) -> tuple[str, str, pa.Table]:
    """models.jsonl, the report on the campaigns, and the held-back rows."""
    table = chosen.tabulate(log.examples, log.feature_set, SamplingOptions(one_in=one_in))
    share = summary(table).sample.share
    options = TrainingOptions.model_validate(EASY | told)
    trained = train(table, log.feature_set, options, target, AS_OF, share, chosen.workers)
    models = "".join(json.dumps(document) + "\n" for document in trained.documents)
    return models, json.dumps(trained.campaigns), trained.held_out


@pytest.mark.parametrize(
    ("target", "one_in", "told"),
    [
        ("click", 3, {"strategy": "corrections", "variances": True, "half_life_days": 10.0}),
        ("click", 1, {"strategy": "separate"}),
        ("conversion", 3, {"strategy": "corrections", "delay": "offset", "variances": True}),
        ("conversion", 3, {"strategy": "separate", "half_life_days": 10.0}),
        ("click", 3, {"strategy": "corrections", "validation_days": 30}),  # no day can be held back
    ],
)
def test_models_equal_those_of_one_machine(
    log: Log, local: Computing, spark: Computing, target: Target, one_in: int, told: dict[str, Any]
) -> None:
    expected = written(local, log, target, one_in, **told)
    models, campaigns, held_out = written(spark, log, target, one_in, **told)
    assert models == expected[0]
    assert campaigns == expected[1]
    assert held_out.equals(expected[2])
    own = models.count("\n") - ("validation_days" in told)
    assert own >= (0 if "validation_days" in told else 10)
