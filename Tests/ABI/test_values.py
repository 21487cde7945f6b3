# SPDX-License-Identifier: Apache-2.0
"""What the struct calls answer: the values of the formulas, or the priors when the time is up."""

import math
import struct
from dataclasses import dataclass
from pathlib import Path

import pytest

from .model_files import CANDIDATES, FEATURES, MODELS, base_rate, find, model, probability, write_models
from .programs import Toolchain
from .refusal import refused

UNKNOWN_CAMPAIGN, DEFAULT_CLICK_MODEL, DEFAULT_CONVERSION_MODEL, BUDGET_EXCEEDED = 1 << 0, 1 << 1, 1 << 2, 1 << 12
CANDIDATE_COUNT = 300
# The flags of impression.h's six kinds of candidates.
FLAGS = [0, 0, 0, 0, DEFAULT_CONVERSION_MODEL, UNKNOWN_CAMPAIGN | DEFAULT_CLICK_MODEL | DEFAULT_CONVERSION_MODEL]


@dataclass
class Value:
    expected_revenue: float
    pctr: float
    pcvr: float
    flags: int

    @classmethod
    def read(cls, line: str) -> "Value":
        revenue, pctr, pcvr, flags = line.split()
        return cls(float.fromhex(revenue), float.fromhex(pctr), float.fromhex(pcvr), int(flags))


def values(toolchain: Toolchain, models: Path, *time_budget: str) -> list[Value]:
    lines = toolchain.program("show_values").run(models, *time_budget).splitlines()
    assert len(lines) == CANDIDATE_COUNT
    return [Value.read(line) for line in lines]


def bid(position: int) -> float:
    """As in impression.h."""
    return 0.25 * (position % 7 + 1)


def revenue(position: int, pctr: float, pcvr: float) -> float:
    pricing = CANDIDATES[position % len(CANDIDATES)].pricing
    if pricing == "cpm":
        return bid(position) / 1000
    return bid(position) * pctr if pricing == "cpc" else bid(position) * pctr * pcvr


def models_of(position: int) -> tuple[dict, dict | None]:
    """The click model that values a candidate and, for a CPA candidate, the conversion model."""
    candidate = CANDIDATES[position % len(CANDIDATES)]
    click = find(MODELS, candidate.campaign, "click") or find(MODELS, "*", "click")
    conversion = find(MODELS, candidate.campaign, "conversion") or find(MODELS, "*", "conversion")
    assert click is not None
    return click, conversion if candidate.pricing == "cpa" else None


def test_values_are_those_of_the_formulas(toolchain: Toolchain, models: Path):
    for position, value in enumerate(values(toolchain, models)):
        features = FEATURES | CANDIDATES[position % len(CANDIDATES)].features
        click, conversion = models_of(position)
        assert value.pctr == pytest.approx(probability(MODELS, click, features), rel=1e-6)
        if conversion is None:
            assert math.isnan(value.pcvr)
        else:
            assert value.pcvr == pytest.approx(probability(MODELS, conversion, features), rel=1e-6)
        # The floats that were handed out, multiplied in double.
        assert value.expected_revenue == revenue(position, value.pctr, value.pcvr)
        assert value.flags == FLAGS[position % len(CANDIDATES)]


def test_a_budget_of_a_nanosecond_gives_every_candidate_its_base_rate(toolchain: Toolchain, models: Path):
    def as_float(number: float) -> float:
        return struct.unpack("f", struct.pack("f", number))[0]

    for position, value in enumerate(values(toolchain, models, "1")):
        click, conversion = models_of(position)
        assert value.flags == FLAGS[position % len(CANDIDATES)] | BUDGET_EXCEEDED
        assert value.pctr == pytest.approx(as_float(base_rate(MODELS, click)), rel=1e-7)
        if conversion is None:
            assert math.isnan(value.pcvr)
        else:
            assert value.pcvr == pytest.approx(as_float(base_rate(MODELS, conversion)), rel=1e-7)
        assert value.expected_revenue == revenue(position, value.pctr, value.pcvr)


@pytest.mark.parametrize("large", [10.0, 100.0, 1e3, 1e9])
def test_a_large_weight_does_not_blur_the_small_ones(toolchain: Toolchain, models: Path, tmp_path: Path, large: float):
    """Such a model is refused, or its probabilities are those of the formula."""
    weights = {"sports": 0.123456789, "travel": -0.0456789, "other": large}
    lone = model("1042", categorical={"slot": {"12": 0.3}, "segments": weights})
    path = write_models(tmp_path / "large.jsonl", [lone, model("*", "conversion"), model("*")])
    if refused(toolchain, models, path).status == "OK":
        expected = probability([lone], lone, FEATURES)
        assert values(toolchain, path)[0].pctr == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("budget", [0, 10**18, 2**64 - 1])
def test_no_budget_or_a_huge_one_changes_nothing(toolchain: Toolchain, models: Path, budget: int):
    program = toolchain.program("show_values")
    assert program.run(models, str(budget)) == program.run(models)
