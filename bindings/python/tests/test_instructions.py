# SPDX-License-Identifier: Apache-2.0
"""The caller may choose an engine's vector instructions. The values do not depend on the choice."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pytest

import policies
import reference
from policies import policy
from valuation import Batch, Candidates, Engine, Error, Features, fingerprints

Instructions = Literal["baseline", "avx2", "avx512"]
FIELDS = ("slot", "hour", "site")
CAMPAIGNS = [str(number) for number in range(60)]
POLICY = policy("curious", predictors={"curious": {"release": "LATEST", "exploration": 1}})


def has(instructions: Instructions) -> bool:
    """Whether Linux says that this machine has a set."""
    flags = Path("/proc/cpuinfo").read_text(encoding="utf-8").split()
    needed = {"baseline": [], "avx2": ["avx2"], "avx512": ["avx512f", "avx512bw", "avx512dq", "avx512vl"]}
    return all(flag in flags for flag in needed[instructions])


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough campaigns for dense rows and lists, and for drawing all models at once."""
    random = np.random.default_rng(5)
    documents = []
    for campaign in CAMPAIGNS:
        for target in ("click", "conversion"):
            values = [(field, str(value)) for field in (*FIELDS, "creative") for value in range(12)]
            kept = [pair for pair in values if random.random() < (0.9 if int(pair[1]) < 4 else 0.15)]
            weights: dict[str, dict[str, float]] = {}
            variances: dict[str, dict[str, float]] = {}
            for field, value in kept:
                weights.setdefault(field, {})[value] = random.normal(0, 0.5)
                variances.setdefault(field, {})[value] = random.uniform(0, 0.2)
            documents.append(
                reference.model(campaign, target=target, intercept=random.normal(-3, 1), categorical=weights)
                | {"variance": {"intercept": 0.1, "categorical": variances}}
            )
    return reference.write(tmp_path_factory.mktemp("models") / "models.jsonl", *documents)


def requests(engine: Engine) -> Batch:
    """Requests of one ad and of many, with and without features of the ads."""
    random = np.random.default_rng(6)
    sizes = [1, 7, 300, 40, 1000]
    ads = sum(sizes)
    columns = {field: [str(value) for value in random.integers(0, 13, len(sizes))] for field in FIELDS}
    creatives = [str(value) if place < 400 else None for place, value in enumerate(random.integers(0, 13, ads))]
    return Batch(
        Features.from_columns(engine, columns),
        Candidates(
            engine.campaign_keys([str(number) for number in random.integers(0, 61, ads)]),
            [("cpm", "cpc", "cpa")[place % 3] for place in range(ads)],
            random.uniform(0, 20, ads),
            Features.from_columns(engine, {"creative": creatives}),
        ),
        np.concatenate([[0], np.cumsum(sizes)]),
        seeds=fingerprints(np.arange(len(sizes))),
    )


def values(models: Path, tmp_path: Path, instructions: Instructions | None) -> list[bytes]:
    """The values of the requests, without a policy and with an exploring one, as bytes in memory."""
    with Engine(instructions=instructions) as engine:
        engine.load(models)
        batch = requests(engine)
        plain = engine.score_batch(batch)
        engine.load_policy(policies.write(tmp_path / "policy.json", POLICY))
        drawn = engine.score_batch(batch)
        assert np.count_nonzero(plain["pctr"] != drawn["pctr"]) > 500
        return [plain.tobytes(), drawn.tobytes()]


@pytest.mark.parametrize("instructions", get_args(Instructions))
def test_values_have_the_same_bits_with_each_set(models: Path, tmp_path: Path, instructions: Instructions) -> None:
    if has(instructions):
        assert values(models, tmp_path, instructions) == values(models, tmp_path, None)
    else:
        with pytest.raises(Error, match="This machine lacks the instruction set"):
            Engine(instructions=instructions)


def test_another_name_is_refused() -> None:
    with pytest.raises(ValueError, match='must be "baseline", "avx2" or "avx512", not \'sse9\''):
        Engine(instructions="sse9")  # type: ignore[arg-type]
