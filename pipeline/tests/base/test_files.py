# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from pathlib import Path

import pytest

from valuation_pipeline.files import whole_folder, write_json, write_text


def test_a_folder_appears_whole_and_replaces_the_old_one(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "out"
    for text in ("one", "two"):
        with whole_folder(folder) as unfinished:
            (unfinished / "file").write_text(text)
            assert not folder.exists() or (folder / "file").read_text() != text
        assert (folder / "file").read_text() == text
    assert [path.name for path in folder.parent.iterdir()] == ["out"]


def test_after_an_error_the_old_folder_remains(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    with whole_folder(folder) as unfinished:
        (unfinished / "file").write_text("one")

    def fail() -> None:
        with whole_folder(folder) as unfinished:
            (unfinished / "file").write_text("two")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert (folder / "file").read_text() == "one"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_leftovers_of_a_killed_process_are_removed(tmp_path: Path) -> None:
    (tmp_path / ".out.unfinished").mkdir()
    (tmp_path / ".out.unfinished" / "left").touch()
    with whole_folder(tmp_path / "out") as unfinished:
        (unfinished / "file").touch()
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["file"]


def test_json_has_no_nan(tmp_path: Path) -> None:
    write_json(tmp_path / "value.json", {"b": 1, "a": ["é"]})
    assert json.loads((tmp_path / "value.json").read_text("utf-8")) == {"b": 1, "a": ["é"]}
    with pytest.raises(ValueError, match="Out of range"):
        write_json(tmp_path / "value.json", {"a": float("nan")})
    assert json.loads((tmp_path / "value.json").read_text("utf-8")) == {"b": 1, "a": ["é"]}


def test_a_text_replaces_the_old_one_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    for text in ("one\n", "zwei: ü\n"):
        write_text(tmp_path / "file", text)
        assert (tmp_path / "file").read_text("utf-8") == text
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
