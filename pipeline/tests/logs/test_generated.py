# SPDX-License-Identifier: Apache-2.0
"""A generated log agrees with the truth beside it, and has the faults asked for."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest
import typer
from scipy.special import expit
from scipy.stats import chi2
from typer.testing import CliRunner

from valuation_pipeline.errors import PipelineError
from valuation_pipeline.generated.command import generate_log
from valuation_pipeline.generated.log import generate
from valuation_pipeline.generated.options import GeneratorOptions
from valuation_pipeline.logs.schema import TABLES

OPTIONS = GeneratorOptions(impressions=40_000, campaigns=20, days=4, predictions="noisy", candidate_share=0.02)


def rows(log: Path, query: str) -> list[tuple[object, ...]]:
    """Query the tables of a log, as views of their names, and ``truth``."""
    with duckdb.connect() as connection:
        for table in TABLES:
            connection.execute(f"CREATE VIEW {table} AS SELECT * FROM '{log}/log/{table}/*/*.parquet'")
        connection.execute(f"CREATE VIEW truth AS SELECT * FROM '{log}/truth.parquet'")
        return connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("generated") / "log"
    generate(folder, OPTIONS)
    return folder


def test_has_the_rows_days_and_schema_asked_for(log: Path) -> None:
    days = rows(log, "SELECT date, count(*) FROM impressions GROUP BY ALL ORDER BY 1")
    assert days == [(day, 10_000) for day in OPTIONS.dates]
    for table, schema in TABLES.items():
        for file in (log / "log" / table).rglob("*.parquet"):
            assert pq.read_schema(file).equals(schema), file
            assert (file.parent / "_SUCCESS").exists()


def test_ids_are_unique_and_in_the_order_of_time(log: Path) -> None:
    assert rows(log, "SELECT count(DISTINCT impression_id) FROM impressions") == [(40_000,)]
    by_time = rows(log, "SELECT impression_id FROM impressions ORDER BY time, impression_id")
    assert by_time == sorted(by_time)


def test_clicks_and_conversions_come_as_often_as_the_truth_says(log: Path) -> None:
    """Each sum is within four standard deviations of its expectation: wrong once in 16,000 seeds."""
    clicks = "SELECT pctr, pcvr, impression_id IN (SELECT impression_id FROM clicks)::INTEGER AS click FROM truth"
    (expected, variance, drawn) = rows(log, f"SELECT sum(pctr), sum(pctr * (1 - pctr)), sum(click) FROM ({clicks})")[0]
    assert abs(drawn - expected) < 4 * variance**0.5  # type: ignore[operator]
    converted = """
        SELECT sum(pcvr), sum(pcvr * (1 - pcvr)), sum(converted::INTEGER)
        FROM (SELECT pcvr, impression_id IN (SELECT impression_id FROM conversions) AS converted
              FROM truth JOIN clicks USING (impression_id))
    """
    (expected, variance, drawn) = rows(log, converted)[0]
    assert abs(drawn - expected) < 4 * variance**0.5  # type: ignore[operator]


def test_the_truth_holds_within_each_slot(log: Path) -> None:
    """The mean pctr of a slot's rows agrees with their click rate: wrong once in 10,000 seeds."""
    query = """
        SELECT sum(t.pctr), sum(t.pctr * (1 - t.pctr)),
               sum((impression_id IN (SELECT impression_id FROM clicks))::INTEGER)
        FROM impressions JOIN truth t USING (impression_id) GROUP BY features['slot']
    """
    by_slot = rows(log, query)
    expected, variance, drawn = np.array(by_slot, dtype=float).T
    statistic = ((drawn - expected) ** 2 / variance).sum()
    slots = len(expected)
    assert 20 < slots <= 24
    assert statistic < chi2.isf(1e-4, slots)


def test_campaigns_and_slots_come_and_go(log: Path) -> None:
    partial = "SELECT count(*) FROM (SELECT {0} FROM impressions GROUP BY {0} HAVING count(DISTINCT date) < 4)"
    assert rows(log, partial.format("campaign"))[0][0] > 0  # type: ignore[operator]
    assert rows(log, partial.format("features['slot']"))[0][0] > 0  # type: ignore[operator]


