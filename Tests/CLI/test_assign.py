# SPDX-License-Identifier: Apache-2.0
"""`valuation assign`: which variants a unit gets, and why."""

import pytest

from .command import run, run_in_terminal
from .policies import CONTROL, FLAT, HOLDOUT, NOBODY, PLAIN, bucket, user_of, write_policy


def assign(models, policy, *arguments, **options):
    return run("assign", "--models", models, "--policy", policy, *arguments, **options)


def experiment(result, name="cheaper"):
    assert result.status == 0, result.errors
    (answer,) = result.answers
    return next(each for each in answer["experiments"] if each["experiment"] == name)


@pytest.mark.parametrize(
    ("buckets", "variant"), [(CONTROL, "control"), (FLAT, "flat"), (HOLDOUT, "holdout"), (NOBODY, None)]
)
def test_the_bucket_decides_the_variant(models, policy, buckets, variant):
    user = user_of(buckets)
    assigned = experiment(assign(models, policy, "--unit", f"user={user}"))
    assert (assigned["unit"], assigned["bucket"]) == ("user", bucket("cheaper-1", user))
    assert assigned["variant"] == variant


def test_each_experiment_has_its_own_unit(models, policy):
    result = assign(models, policy, "--unit", "user=u-1", "--unit", "session=s-1", "--feature", "slot=77")
    assert experiment(result)["bucket"] == bucket("cheaper-1", "u-1")
    assert experiment(result, "late")["bucket"] == bucket("late-1", "s-1")
    assert result.errors == ""


def test_everything_after_the_first_equals_sign_is_the_text(models, policy):
    assert experiment(assign(models, policy, "--unit", "user=a=b=="))["bucket"] == bucket("cheaper-1", "a=b==")


def test_a_text_without_a_field_belongs_to_the_field_unit(models, directory):
    policy = write_policy(
        directory / "plain.json",
        PLAIN,
        experiments=[{"name": "x", "salt": "x-1", "variants": [{"name": "all", "share": 10_000}]}],
    )
    assigned = experiment(assign(models, policy, "--unit", "u-77"), "x")
    assert (assigned["unit"], assigned["bucket"], assigned["variant"]) == ("unit", bucket("x-1", "u-77"), "all")


def test_without_its_unit_an_experiment_gives_the_control(models, policy):
    assigned = experiment(assign(models, policy))
    assert (assigned["bucket"], assigned["variant"]) == (None, "control")


def test_a_unit_that_no_experiment_uses_is_reported(models, policy):
    result = assign(models, policy, "--unit", "usr=u-77")
    assert experiment(result)["variant"] == "control"
    assert result.errors == "valuation: no experiment buckets by usr; they bucket by session, user\n"


def test_a_feature_names_the_placement(models, policy):
    elsewhere = experiment(assign(models, policy, "--unit", "session=s", "--feature", "slot=12"), "late")
    there = ["--unit", "session=s", "--feature", "slot=12", "--feature", "slot=77"]
    assert elsewhere["variant"] is None
    assert experiment(assign(models, policy, *there), "late")["variant"] in ("control", "flat")


@pytest.mark.parametrize(
    ("time", "is_over"),
    [("2099-11-30T23:59:59Z", False), ("2099-11-30T23:59:59.75Z", False), ("2099-12-01T00:00:00Z", True)],
)
def test_a_time_decides_which_experiments_run(models, policy, time, is_over):
    assigned = experiment(assign(models, policy, "--unit", "session=s", "--feature", "slot=77", "--at", time), "late")
    assert (assigned["variant"] is None) == is_over


def test_the_default_policy_is_the_one_beside_the_releases(root):
    by_default = run("assign", "--models", root, "--unit", "user=u-1")
    assert (by_default.status, by_default.errors) == (0, "")
    assert by_default.output == assign(root, root / "policy.json", "--unit", "user=u-1").output
    assert run("assign", "--models", f"{root}/", "--unit", "user=u-1").output == by_default.output


def test_without_any_policy_it_ends_with_2(models):
    result = run("assign", "--models", models, "--unit", "user=u-1")
    assert (result.status, result.output) == (2, "")
    assert result.errors.splitlines() == [
        f"valuation: error: no policy: there is no {models}/policy.json",
        "  Name one with --policy.",
    ]


def test_a_missing_policy_ends_with_2(models, directory):
    result = assign(models, directory / "nowhere.json")
    assert (result.status, result.output) == (2, "")
    assert f"cannot load the policy: {directory}/nowhere.json: " in result.errors
    assert "Name the JSON file of a policy." in result.errors


def test_a_policy_with_an_error_ends_with_2_and_names_the_command_that_lists_all(models, directory):
    policy = write_policy(directory / "bad.json", default="nobody")
    result = assign(models, policy)
    assert (result.status, result.output) == (2, "")
    assert f"{policy}: $.default: " in result.errors
    assert f"`valuation policy check {policy} --models {models}`" in result.errors


@pytest.mark.parametrize(
    "arguments",
    [
        ["--unit", "user="],
        ["--unit", "=u-77"],
        ["--unit", ""],
        ["--unit", "user=a", "--unit", "user=b"],
        ["--feature", "slot"],
        ["--feature", "=12"],
        ["--at", "now"],
        ["--at", "2026-11-21"],
        ["--at", "2026-11-21T00:00:00"],
        ["--at", "2026-11-21T00:00:00+01:00"],
        ["--at", "2026-02-30T00:00:00Z"],
        ["--at", "2026-11-21T25:00:00Z"],
        ["--format", "xml"],
    ],
)
def test_impossible_arguments_are_wrong_usage(models, policy, arguments):
    result = assign(models, policy, *arguments)
    assert (result.status, result.output) == (64, "")
    assert "Usage: valuation assign" in result.errors


def test_the_table_has_a_row_for_each_experiment(models, policy):
    user = user_of(FLAT)
    heading, titles, _, *rows = assign(models, policy, "--format", "table", "--unit", f"user={user}").lines
    assert heading == f"user={user}  {policy}, version november"
    assert titles.split() == ["experiment", "layer", "unit", "bucket", "variant", "why"]
    number = str(bucket("cheaper-1", user))
    assert [row.split()[:5] for row in rows] == [
        ["cheaper", "model", f"user={user}", number, "flat"],
        ["late", "night", "session", "–", "–"],
    ]
    assert rows[0].endswith(f"{number} is in 4000 to 7999")


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
def test_the_table_fits_the_terminal_and_keeps_the_reason(root, columns):
    result = run_in_terminal(
        "assign", "--models", root, "--unit", "user=u-1", columns=columns, environment={"NO_COLOR": "1"}
    )
    assert result.status == 0
    assert max(len(line) for line in result.lines[1:]) <= columns
    assert "for other placements" in result.output
    assert ("why" in result.lines[1]) == (columns >= 80)


def test_a_policy_without_experiments_says_so(models, directory):
    policy = write_policy(directory / "plain.json", PLAIN)
    result = assign(models, policy, "--format", "table", "--unit", "user=u-1")
    assert result.lines == [f"user=u-1  {policy}", "the policy has no experiments"]


def test_names_from_the_policy_cannot_drive_the_terminal(models, directory):
    policy = write_policy(directory / "odd.json", version="\u202egone")
    result = run_in_terminal(
        "assign", "--models", models, "--policy", policy, "--unit", "user=\x1b[2J", environment={"NO_COLOR": "1"}
    )
    assert result.status == 0
    assert not {"\x1b", "\u202e"} & set(result.output)
