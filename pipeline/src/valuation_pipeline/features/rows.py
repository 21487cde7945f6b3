# SPDX-License-Identifier: Apache-2.0
"""Rows of columns, in the solver's form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Rows:
    """Rows in compressed form: row i has the columns ``columns[starts[i]:starts[i + 1]]``, each of value 1.

    Attributes
    ----------
    starts : ndarray of int64, shape (n + 1,)
        From 0 to the length of ``columns``, not falling.
    columns : ndarray of int32
        Columns of a vocabulary. One that a row has twice counts twice.
    numbers : ndarray of float64, shape (n, m)
        Standardised numbers; 0 for a missing one.
    """

    starts: npt.NDArray[np.int64]
    columns: npt.NDArray[np.int32]
    numbers: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def take(self, positions: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> Rows:
        """Return the rows at these positions, or where a mask of shape (n,) is true. O(their columns)."""
        chosen = np.flatnonzero(positions) if positions.dtype == np.bool_ else positions
        counts = np.diff(self.starts)[chosen]
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        places = np.repeat(self.starts[:-1][chosen] - starts[:-1], counts) + np.arange(starts[-1])
        return Rows(starts, self.columns[places], self.numbers[chosen])


def restrict(
    rows: Rows, positions: npt.NDArray[np.int64] | npt.NDArray[np.bool_]
) -> tuple[Rows, npt.NDArray[np.int32]]:
    """Choose rows, and renumber the columns that occur in them.

    Parameters
    ----------
    rows : Rows
        Of some vocabulary's columns.
    positions : ndarray of int or bool
        The rows, as for :meth:`Rows.take`.

    Returns
    -------
    chosen : Rows
        With columns from 0 to c - 1.
    kept : ndarray of int32, shape (c,)
        The former number of each column, rising: ``kept[chosen.columns]`` are the old ones. Numbers are unchanged.
        O(columns of the chosen rows, and the greatest column).
    """
    chosen = rows.take(positions)
    kept = np.flatnonzero(np.bincount(chosen.columns)) if len(chosen.columns) else np.empty(0, np.int64)
    renumbered = np.empty(int(kept[-1]) + 1 if len(kept) else 0, np.int32)
    renumbered[kept] = np.arange(len(kept), dtype=np.int32)
    return Rows(chosen.starts, renumbered[chosen.columns], chosen.numbers), kept.astype(np.int32)


@dataclass(frozen=True)
class Aggregated:
    """Merged rows.

    Attributes
    ----------
    rows : Rows
        The different rows, in the order in which each first occurs.
    counts : ndarray of float64, shape (n,)
        How many rows, or how much weight, each represents.
    positives : ndarray of float64, shape (n,)
        How many of them had the outcome.
    """

    rows: Rows
    counts: npt.NDArray[np.float64]
    positives: npt.NDArray[np.float64]


def aggregate(rows: Rows, outcomes: npt.NDArray[np.bool_]) -> Aggregated:
    """Merge equal rows; the logistic likelihood of counts is exactly that of the rows.

    Rows are equal if they have the same columns, each as often, and the same numbers.

    Parameters
    ----------
    rows : Rows
        n rows.
    outcomes : ndarray of bool, shape (n,)
        Whether each had the outcome.

    Returns
    -------
    Aggregated
        O(columns), and a sort of the rows by a hash of 64 bits. Different rows with one hash are not merged, so a
        collision costs only a row.
    """
    ordered = _with_columns_sorted(rows)
    _, firsts, groups = np.unique(_hashes(ordered), return_index=True, return_inverse=True)
    groups = _split_collisions(ordered, firsts, groups)
    _, firsts, groups = np.unique(groups, return_index=True, return_inverse=True)
    by_position = np.argsort(firsts, kind="stable")
    rank = np.empty(len(firsts), np.int64)
    rank[by_position] = np.arange(len(firsts))
    counts = np.bincount(rank[groups], minlength=len(firsts)).astype(np.float64)
    positives = np.bincount(rank[groups], weights=outcomes, minlength=len(firsts)).astype(np.float64)
    return Aggregated(rows.take(firsts[by_position]), counts, positives)


def _with_columns_sorted(rows: Rows) -> Rows:
    """Return the rows with each one's columns rising."""
    counts = np.diff(rows.starts)
    keys = np.repeat(np.arange(len(rows), dtype=np.int64), counts) << 32 | rows.columns
    if (np.diff(keys) < 0).any():
        keys = np.sort(keys)
    return Rows(rows.starts, (keys & 0xFFFFFFFF).astype(np.int32), rows.numbers)


def _hashes(rows: Rows) -> npt.NDArray[np.uint64]:
    """Return a hash of each row: the sum of its columns' and numbers' hashes."""
    mixed = np.concatenate([np.zeros(1, np.uint64), np.cumsum(_mixed(rows.columns.astype(np.uint64)))])
    hashes: npt.NDArray[np.uint64] = mixed[rows.starts[1:]] - mixed[rows.starts[:-1]]
    for place in range(rows.numbers.shape[1]):
        bits = (rows.numbers[:, place] + 0.0).view(np.uint64)  # -0.0 + 0.0 is 0.0
        hashes += _mixed(bits ^ np.uint64(0x9E3779B97F4A7C15 * (place + 1) % 2**64))
    return hashes


def _mixed(bits: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Mix bits as SplitMix64 does (Steele, Lea & Flood, "Fast splittable pseudorandom number generators", 2014)."""
    bits = bits + np.uint64(0x9E3779B97F4A7C15)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


def _split_collisions(
    rows: Rows, firsts: npt.NDArray[np.int64], groups: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Give each row that differs from the first of its group a group of its own."""
    others = firsts[groups]
    counts = np.diff(rows.starts)
    differs = (counts != counts[others]) | (rows.numbers != rows.numbers[others]).any(axis=1)
    same = np.flatnonzero(~differs)
    ours, theirs = rows.take(same).columns, rows.take(others[same]).columns
    differs[np.repeat(same, counts[same])[ours != theirs]] = True
    split = groups.copy()
    split[differs] = len(firsts) + np.arange(int(differs.sum()))
    return split
