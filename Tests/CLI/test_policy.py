# SPDX-License-Identifier: Apache-2.0
"""`valuation policy`: what a policy decides for requests, and whether it is sound."""

import re

import pytest

from .command import REQUEST, request_line, run, run_in_terminal
from .policies import CONTROL, FLAT, PLAIN, POLICY, bucket, user_of, write_policy


def show(models, policy, *arguments, **options):
    return run("policy", "show", "--models", models, "--policy", policy, *arguments, **options)


def text(models, policy, given):
    result = show(models, policy, "--format", "text", given=given)
    assert (result.status, result.errors) == (0, "")
    return result.lines


def test_json_lines_have_every_step_of_every_ad(models, policy):
    user = user_of(FLAT)
    result = show(models, policy, given=request_line("a", unit={"user": user}) + request_line("b"))
    first, second = result.answers
    assert (first["id"], second["id"]) == ("a", "b")
    assert [value["ad"] for value in first["values"]] == ["7", "8", "9", "10"]
    own, other = first["values"][0], first["values"][3]
    assert (own["predictor"], own["experiment"], own["variant"]) == ("house", "cheaper", "flat")
    assert [(step["rule"], step["holds"]) for step in own["steps"]] == [
        ("overrides[0]", False),
        ("experiments[0]", True),
    ]
    assert own["adjustment"] == {"multiplier": 2, "floor": 0.0005, "cap": 0.5}
    assert (other["predictor"], other["experiment"]) == ("house", None)
    assert second["values"][0]["predictor"] == "production"


def test_it_decides_as_score_does(models, policy):
    given = "".join(request_line(f"r-{n}", unit={"user": f"u-{n}"}) for n in range(20))
    decided = show(models, policy, given=given).answers
    scored = run("score", "--models", models, "--policy", policy, given=given).answers
    members = ("ad", "predictor", "experiment", "variant")
    for one, other in zip(decided, scored, strict=True):
        assert [[value[m] for m in members] for value in one["values"]] == [
            [value[m] for m in members] for value in other["values"]
        ]
    assert len({value["predictor"] for answer in scored for value in answer["values"][:1]}) == 2


def test_text_marks_the_rules_that_apply_and_names_the_predictor(models, policy):
    user = user_of(FLAT)
    title, ads, override, experiment, adjustment, empty, *rest = text(models, policy, request_line(unit={"user": user}))
    assert title == "imp-1  4 ads, policy november, <stdin>:1"
    assert ads == "ads 7, 8, 9  campaign 1042"
    assert override.startswith("  · overrides[0]    no model yet: for other campaigns")
    number = bucket("cheaper-1", user)
    assert experiment == f"  ✓ experiments[0]  cheaper: the bucket {number} is in 4000 to 7999, variant flat → house"
    assert adjustment == "  ✓ campaigns       the value × 2, at least 0.0005, at most 0.5"
    assert empty == ""
    assert rest[0] == "ad 10  campaign no-such-campaign"
    assert re.fullmatch(r"  ✓ overrides\[0\]  no model yet.* → house", rest[1])
    assert rest[2:] == [""]


def test_the_default_is_the_last_step(models, policy):
    lines = text(models, policy, request_line(unit={"user": user_of(CONTROL)}))
    assert any(re.match(r"  ✓ default  .* → production$", line) for line in lines)
    assert any(re.match(r"  ✓ experiments\[0\]  cheaper: .*names no predictor$", line) for line in lines)


def test_many_rules_that_fail_for_one_reason_share_a_line(models, directory):
    campaigns = [f"c-{number}" for number in range(10)]
    overrides = [{"scope": {"campaigns": [name]}, "predictor": "house", "reason": name} for name in campaigns]
    policy = write_policy(directory / "many.json", overrides=overrides, experiments=None)
    lines = text(models, policy, request_line(candidates=REQUEST["candidates"][:1]))
    assert lines[2].startswith("  · overrides[0–9]  10 rules: for other campaigns")
    (answer,) = show(models, policy, given=request_line()).answers
    assert len(answer["values"][0]["steps"]) == 11
    few = write_policy(directory / "few.json", overrides=overrides[:3], experiments=None)
    assert [line.split()[1] for line in text(models, few, request_line())[2:5]] == [
        "overrides[0]",
        "overrides[1]",
        "overrides[2]",
    ]


