# SPDX-License-Identifier: Apache-2.0
"""`valuation key`: keys as the library, SQL and people write them."""

import pytest

from .command import run, run_in_terminal

# The example of BigQuery's manual for FARM_FINGERPRINT.
FARM_FINGERPRINTS = {
    "1footrue": -1541654101129638711,
    "2applefalse": 2794438866806483259,
    "3true": -4880158226897771312,
}


@pytest.mark.parametrize(("text", "signed"), FARM_FINGERPRINTS.items())
def test_keys_are_those_of_bigquery(text, signed):
    (key,) = run("key", "--campaign", text).answers
    assert key == {
        "kind": "campaign",
        "text": text,
        "signed": str(signed),
        "unsigned": str(signed % 2**64),
        "hexadecimal": f"0x{signed % 2**64:016x}",
    }


def test_all_kinds_of_keys_can_be_asked_for_at_once():
    result = run("key", "slot=12", "os=ios", "--number", "days_since_visit", "--campaign", "1042")
    assert [(key["kind"], key["text"]) for key in result.answers] == [
        ("category", "slot=12"),
        ("category", "os=ios"),
        ("number", "days_since_visit"),
        ("campaign", "1042"),
    ]
    assert len({key["unsigned"] for key in result.answers}) == 4


def unsigned(*arguments):
    return [key["unsigned"] for key in run("key", *arguments).answers]


def test_a_key_is_the_fingerprint_of_its_whole_text():
    for text in ("slot=12", "slot=", "query=a=b", "città=Bari", "a==="):
        assert unsigned(text) == unsigned("--campaign", text)
    assert unsigned("--number", "age") == unsigned("--campaign", "age")


def test_the_table_has_the_three_notations():
    result = run_in_terminal("key", "slot=12", "os=ios", columns=100, environment={"NO_COLOR": "1"})
    keys = run("key", "slot=12", "os=ios").answers
    assert [row.split() for row in result.lines[2:]] == [
        [key["kind"], key["text"], key["unsigned"], key["signed"], key["hexadecimal"]] for key in keys
    ]


@pytest.mark.parametrize(
    "arguments",
    [[], ["slot"], ["=12"], ["--number", "a=b"], ["--number", ""], ["--format", "xml", "a=b"], ["--no-such"]],
)
def test_what_makes_no_key_is_wrong_usage(arguments):
    result = run("key", *arguments)
    assert (result.status, result.output) == (64, "")
    assert "Usage: valuation key" in result.errors
