"""The commands as a user types them: exit codes, and what stands on the console."""

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from movierate.cli.main import main
from movierate.model.bundle import SHIPPED
from tests.support.process import REVIEWS, ROOT, run

SCORE = ("python", "jobs/score.py")


def refused(result: subprocess.CompletedProcess[str], message: str) -> None:
    """Exit code 2, one line that says it, and nothing else."""
    assert result.returncode == 2, result.stderr
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("movierate: error: ")
    assert message in lines[0]


def broken_bundle(tmp_path: Path, kind: str) -> Path:
    target = tmp_path / kind
    shutil.copytree(SHIPPED / "imdb", target)
    weights = target / "weights.safetensors"
    if kind == "altered":
        data = bytearray(weights.read_bytes())
        data[len(data) // 2] ^= 1
        weights.write_bytes(data)
    else:
        weights.unlink()
    return target


# What needs no Spark to be found wrong is tried in this process: it takes no seconds each.
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("score", "the following arguments are required: --output"),
        ("score --input x --output y --date 2026-13-40", "2026-13-40 is not a date"),
        ("score --input x --output y --limit many", "invalid int value: 'many'"),
        (
            "score --input x --output y --limit 0",
            "limit: 0 is not valid: input should be greater than or equal to 1",
        ),
        ("score --input x --output y --format xml", "invalid choice: 'xml'"),
        ("score --input x --output y --modle m", "unrecognized arguments: --modle"),
        ("score --input x --output y --config nope.yaml", "there is no file nope.yaml"),
        ("score --input x --output y --config {unknown}", "unknown key modle: did you mean model?"),
        ("train --reviews x --output m --set epoch=3", "unknown key epoch: did you mean epochs?"),
        ("train --reviews x --output m --set window", "write KEY=VALUE"),
        (
            "train --reviews x --output m --set window=12",
            "window: 12 is not valid: input should be greater than or equal to 36",
        ),
        ("score --input x --output y --config {list}", "must contain lines of the form key: value"),
        ("score --input x --output y --config {broken}", "is not YAML"),
        (
            "score --input x --output y --config {type}",
            "limit: 'ten' is not valid: input should be a valid integer",
        ),
        ("score --input x --output y --config {date}", "2026-02-30 is not a date"),
        (
            "train --reviews x --output m --config {window}",
            "window: 12 is not valid: input should be greater than or equal to 36",
        ),
        (
            "train --reviews x --output m --config {loss}",
            "loss: 'mape' is not valid: input should be 'mae', 'mse' or 'huber'",
        ),
        ("train --output m", "name labelled reviews with --reviews, or sources in the config"),
        (
            "train --output m --config {key}",
            "sources.a has an unknown key weigh: did you mean weight?",
        ),
        ("train --output m --config {pathless}", "sources.a.reviews: it is missing: name a path"),
        ("train --output m --config {sources} --reviews x", "the config names sources: remove"),
        ("train --output m --config {phrases}", "all are of phrases: add one of whole reviews"),
        (
            "train --output m --config {weight}",
            "sources.a.weight: 0 is not valid: input should be greater than 0",
        ),
        ("train --output m --config {format}", "format: xml is not one of auto"),
        ("rate --model {altered} hello", "weights.safetensors was altered"),
        ("rate --model {weightless} hello", "weights.safetensors is missing"),
        ("rate --model nope hello", "found no bundle nope"),
        ("evaluate --model {altered} --reviews x", "weights.safetensors was altered"),
        ("evaluate --reviews x --output {altered}", "is a model: choose another"),
        ("evaluate --reviews x --output {unknown}/report", "unknown.yaml is a file"),
        ("model nope", "found no bundle nope"),
        ("model {altered}", "weights.safetensors was altered"),
        (
            "train --reviews x --output m --config {share}",
            "calibration_share: 0.7 is not valid: input should be less than",
        ),
        ("score --input x --output y --model nope", "found no bundle nope"),
        ("score --input conf nope/x --output y", "there is no file or directory nope/x"),
        ("train --reviews nope/x --output y", "there is no file or directory nope/x"),
        ("score --input x --output y --max-drift -1", "max_drift: -1.0 is not valid"),
        ("runs nope", "runs: there is no file or directory nope"),
        ("runs nope -n 0", "-n 0 is too small"),
        ("score --input x --output {nothing}", "output: the path is empty"),
        ("score --input {nothing} --output y", "input: the path is empty"),
        ("score --input x --output rated[1]", "rated[1] has a [, which"),
        ("score --input x --output {{y}}", "has a {, which"),
        ("score --input x --output a?", "has a ?, which"),
        ("score --input x --output r*d", "has a *, which"),
        ("score --input x --output r_16:00", "r_16:00 has a colon"),
        ("score --input x/r_16:00.jsonl --output y", "input: x/r_16:00.jsonl has a colon"),
        ("score --input x --output s3a://bucket/16:00", "16:00 has a colon"),
        ("latest x --output {nothing}", "output: the path is empty"),
        ("latest conf --output a*", "has a *, which"),
        ("latest {nothing}", "input: the path is empty"),
        ("train --reviews x --output {nothing}", "output: the path is empty"),
        ("train --reviews x --output {unknown}/m", "unknown.yaml is a file"),
        ("evaluate --reviews x --output {nothing}", "output: the path is empty"),
        ("runs {nothing}", "runs: the path is empty"),
        ("score --input x --output y --config conf", "conf can't be read"),
        ("fly", "invalid choice: 'fly'"),
        ("", "arguments are required: COMMAND"),
    ],
)
def test_wrong_arguments(arguments, message, tmp_path, capsys):
    files = {
        "unknown": "modle: imdb",
        "list": "- model",
        "broken": "model: [imdb",
        "type": "limit: ten",
        "date": "date: '2026-02-30'",
        "window": "window: 12",
        "loss": "loss: mape",
        "share": "calibration_share: 0.7",
        "sources": "sources: {a: {reviews: x}}",
        "key": "sources: {a: {reviews: x, weigh: 2}}",
        "pathless": "sources: {a: {weight: 2}}",
        "phrases": "sources: {a: {reviews: x, kind: phrases}}",
        "weight": "sources: {a: {reviews: x, weight: 0}}",
        "format": "sources: {a: {reviews: x, format: xml}}",
    }
    names = {}
    for name, text in files.items():
        names[name] = tmp_path / f"{name}.yaml"
        names[name].write_text(text)
    for kind in ("altered", "weightless"):
        if f"{{{kind}}}" in arguments:
            names[kind] = broken_bundle(tmp_path, kind)
    words = [word.format(**names, nothing="") for word in arguments.split()]
    code = main(words)
    said = capsys.readouterr()
    refused(subprocess.CompletedProcess([], code, said.out, said.err), message)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        (
            "limit=99999999999",
            "99999999999 is not valid: input should be less than or equal to 2147483647",
        ),
        (
            "files_per_batch=3000000000",
            "is not valid: input should be less than or equal to 2147483647",
        ),
        ("limit=0x" + "f" * 6000, "limit: a huge number is not"),
        ("limit=true", "limit: True is not valid: input should be a valid integer"),
        ("limit=1.5", "limit: 1.5 is not valid: input should be a valid integer"),
        ("date=2026-01-05T10:00:00", "date: 2026-01-05 10:00:00 is not a date"),
        ("date=2026-02-30", "2026-02-30 is not a YAML value"),
        ("date=[1]", "[1] is not a date"),
        ("max_drift=.nan", "max_drift: nan is not valid: input should be a finite number"),
        ("max_rejected=.inf", "max_rejected: inf is not valid: input should be a finite number"),
        ("max_rejected=-0.1", "-0.1 is not valid: input should be greater than or equal to 0"),
        (
            "rating_scale=[.nan, 5]",
            "rating_scale: nan is not valid: input should be a finite number",
        ),
        ("model=[imdb]", "model: ['imdb'] is not valid: input should be a valid string"),
        ("model=''", "model: '' is not valid: string should have at least 1 character"),
        ("text=no", "text: False is not valid: input should be a valid string, put it in quotes"),
        ("text=@x", "@x is not a YAML value: put it in quotes"),
        ("keep={a: b}", "is not valid: input should be a valid tuple"),
    ],
)
@pytest.mark.parametrize("origin", ["--set", "file"])
def test_wrong_values(setting, message, origin, tmp_path, capsys):
    arguments = ["--set", setting]
    if origin == "file":
        key, _, value = setting.partition("=")
        (tmp_path / "c.yaml").write_text(f"{key}: {value}\n")
        arguments = ["--config", str(tmp_path / "c.yaml")]
        message = "is not YAML" if "YAML value" in message else message
    code = main(["score", "--input", "x", "--output", "y", *arguments])
    said = capsys.readouterr()
    refused(subprocess.CompletedProcess([], code, said.out, said.err), message)
    assert len(said.err) < 300


