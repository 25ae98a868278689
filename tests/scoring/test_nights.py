"""A site is compared with its own last good nights, whatever the model was measured on."""

import datetime
import json
import random
from pathlib import Path

import pytest

from movierate.cli.main import main
from movierate.config.jobs import ScoreConfig
from movierate.model.baseline import Baseline, Histogram
from movierate.model.bundle import load
from movierate.scoring.drift import Reference
from movierate.scoring.incremental import score_new_files
from movierate.scoring.job import Run, score
from movierate.scoring.nights import find_reference
from tests.support.log import log_lines

NIGHT = datetime.date(2026, 1, 10)
WORDS = (
    *("great", "bad", "film", "movie", "acting", "plot", "boring", "loved", "it", "hated", "the"),
    *("ending", "was", "so", "funny", "and", "sad", "not", "for", "me", "best", "ever", "waste"),
    *("of", "time", "good", "cast", "awful", "script", "watch", "again", "never", "see", "this"),
)
SPANISH = (
    *("muy", "buena", "película", "llegó", "tarde", "la", "trama", "dura", "mucho", "pero", "no"),
    *("me", "gustó", "nada", "aburrida"),
)


def texts(seed: int, count: int = 200, words: tuple[int, int] = (3, 12)) -> list[str]:
    """Reviews of a site where people write little."""
    dice = random.Random(seed)
    return [" ".join(dice.choices(WORDS, k=dice.randint(*words))) for _ in range(count)]


def spanish(seed: int) -> list[str]:
    dice = random.Random(seed)
    return [" ".join(dice.choices(SPANISH, k=dice.randint(3, 12))) for _ in range(200)]


def cut_off(seed: int) -> list[str]:
    return [text[:9] for text in texts(seed)]


def write(path: Path, reviews: list[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in reviews))
    return path


@pytest.fixture(scope="module")
def site(spark, tmp_path_factory):
    """Scores a night of a site, and four nights that it has scored: each run and what it said."""
    folder = tmp_path_factory.mktemp("site")

    def night(day: int, reviews: list[str], **settings: object) -> tuple[Run, str]:
        dump = write(folder / f"{day}.jsonl", reviews)
        output = str(folder / "out")
        chosen = {"max_drift": 0.25, "drift_baseline": output, **settings}
        config = ScoreConfig(date=datetime.date(2026, 1, day), **chosen)
        with log_lines() as lines:
            run = score(spark, [str(dump)], output, config)
        return run, "\n".join(lines)

    return night, [night(day, texts(day)) for day in range(1, 5)]


def test_a_site_of_short_reviews_does_not_trip_the_gate(site):
    night, nights = site
    assert [run.record.gates_tripped for run, _ in nights] == [[], [], [], []]
    assert max(column["psi"] for column in nights[3][0].record.drift.values()) < 0.25
    # It would be tripped by the model's own baseline, of long reviews.
    run, _ = night(7, texts(7), drift_baseline=None)
    assert any("words_read drifted from the model's" in gate for gate in run.record.gates_tripped)


def test_the_first_night_says_that_there_is_nothing_to_compare_with(site):
    _, nights = site
    run, said = nights[0]
    missing = f"has no good night of {run.record.model_id} before 2026-01-01"
    assert "drift is not measured: " in said
    assert missing in said
    assert missing in run.record.drift_baseline["not_measured"]
    assert {column["psi"] for column in run.record.drift.values()} == {None}
    assert "not measured" not in nights[1][1]


def test_the_record_says_of_how_many_nights_and_reviews_the_baseline_is(site):
    _, nights = site
    baselines = [run.record.drift_baseline for run, _ in nights]
    assert [baseline["nights"] for baseline in baselines] == [0, 1, 2, 3]
    assert [baseline["reviews"] for baseline in baselines] == [0, 200, 400, 600]


