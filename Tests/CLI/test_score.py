# SPDX-License-Identifier: Apache-2.0
"""`valuation score`: requests in, values out."""

import json
import os
import select
import subprocess
from pathlib import Path

import pytest

from .command import (
    COMMAND,
    ENVIRONMENT,
    PATIENCE,
    PCTR,
    PCTR_BY_DEFAULT,
    PCTR_OF_CREATIVE_55,
    PCVR,
    REQUEST,
    request_line,
    run,
    run_in_terminal,
)
from .policies import CONTROL, FLAT, POLICY, user_of, write_policy


def score(models, *arguments, **options):
    return run("score", "--models", models, *arguments, **options)


def test_each_ad_gets_the_value_that_the_formulas_give(models):
    result = score(models, given=request_line())
    assert (result.status, result.errors) == (0, "")
    (answer,) = result.answers
    assert answer["id"] == "imp-1"
    values = {value["ad"]: value for value in answer["values"]}
    assert list(values) == ["7", "8", "9", "10"]
    assert values["7"]["expected_revenue"] == 0.002
    assert values["8"]["pctr"] == pytest.approx(PCTR, rel=2e-6)
    assert values["8"]["expected_revenue"] == pytest.approx(0.5 * PCTR, rel=2e-6)
    assert values["9"]["pctr"] == pytest.approx(PCTR_OF_CREATIVE_55, rel=2e-6)
    assert values["9"]["pcvr"] == pytest.approx(PCVR, rel=2e-6)
    assert values["9"]["expected_revenue"] == pytest.approx(35 * PCTR_OF_CREATIVE_55 * PCVR, rel=2e-6)
    assert values["10"]["pctr"] == pytest.approx(PCTR_BY_DEFAULT, rel=2e-6)
    assert "unknown_campaign" in values["10"]["flags"]
    assert values["8"]["flags"] == []


def test_requests_come_from_files_in_turn_and_answers_keep_their_order(models, directory):
    more = directory / "more.jsonl"
    more.write_text(request_line("later"))
    result = score(models, directory / "requests.jsonl", more)
    assert [answer["id"] for answer in result.answers] == ["imp-1", "imp-2", "imp-3", "later"]


def test_a_dash_is_standard_input(models, directory):
    result = score(models, directory / "requests.jsonl", "-", given=request_line("from-stdin"))
    assert [answer["id"] for answer in result.answers][-1] == "from-stdin"


def test_blank_lines_carriage_returns_and_a_missing_last_line_feed_are_fine(models):
    given = "\n \t\r\n" + request_line("one").replace("\n", "\r\n") + "\n\n" + request_line("two").rstrip("\n")
    result = score(models, given=given)
    assert (result.status, result.errors) == (0, "")
    assert [answer["id"] for answer in result.answers] == ["one", "two"]


def test_empty_input_gives_no_answer_and_no_error(models):
    assert score(models, given="") == score(models, os.devnull)
    assert score(models, given="").status == 0


def test_bad_lines_are_reported_with_file_and_line_and_the_others_answered(models, directory):
    requests = directory / "mixed.jsonl"
    bad = '{"id": "x", "features": {"slot": }, "candidates": []}\n'
    requests.write_text(request_line("one") + "\n" + bad + request_line("two") + "[1, 2]\n")
    result = score(models, requests)
    assert result.status == 1
    assert [answer["id"] for answer in result.answers] == ["one", "two"]
    first, second, summary = result.errors.splitlines()
    assert first.startswith(f"{requests}:3:{bad.index('}') + 1}: ")
    assert first.endswith("[VALUATION_ERROR_JSON_SYNTAX]")
    assert second.startswith(f"{requests}:5")
    assert summary == "valuation: 2 requests answered, 2 bad"


@pytest.mark.parametrize("command", [("score",), ("score", "--top", "1"), ("explain",), ("explain", "--top", "1")])
@pytest.mark.parametrize("answer_format", ["jsonl", None])
def test_invalid_candidates_are_counted_and_the_others_valued(models, directory, command, answer_format):
    bad = [{"campaign": "1042", "pricing": "cpx", "bid": 1}, {"campaign": "1042", "pricing": "cpc", "bid": -1}]
    requests = directory / "mixed.jsonl"
    requests.write_text(
        request_line("one") + request_line("two", candidates=REQUEST["candidates"] + bad) + request_line("three")
    )
    people = "table" if command[0] == "score" else "bars"
    result = run(*command, "--models", models, "--format", answer_format or people, requests)
    assert result.status == 1
    assert result.errors == f"valuation: 3 requests answered, 2 invalid candidates from {requests}:2 on\n"
    assert "three" in result.output
    if answer_format:
        assert [answer.get("invalid_candidates") for answer in result.answers] == [None, 2, None]


