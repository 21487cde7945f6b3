# SPDX-License-Identifier: Apache-2.0
"""The feature fields of a generated log: the number of their values, and how strongly they affect outcomes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Field:
    """A categorical feature.

    Attributes
    ----------
    name : str
    size : int
        The number of its values; their frequencies follow Zipf's law.
    of : {"user", "request", "ad"}
        Whose value it is: a user's (and so of all its impressions), a single request's, or an ad's.
    click, conversion : float
        Standard deviation of the values' effects on the logit.
    missing : float
        Share of the users or requests without a value.
    """

    name: str
    size: int
    of: str
    click: float
    conversion: float
    missing: float = 0.0

    def labels(self) -> list[str]:
        """The values, the most frequent first. Slots are numbers, as ad servers have them."""
        return [str(value) if self.name == "slot" else f"{self.name}-{value}" for value in range(self.size)]

    def shares(self) -> NDArray[np.float64]:
        """The frequency of each value; sums to 1."""
        weights = 1.0 / np.arange(2.0, self.size + 2.0)
        shares: NDArray[np.float64] = weights / weights.sum()
        return shares


FIELDS = (
    Field("slot", 24, "request", 0.5, 0.1),
    Field("site", 2000, "request", 0.4, 0.2),
    Field("connection", 4, "request", 0.15, 0.1),
    Field("os", 6, "user", 0.3, 0.3),
    Field("browser", 8, "user", 0.1, 0.1),
    Field("device", 60, "user", 0.2, 0.2),
    Field("country", 30, "user", 0.3, 0.4),
    Field("region", 300, "user", 0.2, 0.2),
    Field("language", 12, "user", 0.1, 0.1),
    Field("age_band", 7, "user", 0.2, 0.3, missing=0.05),
    Field("returning", 2, "user", 0.2, 0.4),
    Field("size", 8, "ad", 0.3, 0.1),
    Field("theme", 15, "ad", 0.3, 0.3),
)
INTERESTS = Field("interest", 80, "user", 0.25, 0.25)
"""A multi-valued field: a user has up to three."""
ACTIVITY = "activity"
"""A number of the user, in hundredths; its effect is linear."""
CROSS = ("slot", "theme")
"""These two move a click beyond the sum of their effects."""
DEVIATING = ("slot", "os", "country", "device", "age_band", "size")
"""Where a campaign may differ from the others."""
HOURS = Field("hour", 24, "request", 0.2, 0.1)

FEATURES_TOML = """# The features of a generated log: all that moves its clicks and conversions.
format = "valuation-features/1"

[category.campaign]
source = "campaign"
side = "ad"
[category.advertiser]
source = "advertiser"
side = "ad"
[category.ad]
source = "ad"
side = "ad"
{categories}
[category.interest]
multi = true

[number.activity]

[time.hour]
of = "hour"

[exposure.seen]
of = "campaign"
unit = "user"
cap = 5

[cross.slot_theme]
fields = ["slot", "theme"]

[fold]
minimum_rows = 20
"""


def features_toml() -> str:
    """A features.toml (``valuation-features/1``) that suits the generated logs."""
    categories = "\n".join(
        f"[category.{field.name}]" + ('\nside = "ad"' if field.of == "ad" else "") for field in FIELDS
    )
    return FEATURES_TOML.format(categories=categories)
