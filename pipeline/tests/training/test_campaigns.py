# SPDX-License-Identifier: Apache-2.0
"""Campaign documents hold known counts, and estimate the conversions that recent clicks still lack."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import valuation

from training.test_delay import DAY, clicks
from valuation_pipeline.training.campaigns import campaign_documents
from valuation_pipeline.training.rows import Examples


def write(file: Path, found: Examples) -> Path:
    """Write clicks as examples, each after another impression without one."""
    names = np.repeat(found.campaigns, np.diff(found.bounds))
    nothing = np.iinfo(np.int64).max
    columns = {
        "impression_id": [f"i-{number}" for number in range(2 * len(names))],
        "campaign": [*names, *names],
        "advertiser": ["a"] * 2 * len(names),
        "time": pa.array(np.tile(found.times, 2), pa.timestamp("us")),
        "date": [date(1970, 1, 1) + timedelta(days=int(day)) for day in np.tile(found.times // DAY, 2)],
        "click": [True] * len(names) + [False] * len(names),
        "click_time": pa.array([*found.times.tolist(), *[None] * len(names)], pa.timestamp("us")),
        "conversion_time": pa.array(
            [*(None if time == nothing else time for time in found.outcome_times.tolist()), *[None] * len(names)],
            pa.timestamp("us"),
        ),
    }
    pq.write_table(pa.table(columns), file)
    return file


@pytest.mark.parametrize("days", [4, 14, 30])
def test_a_third_of_clicks_convert_though_some_conversions_have_not_come(tmp_path: Path, days: int) -> None:
    """Twenty logs of a thousand clicks, a third of which convert, within two days on average."""
    rates = []
    for seed in range(20):
        found = clicks([500, 500], [2.0, 2.0], seed, days)
        documents = campaign_documents(write(tmp_path / "examples.parquet", found), 7.0)
        assert [(one["impressions"], one["clicks"]) for one in documents] == [(1000, 500)] * 2
        assert all(
            one["conversions"] >= found.outcomes[found.rows_of(place)].sum() for place, one in enumerate(documents)
        )
        rates.append(sum(one["conversions"] for one in documents) / 1000)
    error = np.std(rates, ddof=1) / np.sqrt(len(rates))
    assert error < 0.02
    assert abs(np.mean(rates) - 1 / 3) < 3 * error


def test_old_clicks_are_counted_unchanged_and_the_engine_accepts_all(tmp_path: Path) -> None:
    old, young = clicks([300], [1.0], 1), clicks([2, 40], [1.0, 1.0], 2, days=1)
    times, outcome_times = (
        old.times - 10 * DAY,
        np.where(old.outcomes > 0, old.outcome_times - 10 * DAY, old.outcome_times),
    )
    both = Examples(
        old.table, old.encoded, ["a", "b", "c"], np.array([0, 300, 302, 342]),
        np.r_[old.outcomes, young.outcomes], np.r_[times, young.times], np.r_[outcome_times, young.outcome_times],
        np.r_[old.days - 10, young.days], np.ones(342), 1.0,
    )  # fmt: skip
    documents = campaign_documents(write(tmp_path / "examples.parquet", both), 7.0)
    assert documents[0]["conversions"] == int(old.outcomes.sum())
    assert isinstance(documents[0]["conversions"], int)
    for one in documents[1:]:
        assert 0 < one["conversions"] <= one["clicks"]
    (models := tmp_path / "models").mkdir()
    (models / "campaigns.jsonl").write_text("".join(json.dumps(one) + "\n" for one in documents))
    model = {"format": "valuation-model/1", "kind": "logistic", "campaign": "d", "target": "click", "version": "1"}
    rest = {"intercept": -1.0, "negative_sampling_rate": 1.0, "categorical": {}}
    (models / "click.jsonl").write_text(json.dumps({**model, **rest}))
    assert not [problem for problem in valuation.validate(models) if not problem.is_warning]


def test_a_log_without_a_click_has_documents_without_conversions(tmp_path: Path) -> None:
    file = write(tmp_path / "examples.parquet", clicks([3], [1.0], 1))
    table = pq.read_table(file)
    pq.write_table(table.slice(3), file)
    assert [(one["clicks"], one["conversions"]) for one in campaign_documents(file, 7.0)] == [(0, 0)]