@pytest.mark.parametrize(
    "bad",
    [
        '{"id": "x", "features": {"slot": "12"}, "candidates": [',
        '{"id": "x", "candidates": [], "features": {"slot": "12"}',
        '{"id": "x", "candidates": [],}  ',
        '{"id": "x", "top": "all", "candidates": []}',
    ],
)
def test_a_bad_line_is_reported_at_the_same_place_under_all_options(models, bad):
    plain = score(models, given=bad)
    assert plain.status == 1
    assert plain.errors.startswith("<stdin>:1:")
    assert score(models, "--format", "table", given=bad).errors == plain.errors
    if "top" not in bad:
        assert score(models, "--top", 3, given=bad).errors == plain.errors


@pytest.mark.parametrize(
    "line",
    [
        b'{"id": "\xff\xfe", "candidates": []}',
        b'{"id": "\xed\xa0\x80", "candidates": []}',
        b"\xff" * 5000,
        b"\x00\x00",
        b'{"id": "a\x00b", "candidates": []}',
        b"{",
        b"}",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"null",
        b'"text"',
        b"\xef\xbb\xbf",
    ],
)
@pytest.mark.parametrize("answer_format", ["jsonl", "table"])
def test_nonsense_is_a_bad_line_and_never_a_crash(models, line, answer_format):
    given = line + b"\n" + request_line("good").encode()
    result = score(models, "--format", answer_format, "--top", 1, given=given)
    assert result.status == 1
    assert result.errors.startswith("<stdin>:1")
    assert "1 request answered, 1 bad" in result.errors
    assert "good" in result.output


def test_a_very_long_line_is_answered(models):
    ads = [{"ad": str(i), "campaign": "1042", "pricing": "cpc", "bid": 0.5} for i in range(10_000)]
    line = request_line("long", candidates=ads, note="x" * 3_000_000)
    result = score(models, given=line + request_line("after"))
    assert result.errors == ""
    long, after = result.answers
    assert len(long["values"]) == 10_000
    assert after["id"] == "after"


def test_a_huge_line_is_refused_without_using_up_memory(models):
    script = '(head -c 400000000 /dev/zero; echo; cat) | "$1" score --models "$2"'
    command = ["sh", "-c", script, "sh", COMMAND, str(models)]
    finished = subprocess.run(
        ["sh", "-c", 'ulimit -v 2000000; exec "$@"', "sh", *command],
        input=request_line("after").encode(),
        capture_output=True,
        env=ENVIRONMENT,
        timeout=PATIENCE,
    )
    first, summary = finished.stderr.decode().splitlines()
    assert first.startswith("<stdin>:1: ")
    assert "256 MiB" in first
    assert summary.endswith("1 request answered, 1 bad")
    assert json.loads(finished.stdout)["id"] == "after"


def test_memory_does_not_grow_with_the_input(models, directory):
    def peak_kilobytes(count):
        requests = directory / f"{count}.jsonl"
        requests.write_text(request_line() * count)
        with Path(os.devnull).open("wb") as nowhere:
            process = subprocess.Popen([COMMAND, "score", "--models", models, requests], stdout=nowhere)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        return usage.ru_maxrss

    assert peak_kilobytes(100_000) < peak_kilobytes(100) + 8_000  # the file alone has 40 MB


def test_a_file_that_cannot_be_read_is_reported_and_the_others_answered(models, directory):
    result = score(models, directory / "missing.jsonl", directory, directory / "requests.jsonl")
    assert result.status == 1
    assert len(result.answers) == 3
    missing, a_directory, summary = result.errors.splitlines()
    assert missing == f"{directory / 'missing.jsonl'}: cannot be opened: No such file or directory"
    assert a_directory == f"{directory}: cannot be read: Is a directory"
    assert summary == "valuation: 3 requests answered, 2 files not readable"


