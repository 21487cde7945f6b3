# SPDX-License-Identifier: Apache-2.0
"""`valuation diff`: what other models change, in weights and in money."""

import json
import os
import random
import re
import threading
import time

import pytest

from .command import REQUEST, request_line, run, run_in_terminal

# Members of requests that must not keep ads from being compared.
SPECIAL = {3: {"top": 1}, 4: {"budget_us": 1}}


@pytest.fixture
def requests(published):
    """Requests whose bids vary, so that different ads win."""
    chance = random.Random(7)
    lines = []
    for number in range(40):
        candidates = [ad | {"bid": ad["bid"] * chance.choice([0.25, 1, 4])} for ad in REQUEST["candidates"]]
        features = {"slot": chance.choice(["12", "77", "80"]), "os": chance.choice(["ios", "android"])}
        members = {"features": features, "candidates": candidates} | SPECIAL.get(number, {})
        lines.append(request_line(f"imp-{number}", **members))
    lines.append(request_line("nothing", candidates=[]))
    lines.append(request_line("worthless", candidates=[REQUEST["candidates"][1] | {"bid": 0}]))
    file = published / "bids.jsonl"
    file.write_text("".join(lines))
    return file


def diff(*arguments, **options):
    result = run("diff", *arguments, **options)
    assert (result.status, result.errors) == (0, "")
    (answer,) = result.answers
    return answer


def test_the_weights_that_changed_are_counted_and_named(published):
    answer = diff("monday", "tuesday", "--models", published / "models")
    assert (answer["before"], answer["after"], answer["values"]) == ("monday", "tuesday", None)
    weights = answer["weights"]
    assert (weights["added_models"], weights["changed_models"], weights["unchanged_models"]) == (1, 2, 1)
    models = {(model["campaign"], model["target"]): model for model in weights["models"]}
    click = models["1042", "click"]
    assert (click["change"], click["added"], click["dropped"], click["moved"]) == ("changed", 1, 1, 1)
    assert click["distance"] == pytest.approx(1.0 + 0.25 + 0.25)
    assert click["most"][0] == {"weight": "slot=12", "before": 0.5, "after": 1.5}
    assert {"weight": "slot=80", "before": None, "after": 0.25} in click["most"]
    assert models["1042", "conversion"]["constant"] == {"before": -2.0, "after": -2.5}
    assert models["no-such-campaign", "click"]["change"] == "added"


def test_paths_and_ids_compare_the_same(published):
    by_id = diff("monday", "tuesday", "--models", published / "models")
    for before in ("batch", "models/releases/monday"):
        for after in ("changed", "models"):
            assert diff(before, after, cwd=published)["weights"] == by_id["weights"]


def test_the_tables_have_the_farthest_first(published):
    result = run("diff", "batch", "changed", "--format", "table", cwd=published)
    assert result.lines[0] == "batch → changed"
    assert result.lines[1].split()[1:] == ["2", "changed,", "1", "added,", "0", "dropped,", "1", "unchanged"]
    assert result.lines[2].split()[1:] == ["1", "moved,", "2", "added,", "1", "dropped"]
    assert [line.split() for line in result.lines[6:9]] == [
        ["1042", "click", "1", "1", "1", "1.500", "-4.068", "-4.068"],
        ["no-such-campaign", "click", "0", "1", "0", "0.100", "–", "-1.000"],
        ["1042", "conversion", "0", "0", "0", "0.000", "-2.000", "-2.500"],
    ]
    assert [line.split()[2:] for line in result.lines[-4:]] == [
        ["slot=12", "0.500", "1.500", "+1.000"],
        ["slot=80", "–", "0.250", "+0.250"],
        ["slot=77", "-0.250", "–", "+0.250"],
        ["slot=12", "–", "0.100", "+0.100"],
    ]


def test_the_number_of_weights_named_can_be_limited(published):
    result = run("diff", "batch", "changed", "--format", "table", "--most", 1, cwd=published)
    assert result.lines[-4] == "the 1 weight that moved farthest"
    assert result.lines[-1].split()[2] == "slot=12"
    models = diff("batch", "changed", "--most", 0, cwd=published)["weights"]["models"]
    assert [model["most"] for model in models] == [[], [], []]