@pytest.mark.parametrize(
    ("reviews", "column"), [(spanish(1), "known_words"), (cut_off(1), "words_read")]
)
def test_another_kind_of_reviews_trips_it_and_is_no_good_night(site, reviews, column):
    night, _ = site
    run, _ = night(5, reviews)
    (said,) = [gate for gate in run.record.gates_tripped if gate.startswith(column)]
    assert f"{column} drifted from the last 4 good nights of {run.record.output} by a" in said
    after, _ = night(6, texts(6))
    assert after.record.gates_tripped == []
    assert after.record.drift_baseline["nights"] == 4


def test_a_model_without_a_baseline_can_be_compared_with_nights(spark, small_bundle, tmp_path):
    small_bundle.save(tmp_path / "m")
    output = str(tmp_path / "out")
    config = ScoreConfig(model=str(tmp_path / "m"), max_drift=0.25, drift_baseline=output)
    dump = write(tmp_path / "a.jsonl", ["good film", "bad plot and film", "not great"] * 50)
    for day, expected in ((1, None), (2, 0)):
        dated = config.model_copy(update={"date": datetime.date(2026, 1, day)})
        record = score(spark, [str(dump)], output, dated).record
        assert {column["psi"] for column in record.drift.values()} == {expected}


def test_the_batches_of_one_night_are_one_night(spark, tmp_path):
    output = str(tmp_path / "out")
    config = ScoreConfig(incremental=True, files_per_batch=1, max_drift=0.25, drift_baseline=output)
    found = []
    for day in (1, 2):
        for part in (1, 2):
            write(tmp_path / "in" / f"{day}{part}.jsonl", texts(10 * day + part, 60))
        dated = config.model_copy(update={"date": datetime.date(2026, 1, day)})
        runs = score_new_files(spark, [str(tmp_path / "in")], output, dated)
        found += [run.record.drift_baseline for run in runs]
    assert [(baseline["nights"], baseline["reviews"]) for baseline in found] == [
        *[(0, 0), (0, 0)],
        *[(1, 120), (1, 120)],
    ]


MODEL = load("imdb")
BASELINE = Baseline(
    *(Histogram(edges, (100,) * (len(edges) + 1)) for edges in MODEL.baseline.edges.values())
)
GOOD = {
    "status": "done",
    "scored_date": "2026-01-09",
    "batch": None,
    "gates_tripped": [],
    "model_id": MODEL.model_id,
}


def leave(output: Path, *records: dict | str) -> None:
    """Records of runs, one after another."""
    (output / "runs").mkdir(parents=True)
    for day, record in enumerate(records, 1):
        run = {"started_at": f"2026-01-0{day}T03:00:00+00:00", "drift": BASELINE.to_json(), **GOOD}
        text = record if isinstance(record, str) else json.dumps(run | record)
        (output / "runs" / f"2026010{day}T030000Z-0.json").write_text(text)


def look(spark, output: Path, own: Path | None = None, **settings: object) -> Reference:
    config = ScoreConfig(max_drift=0.25, drift_baseline=str(output), **settings)
    return find_reference(spark, str(own or output), config, MODEL, NIGHT)


@pytest.mark.parametrize(
    ("record", "nights"),
    [
        ({}, 1),
        ({"scored_date": "2026-01-10"}, 0),
        ({"scored_date": "2026-01-11"}, 0),
        ({"status": "withheld", "gates_tripped": ["words_read drifted"]}, 0),
        ({"gates_tripped": ["6.00% of the rows were rejected"]}, 0),
        ({"status": "failed"}, 0),
        ({"model_id": "imdb-0"}, 0),
        ({"drift": None}, 0),
        ({"drift": {"words_read": {"psi": 0, "by_chance": 0, "rows": [1, 2]}}}, 0),
        ({"drift": Baseline(*3 * [Histogram((5.0,), (500, 500))]).to_json()}, 0),
        ("{", 0),
        ("[]", 0),
        ('{"status": "done"}', 0),
        ("", 0),
    ],
)
def test_which_records_are_of_good_nights(spark, tmp_path, record, nights):
    leave(tmp_path / "out", record)
    found = look(spark, tmp_path / "out")
    assert found.nights == nights
    assert (found.not_measured is None) == (nights == 1)


