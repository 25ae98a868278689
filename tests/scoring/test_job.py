"""The scoring job from a dump to what people query."""

import dataclasses
import datetime
import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from pyspark.sql import functions as F
from pyspark.sql.functions import pandas_udf

import movierate
from movierate.config.jobs import DumpConfig, ScoreConfig
from movierate.errors import RunFailed, UserError
from movierate.reviews.columns import find_column
from movierate.scoring.job import score
from movierate.spark.filesystem import FileSystem
from tests.support.intervals import INTERVALS
from tests.support.process import REVIEWS

DAY = datetime.date(2026, 1, 31)
CONFIG = ScoreConfig(date=DAY)

RATINGS = {
    "review_id": "VARCHAR",
    "movie_id": "VARCHAR",
    "predicted_rating": "FLOAT",
    "rating_low": "FLOAT",
    "rating_high": "FLOAT",
    "rating": "FLOAT",
    "words_read": "INTEGER",
    "known_words": "FLOAT",
    "not_english": "BOOLEAN",
    "text_hash": "BIGINT",
    "model_id": "VARCHAR",
    "scored_at": "TIMESTAMP WITH TIME ZONE",
    "scored_date": "DATE",
}
REJECTED = {
    "review_id": "VARCHAR",
    "source": "VARCHAR",
    "reason": "VARCHAR",
    "raw": "VARCHAR",
    "scored_at": "TIMESTAMP WITH TIME ZONE",
    "scored_date": "DATE",
}


def table(output: Path, name: str) -> duckdb.DuckDBPyRelation:
    return duckdb.read_parquet(f"{output}/{name}/*/*.parquet", hive_partitioning=True)


def schema(relation: duckdb.DuckDBPyRelation) -> dict[str, str]:
    return dict(zip(relation.columns, map(str, relation.types), strict=True))


def ratings(output: Path) -> pd.DataFrame:
    return table(output, "ratings").df().sort_values("review_id", ignore_index=True)


@pytest.fixture(scope="module")
def scored(spark, tmp_path_factory):
    output = tmp_path_factory.mktemp("scored") / "out"
    return output, score(spark, [str(REVIEWS)], str(output), CONFIG)


def test_the_columns_and_types_are_those_of_the_design(scored):
    output, _ = scored
    assert list(schema(table(output, "ratings")).items()) == list(RATINGS.items())
    assert list(schema(table(output, "rejected")).items()) == list(REJECTED.items())


def test_duckdb_pandas_and_spark_read_the_same_ratings(scored, spark):
    output, _ = scored
    by_duckdb = ratings(output)
    by_pandas = pd.read_parquet(output / "ratings").sort_values("review_id", ignore_index=True)
    by_spark = spark.read.parquet(f"{output}/ratings").toPandas()
    by_spark = by_spark.sort_values("review_id", ignore_index=True)
    for other in (by_pandas, by_spark):
        assert list(other.columns) == list(by_duckdb.columns)
        assert (other["review_id"] == by_duckdb["review_id"]).all()
        np.testing.assert_array_equal(other["predicted_rating"], by_duckdb["predicted_rating"])


def test_each_rating_is_what_the_model_says_of_the_text(scored, examples):
    output, run = scored
    frame = ratings(output).set_index("review_id")
    texts = examples.set_index("review_id").loc[frame.index, "text"]
    expected = movierate.open_rater().rate(list(texts))
    np.testing.assert_allclose(frame["predicted_rating"], expected.predicted_rating, atol=1e-5)
    assert (frame["words_read"] == expected.words_read).all()
    for end in ("rating_low", "rating_high"):
        np.testing.assert_allclose(frame[end], getattr(expected, end), atol=1e-4)
    assert (frame["model_id"] == run.record.model_id).all()
    assert frame["scored_at"].nunique() == 1


