"""Columnar formats: the common part of Parquet and ORC.

Spark takes one file's schema for all and refuses a file for one column that it has no type for.
So each file's footer is read here, and Spark is asked, file by file, for just the columns wanted
and in the types that the file has them in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from typing import Any

from pyspark.sql import Column, DataFrame, DataFrameReader, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import (
    ArrayType,
    BinaryType,
    DataType,
    DoubleType,
    MapType,
    NullType,
    StringType,
    StructField,
    StructType,
    TimestampNTZType,
    TimestampType,
)

from movierate.config.jobs import DumpConfig
from movierate.errors import UserError
from movierate.reviews.columns import match_column, merge_columns, with_directories
from movierate.reviews.directories import Directories
from movierate.reviews.inputs import Inputs
from movierate.reviews.listing import File, escape_pattern, source_of
from movierate.reviews.names import SOURCE, Name, names_of, quote_name
from movierate.reviews.schema import (
    RAW_CHARACTERS,
    UNDECODABLE,
    BrokenFile,
    Records,
    Rows,
    Wanted,
    is_blank,
)
from movierate.reviews.types import as_text, common_type, convert, is_longer_than_double
from movierate.spark.functions import is_valid_utf8, make_valid_utf8

SETTINGS = {
    # `Title` and `title` are two columns, as they are in the files.
    "spark.sql.caseSensitive": "true",
    # A Parquet column of nanoseconds is read as the number that is stored.
    "spark.sql.legacy.parquet.nanosAsLong": "true",
}


@dataclass(frozen=True)
class Leaf:
    """A column of a file that is not a struct."""

    path: tuple[str, ...]
    """Its name, and those of the structs around it before it."""
    stored: DataType | None
    """The type that Spark's reader is asked for; None if it has none for this."""
    form: str = ""
    """What the stored value stands for, where Spark has no type for that: uuid, time or nanos, the
    latter two with the unit or zone behind them."""

    @property
    def name(self) -> str:
        """With dots between the structs."""
        return ".".join(self.path)

    @property
    def type(self) -> DataType | None:
        """The type of `value`."""
        if self.form.startswith("nanos"):
            return TimestampType() if self.form == "nanos utc" else TimestampNTZType()
        return StringType() if self.form else self.stored

    def value(self, column: Column) -> Column:
        """The column that Spark has read, as what it stands for.

        A UUID is its text, a time of day its text, and nanoseconds are cut to microseconds.
        """
        if self.form == "uuid":
            digits = F.lower(F.hex(column))
            return F.regexp_replace(digits, "(.{8})(.{4})(.{4})(.{4})(.{12})", "$1-$2-$3-$4-$5")
        if self.form.startswith("nanos"):
            return _instant(_divided(column, 1_000)).cast(self.type or "timestamp")
        if self.form.startswith("time"):
            micros = {
                "time ms": column * 1_000,
                "time us": column,
                "time ns": _divided(column, 1_000),
            }
            return F.date_format(_instant(micros[self.form]), "HH:mm:ss.SSSSSS")
        return column


@dataclass(frozen=True)
class Footer:
    """A file's columns and rows, from its footer."""

    leaves: tuple[Leaf, ...]
    rows: int | None
    """None where the file does not say."""
    damage: str = ""
    """Why the file can't be read to its end, where the reader would end without a word."""


@dataclass(frozen=True)
class Columnar:
    """What differs between the formats."""

    name: str
    read_footers: Callable[[SparkSession, Sequence[File]], Mapping[File, Footer | str]]
    """The footer of each file, or why it can't be read."""
    load: Callable[[DataFrameReader, Sequence[str]], DataFrame]
    """Spark's reader of the format, called with paths."""
    are_doubles: Callable[[SparkSession, File, Leaf], bool] = lambda spark, file, leaf: False
    """Whether a double has all digits of a column's whole numbers."""

    def read(
        self, spark: SparkSession, inputs: Inputs, config: DumpConfig, encoding: str
    ) -> Records:
        """`Format.read`: see `read_columnar`."""
        return read_columnar(spark, inputs, self)


def struct_leaves(struct: StructType, parents: tuple[str, ...] = ()) -> Iterator[Leaf]:
    """The leaves of a struct whose fields have types of Spark's."""
    for field in struct:
        path = (*parents, field.name)
        if isinstance(field.dataType, StructType):
            yield from struct_leaves(field.dataType, path)
        else:
            yield Leaf(path, field.dataType)


