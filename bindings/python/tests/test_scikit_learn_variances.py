# SPDX-License-Identifier: Apache-2.0
"""A document's variances are the diagonal of a Laplace approximation, and exploration draws from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy import stats
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, PolynomialFeatures, StandardScaler

import fits
import policies
import reference
from valuation import Batch, Candidates, Engine, Features, fingerprints
from valuation.sklearn import document


def log(seed: int, count: int = 2000) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    slots = random.choice(["12", "77", "5"], count, p=[0.7, 0.27, 0.03])
    systems = random.choice(["ios", "web"], count)
    age = random.normal(40, 12, count)
    clicks = random.random(count) < 1 / (1 + np.exp(2.5 - (slots == "77") - (age - 40) / 24))
    return pd.DataFrame({"slot": slots, "os": systems, "age": age, "click": clicks.astype(int)})


def of_1042(model: Any, rows: pd.DataFrame, **arguments: Any) -> dict[str, Any]:
    return document(model, campaign="1042", target="click", version="2026-11-21", rows=rows, variance=True, **arguments)


def pipeline(estimator: Any, number: Any = None, encoder: Any = None) -> Pipeline:
    parts = [
        ("categories", encoder or OneHotEncoder(), ["slot", "os"]),
        ("numbers", number or StandardScaler(), ["age"]),
    ]
    return make_pipeline(ColumnTransformer(parts, sparse_threshold=0.5), estimator)


ESTIMATORS: dict[str, tuple[Any, float]] = {
    "ridge": (fits.ridge(C=0.5), 2.0),
    "lasso": (fits.lasso(0.05), 20.0),
    "cross-validated": (fits.cross_validated(0.25), 4.0),
    "stochastic": (SGDClassifier(loss="log_loss", alpha=0.01, random_state=0), 20.0),
}


@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.parametrize("weighted", [False, True])
def test_a_variance_is_one_over_the_curvature_of_the_posterior(name: str, weighted: bool) -> None:
    estimator, precision = ESTIMATORS[name]
    rows = log(1)
    sample_weight = np.random.default_rng(2).uniform(0.1, 3, len(rows)) if weighted else None
    model = pipeline(estimator).fit(rows, rows["click"])
    variance = of_1042(model, rows, sample_weight=sample_weight)["variance"]

    curvature = model.predict_proba(rows).prod(axis=1) * (1 if sample_weight is None else sample_weight)
    age = StandardScaler().fit_transform(rows[["age"]])[:, 0]

    def expected(x: npt.NDArray[Any]) -> Any:
        return pytest.approx(1 / (precision + np.sum(curvature * x**2)), rel=1e-9)

    assert variance["intercept"] == pytest.approx(1 / curvature.sum(), rel=1e-9)
    assert variance["numeric"] == {"age": expected(age)}
    for field, of_field in variance["categorical"].items():
        assert of_field.keys() == set(rows[field])
        for value, found in of_field.items():
            assert found == expected(rows[field].to_numpy() == value)


def test_without_a_penalty_the_variance_is_woolfs_variance_of_log_odds() -> None:
    """A cell's log odds have variance 1 / clicks + 1 / others (Woolf 1955) if every cell has a weight of its own."""
    rows = log(3)
    encoder = ColumnTransformer([("slot", OneHotEncoder(), ["slot"])])
    estimator = fits.ridge(C=np.inf, fit_intercept=False, tol=1e-10)
    made = of_1042(make_pipeline(encoder, estimator).fit(rows, rows["click"]), rows)
    for slot, cells in rows.groupby("slot")["click"]:
        clicks, others = int(cells.sum()), int((1 - cells).sum())
        assert made["categorical"]["slot"][slot] == pytest.approx(np.log(clicks / others), abs=1e-4)
        assert made["variance"]["categorical"]["slot"][slot] == pytest.approx(1 / clicks + 1 / others, rel=1e-3)


def test_for_independent_weights_the_variance_is_the_squared_standard_error() -> None:
    """Statistical packages print it from the inverse information matrix; here the columns are orthogonal."""
    random = np.random.default_rng(4)
    design = np.repeat([[1, 1], [1, -1], [-1, 1], [-1, -1]], 500, axis=0).astype(float)
    clicks = random.integers(0, 2, len(design))
    rows = pd.DataFrame(design, columns=["a", "b"])
    model = fits.ridge(C=np.inf, tol=1e-10).fit(rows, clicks)
    variance = of_1042(model, rows)["variance"]
    full = np.column_stack([np.ones(len(design)), design])
    information = full.T @ (full * model.predict_proba(rows).prod(axis=1)[:, None])
    errors = np.diag(np.linalg.inv(information))
    assert [variance["intercept"], *variance["numeric"].values()] == pytest.approx(errors, rel=0.01)


def test_a_number_scaled_otherwise_has_a_variance_in_the_documents_unit() -> None:
    rows = log(5)
    model = pipeline(fits.ridge(C=0.5), make_pipeline(SimpleImputer(strategy="median"), MinMaxScaler()))
    model.fit(rows, rows["click"])
    made = of_1042(model, rows)
    number = made["numeric"]["age"]
    x = (rows["age"] - number["mean"]) / number["std"]
    assert number["mean"] == rows["age"].median()
    curvature = model.predict_proba(rows).prod(axis=1)
    assert made["variance"]["numeric"]["age"] == pytest.approx(1 / (2 + np.sum(curvature * x**2)), rel=1e-9)


