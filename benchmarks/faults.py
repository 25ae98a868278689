"""What is lost when a part of the cluster dies: python benchmarks/faults.py

A standalone cluster of two workers scores a dump, in each way that a night may be run. A part of
it is killed (SIGKILL) at a moment of the run; then comes the next run. A reader lists the Parquet
files all the while, as DuckDB or pandas would, and counts their rows: more or less than those of
whole days or batches, or a file without its footer, is partial. In the end the output is compared
with that of a run in peace. Prints a row for each run in which something was killed.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyspark

ROOT = Path(__file__).parent.parent
SPARK_CLASS = Path(pyspark.__file__).parent / "bin" / "spark-class"
MASTER = "org.apache.spark.deploy.master.Master"
WORKER = "org.apache.spark.deploy.worker.Worker"

FILES = 8
WAYS = {
    "days": (),
    "skip-rated": ("--skip-rated",),
    "incremental": ("--incremental", "--files-per-batch", str(FILES // 2)),
}
MOMENTS = ("before the write", "during the write", "after the write")
VICTIMS = ("Python worker", "executor", "worker daemon", "driver")
HEAD = (
    *("way", "killed", "when", "that run", "next run", "missing", "doubled", "differing"),
    *("partial", "looks"),
)


def main() -> None:
    """Kill each victim at each moment of each way, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=40_000, help="reviews in the dump")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--victims", nargs="+", choices=VICTIMS, default=list(VICTIMS))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        dump = make_dump(work / "dump", arguments.rows)
        with Cluster.running(work) as cluster:
            print_row(HEAD)
            print_row(["---"] * len(HEAD))
            found = [
                fault
                for way in arguments.ways
                for fault in faults(cluster, work, dump, way, arguments.victims)
            ]
    print(
        f"\n{len(found)} runs in which something was killed: "
        f"{sum(fault.missing for fault in found)} rows missing, "
        f"{sum(fault.doubled for fault in found)} doubled, "
        f"{sum(fault.differing for fault in found)} differing; "
        f"partial output seen {sum(fault.partial for fault in found)} times "
        f"in {sum(fault.looks for fault in found):,} looks"
    )


@dataclass
class Fault:
    """A run in which something was killed, the next run, and what came of them."""

    killed: int
    """Exit code of the run; below 0: a signal."""
    next: int
    missing: int
    doubled: int
    differing: int
    partial: int
    looks: int


def faults(
    cluster: Cluster, work: Path, dump: Path, way: str, victims: Sequence[str]
) -> Iterator[Fault]:
    """Each victim at each moment of one way to run."""
    clean = work / f"clean {way}"
    cluster.score(dump, clean, way).wait()
    expected = outcome(clean)
    whole = whole_counts(clean)
    for victim in victims:
        for moment in MOMENTS:
            output = work / f"{way} {victim} {moment}"
            with Reader(output, whole) as reader:
                process = cluster.score(dump, output, way)
                is_hit = cluster.kill(victim, process, partial(has_come, moment, output))
                killed = process.wait()
                cluster.restart_workers()
                following = cluster.score(dump, output, way).wait()
            if not is_hit:
                print_row([way, victim, moment, "was over before", *["-"] * 6])
                continue
            fault = Fault(
                killed, following, *compare(outcome(output), expected), reader.partial, reader.looks
            )
            print_row([way, victim, moment, *map(str, vars(fault).values())])
            yield fault


def has_come(moment: str, output: Path) -> bool:
    """Whether a run has got so far."""
    time.sleep(0.002)
    if moment == "before the write":
        return (output / ".lock").exists()
    staged = output / ".staging"
    with suppress(FileNotFoundError):  # moved while we look
        if moment == "during the write":
            return any(staged.rglob("_temporary"))
        return any(staged.glob("*/READY")) or any((output / "ratings").rglob("*.parquet"))
    return False