def test_models_that_cannot_be_loaded_end_it_with_2_and_a_message(directory):
    result = score(directory / "nowhere", given=request_line())
    assert (result.status, result.output) == (2, "")
    assert "cannot load the models" in result.errors
    assert "VALUATION_ERROR_FILE_NOT_FOUND" in result.errors
    assert "Name a model file, a directory of them, a release" in result.errors


def test_models_with_a_fault_end_it_with_2_and_name_the_command_that_lists_all(directory):
    faulty = directory / "faulty.json"
    faulty.write_text("{}")
    result = score(faulty, given=request_line())
    assert (result.status, result.output) == (2, "")
    assert f"valuation validate {faulty}" in result.errors


def test_the_table_says_what_is_wrong_with_a_malformed_candidate(models):
    given = json.dumps({"candidates": [{"ad": "1", "campaign": "1042", "pricing": "cpc", "bid": "0.5"}]}) + "\n"
    assert (
        "invalid_candidate (bid is missing, or not a number)" in score(models, "--format", "table", given=given).output
    )


def test_top_answers_with_the_best_ads_first(models):
    (answer,) = score(models, "--top", 2, given=request_line(top=1)).answers
    revenues = {"7": 0.002, "8": 0.5 * PCTR, "9": 35 * PCTR_OF_CREATIVE_55 * PCVR, "10": 0.125 * PCTR_BY_DEFAULT}
    best = sorted(revenues, key=revenues.get, reverse=True)[:2]
    assert [value["ad"] for value in answer["values"]] == best


def test_an_empty_object_stays_a_request_when_top_is_added(models):
    assert score(models, "--top", 2, given="{}").errors == score(models, given="{}").errors


def test_an_answer_arrives_before_the_input_ends(models):
    process = subprocess.Popen(
        [COMMAND, "score", "--models", models], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRONMENT
    )
    for identifier in ("first", "second"):
        process.stdin.write(request_line(identifier).encode())
        process.stdin.flush()
        ready, _, _ = select.select([process.stdout], [], [], PATIENCE)
        assert ready
        assert json.loads(process.stdout.readline())["id"] == identifier
    process.stdin.close()
    assert process.wait(timeout=PATIENCE) == 0


def test_the_table_ranks_the_ads_and_shows_their_bids(models):
    result = score(models, "--format", "table", given=request_line())
    heading, titles, _, *rows, end = result.lines
    assert heading == "imp-1  4 ads, <stdin>:1"
    assert titles.split("  ")[0] == "#"
    for title in ("ad", "campaign", "pricing", "bid", "pCTR", "pCVR", "expected revenue", "eCPM", "flags"):
        assert title in titles
    assert [row.split()[:5] for row in rows] == [
        ["1", "9", "1042", "CPA", "35.000"],
        ["2", "8", "1042", "CPC", "0.500"],
        ["3", "7", "1042", "CPM", "2.000"],
        ["4", "10", "no-such-campaign", "CPC", "0.125"],
    ]
    assert f"{100 * PCTR:.3f}%" in rows[1]
    assert f"{500 * PCTR:.3f}" in rows[1]
    assert "unknown_campaign" in rows[3]
    assert end == ""


def test_the_table_shows_as_many_ads_as_are_asked_for(models):
    by_option = score(models, "--format", "table", "--top", 2, given=request_line(top=1)).output
    by_request = score(models, "--format", "table", given=request_line(top=2)).output
    assert by_option == by_request
    assert "the best 2 shown" in by_option
    assert " CPM " not in by_option


def test_two_ads_with_one_id_keep_their_own_bids_in_the_table(models):
    ads = [{"ad": "same", "campaign": "1042", "pricing": "cpc", "bid": bid} for bid in (1, 3, 2)]
    result = score(models, "--format", "table", given=request_line(candidates=ads, top=3))
    assert [line.split()[4] for line in result.lines[3:6]] == ["3.00", "2.00", "1.00"]


def test_the_table_is_for_terminals_and_json_lines_are_for_pipes(models, directory):
    in_pipe = score(models, directory / "requests.jsonl")
    on_terminal = run_in_terminal("score", "--models", models, directory / "requests.jsonl", columns=120)
    assert len(in_pipe.answers) == 3
    assert "expected revenue" in on_terminal.output
    assert (
        run_in_terminal("score", "--models", models, "--format", "jsonl", directory / "requests.jsonl").output
        == in_pipe.output
    )