def test_a_model_with_intervals_gives_them_to_every_rating(spark, small_bundle, tmp_path):
    dataclasses.replace(small_bundle, intervals=INTERVALS).save(tmp_path / "small")
    config = CONFIG.model_copy(update={"model": str(tmp_path / "small")})
    score(spark, [str(REVIEWS)], str(tmp_path / "out"), config)
    frame = ratings(tmp_path / "out")
    assert len(frame) > 150
    assert (frame["rating_low"] <= frame["predicted_rating"]).all()
    assert (frame["predicted_rating"] <= frame["rating_high"]).all()


def test_the_rating_that_came_with_a_review_and_its_movie_come_along(scored, examples):
    output, _ = scored
    frame = ratings(output).set_index("review_id")
    given = examples.set_index("review_id").loc[frame.index]
    assert (frame["rating"] == given["rating"]).all()
    assert (frame["movie_id"] == given["movie"]).all()


def test_every_row_is_rated_or_rejected_with_its_reason(scored, examples):
    output, run = scored
    rejected = table(output, "rejected").df().set_index("review_id")
    assert len(ratings(output)) + len(rejected) == len(examples) == 200
    assert rejected.loc[["r107", "r137", "r187"], "reason"].tolist() == ["empty_text"] * 3
    assert rejected.loc["r051", "reason"] == "no_known_words"
    assert rejected["source"].str.endswith("reviews.jsonl").all()
    assert '"review_id": "r187"' in rejected.loc["r187", "raw"].replace('":"', '": "')
    rows = run.record.rows
    assert rows == {"read": 200, "rated": 200 - len(rejected), "rejected": len(rejected)}
    assert sum(run.record.rejected_by_reason.values()) == len(rejected)
    assert json.loads(Path(run.record_path).read_text()) == run.record.as_dict()


@pytest.mark.parametrize("rejects", [False, True])
def test_a_review_in_another_language_is_flagged_or_rejected(spark, tmp_path, rejects):
    foreign = "La película es muy aburrida y los actores hacen un trabajo horrible."
    texts = [foreign, "The film is boring, and the actors do a horrible job.", "Bravo, film."]
    frame = pd.DataFrame({"review_id": ["es", "en", "short"], "text": texts})
    frame.to_parquet(tmp_path / "dump.parquet")
    config = CONFIG.model_copy(update={"reject_not_english": rejects})
    run = score(spark, [str(tmp_path / "dump.parquet")], str(tmp_path / "out"), config)
    flagged = ratings(tmp_path / "out").set_index("review_id")["not_english"].to_dict()
    if rejects:
        assert flagged == {"en": False, "short": False}
        assert run.record.rejected_by_reason == {"not_english": 1}
    else:
        assert flagged == {"es": True, "en": False, "short": False}
    assert run.record.rows["read"] == 3


def test_the_same_day_again_replaces_it_and_another_day_adds_to_it(spark, tmp_path):
    output = str(tmp_path / "out")
    few = ScoreConfig(date=DAY, limit=20)
    score(spark, [str(REVIEWS)], output, CONFIG)
    score(spark, [str(REVIEWS)], output, few)
    frame = ratings(tmp_path / "out")
    assert len(frame) <= 20
    score(spark, [str(REVIEWS)], output, ScoreConfig(date=datetime.date(2026, 2, 1), limit=20))
    assert len(ratings(tmp_path / "out")) == 2 * len(frame)
    assert sorted(path.name for path in (tmp_path / "out" / "ratings").iterdir()) == [
        "scored_date=2026-01-31",
        "scored_date=2026-02-01",
    ]
    assert len(list((tmp_path / "out" / "runs").glob("*.json"))) == 3


