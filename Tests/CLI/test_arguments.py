# SPDX-License-Identifier: Apache-2.0
"""Arguments arrive byte by byte, however the process was started."""

import os
import subprocess
from pathlib import Path

import pytest

from .command import COMMAND, ENVIRONMENT, REPOSITORY, request_line, run

#: As agents do that are loaded into every process: setting a variable moves the environment.
PRELOADED = """
#include <stdlib.h>
__attribute__((constructor)) static void begin(void) { setenv("INJECTED", "1", 1); }
"""

#: Not UTF-8: a byte alone, in the middle of text, and cut off at the end.
NAME = b"\xff m\xf6dels \xe2\x82"


@pytest.fixture(scope="module")
def preloaded(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("preloaded")
    (folder / "preloaded.c").write_text(PRELOADED)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", folder / "preloaded.so", folder / "preloaded.c"], check=True)
    return folder / "preloaded.so"


COMMANDS = [["key", "slot=12"], ["score", "--models", "models", "requests.jsonl"], ["key", "--no-such"], ["no-such"]]


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_preloaded_library_may_set_environment_variables(directory, preloaded, arguments):
    expected = run(*arguments, cwd=directory)
    assert run(*arguments, cwd=directory, env=ENVIRONMENT | {"LD_PRELOAD": str(preloaded)}) == expected


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_the_command_runs_without_proc(directory, arguments):
    # Without /proc the loader cannot expand $ORIGIN.
    environment = ENVIRONMENT | {"LD_LIBRARY_PATH": str(REPOSITORY / "build" / "lib")}
    without_proc = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", 'mount -t tmpfs none /proc && "$@"']
    if subprocess.run([*without_proc, "sh", "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine does not allow users to mount")
    expected = run(*arguments, cwd=directory)
    finished = subprocess.run(
        [*without_proc, "sh", COMMAND, *arguments], cwd=directory, env=environment, capture_output=True, check=False
    )
    assert (finished.returncode, finished.stdout.decode(), finished.stderr.decode()) == (
        expected.status,
        expected.output,
        expected.errors,
    )


@pytest.fixture
def odd(directory) -> Path:
    """The directory, with its files under names that are not UTF-8."""
    for name in ("models", "requests.jsonl", "request.json", "policy.json"):
        (directory / name).rename(directory / os.fsdecode(NAME + name.encode()))
    return directory


def test_models_and_requests_are_found_under_names_that_are_not_utf_8(odd):
    models, requests, request = NAME + b"models", NAME + b"requests.jsonl", NAME + b"request.json"
    assert [answer["id"] for answer in run("score", "--models", models, requests, cwd=odd).answers] == [
        "imp-1",
        "imp-2",
        "imp-3",
    ]
    assert run(b"score", b"--models=" + models, requests, cwd=odd).status == 0
    assert run("explain", "--models", models, request, cwd=odd).status == 0
    assert run("validate", models, cwd=odd).status == 0
    assert run("policy", "check", NAME + b"policy.json", "--models", models, cwd=odd).status == 0
    (description,) = run("inspect", models, cwd=odd).answers
    assert description["labels"] > 0


def test_written_files_have_the_bytes_of_the_name_given(odd):
    assert run("compile", NAME + b"models", cwd=odd).status == 0
    assert run("publish", NAME + b"models", "--to", NAME + b"root", "--id", "monday", cwd=odd).status == 0
    assert (odd / os.fsdecode(NAME + b"models.valuation")).is_file()
    assert (odd / os.fsdecode(NAME + b"root")).is_dir()
    assert run("inspect", NAME + b"models.valuation", cwd=odd).status == 0
    assert [release["id"] for release in run("releases", NAME + b"root", cwd=odd).answers] == ["monday"]


def test_messages_show_the_bytes_that_are_not_utf_8(directory):
    missing = run("score", "--models", "models", NAME, cwd=directory)
    assert missing.status == 1
    assert missing.errors.startswith(r"\xFF m\xF6dels \xE2\x82: cannot be opened: No such file or directory")
    assert r"'\xFF" in run(NAME, cwd=directory).errors
    (directory / os.fsdecode(NAME)).write_text("{")
    bad_line = run("score", "--models", "models", NAME, cwd=directory)
    assert r"\xFF m\xF6dels \xE2\x82:1" in bad_line.errors


def test_library_messages_and_json_show_the_replacement_character_for_them(directory):
    result = run("validate", "--format", "jsonl", NAME, cwd=directory)
    assert result.status == 2
    (problem,) = result.answers
    assert problem["file"] == "\ufffd m\ufffddels \ufffd\ufffd"
    loading = run("score", "--models", NAME, "requests.jsonl", cwd=directory)
    assert (loading.status, loading.errors.splitlines()[1].split()[:4]) == (2, ["Name", "a", "model", "file,"])


@pytest.mark.parametrize(
    "given", [[b"slot=\xff"], ["--number", b"\xff"], ["--campaign", b"\xff"], [b"--fingerprint=\xff"]]
)
def test_a_text_that_is_not_utf_8_has_no_key(given):
    refused = run("key", *given)
    assert (refused.status, refused.output) == (64, "")
    assert r"\xFF' is not UTF-8" in refused.errors


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["score", "--models", "models", "--top", "-1"], "--top must be at least 1, not -1."),
        (["explain", "--models", "models", "--top", "-1"], "--top must be at least 1, not -1."),
        (["explain", "--models", "models", "--terms", "-1"], "--terms must not be negative."),
        (["diff", "models", "models", "--most", "-1"], "--most must not be negative."),
        (["prune", "releases", "--keep", "-1"], "--keep must be at least 1, not -1."),
        (["publish", "models", "--to", "releases", "--click-prior", "-0.5"], "--click-prior must be a probability"),
        (["publish", "models", "--to", "r", "--conversion-prior", "-0.5"], "--conversion-prior must be a probability"),
    ],
)
def test_a_negative_number_is_a_value_not_an_option(directory, arguments, message):
    refused = run(*arguments, cwd=directory)
    assert (refused.status, refused.output) == (64, "")
    assert message in refused.errors


def test_private_use_characters_arrive_unchanged(directory):
    (directory / "\U0010fff6dels").mkdir()
    (directory / os.fsdecode(b"\xf6dels")).mkdir()
    (directory / "\U0010fff6dels" / "click.json").write_text(request_line())
    assert run("validate", "\U0010fff6dels", cwd=directory).status == 1
    assert run("validate", b"\xf6dels", cwd=directory).status == 2


def test_a_unit_that_is_not_utf_8_is_refused(directory):
    refused = run("assign", "--models", "models", "--unit", b"user=\xff", cwd=directory)
    assert refused.status == 64
    assert r"'user=\xFF' is not UTF-8" in refused.errors