def read_columnar(spark: SparkSession, inputs: Inputs, format: Columnar) -> Records:
    """The rows of columnar files. Nested fields have names with dots.

    Each file is read with its own schema: a column that it does not have is null, and types that
    differ are brought to one.

    Raises:
        UserError: no file can be read.
    """
    footers = format.read_footers(spark, [file for file in inputs.files if file.bytes])
    sound = {file: footer for file, footer in footers.items() if isinstance(footer, Footer)}
    broken = {file: why for file, why in footers.items() if isinstance(why, str)}
    broken |= {file: footer.damage for file, footer in sound.items() if footer.damage}
    if not sound and inputs.whole is None:
        file, why = next(iter(broken.items()))
        raise UserError(f"input: {file.path} can't be read as {format.name} ({why})")
    columns, _ = merge_columns([leaf.name for leaf in footer.leaves] for footer in sound.values())
    _, layouts = merge_columns(
        [leaf.name for leaf in footer.leaves if leaf.stored is not None]
        for footer in sound.values()
    )
    directories = inputs.directories
    return Records(
        columns=with_directories(columns, directories.columns),
        rows=lambda wanted: _read_rows(spark, inputs, format, sound, wanted, directories),
        encoding="utf-8",
        layouts=layouts,
        directories=directories,
        type_of=lambda name: _common_type(spark, format, sound, name),
        broken=tuple(
            BrokenFile(source_of(spark, file.path), why, begins_well=file in sound)
            for file, why in broken.items()
        ),
        row_counts={
            file.path: footer.rows for file, footer in sound.items() if footer.rows is not None
        },
    )


def _common_type(
    spark: SparkSession,
    format: Columnar,
    footers: Mapping[File, Footer],
    name: str,
    *others: DataType,
) -> DataType:
    """The type that holds a column's values in all files, and those of other types."""
    leaves = {
        file: leaf
        for file, footer in footers.items()
        if (leaf := _find_leaf(name, footer.leaves)) is not None
    }
    types = dict.fromkeys(leaf.type for leaf in leaves.values() if leaf.type is not None)
    common = common_type([*types, *others])
    if isinstance(common, DoubleType):
        long = [file for file, leaf in leaves.items() if is_longer_than_double(leaf.stored)]
        if not all(format.are_doubles(spark, file, leaves[file]) for file in long):
            return StringType()
    return common


def _read_rows(
    spark: SparkSession,
    inputs: Inputs,
    format: Columnar,
    footers: Mapping[File, Footer],
    wanted: Wanted,
    directories: Directories,
) -> Rows:
    """The rows of all files: those that have the wanted columns in the same types are one read."""
    chosen = {
        leaves: tuple(_choose_leaf(name, leaves) for name in wanted.names)
        for leaves in dict.fromkeys(footer.leaves for footer in footers.values())
    }
    groups: dict[tuple[Leaf | None, ...], list[File]] = {}
    with_rows = {file: footer for file, footer in footers.items() if footer.rows != 0}
    for file, footer in with_rows.items():
        groups.setdefault(chosen[footer.leaves], []).append(file)
        _check_text(file, chosen[footer.leaves][0])
    targets: list[DataType] = [
        StringType()
        if directories.named(name)
        else _common_type(
            spark, format, with_rows, name, *([wanted.types[name]] if name in wanted.types else [])
        )
        for name in wanted.kept
    ]
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
            file = F.col("_metadata.file_path")
            loaded = format.load(reader, paths)
            rows = select_columns(loaded, wanted, leaves, targets, directories, file)
            frames.append(inputs.listing.leave_out(rows) if is_all else rows)
        if not frames:
            empty = ", ".join(
                f"{name} string" for name in (*wanted.places, SOURCE, "reason", "raw")
            )
            return session.createDataFrame([], empty)
        return reduce(DataFrame.unionAll, frames)

    return Rows(scan, lambda rows: rows)


def _choose_leaf(name: Name, leaves: Sequence[Leaf]) -> Leaf | None:
    """A file's leaf by name. None if it is missing or has only nulls.

    Raises:
        UserError: the file has two, or it is of a type that Spark does not read.
    """
    found = (_find_leaf(one, leaves) for one in names_of(name))
    leaf = next((leaf for leaf in found if leaf is not None), None)
    if leaf is None or isinstance(leaf.stored, NullType):
        return None
    if sum(other.name == leaf.name for other in leaves) > 1:
        raise UserError(f"input: a file has two columns named {leaf.name}: rename one")
    if leaf.stored is None:
        raise UserError(
            f"input: the column {leaf.name} has a type that Spark does not read: name another"
        )
    return leaf