def test_logged_predictions_are_near_the_truth(log: Path) -> None:
    query = (
        "SELECT corr(i.pctr, t.pctr), avg(i.pctr) / avg(t.pctr) FROM impressions i JOIN truth t USING (impression_id)"
    )
    correlation, ratio = rows(log, query)[0]
    assert correlation > 0.98  # type: ignore[operator]
    assert abs(ratio - 1) < 0.02  # type: ignore[operator]


def test_every_sampled_request_has_its_shown_candidate_once(log: Path) -> None:
    query = """
        SELECT count(*), count(*) FILTER (WHERE shown = 1 AND considered = 5) FROM (
            SELECT request_id, count(*) AS considered,
                   count(*) FILTER (WHERE c.shown AND c.ad = i.ad AND c.campaign = i.campaign) AS shown
            FROM candidates c JOIN impressions i USING (request_id) GROUP BY request_id)
    """
    requests, complete = rows(log, query)[0]
    assert requests == complete
    assert 600 < requests < 1000  # type: ignore[operator]


def test_the_same_options_give_the_same_bytes_and_another_seed_does_not(tmp_path: Path) -> None:
    options = GeneratorOptions(impressions=3000, campaigns=5, days=2)
    for name in ("one", "two"):
        generate(tmp_path / name, options, ["duplicates"])
    generate(tmp_path / "other", options.model_copy(update={"seed": 2}), ["duplicates"])
    files = [file.relative_to(tmp_path / "one") for file in (tmp_path / "one").rglob("*") if file.is_file()]
    assert len(files) > 10
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes(), file
    truth = [(tmp_path / name / "truth.parquet").read_bytes() for name in ("one", "other")]
    assert truth[0] != truth[1]


def test_faults_of_whole_days_and_campaigns(tmp_path: Path) -> None:
    options = GeneratorOptions(impressions=20_000, campaigns=10, days=3, predictions="noisy")
    faults = [
        "clicks_missing=2026-03-02",
        "conversions_stopped",
        "feature_gone=os@2026-03-02",
        "vocabulary_moved",
        "over_predicted",
    ]
    generate(tmp_path / "log", options, faults)
    log = tmp_path / "log"
    assert rows(log, "SELECT count(*) FROM clicks WHERE date = '2026-03-02'") == [(0,)]
    assert rows(log, "SELECT count(*) > 0 FROM clicks WHERE date = '2026-03-01'") == [(True,)]
    assert rows(log, "SELECT count(*) FROM conversions WHERE date >= '2026-03-03'") == [(0,)]
    has_os = rows(log, "SELECT date, avg((features['os'] IS NOT NULL)::INTEGER) FROM impressions GROUP BY 1 ORDER BY 1")
    assert [share for _, share in has_os] == [1.0, 0.0, 0.0]
    moved = "SELECT date, avg((features['site'][1] LIKE 'new-%')::INTEGER) FROM impressions GROUP BY 1 ORDER BY 1"
    assert [share for _, share in rows(log, moved)] == [0.0, 0.0, 1.0]
    over = """
        SELECT avg(i.pctr) / avg(t.pctr) FROM impressions i JOIN truth t USING (impression_id)
        GROUP BY campaign ORDER BY 1 DESC
    """
    ratios = [ratio for (ratio,) in rows(log, over)]
    assert abs(ratios[0] - 1.3) < 0.03  # type: ignore[operator]
    assert all(abs(ratio - 1) < 0.03 for ratio in ratios[1:])  # type: ignore[operator]


def test_swapped_labels_are_the_former_negatives(tmp_path: Path) -> None:
    options = GeneratorOptions(impressions=5000, campaigns=5, days=2)
    generate(tmp_path / "log", options, ["labels_swapped=c-0"])
    generate(tmp_path / "right", options)
    clicked = """
        SELECT impression_id FROM impressions
        WHERE campaign = 'c-0' AND impression_id {} (SELECT impression_id FROM clicks) ORDER BY 1
    """
    assert rows(tmp_path / "log", clicked.format("IN")) == rows(tmp_path / "right", clicked.format("NOT IN"))


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("nonsense", "there is none of this name; there are clicks_missing"),
        ("clicks_missing=2026-04-01", "is not a day of the log, 2026-03-01 to 2026-03-04"),
        ("clicks_missing=tomorrow", "'tomorrow' is no date like 2026-03-01"),
        ("feature_gone=colour", "no field 'colour'; there are slot"),
        ("labels_swapped=c-99", "no campaign 'c-99'; they are c-0 to c-19"),
        ("duplicates=-1", "'-1' is no number of rows"),
    ],
)
def test_an_unknown_fault_is_refused(tmp_path: Path, fault: str, message: str) -> None:
    with pytest.raises(PipelineError, match="fault") as error:
        generate(tmp_path / "log", OPTIONS, [fault])
    assert message in str(error.value)
    assert not (tmp_path / "log").exists()


