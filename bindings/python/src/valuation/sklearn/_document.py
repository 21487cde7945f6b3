# SPDX-License-Identifier: Apache-2.0
"""The document of a fitted model."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import sklearn
from sklearn.pipeline import Pipeline

from valuation._texts import category_text
from valuation.sklearn import _estimators
from valuation.sklearn._rows import features_of, representatives, take
from valuation.sklearn._terms import Column, Number
from valuation.sklearn._transformers import columns_after
from valuation.sklearn._variances import variances
from valuation.sklearn._weights import Weights
from valuation.validation import validate


def document(
    model: Any,
    *,
    campaign: str | int,
    target: str,
    version: str,
    negative_sampling_rate: float = 1.0,
    rows: Any = None,
    variance: bool = False,
    sample_weight: npt.ArrayLike | None = None,
    fields: Sequence[str] | None = None,
    training: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return a fitted model as a document of the format valuation-model/1, which gives the model's own probabilities.

    Whatever such a document cannot express is refused by its name, never approximated; so is whatever the loader would
    refuse. Documentation/scikit-learn.md lists what is supported. Any thread, while nothing else fits the model.

    Parameters
    ----------
    model : Pipeline, estimator, or mapping of name to number
        A fitted ``LogisticRegression``, ``LogisticRegressionCV`` or ``SGDClassifier(loss="log_loss")`` on labels of 0
        and 1, alone or behind encoders, vectorizers and scalers in a ``Pipeline``. Or weights by name: ``"intercept"``,
        ``"slot=12"``, ``("slot=12", "os=ios")`` for a cross, and ``"days_since_visit"`` for a number's slope per unit.
    campaign : str or int
        Its id; ``"*"`` is the default for campaigns without a model.
    target : str
        ``"click"`` or ``"conversion"``.
    version : str
        By convention the time at which the batch began, ``"2026-11-21T03:00:00Z"``.
    negative_sampling_rate : float, default=1.0
        The share of the negatives that training kept.
    rows : DataFrame, array or list of dicts, shape (n_rows,), optional
        As ``predict_proba`` takes them. Up to 20 of them become self-tests, which run at every load: their features,
        and the model's ``predict_proba`` with the sampling corrected. Not for a mapping, which cannot predict.
    variance : bool, default=False
        Whether to include the uncertainty of the weights, for exploration: 1 / (λ + Σ p (1 - p) x²) over ``rows``,
        which must then be the rows of the training, with λ = 1 / C (``alpha`` times the rows of an ``SGDClassifier``; 0
        without a penalty). Weights of 0 are then listed, too.
    sample_weight : array_like of float, shape (n_rows,), optional
        Of each row in training; only variances depend on it.
    fields : sequence of str, shape (n_columns,), optional
        The names of the columns, if the model was fitted on an array.
    training : mapping, optional
        Members of ``training`` besides ``trainer``: ``rows``, ``positives`` and ``base_rate`` before negatives were
        dropped, and any others.

    Returns
    -------
    dict
        A dictionary for ``json.dumps``; further members, such as ``advertiser``, may be added. O(weights + 20 · entries
        of the training matrix).

    Raises
    ------
    ValueError
        If the model, a row or an argument cannot be expressed in a document. The message names the transformer,
        setting, column or weight, and says what to do.

    Examples
    --------
    >>> from valuation.sklearn import document
    >>> weights = {"intercept": -2.0, "slot=12": 0.5, ("slot=12", "os=ios"): 0.25, "days_since_visit": -0.125}
    >>> made = document(weights, campaign="1042", target="click", version="2026-11-21")
    >>> made["categorical"], made["crosses"]
    ({'slot': {'12': 0.5}}, [{'fields': ['os', 'slot'], 'weights': [['ios', '12', 0.25]]}])
    """
    if not 0 < negative_sampling_rate <= 1:
        raise ValueError(f"negative_sampling_rate must be above 0 and at most 1, not {negative_sampling_rate}")
    if isinstance(model, Mapping):
        if rows is not None or variance:
            raise ValueError("a mapping predicts nothing: rows and variance are for models of scikit-learn")
        made, trainer = _members(Weights.from_mapping(model), keep_zeros=True), {}
    else:
        made = _of_model(model, rows, fields, variance, sample_weight, negative_sampling_rate)
        trainer = {"trainer": f"scikit-learn {sklearn.__version__}"}
    head = {
        "format": "valuation-model/1",
        "kind": "logistic",
        "campaign": category_text(campaign),
        "target": target,
        "version": version,
        "negative_sampling_rate": float(negative_sampling_rate),
    }
    result = {**head, **made, "training": {**trainer, **(training or {})}}
    _check(result)
    return result


