"""What the run says of rows, files, ratings and charsets, and when a gate trips."""

from __future__ import annotations

import datetime
import gzip
import json
import random
from pathlib import Path

import pandas as pd
import pytest

from movierate.cli.main import main
from movierate.config.jobs import DumpConfig, ScoreConfig
from movierate.errors import UserError
from movierate.reviews.dataset import labelled_reviews, read_reviews
from movierate.scoring.job import score

DAY = datetime.date(2026, 1, 31)
TEXT = "A great film, and the plot is good."


def lines(count: int) -> bytes:
    dice = random.Random(1)  # so that gzip can't shrink them to nothing
    rows = ({"text": f"{TEXT} {dice.random()}", "rating": 8, "n": n} for n in range(count))
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


@pytest.fixture(scope="module")
def cut_off(tmp_path_factory) -> Path:
    """A sound file and one whose download broke off."""
    folder = tmp_path_factory.mktemp("cut-off")
    packed = gzip.compress(lines(3_000))
    (folder / "cut off.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    (folder / "sound.jsonl.gz").write_bytes(gzip.compress(lines(10)))
    return folder


def test_a_cut_off_gzip_gives_what_it_has_and_a_row_that_says_so(spark, cut_off, tmp_path):
    record = score(spark, [str(cut_off)], str(tmp_path), ScoreConfig(date=DAY)).record
    (broken,) = record.broken_files
    account = record.files[broken["source"]]
    assert account["rejected"] == 1
    assert 1_000 < account["rated"] < 2_000
    assert record.rows["rated"] == account["rated"] + 10
    (row,) = pd.read_parquet(tmp_path / "rejected").to_dict("records")
    assert row["source"].endswith("cut%20off.jsonl.gz")
    assert row["reason"] == "malformed_record"
    assert "Unexpected end of input stream" in row["raw"]


def test_strict_fails_for_it_in_one_line(spark, cut_off, tmp_path):
    with pytest.raises(UserError, match=r"cut%20off\.jsonl\.gz.*repair or remove") as error:
        score(
            spark,
            [str(cut_off)],
            str(tmp_path),
            ScoreConfig(date=DAY, dump=DumpConfig(strict=True)),
        )
    assert "\n" not in str(error.value)
    assert not (tmp_path / "ratings").exists()


def test_training_reads_around_it_too(spark, cut_off):
    labelled = labelled_reviews(spark, [str(cut_off)], DumpConfig())
    assert 1_000 < len(labelled.reviews) < 2_010
    assert labelled.rows_read == len(labelled.reviews) + 1


@pytest.mark.parametrize(("allowed", "code"), [("0.5", 0), ("0.2", 3)])
def test_too_many_rejected_rows_trip_the_gate(spark, tmp_path, monkeypatch, capsys, allowed, code):
    monkeypatch.setattr("movierate.spark.session.stop_spark", lambda: None)  # the session is shared
    dump = tmp_path / "dump.jsonl"
    dump.write_bytes(lines(2) + b"not JSON\n")
    arguments = ["--input", str(dump), "--output", str(tmp_path / "out")]
    assert main(["score", *arguments, "--max-rejected", allowed]) == code
    out, err = capsys.readouterr()
    assert "rated                  2" in out
    assert list((tmp_path / "out" / "ratings").rglob("*.parquet"))
    if code:
        assert err.splitlines()[-1] == (
            "movierate: error: 33.33% of the rows were rejected, 20.00% are allowed "
            "(--max-rejected)"
        )
    assert "rating scale 1-10 (guessed" in out


def rotten_tomatoes(path: Path) -> None:
    pd.DataFrame(
        {
            "id": [3, 3, 4],
            "review": ["A good café film", "“Bad” plot", "Great"],
            "rating": ["3/5", "B+", "unreadable"],
            "fresh": ["fresh", "rotten", "fresh"],
        }
    ).to_csv(path, sep="\t", index=False, encoding="cp1252")


@pytest.mark.parametrize("encoding", ["windows-1252", "auto"])
def test_rotten_tomatoes_critics(spark, tmp_path, encoding):
    rotten_tomatoes(tmp_path / "reviews.tsv")
    dump = read_reviews(spark, [str(tmp_path)], DumpConfig(encoding=encoding))
    assert (dump.format, dump.encoding) == ("tsv", "cp1252")
    frame = dump.frame.toPandas()
    assert frame["movie_id"].tolist() == ["3", "3", "4"]
    assert frame["review_id"].str.fullmatch("[0-9a-f]{32}").all()  # id is the movie's
    assert frame["text"].tolist() == ["A good café film", "“Bad” plot", "Great"]
    assert frame["rating"].tolist()[:2] == [6, 7.75]
    assert frame["rating_unread"].tolist() == [False, False, True]


def test_the_wrong_charset_rejects_and_does_not_mangle(spark, tmp_path):
    rotten_tomatoes(tmp_path / "reviews.tsv")
    rows = read_reviews(spark, [str(tmp_path)], DumpConfig()).frame.collect()
    assert [row.reason for row in rows] == ["undecodable", "undecodable", None]
    assert [row.text for row in rows] == [None, None, "Great"]


def test_amazon_ratings_are_of_1_to_5_and_a_flag_beats_that(spark, tmp_path):
    row = {"asin": "B1", "overall": 4.0, "reviewText": TEXT}
    (tmp_path / "reviews.json").write_text(json.dumps(row))
    paths = [str(tmp_path)]
    assert read_reviews(spark, paths, DumpConfig()).frame.first()["rating"] == 7.75
    given = DumpConfig(rating_scale=(0, 4))
    assert read_reviews(spark, paths, given).frame.first()["rating"] == 10


@pytest.mark.parametrize(
    ("written", "scale"),
    [
        (["1", "", "x", " +7,5 ", "10 "], [1, 10]),
        (["0.2", "NaN", "1"], [0, 1]),
        (["B+", "3/5", "four"], None),
    ],
)
def test_a_scale_is_guessed_from_what_are_numbers(spark, tmp_path, written, scale):
    pd.DataFrame({"text": TEXT, "stars": written}).to_parquet(tmp_path / "reviews.parquet")
    found = read_reviews(spark, [str(tmp_path)], DumpConfig()).rating_scale
    assert found.as_record()["scale"] == scale


def test_the_scale_of_a_sorted_dump_is_not_guessed_from_its_beginning(spark, tmp_path):
    rows = [{"text": TEXT, "stars": stars} for stars in (1, 2, 4) for _ in range(10_000)]
    rows += [{"text": TEXT, "stars": 10}]
    pd.DataFrame(rows).to_parquet(tmp_path / "reviews.parquet")
    scale = read_reviews(spark, [str(tmp_path)], DumpConfig()).rating_scale
    assert scale.as_record() == {"scale": [1, 10], "origin": "guessed"}


def test_two_candidates_for_the_text_are_named(spark, tmp_path):
    (tmp_path / "reviews.csv").write_text("review,comment,stars\na,b,1\n")
    with pytest.raises(UserError, match=r"review and comment .* name one with --text"):
        read_reviews(spark, [str(tmp_path)], DumpConfig())


def test_nested_parquet_with_partitions_and_kept_columns(spark, tmp_path):
    part = tmp_path / "year=2021"
    part.mkdir()
    frame = pd.DataFrame({"review": [{"text": TEXT, "stars": 7}], "helpful": [3]})
    frame.to_parquet(part / "part-0.parquet")
    config = DumpConfig(text="review.text", rating="review.stars", rating_scale=(1, 10))
    dump = read_reviews(spark, [str(tmp_path)], config, ["year", "helpful"])
    row = dump.frame.select("text", "rating", *(c.value([]) for c in dump.kept)).first()
    assert row.asDict() == {"text": TEXT, "rating": 7, "year": 2021, "helpful": 3}


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("dump.json", b'[["text"], ["a"]]', "its elements are not objects"),
        ("wrapped.json", b'{"reviews": [{"text": "a"}]}', "has all reviews inside.*jq -c"),
        ("dump.csv", "text,id\na,1\n".encode("utf-16"), "UTF-16.*iconv"),
        ("dump.bin", b"\x00\x01\x02", "cannot detect the format"),
        ("dump.parquet", b"no Parquet", "can't be read as parquet"),
        ("dump.jsonl.gz", b"no gzip", "is it damaged"),
    ],
)
def test_a_dump_that_can_not_be_read_at_all_is_one_line(spark, tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=says) as error:
        read_reviews(spark, [str(tmp_path / name)], DumpConfig())
    assert "\n" not in str(error.value)
