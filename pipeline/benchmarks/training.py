# SPDX-License-Identifier: Apache-2.0
"""What training achieves and costs on a generated log with known truth; Documentation/training.md has the figures.

Run it from ``pipeline/``, with the environment of the tests::

    PYTHONPATH=src OMP_NUM_THREADS=1 python benchmarks/training.py WORK

Each part runs in a process of its own, so that its CPU seconds (of training only) and its peak memory (of everything)
are its own. Results stay in WORK: remove a part's ``.json``, or all of WORK, to measure it again.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc
import pyarrow.parquet as pq
import scipy.sparse
import valuation
from rich.console import Console
from rich.table import Table
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from valuation_pipeline.features import FeatureSet, Rows, of_rows, tabulate
from valuation_pipeline.files import write_json_lines
from valuation_pipeline.generated.log import generate
from valuation_pipeline.generated.options import GeneratorOptions
from valuation_pipeline.logs.extract import extract
from valuation_pipeline.logs.options import LogOptions
from valuation_pipeline.training.job import Job
from valuation_pipeline.training.metrics import entropy, losses, normalized_entropy, poisson_interval
from valuation_pipeline.training.options import Strategy, TrainingOptions
from valuation_pipeline.training.own import candidates, fit_own
from valuation_pipeline.training.penalties import CAMPAIGN_MULTIPLES, choose
from valuation_pipeline.training.rows import Examples, Indices, Numbers, read_rows
from valuation_pipeline.training.samples import Known, Sample, Trial, microseconds
from valuation_pipeline.training.separate import separate
from valuation_pipeline.training.spreads import field_of_columns, own_factors
from valuation_pipeline.training.train import Trained, train
from valuation_pipeline.training.workers import Threads

FIRST = date(2026, 3, 1)
CLASSES = ((-1, 0, "new"), (0, 50, "< 50"), (50, 501, "50 to 500"), (501, 10**9, "> 500"), (-1, 10**9, "all"))
"""Of campaigns, by clicks in the training; new are those that begin on the unseen day."""
PARTS = ("corrections", "joint", "separate", "scikit-learn", "projection")


class Log:
    """The generated log: days to train on, and the day after, which is predicted."""

    def __init__(self, work: Path) -> None:
        self.feature_set = FeatureSet.read(work / "log" / "features.toml")
        with pa.memory_map(str(work / "table.arrow")) as source:
            self.table = pa.ipc.open_file(source).read_all()
        last = pc.max(self.table["date"]).as_py()
        self.as_of = datetime(last.year, last.month, last.day)
        unseen = pc.equal(self.table["date"], pa.scalar(last))
        self.before = self.table.filter(pc.invert(unseen))
        self.unseen = self.table.filter(unseen)
        truth = pq.read_table(work / "log" / "truth.parquet", columns=["impression_id", "pctr"])
        places = pc.index_in(self.unseen["impression_id"], value_set=truth["impression_id"].combine_chunks())
        self.truth = truth["pctr"].take(places).to_numpy()
        self.outcomes = self.unseen["click"].to_numpy().astype(float)

    def figures(self, log_odds: Numbers, positives: dict[str, int]) -> dict[str, Any]:
        """Normalized entropy by class of campaigns, and campaigns whose sum of predictions fits the outcomes."""
        names = self.unseen["campaign"].to_pylist()
        trained_on = np.array([positives.get(name, -1) for name in names])
        ones = np.ones(len(names))
        loss = self.truth * losses(ones, log_odds) + (1.0 - self.truth) * losses(1.0 - ones, log_odds)
        entropies: dict[str, float | None] = {}
        expected_entropies: dict[str, float | None] = {}
        for low, high, name in CLASSES:
            its = (trained_on >= low) & (trained_on < high)
            entropies[name] = normalized_entropy(self.outcomes[its], log_odds[its], ones[its])
            rate = float(self.truth[its].mean()) if its.any() else 0.0
            expected_entropies[name] = float(loss[its].mean()) / entropy(rate) if rate > 0.0 else None
        codes, campaigns = np.unique(names, return_inverse=True)
        came = np.bincount(campaigns, self.outcomes)
        expected = np.bincount(campaigns, expit(log_odds))
        within = [low <= p <= high for p, (low, high) in zip(expected, map(poisson_interval, came), strict=True)]
        return {
            "ne": entropies,
            "expected": expected_entropies,
            "campaigns": len(codes),
            "within_interval": int(sum(within)),
            "sum_p_over_sum_y": float(expected.sum() / came.sum()),
        }


def generator_options(impressions: int, campaigns: int, days: int, seed: int) -> GeneratorOptions:
    """The log's options: ``impressions`` on the days to train on, and a day more."""
    return GeneratorOptions(
        impressions=impressions * (days + 1) // days,
        campaigns=campaigns,
        days=days + 1,
        first_day=FIRST,
        candidate_share=0,
        seed=seed,
    )