@pytest.mark.parametrize("columns", [60, 80, 120, 200])
def test_the_table_fits_the_terminal(models, directory, columns):
    requests = directory / "wide.jsonl"
    ads = [
        {
            "ad": f"a-rather-long-name-of-an-ad-{i}",
            "campaign": "another-rather-long-name" * i,
            "pricing": "cpa",
            "bid": 1,
        }
        for i in range(3)
    ] + [{"ad": "広告" * 12, "campaign": "1042", "pricing": "cpc", "bid": 0.5}]
    requests.write_text(request_line(candidates=ads))
    result = run_in_terminal("score", "--models", models, requests, columns=columns, environment={"NO_COLOR": "1"})
    rows = [line for line in result.lines if "CPA" in line or "CPC" in line]
    assert len(rows) == 4
    for row in rows:
        assert sum(2 if character in "広告" else 1 for character in row) <= columns
    assert ("…" in result.output) == (columns < 200)


@pytest.mark.parametrize("bid", [1e300, 1.7976931348623157e308, 123456789012345])
def test_no_bid_makes_a_wide_table(models, bid):
    ads = [{"ad": "9", "campaign": "1042", "pricing": "cpc", "bid": given} for given in (bid, 0.5)]
    result = score(models, "--format", "table", given=request_line(candidates=ads))
    assert max(map(len, result.lines)) < 150
    assert result.lines[3].split()[4] == f"{bid:.2e}"
    assert result.lines[4].split()[4] == "0.50"
    bars = run("explain", "--models", models, "--format", "bars", given=request_line(candidates=ads))
    assert max(map(len, bars.lines)) < 150


def test_no_name_makes_a_wide_table(models):
    name = "広" * 20_000
    ads = [{"ad": name, "campaign": name, "pricing": name, "bid": 1}, {"ad": "9", "campaign": "1042", "bid": 1}]
    for command in (["score", "--format", "table"], ["explain", "--format", "bars"]):
        result = run(*command, "--models", models, given=request_line(name, candidates=ads))
        assert result.status == 1  # the pricing does not exist
        assert max(map(len, result.lines)) < 800
        assert "広…" in result.output


def test_names_from_the_input_cannot_drive_the_terminal(models, directory):
    requests = directory / "hostile.jsonl"
    ads = [{"ad": "\x1b[2J\u202egone", "campaign": "a\nb", "pricing": "\x07", "bid": 1}]
    requests.write_text(request_line("\x1b]0;title\x07", candidates=ads))
    result = run_in_terminal("score", "--models", models, requests, columns=200, environment={"NO_COLOR": "1"})
    assert "\\u{1B}[2J" in result.output
    assert not {"\x1b", "\x07", "\u202e"} & set(result.output)


@pytest.mark.parametrize("top", ["0", "-1", "x"])
def test_an_impossible_top_is_wrong_usage(models, top):
    assert score(models, f"--top={top}", given=request_line()).status == 64


def test_models_must_be_named(directory):
    result = run("score", directory / "requests.jsonl")
    assert result.status == 64
    assert "--models" in result.errors


def test_on_a_terminal_problems_appear_where_they_occur(models, directory):
    requests = directory / "mixed.jsonl"
    requests.write_text(request_line("one") + "nonsense\n" + request_line("two"))
    output = run_in_terminal("score", "--models", models, requests, environment={"NO_COLOR": "1"}, columns=120).output
    assert output.index("one  4 ads") < output.index("mixed.jsonl:2:") < output.index("two  4 ads")


# MARK: under a policy


def test_without_a_policy_no_value_names_its_source(models):
    (answer,) = score(models, given=request_line(unit={"user": "u-1"})).answers
    assert not {"predictor", "experiment", "variant", "propensity"} & set(answer["values"][0])
    titles = score(models, "--format", "table", given=request_line()).lines[1]
    assert "predictor" not in titles
    assert "experiment" not in titles


