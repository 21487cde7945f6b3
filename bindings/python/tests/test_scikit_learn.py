# SPDX-License-Identifier: Apache-2.0
"""A model that scikit-learn fitted gives scikit-learn's own probabilities."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

import policies
import reference
from valuation import Batch, Candidates, Engine, Features, fingerprints


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
        requests = Features.from_columns(engine, columns, numeric=["age"])
        values = engine.score_batch(Batch(requests, Candidates([engine.campaign_key("1042")] * count, "cpc", 1.0)))
    np.testing.assert_allclose(values["pctr"], fitted.predict_proba(matrix)[:, 1], rtol=1e-6)
    assert np.ptp(values["pctr"]) > 0.1


def test_what_is_explored_is_the_posterior_of_a_bayesian_fit(tmp_path: Path) -> None:
    """The weights' posterior by Laplace's approximation, as Chapelle and Li (2011, algorithm 3) take it.

    A ridge fit is the mode under a Gaussian prior of precision 1 / C. Around it the log-posterior bends by the Hessian,
    X' diag(p (1 - p)) X + 1 / C, of which they keep the diagonal: its reciprocals are the weights' variances.
    """
    random = np.random.default_rng(7)
    count, strength = 4000, 0.5
    slots = random.choice(["12", "77", "5"], count, p=[0.7, 0.27, 0.03])
    age = random.normal(40, 12, count)
    truth = random.random(count) < 1 / (1 + np.exp(2.5 - (slots == "77") - (age - 40) / 24))

    names = ["12", "77", "5"]
    matrix = np.column_stack([*(slots == name for name in names), (age - 40) / 12])
    fitted = LogisticRegression(C=strength, tol=1e-10, max_iter=1000).fit(matrix, truth)
    uncertainty = fitted.predict_proba(matrix).prod(axis=1)  # p (1 - p)
    variances = 1 / (uncertainty @ matrix**2 + 1 / strength)
    of_intercept = 1 / uncertainty.sum()  # which has no prior

    weights = fitted.coef_[0].tolist()
    model = reference.model(
        "1042",
        intercept=float(fitted.intercept_[0]),
        categorical={"slot": dict(zip(names, weights[:3], strict=True))},
        numeric={"age": {"mean": 40, "std": 12, "weight": weights[3]}},
        variance={
            "intercept": of_intercept,
            "categorical": {"slot": dict(zip(names, variances[:3].tolist(), strict=True))},
            "numeric": {"age": float(variances[3])},
        },
    )
    seeds = fingerprints(np.arange(4000))
    curious = {"curious": {"release": "LATEST", "exploration": 1.0}}
    deviations = []
    with Engine() as engine:
        engine.load(reference.write(tmp_path / "model.json", model))
        engine.load_policy(policies.write(tmp_path / "policy.json", policies.policy("curious", predictors=curious)))
        for slot, years in (("12", 40.0), ("77", 60.0), ("5", 20.0)):
            request = Features.from_columns(engine, {"slot": [slot], "age": [years]}, numeric=["age"])
            ads = Candidates(np.full(len(seeds), engine.campaign_key("1042"), np.uint64), "cpc", 1.0)
            batch = Batch(request.take(np.zeros(len(seeds), int)), ads, seeds=seeds)
            drawn = engine.score_batch(batch)["pctr"].astype(float)
            row = np.array([*(slot == name for name in names), (years - 40) / 12])
            mean = float(fitted.decision_function([row])[0])
            deviation = float(np.sqrt(of_intercept + variances @ row**2))
            logits = np.log(drawn / (1 - drawn))
            assert stats.kstest(logits, stats.norm(mean, deviation).cdf).pvalue > 0.001
            assert np.std(logits) == pytest.approx(deviation, rel=0.04)
            deviations.append(deviation)
    common, _, rare = deviations
    assert rare > 2 * common  # what was seen less is less certain, and so is explored more
