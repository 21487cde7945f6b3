# SPDX-License-Identifier: Apache-2.0
"""Files that cannot be read, have the wrong format for their name, or exceed a limit."""

import gzip
import json
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from .model_files import model, write_models
from .programs import Toolchain
from .refusal import refused

SOUND = json.dumps(model("7")).encode()
MEBIBYTE = 1024 * 1024


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory that every user may enter, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.parametrize("name", ["absent.json", "absent", "absent/models.json", "file/models.json"])
def test_a_path_to_nothing_is_refused(toolchain: Toolchain, models: Path, tmp_path: Path, name: str):
    (tmp_path / "file").touch()
    refusal = refused(toolchain, models, tmp_path / name)
    assert (refusal.status, refusal.file) == ("FILE_NOT_FOUND", str(tmp_path / name))


def test_a_link_to_nothing_is_refused(toolchain: Toolchain, models: Path, tmp_path: Path):
    (tmp_path / "link.json").symlink_to("absent.json")
    assert refused(toolchain, models, tmp_path / "link.json").status == "FILE_NOT_FOUND"


def test_a_link_to_itself_is_refused(toolchain: Toolchain, models: Path, tmp_path: Path):
    (tmp_path / "link.json").symlink_to("link.json")
    refusal = refused(toolchain, models, tmp_path / "link.json")
    assert refusal.status == "READ_FAILED"
    assert "symbolic links" in refusal.message


def test_a_path_longer_than_the_system_allows_is_refused(toolchain: Toolchain, models: Path):
    refusal = refused(toolchain, models, "x" * 5000 + ".json")
    assert refusal.status == "READ_FAILED"
    assert refusal.file == "x" * 506 + ".json", "expected as much of the path's end as fits"


def test_a_file_with_another_ending_is_refused(toolchain: Toolchain, models: Path, tmp_path: Path):
    (tmp_path / "model.txt").write_bytes(SOUND)
    refusal = refused(toolchain, models, tmp_path / "model.txt")
    assert (refusal.status, refusal.file) == ("INVALID_ARGUMENT", str(tmp_path / "model.txt"))
    assert ".json" in refusal.message


def test_a_directory_without_a_model_file_is_refused(toolchain: Toolchain, models: Path, tmp_path: Path):
    (tmp_path / ".hidden.json").write_bytes(SOUND)
    (tmp_path / "model.txt").write_bytes(SOUND)
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "model.json").write_bytes(SOUND)
    refusal = refused(toolchain, models, tmp_path)
    assert (refusal.status, refusal.file) == ("NOTHING_LOADED", str(tmp_path))
    assert ".jsonl.gz" in refusal.message


def test_a_load_skips_what_is_not_a_model_file_in_a_directory(toolchain: Toolchain, models: Path, tmp_path: Path):
    (tmp_path / ".broken.json").write_bytes(b"{")
    (tmp_path / "README.md").write_bytes(b"{")
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "broken.json").write_bytes(b"{")
    (tmp_path / "model.json").write_bytes(SOUND)
    assert refused(toolchain, models, tmp_path).status == "OK"


@pytest.mark.parametrize("content", [b"", b"\n \r\n\t\n"])
def test_a_file_of_no_lines_is_refused(toolchain: Toolchain, models: Path, tmp_path: Path, content: bytes):
    (tmp_path / "models.jsonl").write_bytes(content)
    refusal = refused(toolchain, models, tmp_path / "models.jsonl")
    assert (refusal.status, refusal.file) == ("NOTHING_LOADED", str(tmp_path / "models.jsonl"))


def test_a_file_that_may_not_be_read_is_refused(toolchain: Toolchain, models: Path, open_directory: Path):
    path = write_models(open_directory / "secret.json", [model()])
    path.chmod(0)
    refusal = refused(toolchain, models, path, as_nobody=True)
    assert (refusal.status, refusal.file) == ("READ_FAILED", str(path))
    assert "Permission denied" in refusal.message


