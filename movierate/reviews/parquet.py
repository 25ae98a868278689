"""Parquet: files of one schema or of several, with or without Hive partitions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache, reduce

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, NullType, StringType

from movierate.config import DumpConfig
from movierate.errors import UserError
from movierate.reviews.columns import match_column, merge_columns
from movierate.reviews.directories import directory_column, directory_columns
from movierate.reviews.footers import Footer, Leaf, read_footers, read_schema
from movierate.reviews.inputs import Inputs
from movierate.reviews.listing import File, escape_pattern, source_of
from movierate.reviews.record import (
    RAW_CHARACTERS,
    SOURCE,
    UNDECODABLE,
    BrokenFile,
    Records,
    Rows,
    Wanted,
    is_blank,
    quoted,
)
from movierate.reviews.types import as_text, common_type, convert

SETTINGS = {
    # `Title` and `title` are two columns, as they are to Parquet.
    "spark.sql.caseSensitive": "true",
    # A column of nanoseconds is read as the number that is stored.
    "spark.sql.legacy.parquet.nanosAsLong": "true",
}


def read(spark: SparkSession, inputs: Inputs, config: DumpConfig, encoding: str) -> Records:
    """The rows of Parquet files. Nested fields have names with dots.

    Each file is read with its own schema: a column that it does not have is null, and types that
    differ are brought to one.

    Raises:
        UserError: no file can be read.
    """
    footers = read_footers(spark, [file for file in inputs.files if file.bytes])
    sound = {file: footer for file, footer in footers.items() if isinstance(footer, Footer)}
    broken = {file: why for file, why in footers.items() if isinstance(why, str)}
    known = sound or (_known_footers(spark, inputs.whole) if inputs.whole else {})
    if not known:
        file, why = next(iter(broken.items()))
        raise UserError(f"input: {file.path} can't be read as parquet ({why})")
    directories = directory_columns(inputs.files)
    schemas = Counter(footer.leaves for footer in known.values())
    in_files = merge_columns([leaf.name for leaf in leaves] for leaves in schemas.elements())
    return Records(
        columns={**in_files, **dict.fromkeys(directories, 1)},
        rows=lambda wanted: _rows(spark, inputs, sound, wanted, directories),
        encoding="utf-8",
        directories=directories,
        broken=tuple(
            BrokenFile(source_of(spark, file.path), why, begins_well=False)
            for file, why in broken.items()
        ),
        row_counts={file.path: footer.rows for file, footer in sound.items()},
    )


def _known_footers(spark: SparkSession, inputs: Inputs) -> dict[File, Footer]:
    files = [file for file in inputs.files if file.bytes]
    footers = read_footers(spark, files)
    return {file: footer for file, footer in footers.items() if isinstance(footer, Footer)}


def _rows(
    spark: SparkSession,
    inputs: Inputs,
    footers: Mapping[File, Footer],
    wanted: Wanted,
    directories: Sequence[str],
) -> Rows:
    """The rows of all files: those that have the wanted columns in the same types are one read."""
    in_files = [name for name in wanted.names if name not in directories]
    chosen = {
        leaves: _choose(in_files, leaves)
        for leaves in dict.fromkeys(footer.leaves for footer in footers.values())
    }
    groups: dict[tuple[Leaf | None, ...], list[File]] = {}
    with_rows = {file: footer for file, footer in footers.items() if footer.rows}
    for file, footer in with_rows.items():
        groups.setdefault(chosen[footer.leaves], []).append(file)
    types = [
        common_type(leaf.type for leaf in leaves if leaf is not None and leaf.type is not None)
        for leaves in zip(*groups, strict=True)
    ]
    targets = dict(zip(in_files, types, strict=False)) if groups else {}
    is_all = len(with_rows) == len(inputs.files) and len(groups) == 1
    session = spark.newSession()
    for key, value in SETTINGS.items():
        session.conf.set(key, value)

    @cache
    def scan(lenient: bool) -> DataFrame:
        frames = []
        for leaves, files in groups.items():
            exact = [escape_pattern(file.path) for file in files]
            paths = inputs.listing.spark_paths() if is_all else exact
            reader = session.read.schema(read_schema([leaf for leaf in leaves if leaf]))
            reader = reader.options(ignoreCorruptFiles=lenient, recursiveFileLookup=True)
            found = dict(zip(in_files, leaves, strict=True))
            rows = _select(reader.parquet(*paths), wanted, found, targets)
            frames.append(inputs.listing.leave_out(rows) if is_all else rows)
        if not frames:
            empty = ", ".join(
                f"{name} string" for name in (*wanted.places, SOURCE, "reason", "raw")
            )
            return session.createDataFrame([], empty)
        return reduce(DataFrame.unionAll, frames)

    return Rows(scan, lambda rows: rows)


def _choose(names: Sequence[str], leaves: Sequence[Leaf]) -> tuple[Leaf | None, ...]:
    """A file's leaf for each name; None where it has none, or one of nulls alone.

    Raises:
        UserError: a column is of a type that Spark does not read.
    """
    by_name = {leaf.name: leaf for leaf in leaves}
    found = [match_column(name, tuple(by_name)) for name in names]
    chosen = [None if name is None else by_name[name] for name in found]
    for leaf in chosen:
        if leaf is not None and leaf.stored is None:
            raise UserError(
                f"input: the column {leaf.name} is of a type that Spark does not read: leave it out"
            )
    return tuple(
        None if leaf is None or isinstance(leaf.stored, NullType) else leaf for leaf in chosen
    )


def _select(
    frame: DataFrame,
    wanted: Wanted,
    leaves: Mapping[str, Leaf | None],
    targets: Mapping[str, DataType],
) -> DataFrame:
    """The rows of files of one kind, as `Rows.parse` gives them."""
    source = F.col("_metadata.file_path")
    places = wanted.places
    texts = [_text(name, leaves, source) for name in wanted.texts]
    kept = [_kept(name, leaves, targets, source) for name in wanted.kept]
    values = dict(zip(places, [*texts, *kept], strict=True))
    frame = frame.select(
        *(value.alias(place) for place, value in values.items()), source.alias(SOURCE)
    )
    names = dict(zip(places, wanted.names, strict=True))
    strings = [
        place
        for place, name in names.items()
        if place.startswith("t") or isinstance(targets.get(name), StringType)
    ]
    bad = reduce(
        lambda one, other: one | other,
        (F.coalesce(~F.is_valid_utf8(F.col(place)), F.lit(False)) for place in strings),
    )
    blank = F.to_json(F.struct(*(F.col(p).alias(names[p]) for p in strings)))
    return frame.select(
        *(F.when(~bad, F.col(place)).alias(place) for place in places),
        SOURCE,
        F.when(bad, UNDECODABLE).alias("reason"),
        F.when(bad, _head(F.concat_ws(" ", *strings)))
        .when(is_blank(F.col(places[0])), _head(blank))
        .alias("raw"),
    )


def _text(name: str, leaves: Mapping[str, Leaf | None], source: Column) -> Column:
    """A column as a string, whatever bytes it has."""
    if name not in leaves:
        return directory_column(name, source)
    leaf = leaves[name]
    if leaf is None or leaf.type is None:
        return F.lit(None).cast("string")
    return as_text(leaf.value(_stored(leaf)), leaf.type)


def _kept(
    name: str, leaves: Mapping[str, Leaf | None], targets: Mapping[str, DataType], source: Column
) -> Column:
    """A column as it is in the file, in the type that all files' columns go into."""
    if name not in leaves:
        return directory_column(name, source)
    leaf, target = leaves[name], targets[name]
    if isinstance(target, NullType):
        target = StringType()
    if leaf is None or leaf.type is None:
        return F.lit(None).cast(target)
    return convert(leaf.value(_stored(leaf)), leaf.type, target)


def _stored(leaf: Leaf) -> Column:
    column = F.col(quoted(leaf.path[0]))
    return reduce(lambda parent, name: parent.getField(name), leaf.path[1:], column)


def _head(text: Column) -> Column:
    return F.substring(F.make_valid_utf8(text), 1, RAW_CHARACTERS)