def test_a_policy_decides_and_each_value_names_its_source(models, policy):
    (answer,) = score(models, "--policy", policy, given=request_line(unit={"user": user_of(FLAT)})).answers
    values = {value["ad"]: value for value in answer["values"]}
    assert values["8"]["expected_revenue"] == pytest.approx(2 * 0.5 * 0.001, rel=1e-6)
    assert values["8"]["flags"] == ["adjusted"]
    assert [values["8"][member] for member in ("predictor", "experiment", "variant")] == ["house", "cheaper", "flat"]
    assert [values["10"][member] for member in ("predictor", "experiment", "variant")] == ["house", None, None]
    assert "overridden" in values["10"]["flags"]


def test_the_table_shows_predictor_and_experiment_under_a_policy(models, policy):
    given = request_line(unit={"user": user_of(CONTROL)})
    result = score(models, "--policy", policy, "--format", "table", given=given)
    titles, rows = result.lines[1], result.lines[3:7]
    assert titles.split()[-3:] == ["predictor", "experiment", "flags"]
    assert "propensity" not in titles
    assert {row.split()[1]: row.split()[9:11] for row in rows} == {
        "7": ["production", "cheaper=control"],
        "8": ["production", "cheaper=control"],
        "9": ["production", "cheaper=control"],
        "10": ["house", "–"],
    }


def test_propensities_are_shown_if_a_predictor_explores(root, directory):
    policy = write_policy(
        directory / "curious.json",
        predictors=POLICY["predictors"] | {"curious": {"naive": {}, "exploration": 1}},
        default="curious",
        experiments=None,
    )
    (answer,) = score(root, "--policy", policy, given=request_line()).answers
    assert sum(value["propensity"] for value in answer["values"]) == pytest.approx(1, abs=0.02)
    lines = score(root, "--policy", policy, "--format", "table", given=request_line()).lines
    assert lines[1].split()[-3:] == ["propensity", "predictor", "flags"]


def test_an_ad_that_chance_chooses_is_named_below_the_table(models, directory):
    policy = write_policy(directory / "chance.json", overrides=None, experiments=None, minimum_propensity=0.1)
    given = "".join(request_line(f"imp-{number}") for number in range(20))
    answers = score(models, "--policy", policy, given=given).answers
    table = score(models, "--policy", policy, "--format", "table", given=given).output
    expected = []
    for answer in answers:
        best = max(answer["values"], key=lambda value: value["expected_revenue"])
        assert min(value["propensity"] for value in answer["values"] if value["expected_revenue"] > 0) >= 0.0999
        if (chosen := answer["chosen"])["ad"] != best["ad"]:
            expected.append(f"chosen instead of the best, by chance: ad {chosen['ad']}, propensity 0.100")
    assert [line for line in table.splitlines() if "chance" in line] == expected
    assert 0 < len(expected) < 20


def test_adjusted_ads_with_one_id_keep_their_own_bids_in_the_table(models, policy):
    ads = [{"ad": "same", "campaign": "1042", "pricing": "cpm", "bid": bid} for bid in (1, 3, 2)]
    given = request_line(candidates=ads, top=3)
    result = score(models, "--policy", policy, "--format", "table", given=given)
    rows = [line.split() for line in result.lines if " CPM " in line]
    assert [row[4] for row in rows] == ["3.00", "2.00", "1.00"]


@pytest.mark.parametrize("columns", [60, 80, 100, 120])
def test_the_table_under_a_policy_fits_the_terminal(models, policy, directory, columns):
    requests = directory / "units.jsonl"
    requests.write_text(request_line(unit={"user": user_of(FLAT)}))
    result = run_in_terminal(
        "score",
        "--models",
        models,
        "--policy",
        policy,
        requests,
        columns=columns,
        environment={"NO_COLOR": "1"},
    )
    rows = [line for line in result.lines if "house" in line]
    assert len(rows) == 4
    assert max(len(row) for row in rows) <= columns
    assert "cheaper=flat" in rows[0]


def test_a_policy_that_does_not_fit_the_models_ends_with_2(models, directory):
    policy = write_policy(directory / "bad.json", predictors={"production": {"release": "monday"}}, overrides=None)
    result = score(models, "--policy", policy, given=request_line())
    assert (result.status, result.output) == (2, "")
    assert "cannot load the policy: " in result.errors
    assert f"`valuation policy check {policy} --models {models}`" in result.errors
