"""What scoring costs: python benchmarks/scoring.py --reviews PARQUET [PARQUET ...]

Measures, interleaved in one run, how fast Spark can hand texts to Python at all, what two common
ways to apply a Keras model reach, and what movierate does; then cold start, memory, growth, and
how exact the compiled code is. Prints tables, and writes scoring.json and scoring.png.
"""

from __future__ import annotations

import argparse
import dataclasses
import glob
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from table import print_head, print_row

HERE = Path(__file__).parent
ROOT = HERE.parent
FILES, ROWS_A_FILE = 16, 5_000
"""Files of a dump at most, and rows of one at least: a task should be worth its start."""

SLOW = 8
"""The Keras ways rate one row where the others rate so many: their rate is known soon."""

SEED_VOCABULARY = 107_853

WARM_UPS = 4
"""Jobs before those that count: the JVM compiles what is used often, and takes its time."""

WINDOWS = (50, 68, 84, 100, 116, 148, 212, 400)
"""Windows whose speed is compared: a step of the LSTM more for each 16 tokens."""


def main() -> None:
    """Parse the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reviews", nargs="+", required=True, metavar="PARQUET")
    parser.add_argument("--rows", type=int, default=400_000, help="of the dump that is timed")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--only", default=",".join(PARTS), help="of " + ", ".join(PARTS))
    parser.add_argument("--output", type=Path, default=Path("benchmark"), metavar="DIR")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        name, work = arguments.child.split(":", 1)
        print(json.dumps(CHILDREN[name](arguments, Path(work))))
        return
    arguments.output.mkdir(parents=True, exist_ok=True)
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="movierate-benchmark-") as folder:
        work = Path(folder)
        _make_models(work, arguments.reviews)
        for part in arguments.only.split(","):
            print(f"\n## {part}", flush=True)
            results[part] = PARTS[part](arguments, work)
            (arguments.output / "scoring.json").write_text(json.dumps(results, indent=2) + "\n")
    if "throughput" in results:
        _draw(results["throughput"], arguments.output / "scoring.png")


# Dumps and models


def make_dump(reviews: Sequence[str], rows: int, directory: Path) -> Path:
    """Reviews in random order, again and again until there are so many rows, in some files."""
    if not directory.exists():
        columns = ["review_id", "movie_id", "text"]
        table = pa.concat_tables([pq.read_table(path, columns=columns) for path in reviews])
        order = np.random.default_rng(0).permutation(rows) % len(table)
        directory.mkdir(parents=True)
        step = max(-(-rows // FILES), min(rows, ROWS_A_FILE))
        for number, start in enumerate(range(0, rows, step)):
            part = table.take(pa.array(order[start : start + step]))
            pq.write_table(part, directory / f"{number:02}.parquet")
    return directory


def _make_models(work: Path, reviews: Sequence[str]) -> None:
    """The original shape with its large vocabulary, and windows of 400; random weights."""
    from movierate.model.bundle import Bundle, load
    from movierate.text.vocabulary import Vocabulary

    texts = pa.concat_tables([pq.read_table(path, columns=["text"]) for path in reviews])["text"]
    vocabulary = Vocabulary.from_texts(texts.to_pylist(), SEED_VOCABULARY)
    random = np.random.default_rng(0)
    shipped = load("imdb")
    weights = {}
    for name, array in shipped.weights.items():
        shape = (len(vocabulary), *array.shape[1:]) if "embedding" in name else array.shape
        weights[name] = random.normal(0, array.std() + 0.01, shape).astype(np.float32)
    weights["dense/kernel"] *= 0.4 / weights["dense/kernel"].std()
    weights["dense/bias"][:] = 5.5  # within the scale, where a difference shows
    salience = random.gamma(0.2, 1, len(vocabulary)).astype(np.float32)
    original = Bundle("original", 50, "last", vocabulary, salience, weights)
    for window in (50, 400):
        for token_selection in ("last", "salient"):
            bundle = dataclasses.replace(
                original,
                name=f"original-{window}-{token_selection}",
                window=window,
                token_selection=token_selection,
            )
            bundle.save(work / bundle.name, dtype="float32")
    shutil.copytree(ROOT / "movierate" / "models" / "imdb", work / "imdb")


# Sessions, each in a process of its own


def _child(name: str, arguments: argparse.Namespace, work: Path, **changes: Any) -> Any:
    """Run a function of `CHILDREN` in a fresh process; returns what it returned."""
    with _start_child(name, arguments, work, **changes) as child:
        last = child.communicate()[0].splitlines()[-1:]
    if child.returncode:
        raise SystemExit(f"benchmark: {name} failed")
    return json.loads(last[0])


def _start_child(
    name: str, arguments: argparse.Namespace, work: Path, **changes: Any
) -> subprocess.Popen[str]:
    values = vars(arguments) | changes
    command = [sys.executable, __file__, "--child", f"{name}:{work}"]
    command += ["--reviews", *values["reviews"]]
    for key in ("rows", "repeat", "cores"):
        command += [f"--{key}", str(values[key])]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, env=_environment(), text=True)


def _environment() -> dict[str, str]:
    path = os.pathsep.join([str(HERE), str(ROOT), os.environ.get("PYTHONPATH", "")])
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "", "PYTHONWARNINGS": "ignore"}
    return {**os.environ, **quiet, "PYTHONPATH": path, "SPARK_CONF_DIR": str(ROOT / "conf")}


def _session(cores: int) -> Any:
    from pyspark.sql import SparkSession

    return SparkSession.builder.master(f"local[{cores}]").getOrCreate()


def _ways(work: Path) -> dict[str, Callable[[Any], Any]]:
    import ways

    found: dict[str, Callable[[Any], Any]] = {"limit": ways.limit}
    for window in (50, 400):
        model = work / f"original-{window}-last"
        found[f"Keras in a pandas UDF, {window}"] = partial(ways.keras_udf, model=model)
        found[f"predict_batch_udf, {window}"] = partial(ways.predict_batch, model=model)
    for window in (50, 400):
        for token_selection in ("last", "salient"):
            model = work / f"original-{window}-{token_selection}"
            found[f"movierate, original, {window}, {token_selection}"] = partial(
                ways.ours, model=model
            )
    found["movierate, shipped"] = partial(ways.ours, model=work / "imdb")
    return found


def _is_slow(name: str) -> bool:
    return "Keras" in name or "predict" in name


def _seconds(spark: Any, dump: Path, way: Any) -> float:
    start = time.perf_counter()
    rated = way(spark.read.parquet(str(dump)))
    rated.write.format("noop").mode("overwrite").save()
    return time.perf_counter() - start


# Throughput


def throughput(arguments: argparse.Namespace, work: Path) -> Any:
    """Rows per second of each way: medians, and ratios within each round."""
    rounds = _child("throughput", arguments, work)
    rates = _medians(rounds)
    common = {
        window: [f"Keras in a pandas UDF, {window}", f"predict_batch_udf, {window}"]
        for window in (50, 400)
    }
    ratios = {
        f"{name} : {against}": _ratio(rounds, name, *others)
        for name in rates
        if name.startswith("movierate")
        for against, others in (
            ("limit", ["limit"]),
            ("the better common way at 50", common[50]),
            ("the better common way at 400", common[400]),
        )
    }
    _print_table(("way", "rows/s"), [(name, f"{rate:,.0f}") for name, rate in rates.items()])
    _print_table(("ratio", ""), [(name, f"{value:.2f}") for name, value in ratios.items()])
    return {"rows_per_second": rates, "ratios": ratios, "rounds": rounds}


def _throughput(arguments: argparse.Namespace, work: Path) -> Any:
    spark = _session(arguments.cores)
    dumps = {
        False: (arguments.rows, make_dump(arguments.reviews, arguments.rows, work / "dump")),
        True: (
            arguments.rows // SLOW,
            make_dump(arguments.reviews, arguments.rows // SLOW, work / "small"),
        ),
    }
    udfs = {name: make(spark) for name, make in _ways(work).items()}
    return _rounds(spark, udfs, dumps, arguments.repeat)


def interfaces(arguments: argparse.Namespace, work: Path) -> Any:
    """Rows per second by Spark's ways to call Python, and each against nothing done that way."""
    rounds = _child("interfaces", arguments, work)
    rates = _medians(rounds)
    limits = {name: f"limit, {name.rpartition(', ')[2]}" for name in rates}
    shares = {name: _ratio(rounds, name, limits[name]) for name in rates}
    rows = [(name, f"{rate:,.0f}", f"{shares[name]:.2f}") for name, rate in rates.items()]
    _print_table(("way", "rows/s", "share of its limit"), rows)
    gain = _ratio(rounds, "movierate, mapInArrow", "movierate, pandas UDF")
    _print_table(("mapInArrow : pandas UDF", f"{gain:.2f}"), [])
    return {"rows_per_second": rates, "share_of_limit": shares, "gain": gain, "rounds": rounds}


