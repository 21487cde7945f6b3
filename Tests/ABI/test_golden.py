# SPDX-License-Identifier: Apache-2.0
"""Whatever a version has published, every later version loads, and it answers with the same bytes."""

import re
import shutil
from pathlib import Path

import pytest

from .programs import REPOSITORY, Toolchain

FOLDERS = sorted(path.parent for path in (REPOSITORY / "Tests" / "Golden").glob("*/LATEST"))
# Made with the present version of each format.
NEWEST = REPOSITORY / "Tests" / "Golden" / "format-4"
# Their compiled files have a version that the library no longer reads.
DROPPED = [folder for folder in FOLDERS if folder != NEWEST]


# Which models serve, and how many features they know: what the answers say besides the values.
SERVING = re.compile(r'"release":.*?,(?="values":)|,"request_features":.*?(?=,"invalid_candidates":|}$)', re.MULTILINE)


def answers(toolchain: Toolchain, models: Path, folder: Path) -> str:
    return SERVING.sub("", toolchain.program("answer_requests").run(models, folder / "requests.jsonl"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_golden_release_still_gives_its_answers(toolchain: Toolchain, folder: Path, tmp_path: Path):
    expected = (folder / "answers.jsonl").read_text()
    assert len(expected.splitlines()) == 40
    release = folder / "releases" / "golden"
    assert answers(toolchain, folder, folder) == expected
    assert answers(toolchain, release, folder) == expected
    for model_file in release.glob("*.jsonl.gz"):
        shutil.copy(model_file, tmp_path)
    assert answers(toolchain, tmp_path, folder) == expected


def test_the_newest_compiled_file_is_mapped_and_compiling_gives_its_bytes(toolchain: Toolchain, tmp_path: Path):
    # If this fails, the index layout has changed: raise VALUATION_COMPILED_FORMAT_VERSION and add a new folder of
    # golden files.
    golden = NEWEST / "releases" / "golden" / "index.valuation"
    assert answers(toolchain, golden, NEWEST) == (NEWEST / "answers.jsonl").read_text()
    models, compiled = tmp_path / "models", tmp_path / "again.valuation"
    models.mkdir()
    for model_file in golden.parent.glob("*.jsonl.gz"):
        shutil.copy(model_file, models)
    toolchain.program("compile").run(models, compiled)
    assert compiled.read_bytes() == golden.read_bytes()


@pytest.mark.parametrize("folder", DROPPED, ids=lambda folder: folder.name)
def test_an_older_compiled_file_is_refused_by_its_format(toolchain: Toolchain, folder: Path):
    # The release still gives its answers: the library reads the model files beside it.
    compiled = folder / "releases" / "golden" / "index.valuation"
    finished = toolchain.program("answer_requests").start(compiled, folder / "requests.jsonl")
    assert finished.returncode != 0
    assert '"valuation-compiled/4"' in finished.stderr
