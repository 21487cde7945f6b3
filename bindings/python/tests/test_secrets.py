# SPDX-License-Identifier: Apache-2.0
"""A directory's secret keys its labels: nobody can aim at a key, and no engine mixes two secrets."""

from __future__ import annotations

import itertools
import os
import re
import resource
import shutil
import stat
from pathlib import Path

import pytest

import policies
import reference
from conftest import CLICK, EVERYBODY, MODELS, REQUEST, release_of
from key_function import STANDARD
from valuation import Engine, Error, Status, compile_models, list_releases, prune_releases, publish, validate

TEXTS = [("slot", "12"), ("os", "ios"), ("creative", "55"), ("segments", "a longer text of several words")]


#: Found by lattice reduction, which requires the secret.
TWINS = ("blX8D9hZBuj1Tb", "Nwzw89hwv1P0Tb")

MADE_FOR_ONE_FINGERPRINT = [
    "Vh4I4Pl>u_:h<5GHGNTaTzL",
    "ynFDcg6MIE*@?Rxd9YBfIRz",
    "2jrnny9Mc-LQSEwvj35AgRx",
]


def keys(engine: Engine) -> list[int]:
    """Keys of every kind."""
    return [engine.feature_key(*text) for text in TEXTS] + [engine.number_key("os"), engine.campaign_key("1042")]


def loaded(path: Path) -> Engine:
    """A new engine that has loaded something."""
    engine = Engine()
    engine.load(path)
    return engine


def refusal(path: Path, engine: Engine | None = None) -> Error:
    """The error of a load."""
    with pytest.raises(Error) as caught:
        (engine or Engine()).load(path)
    return caught.value


def test_the_first_publish_draws_a_secret_that_only_owner_and_group_can_read(releases: Path) -> None:
    secret = releases / "SECRET"
    text = secret.read_text()
    assert len(text) == 65
    assert int(text, 16) > 2**128
    assert text == text.lower()
    assert stat.S_IMODE(secret.stat().st_mode) == 0o440


def test_the_secret_is_readable_by_the_group_whatever_the_umask(models_path: Path, tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        publish(models_path, tmp_path / "releases")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "releases" / "SECRET").stat().st_mode) == 0o440


def test_later_publishes_keep_it(models_path: Path, releases: Path) -> None:
    before = (releases / "SECRET").read_text()
    publish(models_path, releases, id="wednesday")
    assert (releases / "SECRET").read_text() == before


def test_two_directories_have_different_keys_and_the_same_values(
    models_path: Path, tmp_path: Path, engine: Engine
) -> None:
    for name in ("one", "two"):
        publish(models_path, tmp_path / name)
    first, second = loaded(tmp_path / "one"), loaded(tmp_path / "two")
    assert not set(keys(first)) & set(keys(second))
    assert not set(keys(first)) & set(keys(engine))
    assert first.score(REQUEST)["values"] == second.score(REQUEST)["values"] == engine.score(REQUEST)["values"]


def test_keys_stay_the_same_whatever_the_engine_loads_later(models_path: Path, releases: Path) -> None:
    engine = loaded(releases)
    before = keys(engine)
    engine.load(models_path)  # a load keys model files under the engine's secret
    assert keys(engine) == before
    engine.load(releases / "releases" / "monday")
    publish(models_path, releases, id="wednesday", compiled=False)
    engine.load(releases)
    assert keys(engine) == before
    assert release_of(engine) == "wednesday"


def test_a_release_by_its_own_path_has_the_secret_of_its_directory(releases: Path) -> None:
    assert keys(loaded(releases / "releases" / "monday")) == keys(loaded(releases))


def test_another_directory_is_refused_and_the_old_models_serve(
    models_path: Path, releases: Path, tmp_path: Path
) -> None:
    publish(models_path, tmp_path / "other")
    engine = loaded(releases)
    answer = engine.score(REQUEST)["values"]
    for path in (tmp_path / "other", next((tmp_path / "other" / "releases").iterdir())):
        error = refusal(path, engine)
        assert error.status is Status.SECRET
        assert re.search("another secret .* engine of its own", str(error))
    assert engine.score(REQUEST)["values"] == answer


def test_an_engine_asked_for_a_key_before_it_loads_keeps_the_standard_secret(models_path: Path, releases: Path) -> None:
    engine = Engine()
    early = engine.campaign_key("1042")
    error = refusal(releases, engine)
    assert error.status is Status.SECRET
    engine.load(models_path)
    assert engine.campaign_key("1042") == early


def test_a_failed_first_load_decides_nothing(releases: Path, tmp_path: Path) -> None:
    engine = Engine()
    refusal(tmp_path / "absent", engine)
    (tmp_path / "bad.json").write_text("{}")
    refusal(tmp_path / "bad.json", engine)
    engine.load(releases)
    assert keys(engine) == keys(loaded(releases))


