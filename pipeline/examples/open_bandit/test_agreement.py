# SPDX-License-Identifier: Apache-2.0
"""With models that the pipeline trained, requests made from a log get the same bits in every way of calling the engine.

The ways: the Python JSON call, the Python batch call, the command line as a process, and a C program that links the
built library. Needs ``make build`` and the installed wheels.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import valuation
from numpy.typing import NDArray

from auctions import auctions
from valuation_pipeline.checks.options import CHECKS
from valuation_pipeline.features import FeatureSet, tabulate
from valuation_pipeline.generated.log import generate
from valuation_pipeline.generated.options import GeneratorOptions

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[2]
BUILD = REPOSITORY / "build"
REQUESTS, ADS = 300, 30
LAST_DAY = "2026-03-06"

Values = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Day:
    """The results of a pipeline's run."""

    models: Path
    requests: list[dict[str, Any]]
    request_file: Path
    documents: list[dict[str, Any]]


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    """A generated log with many clicks, run by the real command, and requests made from it."""
    folder = tmp_path_factory.mktemp("generated") / "log"
    options = GeneratorOptions(impressions=30_000, campaigns=6, days=6, click_rate=0.2, conversion_rate=0.3)
    generate(folder, options, [], lambda _: None)
    configuration = (HERE / "generated.toml").read_text().replace("[training]", "[training]\nself_tests = 2")
    # These models must serve, however good they are.
    checks = ", ".join(f'{check} = "warn"' for check in CHECKS)
    more = f"[sampling]\none_in = 2\n[checks]\nseverity = {{ {checks} }}\n"
    (folder / "pipeline.toml").write_text(configuration + more)
    command = [sys.executable, "-m", "valuation_pipeline.command", "run", "--date", LAST_DAY]
    command += ["--logs", str(folder / "log"), "--models", str(folder / "models")]
    output_of([*command, "--configuration", str(folder / "pipeline.toml")])
    work = folder / "work" / LAST_DAY
    feature_set = FeatureSet.read(folder / "features.toml")
    requests = auctions(tabulate(work / "examples" / "examples.parquet", feature_set), feature_set, REQUESTS, ADS)
    request_file = folder / "requests.jsonl"
    request_file.write_text("".join(json.dumps(request) + "\n" for request in requests))
    files = [work / target / "models.jsonl" for target in ("click", "conversion")]
    documents = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    return Day(folder / "models", requests, request_file, documents)


@pytest.fixture(scope="module")
def engine(day: Day) -> valuation.Engine:
    engine = valuation.Engine()
    engine.load(day.models)
    return engine


@pytest.fixture(scope="module")
def batch(engine: valuation.Engine, day: Day) -> valuation.Batch:
    """The requests as arrays, under the releases' secret."""
    candidates = [candidate for request in day.requests for candidate in request["candidates"]]
    counts = [len(request["candidates"]) for request in day.requests]
    return valuation.Batch(
        features_of(engine, [request["features"] for request in day.requests]),
        valuation.Candidates(
            engine.campaign_keys([candidate["campaign"] for candidate in candidates]),
            [candidate["pricing"].lower() for candidate in candidates],
            [candidate["bid"] for candidate in candidates],
            features_of(engine, [candidate["features"] for candidate in candidates]),
        ),
        np.concatenate([[0], np.cumsum(counts)]),
    )


@pytest.fixture(scope="module")
def from_batch(engine: valuation.Engine, batch: valuation.Batch) -> Values:
    """The values of the Python batch call, to which the other ways are compared."""
    return values_of_batch(engine, batch)


def test_the_models_have_every_kind_of_weight(day: Day) -> None:
    clicks = [document for document in day.documents if document["target"] == "click"]
    assert any(any(document["categorical"].values()) for document in clicks)
    assert any(document["numeric"] for document in clicks)
    assert any(document["crosses"] for document in clicks)
    assert any("extends" in document for document in clicks)
    assert all(document["negative_sampling_rate"] < 1 for document in clicks)
    assert {document["target"] for document in day.documents} == {"click", "conversion"}


