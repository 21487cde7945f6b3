# SPDX-License-Identifier: Apache-2.0
"""Keys follow the documented function of a text and a secret, one by one or by the array."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from key_function import PRIME, STANDARD, Secret
from valuation import Batch, Candidates, Engine, Features, SecretError, Status, compile_models, publish

CHARACTER = st.characters(exclude_categories=["Cs"])
TEXT = st.text(CHARACTER, max_size=40)
#: Texts of up to 40 bytes of any value, among them NUL and the end mark, 1.
BYTES = st.one_of(
    st.integers(0, 40).flatmap(lambda count: st.text(st.characters(max_codepoint=127), min_size=count, max_size=count)),
    st.text(st.sampled_from("\0\1a="), max_size=40),
    TEXT,
)
FIELD = BYTES.filter(lambda text: text != "" and "=" not in text)
KEY = st.integers(0, PRIME)

Keys = tuple[Engine, Secret]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of releases."""
    folder = tmp_path_factory.mktemp("keys")
    publish(reference.write(folder / "model.json", reference.model("1042")), folder / "releases")
    return folder / "releases"


@pytest.fixture(scope="module", params=["standard", "of a directory"])
def keys(request: pytest.FixtureRequest, published: Path) -> Iterator[Keys]:
    """An engine, and the secret that its keys must use."""
    with Engine() as engine:
        if request.param == "standard":
            yield engine, STANDARD
        else:
            engine.load(published)
            yield engine, Secret.of(published)


@given(FIELD, BYTES)
def test_a_category_is_known_by_field_and_value(keys: Keys, field: str, value: str) -> None:
    engine, secret = keys
    assert engine.feature_key(field, value) == secret.feature_key(field, value)


@given(FIELD)
def test_a_number_is_known_by_its_field(keys: Keys, field: str) -> None:
    engine, secret = keys
    assert engine.number_key(field) == secret.number_key(field)


@given(BYTES)
def test_a_campaign_is_known_by_its_id(keys: Keys, campaign: str) -> None:
    engine, secret = keys
    assert engine.campaign_key(campaign) == secret.campaign_key(campaign)


@given(KEY, KEY)
def test_a_cross_is_known_by_both_keys_in_any_order(keys: Keys, first: int, second: int) -> None:
    engine, secret = keys
    assert engine.cross_key(first, second) == engine.cross_key(second, first) == secret.cross_key(first, second)


def test_every_length_has_keys_of_its_own(keys: Keys) -> None:
    engine, secret = keys
    found = set()
    for length in range(41):
        text = "x" * length
        assert engine.feature_key("field", text) == secret.feature_key("field", text)
        found |= {engine.feature_key("field", text), engine.campaign_key(text), engine.feature_key("a" + text, "")}
        found |= {engine.number_key("a" + text), engine.campaign_key(text + "\0")}
    assert len(found) == 5 * 41
    assert all(0 <= key < 2**61 for key in found)


def test_the_boundary_between_field_and_value_matters(keys: Keys) -> None:
    engine, _ = keys
    splits = [engine.feature_key("abcdefghijklmn"[:end], "abcdefghijklmn"[end:]) for end in range(1, 15)]
    assert len(set(splits)) == 14


@given(st.lists(TEXT))
def test_keys_of_an_array_are_the_keys_of_its_members(keys: Keys, values: list[str]) -> None:
    engine, secret = keys
    expected = [secret.feature_key("os", value) for value in values]
    for array in (np.array(values, dtype=object), pd.Series(values, dtype=object)):
        found = engine.feature_keys("os", array)
        assert found.dtype == np.uint64
        assert found.tolist() == expected
    campaigns = engine.campaign_keys(np.array(values, dtype=object))
    assert campaigns.tolist() == [secret.campaign_key(value) for value in values]


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (["ios", "android", "ios"], ["ios", "android", "ios"]),
        ([12, 7, 12], ["12", "7", "12"]),
        (np.array([2**64 - 1], dtype=np.uint64), ["18446744073709551615"]),
        ([1.0, 12.5, 1e22], ["1", "12.5", "1e+22"]),
        ([True, False], ["true", "false"]),
        (np.array([1, True, 1.0, "1"], dtype=object), ["1", "true", "1", "1"]),
        ([["a", "b"], ["c", "a"]], [["a", "b"], ["c", "a"]]),
        ([], []),
    ],
)
def test_values_are_taken_by_their_text(keys: Keys, values: Any, texts: Any) -> None:
    engine, secret = keys
    for found, key in (
        (engine.feature_keys("slot", values), lambda text: secret.feature_key("slot", text)),
        (engine.campaign_keys(values), secret.campaign_key),
    ):
        expected = np.vectorize(key, otypes=[np.uint64])(np.array(texts, dtype=object))
        assert found.dtype == np.uint64
        np.testing.assert_array_equal(found, expected.reshape(found.shape))
    assert engine.campaign_key(1042) == engine.campaign_key("1042")


