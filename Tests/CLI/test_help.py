# SPDX-License-Identifier: Apache-2.0
"""The help is the manual: what it shows must work."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from .command import COMMAND, ENVIRONMENT, PATIENCE, run
from .store import serving

RELEASE_SUBCOMMANDS = ["publish", "releases", "rollback", "prune", "diff"]
POLICY_SUBCOMMANDS = ["assign", "policy"]
STORE_SUBCOMMANDS = ["pull", "push"]
SUBCOMMANDS = [
    *["score", "explain", "validate", "inspect", "key", "compile"],
    *[*RELEASE_SUBCOMMANDS, *STORE_SUBCOMMANDS, *POLICY_SUBCOMMANDS],
]
STORES = [[name] for name in STORE_SUBCOMMANDS]
PAGES = [[], *[[name] for name in SUBCOMMANDS], ["policy", "show"], ["policy", "check"]]


def help_of(*subcommand):
    result = run(*subcommand, "--help")
    assert (result.status, result.errors) == (0, "")
    return result.output


def examples(text):
    """The lines of the section EXAMPLES."""
    section = text.split("EXAMPLES\n")[1].split("\n\n")[0]
    return [line.strip() for line in section.splitlines()]


def run_examples(text, directory, environment=None, replaced=None):
    """Runs the examples of a help text in a shell; `replaced` has texts for texts."""
    found = examples(text)
    assert len(found) >= 2
    path = f"{Path(COMMAND).parent}{os.pathsep}{ENVIRONMENT['PATH']}"
    environment = ENVIRONMENT | {"PATH": path} | (environment or {})
    for example in found:
        assert example.startswith("valuation ")
        command = example
        for name, value in (replaced or {}).items():
            command = command.replace(name, value)
        finished = subprocess.run(
            ["sh", "-ec", command], cwd=directory, env=environment, capture_output=True, text=True, timeout=PATIENCE
        )
        assert (finished.returncode, finished.stderr) == (0, ""), example
        if "> values.jsonl" in example:
            assert (directory / "values.jsonl").stat().st_size
        elif "validate --format jsonl" not in example:  # it prints nothing where there is no problem
            assert finished.stdout, example


def test_every_command_is_listed_with_what_it_does():
    text = help_of()
    for subcommand in SUBCOMMANDS:
        assert re.search(rf"^  {subcommand} +[A-Z].+\.$", text, re.MULTILINE)


@pytest.mark.parametrize("subcommand", [page for page in PAGES if page[:1] not in STORES], ids=" ".join)
def test_every_example_runs_in_a_shell(request, subcommand):
    is_of_releases = not subcommand or subcommand[0] in RELEASE_SUBCOMMANDS + POLICY_SUBCOMMANDS
    run_examples(help_of(*subcommand), request.getfixturevalue("published" if is_of_releases else "directory"))


@pytest.mark.parametrize("subcommand", STORE_SUBCOMMANDS)
def test_every_example_runs_with_a_store(published, subcommand):
    """One web server is both the web server and the object store of the examples."""
    (published / "elsewhere").mkdir()
    theirs, ours = ("", "elsewhere") if subcommand == "pull" else ("elsewhere", "")
    with serving(published / theirs) as store:
        host = store.url.removesuffix("/ads")
        run_examples(
            help_of(subcommand), published / ours, {"AWS_ENDPOINT_URL": host}, {"https://models.example": host}
        )


@pytest.mark.parametrize("subcommand", PAGES[1:], ids=" ".join)
def test_every_option_is_explained(subcommand):
    text = help_of(*subcommand)
    usage = re.search(r"USAGE: (.*?)\n\n", text, re.DOTALL).group(1)
    for option in set(re.findall(r"--[a-z-]+", usage)):
        assert re.search(rf"^  (-[a-z], )?{option}( <[^>]+>)?\s+[A-Z]", text, re.MULTILINE), option


@pytest.mark.parametrize("subcommand", PAGES, ids=" ".join)
def test_the_help_fits_80_columns(subcommand):
    assert max(len(line) for line in help_of(*subcommand).splitlines() if not line.startswith("USAGE")) <= 80


def test_the_exit_codes_are_documented():
    section = help_of().split("EXIT STATUS\n")[1].split("\n\n")[0]
    assert re.findall(r"^  (\d+) ", section, re.MULTILINE) == ["0", "1", "2", "64"]


def test_the_version_names_the_library():
    result = run("--version")
    assert result.status == 0
    assert re.fullmatch(r"valuation \d+\.\d+\.\d+, ABI 1, model format 1, .+\n", result.output)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_can_be_generated_for_each_shell(shell):
    result = run("--generate-completion-script", shell)
    assert result.status == 0
    assert "explain" in result.output


@pytest.mark.parametrize("arguments", [["no-such-command"], ["--no-such-option"], ["score", "--format", "xml"]])
def test_wrong_usage_ends_with_64_on_standard_error(arguments):
    result = run(*arguments)
    assert (result.status, result.output) == (64, "")
    assert "Usage: valuation" in result.errors


@pytest.mark.parametrize("arguments", [["no-such-command"], ["score", "models"], ["policy", "no-such-command"]])
def test_help_for_an_unknown_command_ends_with_64(arguments):
    result = run("help", *arguments)
    assert (result.status, result.output) == (64, "")
    assert f"There is no command '{arguments[-1]}'" in result.errors


@pytest.mark.parametrize("subcommand", PAGES, ids=" ".join)
def test_help_is_also_a_command(subcommand):
    assert run("help", *subcommand).output == help_of(*subcommand)


def test_without_arguments_the_help_is_shown():
    assert run().output == help_of()