def test_the_model_files_give_the_bits_of_the_compiled_file(
    engine: valuation.Engine, day: Day, batch: valuation.Batch, from_batch: Values, tmp_path: Path
) -> None:
    (tmp_path / "uncompiled").mkdir()
    shutil.copy(day.models / "SECRET", tmp_path / "uncompiled")  # the batch's keys are under this secret
    valuation.publish(day.models, tmp_path / "uncompiled", compiled=False)
    with valuation.Engine() as other:
        other.load(tmp_path / "uncompiled")
        assert (engine.describe()["compiled"], other.describe()["compiled"]) == (True, False)
        assert_same_bits(values_of_batch(other, batch), from_batch)


def test_python_json_gives_the_bits_of_the_batch_call(engine: valuation.Engine, day: Day, from_batch: Values) -> None:
    assert len(day.requests) == REQUESTS
    answers = [dict(engine.score(request)) for request in day.requests]
    assert_same_bits(values_of_answers(answers), from_batch)


def test_the_command_line_gives_the_bits_of_the_batch_call(day: Day, from_batch: Values) -> None:
    program = BUILD / "bin" / "valuation"
    assert program.exists(), "run `make build` first"
    command: list[str | Path] = [program, "score", "--models", day.models, "--format", "jsonl", day.request_file]
    answers = [json.loads(line) for line in output_of(command).splitlines()]
    assert_same_bits(values_of_answers(answers), from_batch)


def test_a_c_program_gives_the_bits_of_the_batch_call(day: Day, from_batch: Values, tmp_path: Path) -> None:
    program = tmp_path / "score_requests"
    source = REPOSITORY / "Tests" / "ABI" / "score_requests.c"
    compile_it: list[str | Path] = ["cc", "-std=c11", "-O2", "-Wall", "-Wextra", "-pedantic", "-Werror"]
    compile_it += ["-I", BUILD / "include", source, "-o", program]
    compile_it += ["-L", BUILD / "lib", f"-Wl,-rpath,{BUILD / 'lib'}", "-lvaluation", "-ljansson"]
    output_of(compile_it)
    lines = output_of([program, day.models, day.request_file]).split()
    numbers = np.array([float.fromhex(number) for number in lines]).reshape(-1, 3)
    from_c = {
        "expected_revenue": numbers[:, 0],
        "pctr": numbers[:, 1].astype(np.float32),
        "pcvr": numbers[:, 2].astype(np.float32),
    }
    assert_same_bits(from_c, from_batch)


def features_of(engine: valuation.Engine, rows: list[dict[str, Any]]) -> valuation.Features:
    """Features of JSON requests as columns."""
    fields = sorted({field for row in rows for field in row})
    columns = {field: [row.get(field) for row in rows] for field in fields}
    numeric = [field for field, values in columns.items() if any(isinstance(value, float) for value in values)]
    return valuation.Features.from_columns(engine, columns, numeric=numeric)


def values_of_batch(engine: valuation.Engine, batch: valuation.Batch) -> Values:
    """The values of a batch call."""
    values = engine.score_batch(batch)
    return {name: values[name] for name in ("expected_revenue", "pctr", "pcvr")}


def values_of_answers(answers: list[dict[str, Any]]) -> Values:
    """The values of JSON answers."""
    values = [value for answer in answers for value in answer["values"]]

    def column(name: str, kind: type) -> NDArray[Any]:
        return np.array([np.nan if value[name] is None else value[name] for value in values], kind)

    return {
        "expected_revenue": column("expected_revenue", np.float64),
        "pctr": column("pctr", np.float32),
        "pcvr": column("pcvr", np.float32),
    }


def assert_same_bits(got: Values, expected: Values) -> None:
    """Compare values with others, bit for bit."""
    for name, array in expected.items():
        assert got[name].shape == array.shape, name
        # Treat every NaN alike: its bits mean nothing.
        first, second = (np.where(np.isnan(values), 0.0, values) for values in (got[name], array))
        np.testing.assert_array_equal(np.isnan(got[name]), np.isnan(array), err_msg=name)
        np.testing.assert_array_equal(first.astype(array.dtype).tobytes(), second.astype(array.dtype).tobytes(), name)


def output_of(command: list[Any]) -> str:
    """Run a program and return what it prints."""
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, f"{command[0]} failed; has `make build` run?\n{answer.stdout}{answer.stderr}"
    return answer.stdout