@pytest.mark.parametrize(
    ("variable", "kind", "message"),
    [
        ("SPARK_HOME", "gone", "there is no Spark in SPARK_HOME"),
        ("SPARK_HOME", "empty", "there is no Spark in SPARK_HOME"),
        ("SPARK_HOME", "old", "has spark-core_2.12-3.5.1.jar, but Python has pyspark"),
        ("SPARK_CONF_DIR", "gone", "there is no directory SPARK_CONF_DIR"),
        ("JAVA_HOME", "empty", "not found in JAVA_HOME"),
        ("JAVA_HOME", "old", "is Java 8: Spark needs Java 17 or newer"),
    ],
)
@pytest.mark.parametrize(
    "command", ["score --output {out} --input", "latest", "evaluate --reviews"]
)
def test_wrong_environment(variable, kind, message, command, tmp_path, monkeypatch, capsys):
    home = tmp_path / kind
    if kind != "gone":
        home.mkdir()
    if kind == "old":
        (home / "bin").mkdir()
        (home / "jars").mkdir()
        (home / "jars" / "spark-core_2.12-3.5.1.jar").touch()
        (home / "release").write_text('JAVA_VERSION="1.8.0_402"\n')
        for name in ("java", "spark-submit"):
            shutil.copy("/bin/true", home / "bin" / name)
    monkeypatch.setenv(variable, str(home))
    code = main([*command.format(out=tmp_path / "out").split(), str(REVIEWS.parent)])
    said = capsys.readouterr()
    refused(subprocess.CompletedProcess([], code, said.out, said.err), message)


