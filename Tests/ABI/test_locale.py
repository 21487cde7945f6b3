# SPDX-License-Identifier: Apache-2.0
"""In a host whose locale has no decimal point and another language, every answer has the same bytes."""

import json
import os
from pathlib import Path

import pytest

from .programs import Toolchain

# German writes a half as 0,5; Pashto's decimal point is a character of two bytes.
LOCALES = ("de_DE.UTF-8", "ps_AF.UTF-8")


@pytest.fixture(scope="module", params=[(name, place) for name in LOCALES for place in ("process", "thread")])
def answers(
    request: pytest.FixtureRequest,
    toolchain: Toolchain,
    models: Path,
    request_file: Path,
    locale_directory: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[list[str], list[str]]:
    """The lines that comma_locale.c prints in the C locale, and in another locale of the process or its thread."""
    unreadable = tmp_path_factory.mktemp("link") / "link.json"
    unreadable.symlink_to(unreadable.name)
    program = toolchain.program("comma_locale")
    name, place = request.param
    arguments = [place, models, request_file, unreadable]
    plain = program.run("C", *arguments)
    comma = program.run(name, *arguments, environment={"LOCPATH": os.fspath(locale_directory)})
    return plain.splitlines(), comma.splitlines()


def test_a_decimal_comma_changes_no_answer(answers: tuple[list[str], list[str]]):
    plain, comma = answers
    assert len(plain) == 7
    assert comma[:3] + comma[4:] == plain[:3] + plain[4:]
    assert plain[:3] == plain[4:], "a failed load changed an answer"
    # The program read and printed fractions, so a wrong locale would have shown.
    values = json.loads(comma[0])["values"]
    assert all(0 < value["pctr"] < 1 for value in values)


def test_messages_are_in_english(answers: tuple[list[str], list[str]]):
    plain, comma = answers
    assert "symbolic links" in plain[3]
    assert comma[3] == plain[3]
