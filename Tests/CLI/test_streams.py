# SPDX-License-Identifier: Apache-2.0
"""Whatever is at the other end: closed pipes, full disks, terminals with and without colour."""

import contextlib
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from .command import COMMAND, ENVIRONMENT, PATIENCE, request_line, run, run_in_terminal

COMMANDS = [
    ["--help"],
    ["--version"],
    ["score", "--models", "models", "requests.jsonl"],
    ["score", "--models", "models", "--format", "table", "requests.jsonl"],
    ["explain", "--models", "models", "request.json"],
    ["explain", "--models", "models", "--format", "bars", "request.json"],
    ["validate", "models"],
    ["inspect", "models"],
    ["inspect", "--format", "table", "models"],
    ["key", "slot=12"],
    ["key", "--format", "table", "slot=12"],
    ["publish", "batch", "--to", "others"],
    ["publish", "batch", "--to", "others", "--format", "text"],
    ["releases", "models"],
    ["releases", "--format", "table", "models"],
    ["rollback", "models"],
    ["rollback", "models", "monday", "--format", "text"],
    ["prune", "models", "--keep", "1"],
    ["prune", "models", "--keep", "1", "--format", "text"],
    ["compile", "models"],
    ["compile", "models", "--format", "text"],
    ["diff", "batch", "models", "--requests", "requests.jsonl"],
    ["diff", "batch", "models", "--requests", "requests.jsonl", "--format", "table"],
    ["assign", "--models", "models", "--unit", "user=u-77"],
    ["assign", "--models", "models", "--unit", "user=u-77", "--format", "table"],
    ["policy", "show", "--models", "models", "requests.jsonl"],
    ["policy", "show", "--models", "models", "--format", "text", "requests.jsonl"],
    ["policy", "check", "policy.json"],
]


def name(arguments):
    return " ".join(arguments)


@pytest.mark.parametrize("arguments", COMMANDS, ids=name)
def test_a_full_disk_is_an_error(published, arguments):
    with Path("/dev/full").open("wb") as full:
        finished = subprocess.run(
            [COMMAND, *arguments], cwd=published, stdout=full, stderr=subprocess.PIPE, env=ENVIRONMENT, timeout=PATIENCE
        )
    assert finished.returncode == 2
    assert b"cannot write to standard output: No space left on device" in finished.stderr


@pytest.mark.parametrize("arguments", COMMANDS, ids=name)
def test_a_closed_standard_output_is_an_error(published, arguments):
    finished = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", COMMAND, *arguments],
        cwd=published,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
        timeout=PATIENCE,
    )
    assert finished.returncode == 2
    assert b"cannot write to standard output" in finished.stderr


@pytest.mark.parametrize("arguments", COMMANDS, ids=name)
@pytest.mark.parametrize("ignored_by_parent", [False, True])
def test_the_command_ends_quietly_when_its_reader_closes_the_pipe(published, arguments, ignored_by_parent):
    reading, writing = os.pipe()
    os.close(reading)
    before = signal.getsignal(signal.SIGPIPE)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    try:
        finished = subprocess.run(
            [COMMAND, *arguments],
            cwd=published,
            stdout=writing,
            stderr=subprocess.PIPE,
            env=ENVIRONMENT,
            timeout=PATIENCE,
            restore_signals=not ignored_by_parent,
        )
    finally:
        signal.signal(signal.SIGPIPE, before)
        os.close(writing)
    assert finished.returncode == -signal.SIGPIPE
    assert finished.stderr == b""


def test_head_can_take_the_first_of_many_answers(directory):
    many = directory / "many.jsonl"
    many.write_text(request_line() * 20_000)
    script = '"$1" score --models models many.jsonl | head -1'
    finished = subprocess.run(
        ["sh", "-c", script, "sh", COMMAND], cwd=directory, capture_output=True, env=ENVIRONMENT, timeout=PATIENCE
    )
    assert finished.stdout.count(b"\n") == 1
    assert (finished.returncode, finished.stderr) == (0, b"")


def coloured(directory, **environment):
    models, requests = directory / "models", directory / "requests.jsonl"
    result = run_in_terminal("score", "--models", models, requests, environment=environment)
    assert "expected revenue" in result.output
    return "\x1b[" in result.output


def test_a_terminal_gets_colour(directory):
    assert coloured(directory)


def test_no_color_and_dumb_terminals_turn_colour_off(directory):
    assert not coloured(directory, NO_COLOR="1")
    assert not coloured(directory, NO_COLOR="0")
    assert not coloured(directory, TERM="dumb")


def test_an_empty_no_color_has_no_effect(directory):
    assert coloured(directory, NO_COLOR="")


@pytest.mark.parametrize("arguments", COMMANDS, ids=name)
def test_a_pipe_never_gets_escape_sequences(published, arguments):
    result = run(*arguments, cwd=published)
    assert result.status == 0
    assert "\x1b" not in result.output + result.errors


def test_a_long_input_shows_its_progress_on_the_terminal_and_clears_it(directory):
    many = directory / "many.jsonl"
    many.write_text(request_line() * 2_000)
    screen, terminal = os.openpty()
    process = subprocess.Popen(
        [COMMAND, "score", "--models", "models", many],
        cwd=directory,
        stdout=subprocess.PIPE,
        stderr=terminal,
        env=ENVIRONMENT,
    )
    os.close(terminal)
    first = process.stdout.read(1)  # it runs, and waits because the pipe is full
    time.sleep(1.2)  # progress shows after the first second
    assert (first + process.stdout.read()).count(b"\n") == 2_000
    assert process.wait(timeout=PATIENCE) == 0
    shown = b""
    with contextlib.suppress(OSError):  # a terminal reports the end of its input so
        while part := os.read(screen, 1 << 16):
            shown += part
    shown = shown.decode()
    os.close(screen)
    assert re.search(r"[\d,]+ lines, [\d,]+ lines/s, [\d.]+ \w+ of [\d.]+ \w+ \(\d+%\), \d+ s left", shown)
    assert shown.endswith("\r\x1b[K")


def test_a_short_input_and_a_pipe_show_no_progress(directory):
    screen, terminal = os.openpty()
    command = [COMMAND, "score", "--models", "models", "requests.jsonl"]
    finished = subprocess.run(
        command, cwd=directory, stdout=subprocess.PIPE, stderr=terminal, env=ENVIRONMENT, timeout=PATIENCE
    )
    os.set_blocking(screen, False)
    os.close(terminal)
    assert finished.returncode == 0
    with pytest.raises(OSError, match="Input/output error"):
        os.read(screen, 1)
    os.close(screen)
