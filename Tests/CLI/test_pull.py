# SPDX-License-Identifier: Apache-2.0
"""`valuation pull`: servers fetch what a web server or object store names."""

import email.utils
import fcntl
import os

import pytest

from .command import request_line, run, run_in_terminal
from .pulls import COMPILED, below, modes, publish_large, pull, sizes
from .releases import latest, publish
from .store import serving


@pytest.fixture
def mirror(tmp_path):
    """A directory of releases that does not exist yet."""
    return tmp_path / "mirror"


def written(store, identifier, seconds):
    """Makes LATEST of a store name a release, written at a time since 1970."""
    (store.root / "LATEST").write_text(f"{identifier}\n")
    os.utime(store.root / "LATEST", (seconds, seconds))


def test_a_first_pull_makes_a_directory_that_serves(store, root, mirror):
    result = pull(store.url, mirror)
    size = sum(sizes(root / "releases/tuesday").values())
    assert result.answers == [{"after": "tuesday", "bytes": size}]
    assert latest(mirror) == "tuesday\n"
    theirs = {name: text for name, text in below(root).items() if "tuesday" in name or "/" not in name}
    del theirs["policy.json"]
    assert below(mirror) == theirs
    given = request_line()
    assert run("score", "--models", mirror, given=given).output == run("score", "--models", root, given=given).output


@pytest.mark.parametrize("umask", [0o077, 0o022, 0o002])
def test_what_is_pulled_has_the_modes_of_what_was_published(store, root, mirror, umask):
    pull(store.url, mirror, umask=umask)
    known = modes(root)
    for path, mode in modes(mirror).items():
        # The umask may leave more to directories.
        assert mode == known[path] or (path.startswith("releases") and mode[0] & 0o755 == 0o755), path
    assert modes(mirror)["SECRET"][0] == 0o440
    assert modes(mirror)[f"releases/tuesday/{COMPILED}"][0] == 0o440
    assert (mirror / ".pull").stat().st_mode & 0o777 == 0o700


def test_a_compiled_file_has_the_readers_of_the_secret_here(store, root, mirror):
    others = [4242] if os.geteuid() == 0 else [group for group in os.getgroups() if group != os.getegid()]
    if not others:
        pytest.skip("needs a user who is in two groups")
    mirror.mkdir()
    (mirror / "SECRET").write_bytes((root / "SECRET").read_bytes())
    os.chown(mirror / "SECRET", -1, others[0])
    (mirror / "SECRET").chmod(0o640)
    pull(store.url, mirror)
    assert modes(mirror)[f"releases/tuesday/{COMPILED}"] == (0o440, others[0])
    assert "SECRET" not in store.asked()


def test_without_a_change_it_makes_one_request_and_is_silent(store, mirror):
    pull(store.url, mirror)
    before = below(mirror)
    store.forget()
    assert pull(store.url, mirror).output == ""
    assert [(request.method, request.path) for request in store.requests] == [("GET", "LATEST")]
    assert store.requests[0].headers["cache-control"] == "no-cache"
    assert below(mirror) == before
    shown = run_in_terminal("pull", store.url, mirror, columns=200, environment={"NO_COLOR": "1"})
    assert (shown.status, shown.output) == (0, f"LATEST of {mirror} names tuesday, as it does there\n")


def test_people_read_what_changed(store, published, root, mirror):
    pull(store.url, mirror)
    publish(published / "batch", root, "wednesday")
    shown = run_in_terminal("pull", "--keep", 1, store.url, mirror, columns=200, environment={"NO_COLOR": "1"})
    size = sum(sizes(root / "releases/wednesday").values())
    # Before them, the progress is written over itself.
    assert shown.lines[-2].endswith(f"LATEST of {mirror} named tuesday and now names wednesday")
    assert shown.lines[-1] == f"  {size / 1000:.1f} kB received, 0 releases removed"