def _interfaces(arguments: argparse.Namespace, work: Path) -> Any:
    import ways

    spark, model = _session(arguments.cores), work / "imdb"
    found = {
        "limit, pandas UDF": ways.limit(spark),
        "limit, mapInArrow": ways.limit_in_arrow(spark),
        "movierate, pandas UDF": ways.ours(spark, model),
        "movierate, mapInArrow": ways.ours_in_arrow(spark, model),
    }
    dump = make_dump(arguments.reviews, arguments.rows, work / "dump")
    dumps = dict.fromkeys((False, True), (arguments.rows, dump))
    return _rounds(spark, found, dumps, arguments.repeat)


def windows(arguments: argparse.Namespace, work: Path) -> Any:
    """Rows per second of the shipped model's words in longer windows, which read more tokens."""
    rounds = _child("windows", arguments, work)
    rates = _medians(rounds)
    shares = {name: _ratio(rounds, name, "limit") for name in rates}
    rows = [(name, f"{rate:,.0f}", f"{shares[name]:.2f}") for name, rate in rates.items()]
    _print_table(("window", "rows/s", "share of the limit"), rows)
    return {"rows_per_second": rates, "share_of_limit": shares, "rounds": rounds}


def _windows(arguments: argparse.Namespace, work: Path) -> Any:
    import ways

    from movierate.model.bundle import load

    spark = _session(arguments.cores)
    udfs = {"limit": ways.limit(spark)}
    for window in WINDOWS:
        bundle = dataclasses.replace(load(work / "imdb"), name=f"window-{window}", window=window)
        bundle.save(work / bundle.name)
        udfs[str(window)] = ways.ours(spark, work / bundle.name)
    dump = make_dump(arguments.reviews, arguments.rows, work / "dump")
    dumps = dict.fromkeys((False, True), (arguments.rows, dump))
    return _rounds(spark, udfs, dumps, arguments.repeat)


