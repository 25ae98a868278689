"""Which files a dump is, and what their directories say."""

from __future__ import annotations

import pytest
from pyspark.sql import functions as F

from movierate.errors import UserError
from movierate.reviews.directories import Directories
from movierate.reviews.listing import (
    File,
    Listing,
    check_all_read,
    is_document,
    is_hidden,
    list_files,
)
from movierate.spark.filesystem import uri_of


def make(folder, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def listed(spark, *paths) -> list[str]:
    listing = list_files(spark, [str(path) for path in paths])
    return sorted(file.path.partition("/in/")[2] for file in listing.files)


@pytest.fixture
def folder(tmp_path):
    names = ("a.jsonl", "sub/b.jsonl", "_SUCCESS", "sub/.c.crc", "_tmp/d", "x=1/e", "_y=2/f")
    make(tmp_path / "in", *names, "README.md", "sub/[g].jsonl")
    return tmp_path / "in"


def test_all_files_below_a_directory_but_hidden_ones_and_documents(spark, folder):
    names = ["_y=2/f", "a.jsonl", "sub/[g].jsonl", "sub/b.jsonl", "x=1/e"]
    assert listed(spark, folder) == names
    (passed_over,) = list_files(spark, [str(folder)]).passed_over
    assert passed_over.endswith("/README.md")


def test_a_file_that_is_named_is_read_whatever_it_is(spark, folder):
    assert listed(spark, folder / "README.md") == ["README.md"]
    assert listed(spark, folder / "sub" / "[g].jsonl") == ["sub/[g].jsonl"]
    assert listed(spark, folder / "_tmp") == ["_tmp/d"]


@pytest.mark.parametrize("name", ["_SUCCESS", "sub/.c.crc", "_S*", "nope", "n*pe"])
def test_what_spark_would_not_read_is_an_error(spark, folder, name):
    with pytest.raises(UserError, match=r"Spark skips|no file or directory"):
        listed(spark, folder / name)


def test_what_is_named_twice_is_read_once(spark, folder):
    (folder / "README.md").unlink()
    paths = [folder, folder / "a.jsonl", f"{folder}/sub/../sub", f"{folder}/*", folder / "_tmp"]
    assert len(listed(spark, *paths)) == 6
    listing = list_files(spark, [str(path) for path in paths])
    read = spark.read.option("recursiveFileLookup", True).text(listing.spark_paths())
    assert read.count() == 6
    check_all_read(read, listing.files)
    with pytest.raises(UserError, match=r"Spark skips .*a\.jsonl"):
        check_all_read(spark.read.text(f"{folder}/sub"), listing.files)


def test_a_table_with_a_log_is_no_directory_of_files(spark, folder):
    make(folder, "sub/_delta_log/00000000000000000000.json")
    with pytest.raises(UserError, match=r"in/sub is a delta table"):
        listed(spark, folder)


@pytest.mark.parametrize(
    ("name", "hidden"),
    [("_x", True), (".x", True), ("_x=1", False), ("x._COPYING_", True), ("x_", False)],
)
def test_hidden_names_are_sparks(name, hidden):
    assert is_hidden(name) == hidden


@pytest.mark.parametrize(
    ("name", "document"),
    [
        *[
            (name, True)
            for name in ("README", "readme.txt", "LICENSE", "x.md", "p.png", "sums.md5")
        ],
        *[(name, False) for name in ("reviews.txt", "readme.csv", "read.jsonl", "part-0", "x.log")],
    ],
)
def test_documents_are_known_by_their_names(name, document):
    assert is_document(name) == document


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("file:/d/movie=0005019281/part-0.csv", {"movie": "0005019281"}),
        ("file:/d/a=1/b=x%20y/p", {"a": "1", "b": "x y"}),
        ("file:/d/a=1/other/b=2/p", {"a": "1", "b": "2"}),
        ("file:/d/a=1/a=2/p", {"a": "2"}),
        ("file:/d/a=caf%E9/p", {"a": "caf%E9"}),
        ("file:/d/a=__HIVE_DEFAULT_PARTITION__/p", {"a": None}),
        ("file:/d/a=/p", {"a": None}),
        ("file:/d/a=x+y/b=1=2/p", {"a": "x+y", "b": "1=2"}),
        ("file:/d/a=100%/p", {"a": "100%"}),
        ("file:/d/a=50%_off%20/p", {"a": "50%_off%20"}),
        ("file:/d/a=1", {}),
        ("file:/d/amélie=é/p", {"amélie": "é"}),
        ("file:/d/a b=1/p", {"a b": "1"}),
    ],
)
def test_directories_give_the_same_values_in_python_and_in_spark(spark, path, values):
    source = uri_of(spark, path)
    directories = Directories.of([Listing(("file:/d",), (File(path, 1),), ())])
    assert directories.values(source) == values
    assert directories.columns == tuple(values)
    frame = spark.createDataFrame([(source,)], "source string")
    row = frame.select(*(directories.column(n, F.col("source")).alias(n) for n in values)).first()
    assert row.asDict() == values


def test_whole_numbers_are_numbers_unless_a_zero_leads(spark):
    files = [File(f"file:/d/a={a}/b={b}/p", 1) for a, b in (("1", "01"), ("-20", "1"))]
    listing = Listing(("file:/d",), tuple(files), ())
    directories = Directories.of([listing])
    assert directories.are_whole_numbers(listing, "a")
    assert not directories.are_whole_numbers(listing, "b")


@pytest.mark.parametrize(
    ("root", "values"),
    [
        ("file:/a=1/d", {}),
        ("file:/a=1", {"a": "1", "b": "2"}),
        ("file:/a=1/d/b=2", {"b": "2"}),
        ("file:/a=1/d/b=2/p", {"b": "2"}),
        ("file:/", {"a": "1", "b": "2"}),
    ],
)
def test_directories_around_the_input_are_no_columns(spark, root, values):
    path = "file:/a=1/d/b=2/p"
    directories = Directories.of([Listing((root,), (File(path, 1),), ())])
    values = {"b": "2", **values}
    assert directories.values(path) == values
    assert set(directories.columns) == set(values)
    frame = spark.createDataFrame([(path,)], "source string")
    row = frame.select(directories.column("a", F.col("source"))).first()
    assert row[0] == values.get("a")
