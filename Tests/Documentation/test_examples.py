# SPDX-License-Identifier: Apache-2.0
"""The printed examples of the README files and the header run, and give the output printed below them."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import valuation
from valuation.sklearn import _estimators, _transformers

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
#: Seconds after which an example counts as hung, even on a busy machine.
PATIENCE = 900


def blocks(path):
    """Language and content of each fenced block of a Markdown file."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", path.read_text(), re.MULTILINE | re.DOTALL)


def output_after(path, language, containing):
    """The block of a language that contains a text, and the output printed below it."""
    found = blocks(path)
    for position, (name, content) in enumerate(found):
        if name == language and containing in content:
            return content, next((text for kind, text in found[position:] if kind == "text"), "")
    raise AssertionError(f"{path.name} has no {language} block with {containing!r}")


def lines(text):
    return [line.rstrip() for line in text.rstrip("\n").splitlines()]


def test_the_c_example_compiles_with_the_printed_command_and_prints_the_printed_value(tmp_path):
    source, _ = output_after(README, "c", "valuation_score")
    command, expected = output_after(README, "sh", "gcc ad.c")
    (tmp_path / "ad.c").write_text(source)
    for name in ("build", "Documentation"):
        (tmp_path / name).symlink_to(ROOT / name)
    result = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE)
    assert (result.returncode, result.stderr) == (0, "")
    assert lines(result.stdout) == lines(expected)


def test_the_python_example_prints_the_output_below_it():
    program, expected = output_after(README, "python", "valuation.Engine")
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert lines(result.stdout) == lines(expected)


def test_the_scikit_learn_example_prints_the_output_below_it_and_the_mapping_makes_a_document(tmp_path):
    page = ROOT / "Documentation/scikit-learn.md"
    program, expected = output_after(page, "python", "to_parquet")
    mapping, _ = output_after(page, "python", '"slot=12": 0.5')
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", program + mapping],
        cwd=tmp_path,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert lines(result.stdout) == lines(expected)


def test_the_page_of_scikit_learn_names_every_supported_transformer_and_estimator():
    page = (ROOT / "Documentation/scikit-learn.md").read_text()
    for kind in [*_transformers._MAKERS, *_estimators._ESTIMATORS]:
        assert f"`{kind.__name__}" in page, kind


def test_the_command_line_example_prints_the_printed_table():
    command, expected = output_after(README, "sh", "valuation score")
    result = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)
    assert (result.returncode, result.stderr) == (0, "")
    assert lines(result.stdout) == lines(expected)


def test_the_publishing_example_prints_the_printed_summary(tmp_path):
    command, expected = output_after(README, "sh", "valuation publish")
    (tmp_path / "Documentation").symlink_to(ROOT / "Documentation")
    (tmp_path / "build").mkdir()
    for name in ("bin", "lib"):
        (tmp_path / "build" / name).symlink_to(ROOT / "build" / name)
    result = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE)
    assert (result.returncode, result.stderr) == (0, "")
    assert lines(result.stdout) == lines(expected)
    assert (tmp_path / "build/models/LATEST").read_text() == "first\n"


def test_the_example_models_are_sound_and_the_format_page_shows_one_of_them():
    result = subprocess.run(
        [ROOT / "build/bin/valuation", "validate", ROOT / "Documentation/example/models"],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout
    page = next(text for kind, text in blocks(ROOT / "Documentation/model-format.md") if kind == "json")
    model = json.loads((ROOT / "Documentation/example/models/1042-click.json").read_text())
    assert json.loads(page) == model


def test_the_request_page_shows_what_the_example_models_answer():
    request, answer, _ = (text for kind, text in blocks(ROOT / "Documentation/request-format.md") if kind == "json")
    models = ROOT / "Documentation/example/models"
    result = subprocess.run(
        [ROOT / "build/bin/valuation", "score", "--models", models],
        input=json.dumps(json.loads(request)) + "\n",
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == json.loads(answer)


def test_the_request_page_shows_the_parts_of_an_observed_rate(tmp_path):
    (tmp_path / "batch").mkdir()
    model = ROOT / "Documentation/example/models/1042-click.json"
    (tmp_path / "batch/1042.json").write_text(model.read_text())
    counted = {"campaign": "3001", "advertiser": "77", "impressions": 1000, "clicks": 100}
    (tmp_path / "batch/3001.json").write_text(json.dumps({"format": "valuation-campaign/1"} | counted))
    request = {"candidates": [{"campaign": "3001", "pricing": "cpc", "bid": 1}]}
    command = ROOT / "build/bin/valuation"
    publishing = [command, "publish", tmp_path / "batch", "--to", tmp_path / "models", "--click-prior", "0.05"]
    subprocess.run(publishing, check=True, capture_output=True)
    explained = subprocess.run(
        [command, "explain", "--models", tmp_path / "models", "--format", "jsonl"],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        check=True,
    )
    *_, expected = (text for kind, text in blocks(ROOT / "Documentation/request-format.md") if kind == "json")
    (value,) = json.loads(explained.stdout)["values"]
    assert value["observed"] == json.loads(expected)
    assert (value["pctr"], value["flags"]) == (0.075, ["unknown_campaign", "click_prior"])


def test_conversions_alone_are_valued_as_the_page_of_releases_says():
    program, expected = output_after(ROOT / "Documentation/releases.md", "python", "click_prior=1")
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert lines(result.stdout) == lines(expected)


def test_every_relative_link_of_the_documentation_leads_somewhere():
    for path in [*ROOT.glob("*.md"), *(ROOT / "Documentation").glob("*.md"), *(ROOT / "bindings").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)\)", path.read_text()):
            if "://" not in target:
                assert (path.parent / target).exists(), f"{path.relative_to(ROOT)} links to {target}"


def test_a_failed_example_gives_the_message_that_the_format_page_shows(tmp_path):
    page = (ROOT / "Documentation/model-format.md").read_text()
    shown = re.search(r"    The example's probability is .*?\n\n", page, re.DOTALL)
    model = {
        "format": "valuation-model/1", "kind": "logistic", "campaign": "1", "target": "click", "version": "1",
        "intercept": -2.5, "negative_sampling_rate": 1, "categorical": {"slot": {"13": 1}},
        "numeric": {"n": {"mean": 0, "std": 1, "weight": 0.5}},
        "self_test": [{"features": {"slot": 12, "country": "de", "n": 2}, "probability": 0.2}],
    }  # fmt: skip
    (tmp_path / "models.json").write_text(json.dumps(model))
    with valuation.Engine() as engine, pytest.raises(valuation.ModelError) as caught:
        engine.load(tmp_path / "models.json")
    assert " ".join(shown[0].split()) in str(caught.value)
