"""The Large Movie Review Dataset as its authors packed it: a tree of one small file a review.

A review lies in ``train/pos/123_8.txt``: number 123 with 8 stars (0: no rating is given), about
the film in line 123, from 0, of ``train/urls_pos.txt``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from movierate.config import DumpConfig
from movierate.reviews.inputs import Inputs
from movierate.reviews.lines import Parser, Row, rejected, sound, text_records
from movierate.reviews.record import MALFORMED, SOURCE, Records
from movierate.spark import file_system, read_text

COLUMNS = ("review_id", "movie_id", "rating", "text")
SCALE = (1.0, 10.0)

LABELS = ("pos", "neg", "unsup")

OPEN_COST_BYTES = 16 << 10
"""What opening a file counts for when files are dealt out to tasks: thousands to a task."""

_NAME = re.compile(r"([0-9]+)_([0-9]+)\.txt$")
_TITLE = re.compile(r"tt[0-9]+")


def is_tree(spark: SparkSession, inputs: Inputs) -> bool:
    """Whether the first path is such a tree, or a part of it."""
    path = inputs.paths[0].rstrip("/")
    if path.rsplit("/", 1)[-1] in LABELS and _NAME.search(inputs.head.path):
        return True
    return any(
        _exists(spark, f"{path}/{folder}{label}")
        for folder in ("", "train/", "test/")
        for label in ("pos", "neg")
    )


def read(spark: SparkSession, inputs: Inputs, config: DumpConfig, encoding: str) -> Records:
    """The reviews of the tree; its other files are no reviews."""
    films = _films(spark, inputs.paths)
    session = spark.newSession()
    session.conf.set("spark.sql.files.openCostInBytes", str(OPEN_COST_BYTES))
    return text_records(
        frame=lambda lenient: _read_files(session, inputs.paths, lenient),
        columns=COLUMNS,
        parser=lambda wanted: parser(wanted, encoding, films),
        encoding=encoding,
        scale=SCALE,
    )


def _read_files(session: SparkSession, paths: Sequence[str], lenient: bool) -> DataFrame:
    """A row a file. Spark's reader of binary files opens a small one in a quarter of the time
    that its reader of texts takes.
    """
    reader = session.read.format("binaryFile").options(
        ignoreCorruptFiles=lenient,
        recursiveFileLookup=True,
        pathGlobFilter="[0-9]*_[0-9]*.txt",
    )
    return reader.load(list(paths)).select(
        F.col("content").alias("line"), F.col("_metadata.file_path").alias(SOURCE)
    )


def parser(columns: Sequence[str], encoding: str, films: dict[str, list[str | None]]) -> Parser:
    """What makes rows of whole files. films: the ids in order, by folder, as ``train/pos``."""

    def parse(source: str, texts: Iterable[bytes]) -> Iterator[Row]:
        for content in texts:
            match = _NAME.search(source)
            if match is None:
                yield rejected(MALFORMED, content)
                continue
            number, stars = int(match[1]), int(match[2])
            folder = "/".join(source.split("/")[-3:-1])
            ids = films.get(folder, [])
            values = {
                "review_id": f"{folder}/{match[1]}_{match[2]}",
                "movie_id": ids[number] if number < len(ids) else None,
                "rating": str(stars) if stars else None,
                "text": content.decode(encoding, "surrogateescape"),
            }
            yield sound([values[column] for column in columns], content)

    return parse


def _films(spark: SparkSession, paths: Sequence[str]) -> dict[str, list[str | None]]:
    """The films of the tree's ``urls_*.txt``, wherever in the tree the paths lead."""
    films: dict[str, list[str | None]] = {}
    for path in paths:
        for where in ("", "train/", "test/", "../"):
            for label in LABELS:
                file = f"{path.rstrip('/')}/{where}urls_{label}.txt"
                if not _exists(spark, file):
                    continue
                fs, qualified = file_system(spark, file)
                text = read_text(spark, fs, qualified, "ISO-8859-1")
                folder = f"{qualified.getParent().getName()}/{label}"
                titles = (_TITLE.search(line) for line in text.splitlines())
                films[folder] = [title and title[0] for title in titles]
    return films


def _exists(spark: SparkSession, path: str) -> bool:
    fs, qualified = file_system(spark, path)
    return bool(fs.exists(qualified))
