# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from valuation_pipeline.configuration import Configuration, as_toml, descriptions, read_configuration
from valuation_pipeline.errors import PipelineError
from valuation_pipeline.options import Options

SECTIONS = {name: type(value) for name, value in dict(Configuration()).items() if isinstance(value, Options)}


def test_a_file_may_leave_out_everything_but_its_format(tmp_path: Path) -> None:
    file = tmp_path / "pipeline.toml"
    file.write_text('format = "valuation-pipeline/1"\n')
    assert read_configuration(file) == Configuration(features=tmp_path / "features.toml")


def test_the_default_file_may_be_missing_and_another_may_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_configuration() == Configuration()
    with pytest.raises(PipelineError, match=r"^other.toml: No such file"):
        read_configuration(Path("other.toml"))


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    file = tmp_path / "pipeline.toml"
    file.write_text('format = "valuation-pipeline/1"\nfeatures = "a/f.toml"\n[log]\nmapping = "m.toml"\n')
    configuration = read_configuration(file)
    assert (configuration.features, configuration.log.mapping) == (tmp_path / "a/f.toml", tmp_path / "m.toml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", 'says no format; begin it with format = "valuation-pipeline/1"'),
        ('format = "valuation-pipeline/2"', "format: Input should be 'valuation-pipeline/1'"),
        ('format = "valuation-pipeline/1"\n[log]\ndyas = 3', "log.dyas: Extra inputs are not permitted"),
        ('format = "valuation-pipeline/1"\n[log]\ndays = 0', "log.days: Input should be greater than or equal to 1"),
        ('format = "valuation-pipeline/1"\n[logs]', "logs: Extra inputs are not permitted"),
        (
            'format = "valuation-pipeline/1"\n[workflow]\nattempts = nan',
            "workflow.attempts: Input should be a finite number",
        ),
        ("format = ", "no TOML"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "pipeline.toml"
    file.write_text(text)
    with pytest.raises(PipelineError) as raised:
        read_configuration(file)
    assert str(raised.value).startswith(f"{file}: ")
    assert message in str(raised.value)


def test_the_printed_configuration_means_the_same() -> None:
    values = {
        "features": "a/features.toml",
        "training": {"half_life_days": 3.0},
        "checks": {"severity": {"drift": "off", "moved": "fail"}},
    }
    for configuration in (Configuration(), Configuration.model_validate(values)):
        assert Configuration.model_validate(tomllib.loads(as_toml(configuration))) == configuration


def test_a_changed_member_is_printed_with_its_default() -> None:
    printed = as_toml(Configuration.model_validate({"workflow": {"wait_minutes": 5}}))
    assert "By default 120.\nwait_minutes = 5" in printed.replace("\n# ", " ")
    assert printed.count("By default") - as_toml(Configuration()).count("By default") == 1


@pytest.mark.parametrize("name", SECTIONS)
def test_every_member_says_what_it_means(name: str) -> None:
    told = descriptions(SECTIONS[name])
    assert told.keys() == SECTIONS[name].model_fields.keys()
    assert all(len(text) > 10 for text in told.values())


def test_a_file_of_a_windows_editor_is_read(tmp_path: Path) -> None:
    file = tmp_path / "pipeline.toml"
    file.write_bytes(b'\xef\xbb\xbfformat = "valuation-pipeline/1"\r\n[log]\r\ndays = 3\r\n')
    assert read_configuration(file).log.days == 3


@pytest.mark.parametrize(
    "member",
    ["log.days", "log.conversion_days", "log.attribution_days", "log.click_window_hours", "workflow.wait_minutes"],
)
def test_a_span_beyond_the_calendar_is_named(tmp_path: Path, member: str) -> None:
    section, _, name = member.partition(".")
    file = tmp_path / "pipeline.toml"
    file.write_text(f'format = "valuation-pipeline/1"\n[{section}]\n{name} = 1000000000\n')
    with pytest.raises(PipelineError, match=rf"pipeline\.toml: {member}: Input should be less than or equal to"):
        read_configuration(file)
