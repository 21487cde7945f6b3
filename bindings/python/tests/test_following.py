# SPDX-License-Identifier: Apache-2.0
"""An engine prepares and commits what it follows, says how it is, and begins with nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

import policies
import reference
import valuation
from policies import policy
from valuation import Engine, Status, publish, select_release

HOUSE = {"production": {"release": "LATEST"}, "house": {"constant": {"pctr": 0.25, "pcvr": 0.5}}}


def write(path: Path, intercept: float) -> Path:
    path.write_text(json.dumps(reference.model("7", intercept=intercept)))
    return path


def pctr(engine: Engine) -> float:
    request: Any = {"candidates": [{"campaign": "7", "pricing": "cpc", "bid": 1}]}
    return round(float(engine.score(request)["values"][0]["pctr"] or 0), 3)


OF_MONDAY, OF_TUESDAY, OF_WEDNESDAY = 0.5, 0.731, 0.881


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A directory of releases with monday, which LATEST names, tuesday and wednesday."""
    for day, intercept in (("wednesday", 2), ("tuesday", 1), ("monday", 0)):
        publish(write(tmp_path / f"{day}.json", intercept), tmp_path / "root", id=day)
    return tmp_path / "root"


@pytest.fixture
def engine(root: Path) -> Iterator[Engine]:
    with Engine() as engine:
        engine.load(root)
        yield engine


def expect_status(status: Status, function: Any, *arguments: Any) -> valuation.Error:
    with pytest.raises(valuation.Error) as caught:
        function(*arguments)
    assert caught.value.status == status, caught.value
    return caught.value


def test_what_is_prepared_serves_once_it_is_committed(engine: Engine, root: Path) -> None:
    assert not engine.prepare()
    expect_status(Status.NOTHING_PREPARED, engine.commit)
    select_release(root, "tuesday")
    for _ in range(2):  # kept, not prepared again
        assert engine.prepare()
        assert engine.state().is_prepared
        assert (pctr(engine), engine.state().generation) == (OF_MONDAY, 1)
    engine.commit()
    assert (pctr(engine), engine.state().generation, engine.state().is_prepared) == (OF_TUESDAY, 2, False)
    assert engine.state().previous == "monday"
    assert not engine.prepare()
    assert not engine.refresh()
    expect_status(Status.NOTHING_PREPARED, engine.commit)
    engine.roll_back()
    assert pctr(engine) == OF_MONDAY
    assert not engine.prepare()  # held back
    assert engine.state().held_back == "tuesday"


def test_the_newest_is_prepared(engine: Engine, root: Path) -> None:
    select_release(root, "tuesday")
    assert engine.prepare()
    select_release(root, "wednesday")
    assert engine.prepare()
    engine.commit()
    assert (pctr(engine), engine.state().previous) == (OF_WEDNESDAY, "monday")
    # LATEST names what serves again: there is nothing left to commit.
    select_release(root, "tuesday")
    assert engine.prepare()
    select_release(root, "wednesday")
    assert not engine.prepare()
    expect_status(Status.NOTHING_PREPARED, engine.commit)
    assert (pctr(engine), engine.state().generation) == (OF_WEDNESDAY, 2)


def test_a_refresh_takes_what_is_prepared(engine: Engine, root: Path) -> None:
    select_release(root, "tuesday")
    assert engine.prepare()
    shutil.move(root / "releases" / "tuesday", root / "away")
    assert expect_status(Status.UNKNOWN_RELEASE, engine.refresh).message
    assert pctr(engine) == OF_TUESDAY  # open already
    shutil.move(root / "away", root / "releases" / "tuesday")
    assert not engine.refresh()
    assert (pctr(engine), engine.state().generation) == (OF_TUESDAY, 2)


@pytest.mark.parametrize("change", ["roll_back", "load", "policy"])
def test_what_was_prepared_before_another_change_is_stale(
    engine: Engine, root: Path, tmp_path: Path, change: str
) -> None:
    select_release(root, "wednesday")
    engine.refresh()
    select_release(root, "tuesday")
    assert engine.prepare()
    if change == "roll_back":
        engine.roll_back()
    elif change == "load":
        engine.load(tmp_path / "monday.json")
    else:
        engine.load_policy(policies.write(tmp_path / "policy.json", policy()))
    before = pctr(engine)
    assert not engine.state().is_prepared
    expect_status(Status.STALE, engine.commit)
    expect_status(Status.NOTHING_PREPARED, engine.commit)
    assert pctr(engine) == before
    assert engine.prepare()
    engine.commit()
    assert pctr(engine) == OF_TUESDAY


