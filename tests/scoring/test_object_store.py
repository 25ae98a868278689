"""A directory that is no local file system, and renames a directory file by file, as S3A does.

It stands in for the stores' own connectors: what they do beyond that is not tested here.
"""

import datetime
import json
import shutil
import subprocess
from pathlib import Path

import duckdb
import pyspark
import pytest

from movierate.config.jobs import ScoreConfig
from movierate.errors import UserError
from movierate.scoring.incremental import score_new_files
from movierate.scoring.job import score
from movierate.scoring.output.directory import OutputDirectory
from movierate.scoring.output.lock import LOCK, lock
from movierate.scoring.output.table import OutputPartition
from movierate.spark.filesystem import FileSystemError
from tests.support.java import file_system_class

DAY = OutputPartition(datetime.date(2026, 1, 31))
CONFIG = ScoreConfig(date=DAY.date)
NIGHT_AFTER = ScoreConfig(date=datetime.date(2026, 2, 1), skip_rated=True)

pytestmark = pytest.mark.skipif(not shutil.which("javac"), reason="needs javac: a JDK")


@pytest.fixture(scope="module")
def stores(spark, tmp_path_factory):
    """The directory's class, known to Spark by the scheme copying."""
    classes = tmp_path_factory.mktemp("classes")
    jars = Path(pyspark.__file__).parent / "jars" / "*"
    source = Path(__file__).with_name("CopyingFileSystem.java")
    command = ["javac", "--release", "17", "-cp", jars, "-d", classes, source]
    subprocess.run(command, check=True)
    with file_system_class(spark, "copying", "CopyingFileSystem", classes) as found:
        yield found


@pytest.fixture
def output(stores, tmp_path) -> str:
    return f"copying://{tmp_path}/out"


@pytest.fixture
def dump(tmp_path) -> str:
    rows = [{"id": str(place), "text": f"a good film, seen {place} times"} for place in range(9)]
    path = tmp_path / "dump.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in [*rows, {"id": "empty"}]))
    return str(path)


def rows(tmp_path: Path, table: str = "ratings") -> int:
    found = duckdb.read_parquet(f"{tmp_path}/out/{table}/**/*.parquet").project("review_id")
    assert len(found) == len(found.distinct())
    return len(found)


def names(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "out").iterdir())


def stage(directory: OutputDirectory, spark, run_id: str, count: int) -> None:
    """Write two files of each table."""
    for table in ("ratings", "rejected"):
        frame = spark.range(count).toDF("review_id").repartition(2)
        directory.tables[table].stage(run_id, DAY, frame)


def break_after(stores, steps: int) -> None:
    """Have the connection break after so many more steps; -1: never."""
    stores.getField("steps").setInt(None, steps % 2**31)


def test_a_day_is_published_replaced_and_skipped(spark, dump, output, tmp_path):
    for _ in range(2):
        assert score(spark, [dump], output, CONFIG).record.status == "done"
        assert (rows(tmp_path), rows(tmp_path, "rejected")) == (9, 1)
    assert names(tmp_path) == ["ratings", "rejected", "runs"]
    counts = score(spark, [dump], output, NIGHT_AFTER).record.rows
    assert counts == {"read": 10, "rated": 0, "rejected": 1, "skipped": 9}
    assert rows(tmp_path) == 9


def test_the_account_of_files_is_kept_there(spark, dump, output, tmp_path):
    (run,) = score_new_files(spark, [dump], output, CONFIG)
    assert run.record.rows["rated"] == rows(tmp_path) == 9
    assert score_new_files(spark, [dump], output, CONFIG) == []


def test_one_run_at_a_time_holds_it_and_a_dead_one_is_followed(spark, output, tmp_path):
    folder, said = tmp_path / "out", []
    with lock(spark, output):
        found = json.loads((folder / LOCK).read_text())
        with pytest.raises(UserError, match="is locked by process"), lock(spark, output):
            pass
    assert not folder.exists()
    folder.mkdir()
    (folder / LOCK).write_text(json.dumps({**found, "born": "before"}))
    with lock(spark, output, said.append):
        assert said[0].endswith("which is dead")
    assert not folder.exists()


MOVES = ("copy", "copy", "delete", "delete")
"""How two files are moved: for each table the old ones aside, then the new ones into place."""


@pytest.mark.parametrize("steps", range(16))
def test_a_run_that_died_as_it_moved_a_day_is_followed(spark, stores, output, tmp_path, steps):
    directory = OutputDirectory(spark, output)
    with directory.lock():
        stage(directory, spark, "old", 5)
        directory.publish("old", DAY)
        stage(directory, spark, "new", 9)
        break_after(stores, steps)
        with pytest.raises(FileSystemError, match="the connection broke"):
            directory.publish("new", DAY)
        break_after(stores, -1)
    directory = OutputDirectory(spark, output)
    with directory.lock():
        if MOVES[steps % 4] == "copy":  # all is still where it was
            assert (rows(tmp_path), rows(tmp_path, "rejected")) == (9, 9)
        stage(directory, spark, "again", 9)
        directory.publish("again", DAY)
    assert (rows(tmp_path), rows(tmp_path, "rejected")) == (9, 9)
    assert names(tmp_path) == ["ratings", "rejected"]
