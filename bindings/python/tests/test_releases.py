# SPDX-License-Identifier: Apache-2.0
"""Models are published as releases; engines follow LATEST and roll back; operators list, select and prune."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import policies
import reference
import valuation
from conftest import CLICK, EVERYBODY, REQUEST, latest, release_of
from valuation import Engine, publish

RELEASE_ID = re.compile(r"\d{4}-\d\d-\d\dT\d{6}Z(-\d+)?")


def test_a_published_release_serves_as_its_files_do(models_path: Path, tmp_path: Path, engine: Engine) -> None:
    manifest = publish(models_path, tmp_path / "releases")
    with Engine() as other:
        other.load(tmp_path / "releases")
        assert other.score(REQUEST)["values"] == engine.score(REQUEST)["values"]
        description = other.describe()
    assert RELEASE_ID.fullmatch(manifest["id"])
    assert description["release"] == {"id": manifest["id"], "created": manifest["created"]}
    assert description["source"] == str(tmp_path / "releases" / "releases" / manifest["id"])
    assert description["compiled"]


def test_a_manifest_describes_the_release(models_path: Path, tmp_path: Path) -> None:
    manifest = publish(models_path, tmp_path / "releases", id="first", conversion_prior=0.05)
    files = {file["name"]: file["bytes"] for file in manifest["files"]}
    assert files == {path.name: path.stat().st_size for path in models_path.iterdir()}
    counts = {"campaigns": 3, "click_models": 3, "conversion_models": 1, "weights": 11, "models_without_self_tests": 0}
    assert manifest["counts"] == counts
    assert manifest["priors"] == {"click": 0.0041, "conversion": 0.05}
    assert manifest["compiled"] is not None
    for file in (*manifest["files"], manifest["compiled"]):
        assert (tmp_path / "releases" / "releases" / "first" / file["name"]).stat().st_size == file["bytes"]


def test_a_release_may_be_without_a_compiled_file(models_path: Path, tmp_path: Path, engine: Engine) -> None:
    manifest = publish(models_path, tmp_path / "releases", compiled=False)
    assert manifest["compiled"] is None
    with Engine() as other:
        other.load(tmp_path / "releases")
        assert not other.describe()["compiled"]
        assert other.score(REQUEST)["values"] == engine.score(REQUEST)["values"]


def test_an_unknown_campaign_has_the_priors_of_the_release(tmp_path: Path) -> None:
    alone = reference.write(tmp_path / "model.json", CLICK | {"extends": None})
    publish(alone, tmp_path / "releases", click_prior=0.004, conversion_prior=0.25)
    with Engine() as engine:
        engine.load(tmp_path / "releases")
        (value,) = engine.score({"features": {}, "candidates": [{"campaign": "new", "pricing": "cpa", "bid": 10}]})[
            "values"
        ]
        priors = [model for model in engine.describe()["list"] if model["prior"]]
    assert (value["pctr"], value["pcvr"]) == pytest.approx((0.004, 0.25), rel=1e-6)
    assert value["expected_revenue"] == pytest.approx(0.01, rel=2e-6)
    assert value["flags"] == ["unknown_campaign", "click_prior", "conversion_prior"]
    everybody, own = [("*", "click"), ("*", "conversion")], [("1042", "conversion")]  # the campaign has no click model
    assert sorted((model["campaign"], model["target"]) for model in priors) == everybody + own


def test_an_engine_follows_latest_when_it_is_asked_to(releases: Path, tmp_path: Path, follower: Engine) -> None:
    assert not follower.refresh()
    publish(reference.write(tmp_path / "wednesday.json", EVERYBODY), releases, id="wednesday")
    assert release_of(follower) == "tuesday"
    assert follower.refresh()
    assert release_of(follower) == "wednesday"
    assert not follower.refresh()


def test_the_same_files_published_again_are_not_built_again(releases: Path, follower: Engine) -> None:
    publish(releases, releases, id="wednesday")
    assert follower.refresh()
    description = follower.describe()
    assert release_of(follower) == "wednesday"
    assert description["reused"]


def test_an_engine_rolls_back_and_stays_there_until_the_next_release(releases: Path, follower: Engine) -> None:
    valuation.select_release(releases, "monday")
    assert follower.refresh()
    monday = follower.score(REQUEST)["values"]
    valuation.select_release(releases, "tuesday")
    assert follower.refresh()
    assert follower.score(REQUEST)["values"] != monday

    follower.roll_back()
    assert follower.score(REQUEST)["values"] == monday
    description = follower.describe()
    assert description["held_back"] == "tuesday"
    assert description["previous"] is not None
    assert description["previous"]["release"] is not None
    assert description["previous"]["release"]["id"] == "tuesday"
    assert not follower.refresh()
    assert latest(releases) == "tuesday\n"

    publish(releases, releases, id="wednesday")
    assert follower.refresh()
    assert release_of(follower) == "wednesday"


def test_an_engine_rolls_back_to_a_release_by_its_id(releases: Path, follower: Engine) -> None:
    follower.roll_back("monday")
    assert release_of(follower) == "monday"
    assert not follower.refresh()


def test_an_engine_that_keeps_no_previous_release_cannot_roll_back(models_path: Path, releases: Path) -> None:
    with Engine(forget_previous=True) as engine:
        engine.load(releases)
        engine.load(models_path)
        engine.load(releases)
        assert engine.describe()["previous"] is None
        with pytest.raises(valuation.StateError):
            engine.roll_back()
        engine.roll_back("monday")
        assert release_of(engine) == "monday"


def test_later_changes_of_a_copied_file_have_no_effect(models_path: Path, tmp_path: Path) -> None:
    file = tmp_path / "models.valuation"
    valuation.compile_models(models_path, file)
    with Engine(copy_compiled=True) as engine:
        engine.load(file)
        expected = engine.score(REQUEST)["values"]
        file.chmod(0o644)
        os.truncate(file, 0)
        assert engine.describe()["compiled"]
        assert engine.score(REQUEST)["values"] == expected


def test_releases_are_listed_newest_first(releases: Path) -> None:
    (releases / "releases" / "broken").mkdir()
    (releases / "releases" / "broken" / "manifest.json").write_text("{")
    tuesday, monday, broken = valuation.list_releases(releases)
    assert (tuesday["id"], tuesday["latest"]) == ("tuesday", True)
    assert (monday["id"], monday["latest"]) == ("monday", False)
    assert (monday["campaigns"], monday["click_models"], monday["conversion_models"]) == (3, 3, 1)
    assert (monday["compiled"], monday["problem"]) == (True, None)
    assert (broken["id"], broken["weights"]) == ("broken", None)
    assert broken["problem"]


def test_latest_can_be_moved_back_and_forth(releases: Path) -> None:
    assert valuation.select_release(releases)["id"] == "monday"
    assert latest(releases) == "monday\n"
    assert valuation.select_release(releases, "tuesday")["id"] == "tuesday"
    assert latest(releases) == "tuesday\n"


def test_a_policy_may_lie_in_the_directory_before_the_first_release(models_path: Path, tmp_path: Path) -> None:
    root = tmp_path / "releases"
    root.mkdir()
    policies.write(root / "policy.json", policies.policy())
    publish(models_path, root, id="monday")
    with Engine() as engine:
        engine.load(root)
        engine.load_policy(root / "policy.json")
    (tmp_path / "mixed").mkdir()
    reference.write(tmp_path / "mixed" / "model.json", EVERYBODY)
    with pytest.raises(valuation.InvalidArgumentError, match="holds model files"):
        publish(models_path, tmp_path / "mixed")


#: Members of a model, each at the end of its range or beyond.
EXTREMES: dict[str, dict[str, Any]] = {
    "the most impressions": {"training": {"positives": 1, "base_rate": 1e-15}},
    "more impressions": {"training": {"positives": 1, "base_rate": 1e-16}},
    "impressions beyond a float": {"training": {"positives": 1, "base_rate": 1e-38}},
    "infinite impressions": {"training": {"positives": 1, "base_rate": 1e-320}},
    "clicks at no rate": {"training": {"positives": 1, "base_rate": 0}},
    "nothing seen": {"training": {"positives": 0, "base_rate": 0}},
    "all clicked": {"training": {"rows": 1e15, "positives": 1e15, "base_rate": 1}},
    "a great loss": {"training": {"log_loss": 1e9}},
    "the largest intercept": {"intercept": 100},
    "the lowest intercept": {"intercept": -100},
    "the lowest rate": {"negative_sampling_rate": 5e-324},
    "far numbers": {"numeric": {"x": {"mean": -1e18, "std": 1e18, "weight": 100}}},
    "a steep number": {"numeric": {"x": {"mean": 1e18, "std": 1e-306, "weight": 100}}},
    "a number too steep": {"numeric": {"x": {"mean": 0, "std": 1e-307, "weight": 100}}},
    "an uncertain number": {
        "numeric": {"x": {"mean": 0, "std": 1e-150, "weight": 1}},
        "variance": {"numeric": {"x": 10_000}},
    },
    "a tiny weight": {"categorical": {"slot": {"12": 5e-324}}},
    "the largest weights": {"categorical": {"slot": {"12": 100, "77": -100}}},
}


@pytest.mark.parametrize("case", EXTREMES)
def test_loadable_models_can_be_published_and_compiled_and_load_again(case: str, tmp_path: Path) -> None:
    counted = {
        "format": "valuation-campaign/1",
        "campaign": "2",
        "advertiser": "a",
        "impressions": 1e15,
        "clicks": 1e15,
    }
    subject = reference.model("1") | {"advertiser": "a"} | EXTREMES[case]
    models = reference.write(tmp_path / "models" / "models.jsonl", subject, counted)
    problems = [problem for problem in valuation.validate(models) if not problem.is_warning]
    compiled = tmp_path / "models.valuation"
    if problems:
        assert problems[0].json_path.startswith("$.")
        with pytest.raises(valuation.ModelError):
            publish(models, tmp_path / "releases")
        with pytest.raises(valuation.ModelError):
            valuation.compile_models(models, compiled)
    else:
        publish(models, tmp_path / "releases")
        valuation.compile_models(models, compiled)
    for path in (models, tmp_path / "releases", compiled):
        with Engine() as engine, contextlib.nullcontext() if not problems else pytest.raises(valuation.ModelError):
            engine.load(path)


def test_a_release_may_be_published_for_later(releases: Path) -> None:
    publish(releases, releases, id="wednesday", keep_latest=True)
    assert latest(releases) == "tuesday\n"
    assert valuation.select_release(releases, "wednesday")["id"] == "wednesday"


def test_old_releases_are_pruned_and_the_one_that_serves_goes_on_serving(
    releases: Path, follower: Engine, tmp_path: Path
) -> None:
    follower.load(releases / "releases" / "monday")
    expected = follower.score(REQUEST)["values"]
    publish(reference.write(tmp_path / "wednesday.json", EVERYBODY), releases, id="wednesday")
    # LATEST names wednesday, PREVIOUS tuesday.
    assert valuation.prune_releases(releases, keep=1) == ["monday"]
    assert [release["id"] for release in valuation.list_releases(releases)] == ["wednesday", "tuesday"]
    assert follower.score(REQUEST)["values"] == expected


def test_a_weight_of_zero_counts_in_every_count(tmp_path: Path) -> None:
    weights = {"categorical": {"slot": {"12": 0.5, "77": 0}}, "numeric": {"age": {"mean": 3, "std": 1, "weight": 0}}}
    nothing: dict[str, Any] = {"categorical": {}, "numeric": {}}
    path = reference.write(tmp_path / "model.json", EVERYBODY | weights)
    manifest = publish(path, tmp_path / "releases")
    comparison = valuation.compare_models(reference.write(tmp_path / "none.json", EVERYBODY | nothing), path)
    with Engine() as engine:
        engine.load(path)
        description = engine.describe()
    (model,) = description["list"]
    counts = [model["categorical_weights"] + model["numeric_weights"] + model["cross_weights"], description["weights"]]
    assert [*counts, manifest["counts"]["weights"], comparison["added"]] == [3, 3, 3, 3]


def test_compiling_replaces_a_file_by_the_same_bytes(models_path: Path, tmp_path: Path) -> None:
    file = tmp_path / "models.valuation"
    valuation.compile_models(models_path, file)
    contents = file.read_bytes()
    valuation.compile_models(models_path, file)
    assert file.read_bytes() == contents


def test_processes_that_map_a_compiled_file_share_its_pages(models_path: Path, tmp_path: Path) -> None:
    compiled = tmp_path / "all.valuation"
    valuation.compile_models(models_path, compiled)
    program = (
        "import sys, valuation; engine = valuation.Engine(); engine.load(sys.argv[1]); print(1, flush=True); input()"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, compiled], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "1\n"
        for process in processes:
            regions = re.split(r"^(?=[0-9a-f]+-[0-9a-f]+ )", Path(f"/proc/{process.pid}/smaps").read_text(), flags=re.M)
            (mapping,) = [region for region in regions if str(compiled) in region.partition("\n")[0]]
            kilobytes = {name: int(size) for name, size in re.findall(r"^(\w+): +(\d+) kB", mapping, re.M)}
            shared = kilobytes["Shared_Clean"] + kilobytes["Shared_Dirty"]
            assert shared == kilobytes["Rss"] > 0
            assert mapping.split()[1] == "r--s"
    finally:
        for process in processes:
            process.communicate("\n")


def test_memory_does_not_grow_with_reports_and_refreshes(releases: Path, tmp_path: Path) -> None:
    labels = {"slot": {str(value): 0.5 for value in range(2000)}}
    other = reference.write(tmp_path / "other.jsonl", CLICK | {"categorical": labels, "extends": None})
    program = """
import resource, sys, valuation
root, other = sys.argv[1:]
engine = valuation.Engine()
engine.load(root)
def rounds(count):
    for _ in range(count):
        valuation.list_releases(root)
        valuation.compare_models(root, other, most=2000)
        valuation.select_release(root)
        engine.refresh()
        valuation.select_release(root, "tuesday")
        engine.refresh()
        try:
            valuation.publish(root, root, id="monday")
        except valuation.ReleaseExistsError:
            pass
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = rounds(20)
print(rounds(100) - before)
"""
    command: list[str | Path] = [sys.executable, "-c", program, releases, other]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    assert int(result.stdout) < 4096  # KiB; a comparison alone is 100 KiB
