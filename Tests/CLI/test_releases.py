# SPDX-License-Identifier: Apache-2.0
"""`valuation releases`, `rollback` and `prune`: which releases exist, which one serves, which may go."""

import datetime
import re

import pytest

from .command import request_line, run, run_in_terminal
from .releases import contents, latest, publish


def ids(root):
    return [release["id"] for release in run("releases", root).answers]


def damage(root, identifier):
    """Changes one number in a manifest."""
    manifest = root / "releases" / identifier / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"weights": 8', '"weights": 9'))


def test_each_release_is_a_line(root):
    result = run("releases", root)
    assert (result.status, result.errors) == (0, "")
    releases = result.answers
    assert [release["id"] for release in releases] == ["tuesday", "monday", "2026-11-21T030000Z"]
    assert [release["latest"] for release in releases] == [True, False, False]
    for release in releases:
        age = datetime.datetime.now(datetime.timezone.utc) - datetime.datetime.fromisoformat(
            release["created"].replace("Z", "+00:00")
        )
        assert -1 < age.total_seconds() < 86_400
        files = [file for file in (root / "releases" / release["id"]).iterdir() if file.name != "manifest.json"]
        assert release["bytes"] == sum(file.stat().st_size for file in files)
    assert [release["click_models"] for release in releases] == [3, 2, 2]
    assert [release["weights"] for release in releases] == [9, 8, 8]


def test_the_table_marks_the_one_that_is_live(root):
    result = run("releases", "--format", "table", root)
    assert result.lines[0].startswith(f"{root}  3 releases, ")
    rows = {line.split()[0]: re.split(r"  +", line) for line in result.lines[3:]}
    assert [cells[0] for cells in rows.values() if cells[1] == "live"] == ["tuesday"]
    assert re.fullmatch(r"\d+ (s|min)", rows["monday"][1])
    assert rows["monday"][-5:] == ["2", "2", "1", "8", "yes"]


@pytest.mark.parametrize("columns", [50, 80, 120])
def test_the_table_fits_the_terminal(root, columns):
    result = run_in_terminal("releases", root, columns=columns, environment={"NO_COLOR": "1"})
    assert result.status == 0
    assert max(len(line) for line in result.lines[1:]) <= columns
    assert ("created" in result.output) == (columns >= 120)


def test_a_damaged_release_is_listed_with_its_problem(root):
    damage(root, "monday")
    result = run("releases", root)
    assert result.status == 1
    problems = {release["id"]: release["problem"] for release in result.answers}
    assert problems["tuesday"] is None
    assert "not as it was published" in problems["monday"]
    table = run("releases", "--format", "table", root)
    assert table.status == 1
    assert table.lines[-2].split()[0] == "monday"
    assert table.lines[-1].strip() == problems["monday"]


@pytest.mark.parametrize(
    "arguments", [["releases"], ["rollback"], ["prune", "--keep", "1"]], ids=lambda given: given[0]
)
def test_a_directory_without_a_publication_is_refused(models, arguments):
    result = run(arguments[0], models, *arguments[1:])
    assert (result.status, result.output) == (2, "")
    assert f"{models}: This is no directory of releases" in result.errors


@pytest.mark.parametrize(
    "arguments", [["releases"], ["rollback"], ["prune", "--keep", "1"]], ids=lambda given: given[0]
)
def test_a_missing_directory_ends_with_2(directory, arguments):
    result = run(*arguments, directory / "nowhere")
    assert (result.status, result.output) == (2, "")
    assert f"{directory / 'nowhere'}: " in result.errors
    assert "[VALUATION_ERROR_FILE_NOT_FOUND]" in result.errors
    assert "`valuation publish` makes one" in result.errors


def test_a_rollback_leads_to_the_release_before(root, published):
    given = request_line()
    result = run("rollback", root)
    assert (result.status, result.errors) == (0, "")
    assert result.answers == [{"before": "tuesday", "after": "monday"}]
    assert latest(root) == "monday\n"
    (answer,), (of_files,) = (
        run("score", "--models", path, given=given).answers for path in (root, published / "batch")
    )
    assert answer | {"release": None} == of_files
    assert answer["release"] == "monday"
    again = run("rollback", root, "--format", "text")
    assert again.output == f"LATEST of {root} named monday and now names tuesday\n"


def test_a_rollback_leads_to_the_id_given_and_back(root):
    assert run("rollback", root, "2026-11-21T030000Z").status == 0
    assert latest(root) == "2026-11-21T030000Z\n"
    assert run("rollback", root, "tuesday").answers == [{"before": "2026-11-21T030000Z", "after": "tuesday"}]
    assert run("rollback", root, "tuesday", "--format", "text").output == f"LATEST of {root} names tuesday, as before\n"


