"""What is read of days whose kept columns differ: by `movierate latest`, and by the README."""

import datetime
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from movierate.config.jobs import ScoreConfig
from movierate.errors import UserError
from movierate.scoring.job import score
from movierate.scoring.latest import write_latest
from tests.support.guides import BLOCKS

QUERIES = [
    (language, code)
    for _, language, code in BLOCKS
    if "rated/ratings" in code and language in ("sql", "python")
]


@pytest.fixture(scope="module")
def rated(spark, tmp_path_factory) -> Path:
    """An output of four days, whose column `user` is int, absent, float, as `User`, and string."""
    folder = tmp_path_factory.mktemp("days")
    days = [("user", [7, 8]), (None, []), ("User", [0.5, 1.5]), ("user", ["x", "y"])]
    for number, (column, values) in enumerate(days, 1):
        dump = folder / f"{number}.parquet"
        reviews = pd.DataFrame({"id": ["same", f"of {number}"], "movie": "m", "text": "a film"})
        (reviews.assign(**{column: values}) if column else reviews).to_parquet(dump)
        keep = (column,) if column else ()
        config = ScoreConfig(date=datetime.date(2026, 1, number), keep=keep)
        score(spark, [str(dump)], str(folder / "rated"), config)
    return folder / "rated"


@pytest.mark.parametrize(("language", "code"), QUERIES)
def test_the_queries_of_the_readme_read_them(language, code, rated, spark):
    code = code.replace("rated/ratings", f"{rated}/ratings")
    if language == "sql":
        assert duckdb.sql(code).fetchall()
    else:
        exec(code, {"spark": spark})


def users(target: Path) -> tuple[str, list[tuple[object, ...]]]:
    found = duckdb.sql(f"SELECT review_id, user FROM '{target}/*.parquet' ORDER BY ALL")
    return str(found.types[1]), found.fetchall()


def test_the_latest_ratings_have_a_type_that_holds_all_values(rated, spark, tmp_path):
    target = tmp_path / "view"
    assert write_latest(spark, str(rated), str(target)) == 5
    kind, values = users(target)
    assert kind == "VARCHAR"
    assert values == [
        *(("of 1", "8"), ("of 2", None), ("of 3", "1.5"), ("of 4", "y"), ("same", "x"))
    ]
    assert write_latest(spark, str(rated), str(target)) == 5  # replaces it


def test_numbers_stay_numbers(rated, spark, tmp_path):
    output = tmp_path / "rated"
    for day in (1, 3):
        name = f"ratings/scored_date=2026-01-0{day}"
        (output / name).parent.mkdir(parents=True, exist_ok=True)
        (output / name).symlink_to(rated / name)
    write_latest(spark, str(output), str(tmp_path / "view"))
    assert users(tmp_path / "view") == ("DOUBLE", [("of 1", 8), ("of 3", 1.5), ("same", 0.5)])


@pytest.mark.parametrize(
    "target", ["ratings/latest", "ratings/scored_date=2026-01-01", "ratings", "rejected"]
)
def test_a_view_does_not_lie_among_the_days(rated, spark, target):
    before = sorted(rated.rglob("*"))
    with pytest.raises(UserError):
        write_latest(spark, str(rated), str(rated / target))
    assert sorted(rated.rglob("*")) == before
