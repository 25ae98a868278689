"""Avro files, alone and with others whose schemas differ."""

from __future__ import annotations

import datetime

import duckdb
import pytest

from movierate.config.jobs import DumpConfig, ScoreConfig
from movierate.errors import UserError
from movierate.scoring.job import score
from tests.support.inputs import BAD, GOOD, cut_off, write, write_avro

pytestmark = pytest.mark.packages

DAY = datetime.date(2026, 1, 31)


def run(spark, tmp_path, **settings):
    config = ScoreConfig(date=DAY, **settings)
    return score(spark, [str(tmp_path / "in")], str(tmp_path / "out"), config).record


def column(tmp_path, name):
    rows = duckdb.read_parquet(f"{tmp_path}/out/ratings/*/*.parquet")
    return [value for (value,) in rows.order("review_id").project(name).fetchall()]


@pytest.fixture(autouse=True)
def dump(tmp_path):
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def test_each_file_has_its_own_schema(spark, tmp_path, dump):
    first = [{"id": 1, "text": GOOD, "stars": 9}, {"id": 2, "text": None, "stars": 2}]
    write_avro(dump / "a.avro", first, "deflate", id="long", text=["null", "string"], stars="int")
    second = [{"id": "x3", "stars": 7.5, "text": BAD}]
    write_avro(dump / "b.avro", second, id="string", stars="double", text="string")
    scale = DumpConfig(rating_scale=(1, 10))
    record = run(spark, tmp_path, dump=scale)
    assert record.format == "avro"
    assert record.rows == {"read": 3, "rated": 2, "rejected": 1}
    assert record.rejected_by_reason == {"empty_text": 1}
    assert (column(tmp_path, "review_id"), column(tmp_path, "rating")) == (["1", "x3"], [9, 7.5])


def test_fields_of_records_and_kept_types(spark, tmp_path, dump):
    inner = {"type": "record", "name": "r", "fields": [{"name": "body", "type": "string"}]}
    date = {"type": "int", "logicalType": "date"}
    rows = [{"id": "1", "review": {"body": GOOD}, "seen": DAY}]
    write_avro(dump / "a", rows, id="string", review=inner, seen=date)
    run(spark, tmp_path, dump=DumpConfig(text="review.body"), keep=("seen",))
    assert column(tmp_path, "seen") == [DAY]


def test_a_file_that_is_cut_off_is_counted(spark, tmp_path, dump):
    rows = [{"id": str(number), "text": GOOD} for number in range(50)]
    write_avro(dump / "a.avro", rows, id="string", text="string")
    cut_off(write_avro(dump / "b.avro", rows, id="string", text="string"))
    record = run(spark, tmp_path)
    assert record.rows["rated"] == 50
    assert [file["source"].rpartition("/")[2] for file in record.broken_files] == ["b.avro"]


def test_a_file_that_is_none_is_one_line(spark, tmp_path, dump):
    write(dump / "a.avro", b"Obj\x01" + b"nothing" * 50)
    with pytest.raises(UserError, match="can't be read as avro"):
        run(spark, tmp_path)
