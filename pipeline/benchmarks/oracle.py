# SPDX-License-Identifier: Apache-2.0
"""What a model reaches that knows how far the true weights of a generated log spread; see Documentation/training.md.

Run it from ``pipeline/`` after ``benchmarks/training.py``, with the same options::

    PYTHONPATH=src OMP_NUM_THREADS=1 python benchmarks/oracle.py WORK

Shared weights and campaigns' own weights are fitted in one problem without a penalty. Each has a normal prior with the
true variance: that of its field; for own weights that of the field's deviations, that of each value's deviations, or
that of a deviation where there is one and none elsewhere.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from training import CLASSES, Log, generator_options
from valuation_pipeline.features import Rows, Vocabulary
from valuation_pipeline.generated.fields import DEVIATING, FIELDS, HOURS, INTERESTS
from valuation_pipeline.generated.world import CROSS_SPREAD, DEVIATION, LEVELS, World, deviating_shares, draw_world
from valuation_pipeline.solver import Problem, fit_path
from valuation_pipeline.training.joint import beside
from valuation_pipeline.training.rows import Indices, Numbers, read_rows, weighed

SPREADS = LEVELS | {field.name: field.click for field in (*FIELDS, INTERESTS, HOURS)} | {"seen": 0.3}
"""Standard deviations of the fields' effects. That of ``seen`` is linear; its six values have about this."""
NUMBER_SPREAD = 1.0
"""Wide: each number has one weight, which all rows tell."""


class Oracle:
    """The log, and what is known of its truth."""

    def __init__(self, work: Path, world: World) -> None:
        self.log = Log(work)
        self.examples, vocabulary = read_rows(self.log.before, self.log.feature_set, "click", 1.0)
        names = self.examples.campaigns
        self.columns, self.campaigns = vocabulary.column_count, len(names)
        self.campaign = np.repeat(np.arange(self.campaigns), np.diff(self.examples.bounds))
        self.unseen = vocabulary.encode(self.log.unseen)
        places = pc.index_in(self.log.unseen["campaign"], value_set=pa.array(names))
        self.unseen_campaign = pc.fill_null(places, -1).to_numpy().astype(np.int64)
        clicks = np.bincount(self.campaign, self.examples.outcomes, minlength=self.campaigns)
        self.positives = dict(zip(names, clicks.astype(int).tolist(), strict=True))
        spreads = [np.full(len(values), SPREADS[name]) for name, values in vocabulary.values.items()]
        spreads += [np.full(len(cross.pairs), CROSS_SPREAD) for cross in vocabulary.crosses]
        self.precisions = 1.0 / np.concatenate([*spreads, np.full(len(vocabulary.numbers), NUMBER_SPREAD)]) ** 2
        codes = [int(name.removeprefix("c-")) for name in names]
        self.variances = self._variances(vocabulary, world, codes)

    def _variances(self, vocabulary: Vocabulary, world: World, codes: list[int]) -> dict[str, Numbers]:
        """Of campaigns' own weights, (campaigns, columns), by what is known; 0 where there is no such weight."""
        rows = np.bincount(self.examples.encoded.columns, minlength=self.columns)
        fields = {field.name: field for field in FIELDS}
        by_field, by_value, exact = (np.zeros((self.campaigns, self.columns)) for _ in range(3))
        first = 0
        for name, values in vocabulary.values.items():
            place = slice(first, first + len(values))
            first = place.stop
            if name in DEVIATING:
                labels = fields[name].labels()
                known = np.array([labels.index(value) for value in values])
                shares = deviating_shares(len(labels))[known]
                by_field[:, place] = DEVIATION**2 * np.average(shares, weights=rows[place])
                by_value[:, place] = DEVIATION**2 * shares
                exact[:, place] = np.where(world.click.deviations[name][codes][:, known] != 0.0, DEVIATION**2, 0.0)
        return {
            "the variance of each field": by_field,
            "the variance of each value": by_value,
            "which values deviate": exact,
        }

    def log_odds(self, variances: Numbers) -> tuple[Numbers, int]:
        """Fit the days to train on, predict the unseen day; and the number of own weights."""
        variance = variances.ravel()
        _, pairs = _pairs(self.examples.encoded, self.campaign, self.columns)
        present = np.unique(pairs[variance[pairs] > 0.0])
        numbers = np.full(len(variance) + 1, -1, np.int64)  # the last stands for unknown campaigns
        numbers[present] = self.columns + np.arange(len(present))
        rows = _with_own(self.examples.encoded, self.campaign, self.columns, numbers)
        shared, of_numbers = self.precisions[: self.columns], self.precisions[self.columns :]
        precisions = np.concatenate([shared, 1.0 / variance[present], of_numbers])
        problem = Problem(
            rows.starts,
            rows.columns,
            self.columns + len(present),
            self.examples.outcomes,
            numbers=rows.numbers,
            penalty_factors=np.zeros(len(precisions)),
            precisions=precisions,
        )
        path = fit_path(problem, penalties=[0.0], tolerance=1e-6)
        unseen = _with_own(self.unseen, self.unseen_campaign, self.columns, numbers)
        log_odds: Numbers = path.intercepts[0] + weighed(unseen, path.coefficients[0])
        return log_odds, len(present)


def _pairs(rows: Rows, campaign: Indices, columns: int) -> tuple[Indices, Indices]:
    """The row of each entry, and its pair of campaign and column as one number; -1 for unknown campaigns."""
    row = np.repeat(np.arange(len(rows)), np.diff(rows.starts))
    return row, np.where(campaign[row] < 0, -1, campaign[row] * columns + rows.columns)


def _with_own(rows: Rows, campaign: Indices, columns: int, numbers: Indices) -> Rows:
    """Rows with the columns of their campaigns' own weights after the shared ones."""
    row, pairs = _pairs(rows, campaign, columns)
    own = numbers[pairs]
    starts = np.concatenate([[0], np.cumsum(np.bincount(row[own >= 0], minlength=len(rows)))])
    return beside(rows, starts, own[own >= 0].astype(np.int32))


def main() -> None:
    """Fit each oracle, and print how far it is above the truth's normalized entropy."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--impressions", type=int, default=1_000_000, help="as for training.py")
    parser.add_argument("--campaigns", type=int, default=200)
    parser.add_argument("--days", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args()
    oracle = Oracle(told.work, draw_world(generator_options(told.impressions, told.campaigns, told.days, told.seed)))
    log = oracle.log
    truth = log.figures(np.log(log.truth) - np.log1p(-log.truth), oracle.positives)
    for name, variances in oracle.variances.items():
        started = time.process_time()
        log_odds, own = oracle.log_odds(variances)
        seconds = time.process_time() - started
        print(f"It knows {name}: {own:,} own weights, {seconds:.0f} CPU s")
        found = log.figures(log_odds, oracle.positives)
        for part, title in (("expected", "by the true probabilities"), ("ne", "by the day's clicks")):
            of = {label: (found[part][label], truth[part][label]) for *_, label in CLASSES}
            figures = [f"{label} {x:.4f} (+{x / y - 1:.1%})" for label, (x, y) in of.items() if x is not None]
            print(f"  {title}: {', '.join(figures)}")


if __name__ == "__main__":
    main()