def test_a_compiled_file_serves_only_engines_with_its_secret(models_path: Path, releases: Path, tmp_path: Path) -> None:
    compile_models(releases, tmp_path / "secret.valuation")
    compile_models(models_path, tmp_path / "standard.valuation")
    assert (
        loaded(tmp_path / "standard.valuation").score(REQUEST)["values"] == loaded(models_path).score(REQUEST)["values"]
    )
    engine = loaded(releases)
    engine.load(tmp_path / "secret.valuation")
    assert refusal(tmp_path / "secret.valuation").status is Status.SECRET
    assert refusal(tmp_path / "standard.valuation", engine).status is Status.SECRET


def test_a_compiled_file_is_loaded_under_the_secret_beside_it(
    models_path: Path, releases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compile_models(releases, releases / "all.valuation")
    engine = loaded(releases / "all.valuation")
    assert keys(engine) == keys(loaded(releases))
    assert engine.score(REQUEST)["values"] == loaded(releases).score(REQUEST)["values"]
    monkeypatch.chdir(releases)
    assert keys(loaded(Path("all.valuation"))) == keys(engine)
    # Elsewhere it needs a copy of the secret; another secret does not do, and is ignored if none is needed.
    alone = tmp_path / "alone.valuation"
    shutil.copy(releases / "all.valuation", alone)
    assert re.search("its directory's SECRET beside it", str(refusal(alone)))
    (tmp_path / "SECRET").write_text("none")
    error = refusal(alone)
    assert (error.status, error.file) == (Status.SECRET, str(tmp_path / "SECRET"))
    compile_models(models_path, tmp_path / "standard.valuation")
    assert keys(loaded(tmp_path / "standard.valuation")) == keys(Engine())
    (tmp_path / "SECRET").write_bytes((releases / "SECRET").read_bytes())
    assert keys(loaded(alone)) == keys(engine)
    assert validate(alone) == []


def test_a_release_whose_secret_was_exchanged_or_lost_is_refused(
    models_path: Path, releases: Path, tmp_path: Path
) -> None:
    publish(models_path, tmp_path / "other")
    shutil.copy(tmp_path / "other" / "SECRET", releases / "NEW")
    (releases / "NEW").replace(releases / "SECRET")
    for lose in (False, True):
        if lose:
            (releases / "SECRET").unlink()
        error = refusal(releases)
        assert error.status is Status.SECRET
        assert str(releases) in error.file
        assert validate(releases) != []
    moved = shutil.copytree(tmp_path / "other" / "releases", tmp_path / "alone")
    assert refusal(next(moved.iterdir())).status is Status.SECRET


@pytest.mark.parametrize("text", ["", "0" * 63, "0" * 65, "G" * 64, "A" * 64, "0" * 5000])
def test_a_malformed_secret_is_reported_with_its_file(releases: Path, text: str) -> None:
    (releases / "SECRET").unlink()
    (releases / "SECRET").write_text(text)
    error = refusal(releases)
    assert (error.status, error.file) == (Status.SECRET, str(releases / "SECRET"))
    error = refusal(releases / "releases" / "monday")
    assert (error.status, error.file) == (Status.SECRET, str(releases / "releases" / "monday" / ".." / ".." / "SECRET"))


def test_a_release_under_the_standard_secret_ignores_other_secret_files(
    models_path: Path, releases: Path, tmp_path: Path
) -> None:
    root = tmp_path / "standard"
    root.mkdir()
    (root / "SECRET").write_text("".join(f"{word:016x}" for word in STANDARD.words))
    publish(models_path, root, id="monday")
    (root / "SECRET").write_text("password")
    assert keys(loaded(root / "releases" / "monday")) == keys(Engine())


def test_a_secret_that_cannot_be_read_is_named(releases: Path) -> None:
    (releases / "SECRET").unlink()
    (releases / "SECRET").mkdir()  # cannot be read, even by root
    error = refusal(releases / "releases" / "monday")
    assert (error.status, error.file) == (
        Status.READ_FAILED,
        str(releases / "releases" / "monday" / ".." / ".." / "SECRET"),
    )


def test_releases_are_listed_and_pruned_without_the_secret(models_path: Path, releases: Path) -> None:
    publish(models_path, releases, id="wednesday")
    listed = list_releases(releases)
    (releases / "SECRET").unlink()
    assert list_releases(releases) == listed
    (releases / "SECRET").mkdir()  # cannot be read, even by root
    assert list_releases(releases) == listed
    assert [release["problem"] for release in listed] == [None, None, None]
    policies.write(releases / "policy.json", policies.policy())
    assert prune_releases(releases, keep=1) == ["monday"]


def test_a_publisher_refuses_a_directory_with_a_malformed_secret(models_path: Path, releases: Path) -> None:
    (releases / "SECRET").unlink()
    (releases / "SECRET").write_text("none")
    with pytest.raises(Error) as caught:
        publish(models_path, releases, id="wednesday")
    assert caught.value.status is Status.SECRET
    assert sorted(path.name for path in (releases / "releases").iterdir()) == ["monday", "tuesday"]


@pytest.mark.parametrize("has_latest", [True, False])
def test_a_publisher_refuses_a_directory_whose_secret_was_lost(
    models_path: Path, releases: Path, has_latest: bool
) -> None:
    secret = (releases / "SECRET").read_text()
    (releases / "SECRET").unlink()
    if not has_latest:
        (releases / "LATEST").unlink()
    with pytest.raises(Error) as caught:
        publish(models_path, releases, id="wednesday")
    assert caught.value.status is Status.SECRET
    assert caught.value.file.endswith("manifest.json")
    assert not (releases / "SECRET").exists()
    assert sorted(path.name for path in (releases / "releases").iterdir()) == ["monday", "tuesday"]
    (releases / "SECRET").write_text(secret)
    publish(models_path, releases, id="wednesday")


def test_a_directory_with_latest_but_no_secret_keeps_the_standard_secret(models_path: Path, tmp_path: Path) -> None:
    root = tmp_path / "releases"
    root.mkdir()
    (root / "SECRET").write_text("".join(f"{word:016x}" for word in STANDARD.words))
    publish(models_path, root, id="monday")
    (root / "SECRET").unlink()
    publish(models_path, root, id="tuesday")
    assert not (root / "SECRET").exists()
    assert keys(loaded(root)) == keys(Engine())
    # Its keys give nothing away.
    assert stat.S_IMODE((root / "releases" / "tuesday" / "index.valuation").stat().st_mode) == 0o444


def test_running_out_of_open_files_is_not_reported_as_a_wrong_secret(releases: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    engine = Engine()
    statuses = []
    try:
        for most in itertools.count(3):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, limits[1]))
            try:
                engine.load(releases / "releases" / "monday")
            except Error as error:
                statuses.append(error.status)
            else:
                break
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert set(statuses) == {Status.READ_FAILED}


