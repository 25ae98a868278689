"""Output in Delta's format: what readers see, also of runs that break and while a day changes."""

from __future__ import annotations

import datetime
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from movierate.config.jobs import ScoreConfig
from movierate.errors import RunFailed, UserError
from movierate.scoring.incremental import score_new_files
from movierate.scoring.job import score
from movierate.scoring.latest import write_latest
from movierate.scoring.output.delta import DeltaTable
from tests.support.inputs import write_lines
from tests.support.process import REVIEWS, kill_score_at
from tests.support.watch import watching

pytestmark = pytest.mark.packages

DAY = datetime.date(2026, 1, 31)
CONFIG = ScoreConfig(date=DAY, output_format="delta")
NEXT_DAY = CONFIG.model_copy(update={"date": DAY + datetime.timedelta(1)})


def write_dump(path: Path, rows: int, first: int = 0) -> str:
    """Reviews with ids from `first` on, and one without a text."""
    reviews = [
        {"id": str(first + row), "text": f"a good film, seen {row} times"} for row in range(rows)
    ]
    return str(write_lines(path, *reviews, {"id": "empty"}))


def there(spark, output, table="ratings") -> list[str]:
    """The ids in a table, with every repetition."""
    rows = spark.read.format("delta").load(f"{output}/{table}").select("review_id").collect()
    return sorted(row.review_id for row in rows)


def test_days_are_published_replaced_and_skipped(spark, tmp_path):
    output = str(tmp_path / "out")
    dump = write_dump(tmp_path / "dump.jsonl", 9)
    for _ in range(2):
        score(spark, [dump], output, CONFIG)
        assert there(spark, output) == [str(row) for row in range(9)]
        assert there(spark, output, "rejected") == ["empty"]
    write_dump(tmp_path / "dump.jsonl", 12)
    skipping = NEXT_DAY.model_copy(update={"skip_rated": True})
    counts = score(spark, [dump], output, skipping).record.rows
    assert counts == {"read": 13, "rated": 3, "rejected": 1, "skipped": 9}
    assert len(there(spark, output)) == len(set(there(spark, output))) == 12
    assert write_latest(spark, output, str(tmp_path / "latest")) == 12
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        *("ratings", "rejected", "runs"),
    ]


def test_pandas_and_duckdb_read_the_columns_of_the_design(spark, tmp_path):
    deltalake = pytest.importorskip("deltalake")
    score(spark, [str(REVIEWS)], str(tmp_path / "delta"), CONFIG)
    score(spark, [str(REVIEWS)], str(tmp_path / "parquet"), ScoreConfig(date=DAY))
    table = deltalake.DeltaTable(str(tmp_path / "delta" / "ratings"))
    delta = duckdb.from_arrow(table.to_pyarrow_table())
    parquet = duckdb.read_parquet(f"{tmp_path}/parquet/ratings/*/*.parquet", hive_partitioning=True)
    assert set(delta.columns) == set(parquet.columns)
    same = "review_id, predicted_rating, words_read, text_hash, scored_date"
    rows = [frame.order("review_id").project(same).fetchall() for frame in (delta, parquet)]
    assert rows[0] == rows[1]
    assert len(table.to_pandas()) == len(rows[0]) == 190


def test_new_files_are_rated_once(spark, tmp_path):
    output, config = str(tmp_path / "out"), CONFIG.model_copy(update={"incremental": True})
    dump = str(tmp_path / "in")
    for number in range(2):
        write_dump(tmp_path / "in" / f"{number}.jsonl", 5, first=5 * number)
        (run,) = score_new_files(spark, [dump], output, config)
        assert run.record.rows["rated"] == 5
    assert score_new_files(spark, [dump], output, config) == []
    assert there(spark, output) == [str(row) for row in range(10)]


def test_a_column_that_later_days_have_is_null_in_earlier_ones(spark, tmp_path):
    output, dump = str(tmp_path / "out"), tmp_path / "dump.jsonl"
    score(spark, [write_dump(dump, 2)], output, CONFIG)
    dump.write_text('{"id": "7", "text": "A good film.", "votes": 3}\n')
    score(spark, [str(dump)], output, NEXT_DAY.model_copy(update={"keep": ("votes",)}))
    rows = spark.read.format("delta").load(f"{output}/ratings").orderBy("review_id").collect()
    assert [row.votes for row in rows] == [None, None, 3]


def test_a_run_that_breaks_as_it_publishes_is_completed_by_the_next(spark, tmp_path, monkeypatch):
    output, dump = str(tmp_path / "out"), tmp_path / "dump.jsonl"
    score(spark, [write_dump(dump, 2)], output, CONFIG)

    def publish(table: DeltaTable, *asked: object) -> None:
        if published:
            raise OSError("the disk is gone")
        published.append(usual(table, *asked))

    published, usual = [], DeltaTable.publish
    monkeypatch.setattr(DeltaTable, "publish", publish)
    with pytest.raises(RunFailed, match="the disk is gone"):
        score(spark, [write_dump(dump, 5)], output, CONFIG)
    monkeypatch.undo()
    score(spark, [write_dump(dump, 1, first=9)], output, NEXT_DAY)
    assert there(spark, output) == ["0", "1", "2", "3", "4", "9"]


@pytest.mark.parametrize("moment", ["rate", "write", "check"])
def test_a_run_that_is_killed_is_followed(spark, settings, tmp_path, moment):
    output, dump = str(tmp_path / "out"), write_dump(tmp_path / "dump.jsonl", 50)
    score(spark, [dump], output, CONFIG)
    job = ("--input", dump, "--output", output, "--date", str(DAY), "--output-format", "delta")
    kill_score_at(moment, settings, *job)
    assert len(there(spark, output)) == 50
    score(spark, [dump], output, CONFIG)
    assert there(spark, output) == sorted(str(row) for row in range(50))
    assert there(spark, output, "rejected") == ["empty"]


def test_the_format_of_an_output_stays(spark, tmp_path):
    output, dump = str(tmp_path / "out"), write_dump(tmp_path / "dump.jsonl", 2)
    score(spark, [dump], output, CONFIG)
    with pytest.raises(UserError, match="has tables in delta"):
        score(spark, [dump], output, ScoreConfig(date=DAY))


def test_a_reader_in_the_store_never_sees_a_part_of_a_day(spark, s3, tmp_path):
    """It polls while a day of many files is replaced twenty times."""
    for number in range(4):
        write_dump(tmp_path / "in" / f"{number}.jsonl", 400, first=400 * number)
    store = s3.at(tmp_path.name)
    dump, output = store.upload(spark, tmp_path / "in", "in"), f"{store.root}/out"
    score(spark, [dump], output, CONFIG)
    seen: Counter[int] = Counter()

    def look() -> None:
        seen[spark.read.format("delta").load(f"{output}/ratings").count()] += 1

    with watching(look):
        for _ in range(20):
            score(spark, [dump], output, CONFIG)
    print(f"\n{seen.total()} looks: {dict(seen)} rows")
    assert set(seen) == {1_600}
    assert seen.total() > 20
