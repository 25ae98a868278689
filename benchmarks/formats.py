"""Each dump format against Parquet: the same reviews, in the dump's exact shape, rated alike?

    python benchmarks/formats.py --reviews PARQUET --work DIR [--rows N] [--only NAME ...]

Prints a table: rows in, rated, rejected, seconds; and how many ratings equal the Parquet run's.
"""

from __future__ import annotations

import argparse
import bz2
import csv
import gzip
import json
import shutil
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from movierate.config.jobs import DumpConfig, ScoreConfig
from movierate.scoring.job import score
from movierate.spark.session import start_spark, stop_spark

PER_GRADE = ("F", "D-", "D", "D+", "C-", "C", "C+", "B-", "B", "B+", "A-", "A", "A+")


def amazon_2018(reviews: pd.DataFrame, folder: Path) -> Path:
    """Amazon's reviews of 2018."""
    rows = [
        {
            "overall": float((row.rating + 1) // 2),
            "verified": True,
            "reviewTime": "03 11, 2013",
            "reviewerID": f"A{number:013}",
            "asin": row.movie_id,
            "reviewerName": "A reader",
            "reviewText": row.text,
            "summary": "Five Stars",
            "unixReviewTime": 1362960000,
        }
        for number, row in enumerate(reviews.itertuples())
    ]
    return _write_lines(folder / "Movies_and_TV_5.json.gz", rows)


def amazon_2014(reviews: pd.DataFrame, folder: Path) -> Path:
    """Amazon's reviews of 2014."""
    path = folder / "reviews_Movies_and_TV.json.gz"
    records = (
        {
            "reviewerID": "ADZPIG9QOCDG5",
            "asin": row.movie_id,
            "reviewerName": 'Alice L. Larson "alice"',
            "helpful": [0, 0],
            "reviewText": row.text,
            "overall": float((row.rating + 1) // 2),
            "summary": "A charming version",
            "unixReviewTime": 1203984000,
            "reviewTime": "02 26, 2008",
        }
        for row in reviews.itertuples()
    )
    return _write_lines(path, records)


def amazon_2023(reviews: pd.DataFrame, folder: Path) -> Path:
    """Amazon's reviews of 2023."""
    path = folder / "Movies_and_TV.jsonl"
    records = (
        {
            "rating": float((row.rating + 1) // 2),
            "title": "Five Stars",
            "text": row.text,
            "images": [],
            "asin": row.movie_id,
            "parent_asin": row.movie_id,
            "user_id": "AGGZ357AO26RQZVRLGU4D4N52DZQ",
            "timestamp": 1440385637000,
            "helpful_vote": 0,
            "verified_purchase": True,
        }
        for row in reviews.itertuples()
    )
    return _write_lines(path, records, ensure_ascii=False)


def imdb_spoiler(reviews: pd.DataFrame, folder: Path) -> Path:
    """The IMDB spoiler dump."""
    path = folder / "IMDB_reviews.json"
    records = (
        {
            "review_date": "10 February 2006",
            "movie_id": row.movie_id,
            "user_id": "ur1898687",
            "is_spoiler": True,
            "review_text": row.text,
            "rating": str(row.rating),
            "review_summary": "A classic piece",
        }
        for row in reviews.itertuples()
    )
    return _write_lines(path, records)


def _write_lines(path: Path, records: Iterable[dict[str, Any]], ensure_ascii: bool = True) -> Path:
    """JSON lines, compressed if the name says so."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=ensure_ascii) + "\n" for row in records)
    return path


def kaggle_imdb(reviews: pd.DataFrame, folder: Path) -> Path:
    """The IMDB file of Kaggle."""
    path = folder / "IMDB Dataset.csv"
    sentiment = reviews["rating"].gt(5.5).map({True: "positive", False: "negative"})
    frame = pd.DataFrame({"review": reviews["text"], "sentiment": sentiment})
    frame.to_csv(path, index=False)
    return path


def letterboxd(reviews: pd.DataFrame, folder: Path) -> Path:
    """A Letterboxd export, with newlines in its texts."""
    path = folder / "reviews.csv"
    pd.DataFrame(
        {
            "Date": "2024-01-05",
            "Name": reviews["movie_id"],
            "Year": 1999,
            "Letterboxd URI": [f"https://boxd.it/{number}" for number in range(len(reviews))],
            "Rating": reviews["rating"] / 2,
            "Rewatch": "",
            "Review": reviews["text"].str.replace("<br /><br />", "\n\n"),
            "Tags": "",
            "Watched Date": "2024-01-04",
        }
    ).to_csv(path, index=False)
    return path


def rotten_tomatoes(reviews: pd.DataFrame, folder: Path) -> Path:
    """Rotten Tomatoes' critics, with ratings as critics write them."""
    path = folder / "reviews.tsv"
    written = [
        (f"{r}/10", f"{r / 2:g}/5", PER_GRADE[round((r - 1) * 12 / 9)])[n % 3]
        for n, r in enumerate(reviews["rating"])
    ]
    pd.DataFrame(
        {
            "id": range(3, 3 + len(reviews)),
            "review": reviews["text"],
            "rating": written,
            "fresh": reviews["rating"].gt(5.5).map({True: "fresh", False: "rotten"}),
            "critic": "PJ Nabarro",
            "top_critic": 0,
            "publisher": "Patrick Nabarro",
            "date": "November 10, 2018",
        }
    ).to_csv(path, sep="\t", index=False, encoding="cp1252")
    return path


def snap(reviews: pd.DataFrame, folder: Path) -> Path:
    """The movies.txt.gz of SNAP."""
    path = folder / "movies.txt.gz"
    with gzip.open(path, "wt", encoding="latin-1") as file:
        for row in reviews.itertuples():
            file.write(
                f"product/productId: {row.movie_id}\nreview/userId: A141HP4LYPWMSR\n"
                'review/profileName: Brian E. Erland "Rainbow Sphinx"\nreview/helpfulness: 7/7\n'
                f"review/score: {float((row.rating + 1) // 2)}\nreview/time: 1182729600\n"
                f'review/summary: "There Is So Much Darkness Now"\nreview/text: {row.text}\n\n'
            )
    return path


def aclimdb(reviews: pd.DataFrame, folder: Path) -> Path:
    """The tree of the Large Movie Review Dataset."""
    return write_tree(reviews.assign(folder="test"), folder / "aclImdb")


def csv_bz2(reviews: pd.DataFrame, folder: Path) -> Path:
    """CSV with semicolons, all in quotes."""
    path = folder / "reviews.csv.bz2"
    with bz2.open(path, "wt", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";", quoting=csv.QUOTE_ALL)
        writer.writerow(["movie_id", "rating", "text"])
        writer.writerows(reviews[["movie_id", "rating", "text"]].itertuples(index=False))
    return path


def jsonl_zst(reviews: pd.DataFrame, folder: Path) -> Path:
    """Plain JSON Lines."""
    path = folder / "reviews.jsonl.zst"
    lines = reviews.to_json(orient="records", lines=True)
    with pa.CompressedOutputStream(str(path), "zstd") as file:
        file.write(lines.encode())
    return path


def parquet_nested(reviews: pd.DataFrame, folder: Path) -> Path:
    """A structure for the review, a directory for each year."""
    path = folder / "parts"
    for year, part in reviews.groupby(reviews.index % 3 + 2021):
        (path / f"year={year}").mkdir(parents=True)
        nested = pd.DataFrame(
            {
                "review": [{"text": r.text, "rating": r.rating} for r in part.itertuples()],
                "movie_id": part["movie_id"].tolist(),
            }
        )
        nested.to_parquet(path / f"year={year}" / "part-0.parquet")
    return path


def write_tree(reviews: pd.DataFrame, root: Path) -> Path:
    """The tree of the Large Movie Review Dataset; reviews has a column folder: train or test."""
    label = reviews["rating"].map(lambda r: "unsup" if pd.isna(r) else "pos" if r > 5.5 else "neg")
    for (folder, kind), part in reviews.groupby(["folder", label]):
        (root / folder / kind).mkdir(parents=True, exist_ok=True)
        urls = (f"http://www.imdb.com/title/{movie}/usercomments" for movie in part["movie_id"])
        (root / folder / f"urls_{kind}.txt").write_text("".join(f"{url}\n" for url in urls))
        for number, (text, rating) in enumerate(zip(part["text"], part["rating"], strict=True)):
            stars = 0 if pd.isna(rating) else int(rating)
            (root / folder / kind / f"{number}_{stars}.txt").write_text(text, encoding="utf-8")
    (root / "README").write_text("Large Movie Review Dataset v1.0\n")
    (root / "imdb.vocab").write_text("the\nand\n")
    return root


SHAPES: dict[str, tuple[Callable[[pd.DataFrame, Path], Path], ScoreConfig]] = {
    "parquet, nested, Hive partitions": (
        parquet_nested,
        ScoreConfig(dump=DumpConfig(text="review.text")),
    ),
    "jsonl: Amazon 2014, .gz": (amazon_2014, ScoreConfig()),
    "jsonl: Amazon 2018, .gz": (amazon_2018, ScoreConfig()),
    "jsonl: Amazon 2023": (amazon_2023, ScoreConfig()),
    "jsonl: IMDB spoilers": (imdb_spoiler, ScoreConfig()),
    "jsonl, .zst": (jsonl_zst, ScoreConfig()),
    "csv: Kaggle IMDB": (kaggle_imdb, ScoreConfig()),
    "csv: Letterboxd, newlines": (letterboxd, ScoreConfig()),
    "csv: semicolons, .bz2": (csv_bz2, ScoreConfig()),
    "tsv: Rotten Tomatoes, Windows-1252": (
        rotten_tomatoes,
        ScoreConfig(dump=DumpConfig(encoding="windows-1252")),
    ),
    "aclimdb": (aclimdb, ScoreConfig()),
    "snap, Latin-1, .gz": (snap, ScoreConfig()),
}


def main() -> None:
    """Write the dumps, rate them, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reviews", required=True, help="Parquet: movie_id, rating, text")
    parser.add_argument("--work", required=True, type=Path, help="a directory to write to")
    parser.add_argument("--rows", type=int, default=5_000)
    parser.add_argument("--only", nargs="+", default=list(SHAPES), metavar="NAME")
    arguments = parser.parse_args()
    for name in ("dump", "dumps"):
        shutil.rmtree(arguments.work / name, ignore_errors=True)

    reviews = pd.read_parquet(arguments.reviews)
    latin = reviews["text"].str.fullmatch(r"[\x20-\x7e\xa0-\xff]+")  # what every charset has
    reviews = reviews[latin].drop_duplicates("text").head(arguments.rows).reset_index(drop=True)
    (arguments.work / "dump").mkdir(parents=True)
    flat = arguments.work / "dump" / "reviews.parquet"
    reviews[["movie_id", "rating", "text"]].to_parquet(flat)

    spark = start_spark("movierate benchmark of formats")
    score(spark, [str(flat)], str(arguments.work / "warm-up"), ScoreConfig(limit=100))
    wanted = run(spark, flat, arguments.work / "parquet", ScoreConfig(), None, "parquet")
    for number, name in enumerate(arguments.only):
        write, config = SHAPES[name]
        folder = arguments.work / "dumps" / str(number)
        folder.mkdir(parents=True)
        dump = write(reviews, folder)
        run(spark, dump, arguments.work / str(number), config, wanted, name)
    stop_spark()


def run(spark, dump, output, config, wanted, name) -> pd.DataFrame:  # type: ignore[no-untyped-def]
    """Rate one dump and print its line of the table; gives the ratings, in order of the texts."""
    started = time.monotonic()
    record = score(spark, [str(dump)], str(output), config).record
    seconds = time.monotonic() - started
    frame = pd.read_parquet(output / "ratings")
    if wanted is None:
        wanted = frame
        print(
            "| dump | rows in | rated | rejected | seconds | rated as from Parquet, to 1e-5 | "
            "own ratings read |\n|---|---|---|---|---|---|---|"
        )
    # Rows are matched by what they say; a newline for a <br /> is another text, and as good.
    if "newlines" in name:
        order = ["movie_id", "predicted_rating"]
        left, right = frame.sort_values(order), wanted.sort_values(order)
    else:
        left, right = (f.set_index("text_hash").sort_index() for f in (frame, wanted))
        left = left.reindex(right.index)
    difference = left["predicted_rating"].to_numpy() - right["predicted_rating"].to_numpy()
    equal = int((abs(difference) <= 1e-5).sum())
    rows = record.rows
    print(
        f"| {name} | {rows['read']:,} | {rows['rated']:,} | {rows['rejected']:,} | {seconds:.1f} "
        f"| {equal:,} | {frame['rating'].notna().sum():,} |",
        flush=True,
    )
    return frame


if __name__ == "__main__":
    sys.exit(main())
