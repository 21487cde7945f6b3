# SPDX-License-Identifier: Apache-2.0
"""Numbers, standardised."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

#: The largest mean and standard deviation of a model.
MAXIMUM_NUMBER = 1e18


@dataclass(frozen=True)
class Standardised:
    """A number's mean and scale in the rows from which a vocabulary was made.

    Attributes
    ----------
    field : str
        The field's name.
    mean, std : float
        Of the rows that have it; the standard deviation of the population, above 0.
    """

    field: str
    mean: float
    std: float

    def of(self, column: pa.ChunkedArray) -> npt.NDArray[np.float64]:
        """Return (x - mean) / std of a column of doubles; 0 for a missing one, as in the engine."""
        standardised: npt.NDArray[np.float64] = np.nan_to_num((doubles(column) - self.mean) / self.std, nan=0.0)
        return standardised


def standardised(field: str, column: pa.ChunkedArray) -> Standardised | str:
    """Return the mean and standard deviation of a column of doubles, or why it cannot have a weight."""
    values = doubles(column)
    values = np.sort(values[~np.isnan(values)])  # the order of rows must not show in the last bits of a sum
    if not len(values):
        return "no row has it"
    if values[0] == values[-1]:
        return f"it is {float(values[0])!r} in every row that has it"
    with np.errstate(over="ignore", invalid="ignore"):
        mean, std = float(values.mean()), float(values.std())
    if not (abs(mean) <= MAXIMUM_NUMBER and MAXIMUM_NUMBER**-1 <= std <= MAXIMUM_NUMBER):
        return f"its mean is {mean:g} and its standard deviation {std:g}, which no model can have; give it buckets"
    return Standardised(field, mean, std)


def doubles(column: pa.ChunkedArray) -> npt.NDArray[np.float64]:
    """Return a column of doubles, NaN for a missing one."""
    array: npt.NDArray[np.float64] = pc.fill_null(column, float("nan")).to_numpy()
    return array