def test_a_long_list_of_ads_is_counted(models, policy):
    ads = [{"ad": str(n), "campaign": f"c-{n % 9}", "pricing": "cpc", "bid": 1} for n in range(1, 21)]
    lines = text(models, policy, request_line(candidates=ads))
    assert lines[1] == "ads 1, 2, 3, 4, 5, 6 and 14 more  campaigns c-1, c-2, c-3, c-4, c-5, c-6 and 3 more"


def test_a_request_without_ads_is_shown_with_its_experiments(models, policy):
    lines = text(models, policy, '{"id": "none"}\n{"id": "empty", "candidates": []}\n')
    assert lines[0] == "none  0 ads, policy november, <stdin>:1"
    assert [line.split()[0] for line in lines if line][3:5] == ["cheaper", "late"]


def test_indented_requests_and_several_files_are_read(models, policy, directory):
    result = show(models, policy, directory / "request.json", directory / "requests.jsonl")
    assert [answer["id"] for answer in result.answers] == ["imp-1", "imp-1", "imp-2", "imp-3"]


def test_a_bad_request_is_reported_with_its_line_and_the_others_shown(models, policy):
    result = show(models, policy, given=request_line("a") + '{"unit": []}\n' + request_line("b", time="soon"))
    assert result.status == 1
    assert [answer["id"] for answer in result.answers] == ["a"]
    unit, time, summary = result.errors.splitlines()
    assert unit.startswith("<stdin>:2:")
    assert "$.unit: " in unit
    assert time.startswith("<stdin>:3:")
    assert "$.time: " in time
    assert summary == "valuation: 1 request answered, 2 bad"


def test_the_default_policy_is_the_one_beside_the_releases(root):
    given = request_line(unit={"user": "u-1"})
    by_default = run("policy", "show", "--models", root, given=given)
    assert (by_default.status, by_default.errors) == (0, "")
    assert by_default.output == show(root, root / "policy.json", given=given).output


def test_without_any_policy_it_ends_with_2(models):
    result = run("policy", "show", "--models", models, given=request_line())
    assert (result.status, result.output) == (2, "")
    assert f"there is no {models}/policy.json" in result.errors


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
def test_the_steps_fit_the_terminal(root, directory, columns):
    result = run_in_terminal(
        "policy", "show", "--models", root, directory / "request.json", columns=columns, environment={"NO_COLOR": "1"}
    )
    assert result.status == 0
    assert max(len(line) for line in result.lines[1:]) <= columns
    words = " ".join(result.output.split())
    assert "the value × 2, at least 0.0005, at most 0.5" in words
    assert "→ production" in words


def test_a_terminal_gets_text_and_a_pipe_json_lines(root, directory):
    on_terminal = run_in_terminal("policy", "show", "--models", root, directory / "request.json")
    assert "✓" in on_terminal.output
    assert run("policy", "show", "--models", root, directory / "request.json").answers


# MARK: policy check


def check(*arguments):
    return run("policy", "check", *arguments)


def test_a_sound_policy_is_reported_with_its_contents(models, directory):
    plain = write_policy(directory / "plain.json", PLAIN)
    by_itself = check(plain)
    assert (by_itself.status, by_itself.errors) == (0, "")
    assert by_itself.output == f"{plain}: sound by itself: 1 predictor\n"
    assert check(plain, "--models", models).output == f"{plain}: sound with {models}: 1 predictor\n"


