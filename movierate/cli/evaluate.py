"""movierate evaluate: how well a model rates labelled reviews."""

from __future__ import annotations

import argparse
import json
from typing import Any

from movierate.cli.arguments import (
    add_dump,
    add_model,
    check_writable,
    directory,
    load_config,
    require_packages,
)
from movierate.cli.rendering import describe_further_metrics, describe_metrics, error_table
from movierate.cli.train import read_labelled
from movierate.config.jobs import DumpConfig
from movierate.spark.installed import require_spark


def add_command(commands: Any) -> None:
    """Add the command to the parser of the command line."""
    evaluate = commands.add_parser("evaluate", help="measure a model on labelled reviews")
    evaluate.set_defaults(run=run)
    add_model(evaluate)
    evaluate.add_argument(
        "--reviews", required=True, nargs="+", metavar="PATH", help="labelled reviews"
    )
    evaluate.add_argument("--output", type=directory, metavar="DIR", help="draw the report there")
    add_dump(evaluate)


def run(arguments: argparse.Namespace) -> None:
    """Rate labelled reviews and print how far off the ratings are; the last line is JSON."""
    config = load_config(DumpConfig, arguments)
    require_spark("evaluate")
    require_packages("evaluate", "sklearn", *(["matplotlib"] if arguments.output else []))
    from movierate.inference.rater import Rater
    from movierate.model.bundle import load
    from movierate.spark.paths import check_apart, check_names
    from movierate.spark.session import check_local, running_spark
    from movierate.training.evaluate import check_report, evaluate

    bundle = load(arguments.model)
    if arguments.output:
        check_report(arguments.output)
        check_writable(arguments.output)
    check_local(arguments.reviews)
    with running_spark("movierate evaluate") as spark:
        check_names(spark, arguments.reviews, arguments.output and str(arguments.output))
        if arguments.output:
            check_apart(spark, arguments.reviews, str(arguments.output))
        labelled = read_labelled(spark, arguments.reviews, config, bundle.rating_scale)
    result = evaluate(Rater(bundle), bundle.rating_scale, labelled.reviews, arguments.output)
    print(describe_metrics(result))
    print(describe_further_metrics(result))
    print(error_table("star", result["by_star"]))
    print(error_table("words", result["by_length"], "up to "))
    if arguments.output:
        print(f"report  {arguments.output}")
    understood = labelled.rating_scale.as_record()
    print(json.dumps({"model_id": bundle.model_id, "rating_scale": understood, **result}))
