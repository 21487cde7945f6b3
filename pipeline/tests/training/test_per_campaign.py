# SPDX-License-Identifier: Apache-2.0
"""Which columns can distinguish a campaign's rows."""

from __future__ import annotations

import numpy as np
import pytest

from valuation_pipeline.features import Rows
from valuation_pipeline.training.per_campaign import differing
from valuation_pipeline.training.samples import Sample


def sample(rows: list[list[int]]) -> Sample:
    """Rows of one campaign by their columns; a row may have a column several times."""
    starts = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    encoded = Rows(starts, np.array([column for row in rows for column in row], np.int32), np.zeros((len(rows), 0)))
    nothing = np.zeros(len(rows))
    return Sample(np.arange(len(rows)), np.array([0, len(rows)]), encoded, nothing, None, nothing)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([[0, 1], [0], [0, 2]], [1, 2]),
        ([[0, 0, 0, 1], [1], [1]], [0]),  # as many entries as rows, all in one
        ([[0, 0, 0, 0], [], []], [0]),  # more entries than rows
        ([[0, 0], [0], [0]], [0]),  # all have it, one of them twice
        ([[0, 0], [0, 0], [1, 0, 0]], [1]),  # all have it twice
        ([[], []], []),
    ],
)
def test_columns_that_all_rows_have_equally_often_go_into_the_intercept(
    rows: list[list[int]], expected: list[int]
) -> None:
    assert differing(sample(rows), 0, 3).tolist() == expected
