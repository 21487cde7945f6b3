# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from features.examples import write_examples
from valuation_pipeline.features import FeatureSet

DOCUMENTATION = Path(__file__).parents[3] / "Documentation"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (DOCUMENTATION / "features.md").read_text("utf-8"), re.DOTALL)


def test_the_page_shows_the_example_file() -> None:
    (shown,) = blocks("toml")
    whole = tomllib.loads((DOCUMENTATION / "example" / "features.toml").read_text("utf-8"))
    FeatureSet.from_value(tomllib.loads(shown))
    for section, members in tomllib.loads(shown).items():
        for name, member in members.items() if isinstance(members, dict) else ():
            assert whole[section][name] == member


def test_the_program_of_the_page_makes_a_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (program,) = blocks("python")
    shutil.copy(DOCUMENTATION / "example" / "features.toml", tmp_path)
    features = {"slot": "12", "segments": ["a", "b"], "creative": "55", "days_since_visit": "2.5", "age": "18"}
    row = {"features": features, "unit": {"user": "u"}, "placement": "front", "advertiser": "7"}
    write_examples(tmp_path / "examples.parquet", [row])
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(program, names)
    assert names["request"] == {
        "features": {
            "slot": "12",
            "segments": ["a", "b"],
            "placement": "front",
            "days_since_visit": 2.5,
            "age": "18..25",
            "hour": "13",
            "weekday": "6",
        },
        "candidates": [
            {
                "campaign": "1042",
                "pricing": "cpc",
                "bid": 0.5,
                "features": {"campaign": "1042", "advertiser": "7", "creative": "55", "seen_campaign": "0"},
            }
        ],
    }
