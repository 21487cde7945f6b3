# SPDX-License-Identifier: Apache-2.0
"""What is measured: the points of the grid, and which contenders take part where."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby, product
from pathlib import Path

import native
from workload import LABELS, ModelSet

OURS = native.NAMES[0]
LIMIT = "limit (keys)"
OPEN_ADDRESSING = "open addressing"

# Measured everywhere, in turns; ours first.
FAST = (
    *(name for name in native.NAMES if name != "LIBLINEAR"),
    *native.narrower(),
)
# Measured only at the headline points; in these groups if memory does not suffice for all at once.
SLOW = (("NumPy", "ONNX Runtime"), ("SciPy", "Vowpal Wabbit"), ("LIBLINEAR",), ("scikit-learn",))
# Bytes for each campaign, target and label. NumPy and ONNX Runtime share their rows.
DENSE_BYTES = {"NumPy": 4, "SciPy": 3, "Vowpal Wabbit": 4, "LIBLINEAR": 8, "scikit-learn": 8}
# Contenders that prepare slowly or need much memory get only so many different requests; the others get all.
FEWER_REQUESTS = {"Vowpal Wabbit": 8, "scikit-learn": 8} | dict.fromkeys(native.JSON_NAMES, 16)


@dataclass(frozen=True, order=True)
class Point:
    """One kind of request.

    campaigns : M, of which each has a click and a conversion model
    fields : F, features of the request
    candidates : N, ads that may answer it
    ad_features : A, features of each ad
    """

    campaigns: int
    fields: int
    candidates: int
    ad_features: int

    @property
    def model_set(self) -> ModelSet:
        """The models that the requests are for."""
        return ModelSet(self.campaigns, self.fields)


@dataclass(frozen=True)
class Plan:
    """Everything that one run measures.

    grid : points for the fast contenders
    headline : points for all of them
    turns : rounds in which every contender takes a turn, in a newly drawn order
    seconds : for one contender at a point of the grid, over all rounds; a contender has at least one request a round
    headline_seconds : the same for a headline point
    load : the models whose loading is timed
    """

    grid: tuple[Point, ...]
    headline: tuple[Point, ...]
    turns: int
    seconds: float
    headline_seconds: float
    load: ModelSet

    @property
    def model_sets(self) -> dict[ModelSet, list[Point]]:
        """The points of each set of models, small sets first."""
        points = sorted({*self.grid, *self.headline})
        return {key: list(own) for key, own in groupby(points, key=lambda point: point.model_set)}


def fits(names: tuple[str, ...], model_set: ModelSet) -> bool:
    """Whether contenders that store a weight for every label leave a quarter of the free memory free."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    available = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    needed = sum(DENSE_BYTES.get(name, 0) for name in names) * 2 * model_set.campaigns * LABELS
    return needed <= available * 3 // 4


HEADLINE = (Point(100, 30, 100, 3), Point(1000, 30, 1000, 3), Point(10_000, 30, 1000, 3))
# JSON calls and threads are measured at this one, too.
MAIN = HEADLINE[1]

FULL = Plan(
    grid=tuple(
        Point(*sizes)
        for sizes in product((100, 1000, 10_000, 100_000), (10, 30, 100), (1, 10, 100, 1000, 10_000), (0, 4))
    ),
    headline=HEADLINE,
    turns=7,
    seconds=0.5,
    headline_seconds=2.0,
    load=ModelSet(10_000, 30, click_weights=400, conversion_weights=100),
)
QUICK = Plan(
    grid=tuple(Point(*sizes) for sizes in product((100, 1000), (30,), (10, 100, 1000), (0, 4))),
    headline=HEADLINE[:2],
    turns=7,
    seconds=0.2,
    headline_seconds=0.5,
    load=ModelSet(1000, 30, click_weights=400, conversion_weights=100),
)
