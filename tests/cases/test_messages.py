"""What is told of files that are not what they seem."""

from __future__ import annotations

import gzip
import random

import pytest

from tests.support.inputs import cut_off, review, tarred, write, write_lines, zipped
from tests.support.outcome import all_rated, one_line, refused

CSV = "id,movie,review\n" + "".join(f'{n},m,"A wonderful film {n}"\n' for n in range(200))


@pytest.mark.parametrize("name", ["IMDB Dataset.csv", "reviews.jsonl", "reviews.zip", "reviews"])
def test_a_zip_archive(score, dump, name):
    write(dump / name, zipped("IMDB Dataset.csv", CSV))
    refused(score(), name, "ZIP", "unzip")


@pytest.mark.parametrize("name", ["reviews.tar.gz", "reviews.tgz"])
def test_a_tar_archive(score, dump, name):
    (dump / name).write_bytes(tarred("reviews.csv", CSV))
    refused(score(), name, "tar -x")


@pytest.mark.parametrize("name", ["reviews.csv", "reviews.jsonl"])
def test_a_gzip_file_of_another_name(score, dump, name):
    write(dump / name, gzip.compress(CSV.encode()))
    refused(score(), name, "gzip", f"{name}.gz")


def test_a_gzip_file_that_breaks_off(score, dump):
    dice = random.Random(1)  # so that gzip can't shrink them to nothing
    rows = [review(str(n), text=f"A wonderful film {dice.random()}") for n in range(3_000)]
    cut_off(write_lines(dump / "r.jsonl.gz", *rows))
    outcome = score()
    assert outcome.code == 0, outcome.stderr
    assert 1_000 < len(outcome.ratings) < 2_000
    (row,) = outcome.rejected.to_dict("records")
    assert row["reason"] == "malformed_record"
    assert row["source"].endswith("r.jsonl.gz")


def test_a_small_gzip_file_that_breaks_off(score, dump):
    dice = random.Random(1)
    rows = [review(str(n), text=f"A wonderful film {dice.random()}") for n in range(148)]
    cut_off(write_lines(dump / "r.jsonl.gz", *rows))
    outcome = score()
    assert outcome.code == 0, outcome.stderr
    assert 30 < len(outcome.ratings) < 148
    assert set(outcome.rejected["reason"]) == {"malformed_record"}


def test_a_gzip_file_that_is_padded(score, dump):
    path = write_lines(dump / "r.jsonl.gz", review("1"), review("2"))
    path.write_bytes(path.read_bytes() + bytes(1_024))
    outcome = score()
    assert outcome.code == 0, outcome.stderr
    assert len(outcome.ratings) == 2


def test_a_stale_checksum(score, dump):
    write_lines(dump / "a.jsonl", review("1"))
    (dump / ".a.jsonl.crc").write_bytes(b"crc\0" + (512).to_bytes(4, "big") + bytes(4))
    outcome = score()
    if outcome.code:
        refused(outcome, ".a.jsonl.crc")
    elif len(outcome.ratings) == 0:
        assert ".a.jsonl.crc" in outcome.rejected["raw"].iloc[0]


@pytest.mark.parametrize("name", ["reviews[1].jsonl", "reviews{1}.jsonl", "what?.jsonl"])
def test_a_name_that_looks_like_a_pattern(score, dump, name):
    write_lines(dump / name, review("1"))
    all_rated(score(input=dump / name), 1)
    all_rated(score(), 1)


def test_a_name_with_a_colon(score, dump):
    path = write_lines(dump / "r_16:00:00.jsonl", review("1"))
    for input in (path, dump):
        outcome = score(input=input)
        if outcome.code:
            one_line(outcome.code, outcome.stderr, "r_16:00:00.jsonl")
        else:
            all_rated(outcome, 1)


def test_an_outlier_does_not_change_the_scale(score, dump):
    rows = [review(str(n), rating=n % 10 + 1) for n in range(200)]
    write_lines(dump / "r.jsonl", *rows, review("200", rating=88))
    outcome = score()
    all_rated(outcome, 201)
    assert outcome.record["rating_scale"]["scale"] == [1, 10]
    assert outcome.record["ratings_unread"] == 1


@pytest.mark.parametrize("format", ["snap", "csv", "jsonl"])
def test_a_format_that_is_not_the_files(score, dump, format):
    content = {"snap": CSV, "csv": "just a text\nand another\n", "jsonl": CSV}[format]
    write(dump / "r.txt", content)
    says = {"snap": "not one of 1 rows", "csv": "--text", "jsonl": "is it JSON Lines"}
    refused(score("--format", format), says[format])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "utf-8-sig"])
def test_wide_characters(score, dump, encoding):
    write(dump / "a.csv", CSV)
    (dump / "b.csv").write_bytes(CSV.replace(",m,", ",n,").encode(encoding))
    outcome = score()
    if encoding == "utf-8-sig":
        all_rated(outcome, 400)
    else:
        refused(outcome, "b.csv", encoding[:6], "iconv")


@pytest.mark.parametrize("name", ["a.csv.gz", "a.jsonl.gz"])
def test_a_gzip_file_that_is_none(score, dump, name):
    (dump / name).write_bytes(CSV.encode())
    refused(score(), name, "damaged")


def test_a_packed_copy_in_upper_case(score, dump):
    write(dump / "a.csv", CSV)
    (dump / "a.csv.GZ").write_bytes(gzip.compress(CSV.encode()))
    refused(score(), "a.csv.GZ", "packed")


@pytest.mark.parametrize("encoding", ["idna", "unicode_escape", "punycode", "utf-7"])
def test_encodings_of_other_uses(score, dump, encoding):
    write(dump / "a.csv", CSV)
    refused(score("--encoding", encoding), "encoding", encoding)