def _rounds(
    spark: Any, timed: dict[str, Any], dumps: dict[bool, tuple[int, Path]], repeat: int
) -> list[dict[str, float]]:
    """Rows per second of each way, one after the other, in each round.

    dumps: the rows and the place of the dump for most, and of the small one for slow ways.
    """
    rounds = []
    for number in range(repeat + 1):
        rates = {}
        for name, way in timed.items():
            rows, dump = dumps[_is_slow(name) or number == 0]  # the first round warms up
            if number == 0 and _is_slow(name):
                _seconds(spark, dump, way)  # Keras has workers of its own to start
            rates[name] = rows / _seconds(spark, dump, way)
        if number:
            rounds.append(rates)
            print(f"round {number}", file=sys.stderr, flush=True)
    return rounds


def _medians(rounds: Sequence[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(r[name] for r in rounds) for name in rounds[0]}


def _ratio(rounds: Sequence[dict[str, float]], name: str, *others: str) -> float:
    """The median of the rates of a way to the best of others, each within a round."""
    return statistics.median(r[name] / max(r[other] for other in others) for r in rounds)


# Cold start


def cold(arguments: argparse.Namespace, work: Path) -> Any:
    """Seconds of whole processes that rate 1,000 rows."""
    dump = make_dump(arguments.reviews[:1], 1_000, work / "thousand")
    submit = shutil.which("spark-submit") or "spark-submit"
    start = [submit, "--master", f"local[{arguments.cores}]"]
    score = [str(ROOT / "jobs" / "score.py"), "--input", str(dump), "--output", str(work / "out")]
    commands = {
        "do nothing": [*start, str(HERE / "do_nothing.py"), str(dump)],
        "score.py": [*start, *score],
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(arguments.repeat + 1):
        for name, command in commands.items():
            began = time.perf_counter()
            subprocess.run(command, check=True, env=_environment(), capture_output=True)
            if number:  # the first fills the file cache, and compiles if nobody has
                times[name].append(time.perf_counter() - began)
    rows = [(name, f"{statistics.median(values):.2f}") for name, values in times.items()]
    pairs = zip(times["score.py"], times["do nothing"], strict=True)
    ratio = statistics.median(ours / nothing for ours, nothing in pairs)
    _print_table(("1,000 rows, whole process", "s"), [*rows, ("ratio", f"{ratio:.2f}")])
    return {"seconds": times, "ratio": ratio}


# Memory


def memory(arguments: argparse.Namespace, work: Path) -> Any:
    """PSS of all Python workers by their number, and what a further one adds."""
    most = arguments.cores + 1
    found = {n: _child("memory", arguments, work, cores=n) for n in range(1, most + 1)}
    names = list(found[1])
    rows = [
        (
            name,
            *(f"{found[n][name]:.0f}" for n in found),
            f"{found[most][name] - found[most - 1][name]:.0f}",
        )
        for name in names
    ]
    _print_table(("PSS, MB; workers:", *map(str, found), "a further one"), rows)
    return found


def _memory(arguments: argparse.Namespace, work: Path) -> Any:
    chosen = {name: make for name, make in _ways(work).items() if not _is_slow(name)}
    spark = _session(arguments.cores)
    dump = make_dump(arguments.reviews, arguments.rows, work / "dump")
    found = {}
    for name, make in chosen.items():
        if name not in ("limit", "movierate, original, 50, salient", "movierate, shipped"):
            continue
        if found:  # workers keep the models that they have opened: start anew
            spark.stop()
            spark = _session(arguments.cores)
        udf = make(spark)
        _seconds(spark, dump, udf)
        _seconds(spark, dump, udf)
        found[name] = sum(_worker_pss())
    return found


def _worker_pss() -> list[float]:
    """PSS in MB of the Python workers of this process: the daemon's children."""
    parents = {}
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            stat = Path(path).read_text()
        except OSError:
            continue
        parents[int(path.split("/")[2])] = int(stat.rpartition(")")[2].split()[1])

    def depth(pid: int) -> int | None:
        steps = 0
        while pid not in (0, 1, os.getpid()):
            pid, steps = parents.get(pid, 0), steps + 1
        return steps if pid == os.getpid() else None

    found = []
    for pid in parents:
        if depth(pid) != 3:  # ours, the JVM's daemon's worker
            continue
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        (pss,) = [int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")]
        found.append(pss / 1024)
    return found


# Growth


def growth(arguments: argparse.Namespace, work: Path) -> Any:
    """Seconds of the whole job, in sessions that are warm, by rows and cores.

    The start is what a job of 1,000 rows takes in the same session. The sessions take turns, so
    that a machine that is faster now than later is so for both of them. A session has no other
    cores than it says: the JVM would use them beside its Python workers.
    """
    sizes = start, first, _, last = (
        1_000,
        arguments.rows // 4,
        arguments.rows,
        arguments.rows * 4,
    )
    for rows in sizes:
        make_dump(arguments.reviews, rows, work / f"dump-{rows}")
    sessions = {cores: _start_child("growth", arguments, work, cores=cores) for cores in (1, 2)}
    for _ in range(WARM_UPS):
        for session in sessions.values():
            _job_seconds(session, first)
    rounds = []
    for number in range(arguments.repeat):
        times = {
            rows: {cores: _job_seconds(session, rows) for cores, session in sessions.items()}
            for rows in sizes
        }
        rounds.append(times)
        print(f"round {number + 1}: {times}", file=sys.stderr, flush=True)
    for session in sessions.values():
        session.communicate()

    def beyond(times: dict[int, dict[int, float]], rows: int, cores: int) -> float:
        return times[rows][cores] - times[start][cores]

    by_rows = {
        cores: statistics.median(beyond(t, last, cores) / beyond(t, first, cores) for t in rounds)
        for cores in sessions
    }
    by_cores = statistics.median(beyond(t, last, 1) / beyond(t, last, 2) for t in rounds)
    rate = statistics.median(last / beyond(t, last, 2) / 2 for t in rounds)
    median = {
        rows: [statistics.median(times[rows][cores] for times in rounds) for cores in sessions]
        for rows in sizes
    }
    _print_table(
        ("seconds; cores:", "1", "2"),
        [(f"{n:,} rows", *(f"{seconds:.2f}" for seconds in row)) for n, row in median.items()],
    )
    _print_table(
        ("beyond the start", ""),
        [(f"16 times the rows, seconds, on {n}", f"{ratio:.2f}") for n, ratio in by_rows.items()]
        + [("2 cores against 1, speed", f"{by_cores:.2f}")]
        + [("reviews a second and core, on 2", f"{rate:,.0f}")],
    )
    return {"rounds": rounds, "by_rows": by_rows, "by_cores": by_cores, "rate": rate}


def _job_seconds(session: subprocess.Popen[str], rows: int) -> float:
    print(rows, file=session.stdin, flush=True)
    line = session.stdout.readline()
    if not line:
        raise SystemExit("benchmark: growth failed")
    return float(line)


def _growth(arguments: argparse.Namespace, work: Path) -> Any:
    """Score dumps of so many rows as come from stdin; answer with the seconds of each."""
    from movierate.config.jobs import ScoreConfig
    from movierate.scoring.job import score

    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: arguments.cores])
    spark = _session(arguments.cores)
    output = str(work / f"grown-{arguments.cores}")
    for line in sys.stdin:
        dump = str(work / f"dump-{int(line)}")
        print(score(spark, [dump], output, ScoreConfig()).record.seconds, flush=True)


# Exactness


def exact(arguments: argparse.Namespace, work: Path) -> Any:
    """The compiled code against Keras, and against the reference encoder."""
    found = _child("exact", arguments, work)
    _print_table(("", ""), [(name, f"{value:g}") for name, value in found.items()])
    return found


def _exact(arguments: argparse.Namespace, work: Path) -> Any:
    from movierate.inference.encoder import FastEncoder, Texts
    from movierate.inference.rater import Rater
    from movierate.inference.tables import lay_out
    from movierate.kernels.cache import kernels
    from movierate.model.bundle import load
    from movierate.model.shapes import receptive_length
    from movierate.text.encoder import Encoder

    columns = [pq.read_table(path, columns=["text"])["text"] for path in arguments.reviews]
    texts = [text for column in columns for text in column.to_pylist()]
    found: dict[str, float] = {}
    for name in ("imdb", "original-50-last"):
        bundle = load(work / name)
        part = texts[-12_360:]
        ids = bundle.encoder().encode(part).ids
        keras = np.clip(bundle.to_keras().predict(ids, batch_size=1024, verbose=0)[:, 0], 1, 10)
        rater = Rater(bundle)
        ours = rater.rate(part).predicted_rating
        found[f"{name}: largest difference to Keras, stars"] = float(
            np.nanmax(np.abs(ours - keras))
        )
        backwards = np.concatenate(
            [rater.rate([text]).predicted_rating for text in part[::-1][:999]]
        )
        apart = np.nanmax(np.abs(backwards - ours[::-1][:999]))
        found[f"{name}: alone or together, stars"] = float(apart)
    bundle = load(work / "imdb")
    live = receptive_length(bundle.window)
    arrays = lay_out(bundle, kernels())
    unicode = _random_texts(100_000)
    for token_selection in ("last", "ends", "salient"):
        reference = Encoder(bundle.vocabulary, bundle.salience, live, live, token_selection)
        fast = FastEncoder(kernels(), arrays, live, token_selection, partial(_same, reference))
        for what, batch in (("reviews", texts), ("random texts", unicode)):
            expected, got = reference.encode(batch), fast.encode(Texts.of(batch))
            differing = (expected.ids != got.ids).any(axis=1).sum()
            found[f"{token_selection}: {what} with a differing id, of {len(batch)}"] = float(
                differing
            )
    return found


def _same(encoder: Any) -> Any:
    return encoder


def _random_texts(count: int) -> list[str]:
    """Random Unicode, mixed with what the definition of a token treats in its own way."""
    random = np.random.default_rng(0)
    parts = [" ", "<", ">", "<br />", "&amp;", "&lt;", "&#39;", "'", "\u2019", ".", "/", "!", "?"]
    parts += ["a", "I", "7", "good", "movie", "\u0301", "\u0130", "\u212a", "\u03a3", "\u00e9"]
    texts = []
    for _ in range(count):
        codes = random.integers(1, 0x110000 if random.random() < 0.3 else 0x500, 12)
        some = [chr(code) for code in codes if not 0xD800 <= code < 0xE000]
        chosen = random.choice(len(parts), random.integers(0, 40))
        text = some + [parts[part] for part in chosen]
        random.shuffle(text)
        texts.append("".join(text))
    return texts


# What is printed and drawn


def _print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    print()
    print_head(*head)
    for row in rows:
        print_row(*row)


def _draw(result: Any, path: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    names = list(result["rows_per_second"])[::-1]
    rates = [result["rows_per_second"][name] for name in names]
    colours = ["tab:blue" if name.startswith("movierate") else "tab:gray" for name in names]
    figure, axes = plt.subplots(figsize=(9, 5))
    bars = axes.barh(names, rates, color=colours)
    axes.bar_label(bars, [f"{rate:,.0f}" for rate in rates], padding=4)
    axes.set_xlabel("reviews per second")
    axes.margins(x=0.15)
    figure.tight_layout()
    figure.savefig(path, dpi=120)


PARTS = {
    "throughput": throughput,
    "interfaces": interfaces,
    "windows": windows,
    "cold": cold,
    "memory": memory,
    "growth": growth,
    "exact": exact,
}
CHILDREN: dict[str, Callable[[argparse.Namespace, Path], Any]] = {
    "throughput": _throughput,
    "interfaces": _interfaces,
    "windows": _windows,
    "memory": _memory,
    "growth": _growth,
    "exact": _exact,
}

if __name__ == "__main__":
    main()
