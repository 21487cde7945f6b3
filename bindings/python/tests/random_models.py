# SPDX-License-Identifier: Apache-2.0
"""Random models, requests and ads from Hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

import reference

WEIGHT = st.floats(-3, 3, allow_subnormal=False)
VALUES = st.sampled_from(["a", "b", "c", "d", "ü", "", "12"])
CATEGORICAL = ["slot", "os", "segments"]
NUMERIC = ["age", "days"]
LABELS = st.fixed_dictionaries({}, optional={field: st.dictionaries(VALUES, WEIGHT) for field in CATEGORICAL})
SCALE = st.fixed_dictionaries({"mean": st.floats(-50, 50), "std": st.floats(0.1, 50), "weight": WEIGHT})
CROSSES = st.lists(st.tuples(VALUES, VALUES, WEIGHT), unique_by=lambda weight: weight[:2], max_size=4).map(
    lambda weights: [{"fields": ["slot", "creative"], "weights": [list(weight) for weight in weights]}]
)


@st.composite
def model_sets(draw: st.DrawFn) -> list[reference.Model]:
    """Draw models of two campaigns and of `*` for both targets; some extend that of `*`."""
    models = []
    for target in ("click", "conversion"):
        rate = draw(st.floats(1e-4, 1))  # all models of a chain share it
        for campaign in ("*", "1", "2"):
            members: dict[str, Any] = {
                "intercept": draw(st.floats(-5, 2)),
                "rate": rate,
                "categorical": draw(LABELS),
                "numeric": draw(st.fixed_dictionaries({}, optional=dict.fromkeys(NUMERIC, SCALE))),
                "crosses": draw(CROSSES),
            }
            if campaign != "*" and draw(st.booleans()):
                members["extends"] = "*"
            else:
                members["rate"] = rate if campaign == "*" else draw(st.floats(1e-4, 1))
            models.append(reference.model(campaign, target, **members))
    return models


REQUEST = st.fixed_dictionaries(
    {},
    optional={
        "slot": VALUES,
        "os": VALUES,
        "segments": st.lists(VALUES, unique=True),
        "age": st.floats(-100, 100),
        "days": st.floats(-100, 100),
    },
)
AD = st.fixed_dictionaries({}, optional={"creative": VALUES})
