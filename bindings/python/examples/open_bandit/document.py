# SPDX-License-Identifier: Apache-2.0
"""Turns a trained model into a document of the format valuation-model/1, with examples for the loader's self-test."""

from __future__ import annotations

from typing import Any

import valuation.sklearn
from train import TrainedModel


def model_document(model: TrainedModel, version: str) -> dict[str, Any]:
    """The document as json.dumps takes it.

    version  the start of the batch, for example "2019-11-30T00:00:00Z"
    """
    return valuation.sklearn.document(
        model.pipeline,
        campaign=model.campaign,
        target=model.target,
        version=version,
        negative_sampling_rate=model.negative_sampling_rate,
        rows=model.sample,
        training={
            "rows": model.rows,
            "positives": model.positives,
            "base_rate": model.positives / model.rows,
            "from": model.first.isoformat(),
            "to": model.last.isoformat(),
        },
    )
