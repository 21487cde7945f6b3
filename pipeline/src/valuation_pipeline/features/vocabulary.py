# SPDX-License-Identifier: Apache-2.0
"""The columns for which a model may have weights, and rows in these columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from valuation_pipeline.features.codes import Codes, laid_out, read_codes
from valuation_pipeline.features.definition import FeatureSet
from valuation_pipeline.features.rows import Rows
from valuation_pipeline.features.standardised import Standardised, standardised
from valuation_pipeline.features.tabulate import feature_column

#: The longest value of a model.
MAXIMUM_VALUE_BYTES = 1024


@dataclass(frozen=True)
class CrossValues:
    """The pairs of values that have columns.

    Attributes
    ----------
    fields : pair of str
        In the order of features.toml.
    pairs : ndarray of int64, shape (n,)
        Rising: the position of the first value among its field's values x the number of the second's + its position.
    """

    fields: tuple[str, str]
    pairs: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Vocabulary:
    """The columns and numbers of a feature set, as found in the rows of one table.

    Columns are numbered consecutively: the values of the first categorical field in the order of their texts, those of
    the next, and so on in the order of features.toml, then the pairs of each cross. A model's coefficients are in that
    order, followed by the numbers.

    Attributes
    ----------
    values : dict of str to list of str
        The values that have columns, of each categorical field.
    crosses : tuple of CrossValues
        The pairs that have columns.
    numbers : tuple of Standardised
        The numbers, in the order of features.toml.
    left_out : dict of str to str
        Numbers that cannot have a weight, and why.
    """

    values: Mapping[str, list[str]]
    crosses: tuple[CrossValues, ...]
    numbers: tuple[Standardised, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def fit(cls, table: pa.Table, feature_set: FeatureSet) -> Vocabulary:
        """Find the values, pairs and numbers that rows have.

        Parameters
        ----------
        table : pyarrow.Table
            From :func:`valuation_pipeline.features.tabulate`; the rows to train on.
        feature_set : FeatureSet
            Determines by ``fold.minimum_rows`` the rows that a value or pair must have.

        Returns
        -------
        Vocabulary
            The same for equal rows in any order. O(values + pairs); 16 bytes for each value of the widest cross.
        """
        minimum = feature_set.fold.minimum_rows
        crossing = {name for cross in feature_set.cross.values() for name in cross.fields}
        values: dict[str, list[str]] = {}
        codes: dict[str, Codes] = {}
        numbers: list[Standardised] = []
        left_out: dict[str, str] = {}
        for plan in feature_set.fields:
            column = feature_column(table, plan.name)
            if plan.kind == "number":
                found = standardised(plan.name, column)
                if isinstance(found, Standardised):
                    numbers.append(found)
                else:
                    left_out[plan.name] = found
                continue
            kept, numbered = _common_values(column, minimum)
            values[plan.name] = kept
            if plan.name in crossing:
                codes[plan.name] = numbered
        crosses = []
        for cross in feature_set.cross.values():
            first, second = cross.fields
            pairs = codes[first].crossed(codes[second], len(values[second]))
            crosses.append(CrossValues(cross.fields, _common_pairs(pairs, minimum)))
        return cls(values, tuple(crosses), tuple(numbers), left_out)

    @property
    def column_count(self) -> int:
        """The number of columns, p; a model has p + len(numbers) coefficients besides its intercept."""
        return sum(map(len, self.values.values())) + sum(len(cross.pairs) for cross in self.crosses)

    def encode(self, table: pa.Table) -> Rows:
        """Return a table's rows as columns and standardised numbers, as the engine scores them.

        A value or pair without a column counts as absent; a missing number is 0, its mean.

        Parameters
        ----------
        table : pyarrow.Table
            Of the same feature set.

        Returns
        -------
        Rows
            O(values + pairs), 4 bytes for each of them and 8 for each row and number; temporarily 16 bytes for each
            value of every field.
        """
        parts: list[Codes] = []
        offset = 0
        crossing = {name for cross in self.crosses for name in cross.fields}
        codes: dict[str, Codes] = {}
        for name, values in self.values.items():
            found, distinct = read_codes(feature_column(table, name))
            known = found.renumbered(_places(distinct, values))
            if name in crossing:
                codes[name] = known
            parts.append(Codes(known.rows, known.codes + offset, known.row_count))
            offset += len(values)
        for cross in self.crosses:
            first, second = cross.fields
            pairs = codes[first].crossed(codes[second], len(self.values[second]))
            places = np.searchsorted(cross.pairs, pairs.codes)
            known_pairs = places < len(cross.pairs)
            known_pairs[known_pairs] = cross.pairs[places[known_pairs]] == pairs.codes[known_pairs]
            parts.append(Codes(pairs.rows[known_pairs], places[known_pairs] + offset, pairs.row_count))
            offset += len(cross.pairs)
        starts, columns = laid_out(parts, table.num_rows)
        numbers = np.zeros((table.num_rows, len(self.numbers)))
        for place, number in enumerate(self.numbers):
            numbers[:, place] = number.of(feature_column(table, number.field))
        return Rows(starts, columns, numbers)

    def document_parts(
        self, intercept: float, coefficients: npt.ArrayLike, listed: npt.NDArray[np.bool_] | None = None
    ) -> dict[str, Any]:
        """Return the members of a model document with its weights.

        Parameters
        ----------
        intercept : float
            Of the logit.
        coefficients : array_like of float, shape (column_count + len(numbers),)
            In the order of the columns, then the numbers, per standard deviation of these.
        listed : ndarray of bool, shape (column_count + len(numbers),), optional
            Which weights are listed even if they are 0, because they have a variance. By default, none.

        Returns
        -------
        dict
            ``intercept``, ``categorical``, ``numeric`` and ``crosses`` of ``valuation-model/1``, without other weights
            of 0. Equal coefficients give equal documents, byte for byte. O(column_count).
        """
        weights = _finite(coefficients, self.column_count + len(self.numbers))
        present = weights != 0 if listed is None else listed | (weights != 0)
        categorical: dict[str, dict[str, float]] = {}
        offset = 0
        for name, values in self.values.items():
            places = np.flatnonzero(present[offset : offset + len(values)])
            if len(places):
                categorical[name] = {values[place]: float(weights[offset + place]) for place in places}
            offset += len(values)
        crosses = []
        for cross in self.crosses:
            places = np.flatnonzero(present[offset : offset + len(cross.pairs)])
            pairs = [[*self._pair(cross, int(place)), float(weights[offset + place])] for place in places]
            if pairs:
                crosses.append({"fields": list(cross.fields), "weights": pairs})
            offset += len(cross.pairs)
        numeric = {
            number.field: {"mean": number.mean, "std": number.std, "weight": float(weights[offset + place])}
            for place, number in enumerate(self.numbers)
            if present[offset + place]
        }
        return {"intercept": float(intercept), "categorical": categorical, "numeric": numeric, "crosses": crosses}

    def variance_parts(self, intercept: float, variances: npt.ArrayLike, coefficients: npt.ArrayLike) -> dict[str, Any]:
        """Return the member ``variance`` of a model document.

        Parameters
        ----------
        intercept : float
            Its variance.
        variances : array_like of float, shape (column_count + len(numbers),)
            Of the coefficients.
        coefficients : array_like of float, shape (column_count + len(numbers),)
            Not 0 for each weight in the document: the variances of the others are left out. That is the case for the
            document's own coefficients, or for its ``listed`` ones.
        """
        count = self.column_count + len(self.numbers)
        parts = self.document_parts(intercept, np.where(_finite(coefficients, count), _finite(variances, count), 0))
        parts["numeric"] = {name: number["weight"] for name, number in parts["numeric"].items()}
        return parts

    def _pair(self, cross: CrossValues, place: int) -> tuple[str, str]:
        first, second = (self.values[name] for name in cross.fields)
        places = divmod(int(cross.pairs[place]), len(second))
        return first[places[0]], second[places[1]]

    def column_names(self) -> list[str]:
        """Return the names of the columns, for people: ``slot=12``, ``slot=12 x os=ios``. O(column_count)."""
        names = [f"{field}={value}" for field, values in self.values.items() for value in values]
        for cross in self.crosses:
            first, second = cross.fields
            pairs = [self._pair(cross, place) for place in range(len(cross.pairs))]
            names += [f"{first}={pair[0]} x {second}={pair[1]}" for pair in pairs]
        return names


def _finite(values: npt.ArrayLike, count: int) -> npt.NDArray[np.float64]:
    array = np.asarray(values, np.float64)
    if array.shape != (count,):
        raise ValueError(
            f"there must be one value for each of {count} columns and numbers, not the shape {array.shape}"
        )
    if not np.isfinite(array).all():
        raise ValueError(f"value {int(np.flatnonzero(~np.isfinite(array))[0])} is not finite")
    return array


def _common_values(column: pa.ChunkedArray, minimum: int) -> tuple[list[str], Codes]:
    """Return the values that at least ``minimum`` rows have, in the order of their texts, and the rows in them."""
    codes, distinct = read_codes(column)
    texts = distinct.to_pylist()
    counts = codes.rows_with(len(texts))
    kept = sorted(text for text, count in zip(texts, counts, strict=True) if count >= minimum and _can_be_value(text))
    return kept, codes.renumbered(_places(distinct, kept))


def _can_be_value(text: str) -> bool:
    """Whether a model can have a weight for a text."""
    return "\0" not in text and len(text.encode()) <= MAXIMUM_VALUE_BYTES


def _common_pairs(pairs: Codes, minimum: int) -> npt.NDArray[np.int64]:
    distinct, codes = np.unique(pairs.codes, return_inverse=True)
    counts = Codes(pairs.rows, codes, pairs.row_count).rows_with(len(distinct))
    return distinct[counts >= minimum]


def _places(distinct: pa.Array, values: list[str]) -> npt.NDArray[np.int64]:
    """Return the position of each text among the values, -1 if it is not one of them."""
    places = pc.index_in(distinct, value_set=pa.array(values, pa.string()))
    numbers: npt.NDArray[np.int64] = places.fill_null(-1).to_numpy().astype(np.int64)
    return numbers