def test_a_policy_and_a_release_are_committed_together(engine: Engine, root: Path, tmp_path: Path) -> None:
    file = policies.write(tmp_path / "policy.json", policy(predictors=HOUSE, version="calm"))
    engine.load_policy(file)
    select_release(root, "tuesday")
    policies.write(file, policy(predictors=HOUSE, default="house", version="bold"))
    assert engine.prepare()
    assert (pctr(engine), engine.state().policy_version) == (OF_MONDAY, "calm")
    engine.commit()
    assert pctr(engine) == 0.25
    found = engine.find_generation()
    assert (found.number, found.release, found.policy_version) == (3, "tuesday", "bold")
    # The policy alone: the models that could be gone back to stay.
    policies.write(file, policy(predictors=HOUSE))
    assert engine.prepare()
    engine.commit()
    assert (pctr(engine), engine.state().previous) == (OF_TUESDAY, "monday")


def test_a_bad_policy_prevents_no_release_from_being_prepared(engine: Engine, root: Path, tmp_path: Path) -> None:
    file = policies.write(tmp_path / "policy.json", policy(predictors=HOUSE))
    engine.load_policy(file)
    file.write_text("{")
    select_release(root, "tuesday")
    for _ in range(2):
        assert expect_status(Status.JSON_SYNTAX, engine.prepare).file == str(file)
    state = engine.state()
    assert (state.is_prepared, state.refresh_status, state.refresh_failures) == (True, Status.JSON_SYNTAX, 2)
    engine.commit()
    assert pctr(engine) == OF_TUESDAY
    policies.write(file, policy(predictors=HOUSE, default="house"))
    assert engine.prepare()
    engine.commit()
    assert (pctr(engine), engine.state().refresh_failures) == (0.25, 0)


def test_the_state_says_what_serves_and_since_when(root: Path) -> None:
    start = datetime.now(timezone.utc).replace(microsecond=0)
    with Engine() as engine:
        nothing = engine.state()
        assert (nothing.generation, nothing.loaded_at, nothing.release, nothing.models) == (0, None, None, 0)
        assert (nothing.latest_replaced_at, nothing.refreshed_at, nothing.refresh_status) == (None, None, Status.OK)
        expect_status(Status.NOTHING_LOADED, engine.find_generation)
        engine.load(root)
        state = engine.state()
        assert (state.generation, state.release, state.previous, state.is_mapped) == (1, "monday", None, True)
        assert state.models == 1
        assert state.index_bytes == engine.describe()["index_bytes"]
        assert state.loaded_at is not None
        assert state.refreshed_at is not None
        assert state.latest_replaced_at is not None
        assert start <= state.loaded_at <= state.refreshed_at <= datetime.now(timezone.utc)
        assert abs(state.latest_replaced_at.timestamp() - (root / "LATEST").stat().st_ctime) < 0.01
        assert engine.find_generation().time == state.loaded_at
        assert engine.describe()["generation"] == 1


def test_ordinary_states_are_no_errors_of_the_caller(tmp_path: Path) -> None:
    loose = write(tmp_path / "loose.json", 0)
    with Engine() as engine:
        for call in (engine.refresh, engine.prepare, lambda: engine.roll_back("monday")):
            expect_status(Status.NOTHING_FOLLOWED, call)
        expect_status(Status.NO_PREVIOUS, engine.roll_back)
        expect_status(Status.NOTHING_PREPARED, engine.commit)
        engine.load(loose)
        expect_status(Status.NO_PREVIOUS, engine.roll_back)
        expect_status(Status.NOTHING_FOLLOWED, engine.refresh)
        expect_status(Status.NO_POLICY, engine.assign, {"candidates": []})
        expect_status(Status.UNKNOWN_GENERATION, engine.find_generation, 2)
        expect_status(Status.UNKNOWN_GENERATION, engine.find_source, 0, 2)
        expect_status(Status.UNKNOWN_SOURCE, engine.find_source, 5)


