"""Every kind of broken input ends as ratings or rejected rows, each in its own file's account."""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from pathlib import Path

import duckdb
import pytest

from movierate.config.jobs import ScoreConfig
from movierate.scoring.job import score
from tests.support.corpus import CORPUS

CONFIG = ScoreConfig(date=datetime.date(2026, 1, 31))


@pytest.fixture(scope="module")
def outcomes(spark, tmp_path_factory):
    """Per format and file, what became of its rows; each format is scored once, by one run."""
    known = {}

    def outcome(format: str, name: str) -> Counter[str]:
        if format not in known:
            known[format] = {}  # a run that fails is not tried again for every file
            known[format] = run(spark, format, tmp_path_factory.mktemp(format))
        return known[format][name]

    return outcome


def run(spark, format: str, folder: Path) -> dict[str, Counter[str]]:
    for broken in CORPUS[format]:
        path = folder / "in" / broken.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(broken.content)
    record = score(spark, [str(folder / "in")], str(folder / "out"), CONFIG).record
    assert record.format == format
    rows = record.rows
    assert rows["read"] == rows["rated"] + rows["rejected"]
    sources = spark.createDataFrame([(s,) for s in record.files], "s string")
    names = {
        row.s: row.n.split("/in/")[1]
        for row in sources.selectExpr("s", "url_decode(replace(s, '+', '%2B')) AS n").collect()
    }
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for source, account in record.files.items():
        assert account["read"] == account["rated"] + account["rejected"]
        found[names[source]]["rated"] += account["rated"]
    rejected = duckdb.sql(
        f"SELECT source, reason FROM '{folder}/out/rejected/*/*.parquet'"
    ).fetchall()
    assert len(rejected) == rows["rejected"]
    for source, reason in rejected:
        found[names[source]][reason] += 1
    return found


@pytest.mark.parametrize(
    ("format", "broken"),
    [
        pytest.param(format, broken, id=f"{format}-{broken.name}")
        for format, cases in CORPUS.items()
        for broken in cases
    ],
)
def test_a_broken_file_is_accounted_for_row_by_row(outcomes, format, broken):
    assert +outcomes(format, broken.name) == +broken.outcome


def test_the_corpus_is_large_enough():
    assert sum(map(len, CORPUS.values())) >= 100
