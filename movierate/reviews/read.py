"""A review dump to the canonical columns, in parallel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from movierate.config import DumpConfig
from movierate.errors import UserError
from movierate.reviews import csv, jsonl, parquet
from movierate.reviews.columns import Roles, check_column, find_roles
from movierate.reviews.inputs import Inputs, find_inputs, guess_format, is_splittable
from movierate.spark import first_line

FORMATS = {"parquet": parquet.read, "jsonl": jsonl.read, "csv": csv.read}

PARTITION_BYTES = 1 << 20
"""Bytes of input that deserve a task of their own: from a thousand reviews."""

SPLIT_BYTES = 128 << 20
"""Bytes that Spark gives to one reading task where files can be split."""


@dataclass(frozen=True)
class Dump:
    """A dump's reviews.

    Columns of the frame: review_id (string: the dump's, else a digest of movie and text), movie_id
    (string), rating (double), text (string), source (string), raw (string: what was read of a row
    that has no text or could not be parsed), malformed (boolean), and those kept.
    """

    frame: DataFrame
    format: str
    roles: Roles
    inputs: Inputs

    def spread(self) -> DataFrame:
        """The frame over enough partitions for the cluster, however few can read the files.

        One gzip file, or a Parquet file of one row group, is read by one core: its rows go on to
        all of them.
        """
        cores = self.frame.sparkSession.sparkContext.defaultParallelism
        wanted = min(-(-self.inputs.bytes // PARTITION_BYTES), 3 * cores)
        # Large files that split keep all cores busy by themselves; sending rows on costs a little.
        busy = is_splittable(self.inputs, self.format) and self.inputs.bytes > cores * SPLIT_BYTES
        return self.frame if busy or wanted <= 1 else self.frame.repartition(wanted)


def read_reviews(
    spark: SparkSession, paths: Sequence[str], config: DumpConfig, keep: Sequence[str] = ()
) -> Dump:
    """The reviews of a dump.

    Args:
        spark: the session.
        paths: files, directories or patterns, all of one format.
        config: the format and the columns, as far as the user named them.
        keep: columns of the dump to carry along under their own names.

    Raises:
        UserError: there is no such input, it is empty or can't be read, its format can't be told,
            or a column is missing.
    """
    inputs = find_inputs(spark, paths)
    format = guess_format(inputs) if config.format == "auto" else config.format
    try:
        records = FORMATS[format](spark, inputs)
    except AnalysisException as error:
        raise UserError(
            f"input: {inputs.first_file} can't be read as {format} ({first_line(error)})"
        ) from None
    roles = find_roles(records.columns, config)
    for column in keep:
        check_column("keep", column, records.columns)

    def value(column: str | None, type: str) -> Column:
        # A row that does not parse may still give some of its values; none can be trusted.
        given = records.value(column) if column else F.lit(None)
        return F.when(~records.malformed, given).try_cast(type)

    movie, text = value(roles.movie, "string"), value(roles.text, "string")
    digest = F.md5(F.concat(F.coalesce(movie, F.lit("")), F.lit("\0"), text))
    frame = records.frame.select(
        F.coalesce(value(roles.id, "string"), digest).alias("review_id"),
        movie.alias("movie_id"),
        value(roles.rating, "double").alias("rating"),
        text.alias("text"),
        records.source.alias("source"),
        F.when(text.isNull(), records.raw).alias("raw"),
        records.malformed.alias("malformed"),
        *(records.value(column).alias(column) for column in keep),
    )
    return Dump(frame=frame, format=format, roles=roles, inputs=inputs)


def labelled_reviews(
    spark: SparkSession, paths: Sequence[str], config: DumpConfig
) -> tuple[pd.DataFrame, int]:
    """Reviews with a text and a rating, as training takes them.

    Returns:
        movie_id (string), rating (float32), text (string), in the dump's order; and how many rows
        were read.

    Raises:
        UserError: as `read_reviews`, or the dump has no column of ratings.
    """
    dump = read_reviews(spark, paths, config)
    if dump.roles.rating is None:
        raise UserError("rating: no column has a common name for the rating: name it with --rating")
    frame: pd.DataFrame = dump.frame.select(
        "movie_id", F.col("rating").cast("float"), "text"
    ).toPandas()
    usable = frame["text"].fillna("").str.strip().ne("") & frame["rating"].notna()
    return frame[usable].reset_index(drop=True), len(frame)


def review_texts(spark: SparkSession, paths: Sequence[str], config: DumpConfig) -> pd.Series:
    """The texts of a dump that may have no ratings, in its order.

    Raises:
        UserError: as `read_reviews`.
    """
    frame: pd.DataFrame = read_reviews(spark, paths, config).frame.select("text").toPandas()
    return frame["text"].dropna().reset_index(drop=True)