def _of_model(
    model: Any,
    rows: Any,
    fields: Sequence[str] | None,
    variance: bool,
    sample_weight: npt.ArrayLike | None,
    sampling: float,
) -> dict[str, Any]:
    """Return the members of a document that depend on a fitted model."""
    steps = [transformer for _, transformer in model.steps] if isinstance(model, Pipeline) else [model]
    estimator = steps.pop()
    _estimators.check_estimator(estimator)
    names = _names(model, fields)
    columns = [Column(Number(name)) for name in names or ()]
    for transformer in steps:
        columns = columns_after(transformer, columns)
    coefficients = _estimators.coefficients(estimator)
    weights = Weights.from_columns(_estimators.intercept(estimator), coefficients.tolist(), columns)
    made = _members(weights, keep_zeros=variance)
    if rows is None:
        if variance:
            raise ValueError("variances are of training rows: give rows")
        return made
    matrix = model[:-1].transform(rows) if steps else rows
    matrix = matrix.tocsr() if hasattr(matrix, "tocsr") else np.asarray(matrix, np.float64)
    logits = np.asarray(matrix @ coefficients + _estimators.intercept(estimator))
    if variance:
        odds = np.exp(-np.abs(logits))  # of the less likely class, so that p (1 - p) keeps its digits
        curvatures = _sample_weights(sample_weight, len(logits)) * odds / (1 + odds) ** 2
        precision = _estimators.regularisation(estimator, len(logits))
        made["variance"] = variances(weights, columns, matrix, curvatures, precision)
    positions = representatives(matrix, logits + np.log(sampling), coefficients != 0)
    if not len(positions):
        return made
    chosen = take(rows, positions)
    probabilities = model.predict_proba(chosen)[:, 1]
    corrected = probabilities / (probabilities + (1 - probabilities) / sampling)
    made["self_test"] = [
        {"features": features, "probability": probability}
        for features, probability in zip(features_of(chosen, names, weights.by_label), corrected.tolist(), strict=True)
    ]
    return made


def _names(model: Any, fields: Sequence[str] | None) -> list[str] | None:
    """Return the names of the columns that a model takes; None where it takes dictionaries."""
    found = getattr(model, "feature_names_in_", None)
    count = getattr(model, "n_features_in_", None)
    if found is not None:
        if fields is not None and list(fields) != list(found):
            raise ValueError(f"fields must be left out, for the model knows its columns: {list(found)}")
        return list(found)
    if fields is not None and count is None:
        raise ValueError("fields must be left out, for the model takes dictionaries")
    if fields is not None and len(fields) != count:
        raise ValueError(f"fields must name the {count} columns that the model was fitted on, not {len(fields)}")
    if fields is None and count is not None:
        raise ValueError(f"the model was fitted on an array of {count} columns without names; give fields")
    return None if fields is None else list(fields)


def _members(weights: Weights, *, keep_zeros: bool) -> dict[str, Any]:
    return {
        "intercept": weights.intercept,
        **weights.members(
            lambda weight: weight.weight if weight.weight or keep_zeros else None,
            lambda weight: {"mean": weight.mean, "std": weight.std, "weight": weight.weight},
        ),
    }


def _sample_weights(given: npt.ArrayLike | None, rows: int) -> npt.NDArray[np.float64]:
    weights = np.ones(rows) if given is None else np.asarray(given, np.float64)
    if weights.shape != (rows,) or not (np.isfinite(weights) & (weights >= 0)).all():
        raise ValueError(f"sample_weight must hold a number of at least 0 for each of {rows} rows")
    return weights


def _check(document: Mapping[str, Any]) -> None:
    """Refuse what the loader would refuse."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.json")
        path.write_text(json.dumps(document, allow_nan=False), encoding="utf-8")
        problem = next((found for found in validate(path) if not found.is_warning), None)
    if problem is not None:
        raise ValueError(f"the document would not load: {problem.json_path}: {problem.message}")
