"""movierate train: labelled reviews to a model."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from movierate.cli.arguments import (
    add_config,
    add_dump,
    check_writable,
    directory,
    load_config,
    print_progress,
    require_packages,
)
from movierate.cli.rendering import describe_metrics, describe_rating_scale
from movierate.config.jobs import DumpConfig, TrainConfig
from movierate.spark.installed import require_spark


def add_command(commands: Any) -> None:
    """Add the command to the parser of the command line."""
    train = commands.add_parser("train", help="train a model on labelled reviews")
    train.set_defaults(run=run)
    train.add_argument(
        "--reviews", required=True, nargs="+", metavar="PATH", help="labelled reviews"
    )
    train.add_argument("--output", required=True, type=directory, metavar="BUNDLE_DIR")
    train.add_argument(
        "--unlabelled",
        nargs="+",
        metavar="PATH",
        help="reviews without ratings, for vocabulary, word vectors and the teacher",
    )
    train.add_argument(
        "--validation", metavar="PATH", help="labelled reviews of other movies, to choose the epoch"
    )
    train.add_argument(
        "--word-vectors", metavar="FILE", help="a GloVe or word2vec text file, or train, or random"
    )
    add_dump(train)
    add_config(train)


def run(arguments: argparse.Namespace) -> None:
    """Train a model and print how good it is."""
    config = load_config(TrainConfig, arguments)
    require_spark("train")
    from movierate.model.bundle import check_replaceable
    from movierate.reviews.dataset import review_texts
    from movierate.spark.paths import check_apart, check_names
    from movierate.spark.session import check_local, running_spark

    require_packages("train", "tensorflow", "gensim", "matplotlib", "sklearn")
    check_writable(arguments.output)
    check_replaceable(arguments.output)
    if arguments.output.exists():
        print_progress(f"{arguments.output} will be replaced when the new model is complete")
    validation_paths = [arguments.validation] if arguments.validation else []
    paths = [*arguments.reviews, *validation_paths, *(arguments.unlabelled or ())]
    check_local(paths)
    validation = unlabelled = None
    with running_spark("movierate train", driver_memory="4g") as spark:
        check_names(spark, paths, str(arguments.output))
        check_apart(spark, paths, str(arguments.output))
        dump, scale = config.dump, config.target_scale
        labelled = read_labelled(spark, arguments.reviews, dump, scale)
        if arguments.validation:
            validation = read_labelled(spark, [arguments.validation], dump, scale).reviews
        if arguments.unlabelled:
            unlabelled = review_texts(spark, arguments.unlabelled, dump)
    from movierate.training.train import train

    bundle = train(
        config, labelled.reviews, arguments.output, validation, unlabelled, print_progress
    )
    figures = bundle.metrics["validation"]
    print(f"model       {bundle.model_id}")
    print(f"validation  {describe_metrics(figures)}")
    print(f"bundle      {arguments.output}")
    print(f"report      {arguments.output / 'report'}")


def read_labelled(spark: Any, paths: Sequence[str], config: DumpConfig, stars: Any) -> Any:
    """Reviews with a text and a rating; says how many they are, and how they were understood."""
    from movierate.reviews.dataset import labelled_reviews

    labelled = labelled_reviews(spark, paths, config, stars)
    print_progress(
        f"{labelled.rows_read:,} rows read, {len(labelled.reviews):,} have a text and a rating; "
        + describe_rating_scale(labelled.rating_scale.as_record())
    )
    return labelled