def prepare(work: Path, options: GeneratorOptions) -> None:
    """Generate the log, and extract its examples and features."""
    generate(work / "log", options)
    extract(work / "log" / "log", FIRST, options.dates[-1], LogOptions(), work / "examples")
    table = tabulate(work / "examples" / "examples.parquet", FeatureSet.read(work / "log" / "features.toml"))
    with pa.OSFile(str(work / "unfinished"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    (work / "unfinished").rename(work / "table.arrow")


def strategy(work: Path, name: Strategy) -> dict[str, Any]:
    """Train by a strategy, predict the unseen day, and have the engine predict it."""
    log = Log(work)
    started = time.process_time()
    trained = train(log.before, log.feature_set, TrainingOptions(strategy=name), "click", log.as_of)
    seconds = time.process_time() - started
    positives = {row["campaign"]: row["positives"] for row in trained.campaigns}
    log_odds = trained.log_odds(log.unseen)
    result = {"cpu_seconds": seconds, "models": len(trained.documents), **log.figures(log_odds, positives)}
    result["weights"] = trained.summary["own_weights"] + (trained.summary["shared"] or {"weights": 0})["weights"]
    result["engine_difference"] = engine_difference(work, log, trained, log_odds)
    if name == "corrections":
        pooled = trained.models.shared
        assert pooled is not None
        alone = Trained(**{**vars(trained), "models": type(trained.models)(**{**vars(trained.models), "own": {}})})
        known = np.log(log.truth) - np.log1p(-log.truth)
        result["pooled"] = {"weights": len(pooled.columns), **log.figures(alone.log_odds(log.unseen), positives)}
        result["truth"] = log.figures(known, positives)
        result["constant"] = log.figures(trained.observed_log_odds(log.unseen), positives)
        trained_on = {name: positives.get(name, -1) for name in log.unseen["campaign"].unique().to_pylist()} | positives
        counts = np.array(list(trained_on.values()))
        result["classes"] = {label: int(((counts >= low) & (counts < high)).sum()) for low, high, label in CLASSES}
        result["rows"] = trained.summary["rows"]
        result["positives"] = trained.summary["positives"]
    return result


def engine_difference(work: Path, log: Log, trained: Trained, log_odds: Numbers) -> float:
    """The largest relative difference between the engine's and the trainer's probabilities, where a model exists."""
    file = work / f"{trained.summary['strategy']}.jsonl"
    write_json_lines(file, trained.documents)
    problems = valuation.validate(file)
    if problems:
        raise SystemExit("\n".join(map(str, problems)))
    engine = valuation.Engine()
    engine.load(file)
    request, ad = of_rows(engine, log.unseen, log.feature_set)
    keys = engine.campaign_keys(log.unseen["campaign"].to_pylist())
    scored = engine.score_batch(valuation.Batch(request, valuation.Candidates(keys, "cpc", 1.0, ad)))["pctr"]
    modelled = {document["campaign"] for document in trained.documents}
    rows = np.array(["*" in modelled or name in modelled for name in log.unseen["campaign"].to_pylist()])
    return float(np.abs(scored[rows] / expit(log_odds[rows]) - 1.0).max())


def scikit_learn(work: Path) -> dict[str, Any]:
    """The plain loop: LIBLINEAR for each campaign and the same penalties, chosen and refitted in the same way.

    Each column is divided by its penalty factor, which is equivalent to multiplying its penalty. For comparison,
    strategy ``separate`` does the same job on the same rows with one worker.
    """
    log = Log(work)
    examples, vocabulary = read_rows(log.before, log.feature_set, "click", 1.0)
    known = Known("click", 7.0, TrainingOptions(strategy="separate"))
    at = microseconds(log.as_of)
    now, trial = known.sample(examples, at), known.trial(examples, at)
    assert trial is not None
    unseen = vocabulary.encode(log.unseen)
    job = _job(examples, now, trial, vocabulary.column_count, field_of_columns(vocabulary), workers=1)
    names = pa.array(examples.campaigns)
    campaigns = pc.fill_null(pc.index_in(log.unseen["campaign"], value_set=names), -1).to_numpy().astype(np.int64)
    counts = dict(zip(examples.campaigns, now.counts()[1].tolist(), strict=True))
    started = time.process_time()
    observed = job.observed(trial.fitted)[:-1]
    eligible = job.eligible()
    sizes_of = np.diff(trial.fitted.bounds)
    factors = own_factors(trial.fitted, np.repeat(observed, sizes_of), eligible, job.fields)
    curves = np.zeros((len(examples.campaigns), 1 + len(CAMPAIGN_MULTIPLES)))
    _, positives = trial.fitted.counts()
    for campaign in eligible:
        held = trial.held_back.rows_of(campaign)
        fits = liblinear(trial.fitted, campaign, factors, CAMPAIGN_MULTIPLES)
        outcomes = trial.held_back.outcomes[held]
        if not fits or not len(outcomes):
            continue
        x = matrix(trial.held_back.encoded.take(np.arange(held.start, held.stop)), factors)
        curves[campaign, 0] = losses(outcomes, np.full(len(outcomes), observed[campaign])).sum()
        for place, fit in enumerate(fits, 1):
            curves[campaign, place] = losses(outcomes, fit.decision_function(x)).sum()
    rows = np.diff(trial.held_back.bounds).astype(float)
    options = job.options
    sizes = np.searchsorted(options.size_classes, positives, side="right")
    rate = float(positives.sum()) / len(trial.fitted)
    choice = np.zeros(len(curves), np.int64)
    choice[eligible] = choose(curves[eligible], rows[eligible], sizes[eligible], options.class_positives / rate)
    log_odds = job.observed(now)[campaigns]
    models = 0
    for campaign in eligible:
        fits = liblinear(now, campaign, factors, CAMPAIGN_MULTIPLES[choice[campaign] - 1 :][:1])
        its = np.flatnonzero(campaigns == campaign)
        if choice[campaign] > 0 and fits:
            models += 1
            if len(its):
                log_odds[its] = fits[0].decision_function(matrix(unseen.take(its), factors))
    seconds = time.process_time() - started
    started = time.process_time()
    outcome = separate(job)
    same = {"cpu_seconds": time.process_time() - started, "models": len(outcome.models.own)}
    same |= log.figures(outcome.models.log_odds(unseen, campaigns), counts)
    return {"cpu_seconds": seconds, "models": models, "same_job": same, **log.figures(log_odds, counts)}


def liblinear(sample: Sample, campaign: int, factors: Numbers, multiples: Numbers) -> list[LogisticRegression]:
    """scikit-learn's fits of a campaign: C is 1 / (lambda W), and the multiples are those of lambda W."""
    place = sample.rows_of(campaign)
    y = sample.outcomes[place]
    if not len(y) or y.min() == y.max():
        return []
    x = matrix(sample.encoded.take(np.arange(place.start, place.stop)), factors)
    return [LogisticRegression(l1_ratio=1.0, solver="liblinear", C=1.0 / multiple).fit(x, y) for multiple in multiples]


def matrix(rows: Rows, factors: Numbers) -> Any:
    """Rows in scikit-learn's form, each column divided by its penalty factor."""
    columns = len(factors) - rows.numbers.shape[1]
    labels = scipy.sparse.csr_matrix(
        (1.0 / factors[rows.columns], rows.columns, rows.starts), shape=(len(rows), columns)
    )
    return scipy.sparse.hstack([labels, scipy.sparse.csr_matrix(rows.numbers / factors[columns:])]).tocsr()


def projection(work: Path, campaigns: int = 60, rows: int = 5000, fields: int = 25, values: int = 80) -> dict[str, Any]:
    """Time campaigns of 500 weights and more: the path to the smallest penalty, judged and fitted again on all rows."""
    rng = np.random.default_rng(5)
    n, p = campaigns * rows, fields * values
    shares = 1.0 / np.arange(1.0, values + 1.0)
    cells = np.searchsorted(np.cumsum(shares / shares.sum())[:-1], rng.random((n, fields)))
    columns = (cells + np.arange(fields) * values).astype(np.int32)
    offset = np.full(n, -3.0)
    effects = rng.normal(0.0, 0.5, (campaigns, p))
    z = offset + effects[np.repeat(np.arange(campaigns), rows)[:, None], columns].sum(axis=1)
    outcomes = (rng.random(n) < expit(z)).astype(float)
    encoded = Rows(np.arange(0, n * fields + 1, fields), columns.ravel(), np.empty((n, 0)))
    bounds = np.arange(0, n + 1, rows)
    examples = Examples(
        pa.table({}), encoded, [str(number) for number in range(campaigns)], bounds, outcomes,
        np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int32), np.ones(n), 1.0,
    )  # fmt: skip
    place = np.arange(n) % rows
    now, fitted, held = (_sample(examples, its) for its in (place >= 0, place < 0.9 * rows, place >= 0.9 * rows))
    job = _job(examples, now, Trial(fitted, held), p, np.repeat(np.arange(fields), values), workers=2)
    everyone = np.arange(campaigns)
    cpu, wall = time.process_time(), time.perf_counter()
    factors = own_factors(fitted, offset[fitted.rows], everyone, job.fields)
    candidates(job, Trial(fitted, held), everyone, offset[held.rows], offset[fitted.rows], 10.0, factors)
    smallest = np.full(campaigns, len(CAMPAIGN_MULTIPLES), np.int64)
    own = fit_own(job, everyone, smallest, offset, 10.0, factors)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return {
        "campaigns": campaigns,
        "weights_least": min(len(weights.columns) for weights in own.values()),
        "weights_mean": float(np.mean([len(weights.columns) for weights in own.values()])),
        "cpu_seconds": cpu,
        "wall_seconds": wall,
        "minutes_of_10000_on_two_cores": cpu / campaigns * 10_000 / 2 / 60,
    }


def _sample(examples: Examples, chosen: np.ndarray[Any, np.dtype[np.bool_]]) -> Sample:
    rows: Indices = np.flatnonzero(chosen)
    bounds = np.searchsorted(rows, examples.bounds)
    return Sample(rows, bounds, examples.encoded.take(rows), examples.outcomes[rows], None, np.zeros(len(rows)))


def _job(examples: Examples, now: Sample, trial: Trial, columns: int, fields: Indices, workers: int) -> Job:
    options, threads = TrainingOptions(), Threads(workers)
    return Job(examples, "click", options, columns, fields, now, trial, threads, lambda stage, done, of: None)


def measure(work: Path, part: str) -> dict[str, Any]:
    """Run a part in a process of its own, unless its result exists."""
    file = work / f"{part}.json"
    if not file.exists():
        process = subprocess.Popen([sys.executable, __file__, str(work), "--part", part], stdout=subprocess.PIPE)
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        if status != 0:
            raise SystemExit(f"{part} failed")
        file.write_text(json.dumps({**json.loads(output), "peak_megabytes": usage.ru_maxrss / 1024}, indent=2))
    result: dict[str, Any] = json.loads(file.read_text())
    return result


def show(found: dict[str, dict[str, Any]]) -> None:
    """Print the figures as tables."""
    console = Console(width=140)
    first = found["corrections"]
    strategies = {name: first[name] for name in ("constant", "pooled", "truth")} | {
        name: found[name] for name in ("scikit-learn", "separate", "corrections", "joint")
    }
    overall = first["truth"]["ne"]["all"]
    table = Table(title=f"{first['rows']:,} rows, {first['positives']:,} clicks; normalized entropy of the next day")
    for heading in ("", *(f"{name} ({first['classes'][name]})" for *_, name in CLASSES), "over truth", "within 95 %"):
        table.add_column(heading, justify="right" if heading else "left")
    for heading in ("sum p / sum y", "CPU s", "MB", "weights", "engine"):
        table.add_column(heading, justify="right")
    for name in ("constant", "pooled", "scikit-learn", "separate", "corrections", "joint", "truth"):
        row = strategies[name]
        table.add_row(
            name,
            *("" if row["ne"][label] is None else f"{row['ne'][label]:.4f}" for *_, label in CLASSES),
            f"{row['ne']['all'] / overall - 1:+.1%}",
            f"{row['within_interval']} of {row['campaigns']}",
            f"{row['sum_p_over_sum_y']:.3f}",
            *(f"{row[key]:,.0f}" if key in row else "" for key in ("cpu_seconds", "peak_megabytes", "weights")),
            f"{row['engine_difference']:.0e}" if "engine_difference" in row else "",
        )
    console.print(table)
    expected = Table(title="the same by the true probabilities, without the noise of the day's clicks")
    for heading in ("", *(name for *_, name in CLASSES), "over truth"):
        expected.add_column(heading, justify="right" if heading else "left")
    for name, row in strategies.items():
        entropies = row["expected"]
        over = entropies["all"] / first["truth"]["expected"]["all"] - 1
        figures = ("" if entropies[label] is None else f"{entropies[label]:.4f}" for *_, label in CLASSES)
        expected.add_row(name, *figures, f"{over:+.1%}")
    console.print(expected)
    loop, same = found["scikit-learn"], found["scikit-learn"]["same_job"]
    console.print(
        f"the campaigns' fits alone: scikit-learn {loop['cpu_seconds']:.1f} CPU s, {loop['ne']['all']:.4f}; "
        f"this trainer {same['cpu_seconds']:.1f} CPU s, {same['ne']['all']:.4f}; "
        f"{loop['cpu_seconds'] / same['cpu_seconds']:.1f} times less"
    )
    projected = found["projection"]
    console.print(
        f"{projected['campaigns']} campaigns of {projected['weights_mean']:.0f} weights: "
        f"{projected['cpu_seconds']:.1f} CPU s, {projected['wall_seconds']:.1f} s; 10,000 on two cores: "
        f"{projected['minutes_of_10000_on_two_cores']:.1f} minutes"
    )


def main() -> None:
    """Measure what is not yet measured, and print everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--part", help="for internal use: measure a part and print it as JSON")
    parser.add_argument("--impressions", type=int, default=1_000_000, help="in the days to train on")
    parser.add_argument("--campaigns", type=int, default=200)
    parser.add_argument("--days", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args()
    if told.part is not None:
        parts: dict[str, Callable[[], dict[str, Any]]] = {
            "corrections": lambda: strategy(told.work, "corrections"),
            "joint": lambda: strategy(told.work, "joint"),
            "separate": lambda: strategy(told.work, "separate"),
            "scikit-learn": lambda: scikit_learn(told.work),
            "projection": lambda: projection(told.work),
        }
        print(json.dumps(parts[told.part]()))
        return
    told.work.mkdir(parents=True, exist_ok=True)
    if not (told.work / "table.arrow").exists():
        prepare(told.work, generator_options(told.impressions, told.campaigns, told.days, told.seed))
    show({part: measure(told.work, part) for part in PARTS})
    print(f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
