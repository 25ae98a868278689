"""Symbolic links among the files: each file is read once, and one that is missing is told of."""

from __future__ import annotations

from tests.support.inputs import GOOD, review, write, write_lines, write_parquet
from tests.support.outcome import all_rated, refused


def test_a_link_beside_its_file(score, dump):
    write_lines(dump / "2024-01-31" / "a.jsonl", review("1"), review("2"))
    (dump / "latest").symlink_to("2024-01-31")
    (dump / "same.jsonl").symlink_to("2024-01-31/a.jsonl")
    outcome = score()
    all_rated(outcome, 2)
    assert outcome.record["input_files"] == 1
    assert list(outcome.record["files"]) == [f"file:{dump}/2024-01-31/a.jsonl"]


def test_links_to_files_elsewhere(score, dump, tmp_path):
    write_lines(tmp_path / "elsewhere" / "a.jsonl", review("1"))
    write_lines(tmp_path / "elsewhere" / "more" / "b.jsonl", review("2"))
    (dump / "a.jsonl").symlink_to(tmp_path / "elsewhere" / "a.jsonl")
    (dump / "more").symlink_to(tmp_path / "elsewhere" / "more")
    all_rated(score(), 2)
    (tmp_path / "link").symlink_to(dump)
    all_rated(score(input=[tmp_path / "link", dump]), 2)


def test_a_cache_of_blobs_and_snapshots(score, dump):
    blob = write_parquet(dump / "blobs" / "0a1b2c", text=[GOOD, GOOD], id=["1", "2"])
    snapshot = dump / "snapshots" / "main"
    snapshot.mkdir(parents=True)
    (snapshot / "train.parquet").symlink_to(blob)
    outcome = score()
    all_rated(outcome, 2)
    assert list(outcome.record["files"]) == [f"file:{snapshot}/train.parquet"]


def test_a_link_in_incremental_runs(score, dump):
    write_lines(dump / "2024-01-31" / "a.jsonl", review("1"))
    (dump / "latest").symlink_to("2024-01-31")
    all_rated(score("--incremental"), 1)
    write_lines(dump / "2024-02-29" / "b.jsonl", review("2"))
    (dump / "latest").unlink()
    (dump / "latest").symlink_to("2024-02-29")
    all_rated(score("--incremental"), 2)


def test_a_link_in_a_tree_of_good_and_bad_reviews(score, dump):
    write(dump / "a" / "pos" / "1.txt", GOOD)
    write(dump / "a" / "neg" / "2.txt", GOOD)
    (dump / "b").symlink_to("a")
    all_rated(score(), 2)


def test_a_link_to_a_directory_that_it_lies_in(score, dump):
    write_lines(dump / "a.jsonl", review("1"))
    (dump / "again").symlink_to(dump)
    refused(score(), "again", "symbolic link", "remove")


def test_a_link_to_nothing(score, dump):
    write_lines(dump / "a.jsonl", review("1"))
    (dump / "b.jsonl").symlink_to(dump / "gone.jsonl")
    refused(score(), "b.jsonl", "gone.jsonl", "symbolic link")
