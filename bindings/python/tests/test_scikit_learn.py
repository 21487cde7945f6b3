# SPDX-License-Identifier: Apache-2.0
"""A model that scikit-learn fitted gives scikit-learn's own probabilities."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction import DictVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    PolynomialFeatures,
    RobustScaler,
    StandardScaler,
)

import fits
import reference
from valuation import Batch, Candidates, Engine, Features, ModelError, Status
from valuation.sklearn import document

NUMBERS = ["age", "days"]


def log(seed: int, count: int = 1000) -> pd.DataFrame:
    """Rows with categories of every type, numbers of very different sizes, and clicks that depend on them."""
    random = np.random.default_rng(seed)
    rows = pd.DataFrame(
        {
            "slot": random.geometric(0.15, count),
            "os": random.choice(["ios", "android", "web=x", ""], count),
            "zoom": random.choice([1.0, 1.5, 12.0, 1e16], count, p=[0.4, 0.5, 0.05, 0.05]),
            "logged_in": random.random(count) < 0.3,
            "age": random.normal(40, 12, count),
            "days": random.exponential(3e6, count).round(),
        }
    )
    logit = -1 + (rows["os"] == "ios") - 0.4 * (rows["slot"] == 2) + 0.5 * rows["logged_in"] - (rows["age"] - 40) / 20
    return rows.assign(click=(random.random(count) < 1 / (1 + np.exp(-logit))).astype(int))


def ignoring(**settings: Any) -> OneHotEncoder:
    return OneHotEncoder(handle_unknown="ignore", **settings)


def columns(*parts: tuple[Any, Any], **settings: Any) -> ColumnTransformer:
    return ColumnTransformer([(str(place), *part) for place, part in enumerate(parts)], **settings)


CATEGORIES = ["slot", "os", "zoom", "logged_in"]
ENCODED = (ignoring(), CATEGORIES)
PIPELINES: dict[str, Callable[[], Any]] = {
    "one-hot and standardised": lambda: make_pipeline(columns(ENCODED, (StandardScaler(), NUMBERS)), fits.ridge()),
    "rare categories grouped": lambda: make_pipeline(
        columns((ignoring(min_frequency=40, max_categories=6), CATEGORIES)), fits.ridge()
    ),
    "unknown categories as infrequent ones, none of which exist": lambda: make_pipeline(
        columns((OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=1), ["os"])), fits.ridge()
    ),
    "the first category dropped": lambda: make_pipeline(columns((ignoring(drop="first"), CATEGORIES)), fits.ridge()),
    "the first of two categories dropped": lambda: make_pipeline(
        columns((ignoring(drop="if_binary"), CATEGORIES)), fits.ridge()
    ),
    "a named category dropped": lambda: make_pipeline(
        columns((ignoring(drop=["ios", False]), ["os", "logged_in"])), fits.ridge()
    ),
    "the first category dropped, all of a field being rare": lambda: make_pipeline(
        columns((ignoring(drop="first", min_frequency=350), ["zoom", "slot", "os"])), fits.ridge()
    ),
    "only known categories": lambda: make_pipeline(columns((OneHotEncoder(), ["os", "logged_in"])), fits.ridge()),
    "scaled to a range": lambda: make_pipeline(
        columns(ENCODED, (MinMaxScaler(), ["age"]), (MinMaxScaler((-1, 3)), ["days"])), fits.ridge()
    ),
    "scaled by the largest": lambda: make_pipeline(columns(ENCODED, (MaxAbsScaler(), NUMBERS)), fits.ridge()),
    "scaled by quantiles": lambda: make_pipeline(columns(ENCODED, (RobustScaler(), NUMBERS)), fits.ridge()),
    "scaled without a mean": lambda: make_pipeline(
        columns(ENCODED, (StandardScaler(with_mean=False), ["days"]), (StandardScaler(with_std=False), ["age"])),
        fits.ridge(),
    ),
    "scaled twice": lambda: make_pipeline(
        columns(ENCODED, (make_pipeline(MinMaxScaler(), StandardScaler()), NUMBERS)), fits.ridge()
    ),
    "unscaled numbers": lambda: make_pipeline(
        columns((ignoring(), lambda rows: ["os"]), ("passthrough", ["age"]), ("drop", ["days"])), fits.ridge()
    ),
    "the remainder": lambda: make_pipeline(
        columns(ENCODED, ("drop", ["click"]), remainder=StandardScaler()), fits.ridge()
    ),
    "columns by position": lambda: make_pipeline(
        columns((ignoring(), [0, -6]), (StandardScaler(), slice(4, 6))), fits.ridge()
    ),
    "columns by mask and by a slice of names": lambda: make_pipeline(
        columns(
            (ignoring(), [False, True, False, True, False, False, False]), (StandardScaler(), slice("age", "days"))
        ),
        fits.ridge(),
    ),
    "steps that do nothing": lambda: Pipeline(
        [
            ("nothing", FunctionTransformer()),
            ("columns", columns(ENCODED)),
            ("skip", "passthrough"),
            ("fit", fits.ridge()),
        ]
    ),
    "one-hot columns scaled": lambda: make_pipeline(
        columns((ignoring(sparse_output=False), CATEGORIES), ("passthrough", NUMBERS)), StandardScaler(), fits.ridge()
    ),
    "sparse columns scaled": lambda: make_pipeline(columns(ENCODED), MaxAbsScaler(), fits.ridge()),
    "crosses": lambda: make_pipeline(
        columns(
            (ignoring(), ["zoom"]),
            (
                make_pipeline(ignoring(min_frequency=50), PolynomialFeatures(interaction_only=True)),
                ["slot", "os", "logged_in"],
            ),
            (StandardScaler(), NUMBERS),
        ),
        fits.ridge(),
    ),
    "crosses with squares": lambda: make_pipeline(
        columns((make_pipeline(ignoring(max_categories=5), PolynomialFeatures(2)), ["os", "slot"])), fits.ridge()
    ),
    "only crosses, of fields that exist already": lambda: make_pipeline(
        columns(ENCODED, (make_pipeline(ignoring(), PolynomialFeatures((2, 2), include_bias=False)), ["os", "zoom"])),
        fits.ridge(),
    ),
    "a field twice": lambda: make_pipeline(
        columns(
            ENCODED, (ignoring(max_categories=3), ["slot"]), (StandardScaler(), NUMBERS), (MinMaxScaler(), NUMBERS)
        ),
        fits.ridge(),
    ),
    "an L1 penalty": lambda: make_pipeline(columns(ENCODED, (StandardScaler(), NUMBERS)), fits.lasso(0.1)),
    "no penalty": lambda: make_pipeline(columns((ignoring(drop="first"), ["os"])), fits.ridge(C=np.inf)),
    "no intercept": lambda: make_pipeline(
        columns(ENCODED, (StandardScaler(), NUMBERS)), fits.ridge(fit_intercept=False)
    ),
    "the penalty chosen by cross-validation": lambda: make_pipeline(
        columns(ENCODED, (StandardScaler(), NUMBERS)),
        fits.cross_validated(0.01, 1),
    ),
    "stochastic gradient descent": lambda: make_pipeline(
        columns(ENCODED, (StandardScaler(), NUMBERS)), SGDClassifier(loss="log_loss", random_state=0)
    ),
}


def load(engine: Engine, folder: Path, made: dict[str, Any]) -> None:
    """Load a document; its self-tests are replayed."""
    engine.load(reference.write(folder / "model.json", made))


def probabilities(engine: Engine, rows: pd.DataFrame, numeric: list[str]) -> npt.NDArray[Any]:
    requests = Features.from_columns(engine, rows, numeric=numeric)
    ads = Candidates(np.full(len(rows), engine.campaign_key("1042"), np.uint64), "cpc", 1.0)
    return np.asarray(engine.score_batch(Batch(requests, ads))["pctr"])


def probability_by_json(engine: Engine, features: dict[str, Any]) -> float:
    request = {"features": features, "candidates": [{"campaign": "1042", "pricing": "cpc", "bid": 1.0}]}
    probability = engine.score(request)["values"][0]["pctr"]
    assert probability is not None
    return probability


def of_1042(model: Any, **arguments: Any) -> dict[str, Any]:
    return document(model, campaign=1042, target="click", version="2026-11-21T03:00:00Z", **arguments)


@pytest.mark.filterwarnings("ignore:Found unknown categories")
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", PIPELINES)
def test_every_row_has_the_probability_of_the_pipeline(name: str, seed: int, tmp_path: Path) -> None:
    training = log(seed)
    pipeline = PIPELINES[name]().fit(training, training["click"])
    made = of_1042(pipeline, rows=training)
    assert len(made["self_test"]) >= 2
    fresh = log(seed + 100, 200)
    if "only known" not in name and "infrequent ones" not in name:
        fresh.loc[::7, "os"] = "never seen"
    expected = pipeline.predict_proba(fresh)[:, 1]
    with Engine() as engine:
        load(engine, tmp_path, made)
        numeric = [field for field in NUMBERS if field in made["numeric"]]
        found = probabilities(engine, fresh, numeric)
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=0)
        for position in range(0, 200, 40):
            features = {field: fresh[field].iloc[position].item() for field in ("slot", "zoom", "logged_in", *NUMBERS)}
            features["os"] = fresh["os"].iloc[position]
            assert probability_by_json(engine, features) == found[position]
    assert np.ptp(expected) > 0.01


@settings(max_examples=20, phases=[Phase.explicit, Phase.reuse, Phase.generate])  # shrinking takes minutes
@given(st.data())
def test_every_row_has_the_probability_of_any_pipeline_of_such_parts(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    draw = data.draw
    training, fresh = log(draw(st.integers(0, 10)), 150), log(1000, 50)
    encoders = st.builds(
        ignoring,
        drop=st.sampled_from([None, "first", "if_binary"]),
        min_frequency=st.sampled_from([None, 5, 0.3]),
        max_categories=st.sampled_from([None, 2, 3]),
    )
    scalers = st.sampled_from(
        [StandardScaler(), StandardScaler(with_mean=False), MinMaxScaler((-1, 2)), MaxAbsScaler(), RobustScaler()]
    )
    crossing = PolynomialFeatures(draw(st.sampled_from([1, 2, (2, 2)])), interaction_only=draw(st.booleans()))
    parts: list[tuple[Any, Any]] = [(draw(encoders), [field]) for field in draw(st.permutations(CATEGORIES))]
    parts += [(make_pipeline(draw(encoders), crossing), ["zoom", "os"])] if draw(st.booleans()) else []
    parts += [(make_pipeline(*draw(st.lists(scalers, min_size=1, max_size=3))), NUMBERS)]
    after = draw(st.lists(scalers, max_size=1))
    estimator = fits.ridge(C=draw(st.sampled_from([0.01, 1.0])), fit_intercept=draw(st.booleans()))
    pipeline = make_pipeline(columns(*parts, sparse_threshold=0), *after, estimator)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pipeline.fit(training, training["click"])
        expected = pipeline.predict_proba(fresh)[:, 1]
        made = of_1042(pipeline, rows=training, negative_sampling_rate=0.1)
    with Engine() as engine:
        load(engine, tmp_path_factory.mktemp("any"), made)
        found = probabilities(engine, fresh, NUMBERS)
    np.testing.assert_allclose(found, expected / (expected + (1 - expected) / 0.1), rtol=1e-6, atol=0)


def rows_of_dictionaries(seed: int, count: int = 800) -> tuple[list[dict[str, Any]], npt.NDArray[np.int64]]:
    random = np.random.default_rng(seed)
    rows = []
    for _ in range(count):
        row: dict[str, Any] = {"slot": str(random.integers(0, 20)), "age": float(random.normal(40, 12))}
        if random.random() < 0.7:
            row["segments"] = random.choice(["sports", "travel", "a=b"], random.integers(0, 4)).tolist()
        if random.random() < 0.5:
            row["days"] = int(random.integers(0, 9))
        rows.append(row)
    logit = np.array([0.3 * row.get("days", 0) - 2 + ("sports" in row.get("segments", ())) for row in rows])
    return rows, (random.random(count) < 1 / (1 + np.exp(-logit))).astype(np.int64)


@pytest.mark.parametrize(
    "between",
    [[], [StandardScaler(with_mean=False)], [MaxAbsScaler()], [PolynomialFeatures(2, interaction_only=True)]],
    ids=["bare", "scaled", "scaled by the largest", "crossed"],
)
@pytest.mark.parametrize("seed", [1, 2])
def test_dictionaries_have_the_probability_of_the_vectorizer(between: list[Any], seed: int, tmp_path: Path) -> None:
    rows, labels = rows_of_dictionaries(seed)
    if between and isinstance(between[0], PolynomialFeatures):  # only categories can be crossed, one a field
        rows = [{"slot": row["slot"], "os": "ios" if "days" in row else "web"} for row in rows]
    pipeline = make_pipeline(DictVectorizer(), *between, fits.ridge()).fit(rows, labels)
    fresh, _ = rows_of_dictionaries(seed + 100, 100)
    known = rows[0].keys() | rows[1].keys() | rows[2].keys() | rows[3].keys()
    fresh = [{field: value for field, value in row.items() if field in known} for row in fresh]
    with Engine() as engine:
        load(engine, tmp_path, of_1042(pipeline, rows=rows))
        found = [probability_by_json(engine, row) for row in fresh]
    np.testing.assert_allclose(found, pipeline.predict_proba(fresh)[:, 1], rtol=1e-6, atol=0)


@pytest.mark.parametrize("strategy", ["mean", "median", "most_frequent", "constant"])
def test_a_missing_number_counts_as_what_the_pipeline_fills_in(strategy: str, tmp_path: Path) -> None:
    training = log(3)
    training.loc[::5, "age"] = np.nan
    training["nothing"] = np.nan
    imputer = SimpleImputer(strategy=strategy, fill_value=-3.0 if strategy == "constant" else None)
    numbers = (make_pipeline(imputer, StandardScaler()), NUMBERS)
    pipeline = make_pipeline(columns(ENCODED, numbers), fits.ridge()).fit(training, training["click"])
    made = of_1042(pipeline, rows=training)
    with Engine() as engine:
        load(engine, tmp_path, made)
        found = probabilities(engine, training, NUMBERS)
    np.testing.assert_allclose(found, pipeline.predict_proba(training)[:, 1], rtol=1e-6, atol=0)
    assert any("age" not in example["features"] for example in made["self_test"])


@pytest.mark.filterwarnings("ignore:Skipping features without any observed values")
def test_a_column_without_any_number_is_left_out() -> None:
    training = log(3).assign(nothing=np.nan)
    imputer = SimpleImputer(keep_empty_features=False)
    pipeline = make_pipeline(columns((imputer, ["nothing", "age"])), fits.ridge())
    made = of_1042(pipeline.fit(training, training["click"]), rows=training)
    assert list(made["numeric"]) == ["age"]


def test_a_model_fitted_on_an_array_has_the_fields_that_are_given(tmp_path: Path) -> None:
    rows = log(4)[NUMBERS]
    model = make_pipeline(StandardScaler(), fits.ridge()).fit(rows.to_numpy(), log(4)["click"])
    made = of_1042(model, rows=rows.to_numpy(), fields=NUMBERS)
    with Engine() as engine:
        load(engine, tmp_path, made)
        found = probabilities(engine, rows, NUMBERS)
    np.testing.assert_allclose(found, model.predict_proba(rows.to_numpy())[:, 1], rtol=1e-6, atol=0)


def test_a_bare_estimator_takes_numbers(tmp_path: Path) -> None:
    training = log(5)
    model = fits.ridge().fit(training[["age"]], training["click"])
    with Engine() as engine:
        load(engine, tmp_path, of_1042(model, rows=training[["age"]]))
        found = probabilities(engine, training[["age"]], ["age"])
    np.testing.assert_allclose(found, model.predict_proba(training[["age"]])[:, 1], rtol=1e-6, atol=0)


def test_a_model_may_be_fitted_on_a_polars_frame(tmp_path: Path) -> None:
    training = pl.from_pandas(log(5))
    model = PIPELINES["one-hot and standardised"]().fit(training, training["click"].to_numpy())
    made = of_1042(model, rows=training, variance=True)
    assert made["self_test"][0]["features"].keys() == {*CATEGORIES, *NUMBERS}
    with Engine() as engine:
        load(engine, tmp_path, made)
        found = probabilities(engine, log(5), NUMBERS)
    np.testing.assert_allclose(found, model.predict_proba(training)[:, 1], rtol=1e-6, atol=0)


def test_sampled_negatives_are_corrected_for(tmp_path: Path) -> None:
    training = log(6)
    model = PIPELINES["one-hot and standardised"]().fit(training, training["click"])
    with Engine() as engine:
        load(engine, tmp_path, of_1042(model, rows=training, negative_sampling_rate=0.02))
        found = probabilities(engine, training, NUMBERS)
    p = model.predict_proba(training)[:, 1]
    np.testing.assert_allclose(found, p / (p + (1 - p) / 0.02), rtol=1e-6, atol=0)


def test_categories_have_the_texts_that_requests_give_them() -> None:
    training = log(7)
    model = make_pipeline(columns(ENCODED), fits.ridge()).fit(training, training["click"])
    categorical = of_1042(model)["categorical"]
    assert categorical["zoom"].keys() == {"1", "1.5", "12", "1e+16"}
    assert categorical["logged_in"].keys() == {"true", "false"}
    assert {"1", "2", "3"} <= categorical["slot"].keys()
    assert categorical["os"].keys() == {"ios", "android", "web=x", ""}


def test_a_document_names_its_campaign_and_takes_further_members(tmp_path: Path) -> None:
    training = log(8)
    model = make_pipeline(columns(ENCODED), fits.ridge()).fit(training, training["click"])
    made = of_1042(model, training={"rows": 10, "positives": 2, "base_rate": 0.2})
    assert (made["campaign"], made["target"], made["version"]) == ("1042", "click", "2026-11-21T03:00:00Z")
    assert made["training"].pop("trainer").startswith("scikit-learn ")
    assert made["training"] == {"rows": 10, "positives": 2, "base_rate": 0.2}
    assert "self_test" not in made
    with Engine() as engine:
        load(engine, tmp_path, made | {"advertiser": "77"})


def test_weights_of_zero_are_left_out_and_their_fields_are_known(tmp_path: Path) -> None:
    training = log(9)
    made = of_1042(PIPELINES["an L1 penalty"]().fit(training, training["click"]), rows=training)
    weights = [weight for of_field in made["categorical"].values() for weight in of_field.values()]
    assert made["categorical"].keys() == set(CATEGORIES)
    assert 0 not in weights
    assert len(weights) < training[CATEGORIES].nunique().sum()


# ---- Self-tests --------------------------------------------------------------------------------------------------


def test_the_self_tests_have_every_field_and_as_many_weights_as_they_can() -> None:
    training = log(10)
    model = PIPELINES["crosses"]().fit(training, training["click"])
    made = of_1042(model, rows=training)
    examples = [example["features"] for example in made["self_test"]]
    assert len(examples) <= 20
    assert all(example.keys() == {*CATEGORIES, *NUMBERS} for example in examples)
    for field in ("os", "zoom", "logged_in"):
        assert {example[field] for example in examples} == set(training[field].tolist())
    found = [example["probability"] for example in made["self_test"]]
    p = model.predict_proba(training)[:, 1]
    assert (min(found), max(found)) == (p.min(), p.max())
    assert json.loads(json.dumps(made)) == made


@pytest.mark.parametrize(
    "change",
    [
        lambda made: made["self_test"][0].update(probability=made["self_test"][0]["probability"] * 1.00001),
        lambda made: made["categorical"]["os"].update({"ios": made["categorical"]["os"]["ios"] + 1e-4}),
        lambda made: made["numeric"]["age"].update(mean=made["numeric"]["age"]["mean"] + 0.01),
        lambda made: made["self_test"][0]["features"].update(age=str(made["self_test"][0]["features"]["age"])),
        lambda made: made.update(negative_sampling_rate=0.5),
    ],
    ids=["probability", "weight", "mean", "type", "sampling"],
)
def test_a_document_changed_by_hand_fails_its_self_tests(change: Callable[[Any], Any], tmp_path: Path) -> None:
    training = log(11)
    made = of_1042(PIPELINES["one-hot and standardised"]().fit(training, training["click"]), rows=training)
    change(made)
    with Engine() as engine, pytest.raises(ModelError) as caught:
        load(engine, tmp_path, made)
    assert caught.value.status == Status.SELF_TEST


# ---- A mapping of names --------------------------------------------------------------------------------------------

VALUES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5)
WEIGHTS = st.floats(-5, 5).map(lambda number: round(number, 6))


@settings(max_examples=50)
@given(
    intercept=WEIGHTS,
    slots=st.dictionaries(VALUES, WEIGHTS, max_size=5),
    systems=st.dictionaries(VALUES, WEIGHTS, max_size=3),
    pairs=st.dictionaries(st.tuples(VALUES, VALUES), WEIGHTS, max_size=4),
    slope=WEIGHTS,
    days=st.floats(-10, 10),
)
def test_a_mapping_of_names_gives_the_sum_of_its_weights(
    tmp_path_factory: pytest.TempPathFactory,
    intercept: float,
    slots: dict[str, float],
    systems: dict[str, float],
    pairs: dict[tuple[str, str], float],
    slope: float,
    days: float,
) -> None:
    mapping: dict[Any, float] = {"intercept": intercept, "days": slope}
    mapping |= {f"slot={value}": weight for value, weight in slots.items()}
    mapping |= {f"os={value}": weight for value, weight in systems.items()}
    mapping |= {(f"slot={one}", f"os={other}"): weight for (one, other), weight in pairs.items()}
    rows = [(one, other) for one in [*slots, "?"] for other in [*systems, "?"]] + list(pairs)
    with Engine() as engine:
        load(engine, tmp_path_factory.mktemp("mapping"), of_1042(mapping))
        for slot, system in rows:
            logit = (
                intercept + slots.get(slot, 0) + systems.get(system, 0) + pairs.get((slot, system), 0) + slope * days
            )
            found = probability_by_json(engine, {"slot": slot, "os": system, "days": days})
            assert found == pytest.approx(1 / (1 + np.exp(-logit)), rel=1e-6)


def test_the_package_itself_does_not_need_scikit_learn() -> None:
    program = "import sys, valuation; sys.exit('sklearn' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_without_scikit_learn_the_import_says_what_to_install() -> None:
    program = "import sys; sys.modules['sklearn'] = None; import valuation.sklearn"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "ImportError: valuation.sklearn needs scikit-learn: install it, or valuation[sklearn]" in result.stderr
