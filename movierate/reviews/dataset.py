"""A review dump to the canonical columns, in parallel."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import unquote

import pandas as pd
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.pandas.functions import pandas_udf

from movierate.config.jobs import DumpConfig
from movierate.errors import UserError
from movierate.reviews.columns import Roles, find_known_dataset, find_roles
from movierate.reviews.containers import check_not_container
from movierate.reviews.corrupt import (
    broken_files,
    is_read_failure,
    read_around,
    unfinished_bzip2,
)
from movierate.reviews.encoding import AUTO, check_encoding, guess_encoding
from movierate.reviews.formats.registry import Format, choose_format
from movierate.reviews.frames import Table, check_text, table_records
from movierate.reviews.inputs import Inputs, find_inputs
from movierate.reviews.kept import KeptColumn, find_kept
from movierate.reviews.listing import File, Listing, check_all_read
from movierate.reviews.names import list_names
from movierate.reviews.ratings import NUMBER, SCALE_TOPS, Scale, guess_scale, parse_rating
from movierate.reviews.schema import BrokenFile, Records, Rows, Wanted, is_blank, kept_places
from movierate.spark.errors import SPARK_ERRORS, first_line

PARTITION_BYTES = 1 << 20
"""Bytes of input that deserve a task of their own: from a thousand reviews."""

SPLIT_BYTES = 128 << 20
"""Bytes that Spark gives to one reading task where files can be split."""

STARS: Scale = (1.0, 10.0)
"""The scale that ratings are given on, where no model asks for another."""


@dataclass(frozen=True)
class RatingScale:
    """The scale of the numbers in a dump's column of ratings."""

    scale: Scale | None
    """None: not known, numbers can't be read."""
    origin: str
    """Where it is known from: given, format, guessed, or unknown."""

    def as_record(self) -> dict[str, Any]:
        """As the run record says it."""
        return {"scale": list(self.scale) if self.scale else None, "origin": self.origin}