def test_everything_in_a_policy_is_counted(policy):
    result = check(policy)
    assert result.status == 0
    assert result.lines[-1].endswith(": 2 predictors, 1 override, 2 experiments, 1 adjusted campaign")


@pytest.fixture
def bad_policy(directory):
    """A policy with three errors and one warning."""
    override = POLICY["overrides"][0] | {"predictor": "nobody", "expires": "2020-01-01T00:00:00Z"}
    return write_policy(
        directory / "bad.json", default="no-one", overrides=[override], campaigns={"1042": {"multiplier": -1}}
    )


def test_every_error_is_a_line_with_its_place_and_status(bad_policy):
    result = check(bad_policy)
    assert (result.status, result.errors) == (1, "")
    errors = [line for line in result.lines if line.endswith("]")]
    assert len(errors) == 3
    for error in errors:
        assert re.fullmatch(rf"{bad_policy}(:\d+)?: \$\S+: .+ \[VALUATION_ERROR_[A-Z_]+\]", error)
    assert {re.search(r"(\$\S+): ", error).group(1) for error in errors} >= {"$.default", "$.overrides[0].predictor"}
    assert re.match(rf"{bad_policy}: 3 errors", result.lines[-1])


def test_warnings_alone_do_not_fail(directory):
    odd = write_policy(directory / "odd.json", overrides=[POLICY["overrides"][0] | {"expires": "2020-01-01T00:00:00Z"}])
    result = check(odd)
    assert result.status == 0
    (expired,) = [line for line in result.lines if "$.overrides[0]" in line and "expired" in line]
    assert re.fullmatch(rf"{odd}(:\d+)?: \$\.overrides\[0\]\S*: warning: .+[^]]", expired)
    assert re.match(rf"{odd}: sound by itself, \d+ warnings?: 2 predictors", result.lines[-1])


def test_findings_as_json_lines_have_the_same_members(bad_policy):
    lines = check(bad_policy).lines[:-1]
    result = check("--format", "jsonl", bad_policy)
    assert result.status == 1
    for finding, line in zip(result.answers, lines, strict=True):
        assert line.startswith(finding["file"])
        assert finding["message"] in line
        assert finding["json_path"] in line
        assert (": warning: " in line) == (finding["severity"] == "warning")
        assert ("status" in finding) == (finding["severity"] == "error")


def test_releases_are_looked_up_in_the_models_named(root, directory):
    policy = write_policy(
        directory / "releases.json",
        PLAIN,
        predictors={"production": {"release": "wednesday"}, "m": {"release": "monday"}},
    )
    assert check(policy).status == 0
    result = check(policy, "--models", root)
    assert result.status == 1
    (error,) = [line for line in result.lines if line.endswith("]")]
    assert "wednesday" in error
    assert "$.predictors" in error
    assert "VALUATION_ERROR_UNKNOWN_RELEASE" in error


def test_a_policy_that_is_not_json_is_an_error_with_its_line(directory):
    broken = directory / "broken.json"
    broken.write_text('{"format": "valuation-policy/1",\n "predictors": }')
    result = check(broken)
    assert result.status == 1
    assert result.lines[0].startswith(f"{broken}:2: ")
    assert "VALUATION_ERROR_JSON_SYNTAX" in result.lines[0]
    assert result.lines[-1] == f"{broken}: 1 error"


def test_a_missing_policy_and_missing_models_end_with_2(policy, directory):
    nowhere = check(directory / "nowhere.json")
    assert (nowhere.status, nowhere.output) == (2, "")
    assert f"cannot check the policy: {directory}/nowhere.json: " in nowhere.errors
    without_models = check(policy, "--models", directory / "nowhere")
    assert (without_models.status, without_models.output) == (2, "")
    assert f"{directory}/nowhere" in without_models.errors
    assert "Name a model file, a directory of them, a release" in without_models.errors


def test_a_policy_must_be_named():
    assert run("policy", "check").status == 64


def test_policy_alone_shows_its_help():
    assert run("policy").output == run("policy", "--help").output
