# SPDX-License-Identifier: Apache-2.0
"""`valuation push`: a release to a web server that takes PUT."""

import pytest

from .command import run, run_in_terminal
from .pulls import COMPILED, below, forge, pull, sizes
from .releases import latest
from .store import serving


@pytest.fixture
def store(tmp_path):
    """A web server without a file."""
    (tmp_path / "store").mkdir()
    with serving(tmp_path / "store") as store:
        yield store


def push(root, url, *options):
    """Pushes; fails the test if that fails."""
    result = run("push", root, url, *options)
    assert (result.status, result.errors) == (0, "")
    (answer,) = result.answers
    return answer


def puts(store):
    """What was uploaded, in its order."""
    return store.asked("PUT")


def test_the_manifest_comes_after_the_files_and_latest_comes_last(store, root):
    answer = push(root, store.url)
    release = sizes(root / "releases/tuesday")
    assert answer == {
        "id": "tuesday",
        "files": len(release),
        "bytes": sum(release.values()),
        "latest": "tuesday",
        "new": True,
    }
    *files, manifest, last = puts(store)
    assert sorted(files) == sorted(f"releases/tuesday/{name}" for name in release)
    assert (manifest, last) == ("releases/tuesday/manifest.json", "LATEST")
    uploads = [request for request in store.requests if request.method == "PUT"]
    assert uploads[-1].headers["cache-control"] == "no-cache"
    assert below(store.root) == {name: below(root)[name] for name in [*files, manifest, last]}


def test_what_was_pushed_can_be_pulled(store, root, tmp_path):
    push(root, store.url, "--secret")
    pull(store.url, tmp_path / "mirror")
    assert run("validate", tmp_path / "mirror").status == 0
    assert (tmp_path / "mirror/SECRET").read_bytes() == (root / "SECRET").read_bytes()


def test_without_a_change_nothing_is_uploaded(store, root):
    push(root, store.url, "--secret")
    store.forget()
    answer = push(root, store.url, "--secret")
    assert answer == {"id": "tuesday", "files": 0, "bytes": 0, "latest": "tuesday", "new": False}
    assert {request.method for request in store.requests} == {"GET"}


def test_after_a_rollback_latest_alone_is_uploaded(store, root):
    run("rollback", root, "monday")
    push(root, store.url)
    run("rollback", root, "tuesday")
    push(root, store.url)
    run("rollback", root, "monday")
    store.forget()
    push(root, store.url)
    assert puts(store) == ["LATEST"]
    assert latest(store.root) == "monday\n"


def test_another_release_than_that_of_latest_leaves_latest_alone(store, root):
    push(root, store.url)
    answer = push(root, store.url, "--release", "monday")
    assert answer["new"]
    assert "latest" not in answer
    assert latest(store.root) == "tuesday\n"
    assert (store.root / "releases/monday/manifest.json").exists()


def test_after_an_interruption_the_rest_is_uploaded(store, root):
    refused = f"releases/tuesday/{COMPILED}"
    store.allows = lambda request, body: request.method != "PUT" or request.path != refused
    result = run("push", root, store.url)
    assert (result.status, result.output) == (2, "")
    (line,) = result.errors.splitlines()
    assert line.startswith(f"valuation: error: cannot push: {store.url}/{refused}: ")
    assert not (store.root / "LATEST").exists()
    assert not (store.root / "releases/tuesday/manifest.json").exists()
    # Servers that keep what came before a connection broke have a part of a file.
    part = store.root / "releases/tuesday/0.json"
    part.write_bytes(part.read_bytes()[:-1])
    store.allows = lambda request, body: True
    store.forget()
    push(root, store.url)
    assert sorted(puts(store)[:-2]) == ["releases/tuesday/0.json", refused]


def test_a_release_that_is_there_is_never_changed(store, root):
    push(root, store.url)
    before = below(store.root)
    forge(root / "releases/tuesday/manifest.json", lambda manifest: manifest.update(trainer="another"))
    store.forget()
    result = run("push", root, store.url)
    assert (result.status, result.output) == (2, "")
    assert result.errors.endswith("[VALUATION_ERROR_RELEASE_EXISTS]\n")
    assert below(store.root) == before
    assert puts(store) == []


def test_what_is_damaged_here_is_not_uploaded(store, root):
    file = root / "releases/tuesday/0.json"
    text = file.read_bytes()
    file.chmod(0o644)
    file.write_bytes(text.replace(b"1.5", b"1.6"))
    result = run("push", root, store.url)
    assert result.status == 2
    assert f"{file}: It is not as it was published" in result.errors
    assert puts(store) == []
    file.unlink()
    assert run("push", root, store.url).status == 2
    assert puts(store) == []


def test_webdav_gets_its_collections(store, root):
    store.has_collections = True
    push(root, store.url)
    assert [request.path for request in store.requests if request.status == 201 and request.method == "MKCOL"] == [
        "releases/",
        "releases/tuesday/",
    ]
    push(root, store.url, "--release", "monday")
    assert (store.root / "releases/monday/manifest.json").exists()


def test_the_secret_is_uploaded_where_it_is_asked_for(store, root, published):
    push(root, store.url)
    assert not (store.root / "SECRET").exists()
    push(root, store.url, "--secret")
    assert (store.root / "SECRET").read_bytes() == (root / "SECRET").read_bytes()
    (store.root / "SECRET").write_text("0" * 64 + "\n")
    store.forget()
    result = run("push", root, store.url, "--secret")
    assert (result.status, result.output) == (2, "")
    assert result.errors.endswith("[VALUATION_ERROR_SECRET]\n")
    assert puts(store) == []


def test_people_read_what_was_uploaded(store, root):
    options = {"columns": 200, "environment": {"NO_COLOR": "1"}}
    shown = run_in_terminal("push", root, store.url, **options)
    release = sizes(root / "releases/tuesday")
    assert shown.lines[-3].endswith(f"pushed tuesday to {store.url}")
    assert shown.lines[-2:] == [
        f"  {len(release)} files, {sum(release.values()) / 1000:.1f} kB uploaded",
        "  LATEST names it there",
    ]
    again = run_in_terminal("push", root, store.url, "--release", "tuesday", **options)
    assert again.lines == [f"tuesday is in {store.url}", "  0 files, 0 bytes uploaded", "  LATEST names it there"]


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["models", "file:///tmp/x"], "nothing is pushed to file://"),
        (["batch", "http://127.0.0.1:1/x"], "names no release"),
        (["models", "http://127.0.0.1:1/x", "--release", "friday"], "no release of this id"),
        (["models", "http://127.0.0.1:1/x"], "Failed to connect"),
    ],
)
def test_what_cannot_be_pushed_is_named(published, arguments, part):
    result = run("push", *arguments, cwd=published)
    assert (result.status, result.output) == (2, "")
    assert result.errors.startswith("valuation: error: cannot push: ")
    assert part in result.errors