def test_a_directory_that_may_not_be_listed_is_refused(toolchain: Toolchain, models: Path, open_directory: Path):
    (open_directory / "secret").mkdir()
    (open_directory / "secret").chmod(0)
    refusal = refused(toolchain, models, open_directory / "secret", as_nobody=True)
    assert (refusal.status, refusal.file) == ("READ_FAILED", str(open_directory / "secret"))
    assert "Permission denied" in refusal.message


def test_a_file_in_a_directory_that_may_not_be_entered_is_refused(
    toolchain: Toolchain, models: Path, open_directory: Path
):
    (open_directory / "secret").mkdir()
    path = write_models(open_directory / "secret" / "model.json", [model()])
    (open_directory / "secret").chmod(0)
    refusal = refused(toolchain, models, path, as_nobody=True)
    (open_directory / "secret").chmod(0o755)
    assert (refusal.status, refusal.file) == ("READ_FAILED", str(path))


def test_a_pipe_is_refused_without_waiting_for_a_writer(toolchain: Toolchain, models: Path, tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.json")
    refusal = refused(toolchain, models, tmp_path / "pipe.json")
    assert (refusal.status, refusal.file) == ("READ_FAILED", str(tmp_path / "pipe.json"))
    assert "regular file" in refusal.message


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/dev/full"])
def test_a_device_is_refused(toolchain: Toolchain, models: Path, tmp_path: Path, device: str):
    assert stat.S_ISCHR(Path(device).stat().st_mode)
    (tmp_path / "device.jsonl").symlink_to(device)
    refusal = refused(toolchain, models, tmp_path / "device.jsonl")
    assert (refusal.status, refusal.file) == ("READ_FAILED", str(tmp_path / "device.jsonl"))


PACKED = gzip.compress(SOUND * 50, mtime=0)
DAMAGED = {
    "empty": b"",
    "not packed": SOUND,
    "header alone": PACKED[:10],
    "cut in the middle": PACKED[: len(PACKED) // 2],
    "cut in its checksum": PACKED[:-5],
    "wrong checksum": PACKED[:-8] + bytes(4) + PACKED[-4:],
    "wrong length": PACKED[:-4] + bytes(4),
    "a wrong bit": PACKED[:40] + bytes([PACKED[40] ^ 0x10]) + PACKED[41:],
    "a second member cut": PACKED + PACKED[:20],
    "something behind it": PACKED + b"something",
    "zlib and not gzip": b"\x78\x9c" + PACKED[10:],
}


@pytest.mark.parametrize("ending", [".json.gz", ".jsonl.gz"])
@pytest.mark.parametrize("damage", DAMAGED)
def test_damaged_gzip_is_refused(toolchain: Toolchain, models: Path, tmp_path: Path, damage: str, ending: str):
    path = tmp_path / f"damaged{ending}"
    path.write_bytes(DAMAGED[damage])
    refusal = refused(toolchain, models, path)
    # A .jsonl file's documents are read before the damage behind them is found.
    documents_end_first = ending == ".jsonl.gz" and damage in ("a second member cut", "something behind it")
    assert refusal.status == "GZIP" or (documents_end_first and refusal.status == "JSON_SYNTAX")
    assert refusal.file == str(path)


def test_several_gzip_members_are_one_text(toolchain: Toolchain, models: Path, tmp_path: Path):
    lines = [json.dumps(model(str(number))).encode() + b"\n" for number in range(3)]
    whole = b"".join(lines)
    (tmp_path / "models.jsonl.gz").write_bytes(
        gzip.compress(whole[:100]) + gzip.compress(b"") + gzip.compress(whole[100:])
    )
    assert refused(toolchain, models, tmp_path / "models.jsonl.gz").status == "OK"


MALFORMED = {
    "nothing": (b"", "JSON_SYNTAX", 1),
    "cut": (SOUND[:-1], "JSON_SYNTAX", 1),
    "two documents": (SOUND + b"\n" + SOUND, "JSON_SYNTAX", 2),
    "comma too many": (b'{\n"format": "valuation-model/1",\n}', "JSON_SYNTAX", 3),
    "NaN": (b'{\n\n"intercept": NaN}', "JSON_SYNTAX", 3),
    "byte order mark": (b"\xef\xbb\xbf" + SOUND, "JSON_SYNTAX", 1),
    "UTF-16": (SOUND.decode().encode("utf-16"), "JSON_SYNTAX", 1),
    "Latin-1": (SOUND.replace(b"slot", "Größe".encode("latin-1")), "JSON_SYNTAX", 1),
    "UTF-8 too long": (SOUND.replace(b"slot", b"\xc0\xaf"), "JSON_SYNTAX", 1),
    "half a surrogate pair": (SOUND.replace(b"slot", rb"\ud800"), "JSON_SYNTAX", 1),
    "NUL byte": (SOUND.replace(b"slot", b"sl\0t"), "JSON_SYNTAX", 1),
    "NUL escape": (SOUND.replace(b"slot", rb"sl\u0000t"), "JSON_SYNTAX", 1),
    "10,000 brackets": (b"[" * 10_000 + b"]" * 10_000, "LIMIT_EXCEEDED", 1),
    "10,000 objects": (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "LIMIT_EXCEEDED", 1),
    "1e999": (SOUND.replace(b"-1.5", b"1e999"), "NON_FINITE", 1),
    "-1e999": (SOUND.replace(b"0.25", b"-1e999"), "NON_FINITE", 1),
    "400 digits": (SOUND.replace(b"-1.5", b"9" * 400), "NON_FINITE", 1),
    "20 digits": (SOUND.replace(b"-1.5", b"9" * 20), "NON_FINITE", 1),
    "a member twice": (SOUND[:-1] + b',\n"intercept": 1}', "DUPLICATE_KEY", 2),
    "a field twice": (SOUND.replace(b'{"slot"', b'{"slot": {}, "slot"'), "DUPLICATE_KEY", 1),
    "a value twice": (SOUND.replace(b'"12"', b'"12": 1,\n "12"'), "DUPLICATE_KEY", 2),
}  # fmt: skip


@pytest.mark.parametrize("fault", MALFORMED)
def test_invalid_json_is_refused_with_its_line(toolchain: Toolchain, models: Path, tmp_path: Path, fault: str):
    content, status, line = MALFORMED[fault]
    path = tmp_path / "faulty.json"
    path.write_bytes(content)
    refusal = refused(toolchain, models, path)
    assert (refusal.status, refusal.line, refusal.file) == (status, line, str(path))


@pytest.mark.parametrize("ending", [".json", ".jsonl"])
def test_a_byte_order_mark_is_named(toolchain: Toolchain, models: Path, tmp_path: Path, ending: str):
    path = tmp_path / f"model{ending}"
    path.write_bytes(b"\xef\xbb\xbf" + SOUND)
    refusal = refused(toolchain, models, path)
    assert (refusal.status, refusal.line, refusal.column) == ("JSON_SYNTAX", 1, 1)
    assert "byte order mark" in refusal.message and "\ufeff" not in refusal.message


def test_the_column_counts_bytes(toolchain: Toolchain, models: Path, tmp_path: Path):
    def column(name: str) -> int:
        (tmp_path / "faulty.json").write_text('{\n"' + name + '": wrong}')
        refusal = refused(toolchain, models, tmp_path / "faulty.json")
        assert (refusal.status, refusal.line) == ("JSON_SYNTAX", 2)
        return refusal.column

    assert column("aaa") - column("a") == 2
    assert column("äää") - column("aaa") == 3


def test_the_line_counts_from_the_files_beginning_in_a_file_of_lines(
    toolchain: Toolchain, models: Path, tmp_path: Path
):
    path = tmp_path / "models.jsonl"
    path.write_bytes(b"\n" + SOUND + b"\n \n" + SOUND[:40] + b"\n")
    refusal = refused(toolchain, models, path)
    assert (refusal.status, refusal.line) == ("JSON_SYNTAX", 4)


@pytest.mark.parametrize("name", ["bomb.json.gz", "bomb.jsonl.gz", "lines.jsonl.gz"])
def test_a_small_file_that_unpacks_to_a_huge_one_stops_at_the_limit(
    toolchain: Toolchain, models: Path, tmp_path: Path, name: str
):
    path = tmp_path / name
    piece = (b" " * 1023 + b"\n") * 1024 if name.startswith("lines") else b" " * MEBIBYTE
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(200):
            file.write(piece)
    assert path.stat().st_size < 2 * MEBIBYTE
    refusal = refused(toolchain, models, path, maximum_bytes=4 * MEBIBYTE)
    assert (refusal.status, refusal.file) == ("LIMIT_EXCEEDED", str(path))
    assert "maximum_input_bytes" in refusal.message
    assert refusal.most_memory < 32 * 1024


@pytest.mark.parametrize("value", [b"{}", b"[]", b'""', b"0", b'{"a":[]}'])
def test_unknown_members_take_no_memory(toolchain: Toolchain, models: Path, tmp_path: Path, value: bytes):
    path = tmp_path / "values.json.gz"
    values = (value + b",") * (32 * MEBIBYTE // (len(value) + 1))
    path.write_bytes(gzip.compress(SOUND[:-1] + b', "x": [' + values + b"0]}", compresslevel=1))
    refusal = refused(toolchain, models, path)
    assert refusal.status == "OK"
    # The text of the only document.
    assert refusal.most_memory < 80 * 1024


def test_the_limit_counts_every_byte_of_a_load(toolchain: Toolchain, models: Path, tmp_path: Path):
    for number in range(4):
        document = json.dumps(model(str(number))).encode()
        (tmp_path / f"{number}.json").write_bytes(document + b" " * (MEBIBYTE - len(document)))
    assert refused(toolchain, models, tmp_path, maximum_bytes=4 * MEBIBYTE).status == "OK"
    refusal = refused(toolchain, models, tmp_path, maximum_bytes=4 * MEBIBYTE - 1)
    assert (refusal.status, refusal.file) == ("LIMIT_EXCEEDED", str(tmp_path / "3.json"))


def test_one_document_of_more_than_256_mebibytes_is_refused(toolchain: Toolchain, models: Path, tmp_path: Path):
    path = tmp_path / "huge.json"
    with path.open("wb") as file:
        file.truncate(257 * MEBIBYTE)
    refusal = refused(toolchain, models, path)
    assert (refusal.status, refusal.file) == ("LIMIT_EXCEEDED", str(path))
    assert "256 MiB" in refusal.message


def test_of_a_long_path_the_error_shows_the_end_in_whole_characters(toolchain: Toolchain, models: Path, tmp_path: Path):
    directory = tmp_path / ("ä" * 100) / ("ö" * 120) / ("ü" * 120)
    directory.mkdir(parents=True)
    for padding in ("", "x"):
        refusal = refused(toolchain, models, directory / f"{padding}absent.json")
        assert str(directory / f"{padding}absent.json").endswith(refusal.file)
        assert 509 < len(refusal.file.encode()) < 512


def test_a_long_json_path_is_cut_in_whole_characters(toolchain: Toolchain, models: Path, tmp_path: Path):
    for value in ("ß" * 300, "x" + "ß" * 300):
        path = write_models(tmp_path / "long.json", [model(categorical={"slot": {value: "no number"}})])
        refusal = refused(toolchain, models, path)
        assert refusal.status == "INVALID_VALUE"
        assert f'$.categorical.slot["{value}"]'.startswith(refusal.json_path)
        assert 253 < len(refusal.json_path.encode()) < 256


def test_a_path_that_is_not_utf8_is_shown_as_utf8(toolchain: Toolchain, models: Path, tmp_path: Path):
    name = os.fsdecode(b"caf\xe9.json")
    refusal = refused(toolchain, models, f"{tmp_path}/{name}")
    assert (refusal.status, refusal.file) == ("FILE_NOT_FOUND", f"{tmp_path}/caf\ufffd.json")