def write_dump(folder: Path, format: str) -> Path:
    rows = pd.DataFrame(
        {
            "Review Text": ["A great, great film", 'Awful "plot",\nbad acting', None],
            "film": ["one", "two", "two"],
            "stars": ["9", "2", "n/a"],
            "helpful": ["12", "0", "3"],
        }
    )
    if format == "parquet":
        rows.to_parquet(folder / "dump.parquet")
    elif format == "jsonl.gz":
        rows.to_json(folder / "dump.jsonl.gz", orient="records", lines=True)
    else:
        rows.to_csv(folder / "dump.csv.gz", index=False)
    return next(folder.iterdir())


@pytest.mark.parametrize("format", ["parquet", "jsonl.gz", "csv.gz"])
def test_dumps_with_other_names_and_no_ids(spark, tmp_path, format):
    (tmp_path / "in").mkdir()
    dump = write_dump(tmp_path / "in", format)
    config = ScoreConfig(date=DAY, keep=("helpful",))
    run = score(spark, [str(dump)], str(tmp_path / "out"), config)
    assert run.record.rows == {"read": 3, "rated": 2, "rejected": 1}
    frame = table(tmp_path / "out", "ratings").df().sort_values("movie_id")
    assert frame["rating"].tolist() == [9, 2]
    assert frame["helpful"].tolist() == ["12", "0"]
    assert list(frame.columns)[-2:] == ["helpful", "scored_date"]


def test_digests_are_the_same_in_every_run_and_format(spark, tmp_path):
    ids = []
    for format in ("parquet", "jsonl.gz", "csv.gz"):
        (tmp_path / format).mkdir()
        dump = write_dump(tmp_path / format, format)
        score(spark, [str(dump)], str(tmp_path / f"{format}-out"), CONFIG)
        ids.append(ratings(tmp_path / f"{format}-out")["review_id"].tolist())
    assert ids[0] == ids[1] == ids[2]
    assert len(set(ids[0])) == 2


def test_the_rows_of_one_gzip_file_are_spread_over_the_cores(spark, tmp_path):
    line = json.dumps({"text": "a good film " + "x" * 3000, "movie": "m"}) + "\n"
    with gzip.open(tmp_path / "huge.jsonl.gz", "wt", compresslevel=0) as file:
        file.writelines([line] * 2000)  # 6 MB
    score(spark, [str(tmp_path / "huge.jsonl.gz")], str(tmp_path / "out"), CONFIG)
    files = list((tmp_path / "out" / "ratings").glob("*/*.parquet"))
    assert len(files) >= 2
    assert min(pq.read_metadata(file).num_rows for file in files) > 200


def test_the_udf_works_in_anyones_pipeline(spark):
    rate = movierate.rating_udf(spark)
    texts = ["a great, moving film", "boring and bad", None]
    reviews = spark.createDataFrame(list(enumerate(texts)), "id int, text string")
    rows = reviews.select("id", rate("text").alias("r")).select("id", "r.*").collect()
    good, bad, none = (row.predicted_rating for row in rows)
    assert good > 6 > bad
    assert none is None
    read = movierate.load("imdb").encoder().encode(texts).words_read
    assert [row.words_read for row in rows] == read.tolist()


def test_another_model_rates_otherwise_in_the_same_workers(spark, small_bundle, tmp_path):
    small_bundle.save(tmp_path / "small")
    reviews = spark.createDataFrame([("good film",)], "text string").repartition(1)
    stars = [
        reviews.select(movierate.rating_udf(spark, model)("text").predicted_rating).first()[0]
        for model in ("imdb", tmp_path / "small", "imdb")
    ]
    assert stars[0] == stars[2] != stars[1]


