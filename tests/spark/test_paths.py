"""Names that Java can't read, and an output among its inputs."""

import os

import pytest

from movierate.errors import UserError
from movierate.scoring.output.directory import OutputDirectory
from movierate.spark.paths import check_names

DAY = "ratings/scored_date=2026-01-30"


@pytest.mark.parametrize(
    ("input", "output"),
    [
        ("in", "in"),
        ("in", "in/out"),
        ("in/*", "in/out"),
        ("i?/*", "in/out/deeper"),
        ("*/*", "in/out"),
        ("{in,other}/*", "in/out"),
        ("{other/x,in/o}*", "in/out"),
        ("[h-j]n/*", "in/out"),
        ("link/*", "in/out"),
        ("link", "in/out"),
        ("in/*", "link/out"),
        ("rated/ratings", "rated"),
        (f"rated/{DAY}", "rated"),
        ("rated/*", "rated"),
        ("rated/*/*/*.parquet", "rated"),
        ("rated/runs/*.json", "rated"),
        ("rated/rejected", "rated"),
    ],
)
def test_an_output_that_an_input_takes_in_is_refused(input, output, spark, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "link").symlink_to("in")
    inputs = [f"{tmp_path}/x.jsonl", f"{tmp_path}/{input}"]
    with pytest.raises(UserError, match=r"is within the input|what runs write"):
        OutputDirectory(spark, f"{tmp_path}/{output}", inputs)


@pytest.mark.parametrize(
    ("input", "output"),
    [
        ("in/*.jsonl", "in/out"),
        ("in/*/*.jsonl", "in"),
        ("in/20*", "in/out"),
        ("{in,other}/a*", "in/out"),
        ("in", "in2"),
        ("in/reviews.jsonl", "in"),
        ("rated/latest", "rated"),
        ("rated/ratings", "rated2"),
        ("in/[ab", "out"),
    ],
)
def test_an_output_beside_the_input_is_not(input, output, spark, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "[ab").touch()
    OutputDirectory(spark, f"{tmp_path}/{output}", [f"{tmp_path}/{input}"])


@pytest.mark.parametrize("name", [b"caf\xe9.jsonl", b"r_16:00:00.jsonl"])
@pytest.mark.parametrize("input", ["in", "in/deep", "i*", "in/*/*", "{in,x}"])
def test_a_name_that_spark_can_not_read_is_refused_wherever_it_is(name, input, spark, tmp_path):
    deep = tmp_path / "in" / "deep"
    deep.mkdir(parents=True)
    (deep / "a.jsonl").touch()
    (tmp_path / "in" / "Amélie 電影").mkdir()
    check_names(spark, [f"{tmp_path}/{input}"])
    open(os.fsencode(deep) + b"/" + name, "w").close()
    with pytest.raises(UserError, match=r"has a colon|is not valid UTF-8"):
        check_names(spark, [f"{tmp_path}/{input}"])
    check_names(spark, [f"{tmp_path}/in/deep/a.jsonl", f"{tmp_path}/in/deep/[a]*"])