@pytest.mark.parametrize("before", ["nothing", "an empty directory", "no LATEST", "a damaged release"])
def test_a_failed_first_load_is_followed(tmp_path: Path, before: str) -> None:
    root, models = tmp_path / "root", write(tmp_path / "models.json", 1)
    if before != "nothing":
        root.mkdir()
    if before == "no LATEST":
        publish(models, root, id="first", keep_latest=True)
    if before == "a damaged release":
        publish(models, root, id="first")
        compiled = root / "releases" / "first" / "index.valuation"
        compiled.chmod(0o644)
        compiled.write_bytes(compiled.read_bytes()[:-1] + b"\xff")
    with Engine() as engine:
        with pytest.raises(valuation.ModelError) as caught:
            engine.load(root)
        status = caught.value.status
        assert status not in (Status.INVALID_ARGUMENT, Status.NOTHING_FOLLOWED)
        for call in (engine.refresh, engine.prepare):
            with pytest.raises(valuation.ModelError):
                call()
        assert (engine.state().generation, engine.state().refresh_failures) == (0, 3)
        publish(models, root, id="second")
        assert engine.prepare()
        engine.commit()
        assert (pctr(engine), engine.state().release, engine.state().refresh_failures) == (OF_TUESDAY, "second", 0)
        assert engine.feature_key("slot", "12") != valuation.Engine().feature_key("slot", "12")  # the root's secret


def test_a_failed_first_load_of_something_else_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "bad.json").write_text("{")
    for path in (tmp_path / "absent.json", tmp_path / "absent.valuation", tmp_path / "models" / "bad.json"):
        with Engine() as engine:
            with pytest.raises(valuation.ModelError):
                engine.load(path)
            expect_status(Status.NOTHING_FOLLOWED, engine.refresh)


def test_a_later_failed_load_changes_nothing(engine: Engine, root: Path, tmp_path: Path) -> None:
    with pytest.raises(valuation.ModelNotFoundError):
        engine.load(tmp_path / "other")
    publish(tmp_path / "wednesday.json", tmp_path / "other", id="other")
    assert not engine.refresh()
    select_release(root, "tuesday")
    assert engine.refresh()
    assert pctr(engine) == OF_TUESDAY


def test_an_engine_that_only_maps_builds_no_index(root: Path, tmp_path: Path) -> None:
    publish(tmp_path / "tuesday.json", root, id="slow", compiled=False, keep_latest=True)
    naming = policy(predictors={"production": {"release": "slow"}})
    with Engine(compiled_only=True) as engine:
        assert expect_status(Status.NOT_COMPILED, engine.load, tmp_path / "tuesday.json").file.endswith("tuesday.json")
        engine.load(root)
        select_release(root, "slow")
        for call in (engine.refresh, engine.prepare, lambda: engine.roll_back("slow")):
            failure = expect_status(Status.NOT_COMPILED, call)
            assert isinstance(failure, valuation.NotCompiledError)
            assert failure.file.endswith("releases/slow")
        expect_status(Status.NOT_COMPILED, engine.load_policy, policies.write(tmp_path / "policy.json", naming))
        assert pctr(engine) == OF_MONDAY
        select_release(root, "tuesday")
        assert engine.refresh()
        assert pctr(engine) == OF_TUESDAY


def test_a_policy_means_the_releases_of_the_directory_that_is_followed(tmp_path: Path) -> None:
    """Another directory has a release of the same id; going back to it leaves what the policy names alone."""
    for name, intercept in (("other", 0), ("root", 1)):
        folder = tmp_path / name
        folder.mkdir()
        if name == "root":
            shutil.copy(tmp_path / "other" / "SECRET", folder / "SECRET")
        publish(write(tmp_path / f"{name}.json", intercept), folder, id="monday")
    publish(write(tmp_path / "new.json", 2), tmp_path / "root", id="tuesday")
    file = tmp_path / "policy.json"
    file.write_text(json.dumps(policy("named", predictors={"named": {"release": "monday"}})))
    select_release(tmp_path / "root", "monday")
    with Engine() as engine:
        engine.load(tmp_path / "other")
        engine.load(tmp_path / "root")
        engine.load_policy(file)
        assert pctr(engine) == OF_TUESDAY
        engine.roll_back()
        assert engine.find_generation().path == str(tmp_path / "other" / "releases" / "monday")
        assert pctr(engine) == OF_TUESDAY
        select_release(tmp_path / "root", "tuesday")
        assert engine.refresh()
        assert pctr(engine) == OF_TUESDAY