@dataclass(frozen=True)
class Dump:
    """A dump's reviews.

    Columns of the frame: review_id (string: the dump's, else a digest of movie and text), movie_id
    (string), rating (double: on the scale wanted), rating_unread (boolean: there is one, and it
    can't be read), text (string), source (string: the file), reason (string: why the row can't be
    read, or null), raw (string: what was read of a row that has a reason), and those kept, as k0,
    k1, ... (see `movierate.reviews.kept`).
    """

    frame: DataFrame
    format: str
    encoding: str
    roles: Roles
    rating_scale: RatingScale | None
    """None: there are no ratings."""
    inputs: Inputs
    kept: tuple[KeptColumn, ...]
    broken: Sequence[BrokenFile]
    """Files that turned out to be broken."""
    was_read_around: bool
    """Whether all files were tried one by one."""
    _read_records: Records
    _rows: Rows
    _select_canonical: Callable[[DataFrame], DataFrame]

    @property
    def columns(self) -> Sequence[str]:
        """The dump's own."""
        return tuple(self._read_records.columns)

    def repartition_for_cores(self) -> DataFrame:
        """Repartition the rows for all cores if few tasks read the files.

        One gzip file, or a Parquet file of one row group, is read by one core: its rows go on to
        all of them.
        """
        size = self.inputs.listing.bytes
        cores = self.frame.sparkSession.sparkContext.defaultParallelism
        wanted = min(-(-size // PARTITION_BYTES), 3 * cores)
        # Large files that split keep all cores busy by themselves; sending rows on costs a little.
        busy = self._read_records.is_splittable and size > cores * SPLIT_BYTES
        return self.frame if busy or wanted <= 1 else self.frame.repartition(wanted)

    def around_broken_files(self) -> Dump:
        """This dump after a read of it has failed: what can be read of the broken files is, and
        each of them has one more row, MALFORMED, that says what is wrong with it.
        """
        broken = broken_files(self._rows, self.broken, self._read_records.row_counts)
        rows = read_around(self._rows, broken)
        return dataclasses.replace(
            self, frame=self._select_canonical(rows), broken=broken, was_read_around=True
        )


def read_reviews(
    spark: SparkSession,
    reviews: Sequence[str] | Table,
    config: DumpConfig,
    keep: Sequence[str] = (),
    stars: Scale = STARS,
    whole: Dump | None = None,
) -> Dump:
    """The reviews of a dump.

    Args:
        spark: the session.
        reviews: files, directories or patterns, all of one format; or a table.
        config: the format and the columns, as far as the user named them.
        keep: columns of the dump to carry along under these names.
        stars: the scale to give ratings on.
        whole: the dump that the paths are a part of: the columns are its.

    Raises:
        UserError: there is no such input, it is empty or can't be read, its format can't be told,
            a column is missing, or Spark would pass over one of the files.
    """
    opened = _open(spark, reviews, config, whole)
    records, inputs = opened.records, opened.inputs
    roles = whole.roles if whole else find_roles(records, config)
    if isinstance(reviews, Table):
        check_text(reviews, records, roles.text[0])
    kept = whole.kept if whole else find_kept(keep, records, inputs.listing)
    scale = _rating_scale(records, roles, config)
    wanted = Wanted(
        tuple(dict.fromkeys(names for names in roles.wanted.values() if names)),
        tuple(column.column for column in kept),
        {column.column: column.type for column in kept if whole and column.type is not None},
    )
    rows = records.rows(wanted)
    broken = [*records.broken, *(unfinished_bzip2(spark, inputs.files) if opened.has_lines else ())]
    check_strict(config, broken)
    if inputs.files:
        check_all_read(rows.scan(False), _find_files_with_rows(inputs, records))

    def canonical(frame: DataFrame) -> DataFrame:
        return _select_canonical(frame, roles, wanted, scale.scale if scale else None, stars)

    return Dump(
        frame=canonical(read_around(rows, broken)),
        format=opened.format,
        encoding=records.encoding,
        roles=roles,
        rating_scale=scale,
        inputs=inputs,
        kept=kept,
        broken=broken,
        was_read_around=isinstance(reviews, Table),  # its files are not ours to look for
        _read_records=records,
        _rows=rows,
        _select_canonical=canonical,
    )


class _Opened(NamedTuple):
    """A dump whose format and columns are known."""

    records: Records
    inputs: Inputs
    """Without files, if the reviews are a table."""
    format: str
    """As the run record says it."""
    has_lines: bool
    """As `Format.has_lines`."""


def _open(
    spark: SparkSession, reviews: Sequence[str] | Table, config: DumpConfig, whole: Dump | None
) -> _Opened:
    """The reviews before their columns have roles: see `read_reviews`."""
    if isinstance(reviews, Table):
        no_files = Inputs((reviews.name,), Listing((), (), ()), ())
        return _Opened(table_records(reviews), no_files, f"table {reviews.name}", False)
    inputs = find_inputs(spark, reviews, whole.inputs if whole else None)
    format = choose_format(config.format, inputs)
    inputs = inputs.only(format.select(inputs.files))
    check_not_container(inputs)
    records = _read_records(spark, inputs, format, config)
    return _Opened(records, inputs, format.name, format.has_lines)


def _read_records(
    spark: SparkSession, inputs: Inputs, format: Format, config: DumpConfig
) -> Records:
    """The records of a dump's files.

    Raises:
        UserError: Spark can't read them as this format.
    """
    try:
        return format.read(spark, inputs, config, _choose_encoding(inputs, format, config))
    except SPARK_ERRORS as error:
        raise UserError(
            f"input: {inputs.head.path} can't be read as {format.name} ({first_line(error)})"
        ) from None


class Labelled(NamedTuple):
    """Reviews with a text and a rating."""

    reviews: pd.DataFrame
    """movie_id (string), rating (float32, on the scale wanted), text (string), in the dump's
    order."""
    rows_read: int
    rating_scale: RatingScale


def labelled_reviews(
    spark: SparkSession, paths: Sequence[str], config: DumpConfig, stars: Scale = STARS
) -> Labelled:
    """Reviews as training takes them, their ratings on the scale `stars`.

    Raises:
        UserError: as `read_reviews`, or the dump has no column of ratings.
    """
    dump = read_reviews(spark, paths, config, stars=stars)
    if dump.rating_scale is None:
        raise UserError(
            "rating: no column has a usual name for the rating: name it with --rating; "
            f"the columns are {list_names(dump.columns)}"
        )
    rating = F.col("rating").cast("float").alias("rating")
    frame = collect(dump, config, "movie_id", rating, "text")
    usable = frame["text"].fillna("").str.strip().ne("") & frame["rating"].notna()
    return Labelled(frame[usable].reset_index(drop=True), len(frame), dump.rating_scale)


def review_texts(spark: SparkSession, paths: Sequence[str], config: DumpConfig) -> pd.Series:
    """The texts of a dump that may have no ratings, in its order.

    Raises:
        UserError: as `read_reviews`.
    """
    frame = collect(read_reviews(spark, paths, config), config, "text")
    return frame["text"].dropna().reset_index(drop=True)


def collect(dump: Dump, config: DumpConfig, *columns: str | Column) -> pd.DataFrame:
    """Columns of a dump as pandas, broken files or not.

    Raises:
        UserError: a file is broken, and config.strict does not allow it.
    """
    try:
        return dump.frame.select(*columns).toPandas()
    except SPARK_ERRORS as error:
        if not is_read_failure(error):
            raise
    dump = dump.around_broken_files()
    check_strict(config, dump.broken)
    return dump.frame.select(*columns).toPandas()


def check_strict(config: DumpConfig, broken: Sequence[BrokenFile]) -> None:
    """Make sure that no file is broken, if config.strict asks for that.

    Raises:
        UserError: the first of them is.
    """
    if config.strict and broken:
        raise UserError(
            f"input: {broken[0].source}: {broken[0].why} "
            "(repair or remove the file, or remove --strict to read around the damage)"
        )


def _find_files_with_rows(inputs: Inputs, records: Records) -> list[File]:
    """The files that Spark must read: all but those known to be unreadable or without rows."""
    broken = {unquote(file.source) for file in records.broken}
    counts = records.row_counts
    return [file for file in inputs.files if file.path not in broken and counts.get(file.path, 1)]


def _choose_encoding(inputs: Inputs, format: Format, config: DumpConfig) -> str:
    if config.encoding is None:
        return format.encoding
    if config.encoding == AUTO:
        return guess_encoding(inputs.head.content)
    return check_encoding(config.encoding)


def _rating_scale(records: Records, roles: Roles, config: DumpConfig) -> RatingScale | None:
    if not roles.rating:
        return None
    if config.rating_scale is not None:
        return RatingScale(config.rating_scale, "given")
    dataset = find_known_dataset(tuple(records.columns))
    known = records.scale or (dataset.scale if dataset else None)
    if known is not None:
        return RatingScale(known, "format")
    scales = {name: _guess_scale(records, roles.text, name) for name in roles.rating}
    known_scales = {scale for scale in scales.values() if scale is not None}
    if len(known_scales) > 1:
        said = (f"{name} is on {_describe_scale(scale)}" for name, scale in scales.items())
        raise UserError(
            f"rating: its column has other names and scales in some files ({', '.join(said)}): "
            "score these files separately, or name one column with --rating"
        )
    guessed = next(iter(known_scales), None)
    return RatingScale(guessed, "guessed" if guessed else "unknown")


def _describe_scale(scale: Scale | None) -> str:
    return "no scale" if scale is None else f"{scale[0]:g} to {scale[1]:g}"


def _guess_scale(records: Records, text: tuple[str, ...], rating: str) -> Scale | None:
    """The scale of all numbers of a column.

    The first rows won't do: dumps are often sorted, the bad reviews first.
    """
    first = [text] if records.directories.named(rating) else []
    wanted = Wanted((*first, rating))
    written = F.regexp_extract(F.col(wanted.places[-1]), f"^{NUMBER}$", 1)
    rows = records.rows(wanted)
    given = rows.parse(rows.scan(True)).select(F.regexp_replace(written, ",", ".").alias("given"))
    frame = given.select(F.expr("try_cast(given AS double)").alias("number"))
    number = F.col("number")
    tops = [
        F.struct(F.count_if(number <= top), F.max(F.when(number <= top, number)))
        for top in SCALE_TOPS
    ]
    count, low, *found = frame.agg(F.count(number), F.min(number), *tops).collect()[0]
    high = next((high for below, high in found if 2 * below > count), None)
    return None if high is None else guess_scale(low, high)


def _select_canonical(
    rows: DataFrame, roles: Roles, wanted: Wanted, scale: Scale | None, stars: Scale
) -> DataFrame:
    def value(role: str) -> Column:
        names = roles.wanted[role]
        if not names:
            return F.lit(None).cast("string")
        return F.col(f"t{wanted.texts.index(names)}")

    def identifier(role: str) -> Column:
        return F.when(~is_blank(value(role)), value(role))  # a blank one tells nothing apart

    text, movie = value("text"), identifier("movie")
    given = F.trim(value("rating"))
    rating = _rating_udf(scale, stars)(given) if roles.rating else F.lit(None).cast("double")
    digest = F.md5(F.concat(F.coalesce(movie, F.lit("")), F.lit("\0"), text))
    unread = F.col("rating").isNull() & (F.length(given) > 0)
    return rows.withColumn("rating", rating).select(
        F.coalesce(identifier("id"), digest).alias("review_id"),
        movie.alias("movie_id"),
        F.col("rating"),
        F.coalesce(unread, F.lit(False)).alias("rating_unread"),
        text.alias("text"),
        F.col("source"),
        F.col("reason"),
        F.col("raw"),
        *kept_places(len(wanted.kept)),
    )


def _rating_udf(scale: Scale | None, stars: Scale) -> Any:
    def parse(written: pd.Series) -> pd.Series:
        return pd.Series(
            [
                parse_rating(text, scale, stars) if isinstance(text, str) else None
                for text in written
            ],
            dtype="float64",
        )

    return pandas_udf(parse, "double")  # type: ignore[call-overload]