def test_the_first_release_cannot_be_rolled_back(published):
    publish(published / "batch", published / "other", "only")
    result = run("rollback", published / "other")
    assert (result.status, result.output) == (2, "")
    assert "LATEST cannot be pointed elsewhere" in result.errors
    assert "[VALUATION_ERROR_UNKNOWN_RELEASE]" in result.errors


def test_an_unknown_id_changes_nothing(root):
    before = contents(root)
    result = run("rollback", root, "wednesday")
    assert (result.status, result.output) == (2, "")
    first, second = result.errors.splitlines()
    assert first.endswith("[VALUATION_ERROR_UNKNOWN_RELEASE]")
    assert second.strip() == f"`valuation releases {root}` lists what is there."
    assert contents(root) == before


def test_a_rollback_to_a_damaged_release_is_refused(root):
    file = root / "releases/monday/index.valuation"
    file.write_bytes(file.read_bytes()[:-1])
    result = run("rollback", root, "monday")
    assert (result.status, result.output) == (2, "")
    assert "index.valuation" in result.errors
    assert latest(root) == "tuesday\n"


def test_a_lost_latest_can_be_set_again(root):
    (root / "LATEST").unlink()
    assert run("rollback", root, "monday", "--format", "text").output == f"LATEST of {root} now names monday\n"
    assert latest(root) == "monday\n"


def test_for_a_latest_that_names_nothing_the_error_says_how_to_mend_it(root):
    (root / "LATEST").write_text("")
    result = run("inspect", root)
    assert (result.status, result.output) == (2, "")
    assert f"{root}/LATEST: " in result.errors
    listed = run("releases", root)
    assert listed.status == 1
    assert f"no release serves: LATEST of {root} names none of these" in listed.errors
    assert f"`valuation rollback {root} ID`" in listed.errors
    assert [release["latest"] for release in listed.answers] == [False] * len(listed.answers)
    assert run("rollback", root, "monday").status == 0
    assert [release["id"] for release in run("releases", root).answers if release["latest"]] == ["monday"]


def test_a_rollback_leads_to_the_release_that_served_before_not_to_the_one_published_before(published, root):
    publish(published / "batch", root, "canary", "--keep-latest")
    assert run("rollback", root).answers == [{"before": "tuesday", "after": "monday"}]
    publish(published / "batch", root, "wednesday")
    assert run("rollback", root).answers == [{"before": "wednesday", "after": "monday"}]
    assert run("rollback", root).answers == [{"before": "monday", "after": "wednesday"}]


def test_a_rollback_that_leads_nowhere_is_refused(root):
    (root / "PREVIOUS").write_text("tuesday\n")
    result = run("rollback", root)
    assert (result.status, result.output) == (2, "")
    assert "It is not known what served before" in result.errors


def test_a_damaged_release_that_serves_can_be_rolled_back(root):
    manifest = root / "releases" / "tuesday" / "manifest.json"
    manifest.chmod(0o644)
    manifest.write_text(manifest.read_text().replace("valuation", "valuatioM", 1))
    result = run("rollback", root)
    assert (result.status, result.errors) == (0, "")
    assert (root / "LATEST").read_text() == "monday\n"


def test_prune_keeps_the_release_that_served_before(root):
    result = run("prune", root, "--keep", 1)
    assert result.answers == [["2026-11-21T030000Z"]]
    assert run("rollback", root).answers == [{"before": "tuesday", "after": "monday"}]


def test_prune_keeps_everything_if_previous_is_unreadable(root):
    (root / "PREVIOUS").write_text("../monday\n")
    result = run("prune", root, "--keep", 1)
    assert (result.status, result.output) == (2, "")
    assert f"{root}/PREVIOUS" in result.errors
    assert ids(root) == ["tuesday", "monday", "2026-11-21T030000Z"]


def test_prune_keeps_the_newest(root):
    result = run("prune", root, "--keep", 2)
    assert (result.status, result.errors) == (0, "")
    assert result.answers == [["2026-11-21T030000Z"]]
    assert ids(root) == ["tuesday", "monday"]
    assert run("prune", root, "--keep", 2).answers == [[]]


def test_prune_keeps_what_latest_names(root):
    run("rollback", root, "2026-11-21T030000Z")
    result = run("prune", root, "--keep", 1, "--format", "text")
    assert result.lines == ["removed monday", f"{root}: 1 release removed"]
    assert ids(root) == ["tuesday", "2026-11-21T030000Z"]
    assert run("validate", root).status == 0


def test_prune_leaves_a_damaged_release_for_a_person(root):
    damage(root, "monday")
    assert run("prune", root, "--keep", 1).answers == [["2026-11-21T030000Z"]]
    assert (root / "releases/monday").is_dir()


@pytest.mark.parametrize(
    "arguments", [["prune", "models"], ["prune", "models", "--keep", "0"], ["rollback", "models", ""]]
)
def test_wrong_usage_changes_nothing(published, arguments):
    before = contents(published / "models")
    assert run(*arguments, cwd=published).status == 64
    assert contents(published / "models") == before