def test_the_engines_predictions_are_logged_as_it_serves_them(tmp_path: Path) -> None:
    """A model of a slot, a campaign and an exposure against its formula; the engine answers in float32."""
    weights = {"slot": {"0": 0.5, "1": -0.25}, "campaign": {"c-1": 1.0}, "seen": {"0": 0.125}}
    for target in ("click", "conversion"):
        model = {
            "format": "valuation-model/1",
            "kind": "logistic",
            "campaign": "*",
            "target": target,
            "version": "2026-03-01",
            "negative_sampling_rate": 1.0,
            "intercept": -2.0,
            "categorical": weights,
            "self_test": [{"features": {"slot": "0"}, "probability": float(expit(-1.5))}],
        }
        (tmp_path / "models").mkdir(exist_ok=True)
        (tmp_path / "models" / f"{target}.json").write_text(json.dumps(model), encoding="utf-8")
    generate(tmp_path / "log", GeneratorOptions(impressions=2000, campaigns=9, days=2), models=tmp_path / "models")
    served = rows(
        tmp_path / "log",
        """
        SELECT features['slot'][1], campaign, pricing, bid, pctr, pcvr, expected_revenue,
               row_number() OVER (PARTITION BY date, unit['user'], campaign ORDER BY time, impression_id) - 1
        FROM impressions
        """,
    )
    assert len(served) == 2000
    for slot, campaign, pricing, bid, pctr, pcvr, revenue, seen in served:
        terms = (("slot", slot), ("campaign", campaign), ("seen", str(seen)))
        probability = expit(-2.0 + sum(weights[field].get(str(value), 0.0) for field, value in terms))
        assert pctr == pytest.approx(probability, rel=1e-6)
        assert pcvr == (pytest.approx(probability, rel=1e-6) if pricing == "cpa" else None)
        factor = {"cpm": 1e-3, "cpc": probability, "cpa": probability**2}[str(pricing)]
        assert revenue == pytest.approx(bid * factor, rel=1e-5)
    (tmp_path / "models" / "click.json").write_text("{}", encoding="utf-8")
    with pytest.raises(PipelineError, match="models"):
        generate(tmp_path / "other", OPTIONS, models=tmp_path / "models")


def test_an_existing_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    with pytest.raises(PipelineError, match="is there already"):
        generate(tmp_path / "log", OPTIONS)


def test_small_logs_and_campaigns_of_one_day(tmp_path: Path) -> None:
    generate(tmp_path / "log", GeneratorOptions(impressions=1, campaigns=2, days=1, first_day=date(2024, 2, 29)))
    assert rows(tmp_path / "log", "SELECT count(*), min(date) FROM impressions") == [(1, date(2024, 2, 29))]


def test_the_command_writes_the_log_that_its_options_say(tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(generate_log)
    arguments = ["--impressions", "300", "--campaigns", "3", "--days", "2", "--first-day", "2026-01-31", "--seed", "4"]
    run = CliRunner().invoke(app, [str(tmp_path / "log"), *arguments, "--fault", "duplicates=2"])
    assert run.exit_code == 0, run.output
    assert run.output.endswith("log: 300 impressions, 2026-01-31 to 2026-02-01\n")
    options = GeneratorOptions(impressions=300, campaigns=3, days=2, first_day=date(2026, 1, 31), seed=4)
    generate(tmp_path / "same", options, ["duplicates=2"])
    for file in ("truth.parquet", "planted.parquet"):
        assert (tmp_path / "log" / file).read_bytes() == (tmp_path / "same" / file).read_bytes()
