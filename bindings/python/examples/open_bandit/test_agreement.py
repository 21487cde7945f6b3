# SPDX-License-Identifier: Apache-2.0
"""One thousand real requests get the same bits from every way into the engine, and scikit-learn's probabilities.

The ways: the Python JSON call, the Python batch call, the command line as a process, and a C program that links the
built library. Needs ``make build`` and the installed wheel.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

import valuation
from document import model_document
from fetch import fetch
from log import CAMPAIGNS, FEATURES, ads_of, held_out_split, read_log
from publish import publish_models, write_requests
from train import TrainedModel, train

REPOSITORY = Path(__file__).resolve().parents[4]
BUILD = REPOSITORY / "build"
REQUESTS = 1_000
PRICINGS = ("cpm", "cpc", "cpa")
REQUEST_FIELDS = [*FEATURES.request_categories, *FEATURES.request_numbers]
AD_FIELDS = [*FEATURES.ad_categories, *FEATURES.ad_numbers]

# One negative in so many is kept; None keeps all.
NEGATIVES_ONE_IN = {
    ("all", "click"): 50,
    ("men", "click"): None,
    ("women", "click"): 50,
    ("all", "conversion"): None,
    ("men", "conversion"): 2,
    ("women", "conversion"): None,
}

# Bids, as they are paid for: per thousand impressions, per click, per conversion.
BIDS = {"cpm": 1.9, "cpc": 0.37, "cpa": 21.5}

Values = dict[str, NDArray[Any]]


@pytest.fixture(scope="module")
def log() -> pd.DataFrame:
    return read_log(fetch(BUILD / "cache"))


@pytest.fixture(scope="module")
def models(log: pd.DataFrame) -> list[TrainedModel]:
    """Two models a campaign, with many weights. The log has no conversions, so their labels are invented."""
    training_days, _ = held_out_split(log)
    invented = training_days["impression"].map(lambda name: valuation.fingerprint64(f"conversion/{name}") % 3 == 0)
    labelled = training_days.assign(conversion=invented.astype(int))
    rows = {"click": labelled, "conversion": labelled[labelled["click"] == 1]}
    return [
        train(rows[target], campaign, target, FEATURES, inverse_penalty=2.0, negatives_one_in=one_in)
        for (campaign, target), one_in in NEGATIVES_ONE_IN.items()
    ]


@pytest.fixture(scope="module")
def model_folder(models: list[TrainedModel], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of releases with the models in it, compiled."""
    folder = tmp_path_factory.mktemp("models")
    publish_models(folder, [model_document(model, "2019-11-30T00:00:00Z") for model in models])
    return folder


@pytest.fixture(scope="module")
def rows(log: pd.DataFrame) -> pd.DataFrame:
    """A row for each candidate: a thousand impressions of the last day, each with every ad of all three pages."""
    _, last_day = held_out_split(log)
    places = np.linspace(0, len(last_day) - 1, REQUESTS).astype(int)
    requests = last_day.iloc[places][["impression", *REQUEST_FIELDS]]
    ads = pd.concat([ads_of(log, campaign).assign(campaign=campaign) for campaign in CAMPAIGNS])
    rows = requests.merge(ads, how="cross")
    pricing = np.resize(PRICINGS, len(rows))
    return rows.assign(pricing=pricing, bid=pd.Series(pricing).map(BIDS))


