# SPDX-License-Identifier: Apache-2.0
"""Threads of a host may have small stacks: no call takes more than valuation.h says, whatever it is given."""

import gzip

import pytest

from .model_files import ANSWERED
from .policy_files import publish_two_releases, three_layers, write_observed_models, write_policy
from .programs import Toolchain

# As valuation.h says: "No call needs more than 48 kB of stack".
MOST = 48 * 1024


@pytest.fixture(scope="module")
def stacks(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """The stack that each call took at most, in bytes."""
    folder = tmp_path_factory.mktemp("stacks")
    root = publish_two_releases(toolchain, folder)
    models = write_observed_models(folder / "models.jsonl")
    policy = write_policy(folder / "policy.json", three_layers())
    (folder / "request.json").write_text(ANSWERED, encoding="utf-8")
    refused = []
    for depth in (63, 65, 2_040, 100_000):
        for before, behind in ((b"[", b"]"), (b'{"a":', b"}")):
            path = folder / f"{depth}-{before[0]}.json.gz"
            text = before * depth + b"1" + behind * depth
            path.write_bytes(gzip.compress(text, 1))
            plain = path.with_suffix("")
            plain.write_bytes(text)
            refused += [path, plain]
    program = toolchain.program("small_stack")
    lines = program.run(models, root, policy, folder / "request.json", folder, *refused).splitlines()
    taken: dict[str, int] = {}
    for name, size in (line.split() for line in lines):
        taken[name] = max(taken.get(name, 0), int(size))
    return taken


def test_no_call_takes_more_stack_than_documented(stacks: dict[str, int]):
    assert len(stacks) > 20
    assert max(stacks.values()) <= MOST, stacks


def test_scoring_takes_little_stack(stacks: dict[str, int]):
    assert max(stacks[name] for name in ("score_structs", "rank", "score_json")) <= 16 * 1024, stacks