def test_what_the_user_gave_is_checked_before_anything_is_written(spark, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    output = str(tmp_path / "out")
    cases = [
        (["/no/such/dump"], output, {}, "no file or directory /no/such/dump"),
        ([str(tmp_path / "empty")], output, {}, "holds no files"),
        ([str(REVIEWS)], str(tmp_path / "file"), {}, "is a file"),
        ([str(REVIEWS.parent)], str(REVIEWS.parent / "out"), {}, "is within the input"),
        (
            [str(REVIEWS)],
            output,
            {"dump": DumpConfig(text="body")},
            "its columns are review_id, movie, rating",
        ),
        ([str(REVIEWS)], output, {"keep": ("movei",)}, "did you mean movie"),
        ([str(REVIEWS)], output, {"keep": ("rating",)}, "is already a column of the output"),
        ([str(REVIEWS)], output, {"model": "nope"}, "no bundle nope"),
        ([str(tmp_path / "file")], output, {}, "cannot detect the format"),
    ]
    for paths, target, settings, message in cases:
        with pytest.raises(UserError, match=message) as error:
            score(spark, paths, target, ScoreConfig(**settings))
        assert "\n" not in str(error.value)
    assert not (tmp_path / "out").exists()


def test_names_of_columns_may_differ_in_case(spark, tmp_path):
    config = ScoreConfig(date=DAY, dump=DumpConfig(text="TEXT", movie="Movie"), keep=("MOVIE",))
    score(spark, [str(REVIEWS)], str(tmp_path), config)
    found = ratings(tmp_path)
    assert (found["MOVIE"] == found["movie_id"]).all()
    assert found["movie_id"].notna().all()


def test_the_name_of_a_column_must_tell_which_is_meant():
    columns = ["Text", "text", "Body", "BODY"]
    assert find_column("text", "text", columns) == "text"
    with pytest.raises(UserError, match="no column body, did you mean"):
        find_column("text", "body", [*columns, "bodies"])


def test_ratings_that_can_not_be_read_are_counted_where_the_row_was_rated(spark, tmp_path):
    dump = tmp_path / "dump.jsonl"
    rows = [{"text": text, "rating": "so-so"} for text in ("a good film", "", "a bad film")]
    dump.write_text("".join(json.dumps(row) + "\n" for row in rows))
    record = score(spark, [str(dump)], str(tmp_path / "out"), CONFIG).record
    assert record.rows["rejected"] == 1
    assert record.ratings_unread == 2


def test_a_worker_holds_a_few_long_texts_and_not_all_of_them(spark):
    """100 texts of 1 MB in one task: a batch of 16 MB is there more than once, all never are."""
    rate = movierate.rating_udf(spark).func

    def peak():
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) // 1024

    def measure(batches: Iterator[pd.Series]) -> Iterator[pd.Series]:
        before = None
        for ratings in rate(batches):
            if before is None:  # the model is open: from now on, the peak is of texts
                Path("/proc/self/clear_refs").write_text("5")
                before = peak()
            yield pd.Series([peak() - before] * len(ratings))

    texts = spark.range(0, 100, 1, 1).select(F.repeat(F.lit("a good film, "), 80_000).alias("t"))
    (most,) = texts.select(pandas_udf(measure, "long")("t").alias("m")).agg(F.max("m")).first()
    assert most < 60


def test_a_run_that_breaks_as_it_publishes_is_completed_by_the_next(spark, tmp_path, monkeypatch):
    dump, output = tmp_path / "dump.jsonl", tmp_path / "out"

    def night(reviews: int, date: datetime.date = DAY) -> None:
        dump.write_text('{"text": "A good film."}\n' * reviews)
        score(spark, [str(dump)], str(output), ScoreConfig(date=date))

    def there(table: str) -> int:
        return len(pd.read_parquet(output / table))

    moved = []

    def rename_once(file_system: FileSystem, source: str, target: str) -> bool:
        if "/runs/" not in target:
            if moved:
                raise OSError("the disk is gone")
            moved.append(target)
        return rename(file_system, source, target)

    night(2)
    rename = FileSystem.rename
    monkeypatch.setattr(FileSystem, "rename", rename_once)
    with pytest.raises(RunFailed, match="the disk is gone: the next run will publish the rest"):
        night(5)
    monkeypatch.undo()
    night(1, DAY + datetime.timedelta(1))
    assert (there("ratings"), there("rejected")) == (5 + 1, 0)
