# SPDX-License-Identifier: Apache-2.0
"""`valuation publish` and `valuation compile`: models made ready for ad servers."""

import fcntl
import json
import os
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from .command import CLICK, CONVERSION, request_line, run, run_in_terminal
from .releases import contents, latest, publish, write_models


def test_published_models_are_served_and_the_manifest_is_the_answer(directory):
    result = run("publish", "models", "--to", "releases", cwd=directory)
    assert (result.status, result.errors) == (0, "")
    (manifest,) = result.answers
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d{6}Z", manifest["id"])
    counts = {"campaigns": 2, "click_models": 2, "conversion_models": 1, "weights": 8, "models_without_self_tests": 2}
    assert manifest["counts"] == counts
    assert [file["name"] for file in manifest["files"]] == ["1042-conversion.json", "1042.json", "default.jsonl"]
    release = directory / "releases" / "releases" / manifest["id"]
    assert json.loads((release / "manifest.json").read_text()) == manifest
    assert latest(directory / "releases") == f"{manifest['id']}\n"
    given = request_line()
    (answer,), (of_files,) = (
        run("score", "--models", directory / folder, given=given).answers for folder in ("releases", "models")
    )
    assert (answer["release"], of_files["release"]) == (manifest["id"], None)
    assert answer | {"release": None} == of_files


def test_the_manifest_keeps_every_byte_of_its_texts_on_one_line(directory):
    name = 'a "b"  \\ {c}.json'
    (directory / "models" / "1042.json").rename(directory / "models" / name)
    (manifest,) = run("publish", "models", "--to", "releases", cwd=directory).answers
    assert name in [file["name"] for file in manifest["files"]]


def test_people_get_a_summary(directory):
    result = run_in_terminal(
        "publish",
        directory / "models",
        "--to",
        directory / "releases",
        "--id",
        "monday",
        "--conversion-prior",
        "0.05",
        columns=200,
        environment={"NO_COLOR": "1"},
    )
    assert result.status == 0
    title, *facts, warning = result.lines
    assert warning == "warning: 2 models without a self-test; `valuation validate` names them"
    assert title == f"published monday in {directory / 'releases'}"
    facts = dict(re.split(r"  +", line.strip(), maxsplit=1) for line in facts)
    size = sum(file.stat().st_size for file in (directory / "models").iterdir())
    compiled = (directory / "releases/releases/monday/index.valuation").stat().st_size
    assert facts == {
        "campaigns": "2",
        "models": "2 click, 1 conversion",
        "weights": "8",
        "priors": "click 0.630%, conversion 5.00%",
        "size": f"{size / 1000:.1f} kB in 3 files",
        "compiled": f"{compiled / 1000:.1f} kB",
        "LATEST": "names it",
    }


def test_priors_serve_where_no_model_does_and_are_shown(directory):
    models = write_models(directory / "own", CLICK, CONVERSION)
    publish(models, directory / "releases", "monday", "--click-prior", 0.25, "--conversion-prior", 0.5)
    (answer,) = run("score", "--models", directory / "releases", given=request_line()).answers
    unknown = answer["values"][3]
    assert unknown["pctr"] == pytest.approx(0.25, rel=1e-6)
    assert "click_prior" in unknown["flags"]
    shown = run("inspect", "--format", "table", directory / "releases")
    assert shown.lines[0].startswith(f"{directory / 'releases'}  release monday, ")
    assert shown.lines[0].endswith(" s old, compiled")
    assert shown.lines[1] == ("2 models of 1 campaign: 1 click, 1 conversion; priors: click 25.00%, conversion 50.00%")
    assert [line.split()[0] for line in shown.lines[6:]] == ["1042", "1042"]
    everyone = run("inspect", "--format", "table", "--campaign", "*", directory / "releases")
    assert [line.split() for line in everyone.lines if line.startswith("  ")] == [
        ["rate", "25.00%"],
        ["rate", "50.00%"],
    ]


def test_publishing_can_leave_latest_alone_and_omit_the_compiled_file(root, published):
    result = publish(published / "batch", root, "wednesday", "--keep-latest", "--no-compiled", "--format", "text")
    assert result.lines[-2].split() == ["LATEST", "still", "names", "tuesday"]
    assert latest(root) == "tuesday\n"
    assert not (root / "releases/wednesday/index.valuation").exists()
    assert run("inspect", root / "releases/wednesday").answers[0]["compiled"] is False
    assert run("inspect", root).answers[0]["compiled"] is True


def test_models_that_would_not_load_are_not_published(root, published):
    (published / "batch" / "7.json").write_text(json.dumps(CLICK | {"campaign": "7", "intercept": "high"}))
    before = contents(root)
    result = run("publish", published / "batch", "--to", root)
    assert (result.status, result.output) == (2, "")
    first, second = result.errors.splitlines()
    assert first.startswith("valuation: error: publishing failed: ")
    assert "7.json" in first
    assert "$.intercept" in first
    assert second.strip() == f"`valuation validate {published / 'batch'}` lists every problem there is."
    assert contents(root) == before