def test_the_same_models_do_not_differ(published):
    answer = diff("batch", "models/releases/monday", cwd=published)
    assert answer["weights"]["models"] == []
    assert answer["weights"]["unchanged_models"] == 3


def scored(models, requests):
    """What `valuation score` prints: for each request, the campaigns and values of its ads in their order."""
    everything = requests.with_suffix(".all")
    lines = [json.loads(line) for line in requests.read_text().splitlines()]
    everything.write_text("".join(json.dumps(line | {"top": None, "budget_us": None}) + "\n" for line in lines))
    answers = run("score", "--models", models, everything).answers
    return [[(value["campaign"], value["expected_revenue"]) for value in answer["values"]] for answer in answers]


def ranking(values):
    return sorted(range(len(values)), key=lambda ad: (-values[ad][1], ad))


def winner(values):
    return next((ad for ad in ranking(values) if values[ad][1] > 0), None)


def test_the_money_agrees_with_the_scores(published, requests):
    answer = diff("batch", "changed", "--requests", requests, cwd=published)["values"]
    before, after = scored(published / "batch", requests), scored(published / "changed", requests)
    pairs = list(zip(before, after, strict=True))
    winners = [(winner(old), winner(new)) for old, new in pairs]
    changed = sum(old != new for old, new in winners)
    assert 0 < changed < len(pairs)  # otherwise this test checks nothing

    def per_thousand(amounts):
        return pytest.approx(1000 * sum(amounts) / len(pairs))

    def worth(values, ad):
        return 0 if ad is None else values[ad][1]

    assert (answer["requests"], answer["ads"]) == (42, 161)
    assert answer["changed_winners"] == pytest.approx(changed / len(pairs))
    assert answer["old_winners"] == {
        "before": per_thousand(worth(old, ad) for (old, _), (ad, _) in zip(pairs, winners, strict=True)),
        "after": per_thousand(worth(new, ad) for (_, new), (ad, _) in zip(pairs, winners, strict=True)),
    }
    assert answer["new_winners"] == {
        "before": per_thousand(worth(old, ad) for (old, _), (_, ad) in zip(pairs, winners, strict=True)),
        "after": per_thousand(worth(new, ad) for (_, new), (_, ad) in zip(pairs, winners, strict=True)),
    }
    assert answer["revenue"] == {"before": answer["old_winners"]["before"], "after": answer["new_winners"]["after"]}
    moves = [abs(ranking(old).index(ad) - ranking(new).index(ad)) for old, new in pairs for ad in range(len(old))]
    assert answer["mean_rank_change"] == pytest.approx(sum(moves) / len(moves))

    assert {campaign["campaign"] for campaign in answer["campaigns"]} == {"1042", "no-such-campaign"}
    for campaign in answer["campaigns"]:
        for which, scores in enumerate((before, after)):
            member = ("before", "after")[which]
            values = [value for ads in scores for name, value in ads if name == campaign["campaign"]]
            won = [
                ads[pair[which]][1]
                for ads, pair in zip(scores, winners, strict=True)
                if pair[which] is not None and ads[pair[which]][0] == campaign["campaign"]
            ]
            assert campaign["ads"] == len(values)
            assert campaign["ecpm"][member] == pytest.approx(1000 * sum(values) / len(values))
            assert campaign["wins"][member] == len(won)
            assert campaign["revenue"][member] == per_thousand(won)
    changes = [abs(each["revenue"]["after"] - each["revenue"]["before"]) for each in answer["campaigns"]]
    assert changes == sorted(changes, reverse=True)
    assert sum(changes) > 0


def test_requests_come_from_several_files_and_standard_input(published, requests):
    whole = diff("batch", "changed", "--requests", requests, requests, cwd=published)
    given = requests.read_text()
    assert diff("batch", "changed", "--requests", requests, "-", given=given, cwd=published) == whole
    assert whole["values"]["requests"] == 84


