"""Seven nights of scoring, with what befalls them: python benchmarks/nights.py

Two sources play the same nights. One adds a file to a directory every night; the other repeats all
its reviews in one dump. Nobody runs the third night; the fourth night's run is killed, and started
again; the fifth night's file breaks off, and comes whole two nights later; on the sixth there is a
new model. Prints a table for each source: rows read, skipped, rated and rejected by night, and in
the end the reviews that lie in the output against those that were in the dumps.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import gzip
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
from pyspark.sql import SparkSession
from table import print_head, print_row

from movierate.config.jobs import ScoreConfig
from movierate.model.bundle import load
from movierate.scoring.incremental import score_new_files, total
from movierate.scoring.job import score
from movierate.spark.session import start_spark, stop_spark

ROOT = Path(__file__).parent.parent
NIGHTS = [datetime.date(2026, 1, day) for day in range(1, 8)]
MISSED, KILLED, CORRUPT, NEW_MODEL, SENT_AGAIN = 3, 4, 5, 6, 7

Review = dict[str, str]


def main() -> None:
    """Play the nights of both sources, print their tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reviews", type=int, default=2_000, help="new ones a night")
    arguments = parser.parse_args()
    spark = start_spark("movierate nights")
    with tempfile.TemporaryDirectory() as work:
        model = Path(work) / "new-model"
        dataclasses.replace(load("imdb"), name="new").save(model)
        for source in (Growing, Cumulative):
            play(spark, source(Path(work) / source.__name__, arguments.reviews), model)
    stop_spark()


class Growing:
    """A directory to which every night adds a file."""

    name = "growing dump, --incremental --skip-rated"
    flags = ("--incremental", "--skip-rated")

    def __init__(self, work: Path, count: int) -> None:
        self.input, self.output, self.count = work / "dumps", work / "rated", count
        self.input.mkdir(parents=True)
        self.ids: set[str] = set()

    def write(self, number: int) -> None:
        """The dump of a night."""
        reviews = night_reviews(number, self.count)
        self.ids |= {review["review_id"] for review in reviews}
        pack(self.input / f"{number}.jsonl.gz", reviews, cut=number == CORRUPT)
        if number == SENT_AGAIN:
            pack(self.input / "5-again.jsonl.gz", night_reviews(CORRUPT, self.count), cut=False)

    def score(self, spark: SparkSession, number: int, config: ScoreConfig) -> dict[str, Any]:
        """What a night's run does."""
        config = config.model_copy(update={"incremental": True, "skip_rated": True})
        return total(score_new_files(spark, [str(self.input)], str(self.output), config))


class Cumulative:
    """One dump that repeats all reviews every night; each night edits ten of them."""

    name = "cumulative dump, --skip-rated"
    flags = ("--skip-rated",)

    def __init__(self, work: Path, count: int) -> None:
        self.input, self.output, self.count = work / "dump.jsonl.gz", work / "rated", count
        work.mkdir(parents=True)
        self.all: dict[str, Review] = {}
        self.ids: set[str] = set()

    def write(self, number: int) -> None:
        """The dump of a night."""
        for review in list(self.all.values())[:10]:
            review["text"] += " And again."
        self.all |= {review["review_id"]: review for review in night_reviews(number, self.count)}
        self.ids |= self.all.keys()
        pack(self.input, list(self.all.values()), cut=number == CORRUPT)

    def score(self, spark: SparkSession, number: int, config: ScoreConfig) -> dict[str, Any]:
        """What a night's run does."""
        config = config.model_copy(update={"skip_rated": True})
        return score(spark, [str(self.input)], str(self.output), config).record.as_dict()


def play(spark: SparkSession, source: Growing | Cumulative, new_model: Path) -> None:
    """Seven nights, and what is there in the end."""
    print(f"\n{source.name}\n")
    print_head("night", "what befalls it", "read", "skipped", "rated", "rejected")
    for number, date in enumerate(NIGHTS, 1):
        source.write(number)
        befalls = []
        if number == MISSED:
            print_row(str(number), "nobody runs it", *["-"] * 4)
            continue
        if number == KILLED:
            befalls.append(kill_a_run(source, date))
        if number == CORRUPT:
            befalls.append("a file breaks off")
        model = str(new_model) if number >= NEW_MODEL else "imdb"
        if number == NEW_MODEL:
            befalls.append("a new model")
        if number == SENT_AGAIN:
            befalls.append("the broken file, whole")
        rows = source.score(spark, number, ScoreConfig(date=date, model=model))["rows"]
        counts = (rows["read"], rows.get("skipped", 0), rows["rated"], rows["rejected"])
        print_row(str(number), ", ".join(befalls), *(f"{count:,}" for count in counts))
    in_dumps, there, doubled = compare(source)
    print(f"\ndistinct reviews: {in_dumps:,} in the dumps, {there:,} in the output")
    print(f"rated twice by one model from one text: {doubled:,}", flush=True)


def compare(source: Growing | Cumulative) -> tuple[int, int, int]:
    """Reviews that the dumps had, those of them that the output has, and ratings too many."""
    where = {name: f"{source.output}/{name}/**/*.parquet" for name in ("ratings", "rejected")}
    tables = {table: duckdb.read_parquet(path) for table, path in where.items()}
    rows = [row for table in tables.values() for row in table.project("review_id").fetchall()]
    there = {review for (review,) in rows}
    ratings = tables["ratings"].project("review_id, text_hash, model_id")
    return len(source.ids), len(there & source.ids), len(ratings) - len(ratings.distinct())


def kill_a_run(source: Growing | Cumulative, date: datetime.date) -> str:
    """Kill the night's run while it writes; returns what to say of it."""
    command = [sys.executable, "jobs/score.py", "--input", source.input, "--output", source.output]
    process = subprocess.Popen(
        [*map(str, command), "--date", str(date), *source.flags],
        cwd=ROOT,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    staging = source.output / ".staging"
    while process.poll() is None and not list(staging.glob("*/ratings/**/_temporary")):
        time.sleep(0.01)
    if process.poll() is not None:
        return "killed too late"
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return "killed, and run again"


def night_reviews(number: int, count: int) -> list[Review]:
    """The reviews that are new on a night: the example reviews, told apart."""
    lines = (ROOT / "examples" / "reviews.jsonl").read_text("utf-8").splitlines()
    examples = [json.loads(line) for line in lines]
    return list(_told_apart(examples, number, count))


def _told_apart(examples: list[Review], number: int, count: int) -> Iterator[Review]:
    for place in range(count):
        example = examples[place % len(examples)]
        yield {
            "review_id": f"{number}-{place}",
            "movie": example["movie"],
            "text": example["text"] and f"{example['text']} Seen {place} times.",
        }


def pack(path: Path, reviews: list[Review], cut: bool) -> None:
    """Write a dump, or the first half of one."""
    text = "".join(json.dumps(review) + "\n" for review in reviews)
    packed = gzip.compress(text.encode())
    path.write_bytes(packed[: len(packed) // 2] if cut else packed)


if __name__ == "__main__":
    main()