def _find_leaf(name: str, leaves: Sequence[Leaf]) -> Leaf | None:
    found = match_column(name, [leaf.name for leaf in leaves])
    return next((leaf for leaf in leaves if leaf.name == found), None)


def _check_text(file: File, leaf: Leaf | None) -> None:
    if leaf is not None and isinstance(leaf.type, ArrayType | MapType | StructType):
        raise UserError(
            f"input: the column {leaf.name} in {file.path} has lists or maps: choose another column"
        )


def select_columns(
    frame: DataFrame,
    wanted: Wanted,
    leaves: Sequence[Leaf | None],
    targets: Sequence[DataType],
    directories: Directories,
    source: Column,
) -> DataFrame:
    """The rows of files of one kind, as `Rows.parse` gives them.

    Args:
        frame: what Spark has read of them.
        wanted: the columns.
        leaves: the files' own, for each of `wanted.names`.
        targets: the types that all files' columns go into, for each of `wanted.kept`.
        directories: the columns that are directories.
        source: the file, or what else the rows come from.
    """
    places = wanted.places
    types = [StringType()] * len(wanted.texts) + [_kept_type(target) for target in targets]
    columns = []
    for number, (name, leaf, type) in enumerate(zip(wanted.names, leaves, types, strict=True)):
        if number >= len(wanted.texts):
            value = _as_kept(leaf, type)
        else:
            value = _as_text(leaf) if number == 0 else _as_identifier(leaf)
        above = directories.named(name) if number else []
        columns.append(F.coalesce(*(directories.column(one, source) for one in above), value))
    values = dict(zip(places, columns, strict=True))
    frame = frame.select(
        *(value.alias(place) for place, value in values.items()), source.alias(SOURCE)
    )
    strings = [place for place, type in zip(places, types, strict=True) if type == StringType()]
    names = {place: names_of(name)[0] for place, name in zip(places, wanted.names, strict=True)}
    bad = reduce(
        lambda one, other: one | other,
        (F.coalesce(~is_valid_utf8(F.col(place)), F.lit(False)) for place in strings),
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


def _as_text(leaf: Leaf | None) -> Column:
    """A column as a string, whatever bytes it has."""
    if leaf is None or leaf.type is None:
        return F.lit(None).cast("string")
    return as_text(leaf.value(_stored_column(leaf)), leaf.type)


def _as_identifier(leaf: Leaf | None) -> Column:
    """A column as a string; bytes that are no text, as of a UUID, in hexadecimal digits."""
    text = _as_text(leaf)
    if leaf is None or not isinstance(leaf.type, BinaryType):
        return text
    is_text = is_valid_utf8(text) & ~text.rlike(r"[\x00-\x08\x0e-\x1f\x7f]")
    return F.when(is_text, text).otherwise(F.lower(F.hex(leaf.value(_stored_column(leaf)))))


def _kept_type(target: DataType) -> DataType:
    return StringType() if isinstance(target, NullType) else target


def _as_kept(leaf: Leaf | None, target: DataType) -> Column:
    """A column as it is in the file, in the type that all files' columns go into."""
    if leaf is None or leaf.type is None:
        return F.lit(None).cast(target)
    return convert(leaf.value(_stored_column(leaf)), leaf.type, target)


def _stored_column(leaf: Leaf) -> Column:
    column = F.col(quote_name(leaf.path[0]))
    return reduce(lambda parent, name: parent.getField(name), leaf.path[1:], column)


def _head(text: Column) -> Column:
    return F.substring(make_valid_utf8(text), 1, RAW_CHARACTERS)


def read_schema(leaves: Sequence[Leaf]) -> StructType:
    """The schema to ask Spark's reader for: these leaves, within their structs."""
    tree: dict[str, Any] = {}
    for leaf in leaves:
        place = tree
        for name in leaf.path[:-1]:
            place = place.setdefault(name, {})
        place[leaf.path[-1]] = leaf.stored

    def build(names: dict[str, Any]) -> StructType:
        return StructType(
            [
                StructField(name, build(kind) if isinstance(kind, dict) else kind)
                for name, kind in names.items()
            ]
        )

    return build(tree)


def _divided(number: Column, by: int) -> Column:
    """The whole quotient, rounded down, as a long."""
    return F.call_function("div", number - F.pmod(number, F.lit(by)), F.lit(by))


def _instant(micros: Column) -> Column:
    return F.timestamp_micros(micros)
