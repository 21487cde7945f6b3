# SPDX-License-Identifier: Apache-2.0
"""Which rows are fitted and which judge the fit: days, gaps, and conversions as known at the time."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np

from training.small_log import Log
from valuation_pipeline.training.options import Target, TrainingOptions
from valuation_pipeline.training.rows import Examples, read_rows
from valuation_pipeline.training.samples import Known, Sample, Trial, day_of, microseconds

DAY = 86_400_000_000


def examples(log: Log, target: Target) -> Examples:
    return read_rows(log.table, log.feature_set, target, 1.0)[0]


def trial(found: Examples, target: Target, as_of: datetime, **options: object) -> Trial:
    result = Known(target, 7.0, TrainingOptions.model_validate(options)).trial(found, microseconds(as_of))
    assert result is not None
    return result


def days(found: Examples, sample: Sample) -> tuple[date, date]:
    present = found.days[sample.rows]
    return day_of(int(present.min())), day_of(int(present.max()))


def test_the_last_day_judges_fits_on_the_days_before(log: Log) -> None:
    found = examples(log, "click")
    result = trial(found, "click", log.as_of)
    assert days(found, result.fitted) == (date(2026, 3, 1), date(2026, 3, 23))
    assert days(found, result.held_back) == (date(2026, 3, 24), date(2026, 3, 24))
    assert len(result.fitted) + len(result.held_back) == len(found)


def test_more_days_and_a_gap_are_held_back_on_request(log: Log) -> None:
    found = examples(log, "click")
    result = trial(found, "click", log.as_of, validation_days=3, gap_days=2)
    assert days(found, result.fitted)[1] == date(2026, 3, 19)
    assert days(found, result.held_back) == (date(2026, 3, 22), date(2026, 3, 24))


def test_conversions_are_judged_on_days_whose_conversions_are_all_known(log: Log) -> None:
    found = examples(log, "conversion")
    result = trial(found, "conversion", log.as_of, delay="leave_out")
    at, first = microseconds(log.as_of), microseconds(datetime(2026, 3, 15))
    assert days(found, result.held_back) == (date(2026, 3, 15), date(2026, 3, 17))
    assert (found.times[result.held_back.rows] <= at - 7 * DAY).all()
    # Left out: clicks so recent that conversions might still come when the first of these days began.
    assert (found.times[result.fitted.rows] <= first - 7 * DAY).all()
    assert days(found, result.fitted)[1] in (date(2026, 3, 7), date(2026, 3, 8))


def test_with_an_offset_recent_clicks_are_fitted_with_what_was_known_then(log: Log) -> None:
    found = examples(log, "conversion")
    first = microseconds(datetime(2026, 3, 15))
    fitted = trial(found, "conversion", log.as_of, delay="offset").fitted
    assert days(found, fitted)[1] == date(2026, 3, 14)
    came = fitted.outcomes > 0
    assert (found.outcome_times[fitted.rows[came]] < first).all()
    later = (found.outcomes[fitted.rows] > 0) & ~came
    assert later.any()
    assert (found.outcome_times[fitted.rows[later]] >= first).all()
    young = found.times[fitted.rows] > first - 7 * DAY
    assert (fitted.offset[~young] == 0.0).all()
    assert (fitted.offset[young] < 0.0).mean() > 0.95


def test_rows_weigh_half_after_their_half_life(log: Log) -> None:
    found = examples(log, "click")
    options = TrainingOptions(half_life_days=2.0)
    sample = Known("click", 7.0, options).sample(found, microseconds(log.as_of))
    age = (microseconds(log.as_of) - found.times[sample.rows]) / DAY
    assert sample.fit_weights is not None
    np.testing.assert_allclose(sample.fit_weights, 0.5 ** (age / 2.0))


def test_nothing_is_held_back_if_nothing_would_be_left(log: Log) -> None:
    table = log.table.slice(0, 500)
    found = read_rows(table, log.feature_set, "click", 1.0)[0]
    assert Known("click", 7.0, TrainingOptions()).trial(found, microseconds(datetime(2026, 3, 2))) is None
