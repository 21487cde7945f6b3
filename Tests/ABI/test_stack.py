# SPDX-License-Identifier: Apache-2.0
"""A host's threads may have small stacks: whatever its input, no call takes more than valuation.h says."""

import gzip
import json

import pytest

from .model_files import ANSWERED, model
from .policy_files import publish_two_releases, three_layers, write_observed_models, write_policy
from .programs import Toolchain

# As valuation.h says: "No call needs more than 48 kB of stack".
MOST = 48 * 1024


# The first 256 fractional bits of pi, and two texts that have one key under this secret.
STANDARD_SECRET = "243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89"
TWINS = ("blX8D9hZBuj1Tb", "Nwzw89hwv1P0Tb")


def refused_models() -> dict[str, list[dict]]:
    """Models that are valid JSON, and that a load refuses late."""
    values = {"features": {"slot": "12"}, "probability": 0.999}
    return {
        "collision": [model(str(i), categorical={"k": {twin: 1}}) for i, twin in enumerate(TWINS)],
        "self-test": [model(self_test=[values])],
    }


@pytest.fixture(scope="module")
def stacks(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """The most stack that each call took, in bytes."""
    folder = tmp_path_factory.mktemp("stacks")
    (folder / "root").mkdir()
    (folder / "root" / "SECRET").write_text(STANDARD_SECRET, encoding="utf-8")
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
    for name, documents in refused_models().items():
        path = folder / f"{name}.jsonl.gz"
        path.write_bytes(gzip.compress("\n".join(map(json.dumps, documents)).encode()))
        refused.append(path)
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
