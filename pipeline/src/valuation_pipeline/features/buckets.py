# SPDX-License-Identifier: Apache-2.0
"""The labels of a number's buckets."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise


def number_text(number: float) -> str:
    """Return the shortest decimal text of a finite number, as in a category of a JSON request: 12, 0.5."""
    return repr(float(number)).removesuffix(".0")


def bucket_labels(bounds: Sequence[float]) -> list[str]:
    """Return the labels of the intervals between rising bounds, one more than there are bounds.

    A bound belongs to the interval above it.

    Examples
    --------
    >>> bucket_labels([18, 25.5])
    ['<18', '18..25.5', '>=25.5']
    """
    texts = [number_text(bound) for bound in bounds]
    between = [f"{lower}..{upper}" for lower, upper in pairwise(texts)]
    return [f"<{texts[0]}", *between, f">={texts[-1]}"]
