"""Spark Connect: a real server, and clients that have no JVM of their own."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

import pytest

import movierate
from tests.support.cluster import connect_server
from tests.support.process import REVIEWS, SPARK, run

pytestmark = pytest.mark.skipif(SPARK < (4, 0), reason="Spark 3.5 comes without the server")

CLIENT = """
import json, sys
from pyspark.sql import SparkSession
import movierate

spark = SparkSession.builder.getOrCreate()
assert not hasattr(spark, "_jvm")
rate = movierate.rating_udf(spark)
texts = [json.loads(line).get("text") for line in open(sys.argv[1])]
reviews = spark.createDataFrame(list(enumerate(texts)), "at int, text string")
rows = reviews.select("at", rate("text").alias("r")).select("at", "r.*").orderBy("at").collect()
reviews.createOrReplaceTempView("reviews")
movierate.register(spark, "rate")
known = "SELECT count(rate(text).predicted_rating) AS known FROM reviews"
print(json.dumps([[row.predicted_rating for row in rows], spark.sql(known).collect()[0].known]))
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    with connect_server(tmp_path_factory.mktemp("connect")) as address:
        yield address


def test_the_udf_gives_the_ratings_of_the_rater(address):
    client = run("python", "-c", CLIENT, REVIEWS, env={"SPARK_REMOTE": address})
    assert client.returncode == 0, client.stderr
    found, known = json.loads(client.stdout)
    texts = [json.loads(line).get("text") for line in REVIEWS.read_text().splitlines()]
    stars = movierate.open_rater().rate(texts).predicted_rating.tolist()
    expected = [None if math.isnan(one) else one for one in stars]
    assert found == pytest.approx(expected, abs=1e-5)
    assert known == sum(one is not None for one in found) > 180


ONLY_A_CLIENT = """
import sys
sys.modules["py4j"] = None  # as with pyspark-client
from movierate.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def test_a_job_says_the_same_where_there_is_only_a_client(tmp_path):
    paths = ("--input", REVIEWS, "--output", tmp_path / "out")
    result = run("python", "-c", ONLY_A_CLIENT, "score", *paths)
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert "needs a classic session" in result.stderr


def test_a_job_says_in_one_line_that_it_needs_a_classic_session(address, tmp_path):
    paths = ("--input", REVIEWS, "--output", tmp_path / "out")
    result = run("movierate", "score", *paths, env={"SPARK_REMOTE": address})
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "needs a classic session" in result.stderr
    assert not (tmp_path / "out" / "ratings").exists()