def test_an_output_that_may_not_be_written_is_said_before_the_training(tmp_path, capsys):
    code = main(["train", "--reviews", str(REVIEWS), "--output", "/proc/models/mine"])
    said = capsys.readouterr()
    refused(subprocess.CompletedProcess([], code, said.out, said.err), "/proc can't be written")


def test_a_config_file_is_read_and_flags_beat_it(tmp_path):
    from movierate.config.jobs import ScoreConfig
    from movierate.config.load import make_config

    (tmp_path / "c.yaml").write_text("model: other\nkeep: [a, b]\ndate: 2026-01-31\nlimit: 5\n")
    config = make_config(ScoreConfig, tmp_path / "c.yaml", {"model": "imdb", "limit": None})
    assert (config.model, config.keep, config.limit) == ("imdb", ("a", "b"), 5)
    assert config.date.isoformat() == "2026-01-31"


@pytest.mark.parametrize("name", ["score", "train"])
def test_the_files_in_conf_hold_the_defaults(name):
    from movierate.config.jobs import ScoreConfig, TrainConfig
    from movierate.config.load import make_config

    kind = {"score": ScoreConfig, "train": TrainConfig}[name]
    assert make_config(kind, ROOT / "conf" / f"{name}.yaml", {}) == kind()


def test_the_mix_in_conf_has_reviews_and_phrases():
    from movierate.config.jobs import TrainConfig
    from movierate.config.load import make_config

    sources = make_config(TrainConfig, ROOT / "conf" / "mix.yaml").sources
    assert {source.kind for source in sources.values()} == {"reviews", "phrases"}
    assert all(source.citation for source in sources.values())
    assert sources["imdb"].unlabelled == ("unlabelled.parquet",)