def test_latest_moves_on_and_previous_has_what_it_named_before(store, published, root, mirror):
    pull(store.url, mirror)
    publish(published / "batch", root, "wednesday")
    (change,) = pull(store.url, mirror).answers
    assert (change["before"], change["after"]) == ("tuesday", "wednesday")
    assert (mirror / "PREVIOUS").read_text() == "tuesday\n"
    assert run("rollback", mirror).answers == [{"before": "wednesday", "after": "tuesday"}]


def test_old_releases_are_removed_as_prune_does(store, published, root, mirror):
    pull(store.url, mirror)
    for identifier in ("wednesday", "thursday"):
        publish(published / "batch", root, identifier)
        (change,) = pull(store.url, mirror, "--keep", 1).answers
    assert change["removed"] == ["tuesday"]
    assert [release["id"] for release in run("releases", mirror).answers] == ["thursday", "wednesday"]


def test_a_policy_that_cannot_be_read_keeps_all_releases_and_stops_no_pull(store, published, root, mirror):
    pull(store.url, mirror)
    publish(published / "batch", root, "wednesday")
    (mirror / "policy.json").write_text("{")
    result = run("pull", store.url, mirror, "--keep", 1)
    assert (result.status, result.output) == (2, "")
    assert "error: pulled, but old releases cannot be removed: " in result.errors
    assert latest(mirror) == "wednesday\n"


def test_a_release_that_is_here_is_not_downloaded_again(store, root, mirror):
    pull(store.url, mirror)
    run("rollback", root, "monday")
    pull(store.url, mirror)
    run("rollback", root, "tuesday")
    store.forget()
    (change,) = pull(store.url, mirror).answers
    assert change == {"before": "monday", "after": "tuesday", "bytes": 0}
    assert store.asked() == ["LATEST", "releases/tuesday/manifest.json"]


def test_releases_without_a_compiled_file_are_pulled(store, published, root, mirror):
    publish(published / "batch", root, "plain", "--no-compiled")
    pull(store.url, mirror)
    assert COMPILED not in sizes(mirror / "releases/plain")
    assert run("validate", mirror).status == 0


def test_strange_names_of_files_are_kept(published, mirror):
    name = 'a "b" [1-3] {c} %41 #1 ?e\\f ü &.json'
    (published / "batch" / "1042.json").rename(published / "batch" / name)
    publish(published / "batch", published / "strange", "monday")
    with serving(published / "strange") as store:
        pull(store.url, mirror)
    assert (mirror / "releases/monday" / name).read_bytes() == (published / "batch" / name).read_bytes()


def test_a_directory_is_pulled_from_a_file_url(root, mirror):
    pull(f"file://{root}", mirror)
    assert pull(f"file://{root}/", mirror).output == ""
    assert run("validate", mirror).status == 0


# ---- The order of time ----


def test_a_rollback_there_is_followed(store, root, mirror):
    written(store, "tuesday", 1_000_000_000)
    pull(store.url, mirror)
    pull(store.url, mirror)
    written(store, "monday", 1_000_000_001)
    (change,) = pull(store.url, mirror).answers
    assert (change["before"], change["after"]) == ("tuesday", "monday")


def test_an_old_answer_of_a_cache_is_not_followed(store, root, mirror):
    written(store, "monday", 1_000_000_000)
    pull(store.url, mirror)
    written(store, "tuesday", 1_000_000_060)
    pull(store.url, mirror)
    stale = {"Last-Modified": email.utils.formatdate(1_000_000_000, usegmt=True)}
    store.answers["LATEST"] = (200, b"monday\n", stale)
    before = below(mirror)
    for _ in range(2):
        result = run("pull", store.url, mirror)
        assert (result.status, result.output) == (1, "")
        first, second = result.errors.splitlines()
        assert "It is of 2001-09-09T01:46:40Z and names monday, but one of 2001-09-09T01:47:40Z was followed" in first
        assert f"remove {mirror}/.pull/followed" in second
        assert below(mirror) == before
    del store.answers["LATEST"]
    assert pull(store.url, mirror).output == ""
    store.answers["LATEST"] = (200, b"monday\n", stale)
    (mirror / ".pull/followed").unlink()
    pull(store.url, mirror)
    assert latest(mirror) == "monday\n"