def test_the_nights_of_another_model_are_said_to_be_so(spark, tmp_path):
    leave(tmp_path / "out", {"model_id": "imdb-0"})
    assert "were rated by another model" in look(spark, tmp_path / "out").notes[0]


def test_broken_records_are_counted_in_a_line_and_the_others_serve(spark, tmp_path):
    leave(tmp_path / "out", "{", {}, '{"a": 1}')
    found = look(spark, tmp_path / "out")
    assert found.notes == (f"records in {tmp_path}/out/runs that can't be read: 2",)
    assert found.nights == 1


@pytest.mark.parametrize(
    ("later", "nights"),
    [
        ({"gates_tripped": ["too many rows were rejected"]}, 0),
        ({"status": "withheld", "gates_tripped": ["words_read drifted"]}, 1),
        ({"status": "failed"}, 1),
        ({"drift": None}, 1),  # it skipped all that was rated before
    ],
)
def test_a_day_that_was_scored_twice_is_what_was_published_last(spark, tmp_path, later, nights):
    leave(tmp_path / "out", {}, later)
    assert look(spark, tmp_path / "out").nights == nights


def test_the_last_nights_count_each_with_all_its_batches(spark, tmp_path):
    days = [f"2026-01-0{day}" for day in (1, 2, 3)]
    batches = [{"scored_date": days[n // 2], "batch": n} for n in range(6)]
    leave(tmp_path / "out", *batches, {"batch": 5, "scored_date": days[2]})
    found = look(spark, tmp_path / "out", drift_nights=2)
    assert (found.nights, found.baseline.reviews) == (2, 4 * BASELINE.reviews)
    assert found.name == f"the last 2 good nights of {tmp_path}/out"


@pytest.mark.parametrize(("rows", "enough"), [(16, False), (17, True)])
def test_a_hundred_reviews_are_enough(spark, tmp_path, rows, enough):
    histograms = Baseline(
        *(
            Histogram(edges, (6 * rows, *[0] * len(edges)))
            for edges in MODEL.baseline.edges.values()
        )
    )
    leave(tmp_path / "out", {"drift": histograms.to_json()})
    found = look(spark, tmp_path / "out")
    assert (found.not_measured is None) == enough
    assert enough or "100 reviews are needed" in found.not_measured


def test_the_nights_of_another_output_may_be_of_any_day(spark, tmp_path):
    leave(tmp_path / "reference", {"scored_date": "2026-01-10"})
    assert look(spark, tmp_path / "reference", own=tmp_path / "out").nights == 1
    uri = f"file:{tmp_path}/reference/"  # the same place in other words
    assert look(spark, uri, own=tmp_path / "reference").nights == 0


@pytest.mark.parametrize("make", [False, True])
def test_an_output_without_records_is_one_line(spark, tmp_path, monkeypatch, capsys, make):
    monkeypatch.setattr("movierate.spark.session.stop_spark", lambda: None)  # the session is shared
    if make:
        (tmp_path / "typo" / "runs").mkdir(parents=True)
    dump = write(tmp_path / "dump.jsonl", texts(1, 3))
    arguments = ["score", "--input", str(dump), "--output", str(tmp_path / "out")]
    assert main([*arguments, "--drift-baseline", str(tmp_path / "typo")]) == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert f"drift_baseline: there are no records of runs in {tmp_path}/typo" in said
    assert not (tmp_path / "out" / "ratings").exists()
    assert main([*arguments, "--drift-nights", "0"]) == 2
    assert "drift_nights: 0 is not valid" in capsys.readouterr().err