def test_an_engine_keeps_the_secret_of_its_first_load(published: Path, tmp_path: Path) -> None:
    files = reference.write(tmp_path / "model.json", reference.model("1042"))
    publish(reference.write(tmp_path / "other.json", reference.model("2000")), tmp_path / "others")
    secret, other = Secret.of(published), Secret.of(tmp_path / "others")
    assert len({secret, other, STANDARD}) == 3
    with Engine() as engine:
        engine.load(published)
        for path in (published, files, published):
            engine.load(path)
            assert engine.campaign_key("1042") == secret.campaign_key("1042")
        with pytest.raises(SecretError) as caught:
            engine.load(tmp_path / "others")
        assert caught.value.status == Status.SECRET
        assert engine.campaign_key("1042") == secret.campaign_key("1042")
        assert engine.describe()["source"].startswith(str(published))


def test_keys_asked_for_before_a_load_fix_the_standard_secret(published: Path) -> None:
    with Engine() as engine:
        assert engine.campaign_key("1042") == STANDARD.campaign_key("1042")
        with pytest.raises(SecretError):
            engine.load(published)
        assert engine.campaign_key("1042") == STANDARD.campaign_key("1042")


def test_models_outside_a_directory_of_releases_have_the_standard_secret(published: Path, tmp_path: Path) -> None:
    files = reference.write(tmp_path / "model.json", reference.model("1042"))
    compile_models(files, tmp_path / "model.valuation")
    for path in (files, tmp_path / "model.valuation"):
        with Engine() as engine:
            engine.load(path)
            assert engine.campaign_key("1042") == STANDARD.campaign_key("1042")
            with pytest.raises(SecretError):
                engine.load(published)


def test_a_batch_gives_the_values_of_json_and_keys_of_another_secret_are_unknown(tmp_path: Path) -> None:
    model = reference.model("1042", categorical={"os": {"ios": 1.0}})
    files = reference.write(tmp_path / "model.json", model)
    publish(files, tmp_path / "releases")
    request = {"features": {"os": "ios"}, "candidates": [{"campaign": "1042", "pricing": "cpc", "bid": 1.0}]}
    with Engine() as standard, Engine() as engine:
        standard.load(files)
        engine.load(tmp_path / "releases")
        batches = {
            scored: Batch(
                Features.from_columns(scored, {"os": ["ios"]}), Candidates(scored.campaign_keys(["1042"]), "cpc", 1.0)
            )
            for scored in (standard, engine)
        }
        (known,) = engine.score(request)["values"]
        assert known["flags"] == []
        assert engine.score_batch(batches[engine])["expected_revenue"].tolist() == [known["expected_revenue"]]
        assert engine.score_batch(batches[standard])["expected_revenue"].tolist() == [0]


def test_only_owner_and_group_can_read_the_secret_of_a_directory(published: Path) -> None:
    assert (published / "SECRET").stat().st_mode & 0o777 == 0o440


def test_a_closed_engine_has_no_keys() -> None:
    engine = Engine()
    engine.close()
    for call in (
        lambda: engine.feature_key("os", "ios"),
        lambda: engine.number_key("age"),
        lambda: engine.campaign_key("1042"),
        lambda: engine.cross_key(1, 2),
        lambda: engine.feature_keys("os", ["ios"]),
        lambda: engine.campaign_keys(["1042"]),
        lambda: Features.from_columns(engine, {"os": ["ios"]}),
    ):
        with pytest.raises(RuntimeError, match="this Engine is closed"):
            call()


@pytest.mark.parametrize("field", ["", "a=b", None])
def test_a_field_needs_a_name_without_equals_sign(engine: Engine, field: Any) -> None:
    for call in (
        lambda: engine.feature_key(field, "x"),
        lambda: engine.number_key(field),
        lambda: engine.feature_keys(field, ["x"]),
    ):
        with pytest.raises(ValueError, match="without '='"):
            call()


@pytest.mark.parametrize("value", [None, float("nan"), pd.NA, ["ios"], {"ios"}, pd.Timestamp(0)])
def test_only_text_numbers_and_bools_are_categories(engine: Engine, value: Any) -> None:
    column = np.empty(2, dtype=object)
    column[:] = value, "ios"
    for call in (
        lambda: engine.feature_key("os", value),
        lambda: engine.campaign_key(value),
        lambda: engine.feature_keys("os", column),
    ):
        with pytest.raises(TypeError, match=r"a category is text|values\[0\] is missing"):
            call()


@pytest.mark.parametrize("key", [-1, 2**61, 2**64])
def test_a_value_that_is_not_a_key_makes_no_cross(engine: Engine, key: int) -> None:
    with pytest.raises(ValueError, match=r"from 0 to 2\*\*61 - 1"):
        engine.cross_key(key, 0)
