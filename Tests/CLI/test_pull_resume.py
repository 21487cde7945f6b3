# SPDX-License-Identifier: Apache-2.0
"""`valuation pull` where connections break and processes are killed.

Nothing is fetched twice, and nothing that is incomplete serves.
"""

import fcntl
import os
import random
import signal
import threading

import pytest
import valuation

from .command import request_line, run
from .pulls import begin, behind, end, publish_large, pull, sizes
from .releases import latest


@pytest.fixture
def mirror(store, tmp_path):
    """A directory that follows the store; the store has moved on to a release `large`."""
    return behind(store, tmp_path / "mirror")


def sent_of_files(store):
    """The bytes that the server sent of the files of the release `large`, by their name."""
    sent = dict.fromkeys(sizes(store.root / "releases/large"), 0)
    for request in store.requests:
        name = request.path.removeprefix("releases/large/")
        if name in sent and request.status in (200, 206):
            sent[name] += request.sent
    return sent


def is_whole(mirror, identifier):
    """Whether LATEST names a release, and that one is complete."""
    return latest(mirror) == f"{identifier}\n" and run("validate", mirror).status == 0


def wait_for_curl(mirror):
    """Waits until no process has the directory's downloads."""
    descriptor = os.open(mirror / ".pull", os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    os.close(descriptor)


def kill(process, mirror):
    """Kills a process and its curl at once, as systemd and Ctrl-C do."""
    os.killpg(process.pid, signal.SIGKILL)
    wait_for_curl(mirror)
    return end(process)


@pytest.mark.parametrize("seed", range(4))
def test_a_download_goes_on_where_its_connection_broke(store, mirror, seed):
    chance = random.Random(seed)
    store.cut = lambda request: chance.randrange(1, 60_000) if "/large/c" in request.path else None
    (change,) = pull(store.url, mirror).answers
    whole = sizes(store.root / "releases/large")
    assert len([request for request in store.requests if request.status == 206]) >= 4
    assert sent_of_files(store) == whole
    assert change["bytes"] == sum(whole.values())
    assert is_whole(mirror, "large")


def test_without_ranges_a_broken_download_begins_anew(store, mirror):
    store.has_ranges = False
    cuts = {"releases/large/c3.json": 50_000}
    store.cut = lambda request: cuts.pop(request.path, None)
    pull(store.url, mirror)
    whole = sizes(store.root / "releases/large")
    sent = sent_of_files(store)
    # The answer to the request for a part is not read, though some of it may be sent.
    assert 50_000 + whole["c3.json"] <= sent["c3.json"] <= 50_000 + 2 * whole["c3.json"]
    assert {name: size for name, size in sent.items() if name != "c3.json"} == {
        name: size for name, size in whole.items() if name != "c3.json"
    }
    assert is_whole(mirror, "large")


def test_without_ranges_a_connection_that_always_breaks_is_given_up(store, mirror):
    store.has_ranges = False
    store.cut = lambda request: 50_000 if request.path.endswith("c3.json") else None
    result = run("pull", store.url, mirror)
    assert (result.status, result.output) == (2, "")
    assert result.errors.count("\n") == 1
    assert f"{store.url}/releases/large/c3.json: " in result.errors
    assert store.asked().count("releases/large/c3.json") <= 5
    assert is_whole(mirror, "tuesday")


def test_a_server_that_brings_nothing_more_is_given_up_and_what_came_is_kept(store, mirror):
    store.cut = lambda request: 0 if "range" in request.headers else 10_000
    result = run("pull", store.url, mirror)
    assert result.status == 2
    assert "releases/large/" in result.errors
    store.cut = lambda request: None
    store.forget()
    (change,) = pull(store.url, mirror).answers
    whole = sizes(store.root / "releases/large")
    assert change["bytes"] == sum(size - 10_000 for size in whole.values())


def test_trouble_of_the_server_that_passes_is_no_failure(store, mirror):
    troubles = [503, 500]

    def allows(request, body):
        if request.path == "LATEST" and troubles:
            store.answers["LATEST"] = (troubles.pop(), b"", {})
        else:
            store.answers.pop("LATEST", None)
        return True

    store.allows = allows
    pull(store.url, mirror)
    assert is_whole(mirror, "large")


def test_killed_at_any_byte_it_leaves_latest_whole_and_the_next_pull_goes_on(store, mirror):
    whole = sum(sizes(store.root / "releases/large").values())
    chance = random.Random(7)
    for _ in range(12):
        store.stop_after(chance.randrange(1, whole // 15))
        process = begin("pull", store.url, mirror)
        assert store.has_stopped.wait(60)
        assert kill(process, mirror).status == -signal.SIGKILL
        store.go_on()
        assert is_whole(mirror, "tuesday")
        assert sorted(path.name for path in (mirror / "releases").iterdir()) == ["tuesday"]
    assert any((mirror / ".pull/releases/large").iterdir())
    store.forget()
    (change,) = pull(store.url, mirror).answers
    assert is_whole(mirror, "large")
    total = sum(sent_of_files(store).values())
    assert change["bytes"] == total < whole


def test_a_curl_that_outlives_a_killed_pull_keeps_others_out_and_its_work_counts(store, mirror):
    store.stop_after(200_000)
    process = begin("pull", store.url, mirror)
    assert store.has_stopped.wait(60)
    process.kill()
    process.wait()
    result = run("pull", store.url, mirror)
    assert (result.status, result.output) == (2, "")
    assert result.errors.endswith("[VALUATION_ERROR_BUSY]\n")
    store.go_on()
    wait_for_curl(mirror)
    pull(store.url, mirror)
    assert sent_of_files(store) == sizes(store.root / "releases/large")
    assert is_whole(mirror, "large")


def test_what_a_first_pull_brought_is_kept(store, tmp_path):
    publish_large(store.root, "large")
    store.allows = lambda request, body: "range" not in request.headers
    store.cut = lambda request: 50_000 if request.path.endswith("c3.json") else None
    assert run("pull", store.url, tmp_path / "first").status == 2
    store.allows, store.cut = (lambda request, body: True), (lambda request: None)
    pull(store.url, tmp_path / "first")
    assert sent_of_files(store) == sizes(store.root / "releases/large")
    assert is_whole(tmp_path / "first", "large")


def test_two_pulls_at_once_make_one_download(store, mirror):
    store.stop_after(100_000)
    first = begin("pull", store.url, mirror)
    assert store.has_stopped.wait(60)
    second = run("pull", store.url, mirror)
    assert (second.status, second.output) == (2, "")
    (line,) = second.errors.splitlines()
    assert "Another pull is working there; try again" in line
    assert line.endswith("[VALUATION_ERROR_BUSY]")
    store.go_on()
    result = end(first)
    assert (result.status, result.errors) == (0, "")
    assert sent_of_files(store) == sizes(store.root / "releases/large")


def test_a_newer_release_takes_the_place_of_an_unfinished_one(store, mirror):
    store.stop_after(100_000)
    process = begin("pull", store.url, mirror)
    assert store.has_stopped.wait(60)
    kill(process, mirror)
    store.go_on()
    publish_large(store.root, "larger")
    pull(store.url, mirror)
    assert is_whole(mirror, "larger")
    assert list((mirror / ".pull/releases").iterdir()) == []


def test_an_engine_that_follows_sees_complete_releases_alone(store, mirror):
    """It refreshes all the time, while pulls are cut, killed and completed."""
    with valuation.Engine() as engine:
        engine.load(mirror)
        seen, failures, is_done = [], [], threading.Event()
        request = request_line()

        def follow():
            while not is_done.is_set():
                try:
                    engine.refresh()
                    engine.score(request)
                    identifier = engine.describe()["release"]["id"]
                except valuation.Error as error:
                    failures.append(error)
                    return
                if seen[-1:] != [identifier]:
                    seen.append(identifier)

        thread = threading.Thread(target=follow)
        thread.start()
        expected = ["tuesday"]
        chance = random.Random(3)
        for number in range(4):
            identifier = f"round-{number}"
            release = publish_large(store.root, identifier)
            store.stop_after(chance.randrange(1, sum(sizes(release).values())))
            process = begin("pull", store.url, mirror)
            assert store.has_stopped.wait(60)
            kill(process, mirror)
            store.go_on()
            store.cut = lambda request: chance.randrange(1, 100_000) if "/c" in request.path else None
            pull(store.url, mirror, "--keep", 2)
            expected.append(identifier)
            while seen[-1:] != [identifier] and thread.is_alive():
                is_done.wait(0.01)
        is_done.set()
        thread.join()
        assert failures == []
        assert seen == expected
