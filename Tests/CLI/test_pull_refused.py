# SPDX-License-Identifier: Apache-2.0
"""What `valuation pull` refuses: servers that answer nonsense, damage, forged manifests. LATEST stays."""

import json
import os
import stat

import pytest

from .command import ENVIRONMENT, run
from .pulls import COMPILED, behind, below, forge, publish_large, pull, sizes
from .releases import latest, publish
from .store import serving


@pytest.fixture
def mirror(store, tmp_path):
    """A directory that follows the store; the store has moved on to a release `large`."""
    return behind(store, tmp_path / "mirror")


def refused(store, mirror, *parts, status=2):
    """Pulls, expects one line of error and nothing changed. Returns the line."""
    before = below(mirror) if mirror.exists() else None
    result = run("pull", store.url, mirror)
    assert (result.status, result.output) == (status, "")
    line = result.errors.splitlines()[0]
    assert line.startswith("valuation: error: cannot pull: ")
    for part in parts:
        assert part in line
    assert (below(mirror) if mirror.exists() else None) == before
    return line


DAMAGES = {
    "flipped": lambda contents: contents[:-100] + bytes([contents[-100] ^ 1]) + contents[-99:],
    "truncated": lambda contents: contents[:-10],
    "longer": lambda contents: contents + b" ",
    "empty": lambda contents: b"",
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", ["c0.json", "c3.json", COMPILED])
def test_a_damaged_file_is_named_and_alone_fetched_again(store, mirror, damage, name):
    file = store.root / "releases/large" / name
    whole = file.read_bytes()
    file.chmod(0o644)
    file.write_bytes(DAMAGES[damage](whole))
    refused(store, mirror, f"{store.url}/releases/large/{name}: ")
    # Once more, past caches: the others are fetched once.
    asked = store.asked()
    for other in sizes(store.root / "releases/large"):
        assert asked.count(f"releases/large/{other}") == 1 or other == name
    file.write_bytes(whole)
    store.forget()
    (change,) = pull(store.url, mirror).answers
    assert change["bytes"] == len(whole)
    assert latest(mirror) == "large\n"


def test_a_file_that_a_cache_has_damaged_is_fetched_past_it(store, mirror):
    name = "releases/large/c2.json"
    whole = (store.root / name).read_bytes()
    store.answers[name] = (200, DAMAGES["flipped"](whole), {})

    def past_the_cache(request, body):
        if request.path == name and request.headers.get("cache-control") == "no-cache":
            store.answers.pop(name, None)
        return True

    store.allows = past_the_cache
    pull(store.url, mirror)
    assert (mirror / name).read_bytes() == whole


def test_parts_of_a_file_that_changed_are_not_spliced(store, mirror):
    name = "releases/large/c3.json"
    store.cut = lambda request: 20_000 if request.path == name else None
    # Cut off until nothing more comes.
    store.allows = lambda request, body: request.path != name or "range" not in request.headers
    refused(store, mirror, f"{store.url}/{name}: ", "403")
    part = mirror / ".pull" / name
    assert part.stat().st_size == 20_000
    part.chmod(0o644)
    part.write_bytes(b"x" * 20_000)
    store.cut, store.allows = (lambda request: None), (lambda request, body: True)
    pull(store.url, mirror)
    assert (mirror / name).read_bytes() == (store.root / name).read_bytes()


def test_a_release_that_was_made_anew_meanwhile_is_fetched_anew(store, mirror):
    store.cut = lambda request: 20_000 if request.path.endswith("c3.json") else None
    store.allows = lambda request, body: "range" not in request.headers
    refused(store, mirror, "403")
    run("rollback", store.root, "tuesday")
    for file in (store.root / "releases/large").iterdir():
        file.unlink()
    (store.root / "releases/large").rmdir()
    publish_large(store.root, "large", 2)
    store.cut, store.allows = (lambda request: None), (lambda request, body: True)
    pull(store.url, mirror)
    assert run("validate", mirror).status == 0


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/b.json", ".hidden.json", "", "manifest.json", "a\0b.json"])
@pytest.mark.parametrize("member", ["files", "compiled"])
def test_a_manifest_names_files_of_its_own_directory_alone(store, mirror, tmp_path, name, member):
    def change(manifest):
        (manifest["compiled"] if member == "compiled" else manifest["files"][0])["name"] = name

    forge(store.root / "releases/large/manifest.json", change)
    before = {path for path in tmp_path.rglob("*") if ".pull" not in path.parts}
    refused(store, mirror, f"{store.url}/releases/large/manifest.json: ")
    assert {path for path in tmp_path.rglob("*") if ".pull" not in path.parts} == before
    assert [path for path in store.asked() if not path.endswith(("LATEST", "manifest.json"))] == []


def test_a_manifest_with_a_file_of_any_size_bounds_what_is_written(store, mirror):
    def change(manifest):
        manifest["files"][3]["bytes"] = 5000
        manifest["compiled"]["bytes"] = 6000

    forge(store.root / "releases/large/manifest.json", change)
    refused(store, mirror, "It is not as the manifest says", "[VALUATION_ERROR_CHECKSUM]")
    written = [path.stat().st_size for path in (mirror / ".pull").rglob("*") if path.name in ("c3.json", COMPILED)]
    assert max(written, default=0) <= 100_000


def test_a_file_that_is_named_twice_is_refused(store, mirror):
    def change(manifest):
        manifest["files"][0]["name"] = manifest["files"][1]["name"]

    forge(store.root / "releases/large/manifest.json", change)
    refused(store, mirror, f"{store.url}/releases/large/manifest.json: It names a file twice")


MANIFESTS = {
    "none": (404, b"", {}),
    "no JSON": (200, b"<html>Sign in</html>", {}),
    "another": (200, b'{"format": "valuation-release/2"}', {}),
    "damaged": None,
    "cut off": (200, b" " * (1 << 20), {"Content-Length": str(1 << 40)}),
}


@pytest.mark.parametrize("answer", MANIFESTS)
def test_an_unsound_manifest_is_refused(store, mirror, answer):
    manifest = "releases/large/manifest.json"
    damaged = (200, (store.root / manifest).read_bytes().replace(b'"weights": 1', b'"weights": 2'), {})
    store.answers[manifest] = MANIFESTS[answer] or damaged
    refused(store, mirror, f"{store.url}/{manifest}: ")
    assert set(store.asked()) == {"LATEST", manifest}


LATESTS = {
    "a page": b"<html>Sign in</html>",
    "a path": b"../tuesday\n",
    "nothing": b"",
    "two ids": b"monday\ntuesday\n",
    "a hidden name": b".pull\n",
    "an endless one": b"a" * 10_000_000,
}


@pytest.mark.parametrize("text", LATESTS)
def test_latest_is_one_id(store, mirror, text):
    store.answers["LATEST"] = (200, LATESTS[text], {})
    refused(store, mirror, f"{store.url}/LATEST: ")
    assert max(path.stat().st_size for path in (mirror / ".pull").rglob("*")) <= 65_536


def test_a_first_pull_that_finds_nothing_leaves_nothing(store, tmp_path):
    store.answers["LATEST"] = (404, b"", {})
    assert "404" in refused(store, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_server_that_is_down_is_named(tmp_path):
    result = run("pull", "http://127.0.0.1:1/ads", tmp_path / "new")
    assert result.status == 2
    assert "cannot pull: http://127.0.0.1:1/ads/LATEST: Failed to connect" in result.errors


def test_a_release_that_engines_refuse_is_not_kept(store, mirror):
    publish_large(store.root, "plain", 1, "--no-compiled")
    forge(store.root / "releases/plain/manifest.json", lambda manifest: manifest["priors"].update(click=2))
    refused(store, mirror, "A prior is a probability")
    assert not (mirror / "releases/plain").exists()


def test_a_file_that_no_engine_can_read_leads_nowhere(store, mirror):
    release = store.root / "releases/large"
    (release / "c1.json").chmod(0o644)
    (release / "c1.json").write_text("{}")
    import xxhash

    def change(manifest):
        manifest["compiled"] = None
        manifest["files"][1] |= {"bytes": 2, "xxh128": xxhash.xxh3_128_hexdigest(b"{}")}

    forge(release / "manifest.json", change)
    refused(store, mirror, "c1.json")
    assert not (mirror / "releases/large").exists()
    assert latest(mirror) == "tuesday\n"


def test_an_id_is_never_used_twice(store, mirror):
    publish_large(mirror, "large", 2)
    run("rollback", mirror, "tuesday")
    (mirror / ".pull/followed").unlink()
    refused(store, mirror, "[VALUATION_ERROR_RELEASE_EXISTS]", f"{mirror}/releases/large")


def test_a_directory_of_model_files_stays_one(store, published):
    refused(store, published / "batch", "holds model files")
    assert not (published / "batch" / ".pull").exists()


# ---- The secret ----


def test_a_release_needs_its_secret_before_anything_is_downloaded(store, root, tmp_path):
    store.answers["SECRET"] = (404, b"", {})
    new = tmp_path / "new"
    result = run("pull", store.url, new)
    assert result.status == 2
    first, second = result.errors.splitlines()
    assert first.endswith("[VALUATION_ERROR_SECRET]")
    assert "valuation push --secret" in second
    assert store.asked() == ["LATEST", "releases/tuesday/manifest.json", "SECRET"]
    new.mkdir(exist_ok=True)
    (new / "SECRET").write_bytes((root / "SECRET").read_bytes())
    pull(store.url, new)
    assert run("validate", new).status == 0


def test_the_secret_of_other_releases_is_not_taken(store, published, tmp_path):
    publish(published / "batch", published / "others", "monday")
    store.answers["SECRET"] = (200, (published / "others/SECRET").read_bytes(), {})
    result = run("pull", store.url, tmp_path / "new")
    assert result.status == 2
    assert "[VALUATION_ERROR_SECRET]" in result.errors
    assert not (tmp_path / "new/SECRET").exists()


def test_a_directory_keeps_its_secret(store, published):
    publish(published / "batch", published / "others", "monday")
    secret = (published / "others/SECRET").read_bytes()
    line = refused(store, published / "others")
    assert line.endswith("[VALUATION_ERROR_SECRET]")
    assert (published / "others/SECRET").read_bytes() == secret


def test_a_directory_on_the_standard_secret_gets_no_other(store, published, mirror):
    """It has LATEST and no SECRET."""
    (mirror / "SECRET").unlink()
    refused(store, mirror, "[VALUATION_ERROR_SECRET]")
    assert "SECRET" not in store.asked()


def test_releases_under_the_standard_secret_need_no_file(published, tmp_path):
    root = published / "old"
    root.mkdir()
    (root / "releases").mkdir()
    (root / "LATEST").write_text("none\n")
    publish(published / "batch", root, "monday")
    assert not (root / "SECRET").exists()
    with serving(root) as store:
        pull(store.url, tmp_path / "new")
        assert "SECRET" not in store.asked()
    assert stat.S_IMODE((tmp_path / "new/releases/monday" / COMPILED).stat().st_mode) == 0o444
    assert run("validate", tmp_path / "new").status == 0


# ---- curl ----


def test_without_curl_it_says_what_to_install(store, mirror, tmp_path):
    result = run("pull", store.url, mirror, env=ENVIRONMENT | {"PATH": str(tmp_path)})
    assert result.status == 2
    first, second = result.errors.splitlines()
    assert first == "valuation: error: cannot pull: the program curl is missing, which makes the transfers"
    assert "apt-get install curl" in second


def test_redirects_are_followed_within_bounds(store, mirror, root):
    store.answers["moved/LATEST"] = (302, b"", {"Location": f"{store.url}/LATEST"})
    result = run("pull", f"{store.url}/moved", mirror)
    assert "releases/large/manifest.json: The requested URL returned error: 404" in result.errors
    store.answers["LATEST"] = (302, b"", {"Location": f"{store.url}/LATEST"})
    store.forget()
    refused(store, mirror, "Maximum (5) redirects followed")
    assert store.asked() == ["LATEST"] * 6
    store.answers["LATEST"] = (302, b"", {"Location": f"file://{root}/LATEST"})
    refused(store, mirror, 'Protocol "file"')


def test_passwords_come_from_netrc_and_no_process_shows_one(store, mirror, tmp_path):
    import base64

    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login ad password s3cret\n")
    (tmp_path / ".netrc").chmod(0o600)
    wanted = "Basic " + base64.b64encode(b"ad:s3cret").decode()
    store.allows = lambda request, body: request.headers.get("authorization") == wanted
    refused(store, mirror, "403")
    pull(store.url, mirror, env=ENVIRONMENT | {"HOME": str(tmp_path)})


def test_credentials_are_on_standard_input_alone(mirror, tmp_path):
    folder = tmp_path / "bin"
    folder.mkdir()
    fake = folder / "curl"
    fake.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {folder}/arguments\ncat > {folder}/input\n')
    fake.chmod(0o755)
    keys = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": 'a"b\\c', "AWS_SESSION_TOKEN": "t0ken"}
    environment = ENVIRONMENT | keys | {"PATH": f"{folder}{os.pathsep}{ENVIRONMENT['PATH']}", "AWS_REGION": "eu-west-1"}
    assert run("pull", "s3://models/ads/now", mirror, env=environment).status == 2
    assert (folder / "arguments").read_text().splitlines() == ["--config", "-"]
    options = (folder / "input").read_text().splitlines()
    assert 'user = "AKIAEXAMPLE:a\\"b\\\\c"' in options
    assert 'header = "x-amz-security-token: t0ken"' in options
    assert 'aws-sigv4 = "aws:amz:eu-west-1:s3"' in options
    assert 'url = "https://models.s3.eu-west-1.amazonaws.com/ads/now/LATEST"' in options
    # The token is for nobody to whom a redirect may lead.
    assert "location" not in options
    run("pull", "s3://my.models", mirror, env=environment)
    assert 'url = "https://s3.eu-west-1.amazonaws.com/my.models/LATEST"' in (folder / "input").read_text().splitlines()


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("models.example/ads", "must begin with https://"),
        ("ftp://models.example/ads", "must begin with https://"),
        ("https://me:s3cret@models.example/ads", "~/.netrc"),
        ("https://models.example/ads?version=3", "no ?"),
        ("https://models.example/a b", "%20"),
        ("s3://x", "'x' is not the name of a bucket"),
        ("s3://a:b@c/d", "'a:b@c' is not the name of a bucket"),
    ],
)
def test_a_url_that_leads_nowhere_says_why(tmp_path, url, reason):
    result = run("pull", url, tmp_path / "new")
    assert (result.status, result.output) == (2, "")
    assert reason in result.errors
    assert "s3cret" not in result.errors
    assert not (tmp_path / "new").exists()


