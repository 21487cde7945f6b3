# SPDX-License-Identifier: Apache-2.0
"""`valuation key`: keys in the notations of the library and of people, and fingerprints as SQL has them."""

import ctypes
from pathlib import Path

import pytest

from .command import REPOSITORY, run, run_in_terminal

# The example for FARM_FINGERPRINT in BigQuery's manual.
FARM_FINGERPRINTS = {
    "1footrue": -1541654101129638711,
    "2applefalse": 2794438866806483259,
    "3true": -4880158226897771312,
}
NAMES = ["slot=12", "slot=", "query=a=b", "città=Bari", "a==="]
KINDS = [*NAMES, "--number", "days_since_visit", "--campaign", "1042"]


class Library:
    """The keys that libvaluation itself gives."""

    def __init__(self, models: Path | None = None):
        self.library = ctypes.CDLL(str(REPOSITORY / "build" / "lib" / "libvaluation.so.1"))
        self.engine = ctypes.c_void_p()
        if models is not None:
            assert self.library.valuation_engine_create(None, ctypes.byref(self.engine), None) == 0
            assert self.library.valuation_engine_load(self.engine, *self._text(str(models)), None) == 0

    def keys(self) -> list[int]:
        """The keys of KINDS."""
        pairs = [name.split("=", 1) for name in NAMES]
        categories = [self._key("feature", *self._text(field), *self._text(value)) for field, value in pairs]
        return [*categories, self._key("number", *self._text(KINDS[-3])), self._key("campaign", *self._text(KINDS[-1]))]

    def _key(self, kind: str, *arguments: object) -> int:
        function = getattr(self.library, f"valuation_{kind}_key")
        function.restype = ctypes.c_uint64
        return function(self.engine, *arguments)

    @staticmethod
    def _text(text: str) -> tuple[bytes, ctypes.c_size_t]:
        return text.encode(), ctypes.c_size_t(len(text.encode()))


def unsigned(*arguments):
    result = run("key", *arguments)
    assert (result.status, result.errors) == (0, "")
    return [int(key["unsigned"]) for key in result.answers]


def test_all_kinds_of_keys_can_be_asked_for_at_once():
    result = run("key", "slot=12", "os=ios", "--number", "days_since_visit", "--campaign", "1042")
    assert [(key["kind"], key["text"]) for key in result.answers] == [
        ("category", "slot=12"),
        ("category", "os=ios"),
        ("number", "days_since_visit"),
        ("campaign", "1042"),
    ]
    assert len({key["unsigned"] for key in result.answers}) == 4
    for key in result.answers:
        assert set(key) == {"kind", "text", "unsigned", "hexadecimal"}
        assert key["hexadecimal"] == f"0x{int(key['unsigned']):016x}"


def test_without_models_keys_use_the_standard_secret():
    assert unsigned(*KINDS) == Library().keys()


def test_files_outside_a_release_use_the_standard_secret(models):
    assert unsigned("--models", models, *KINDS) == Library().keys()


def test_a_directory_of_releases_has_a_secret_of_its_own(root):
    expected = Library(root).keys()
    release = root / "releases" / "monday"
    assert unsigned("--models", root, *KINDS) == unsigned("--models", release, *KINDS) == expected
    assert not set(expected) & set(Library().keys())


def test_a_fingerprint_does_not_depend_on_models(root):
    names = ["--fingerprint", "imp-1"]
    assert unsigned("--models", root, *names) == unsigned(*names)


@pytest.mark.parametrize(("text", "signed"), FARM_FINGERPRINTS.items())
def test_fingerprints_are_those_of_bigquery(text, signed):
    (fingerprint,) = run("key", "--fingerprint", text).answers
    assert fingerprint == {
        "kind": "fingerprint",
        "text": text,
        "signed": str(signed),
        "unsigned": str(signed % 2**64),
        "hexadecimal": f"0x{signed % 2**64:016x}",
    }


def table(*arguments):
    result = run_in_terminal("key", *arguments, columns=100, environment={"NO_COLOR": "1"})
    return result.lines[0].split(), [row.split() for row in result.lines[2:]]


def test_the_table_has_both_notations():
    titles, rows = table("slot=12", "os=ios")
    assert titles == ["kind", "text", "unsigned", "hexadecimal"]
    assert rows == [[key[title] for title in titles] for key in run("key", "slot=12", "os=ios").answers]


def test_the_table_has_fingerprints_signed_too():
    titles, (key, fingerprint) = table("slot=12", "--fingerprint", "1footrue")
    assert titles == ["kind", "text", "unsigned", "hexadecimal", "signed"]
    assert key[:2] == ["category", "slot=12"]
    assert len(key) == 4
    assert fingerprint[0] == "fingerprint"
    assert fingerprint[-1] == "-1541654101129638711"


def test_models_that_do_not_load_give_no_keys(directory, root):
    for path in (directory / "nowhere", directory / "requests.jsonl"):
        result = run("key", "--models", path, "slot=12")
        assert (result.status, result.output) == (2, "")
        assert "cannot load the models" in result.errors
    (root / "SECRET").chmod(0o600)
    (root / "SECRET").write_text("none")
    result = run("key", "--models", root, "slot=12")
    assert (result.status, result.output) == (2, "")
    assert f"{root}/SECRET: " in result.errors
    assert "[VALUATION_ERROR_SECRET]" in result.errors


@pytest.mark.parametrize(
    "arguments",
    [[], ["slot"], ["=12"], ["--number", "a=b"], ["--number", ""], ["--format", "xml", "a=b"], ["--no-such"]],
)
def test_arguments_that_give_no_key_are_wrong_usage(arguments):
    result = run("key", *arguments)
    assert (result.status, result.output) == (64, "")
    assert "Usage: valuation key" in result.errors
