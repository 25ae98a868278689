"""What a run leaves behind of itself, and what `movierate runs` shows of it."""

import datetime
import json
from pathlib import Path

import pytest

from movierate.cli.main import main
from movierate.config.jobs import ScoreConfig
from movierate.errors import UserError
from movierate.logs import Phases
from movierate.scoring.job import score
from tests.support.process import run

DAY = datetime.date(2026, 1, 31)
LINE = json.dumps({"text": "A great film, and the plot is good."}) + "\n"


def records(output: Path) -> list[dict]:
    found = [json.loads(path.read_text()) for path in (output / "runs").glob("*.json")]
    return sorted(found, key=lambda record: record["started_at"])


@pytest.fixture(scope="module")
def night(spark, tmp_path_factory):
    """A run over two files, then one that fails as its dump is missing."""
    folder = tmp_path_factory.mktemp("night")
    (folder / "in").mkdir()
    (folder / "in" / "a b.jsonl").write_text(LINE * 3)
    (folder / "in" / "c.jsonl").write_text(LINE + "{broken\n")
    phases = Phases()
    config = ScoreConfig(date=DAY, max_rejected=0.1)
    done = score(spark, [str(folder / "in")], str(folder / "out"), config, phases)
    with pytest.raises(UserError, match="no file or directory"):
        score(spark, [str(folder / "gone")], str(folder / "out"), config)
    return folder, done.record


def test_the_record_says_what_was_asked_and_with_which_versions(night):
    _, record = night
    assert record.arguments["max_rejected"] == 0.1
    assert record.arguments["date"] == "2026-01-31"
    assert record.arguments["model"] == "imdb"
    assert {"movierate", "python", "spark", "numpy", "pyarrow"} <= record.versions.keys()


def test_each_file_has_its_bytes_and_its_rows(night):
    _, record = night
    accounts = {source.split("/")[-1]: account for source, account in record.files.items()}
    assert accounts == {
        "a%20b.jsonl": {"read": 3, "rated": 3, "rejected": 0, "bytes": 3 * len(LINE)},
        "c.jsonl": {"read": 2, "rated": 1, "rejected": 1, "bytes": len(LINE) + 8},
    }
    assert (record.input_files, record.input_bytes) == (2, 4 * len(LINE) + 8)


def test_the_phases_add_up_to_the_run(night):
    _, record = night
    assert list(record.phases) == ["input", "rate", "write", "check", "publish"]
    assert sum(record.phases.values()) == pytest.approx(record.seconds, rel=0.1, abs=0.3)
    assert record.rows_per_second == pytest.approx(5 / record.seconds, abs=0.1)


def test_a_run_that_fails_for_its_input_leaves_a_record_where_others_have(night):
    folder, _ = night
    done, failed = records(folder / "out")[:2]
    assert done["status"] == "done"
    assert failed["status"] == "failed"
    assert "no file or directory" in failed["error"]
    assert failed["input"] == [str(folder / "gone")]


def test_so_does_one_that_fails_before_spark_has_started(night):
    folder, _ = night
    before = len(records(folder / "out"))
    arguments = ["--input", str(folder / "gone"), "--output", str(folder / "out")]
    assert main(["score", *arguments, "--model", "nope"]) == 2
    (*_, last) = records(folder / "out")
    assert len(records(folder / "out")) == before + 1
    assert "found no bundle nope" in last["error"]
    assert main(["score", *arguments[:3], str(folder / "new"), "--model", "nope"]) == 2
    assert not (folder / "new").exists()


def test_runs_shows_the_last_ones_without_java(night, capsys):
    folder, _ = night
    shown = run("movierate", "runs", folder / "out", env={"JAVA_HOME": "/nowhere"})
    assert shown.returncode == 0, shown.stderr
    head, *lines = shown.stdout.splitlines()
    assert head.split()[:4] == ["started", "(UTC)", "date", "outcome"]
    assert "gate" in lines[0]
    assert "20.00% of the rows were rejected" in lines[0]
    assert "failed" in lines[1]
    assert "no file or directory" in lines[1]
    assert main(["runs", str(folder / "out"), "-n", "1"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


@pytest.mark.parametrize("broken", [b"", b"{", b"[]", b"\xff\xfe", b'{"status": "done"}'])
def test_runs_shows_a_record_that_cannot_be_read_as_such(tmp_path, capsys, broken):
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "20260131T030000Z-0.json").write_bytes(broken)
    assert main(["runs", str(tmp_path)]) == 0
    (_, line) = capsys.readouterr().out.splitlines()
    assert line.split() == ["20260131", "030000Z-0", "unreadable"]


def test_runs_of_a_directory_without_any_is_one_line(tmp_path, capsys):
    (tmp_path / "runs").mkdir()
    assert main(["runs", str(tmp_path)]) == 2
    assert "there are no records of runs in" in capsys.readouterr().err
