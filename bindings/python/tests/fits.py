# SPDX-License-Identifier: Apache-2.0
"""The same settings for different versions of scikit-learn: 1.8 renamed some, 1.7 is the last for Python 3.10."""

from __future__ import annotations

from typing import Any

import sklearn
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV

IS_NEW = tuple(map(int, sklearn.__version__.split(".")[:2])) >= (1, 8)


def ridge(**settings: Any) -> LogisticRegression:
    """An L2 penalty, which is the default."""
    return LogisticRegression(**{"max_iter": 3000} | settings)


def lasso(strength: float) -> LogisticRegression:
    """An L1 penalty; ``strength`` is C."""
    return ridge(C=strength, solver="liblinear", **({"l1_ratio": 1} if IS_NEW else {"penalty": "l1"}))


def cross_validated(*strengths: float) -> LogisticRegressionCV:
    """The best of several C."""
    words: dict[str, Any] = {"l1_ratios": (0,), "use_legacy_attributes": False} if IS_NEW else {}
    return LogisticRegressionCV(Cs=strengths, cv=2, scoring="neg_log_loss", max_iter=3000, **words)
