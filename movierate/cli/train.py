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
from movierate.config.jobs import DumpConfig, SourceConfig, TrainConfig
from movierate.errors import UserError
from movierate.spark.installed import require_spark


def add_command(commands: Any) -> None:
    """Add the command to the parser of the command line."""
    train = commands.add_parser("train", help="train a model on labelled reviews")
    train.set_defaults(run=run)
    train.add_argument(
        "--reviews",
        nargs="+",
        metavar="PATH",
        help="labelled reviews; for more than one source, see conf/train.yaml",
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
    wanted = _list_sources(config, arguments)
    require_spark("train")
    from movierate.model.bundle import check_replaceable
    from movierate.reviews.dataset import review_texts
    from movierate.spark.paths import check_apart, check_names
    from movierate.spark.session import check_local, running_spark
    from movierate.training.sources import Source

    require_packages("train", "tensorflow", "gensim", "matplotlib", "sklearn")
    check_writable(arguments.output)
    check_replaceable(arguments.output)
    if arguments.output.exists():
        print_progress(f"{arguments.output} will be replaced when the new model is complete")
    validation_paths = [arguments.validation] if arguments.validation else []
    read = [path for source in wanted.values() for path in (*source.reviews, *source.unlabelled)]
    paths = [*read, *validation_paths]
    check_local(paths)
    with running_spark("movierate train", driver_memory="4g") as spark:
        check_names(spark, paths, str(arguments.output))
        check_apart(spark, paths, str(arguments.output))
        scale = config.target_scale
        sources = []
        for name, source in wanted.items():
            print_progress(f"{name}: reading {', '.join(source.reviews)}")
            labelled = read_labelled(spark, source.reviews, source, scale).reviews
            unlabelled = validation = None
            if source.unlabelled:
                unlabelled = review_texts(spark, source.unlabelled, source)
            if arguments.validation:
                validation = read_labelled(spark, [arguments.validation], source, scale).reviews
            about = source.kind, source.weight, source.citation
            sources.append(Source(name, labelled, unlabelled, validation, *about))
    from movierate.training.train import train

    bundle = train(config, sources, arguments.output, print_progress)
    said = {
        "model": bundle.model_id,
        **{
            name: describe_metrics(figures)
            for name, figures in bundle.metrics.items()
            if name.endswith("validation")
        },
        "bundle": arguments.output,
        "report": arguments.output / "report",
    }
    width = max(map(len, said)) + 2
    for name, value in said.items():
        print(f"{name:<{width}}{value}")


def _list_sources(config: TrainConfig, arguments: argparse.Namespace) -> dict[str, SourceConfig]:
    """What to read, by name: the config's sources, or the one that the flags name.

    Raises:
        UserError: both are given, or neither.
    """
    flags = [flag for flag in ("reviews", "unlabelled", "validation") if vars(arguments)[flag]]
    if config.sources:
        if flags:
            raise UserError(
                f"{flags[0]}: the config names sources: remove --{flags[0]}, or the sources"
            )
        if all(source.kind == "phrases" for source in config.sources.values()):
            raise UserError("sources: all are of phrases: add one of whole reviews (kind: reviews)")
        return config.sources
    if not arguments.reviews:
        raise UserError("reviews: name labelled reviews with --reviews, or sources in the config")
    named = {"reviews": arguments.reviews, "unlabelled": arguments.unlabelled or []}
    return {"reviews": SourceConfig.model_validate({**dict(config.dump), **named})}


def read_labelled(spark: Any, paths: Sequence[str], config: DumpConfig, stars: Any) -> Any:
    """Reviews with a text and a rating; says how many they are, and how they were understood."""
    from movierate.reviews.dataset import labelled_reviews

    labelled = labelled_reviews(spark, paths, config, stars)
    print_progress(
        f"{labelled.rows_read:,} rows read, {len(labelled.reviews):,} have a text and a rating; "
        + describe_rating_scale(labelled.rating_scale.as_record())
    )
    return labelled
