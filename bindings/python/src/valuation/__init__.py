# SPDX-License-Identifier: Apache-2.0
"""What each candidate ad is worth for one impression.

An ad server receives a request (slot, audience, context) and has N candidate ads for it. This package computes, in the
same process and in microseconds, the expected revenue of showing each of them::

    CPM    bid / 1000
    CPC    bid x pCTR
    CPA    bid x pCTR x pCVR

It is the Python interface of libvaluation, whose header valuation.h documents every call.

- :class:`Engine` loads models and answers requests, from any thread; :class:`Scorer` does it for one thread.
- - :func:`validate` finds every problem of model files; :func:`compare_models` shows the changes between two sets.
- - :func:`publish` publishes models as a release, which engines follow; :func:`list_releases`, :func:`select_release`
  and :func:`prune_releases` are for operators. :func:`compile_models` writes a file that loads in milliseconds.
- - :meth:`Engine.load_policy` loads a file that decides which predictor values which impression; :func:`check_policy`
  finds what is wrong with it; :func:`bucket` and :func:`buckets` compute the buckets of units in experiments.
- :class:`Features`, :class:`Candidates` and :class:`Batch` hold whole logs as arrays, for one call; :func:`score_table`
  and :func:`score_parquet` score a log from table to table.
- - :func:`valuation.sklearn.document` turns a model that scikit-learn fitted into a model document.
- - :meth:`Engine.feature_key` and its neighbours compute the keys of features and campaigns, under the engine's secret;
  :func:`fingerprint64` and :func:`fingerprints` give seeds and buckets.
- :class:`Error` and its subclasses say where, what, and what to do.
"""

from valuation._abi import VALUE_DTYPE
from valuation._library import build_info, library_file, version
from valuation.batch import Batch
from valuation.buckets import bucket, buckets
from valuation.candidates import Candidates
from valuation.comparison import Comparison, compare_models
from valuation.compilation import compile_models
from valuation.constants import Flag, Pricing, Status
from valuation.engine import Engine
from valuation.errors import (
    BusyError,
    ChecksumError,
    Error,
    InvalidArgumentError,
    ModelError,
    ModelNotFoundError,
    NotCompiledError,
    NothingLoadedError,
    OutOfMemoryError,
    Problem,
    ReleaseExistsError,
    RequestError,
    SecretError,
    StateError,
    UnknownReleaseError,
    UnknownSourceError,
    WriteError,
)
from valuation.features import Features
from valuation.fingerprints import fingerprint64, fingerprints
from valuation.generations import EngineState, Generation
from valuation.outcomes import Outcome, Outcomes
from valuation.policy import Finding, Source, check_policy
from valuation.releases import (
    Manifest,
    ReleaseSummary,
    list_releases,
    prune_releases,
    publish,
    select_release,
)
from valuation.scorer import Exploration, Ranking, Scorer, Scores
from valuation.tables import VALUE_COLUMNS, score_parquet, score_table
from valuation.validation import validate

__version__ = "0.1.0"

__all__ = [
    "VALUE_COLUMNS",
    "VALUE_DTYPE",
    "Batch",
    "BusyError",
    "Candidates",
    "ChecksumError",
    "Comparison",
    "Engine",
    "EngineState",
    "Error",
    "Exploration",
    "Features",
    "Finding",
    "Flag",
    "Generation",
    "InvalidArgumentError",
    "Manifest",
    "ModelError",
    "ModelNotFoundError",
    "NotCompiledError",
    "NothingLoadedError",
    "OutOfMemoryError",
    "Outcome",
    "Outcomes",
    "Pricing",
    "Problem",
    "Ranking",
    "ReleaseExistsError",
    "ReleaseSummary",
    "RequestError",
    "Scorer",
    "Scores",
    "SecretError",
    "Source",
    "StateError",
    "Status",
    "UnknownReleaseError",
    "UnknownSourceError",
    "WriteError",
    "__version__",
    "bucket",
    "buckets",
    "build_info",
    "check_policy",
    "compare_models",
    "compile_models",
    "fingerprint64",
    "fingerprints",
    "library_file",
    "list_releases",
    "prune_releases",
    "publish",
    "score_parquet",
    "score_table",
    "select_release",
    "validate",
    "version",
]