def test_an_id_can_be_used_only_once(root, published):
    before = contents(root)
    result = run("publish", published / "batch", "--to", root, "--id", "monday")
    assert (result.status, result.output) == (2, "")
    assert "publishing failed" in result.errors
    assert "[VALUATION_ERROR_RELEASE_EXISTS]" in result.errors
    assert contents(root) == before


@pytest.mark.parametrize(
    "arguments",
    [["publish", "batch", "--to", "models"], ["rollback", "models"], ["prune", "models", "--keep", "1"]],
    ids=lambda arguments: arguments[0],
)
def test_one_process_at_a_time_writes(published, arguments):
    before = contents(published / "models")
    descriptor = os.open(published / "models", os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        result = run(*arguments, cwd=published)
    finally:
        os.close(descriptor)
    assert (result.status, result.output) == (2, "")
    (line,) = result.errors.splitlines()
    assert "try again" in line
    assert line.endswith("[VALUATION_ERROR_BUSY]")
    assert contents(published / "models") == before
    assert run(*arguments, cwd=published).status == 0


def test_for_missing_models_the_error_says_what_a_path_may_be(directory):
    for arguments in (["publish", "nowhere", "--to", "releases"], ["compile", "nowhere"]):
        result = run(*arguments, cwd=directory)
        assert (result.status, result.output) == (2, "")
        assert "[VALUATION_ERROR_FILE_NOT_FOUND]" in result.errors
        assert "a directory of releases, or a compiled file" in result.errors
    assert not (directory / "releases").exists()


@pytest.mark.parametrize(
    "options",
    [
        ["--click-prior", "0"],
        ["--click-prior", "1.5"],
        ["--conversion-prior", "nan"],
        ["--conversion-prior", "-0.5"],
        ["--id", ""],
    ],
    ids=" ".join,
)
def test_impossible_options_are_wrong_usage(directory, options):
    result = run("publish", "models", "--to", "releases", *options, cwd=directory)
    assert (result.status, result.output) == (64, "")
    assert not (directory / "releases").exists()


def test_an_invalid_release_id_is_refused(directory):
    result = run("publish", "models", "--to", "releases", "--id", "../out", cwd=directory)
    assert (result.status, result.output) == (2, "")
    assert "letters, digits, dots, hyphens and underscores" in result.errors


def test_compiled_models_give_the_same_answers(directory):
    result = run("compile", "models", cwd=directory)
    assert (result.status, result.errors) == (0, "")
    file = directory / "models.valuation"
    assert result.answers == [{"file": "models.valuation", "bytes": file.stat().st_size}]
    requests = directory / "requests.jsonl"
    assert run("score", "--models", file, requests).output == (
        run("score", "--models", directory / "models", requests).output
    )
    assert run("validate", file).output == f"{file}: no problem\n"
    assert run("inspect", "--format", "table", file).lines[0] == f"{file}  compiled"


@pytest.mark.parametrize(
    ("models", "file"),
    [
        ("models/", "models.valuation"),
        ("models/1042.json", "1042.valuation"),
        ("./models/default.jsonl", "default.valuation"),
    ],
)
def test_a_compiled_file_is_named_after_its_models(directory, models, file):
    assert run("compile", models, "--format", "text", cwd=directory).output.startswith(f"{file}: ")
    assert (directory / file).exists()


def test_models_without_a_name_need_a_name_for_the_file(directory):
    models = directory / "models"
    assert run("compile", ".", cwd=models).status == 64
    assert run("compile", ".", "-o", "../named.valuation", cwd=models).status == 0
    assert (directory / "named.valuation").exists()


def test_compilers_of_the_same_file_do_not_disturb_one_another(directory, models):
    file = directory / "all.valuation"
    run("compile", models, "-o", file)
    expected = file.read_bytes()
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: run("compile", models, "-o", file), range(24)))
    assert [(result.status, result.errors) for result in results] == [(0, "")] * 24
    assert file.read_bytes() == expected
    assert [path.name for path in directory.iterdir() if path.name.endswith(".tmp")] == []


def test_a_failed_publication_leaves_nothing_behind(root, published):
    (root / "PREVIOUS").unlink()
    (root / "PREVIOUS").mkdir()
    (root / "PREVIOUS" / "in the way").touch()
    result = run("publish", published / "batch", "--to", root, "--id", "wednesday")
    assert (result.status, result.output) == (2, "")
    assert "VALUATION_ERROR_WRITE_FAILED" in result.errors
    assert sorted(path.name for path in (root / "releases").iterdir()) == ["2026-11-21T030000Z", "monday", "tuesday"]


def test_a_compiled_file_has_its_suffix(directory):
    result = run("compile", "models", "-o", "models.bin", cwd=directory)
    assert (result.status, result.output) == (2, "")
    assert "ends in .valuation" in result.errors
    assert not (directory / "models.bin").exists()


def test_a_damaged_compiled_file_is_refused_with_the_place(directory):
    run("compile", "models", cwd=directory)
    file = directory / "models.valuation"
    damaged = bytearray(file.read_bytes())
    damaged[-9] ^= 1
    file.write_bytes(damaged)
    result = run("score", "--models", file, given=request_line())
    assert (result.status, result.output) == (2, "")
    assert f"{file}: " in result.errors
    assert "[VALUATION_ERROR_CHECKSUM]" in result.errors
    assert run("validate", file).status == 1