@pytest.fixture
def command(spark, monkeypatch, capsys) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a command in this process, with the shared session."""
    monkeypatch.setattr("movierate.spark.session.stop_spark", lambda: None)

    def command(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        code = main([str(argument) for argument in arguments])
        return subprocess.CompletedProcess(arguments, code, *capsys.readouterr())

    return command


def test_wrong_input_and_output(command, tmp_path):
    (tmp_path / "file").write_text("x")
    score = ("score", "--output", tmp_path / "out", "--input")
    refused(command(*score, "/no/dump"), "no file or directory /no/dump")
    refused(command("score", "--input", REVIEWS, "--output", tmp_path / "file"), "is a file")
    refused(
        command(*score, REVIEWS, "--text", "body"),
        "no column body: its columns are review_id, movie, rating, text",
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.spark
def test_spark_submit_gives_the_same_exit_code_and_line(tmp_path):
    (tmp_path / "empty").mkdir()
    arguments = ("--input", tmp_path / "empty", "--output", tmp_path / "out")
    result = run("spark-submit", "jobs/score.py", *arguments)
    assert result.returncode == 2
    (line,) = (result.stdout + result.stderr).splitlines()
    assert "holds no files with data" in line


def test_without_java_one_line_says_what_to_install(tmp_path):
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "python").symlink_to(sys.executable)
    environment = {**os.environ, "PATH": str(tools)}
    environment.pop("JAVA_HOME", None)
    command = [sys.executable, "jobs/score.py", "--input", REVIEWS, "--output", tmp_path / "out"]
    result = subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    refused(result, "apt-get install openjdk-17-jre-headless")


@pytest.mark.slow
def test_rate_takes_arguments_or_lines():
    given = run("movierate", "rate", "a great, moving film", "boring and bad", "🤩")
    assert given.returncode == 0
    assert given.stderr == ""
    lines = [line.split("\t") for line in given.stdout.splitlines()]
    assert [line[-1] for line in lines] == ["a great, moving film", "boring and bad", "🤩"]
    assert float(lines[0][0]) > 6 > float(lines[1][0])
    low, high = map(float, lines[0][1].split("-"))
    assert low <= float(lines[0][0]) <= high
    assert lines[0][2:4] == ["100% known", "-"]
    assert lines[2][:4] == ["n/a", "n/a", "0% known", "no known word"]
    piped = run("movierate", "rate", input="a great, moving film\nboring and bad\n🤩\n")
    assert piped.stdout == given.stdout


@pytest.mark.slow
def test_rate_tells_which_ratings_are_doubtful():
    texts = "No me gustó nada, es aburrida y demasiado larga.", "Bravo!", "qzx"
    lines = run("movierate", "rate", *texts).stdout.splitlines()
    notes = [line.split("\t")[3] for line in lines]
    assert notes == ["not English", "too short to be sure", "no known word"]


@pytest.mark.slow
def test_rate_gives_json_with_all_that_is_known_of_a_text():
    lines = run("movierate", "rate", "--json", 'a "great" film', "...").stdout.splitlines()
    rated, unrated = map(json.loads, lines)
    assert rated["text"] == 'a "great" film'
    assert rated["rating_low"] <= rated["predicted_rating"] <= rated["rating_high"]
    assert rated["known_words"] == 1
    assert rated["not_english"] is False
    assert unrated["predicted_rating"] is None
    assert unrated["note"] == "no words"


def test_model_shows_the_shipped_one_and_lists_them():
    shown = run("movierate", "model")
    assert shown.returncode == 0
    assert shown.stderr == ""
    assert shown.stdout.startswith("model       imdb-")
    assert "MB" in shown.stdout
    assert run("movierate", "model", "--list").stdout == "imdb\n"


def test_a_bundle_without_a_card_is_told_of_by_what_it_says(small_bundle, tmp_path, capsys):
    told = {"training_data": {"labelled_reviews": 7}, "metrics": {"validation": {"mae": 1.2345}}}
    dataclasses.replace(small_bundle, **told).save(tmp_path / "small")
    assert main(["model", str(tmp_path / "small")]) == 0
    said = capsys.readouterr().out
    assert "intervals   none" in said
    assert "labelled_reviews 7" in said
    assert "mae 1.234" in said


def test_train_then_evaluate_then_score_with_the_model(command, tmp_path):
    pytest.importorskip("tensorflow")
    (tmp_path / "small.yaml").write_text("window: 36\nvocabulary_size: 2000\nepochs: 2\n")
    model = tmp_path / "models" / "mine"
    trained = run(
        *("python", "jobs/train.py", "--reviews", REVIEWS, "--output", model),
        *("--config", tmp_path / "small.yaml", "--set", "data=reviews of films that never were"),
    )
    assert trained.returncode == 0, trained.stderr
    assert "rating scale 1-10 (guessed; set --rating-scale to override)" in trained.stderr
    assert "epoch 2/2" in trained.stderr
    assert "MAE" in trained.stdout

    report = tmp_path / "report"
    evaluated = command("evaluate", "--model", model, "--reviews", REVIEWS, "--output", report)
    assert evaluated.returncode == 0, evaluated.stderr
    figures = json.loads(evaluated.stdout.splitlines()[-1])
    assert figures["model_id"].startswith("mine-")
    assert 0 < figures["mae"] < 5
    assert figures["rating_scale"] == {"scale": [1, 10], "origin": "guessed"}
    assert "Pearson" in evaluated.stdout
    assert figures["interval_coverage"] > 0.5
    assert (report / "predicted.png").stat().st_size > 1000

    shown = command("model", model)
    assert shown.returncode == 0
    assert figures["model_id"] in shown.stdout
    assert "# Model card: mine" in shown.stdout
    assert "- reviews of films that never were\n" in shown.stdout

    out = tmp_path / "out"
    scored = command("score", "--input", REVIEWS, "--output", out, "--model", model)
    assert scored.returncode == 0, scored.stderr
    ids = duckdb.sql(f"SELECT DISTINCT model_id FROM '{out}/ratings/*/*.parquet'").fetchall()
    assert ids == [(figures["model_id"],)]


def test_killed_while_it_writes_then_run_again_and_verbose(command, tmp_path):
    dump = tmp_path / "dump.parquet"
    reviews = pd.read_json(REVIEWS, lines=True)
    reviews = reviews[reviews["text"].notna()]
    many = pd.concat([reviews.assign(review_id=f"{n}-" + reviews["review_id"]) for n in range(20)])
    many.to_parquet(dump, row_group_size=200)
    arguments = ("--input", dump, "--date", "2026-01-31", "--output")

    first = subprocess.Popen(
        [sys.executable, "jobs/score.py", *map(str, arguments), str(tmp_path / "out"), "--verbose"],
        cwd=ROOT,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=(tmp_path / "log").open("w"),
    )
    staging = tmp_path / "out" / ".staging"
    while first.poll() is None and not list(staging.glob("*/ratings/*/_temporary")):
        time.sleep(0.05)
    os.killpg(first.pid, signal.SIGKILL)
    assert first.wait() == -signal.SIGKILL
    assert staging.exists()
    assert not (tmp_path / "out" / "ratings").exists()
    assert " INFO DAGScheduler: " in (tmp_path / "log").read_text()  # what Spark does

    for output in ("out", "clean"):
        assert command("score", *arguments, tmp_path / output).returncode == 0

    def ratings(output: str) -> pd.DataFrame:
        frame = pd.read_parquet(tmp_path / output / "ratings").drop(columns="scored_at")
        return frame.sort_values("review_id", ignore_index=True)

    pd.testing.assert_frame_equal(ratings("out"), ratings("clean"), atol=1e-5)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        *("ratings", "rejected", "runs")
    ]
    parts = [path.name for path in (tmp_path / "out" / "ratings").rglob("*") if path.is_file()]
    assert all(name.lstrip(".").startswith("part-") for name in parts)
