# SPDX-License-Identifier: Apache-2.0
"""All checks of one run, and the models to be published."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa

from valuation_pipeline.checks.arrivals import quoted
from valuation_pipeline.checks.calibration import check_calibration, check_campaigns
from valuation_pipeline.checks.constants import observed_rates, replace_by_constants
from valuation_pipeline.checks.engine_checks import check_engine
from valuation_pipeline.checks.engines import last_release
from valuation_pipeline.checks.entropy import check_entropy
from valuation_pipeline.checks.fields import check_fields
from valuation_pipeline.checks.inputs import RunInputs, read_run
from valuation_pipeline.checks.intercepts import check_intercepts
from valuation_pipeline.checks.judging import within_severity
from valuation_pipeline.checks.log_checks import Windows, check_log
from valuation_pipeline.checks.options import CheckOptions
from valuation_pipeline.checks.profiles import profiles
from valuation_pipeline.checks.rankings import check_ranking
from valuation_pipeline.checks.verdicts import Verdict, in_order, write_verdicts
from valuation_pipeline.database import connect
from valuation_pipeline.features import FeatureSet, tabulate
from valuation_pipeline.files import whole_folder, write_json_lines
from valuation_pipeline.training.options import Target

#: The number of days with which the newest day's features are compared.
COMPARED_DAYS = 14


def check_run(
    folder: Path,
    feature_set: FeatureSet,
    options: CheckOptions,
    previous: Path | None = None,
    windows: Windows = Windows(),  # noqa: B008 (frozen)
    progress: Callable[[str], None] = lambda step: None,
) -> list[Verdict]:
    """Check a run, and write ``check/verdicts.json`` and ``check/models/`` into its folder.

    ``check/models/`` has the models to be published, whether or not the release is held back: the run's models, with
    constants for those that are no better, and its campaign documents.

    Parameters
    ----------
    folder : Path
        Of the run, with ``examples/`` and ``click/``, ``conversion/`` or both.
    feature_set : FeatureSet
        The features that the models were trained on.
    options : CheckOptions
    previous : Path, optional
        The directory of releases, or one release, that serves so far.
    windows : Windows
        How long clicks and conversions count.
    progress : callable
        Called with the name of each step.

    Returns
    -------
    list of Verdict
        Failed ones first. Checks that are off are left out.

    Raises
    ------
    PipelineError
        If a step of the run is missing, or its files are not valid.
    """
    run = read_run(folder)
    release = last_release(previous)
    with whole_folder(folder / "check") as unfinished:
        progress("log")
        verdicts, spreads = check_log(run, windows, options)
        progress("held-back days")
        verdicts += _write_models(run, unfinished / "models", spreads, options)
        progress("features")
        table = _recent_features(run, feature_set, windows, options)
        verdicts += check_fields(profiles(table, feature_set), options)
        progress("engine")
        verdicts += check_engine(run, unfinished / "models", table, feature_set, release, windows, spreads, options)
        verdicts = [verdict for verdict in verdicts if options.severity_of(verdict.check) != "off"]
        verdicts = in_order(within_severity(verdicts, options))
        write_verdicts(unfinished / "verdicts.json", verdicts)
    return verdicts


def _recent_features(run: RunInputs, feature_set: FeatureSet, windows: Windows, options: CheckOptions) -> pa.Table:
    """Take the features of as many days as the checks need."""
    days = max(COMPARED_DAYS, windows.conversion_days + options.recent_days)
    first = run.newest - timedelta(days=days)
    with TemporaryDirectory() as folder, connect() as connection:
        recent = Path(folder) / "recent.parquet"
        connection.execute(
            f"COPY (FROM read_parquet({quoted(str(run.examples))}) WHERE date >= DATE '{first}') "
            f"TO {quoted(str(recent))} (FORMAT parquet)"
        )
        return tabulate(recent, feature_set)


def _write_models(run: RunInputs, models: Path, spreads: dict[Target, float], options: CheckOptions) -> list[Verdict]:
    """Judge predictions of held-back days, and write the models to be published."""
    models.mkdir()
    verdicts = []
    for trained in run.targets:
        judged, constant = check_entropy(trained.held_out, options)
        if options.severity_of("entropy") == "off":
            constant = set()
        rates = observed_rates(trained.target, trained.campaigns)
        if "*" in constant:  # nothing that extends it may stay, and each campaign is to have its own rate
            constant = {name for name in rates if name != "*" or _has_shared(trained.documents)}
        chosen = {name: rate for name, rate in rates.items() if name in constant}
        documents = replace_by_constants(trained.documents, trained.target, chosen)
        write_json_lines(models / f"{trained.target}.jsonl", documents)
        predicted = trained.held_out.with_constants(constant).predicted()
        verdicts += [
            *judged,
            *check_calibration(predicted, spreads[trained.target], options),
            *check_campaigns(predicted, spreads[trained.target], options),
            *check_ranking(trained.held_out, options),
            *check_intercepts(documents, trained.target, options),
        ]
    if run.campaign_documents:
        write_json_lines(models / "campaigns.jsonl", run.campaign_documents)
    return verdicts


def _has_shared(documents: list[dict[str, Any]]) -> bool:
    return any(document["campaign"] == "*" for document in documents)
