"""Reviews that are rows of a table or of a DataFrame."""

from __future__ import annotations

import datetime

import duckdb
import pytest

import movierate
from movierate.errors import UserError
from tests.support.inputs import BAD, GOOD
from tests.support.outcome import all_rated, refused

DAY = datetime.date(2026, 1, 31)
SCHEMA = "review_id string, movie struct<id: string, year: int>, `the.text` string, stars int"


@pytest.fixture
def reviews(spark):
    rows = [("1", ("m1", 1999), GOOD, 9), ("2", ("m2", None), BAD, 2), ("3", None, None, 5)]
    return spark.createDataFrame(rows, SCHEMA)


def published(output, table="ratings"):
    rows = duckdb.read_parquet(f"{output}/{table}/*/*.parquet")
    return rows.order("review_id")


def test_a_dataframe_is_rated_with_all_its_rows_accounted_for(reviews, tmp_path):
    record = movierate.score(
        *(reviews, str(tmp_path / "out"), "nightly"),
        **{"date": DAY, "text": "the.text", "movie": "movie.id", "keep": ["movie.year"]},
    )
    assert record.rows == {"read": 3, "rated": 2, "rejected": 1}
    assert record.files == {"nightly": {"read": 3, "rated": 2, "rejected": 1}}
    columns = 'review_id, movie_id, rating, "movie.year"'
    assert published(tmp_path / "out").project(columns).fetchall() == [
        ("1", "m1", 9, 1999),
        ("2", "m2", 2, None),
    ]
    rejected = published(tmp_path / "out", "rejected").project("review_id, source, reason")
    assert rejected.fetchall() == [("3", "nightly", "empty_text")]


def test_a_dump_is_rated_by_its_path(spark, tmp_path):
    (tmp_path / "a.jsonl").write_text(f'{{"text": "{GOOD}"}}\n{{"text": ""}}\n')
    (tmp_path / "b.jsonl").write_text("cut off {\n")
    paths = [str(tmp_path / "a.jsonl"), str(tmp_path / "b.jsonl")]
    one = movierate.score(paths[0], str(tmp_path / "one"), date=DAY)
    assert one.rows == {"read": 2, "rated": 1, "rejected": 1}
    both = movierate.score(paths, str(tmp_path / "both"), date=DAY)
    assert both.rejected_by_reason == {"empty_text": 1, "malformed_record": 1}


def test_the_session_stays_as_it_was(spark, reviews, tmp_path):
    zone = spark.conf.get("spark.sql.session.timeZone")
    spark.conf.set("spark.sql.session.timeZone", "Asia/Kolkata")
    try:
        movierate.score(reviews, str(tmp_path / "out"), date=DAY, text="the.text")
        assert spark.conf.get("spark.sql.session.timeZone") == "Asia/Kolkata"
        assert spark.range(3).count() == 3
    finally:
        spark.conf.set("spark.sql.session.timeZone", zone)


def test_ratings_are_those_of_the_udf(spark, reviews, tmp_path):
    movierate.score(reviews, str(tmp_path / "out"), date=DAY, text="the.text")
    rate = movierate.rating_udf(spark)
    rated = reviews.where("stars != 5").select(rate("`the.text`").alias("r")).select("r.*")
    expected = sorted(row.predicted_rating for row in rated.collect())
    found = published(tmp_path / "out").project("predicted_rating").fetchall()
    assert sorted(stars for (stars,) in found) == expected


def test_skip_rated_knows_the_rows_of_the_night_before(reviews, tmp_path):
    settings = {"text": "the.text", "skip_rated": True}
    movierate.score(reviews, str(tmp_path / "out"), date=DAY, **settings)
    again = movierate.score(
        reviews, str(tmp_path / "out"), date=DAY + datetime.timedelta(1), **settings
    )
    assert again.rows == {"read": 3, "rated": 0, "rejected": 1, "skipped": 2}


def test_a_view_by_its_name(spark, score, reviews):
    reviews.withColumnRenamed("the.text", "Text").createOrReplaceTempView("all_reviews")
    outcome = score("--table", "all_reviews", "--movie", "movie.id", input=None)
    all_rated(outcome, 2, rejected=1)
    assert outcome.record["input"] == ["table all_reviews"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--table", "no_such_table"), "table: no_such_table can't be read"),
        (("--table", "no_such_table", "--incremental"), "use --skip-rated with --table"),
    ],
)
def test_what_can_not_be_read_is_one_line(score, arguments, said):
    refused(score(*arguments, input=None), said)


def test_an_empty_dataframe_and_an_unknown_setting_are_one_line(reviews, tmp_path):
    with pytest.raises(UserError, match="without a row"):
        movierate.score(reviews.limit(0), str(tmp_path / "out"), text="the.text")
    with pytest.raises(UserError, match="txt"):
        movierate.score(reviews, str(tmp_path / "out"), txt="the.text")


def test_a_field_whose_name_has_a_dot(spark, tmp_path):
    schema = "review struct<`full.text`: string, stars: int>"
    reviews = spark.createDataFrame([((GOOD, 9),), ((BAD, 2),)], schema)
    settings = {"text": "review.full.text", "rating": "review.stars"}
    record = movierate.score(reviews, str(tmp_path / "out"), date=DAY, **settings)
    assert record.rows == {"read": 2, "rated": 2, "rejected": 0}