def outcome(output: Path) -> pd.DataFrame:
    """All rows of an output, but for when they were written."""
    tables = {name: pd.read_parquet(output / name) for name in ("ratings", "rejected")}
    rows = pd.concat([frame.assign(table=name) for name, frame in tables.items()])
    columns = ("table", "review_id", "predicted_rating", "words_read", "text_hash", "reason", "raw")
    return rows[list(columns)].sort_values(["table", "review_id"], ignore_index=True)


def compare(found: pd.DataFrame, expected: pd.DataFrame) -> tuple[int, int, int]:
    """Rows missing, doubled, and differing from what is expected."""
    doubled = int(found["review_id"].duplicated().sum())
    ids = set(expected["review_id"])
    missing = len(ids - set(found["review_id"]))
    once = found.drop_duplicates("review_id").set_index("review_id")
    both = once.index.intersection(expected["review_id"])
    a, b = once.loc[both], expected.set_index("review_id").loc[both]
    equal = (a == b) | (a.isna() & b.isna())
    return missing, doubled, int((~equal.all(axis=1)).sum()) + len(set(once.index) - ids)


def whole_counts(output: Path) -> dict[str, set[int]]:
    """How many rows each table of a clean output has after none, one, ... all of its parts."""
    counts: dict[str, set[int]] = {}
    for table in ("ratings", "rejected"):
        rows: dict[Path, int] = {}
        for file in sorted((output / table).rglob("*.parquet")):
            rows[file.parent] = rows.get(file.parent, 0) + pq.read_metadata(file).num_rows
        counts[table] = {0, *itertools.accumulate(rows.values())}
    return counts


class Reader(threading.Thread):
    """Somebody who lists the Parquet files of an output all the time, and reads their footers."""

    def __init__(self, output: Path, whole: dict[str, set[int]]) -> None:
        """Take the output, and for each table the numbers of rows that are whole parts."""
        super().__init__()
        self.output, self.whole = output, whole
        self.looks = self.partial = 0
        self._over = threading.Event()

    def __enter__(self) -> Reader:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        """Look until it is over."""
        while not self._over.wait(0.01):
            with suppress(FileNotFoundError):  # it was moved since it was listed: a look in vain
                self.partial += not self._sees_whole_parts()
                self.looks += 1

    def _sees_whole_parts(self) -> bool:
        for table, whole in self.whole.items():
            files = list((self.output / table).rglob("*.parquet"))
            try:
                rows = sum(pq.read_metadata(file).num_rows for file in files)
            except pa.ArrowInvalid:
                return False
            if rows not in whole:
                return False
        return True


