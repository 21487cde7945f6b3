# SPDX-License-Identifier: Apache-2.0
"""One definition of an impression's features, ``features.toml``, for training rows and for requests."""

from valuation_pipeline.features.definition import FeatureField, FeatureSet
from valuation_pipeline.features.requests import of_rows
from valuation_pipeline.features.rows import Aggregated, Rows, aggregate, restrict
from valuation_pipeline.features.selection import select_rows
from valuation_pipeline.features.tabulate import Summary, as_features, feature_column, summary, tabulate
from valuation_pipeline.features.vocabulary import Vocabulary

__all__ = [
    "Aggregated",
    "FeatureField",
    "FeatureSet",
    "Rows",
    "Summary",
    "Vocabulary",
    "aggregate",
    "as_features",
    "feature_column",
    "of_rows",
    "restrict",
    "select_rows",
    "summary",
    "tabulate",
]
