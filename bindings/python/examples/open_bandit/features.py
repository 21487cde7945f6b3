# SPDX-License-Identifier: Apache-2.0
"""Which columns of a log are features, and whether the request or the ad brings them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

# A row of a log: the cell of each column.
Row: TypeAlias = Mapping[Any, Any]


@dataclass(frozen=True)
class FeatureSet:
    """The columns that models are trained on. A category's column holds text, a number's holds floats."""

    request_categories: tuple[str, ...]
    ad_categories: tuple[str, ...]
    request_numbers: tuple[str, ...] = ()
    ad_numbers: tuple[str, ...] = ()
    crosses: tuple[tuple[str, str], ...] = ()

    @property
    def categories(self) -> list[str]:
        """The categories of request and ad."""
        return [*self.request_categories, *self.ad_categories]

    @property
    def numbers(self) -> list[str]:
        """The numbers of request and ad."""
        return [*self.request_numbers, *self.ad_numbers]

    def of_request(self, row: Row) -> dict[str, Any]:
        """The request's features in one row of the log, as a JSON request has them."""
        return {field: row[field] for field in (*self.request_categories, *self.request_numbers)}

    def of_ad(self, row: Row) -> dict[str, Any]:
        """The ad's features in one row of the log, as a candidate of a JSON request has them."""
        return {field: row[field] for field in (*self.ad_categories, *self.ad_numbers)}