@pytest.fixture(scope="module")
def requests(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as JSON requests."""
    return [_request(group.to_dict("records")) for _, group in rows.groupby("impression", sort=False)]


@pytest.fixture(scope="module")
def request_file(requests: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("requests") / "requests.jsonl"
    write_requests(path, requests)
    return path


@pytest.fixture(scope="module")
def engine(model_folder: Path) -> valuation.Engine:
    engine = valuation.Engine()
    engine.load(model_folder)
    return engine


@pytest.fixture(scope="module")
def batch(engine: valuation.Engine, rows: pd.DataFrame) -> valuation.Batch:
    """The rows as arrays, under the secret of the releases."""
    first_rows = rows.drop_duplicates("impression")
    ads_of_request = len(rows) // len(first_rows)
    candidates = valuation.Candidates(
        engine.campaign_keys(rows["campaign"]),
        rows["pricing"].to_numpy(),
        rows["bid"],
        valuation.Features.from_columns(
            engine, {field: rows[field] for field in AD_FIELDS}, numeric=FEATURES.ad_numbers
        ),
    )
    return valuation.Batch(
        valuation.Features.from_columns(
            engine, {field: first_rows[field] for field in REQUEST_FIELDS}, numeric=FEATURES.request_numbers
        ),
        candidates,
        np.arange(len(first_rows) + 1) * ads_of_request,
    )


@pytest.fixture(scope="module")
def from_batch(engine: valuation.Engine, batch: valuation.Batch) -> Values:
    """The values of the Python batch call, to which the other ways are compared."""
    return _values_of_batch(engine, batch)


def test_the_models_have_every_kind_of_weight_and_of_sampling(models: list[TrainedModel]) -> None:
    documents = [model_document(model, "") for model in models]
    for target in ("click", "conversion"):
        of_target = [document for document in documents if document["target"] == target]
        assert all(any(document["categorical"].values()) for document in of_target)
        assert any(number["weight"] != 0 for document in of_target for number in document["numeric"].values())
        assert any(cross["weights"] for document in of_target for cross in document["crosses"])
        rates = {document["negative_sampling_rate"] for document in of_target}
        assert max(rates) == 1
        assert min(rates) < 1


def test_the_model_files_give_the_bits_of_the_compiled_file(
    engine: valuation.Engine, model_folder: Path, batch: valuation.Batch, from_batch: Values, tmp_path: Path
) -> None:
    (tmp_path / "uncompiled").mkdir()
    shutil.copy(model_folder / "SECRET", tmp_path / "uncompiled")  # so that the batch's keys are known there, too
    valuation.publish(model_folder, tmp_path / "uncompiled", compiled=False)
    with valuation.Engine() as other:
        other.load(tmp_path / "uncompiled")
        assert (engine.describe()["compiled"], other.describe()["compiled"]) == (True, False)
        _assert_same_bits(_values_of_batch(other, batch), from_batch)


def test_python_json_gives_the_bits_of_the_batch_call(
    engine: valuation.Engine, requests: list[dict[str, Any]], from_batch: Values
) -> None:
    assert len(requests) == REQUESTS
    answers = [dict(engine.score(request)) for request in requests]
    _assert_same_bits(_values_of_answers(answers), from_batch)


def test_the_command_line_gives_the_bits_of_the_batch_call(
    model_folder: Path, request_file: Path, from_batch: Values
) -> None:
    program = BUILD / "bin" / "valuation"
    assert program.exists(), "run `make build` first"
    command: list[str | Path] = [
        program,
        "score",
        "--models",
        model_folder,
        "--format",
        "jsonl",
        request_file,
    ]
    answers = [json.loads(line) for line in _output_of(command).splitlines()]
    _assert_same_bits(_values_of_answers(answers), from_batch)


def test_a_c_program_gives_the_bits_of_the_batch_call(
    model_folder: Path, request_file: Path, from_batch: Values, tmp_path: Path
) -> None:
    program = tmp_path / "score_requests"
    source = REPOSITORY / "Tests" / "ABI" / "score_requests.c"
    compile_it: list[str | Path] = ["cc", "-std=c11", "-O2", "-Wall", "-Wextra", "-pedantic", "-Werror"]
    compile_it += ["-I", BUILD / "include", source, "-o", program]
    compile_it += ["-L", BUILD / "lib", f"-Wl,-rpath,{BUILD / 'lib'}", "-lvaluation", "-ljansson"]
    _output_of(compile_it)
    lines = _output_of([program, model_folder, request_file]).split()
    numbers = np.array([float.fromhex(number) for number in lines]).reshape(-1, 3)
    from_c = {
        "expected_revenue": numbers[:, 0],
        "pctr": numbers[:, 1].astype(np.float32),
        "pcvr": numbers[:, 2].astype(np.float32),
    }
    _assert_same_bits(from_c, from_batch)


def test_probabilities_are_those_of_scikit_learn(
    models: list[TrainedModel], rows: pd.DataFrame, from_batch: Values
) -> None:
    """After the sampling correction, to one millionth of each; pcvr for CPA candidates, and no other has one."""
    expected = _probabilities_of_scikit_learn(models, rows)
    is_cpa = (rows["pricing"] == "cpa").to_numpy()
    np.testing.assert_allclose(from_batch["pctr"], expected["click"], rtol=1e-6, atol=0)
    np.testing.assert_allclose(from_batch["pcvr"][is_cpa], expected["conversion"][is_cpa], rtol=1e-6, atol=0)
    assert np.isnan(from_batch["pcvr"][~is_cpa]).all()


def test_expected_revenue_is_the_bid_times_the_probabilities_of_scikit_learn(
    models: list[TrainedModel], rows: pd.DataFrame, from_batch: Values
) -> None:
    probability = _probabilities_of_scikit_learn(models, rows)
    chance = {
        "cpm": np.full(len(rows), 1 / 1000),
        "cpc": probability["click"],
        "cpa": probability["click"] * probability["conversion"],
    }
    for pricing in PRICINGS:
        paid_so = (rows["pricing"] == pricing).to_numpy()
        expected = BIDS[pricing] * chance[pricing][paid_so]
        np.testing.assert_allclose(from_batch["expected_revenue"][paid_so], expected, rtol=2e-6, atol=0)


def _request(candidates: list[dict[Hashable, Any]]) -> dict[str, Any]:
    return {
        "id": candidates[0]["impression"],
        "features": FEATURES.of_request(candidates[0]),
        "candidates": [
            {
                "ad": row["ad"],
                "campaign": row["campaign"],
                "pricing": row["pricing"],
                "bid": row["bid"],
                "features": FEATURES.of_ad(row),
            }
            for row in candidates
        ],
    }


def _probabilities_of_scikit_learn(models: list[TrainedModel], rows: pd.DataFrame) -> Values:
    probabilities = {target: np.full(len(rows), np.nan) for target in ("click", "conversion")}
    for model in models:
        own = (rows["campaign"] == model.campaign).to_numpy()
        probabilities[model.target][own] = model.probability(rows[own])
    return probabilities


def _values_of_batch(engine: valuation.Engine, batch: valuation.Batch) -> Values:
    values = engine.score_batch(batch)
    return {name: values[name] for name in ("expected_revenue", "pctr", "pcvr")}


def _values_of_answers(answers: list[dict[str, Any]]) -> Values:
    values = [value for answer in answers for value in answer["values"]]

    def column(name: str, kind: type) -> NDArray[Any]:
        return np.array([np.nan if value[name] is None else value[name] for value in values], kind)

    return {
        "expected_revenue": column("expected_revenue", np.float64),
        "pctr": column("pctr", np.float32),
        "pcvr": column("pcvr", np.float32),
    }


def _assert_same_bits(got: Values, expected: Values) -> None:
    for name, array in expected.items():
        assert got[name].shape == array.shape, name
        # Every NaN is one: which bits it has says nothing.
        first, second = (np.where(np.isnan(values), 0.0, values) for values in (got[name], array))
        np.testing.assert_array_equal(np.isnan(got[name]), np.isnan(array), err_msg=name)
        np.testing.assert_array_equal(first.astype(array.dtype).tobytes(), second.astype(array.dtype).tobytes(), name)


def _output_of(command: list[str | Path]) -> str:
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, f"{command[0]} failed; has `make build` run?\n{answer.stderr}"
    return answer.stdout
