# SPDX-License-Identifier: Apache-2.0
"""The time of reading a request grows linearly with its length, whatever it contains.

The tests count the instructions for a text and for one twice as long.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from .callgrind import Programs, compiled
from .conftest import REPOSITORY
from .workload import write_models

PROGRAM = REPOSITORY / "Tests" / "ABI" / "score_requests.c"
# Twice the work, and what a request costs once.
MOST = 2.3
END = '"candidates": [{"campaign": "1", "pricing": "cpc", "bid": 1}]}'


def features(members: str) -> str:
    return '{"features": {' + members + "}, " + END


def values(count: int) -> str:
    return ",".join(f'"{number}"' for number in range(min(count, 9_990)))


SHAPES: dict[str, Callable[[int], str]] = {
    "an array, then one member repeatedly": lambda n: features(f'"field_0": [{values(n)}]' + ', "field_1": "1"' * n),
    "two members in turns": lambda n: features(", ".join(['"field_0": "1", "field_1": "1"'] * n)),
    "an array repeatedly between others": lambda n: features(
        ", ".join([f'"field_0": [{values(40)}], "field_1": "1"'] * (n // 20))
    ),
    "members in turns whose values have flags": lambda n: features(", ".join(['"field_0": {}, "field_1": [[]]'] * n)),
    "unknown members": lambda n: features(", ".join(f'"u{number}": 1' for number in range(n))),
    "unknown members, later overwritten": lambda n: features(
        ", ".join(f'"u{number}": 1, "u{number}": null' for number in range(n))
    ),
    "features repeatedly": lambda n: "{" + '"features": {"field_0": "1"}, ' * n + END,
    "features of an ad repeatedly": lambda n: (
        '{"candidates": [{"campaign": "1", "pricing": "cpc", "bid": 1' + ', "features": {"field_0": "1"}' * n + "}]}"
    ),
    "candidates repeatedly": lambda n: "{" + '"candidates": [{}], ' * n + END,
    "units repeatedly": lambda n: (
        '{"unit": {' + ", ".join(f'"u{number % 16}": "x"' for number in range(n)) + "}, " + END
    ),
    "candidates whose members have many names": lambda n: (
        '{"candidates": [' + ", ".join(f'{{"m{number}": 1, "campaign": "1"}}' for number in range(n)) + "]}"
    ),
    "a long text": lambda n: features(f'"field_0": "{"a" * 10 * n}"'),
    "escapes": lambda n: features('"field_0": "' + "\\u00e9" * n + '"'),
    "long numbers": lambda n: features('"field_0": [' + ", ".join(["1.2345678901234567e-300"] * (n // 8)) + "]"),
}


@pytest.fixture(scope="module")
def programs(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Programs:
    return Programs(library, tmp_path_factory.mktemp("linear"))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(write_models(tmp_path_factory.mktemp("models") / "models.jsonl"))


@pytest.mark.parametrize("shape", SHAPES)
def test_a_text_twice_as_long_takes_twice_the_instructions(
    programs: Programs, models: Path, tmp_path: Path, shape: str
):
    counts = []
    for size in (4_000, 8_000):
        path = tmp_path / "requests.jsonl"
        path.write_text(SHAPES[shape](size) + "\n", encoding="utf-8")
        counts.append(programs.count("valuation_score_json", PROGRAM, models, path))
    assert counts[1] <= MOST * counts[0], f"{counts[0]:,} instructions, then {counts[1]:,}"
