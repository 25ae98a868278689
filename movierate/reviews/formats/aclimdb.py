"""A directory tree with one file per review, like the Large Movie Review Dataset.

A review lies in ``train/pos/123_8.txt``: number 123 with 8 stars (0: no rating is given), about
the film in line 123, from 0, of ``train/urls_pos.txt``. Other trees have the directories, ``pos``
and ``neg``, and other names: there the directory is the rating.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import unquote

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from movierate.config.jobs import DumpConfig
from movierate.errors import UserError
from movierate.reviews.formats.lines import Parser, Row, rejected_row, text_records, valid_row
from movierate.reviews.formats.registry import Format, formats_by_suffix, register
from movierate.reviews.inputs import Inputs
from movierate.reviews.listing import File, as_source, data_suffix
from movierate.reviews.names import SOURCE, Name, names_of
from movierate.reviews.schema import MALFORMED, Records
from movierate.spark.filesystem import FileSystem

COLUMNS = ("review_id", "movie_id", "rating", "text")
SCALE = (1.0, 10.0)

LABELS = ("pos", "neg", "unsup")

OPEN_COST_BYTES = 16 << 10
"""What opening a file counts for when files are dealt out to tasks: thousands to a task."""

_REVIEW = re.compile(rf"/({'|'.join(LABELS)})/([^/]+)\.txt$")
_LIST = re.compile(rf"urls_({'|'.join(LABELS)})\.txt|imdb(Er)?\.(txt|vocab)")
_NUMBER_AND_STARS = re.compile(r"([0-9]+)_(10|[0-9])")
_TITLE = re.compile(r"tt[0-9]+")


def is_tree(files: Sequence[File]) -> bool:
    """Whether most of the files are reviews of such a tree."""
    with_data = [file for file in files if file.bytes and not _LIST.fullmatch(file.name)]
    return 2 * len(reviews_of(with_data)) > len(with_data)


def reviews_of(files: Iterable[File]) -> list[File]:
    """The files that hold a review; the tree's other files are lists and tables."""
    return [file for file in files if _REVIEW.search(file.path)]


def select(files: Sequence[File]) -> list[File]:
    """The reviews of a tree, once its other files are known to hold none, by their names.

    Raises:
        UserError: one may.
    """
    for file in files:
        may_hold = data_suffix(file.name) in (*formats_by_suffix(), ".txt")
        is_known = _LIST.fullmatch(file.name) or _REVIEW.search(file.path)
        if file.bytes and may_hold and not is_known:
            raise UserError(
                f"input: {file.path} is in a tree of reviews, but not a .txt file in a directory "
                f"named {', '.join(LABELS)}: score it separately, or move it away"
            )
    return reviews_of(files)


def read(spark: SparkSession, inputs: Inputs, config: DumpConfig, encoding: str) -> Records:
    """The reviews of the tree."""
    folders = {as_source(file.path).rpartition("/")[0] for file in reviews_of(inputs.files)}
    films = _films(spark, folders)
    session = spark.newSession()
    session.conf.set("spark.sql.files.openCostInBytes", str(OPEN_COST_BYTES))
    columns = COLUMNS if films else tuple(name for name in COLUMNS if name != "movie_id")
    return text_records(
        inputs,
        frame=lambda lenient: _read_files(session, inputs, lenient),
        layouts=[columns],
        parser=lambda wanted: parser(wanted.names, encoding, films, _short_names(folders)),
        encoding=encoding,
        scale=SCALE,
    )


def _read_files(session: SparkSession, inputs: Inputs, lenient: bool) -> DataFrame:
    """One row per file. Spark's reader of binary files opens a small one in a quarter of the time
    that its reader of texts takes.
    """
    reader = session.read.format("binaryFile").options(
        ignoreCorruptFiles=lenient, recursiveFileLookup=True, pathGlobFilter="*.txt"
    )
    rows = reader.load(inputs.listing.spark_paths()).select(
        F.col("content").alias("line"), F.col("_metadata.file_path").alias(SOURCE)
    )
    rows = rows.where(F.col(SOURCE).rlike(_REVIEW.pattern))
    return inputs.listing.leave_out_links(rows)


def parser(
    columns: Sequence[Name],
    encoding: str,
    films: Mapping[str, list[str | None]],
    short_names: Mapping[str, str],
) -> Parser:
    """What makes rows of whole files.

    Args:
        columns: of COLUMNS.
        encoding: the charset.
        films: the ids in order, by the path of the folder of reviews.
        short_names: of these folders, as ``train/pos``.
    """
    names = [names_of(column)[0] for column in columns]

    def parse(source: str, texts: Iterable[bytes]) -> Iterator[Row]:
        path = as_source(unquote(source))
        for content in texts:
            match = _REVIEW.search(path)
            if match is None:
                yield rejected_row(MALFORMED, content)
                continue
            label, name = match.groups()
            folder = path.rpartition("/")[0]
            movie, stars = None, label if label != "unsup" else None
            if numbers := _NUMBER_AND_STARS.fullmatch(name):
                number, stars = int(numbers[1]), numbers[2] if numbers[2] != "0" else None
                ids = films.get(folder, [])
                movie = ids[number] if number < len(ids) else None
            values = {
                "review_id": f"{short_names.get(folder, folder)}/{name}",
                "movie_id": movie,
                "rating": stars,
                "text": content.decode(encoding, "surrogateescape"),
            }
            yield valid_row([values.get(name) for name in names], content)

    return parse


def _short_names(folders: Iterable[str]) -> dict[str, str]:
    """For each folder the end of its path, two directories, or as many as tell it from others."""
    names: dict[str, str] = {}
    waiting, count = sorted(folders), 2
    while waiting:
        ends = {folder: "/".join(folder.split("/")[-count:]) for folder in waiting}
        uses = Counter(ends.values())
        names |= {folder: end for folder, end in ends.items() if uses[end] == 1}
        waiting = [folder for folder in waiting if folder not in names]
        count += 1
    return names


def _films(spark: SparkSession, folders: Iterable[str]) -> dict[str, list[str | None]]:
    """The films of the tree's ``urls_*.txt``, by folder: they lie beside the folders of reviews."""
    films: dict[str, list[str | None]] = {}
    for folder in folders:
        parent, _, label = folder.rpartition("/")
        path = f"{parent}/urls_{label}.txt"
        file_system = FileSystem(spark, path)
        if file_system.exists(path):
            lines = file_system.read_text(path, "ISO-8859-1").splitlines()
            titles = (_TITLE.search(line) for line in lines)
            films[folder] = [title and title[0] for title in titles]
    return films


register(
    Format(
        "aclimdb",
        read,
        is_tree=is_tree,
        select=select,
        has_lines=False,
        is_streamable=False,
    )
)
