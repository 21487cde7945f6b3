# SPDX-License-Identifier: Apache-2.0
"""How calls went: which models served, how many features they knew, and how long it took."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from valuation._abi import OUTCOME_DTYPE


@dataclass(frozen=True)
class Outcome:
    """How one request went.

    A feature counts once for each release that looked it up to value candidates, which is usually one. A feature that
    the time budget did not reach does not count, nor do those of invalid candidates.

    Attributes
    ----------
    generation : int
        Of the models and the policy that served. It rises with every change of these.
    budget_exceeded : bool
        Whether the time was up before everything was computed.
    nanoseconds : int
        From the beginning of the call to its end; in a batch, of the request's turn.
    request_features, candidate_features : int
        Of the request (with those that it shares), and the sum over its candidates.
    request_features_known, candidate_features_known : int
        How many of them count for some model: it has a weight for the feature or a cross of it, and a number is finite.
        If the share of these falls, the features of serving and of training have drifted apart.
    """

    generation: int
    budget_exceeded: bool
    nanoseconds: int
    request_features: int
    request_features_known: int
    candidate_features: int
    candidate_features_known: int


class Outcomes:
    """How the requests of a batch went: ``outcomes[i]`` is an :class:`Outcome`, and each of its fields is an array.

    Attributes
    ----------
    generation, nanoseconds, request_features, request_features_known : ndarray of uint64, shape (n_requests,)
        As of :class:`Outcome`; read-only.
    candidate_features, candidate_features_known : ndarray of uint64, shape (n_requests,)
        Likewise.
    budget_exceeded : ndarray of bool, shape (n_requests,)
        Likewise.
    """

    generation: npt.NDArray[np.uint64]
    budget_exceeded: npt.NDArray[np.bool_]
    nanoseconds: npt.NDArray[np.uint64]
    request_features: npt.NDArray[np.uint64]
    request_features_known: npt.NDArray[np.uint64]
    candidate_features: npt.NDArray[np.uint64]
    candidate_features_known: npt.NDArray[np.uint64]

    def __init__(self, structs: npt.NDArray[Any]) -> None:
        """Take structs of OUTCOME_DTYPE that the library has filled in."""
        structs.flags.writeable = False
        self._count = len(structs)
        for field in fields(Outcome):
            column = structs[field.name]
            setattr(self, field.name, column.astype(bool) if field.name == "budget_exceeded" else column)
        self.budget_exceeded.flags.writeable = False

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, request: int) -> Outcome:
        return Outcome(**{field.name: getattr(self, field.name)[request].item() for field in fields(Outcome)})

    def __repr__(self) -> str:
        return f"<Outcomes: {len(self)} requests>"


def outcome_structs(count: int) -> npt.NDArray[Any]:
    """Return structs as VALUATION_OUTCOME_INIT makes them, shape (count,)."""
    structs = np.zeros(count, OUTCOME_DTYPE)
    structs["struct_size"] = OUTCOME_DTYPE.itemsize
    return structs