class Cluster:
    """A master and two workers of one core each, as processes of this machine."""

    def __init__(self, work: Path) -> None:
        """Take a directory for the logs; `running` starts the processes."""
        self.work, self.master = work, ""
        self.processes: list[subprocess.Popen[bytes]] = []
        self.workers: list[subprocess.Popen[bytes]] = []

    @classmethod
    @contextmanager
    def running(cls, work: Path) -> Iterator[Cluster]:
        """A cluster that runs to the end of the block."""
        cluster = cls(work)
        try:
            log = cluster._start(MASTER)
            cluster.master = "spark://" + wait_for(log, "Starting Spark master at spark://")
            cluster.restart_workers()
            yield cluster
        finally:
            for process in cluster.processes:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def restart_workers(self) -> None:
        """Two workers, as somebody who looks after the cluster sees to."""
        self.workers = [worker for worker in self.workers if worker.poll() is None]
        while len(self.workers) < 2:
            resources = ("--cores", "1", "--memory", "1g", "--work-dir", str(self.work / "work"))
            log = self._start(WORKER, *resources, self.master)
            self.workers.append(self.processes[-1])
            wait_for(log, "Successfully registered with master")

    def score(self, dump: Path, output: Path, way: str) -> subprocess.Popen[bytes]:
        """A run on the cluster."""
        settings = {
            "spark.pyspark.python": sys.executable,
            "spark.pyspark.driver.python": sys.executable,
            "spark.executorEnv.PYTHONPATH": str(ROOT),
            "spark.executor.memory": "512m",
            "spark.driver.host": "127.0.0.1",
        }
        conf = [word for key, value in settings.items() for word in ("--conf", f"{key}={value}")]
        submit = ["spark-submit", "--master", self.master, *conf, "jobs/score.py"]
        paths = ["--input", str(dump), "--output", str(output)]
        with (self.work / "runs.log").open("ab") as log:
            return subprocess.Popen(
                [*submit, *paths, "--date", "2026-01-31", *WAYS[way]],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(
        self, victim: str, driver: subprocess.Popen[bytes], has_come: Callable[[], bool]
    ) -> bool:
        """Kill a part of the run once its moment has come; False if the run was over before."""
        while driver.poll() is None:
            if not has_come():
                continue
            if victim == "driver":
                os.killpg(driver.pid, signal.SIGKILL)
                return True
            if found := self._find(victim):
                with suppress(ProcessLookupError):
                    os.kill(found[0], signal.SIGKILL)
                    return True
        return False

    def _find(self, victim: str) -> list[int]:
        """The processes of the cluster of one kind."""
        workers = {worker.pid for worker in self.workers if worker.poll() is None}
        if victim == "worker daemon":
            return sorted(workers)
        parents, commands = processes()
        executors = {
            pid
            for pid, parent in parents.items()
            if parent in workers and "CoarseGrainedExecutorBackend" in commands[pid]
        }
        if victim == "executor":
            return sorted(executors)
        daemons = {pid for pid, parent in parents.items() if parent in executors}
        return sorted(pid for pid, parent in parents.items() if parent in daemons)

    def _start(self, kind: str, *arguments: str) -> Path:
        """Start a daemon; returns its log."""
        log = self.work / f"{len(self.processes)}.log"
        (self.work / "log4j2.properties").write_text(
            "rootLogger.level = info\nrootLogger.appenderRef.out.ref = out\n"
            "appender.out.type = Console\nappender.out.name = out\n"
            "appender.out.layout.type = PatternLayout\nappender.out.layout.pattern = %m%n\n"
        )
        environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "SPARK_HOME": str(SPARK_CLASS.parent.parent),
            "SPARK_CONF_DIR": str(self.work),
            "SPARK_LOCAL_IP": "127.0.0.1",
        }
        if "JAVA_HOME" in os.environ:
            environment["JAVA_HOME"] = os.environ["JAVA_HOME"]
        at = ("--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
        with log.open("wb") as out:
            self.processes.append(
                subprocess.Popen(
                    [SPARK_CLASS, kind, *at, *arguments],
                    cwd=self.work,
                    env=environment,
                    stdout=out,
                    stderr=out,
                    start_new_session=True,
                )
            )
        return log


def processes() -> tuple[dict[int, int], dict[int, str]]:
    """The parent and the command of each process of this machine."""
    parents, commands = {}, {}
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            stat = (path / "stat").read_text()
            commands[int(path.name)] = (path / "cmdline").read_text()
            parents[int(path.name)] = int(stat.rpartition(")")[2].split()[1])
    return parents, commands


def wait_for(log: Path, text: str) -> str:
    """What follows the text on its line in a log, once it has come."""
    for _ in range(3_000):
        for line in log.read_text().splitlines():
            if text in line:
                return line.split(text)[1]
        time.sleep(0.1)
    raise TimeoutError(f"{text!r} did not come: {log.read_text()}")


def make_dump(folder: Path, rows: int) -> Path:
    """Files of as many of the example reviews each, told apart, one older than the next."""
    folder.mkdir()
    lines = (ROOT / "examples" / "reviews.jsonl").read_text("utf-8").splitlines()
    examples = [json.loads(line) for line in lines]
    for number in range(FILES):
        file = folder / f"{number}.jsonl"
        with file.open("w", encoding="utf-8") as out:
            for place in range(rows // FILES):
                example = examples[place % len(examples)]
                out.write(json.dumps({**example, "review_id": f"{number}-{place}"}) + "\n")
        os.utime(file, (1_700_000_000 + number,) * 2)
    return folder


def print_row(cells: Sequence[str]) -> None:
    """A row of a Markdown table."""
    print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
