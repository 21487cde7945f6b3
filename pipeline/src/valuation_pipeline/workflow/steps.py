# SPDX-License-Identifier: Apache-2.0
"""The work of each step: calls the step's function on the day's files. Each folder appears completely or not at all."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from functools import partial

import pyarrow.parquet as pq

from valuation_pipeline.checks import Windows, check_run, held_back, read_verdicts
from valuation_pipeline.computing import computing
from valuation_pipeline.errors import HeldBackError, PipelineError
from valuation_pipeline.features import FeatureSet
from valuation_pipeline.files import whole_folder, write_json, write_json_lines
from valuation_pipeline.logs.extract import extract
from valuation_pipeline.logs.opening import files_of
from valuation_pipeline.report import write
from valuation_pipeline.training.campaigns import campaign_documents
from valuation_pipeline.training.days import features_since
from valuation_pipeline.training.options import Target
from valuation_pipeline.training.train import NothingToTrainError, Trained, train
from valuation_pipeline.workflow.arrival import missing_day, wait_for
from valuation_pipeline.workflow.day import Day, Step
from valuation_pipeline.workflow.lineage import lineage_files
from valuation_pipeline.workflow.lock import locked
from valuation_pipeline.workflow.page import SKIPPED, page_of
from valuation_pipeline.workflow.publication import publish

#: In seconds: how long publishing waits for another run that publishes to the same models.
PUBLISHING_PATIENCE = 600.0


def arrive(day: Day) -> None:
    """Wait for the day's log."""
    options = day.configuration.workflow
    waited = wait_for(lambda: missing_day(day.logs, day.date, options, day.mapping), options)
    with whole_folder(day.folder("arrived")) as folder:
        now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        write_json(folder / "arrived.json", {"at": now, "waited_seconds": round(waited)})


def take_examples(day: Day) -> None:
    """Join the log's impressions with their clicks and conversions."""
    extract(day.logs, day.first, day.date, day.configuration.log, day.folder("examples"))
    if day.read_log_sum() != day.log_sum:
        raise PipelineError(f"{day.logs}: files of the log changed while they were read; run again when it is complete")


def make_models(target: Target, day: Day) -> None:
    """Train the models of a target.

    A log without conversions, or one so young that none are known yet, gives no conversion models; ``skipped.json``
    says why.
    """
    with whole_folder(day.folder(target)) as folder:
        trained = _train(target, day)
        if isinstance(trained, str):
            write_json(folder / SKIPPED, {"reason": trained})
        else:
            write_json_lines(folder / "models.jsonl", trained.documents)
            write_json(folder / "training.json", {**trained.summary, "campaigns": trained.campaigns})
            pq.write_table(trained.held_out, folder / "held_out.parquet")


def check(day: Day) -> None:
    """Judge the log and the models, and write the models to be published."""
    examples = day.folder("examples") / "examples.parquet"
    documents = campaign_documents(examples, day.configuration.log.attribution_days)
    unfinished = day.campaigns_file.with_suffix(".unfinished")
    write_json_lines(unfinished, documents)
    unfinished.replace(day.campaigns_file)
    options = day.configuration
    click_days = math.ceil(options.log.click_window_hours / 24)
    check_run(
        day.folder("check").parent,
        FeatureSet.read(options.features),
        options.checks,
        previous=day.models / "releases" / day.previous if day.previous else None,
        windows=Windows(click_days, click_days + math.ceil(options.log.attribution_days)),
    )


def report(day: Day) -> None:
    """Write the day's page."""
    with whole_folder(day.folder("report")) as folder:
        write(page_of(day), folder)


def release(day: Day) -> None:
    """Publish the models, unless a check failed."""
    page = day.folder("report") / "report.html"
    verdicts = read_verdicts(day.folder("check") / "verdicts.json")
    if held_back(verdicts):
        failed = [verdict for verdict in verdicts if verdict.status == "failed"]
        more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
        raise HeldBackError(f"held back by {failed[0].check} of {failed[0].subject}: {failed[0].reason}{more}; {page}")
    with locked(day.models, f"publishing {day.release}", PUBLISHING_PATIENCE):
        serves = publish(day.folder("check") / "models", day.models, day.release, lineage_files(day))
    published = day.models / "releases" / day.release
    with whole_folder(day.folder("release")) as folder:
        for name in ("manifest.json", "lineage.json"):
            shutil.copyfile(published / name, folder / name)
        write_json(folder / "published.json", {"release": day.release, "serves": serves})


def _train(target: Target, day: Day) -> Trained | str:
    """Train, or explain why there is nothing to train on."""
    if target == "conversion" and not files_of(day.logs, "conversions", day.mapping):
        return "The log has no table of conversions."
    options = day.configuration
    feature_set = FeatureSet.read(options.features)
    with computing(day.engine, day.master, day.workers) as chosen:
        days = options.log.days if target == "click" else options.log.conversion_days
        first = day.date - timedelta(days=days - 1)
        file = day.folder("examples") / "examples.parquet"
        table, share = features_since(file, first, target, feature_set, options.sampling, chosen.tabulate)
        try:
            return train(
                table,
                feature_set,
                options.training,
                target,
                as_of=datetime.combine(day.date + timedelta(days=1), time(), UTC),
                negative_sampling_rate=share,
                workers=chosen.workers,
                attribution_days=options.log.attribution_days,
            )
        except NothingToTrainError as error:
            if target == "click":
                raise
            return str(error)


MAKE: Mapping[Step, Callable[[Day], None]] = {
    "arrived": arrive,
    "examples": take_examples,
    "click": partial(make_models, "click"),
    "conversion": partial(make_models, "conversion"),
    "check": check,
    "report": report,
    "release": release,
}
"""The function of each step."""