def test_bad_requests_are_reported_and_the_others_compared(published):
    file = published / "mixed.jsonl"
    file.write_text(request_line() + "{\n" + request_line())
    result = run("diff", "batch", "changed", "--requests", file, cwd=published)
    assert result.status == 1
    assert result.answers[0]["values"]["requests"] == 2
    first, summary = result.errors.splitlines()
    assert first.startswith(f"{file}:2")
    assert summary == "valuation: 2 requests answered, 1 bad"


def test_the_values_of_compiled_files_can_be_compared(published, requests):
    for models in ("batch", "changed"):
        assert run("compile", models, cwd=published).status == 0
    answer = diff("batch.valuation", "changed.valuation", "--requests", requests, cwd=published)
    assert answer["weights"] is None
    assert answer["values"] == diff("batch", "changed", "--requests", requests, cwd=published)["values"]
    alone = run("diff", "batch.valuation", "changed.valuation", cwd=published)
    assert (alone.status, alone.output) == (2, "")
    assert "Compare the model files" in alone.errors
    assert "--requests" in alone.errors


@pytest.mark.parametrize("columns", [80, 120])
def test_the_tables_fit_the_terminal(published, requests, columns):
    options = {"columns": columns, "environment": {"NO_COLOR": "1"}, "cwd": str(published)}
    result = run_in_terminal("diff", "batch", "changed", "--requests", requests.name, **options)
    assert result.status == 0
    assert max(len(line) for line in result.lines) <= columns
    assert "42 requests, 161 ads" in result.lines
    totals = next(line for line in result.lines if line.startswith("by their own estimates, the winners"))
    values = diff("batch", "changed", "--requests", requests, cwd=published)["values"]["revenue"]
    assert f"{values['before']:.2f}"[:4] in totals
    assert f"→ {values['after']:.2f}"[:6] in totals


def test_a_terminal_shows_the_progress_of_reading(published):
    pipe = published / "pipe"
    os.mkfifo(pipe)

    def write_slowly():
        with pipe.open("w") as file:
            for _ in range(2):
                file.write(request_line())
                file.flush()
                time.sleep(1.1)
            file.write(request_line())

    writer = threading.Thread(target=write_slowly)
    writer.start()
    result = run_in_terminal("diff", "batch", "changed", "--requests", "pipe", cwd=str(published))
    writer.join()
    assert result.status == 0
    shown, wiped, tables = result.output.partition("\r\x1b[K\x1b[1mbatch → changed")
    assert re.search(r"\d lines?, ", shown)
    assert wiped
    assert "3 requests, 12 ads" in tables


@pytest.mark.parametrize("answer_format", ["jsonl", "table"])
def test_sums_beyond_a_double_are_no_failure(published, answer_format):
    given = request_line(candidates=[REQUEST["candidates"][0] | {"bid": 1.7e308}] * 200) * 20
    options = ["--requests", "-", "--format", answer_format]
    result = run("diff", "batch", "changed", *options, given=given, cwd=published)
    assert (result.status, result.errors) == (0, "")
    assert "inf" in result.output.lower()


def test_without_requests_no_money_is_compared(published):
    result = run("diff", "batch", "changed", "--requests", "/dev/null", "--format", "table", cwd=published)
    assert (result.status, result.lines[-1]) == (0, "0 requests, 0 ads")


@pytest.mark.parametrize("names", [("monday", "wednesday"), ("wednesday", "monday")])
def test_an_unknown_id_is_refused(root, names):
    result = run("diff", *names, "--models", root)
    assert (result.status, result.output) == (2, "")
    first, second = result.errors.splitlines()
    assert first == f"valuation: error: no release wednesday in {root}"
    assert second.strip() == f"`valuation releases {root}` lists what is there."


def test_a_missing_path_is_refused_with_what_may_be_named(published):
    result = run("diff", "batch", "wednesday", cwd=published)
    assert (result.status, result.output) == (2, "")
    assert "wednesday: " in result.errors
    assert "--models" in result.errors


def test_models_with_a_problem_are_refused(published):
    (published / "changed" / "0.json").write_text("{")
    result = run("diff", "batch", "changed", cwd=published)
    assert (result.status, result.output) == (2, "")
    assert "changed/0.json:1" in result.errors
    assert "`valuation validate changed`" in result.errors
