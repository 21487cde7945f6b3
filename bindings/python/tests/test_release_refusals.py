# SPDX-License-Identifier: Apache-2.0
"""A wrong, damaged or missing release is refused with a reason, and nothing changes."""

from __future__ import annotations

import pickle
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import policies
import reference
import valuation
from conftest import CLICK, EVERYBODY, REQUEST, latest, release_of
from valuation import Engine, Error, ModelError, Status, publish


def damage(path: Path) -> None:
    """Change one bit of a file, as a disk may: in its last number."""
    contents = bytearray(path.read_bytes())
    last = max(contents.rfind(digit) for digit in b"0123456789") if path.suffix == ".json" else len(contents) - 1
    contents[last] ^= 1
    path.chmod(0o644)
    path.write_bytes(contents)


def test_models_that_would_not_load_are_not_published(releases: Path, tmp_path: Path) -> None:
    bad = reference.write(tmp_path / "bad.jsonl", EVERYBODY, CLICK | {"intercept": "high"})
    with pytest.raises(ModelError) as caught:
        publish(bad, releases, id="wednesday")
    error = caught.value
    assert (error.status, error.file, error.line, error.json_path) == (
        Status.INVALID_VALUE,
        str(bad),
        2,
        "$.intercept",
    )
    assert latest(releases) == "tuesday\n"
    assert [release["id"] for release in valuation.list_releases(releases)] == ["tuesday", "monday"]


@pytest.mark.parametrize("compiled", [True, False])
def test_a_damaged_release_is_refused_and_the_old_one_serves(compiled: bool, releases: Path, follower: Engine) -> None:
    expected = follower.score(REQUEST)
    publish(releases / "releases" / "monday", releases, id="wednesday", compiled=compiled)
    file = releases / "releases" / "wednesday" / ("index.valuation" if compiled else "conversion.json")
    damage(file)
    for _ in range(2):  # the next refresh tries again
        with pytest.raises(valuation.ChecksumError) as caught:
            follower.refresh()
        assert caught.value.file == str(file)
    assert release_of(follower) == "tuesday"
    assert follower.score(REQUEST) == expected


def test_a_damaged_compiled_file_is_refused_unless_it_is_trusted(
    models_path: Path, tmp_path: Path, engine: Engine
) -> None:
    file = tmp_path / "models.valuation"
    valuation.compile_models(models_path, file)
    damage(file)
    with pytest.raises(valuation.ChecksumError) as caught:
        engine.load(file)
    assert caught.value.file == str(file)
    with Engine(trust_compiled=True) as trusting:
        trusting.load(file)
        assert trusting.score(REQUEST) == engine.score(REQUEST)


Refusal = tuple[Callable[[Path, Engine], object], type[Exception], Status]

REFUSALS: dict[str, Refusal] = {
    "a taken id": (
        lambda root, _: publish(root, root, id="monday"),
        FileExistsError,
        Status.RELEASE_EXISTS,
    ),
    "an impossible id": (lambda root, _: publish(root, root, id="../x"), ValueError, Status.INVALID_ARGUMENT),
    "no such models": (lambda root, _: publish(root / "nowhere", root), FileNotFoundError, Status.FILE_NOT_FOUND),
    "no such directory": (
        lambda root, _: valuation.list_releases(root / "nowhere"),
        FileNotFoundError,
        Status.FILE_NOT_FOUND,
    ),
    "selecting a missing release": (
        lambda root, _: valuation.select_release(root, "sunday"),
        valuation.UnknownReleaseError,
        Status.UNKNOWN_RELEASE,
    ),
    "rolling back to a missing release": (
        lambda _, engine: engine.roll_back("sunday"),
        LookupError,
        Status.UNKNOWN_RELEASE,
    ),
    "another name for a compiled file": (
        lambda root, _: valuation.compile_models(root, root / "models.bin"),
        valuation.InvalidArgumentError,
        Status.INVALID_ARGUMENT,
    ),
    "nowhere to write": (
        lambda root, _: publish(root, root / "no" / "such" / "directory"),
        valuation.WriteError,
        Status.WRITE_FAILED,
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_impossible_calls_are_refused_with_a_reason_and_change_nothing(
    case: str, releases: Path, follower: Engine
) -> None:
    call, kind, status = REFUSALS[case]
    before = sorted(releases.rglob("*"))
    with pytest.raises(kind) as caught:
        call(releases, follower)
    error = caught.value
    assert isinstance(error, Error)
    assert error.status == status
    assert error.message
    assert sorted(releases.rglob("*")) == before
    assert latest(releases) == "tuesday\n"
    assert release_of(follower) == "tuesday"
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), copy.problem) == (type(error), error.problem)


@pytest.mark.parametrize("bytes_written", [0, 10, 65, 100, 5000])
def test_a_first_publish_that_fails_leaves_nothing(bytes_written: int, models_path: Path, tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    (tmp_path / "empty").mkdir()
    for root in (tmp_path / "new", tmp_path / "empty"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_written, limits[1]))  # for each file
        try:
            with pytest.raises(valuation.WriteError):
                publish(models_path, root)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not (tmp_path / "new").exists()
    assert list((tmp_path / "empty").iterdir()) == []


def test_a_first_publish_refused_for_the_policy_leaves_only_the_policy(tmp_path: Path) -> None:
    root = tmp_path / "releases"
    root.mkdir()
    policies.write(root / "policy.json", policies.policy("safe", predictors={"safe": {"naive": {}}}))
    with pytest.raises(valuation.ModelError):
        publish(reference.write(tmp_path / "uncounted.json", reference.model("1042")), root)
    assert [path.name for path in root.iterdir()] == ["policy.json"]


def test_refreshing_needs_a_directory_of_releases(engine: Engine) -> None:
    with pytest.raises(valuation.StateError, match="nothing to follow"):
        engine.refresh()


def test_numbers_out_of_range_are_refused(releases: Path) -> None:
    for keep in (0, -1, 2**63):
        with pytest.raises(ValueError, match="keep must be from 1"):
            valuation.prune_releases(releases, keep)
    with pytest.raises(ValueError, match="most must be from 0"):
        valuation.compare_models(releases, releases, most=-1)
    for prior in (0, -0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="click_prior must be a probability"):
            publish(releases, releases, click_prior=prior)
    with pytest.raises(ValueError, match="not empty"):
        publish(releases, releases, id="")
    assert len(valuation.list_releases(releases)) == 2


def test_one_process_at_a_time_writes(releases: Path) -> None:
    program = """
import fcntl, os, sys
fcntl.flock(os.open(sys.argv[1], os.O_RDONLY), fcntl.LOCK_EX)
print("locked", flush=True)
sys.stdin.read()
"""
    command: list[str | Path] = [sys.executable, "-c", program, releases]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"locked\n"
        with pytest.raises(valuation.BusyError):
            publish(releases, releases)
        with pytest.raises(valuation.BusyError):
            valuation.prune_releases(releases, keep=1)
        assert len(valuation.list_releases(releases)) == 2
        holder.communicate()
    publish(releases, releases)