def test_half_an_account_is_refused(tmp_path):
    result = run("pull", "s3://models", tmp_path / "new", env=ENVIRONMENT | {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE"})
    assert result.status == 2
    assert "must both be set" in result.errors


def test_wrong_usage_asks_nobody(store, mirror):
    assert run("pull", store.url, mirror, "--keep", 0).status == 64
    assert run("pull", store.url).status == 64
    assert store.requests == []


def test_a_manifest_is_read_by_the_library_first(store, mirror):
    """A member that is there twice: readers of JSON differ in which they take."""
    manifest = store.root / "releases/large/manifest.json"
    text = json.loads(manifest.read_text())
    evil = json.dumps([dict(text["files"][0], name="../../../evil.json")])
    for order in (0, 1):
        document = json.dumps({name: value for name, value in text.items() if name not in ("files", "checksum")})
        members = [f'"files": {evil}', f'"files": {json.dumps(text["files"])}']
        body = document[:-1] + ", " + ", ".join(members[:: 1 if order else -1]) + ", "
        import xxhash

        manifest.chmod(0o644)
        manifest.write_text(f'{body}"checksum": "{xxhash.xxh3_128_hexdigest(body.encode())}"}}')
        refused(store, mirror, f"{store.url}/releases/large/")
        assert not any("evil" in path for path in store.asked())
