# SPDX-License-Identifier: Apache-2.0
"""A model that a document cannot express is refused by name, with what to do instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction import DictVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    StandardScaler,
)

from valuation.sklearn import document

COUNT = 200


class OwnScaler(StandardScaler):  # type: ignore[misc]
    pass


def rows() -> pd.DataFrame:
    random = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "slot": random.choice(["12", "77", "5"], COUNT, p=[0.6, 0.35, 0.05]),
            "os": ["ios" if is_known else None for is_known in random.random(COUNT) < 0.5],
            "age": random.normal(40, 12, COUNT),
            "new": random.random(COUNT) < 0.5,
            "day": random.choice(pd.date_range("2026-11-21", periods=3).to_numpy(), COUNT),
            "exact_day": random.choice(np.array(["2026-11-21", "2026-11-22"], "datetime64[ns]"), COUNT),
            "a=b": random.normal(0, 1, COUNT),
            "label": random.integers(0, 2, COUNT),
        }
    )


def columns(*parts: tuple[Any, Any], **settings: Any) -> ColumnTransformer:
    return ColumnTransformer([(str(place), *part) for place, part in enumerate(parts)], **settings)


def fitted(*steps: Any, labels: Any = None, estimator: Any = None) -> Any:
    data = rows()
    pipeline = make_pipeline(*steps, LogisticRegression(max_iter=1000) if estimator is None else estimator)
    return pipeline.fit(data, data["label"] if labels is None else labels)


def fitted_on_dictionaries(examples: list[dict[str, Any]], **settings: Any) -> Any:
    return make_pipeline(DictVectorizer(**settings), LogisticRegression()).fit(examples, [0, 1] * (len(examples) // 2))


def of(model: Any, **arguments: Any) -> dict[str, Any]:
    named = {"campaign": "1042", "target": "click", "version": "2026-11-21"} | arguments
    return document(model, **named)


SLOT = (OneHotEncoder(), ["slot"])
AGE = (StandardScaler(), ["age"])

REFUSALS: dict[str, tuple[Callable[[], Any], str]] = {
    "a transformer": (
        lambda: fitted(columns((KBinsDiscretizer(strategy="uniform"), ["age"]))),
        "^KBinsDiscretizer has no form.*use some of OneHotEncoder",
    ),
    "numbers in place of categories": (lambda: fitted(columns((OrdinalEncoder(), ["slot"]))), "^OrdinalEncoder has"),
    "a user's own class": (lambda: fitted(columns((OwnScaler(), ["age"]))), "^OwnScaler has no form"),
    "a function": (
        lambda: fitted(columns((FunctionTransformer(np.abs), ["age"]))),
        r"^FunctionTransformer\(absolute\).*before the pipeline",
    ),
    "transformer weights": (
        lambda: fitted(columns(SLOT, AGE, transformer_weights={"1": 2.0})),
        "^transformer_weights of ColumnTransformer",
    ),
    "clipping": (lambda: fitted(columns((MinMaxScaler(clip=True), ["age"]))), r"^MinMaxScaler\(clip=True\)"),
    "an indicator": (
        lambda: fitted(columns((SimpleImputer(add_indicator=True), ["age"]))),
        r"^SimpleImputer\(add_indicator=True\)",
    ),
    "another missing value": (
        lambda: fitted(columns((SimpleImputer(missing_values=-1), ["age"]))),
        r"^SimpleImputer\(missing_values=-1\).*an ordinary number",
    ),
    "categories filled in": (
        lambda: fitted(columns((make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder()), ["os"]))),
        "^SimpleImputer of 'os' fills in a category",
    ),
    "categories of a scaled number": (
        lambda: fitted(columns((make_pipeline(StandardScaler(), OneHotEncoder()), ["age"]))),
        "^OneHotEncoder of 'age' after another transformer",
    ),
    "a missing category": (lambda: fitted(columns((OneHotEncoder(), ["os"]))), "^'os=None'.*fill it with a text"),
    "unknown as infrequent": (
        lambda: fitted(columns((OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=20), ["slot"]))),
        "^'slot: infrequent'.*'infrequent_if_exist'.*use handle_unknown='ignore'",
    ),
    "a time": (lambda: fitted(columns((OneHotEncoder(), ["day"]))), "^column 'day' holds .*make text of it"),
    "a time in nanoseconds": (
        lambda: fitted(columns((OneHotEncoder(), ["exact_day"]))),
        "^column 'exact_day' holds .*make text of it",
    ),
    "a column that another transformer made, by its name": (
        lambda: _picked_by_name(),
        "^ColumnTransformer picks '0__age', which another transformer made; pick it by its position",
    ),
    "a number times a number": (
        lambda: fitted(columns(SLOT, AGE), PolynomialFeatures(interaction_only=True)),
        "^'slot=12 x age' has no form.*only two categories of different fields",
    ),
    "the square of a number": (
        lambda: fitted(columns((PolynomialFeatures(2, include_bias=False), ["age"]))),
        "^'age x age' has no form",
    ),
    "crosses of scaled columns": (
        lambda: fitted(
            columns((OneHotEncoder(sparse_output=False), ["slot", "new"])),
            StandardScaler(),
            PolynomialFeatures(interaction_only=True),
        ),
        "^'slot=12 x slot=5' has no form.*not scaled",
    ),
    "a number imputed in two ways": (
        lambda: fitted(columns((SimpleImputer(), ["age"]), (SimpleImputer(strategy="median"), ["age"]))),
        "^two columns of the number 'age' fill it in differently",
    ),
    "a field both number and category": (
        lambda: fitted(columns((OneHotEncoder(), ["age"]), AGE)),
        r"\$\.numeric\.age: The field is also in \"categorical\"",
    ),
    "a field with an equals sign": (lambda: fitted(columns((StandardScaler(), ["a=b"]))), r"\$\.numeric.*a=b"),
    "a vectorizer behind another transformer": (
        lambda: make_pipeline(columns((DictVectorizer(), "features")), LogisticRegression()).fit(
            pd.DataFrame({"features": [{"slot": "12"}, {"slot": "77"}]}), [0, 1]
        ),
        "^DictVectorizer must be the first step",
    ),
    "names that split in two places": (
        lambda: fitted_on_dictionaries([{"user_os": "ios"}, {"user_os": "web"}], separator="_"),
        r"^'user_os_ios' has no form.*'_' parts it in several places; use DictVectorizer\(separator='='\)",
    ),
    "another estimator": (
        lambda: fitted(columns(SLOT), estimator=RandomForestClassifier(2)),
        "^RandomForestClassifier is no logistic regression",
    ),
    "a calibrated estimator": (
        lambda: fitted(columns(SLOT), estimator=CalibratedClassifierCV(LogisticRegression())),
        "^CalibratedClassifierCV is no logistic regression",
    ),
    "a search": (
        lambda: fitted(columns(SLOT), estimator=GridSearchCV(LogisticRegression(), {"C": [1.0]})),
        "^GridSearchCV is no.*give its best_estimator_",
    ),
    "another loss": (
        lambda: fitted(columns(SLOT), estimator=SGDClassifier(loss="modified_huber")),
        r"^SGDClassifier\(loss='modified_huber'\) .*use loss='log_loss'",
    ),
    "three classes": (
        lambda: fitted(columns(SLOT), labels=np.arange(COUNT) % 3),
        "^LogisticRegression was fitted on 3 classes",
    ),
    "named classes": (
        lambda: fitted(columns(SLOT), labels=np.where(rows()["label"] == 1, "click", "none")),
        r"^LogisticRegression was fitted on the classes \['click', 'none'\].*labels of 0 and 1",
    ),
    "balanced classes": (
        lambda: fitted(columns(SLOT), estimator=LogisticRegression(class_weight="balanced")),
        r"^LogisticRegression\(class_weight='balanced'\) shifts every probability; fit without",
    ),
    "weighted classes": (
        lambda: fitted(columns(SLOT), estimator=SGDClassifier(loss="log_loss", class_weight={0: 0.1})),
        r"^SGDClassifier\(class_weight=\{0: 0.1\}\) shifts every probability",
    ),
    "a weight beyond 100": (
        lambda: _with_coefficient(100.5),
        r"would not load: \$\.numeric\.age\.weight",
    ),
    "a coefficient that is not a number": (lambda: _with_coefficient(np.nan), "^the coefficient of 'age' is nan; mend"),
    "an intercept that is not a number": (lambda: _with_intercept(np.nan), "^the intercept is nan; mend"),
    "two logits": (lambda: _multinomial(), r"^LogisticRegression\(multi_class='multinomial'\) doubles"),
    "an array without names": (
        lambda: LogisticRegression().fit(rows()[["age"]].to_numpy(), rows()["label"]),
        "^the model was fitted on an array of 1 columns without names; give fields",
    ),
}


def _with_coefficient(value: float) -> Any:
    model = fitted(columns(AGE))
    model[-1].coef_[0, 0] = value
    return model


def _with_intercept(value: float) -> Any:
    model = fitted(columns(AGE))
    model[-1].intercept_[0] = value
    return model


def _picked_by_name() -> Any:
    parts = columns((StandardScaler(), ["age"])).set_output(transform="pandas")
    return fitted(parts, columns((MinMaxScaler(), ["0__age"])))


def _multinomial() -> Any:
    model = fitted(columns(AGE))
    model[-1].multi_class = "multinomial"  # a setting of scikit-learn before 1.8
    return model


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("name", REFUSALS)
def test_a_model_that_a_document_cannot_express_is_refused_by_name(name: str) -> None:
    make, message = REFUSALS[name]
    model = make()
    with pytest.raises(ValueError, match=message):
        of(model)


def test_a_term_with_a_coefficient_of_zero_needs_no_form() -> None:
    model = fitted(columns((OneHotEncoder(), ["os"]), (PolynomialFeatures(include_bias=False), ["age"])))
    of_missing, square = 1, 3
    model[-1].coef_[0, [of_missing, square]] = 0
    made = of(model)
    assert (list(made["categorical"]["os"]), list(made["numeric"])) == (["ios"], ["age"])


def test_a_model_that_was_not_fitted_is_refused() -> None:
    with pytest.raises(NotFittedError):
        of(make_pipeline(columns(SLOT), LogisticRegression()))


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"slot=12": 1.0}, "^the mapping has no 'intercept'"),
        ({"intercept": 0, "slot=12": np.nan}, "^the weight of 'slot=12' is nan"),
        ({"intercept": 0, ("slot=12",): 1.0}, r"^\('slot=12',\) names no weight"),
        ({"intercept": 0, ("slot=12", "age"): 1.0}, r"^\('slot=12', 'age'\) names no weight"),
        ({"intercept": 0, 12: 1.0}, "^12 names no weight"),
        ({"intercept": 0, ("os=ios", "slot=12"): 1.0, ("slot=12", "os=ios"): 2.0}, "is there twice"),
        ({"intercept": 0, ("slot=12", "slot=77"): 1.0}, r"would not load: \$\.crosses\[0\]"),
        ({"intercept": 0, "slot=12": 1.0, "slot": 0.5}, r"would not load: \$\.numeric\.slot"),
        ({"intercept": 0, "=12": 1.0}, r"would not load: \$\.categorical"),
        ({"intercept": 0, "slot=12": 101.0}, r"would not load: \$\.categorical\.slot"),
        ({"intercept": 0, "slot=" + "x" * 1025: 1.0}, r"would not load: .*1,024"),
    ],
)
def test_a_mapping_without_meaning_is_refused_by_name(mapping: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        of(mapping)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rows": [{}]}, "^a mapping predicts nothing"),
        ({"variance": True}, "^a mapping predicts nothing"),
        ({"target": "view"}, r"would not load: \$\.target"),
        ({"negative_sampling_rate": 0}, "^negative_sampling_rate must be above 0 and at most 1, not 0"),
        ({"negative_sampling_rate": np.nan}, "^negative_sampling_rate must be"),
        ({"campaign": ""}, r"would not load: \$\.campaign"),
    ],
)
def test_arguments_of_a_mapping_are_checked(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        of({"intercept": 0}, **arguments)


def test_fields_must_fit_the_columns() -> None:
    with pytest.raises(ValueError, match=r"fields must be left out, .*\['slot', 'os'"):
        of(fitted(columns(SLOT)), fields=["slot"])
    array = LogisticRegression().fit(rows()[["age", "a=b"]].to_numpy(), rows()["label"])
    with pytest.raises(ValueError, match="fields must name the 2 columns"):
        of(array, fields=["age"])
    with pytest.raises(ValueError, match="fields must be left out, for the model takes dictionaries"):
        of(fitted_on_dictionaries([{"slot": "12"}, {"slot": "77"}]), fields=["slot"])


def test_a_truth_value_in_the_place_of_a_number_is_refused() -> None:
    model = fitted(columns((StandardScaler(), ["new"])))
    with pytest.raises(ValueError, match=r"the number 'new' holds .*True.*one-hot"):
        of(model, rows=rows())


def test_a_field_of_dictionaries_with_an_equals_sign_is_refused() -> None:
    rows = [{"a=b": "c"}, {"a=b": "d"}] * 10
    with pytest.raises(ValueError, match=r"^the field 'a=b' has '=' in its name"):
        of(fitted_on_dictionaries(rows), rows=rows)


def test_a_row_that_requests_cannot_express_is_refused() -> None:
    model = fitted_on_dictionaries([{"slot": "12"}, {"slot": "77"}] * 10)
    with pytest.raises(ValueError, match=r"would not load: \$\.self_test"):  # "12" is a category here, 12 is a number
        of(model, rows=[{"slot": "12"}, {"slot": 12}, {"slot": "77"}] * 5)