def test_a_factor_between_column_and_weight_counts() -> None:
    """A one-hot column over its standard deviation s: the weight is the coefficient / s, and so is its prior."""
    rows = log(6)
    parts = [("slot", OneHotEncoder(sparse_output=False), ["slot"])]
    model = make_pipeline(ColumnTransformer(parts), StandardScaler(), fits.ridge(C=0.5)).fit(rows, rows["click"])
    found = of_1042(model, rows)["variance"]["categorical"]["slot"]
    curvature = model.predict_proba(rows).prod(axis=1)
    for slot in ("12", "77", "5"):
        x = (rows["slot"] == slot).to_numpy(float)
        assert found[slot] == pytest.approx(1 / (2 * np.std(x) ** 2 + np.sum(curvature * x)), rel=1e-9)


def test_crosses_and_grouped_categories_have_variances() -> None:
    rows = log(7)
    crossed = make_pipeline(OneHotEncoder(min_frequency=100), PolynomialFeatures(interaction_only=True))
    model = pipeline(fits.ridge(), encoder=crossed).fit(rows, rows["click"])
    (cross,) = of_1042(model, rows)["variance"]["crosses"]
    curvature = model.predict_proba(rows).prod(axis=1)
    assert (cross["fields"], len(cross["weights"])) == (["os", "slot"], 6)
    for system, slot, found in cross["weights"]:
        x = ((rows["os"] == system) & (rows["slot"] == slot)).to_numpy()
        assert found == pytest.approx(1 / (1 + np.sum(curvature[x])), rel=1e-9)


def test_a_category_that_no_row_has_keeps_its_prior() -> None:
    rows = log(8)
    encoder = OneHotEncoder(categories=[["12", "5", "77", "unseen"], ["ios", "web"]])
    made = of_1042(pipeline(fits.ridge(C=0.5), encoder=encoder).fit(rows, rows["click"]), rows)
    assert made["variance"]["categorical"]["slot"]["unseen"] == 0.5
    assert made["categorical"]["slot"]["unseen"] == 0
    unpenalised = pipeline(fits.ridge(C=np.inf), encoder=encoder).fit(rows, rows["click"])
    with pytest.raises(ValueError, match="next to nothing of 'slot=unseen'"):
        of_1042(unpenalised, rows)


def test_variances_need_the_rows_and_columns_that_stand_alone() -> None:
    rows = log(9)
    model = pipeline(fits.ridge()).fit(rows, rows["click"])
    with pytest.raises(ValueError, match=r"^variances are of training rows: give rows"):
        document(model, campaign="1042", target="click", version="", variance=True)
    with pytest.raises(ValueError, match=r"^sample_weight must hold a number of at least 0 for each of 2000 rows"):
        of_1042(model, rows, sample_weight=[1.0])
    twice = pipeline(fits.ridge(), encoder=make_pipeline(OneHotEncoder(), PolynomialFeatures(2)))
    with pytest.raises(ValueError, match=r"^'slot=12' is in 2 columns of the training matrix"):
        of_1042(twice.fit(rows, rows["click"]), rows)


def test_exploration_draws_from_the_posterior_of_a_bayesian_fit(tmp_path: Path) -> None:
    """The weights' posterior by Laplace's approximation, as in Chapelle and Li (2011, algorithm 3)."""
    rows = log(7, 4000)
    encoder = ColumnTransformer([("slot", OneHotEncoder(), ["slot"]), ("age", StandardScaler(), ["age"])])
    model = make_pipeline(encoder, fits.ridge(C=0.5, tol=1e-10)).fit(rows, rows["click"])
    made = of_1042(model, rows)
    seeds = fingerprints(np.arange(4000))
    curious = {"curious": {"release": "LATEST", "exploration": 1.0}}
    deviations = []
    with Engine() as engine:
        engine.load(reference.write(tmp_path / "model.json", made))
        engine.load_policy(policies.write(tmp_path / "policy.json", policies.policy("curious", predictors=curious)))
        for slot, age in (("12", 40.0), ("77", 60.0), ("5", 20.0)):
            request = Features.from_columns(engine, {"slot": [slot], "age": [age]}, numeric=["age"])
            ads = Candidates(np.full(len(seeds), engine.campaign_key("1042"), np.uint64), "cpc", 1.0)
            batch = Batch(request.take(np.zeros(len(seeds), int)), ads, seeds=seeds)
            drawn = engine.score_batch(batch)["pctr"].astype(float)
            asked = pd.DataFrame({"slot": [slot], "age": [age]})
            mean = float(model.decision_function(asked)[0])
            deviation = float(np.sqrt(reference.logit_variance(made, [made], {"slot": slot, "age": age})))
            logits = np.log(drawn / (1 - drawn))
            assert stats.kstest(logits, stats.norm(mean, deviation).cdf).pvalue > 0.001
            assert np.std(logits) == pytest.approx(deviation, rel=0.04)
            deviations.append(deviation)
    common, _, rare = deviations
    assert rare > 2 * common  # rarer creatives are less certain and explored more
