# SPDX-License-Identifier: Apache-2.0
"""A model that scikit-learn fitted gives scikit-learn's own probabilities."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

import reference
from valuation import Batch, Candidates, Engine, Features, campaign_key


def test_predict_proba_is_reproduced(tmp_path: Path) -> None:
    random = np.random.default_rng(7)
    count = 2000
    columns = {
        "slot": random.integers(0, 30, count).astype(str),
        "os": random.choice(["ios", "android", "web"], count),
        "age": random.normal(40, 12, count),
    }
    scaled = (columns["age"] - 40) / 12
    rows = [
        {"slot": slot, "os": os, "age": age}
        for slot, os, age in zip(columns["slot"], columns["os"], scaled, strict=True)
    ]
    vectorizer = DictVectorizer(sparse=False)
    matrix = vectorizer.fit_transform(rows)
    truth = random.random(count) < 1 / (1 + np.exp(2 - scaled - (columns["os"] == "ios")))
    fitted = LogisticRegression(C=0.5, max_iter=1000).fit(matrix, truth)

    weights = dict(zip(vectorizer.get_feature_names_out().tolist(), fitted.coef_[0].tolist(), strict=True))
    categorical: dict[str, dict[str, float]] = {"slot": {}, "os": {}}
    for label, weight in weights.items():
        if "=" in label and weight:
            field, value = label.split("=")
            categorical[field][value] = weight
    model = reference.model(
        "1042",
        intercept=float(fitted.intercept_[0]),
        categorical=categorical,
        numeric={"age": {"mean": 40, "std": 12, "weight": weights["age"]}},
    )
    with Engine() as engine:
        engine.load(reference.write(tmp_path / "model.json", model))
        requests = Features.from_columns(columns, numeric=["age"])
        values = engine.score_batch(Batch(requests, Candidates([campaign_key("1042")] * count, "cpc", 1.0)))
    np.testing.assert_allclose(values["pctr"], fitted.predict_proba(matrix)[:, 1], rtol=1e-6)
    assert np.ptp(values["pctr"]) > 0.1