def test_texts_made_for_one_fingerprint_are_distinct_features(tmp_path: Path) -> None:
    """Three printable texts with one Fingerprint64 behind "creative=": none gets the weight of another."""
    made = MADE_FOR_ONE_FINGERPRINT
    model = CLICK | {"categorical": {"creative": {made[0]: 3.0, made[1]: -3.0}}, "crosses": [], "numeric": {}}
    publish(reference.write(tmp_path / "models.jsonl", EVERYBODY, model), tmp_path / "releases")
    for engine in (loaded(tmp_path / "models.jsonl"), loaded(tmp_path / "releases")):
        request = {
            "candidates": [
                {"campaign": "1042", "pricing": "cpc", "bid": 1, "features": {"creative": creative}}
                for creative in [*made, "honest"]
            ]
        }
        answer = engine.score(request)
        values = answer["values"]
        first, second, third, honest = (value["pctr"] or 0 for value in values)
        assert first > third > second
        assert third == honest
        assert values[2]["flags"] == values[3]["flags"]
        assert (answer["candidate_features"], answer["candidate_features_known"]) == (4, 2)


def test_texts_made_to_collide_under_the_standard_secret_are_published_and_told_apart(tmp_path: Path) -> None:
    first, second = TWINS
    model = CLICK | {"categorical": {"k": {first: 3.0, second: -3.0}}, "crosses": [], "numeric": {}}
    models = reference.write(tmp_path / "models.jsonl", EVERYBODY, model)
    assert refusal(models).status is Status.KEY_COLLISION
    publish(models, tmp_path / "releases")
    ads = [{"campaign": "1042", "pricing": "cpc", "bid": 1, "features": {"k": twin}} for twin in TWINS]
    values = loaded(tmp_path / "releases").score({"candidates": ads})["values"]
    assert (values[0]["pctr"] or 0) > 100 * (values[1]["pctr"] or 1)


def test_models_are_not_bound_to_a_secret(releases: Path, tmp_path: Path) -> None:
    """The batch writes no keys: a release's model files serve anywhere."""
    files = tmp_path / "files"
    shutil.copytree(
        releases / "releases" / "monday", files, ignore=shutil.ignore_patterns("*.valuation", "manifest.json")
    )
    assert len(MODELS) == 4
    assert loaded(files).score(REQUEST)["values"] == loaded(releases / "releases" / "monday").score(REQUEST)["values"]
