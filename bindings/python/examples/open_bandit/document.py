# SPDX-License-Identifier: Apache-2.0
"""Turns a trained model into a document of the format valuation-model/1, with examples for the loader's self-test."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import sklearn

from train import CROSS_SEPARATOR, TrainedModel

SELF_TESTS = 20


def model_document(model: TrainedModel, version: str) -> dict[str, Any]:
    """The document as json.dumps takes it. A category of weight 0 is left out; its field is listed all the same.

    version  the start of the batch, for example "2019-11-30T00:00:00Z"
    """
    document: dict[str, Any] = {
        "format": "valuation-model/1",
        "kind": "logistic",
        "campaign": model.campaign,
        "target": model.target,
        "version": version,
        "intercept": float(model.pipeline["fit"].intercept_[0]),
        "negative_sampling_rate": model.negative_sampling_rate,
    }
    document.update(_weights(model))
    document["training"] = {
        "rows": model.rows,
        "positives": model.positives,
        "base_rate": model.positives / model.rows,
        "from": model.first.isoformat(),
        "to": model.last.isoformat(),
        "trainer": f"scikit-learn {sklearn.__version__}",
    }
    document["self_test"] = _self_tests(model)
    return document


def _weights(model: TrainedModel) -> dict[str, Any]:
    encoders = model.pipeline["encode"].named_transformers_
    columns, values_of = encoders["categories"].feature_names_in_, encoders["categories"].categories_
    coefficients = model.pipeline["fit"].coef_[0]
    *category_weights, number_weights = np.split(coefficients, np.cumsum([len(values) for values in values_of]))

    categorical: dict[str, dict[str, float]] = {}
    crosses: list[dict[str, Any]] = []
    for column, values, weights in zip(columns, values_of, category_weights, strict=True):
        weight_of = {value: weight for value, weight in zip(values, weights.tolist(), strict=True) if weight != 0}
        if CROSS_SEPARATOR in column:
            pairs = [[*value.split(CROSS_SEPARATOR), weight] for value, weight in weight_of.items()]
            crosses.append({"fields": column.split(CROSS_SEPARATOR), "weights": pairs})
        else:
            categorical[column] = weight_of

    numeric: dict[str, dict[str, float]] = {}
    if model.features.numbers:
        scaler = encoders["numbers"]
        for field, mean, std, weight in zip(
            model.features.numbers, scaler.mean_, scaler.scale_, number_weights, strict=True
        ):
            if weight:
                numeric[field] = {"mean": float(mean), "std": float(std), "weight": float(weight)}
    return {"categorical": categorical, "numeric": numeric, "crosses": crosses}


def _self_tests(model: TrainedModel) -> list[dict[str, Any]]:
    """Rows spread over the sample, with scikit-learn's own probability, corrected for the sampling."""
    places = np.unique(np.linspace(0, len(model.sample) - 1, SELF_TESTS).astype(int))
    rows: pd.DataFrame = model.sample.iloc[places]
    probabilities = model.probability(rows).tolist()
    return [
        {"features": {**model.features.of_request(row), **model.features.of_ad(row)}, "probability": probability}
        for row, probability in zip(rows.to_dict("records"), probabilities, strict=True)
    ]
