"""The common type of a column whose files have different types."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial, reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import (
    ArrayType,
    ByteType,
    DataType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegerType,
    LongType,
    MapType,
    NullType,
    NumericType,
    ShortType,
    StringType,
    StructType,
    TimestampNTZType,
    TimestampType,
)

from movierate.reviews.names import quote_name

EXACT_DOUBLE = 1 << 53
"""The largest whole number to which all smaller ones are doubles, too."""

DOUBLE_DIGITS = 15
"""Digits that a double holds of any number."""

LONGEST_WHOLE = 1e18
"""Doubles up to here are written with all their digits if they are whole."""

_WIDTHS: list[type[DataType]] = [ByteType, ShortType, IntegerType, LongType]
_DIGITS: dict[type[DataType], int] = {ByteType: 3, ShortType: 5, IntegerType: 10, LongType: 20}
_MOST_DIGITS = 38


def common_type(types: Iterable[DataType]) -> DataType:
    """The narrowest type that holds the values of all: numbers become wider, others strings."""
    nothing: DataType = NullType()
    return reduce(_common, types, nothing)


def holds(wide: DataType, narrow: DataType) -> bool:
    """Whether a type holds all values of another, to the last digit."""
    is_exact = not (isinstance(wide, DoubleType) and is_longer_than_double(narrow))
    return common_type((wide, narrow)) == wide and is_exact


def is_longer_than_double(type: DataType | None) -> bool:
    """Whether a type has numbers of more digits than a double."""
    if isinstance(type, DecimalType):
        return type.precision > DOUBLE_DIGITS
    return isinstance(type, LongType)


def convert(column: Column, given: DataType, wanted: DataType) -> Column:
    """A column in another type, as `common_type` finds it."""
    if given == wanted:
        return column
    if isinstance(wanted, StringType):
        return as_text(column, given)
    return column.cast(wanted)


def union_by_name(frames: Sequence[DataFrame]) -> DataFrame:
    """The rows of all frames; each column has a type that holds all of its values, and is null
    where a frame lacks it. Names that differ in case alone are one column.
    """
    types: dict[str, list[DataType]] = {}
    names: dict[str, str] = {}
    for frame in frames:
        for field in frame.schema:
            names.setdefault(field.name.lower(), field.name)
            types.setdefault(field.name.lower(), []).append(field.dataType)
    wanted = {name: common_type(of_all) for name, of_all in types.items()}
    for name, type in wanted.items():
        if isinstance(type, DoubleType) and not _are_doubles(frames, name):
            wanted[name] = StringType()
    same = (
        frame.select(
            *(
                convert(
                    F.col(quote_name(field.name)), field.dataType, wanted[field.name.lower()]
                ).alias(names[field.name.lower()])
                for field in frame.schema
            )
        )
        for frame in frames
    )
    return reduce(partial(DataFrame.unionByName, allowMissingColumns=True), same)


def _are_doubles(frames: Sequence[DataFrame], name: str) -> bool:
    """Whether a double has all digits of a column's numbers. name: in lower case."""
    for frame in frames:
        for field in frame.schema:
            if field.name.lower() == name and is_longer_than_double(field.dataType):
                numbers = frame.select(F.col(quote_name(field.name)).alias("number"))
                rounded = f"try_cast(double(number) AS {field.dataType.simpleString()})"
                if not numbers.where(f"NOT number <=> {rounded}").isEmpty():
                    return False
    return True


def as_text(column: Column, given: DataType) -> Column:
    """A column as people write its values: 12345678 for a double of that value, NaN as null."""
    if isinstance(given, DecimalType):
        return F.regexp_replace(column.cast("string"), r"\.0+$", "")
    if isinstance(given, FloatType | DoubleType):
        is_whole = (F.abs(column) < LONGEST_WHOLE) & (column == F.floor(column))
        text = F.when(is_whole, column.cast("long").cast("string")).otherwise(column.cast("string"))
        return F.when(~F.isnan(column), text)
    if isinstance(given, ArrayType | MapType | StructType):
        return F.to_json(column)
    return column.cast("string")


def _common(one: DataType, other: DataType) -> DataType:
    if one == other or isinstance(other, NullType):
        return one
    if isinstance(one, NullType):
        return other
    kinds = {type(one), type(other)}
    if kinds <= {*_WIDTHS}:
        return max((one, other), key=lambda kind: _WIDTHS.index(type(kind)))
    if kinds <= {*_WIDTHS, DecimalType}:
        return _common_decimal(_as_decimal(one), _as_decimal(other))
    if all(issubclass(kind, NumericType) for kind in kinds):
        return DoubleType()
    return _common_time(kinds) or StringType()


def _common_time(kinds: set[type[DataType]]) -> DataType | None:
    if not kinds <= {DateType, TimestampNTZType, TimestampType}:
        return None
    return TimestampType() if TimestampType in kinds else TimestampNTZType()


def _as_decimal(number: DataType) -> DecimalType:
    return number if isinstance(number, DecimalType) else DecimalType(_DIGITS[type(number)], 0)


def _common_decimal(one: DecimalType, other: DecimalType) -> DataType:
    scale = max(one.scale, other.scale)
    precision = scale + max(one.precision - one.scale, other.precision - other.scale)
    return DecimalType(precision, scale) if precision <= _MOST_DIGITS else DoubleType()
