# SPDX-License-Identifier: Apache-2.0
"""The parameters of a fitted estimator: intercept, coefficients, and the strength of its regularisation."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, SGDClassifier
from sklearn.utils.validation import check_is_fitted

_ESTIMATORS = (LogisticRegression, LogisticRegressionCV, SGDClassifier)


def check_estimator(estimator: Any) -> None:
    """Refuse an estimator whose probabilities are not those of a logistic regression on labels of 0 and 1.

    Raises
    ------
    ValueError
        Names the setting, and what to do. scikit-learn's NotFittedError is one, too.
    """
    name = type(estimator).__name__
    if type(estimator) not in _ESTIMATORS:
        hint = "; give its best_estimator_" if hasattr(estimator, "best_estimator_") else ""
        known = ", ".join(kind.__name__ for kind in _ESTIMATORS)
        raise ValueError(f"{name} is no logistic regression that a model document can hold ({known}){hint}")
    check_is_fitted(estimator)
    if isinstance(estimator, SGDClassifier) and estimator.loss != "log_loss":
        raise ValueError(f"SGDClassifier(loss={estimator.loss!r}) gives no probabilities; use loss='log_loss'")
    if len(estimator.classes_) != 2:
        raise ValueError(f"{name} was fitted on {len(estimator.classes_)} classes; a model document has a yes and a no")
    if estimator.classes_.tolist() not in ([0, 1], [-1, 1]):
        raise ValueError(
            f"{name} was fitted on the classes {estimator.classes_.tolist()}, which do not say which is the click or "
            f"the conversion; fit it on labels of 0 and 1"
        )
    if getattr(estimator, "multi_class", None) == "multinomial":
        raise ValueError(f"{name}(multi_class='multinomial') doubles the logit of two classes; leave multi_class out")
    weights = estimator.class_weight
    if weights is not None and (weights == "balanced" or any(weight != 1 for weight in weights.values())):
        raise ValueError(
            f"{name}(class_weight={weights!r}) shifts every probability; fit without class_weight, or drop "
            f"negatives and say negative_sampling_rate"
        )


def coefficients(estimator: Any) -> npt.NDArray[np.float64]:
    """Return the coefficients, shape (n_columns,)."""
    found = estimator.coef_.toarray() if hasattr(estimator.coef_, "toarray") else estimator.coef_  # of sparsify()
    return np.asarray(found, np.float64).ravel()


def intercept(estimator: Any) -> float:
    """Return the intercept; 0 if it was not fitted."""
    return float(np.ravel(estimator.intercept_)[0])


def regularisation(estimator: Any, rows: int) -> float:
    """Return λ, the precision of the Gaussian prior for the penalty λ/2 ‖coefficients‖² of the summed loss.

    Parameters
    ----------
    estimator : estimator
        1 / C of a logistic regression. ``SGDClassifier`` has its penalty ``alpha`` per row.
    rows : int
        That it was fitted on.
    """
    if estimator.penalty is None:
        return 0.0
    if isinstance(estimator, SGDClassifier):
        return float(estimator.alpha) * rows
    strength = estimator.C_ if isinstance(estimator, LogisticRegressionCV) else estimator.C
    return 1 / float(np.ravel(strength)[0])