def test_what_was_seen_to_be_written_again_is_the_newest(store, root, mirror):
    """LATEST went to monday and back to tuesday between two pulls; a cache still has monday."""
    written(store, "tuesday", 1_000_000_000)
    pull(store.url, mirror)
    written(store, "tuesday", 1_000_000_120)
    pull(store.url, mirror)
    stale = {"Last-Modified": email.utils.formatdate(1_000_000_060, usegmt=True)}
    store.answers["LATEST"] = (200, b"monday\n", stale)
    assert run("pull", store.url, mirror).status == 1
    # An old answer that names what serves is no news.
    store.answers["LATEST"] = (200, b"tuesday\n", stale)
    pull(store.url, mirror)
    store.answers["LATEST"] = (200, b"monday\n", stale)
    assert run("pull", store.url, mirror).status == 1


def test_a_server_that_names_no_times_is_followed(store, root, mirror):
    pull(store.url, mirror)
    store.answers["LATEST"] = (200, b"monday\n", {})
    pull(store.url, mirror)
    assert latest(mirror) == "monday\n"


def test_a_rollback_here_holds_until_latest_there_is_written_again(store, root, mirror):
    written(store, "monday", 1_000_000_000)
    pull(store.url, mirror)
    written(store, "tuesday", 1_000_000_001)
    pull(store.url, mirror)
    run("rollback", mirror)
    store.forget()
    assert pull(store.url, mirror).output == ""
    assert store.asked() == ["LATEST"]
    assert latest(mirror) == "monday\n"
    shown = run_in_terminal("pull", store.url, mirror, columns=300, environment={"NO_COLOR": "1"})
    assert f"LATEST of {mirror} names monday, although tuesday was pulled" in shown.output
    written(store, "tuesday", 1_000_000_002)
    pull(store.url, mirror)
    assert latest(mirror) == "tuesday\n"


def test_another_store_is_followed_whatever_its_times(store, published, root, mirror):
    written(store, "tuesday", 1_000_000_000)
    pull(store.url, mirror)
    with serving(root) as second:
        written(second, "monday", 900_000_000)
        pull(second.url, mirror)
    assert latest(mirror) == "monday\n"


# ---- Beside others ----


def test_a_publisher_at_work_makes_it_busy_and_loses_no_download(store, root, mirror):
    pull(store.url, mirror)
    publish_large(root, "large")
    store.forget()
    descriptor = os.open(mirror, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        result = run("pull", store.url, mirror)
    finally:
        os.close(descriptor)
    assert (result.status, result.output) == (2, "")
    (line,) = result.errors.splitlines()
    assert line.endswith("[VALUATION_ERROR_BUSY]")
    assert latest(mirror) == "tuesday\n"
    store.forget()
    assert pull(store.url, mirror).answers == [{"before": "tuesday", "after": "large", "bytes": 0}]
    assert store.asked() == ["LATEST", "releases/large/manifest.json"]


def test_an_operator_can_roll_back_while_a_download_lasts(store, root, mirror):
    from .pulls import begin, end

    written(store, "monday", 1_000_000_000)
    pull(store.url, mirror)
    written(store, "tuesday", 1_000_000_001)
    pull(store.url, mirror)
    publish_large(root, "large")
    store.stop_after(100_000)
    process = begin("pull", store.url, mirror)
    assert store.has_stopped.wait(60)
    assert run("rollback", mirror).answers == [{"before": "tuesday", "after": "monday"}]
    store.go_on()
    result = end(process)
    assert (result.status, result.errors) == (0, "")
    assert latest(mirror) == "large\n"
