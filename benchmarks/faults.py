"""What is lost when a part of the cluster dies: python -m benchmarks.faults

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
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.table import print_head, print_row
from tests.support.cluster import Cluster

ROOT = Path(__file__).parent.parent

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
            print_head(*HEAD)
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
    score(cluster, dump, clean, way).wait()
    expected = outcome(clean)
    whole = whole_counts(clean)
    for victim in victims:
        for moment in MOMENTS:
            output = work / f"{way} {victim} {moment}"
            with Reader(output, whole) as reader:
                process = score(cluster, dump, output, way)
                is_hit = kill(cluster, victim, process, partial(has_come, moment, output))
                killed = process.wait()
                cluster.restart_workers()
                following = score(cluster, dump, output, way).wait()
            if not is_hit:
                print_row(way, victim, moment, "was over before", *["-"] * 6)
                continue
            fault = Fault(
                killed, following, *compare(outcome(output), expected), reader.partial, reader.looks
            )
            print_row(way, victim, moment, *map(str, vars(fault).values()))
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


def score(cluster: Cluster, dump: Path, output: Path, way: str) -> subprocess.Popen[bytes]:
    """A run on the cluster."""
    path = ("--conf", f"spark.executorEnv.PYTHONPATH={ROOT}")
    paths = ("--input", str(dump), "--output", str(output))
    job = ("jobs/score.py", *paths, "--date", "2026-01-31", *WAYS[way])
    with (cluster.folder / "runs.log").open("ab") as log:
        return subprocess.Popen(
            [*cluster.submit(sys.executable, *path), *job],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def kill(
    cluster: Cluster, victim: str, driver: subprocess.Popen[bytes], has_come: Callable[[], bool]
) -> bool:
    """Kill a part of a run once its moment has come; False if the run was over before."""
    while driver.poll() is None:
        if not has_come():
            continue
        if victim == "driver":
            os.killpg(driver.pid, signal.SIGKILL)
            return True
        if found := find(cluster, victim):
            with suppress(ProcessLookupError):
                os.kill(found[0], signal.SIGKILL)
                return True
    return False


def find(cluster: Cluster, victim: str) -> list[int]:
    """The processes of the cluster of one kind."""
    workers = {worker.pid for worker in cluster.workers if worker.poll() is None}
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


def processes() -> tuple[dict[int, int], dict[int, str]]:
    """The parent and the command of each process of this machine."""
    parents, commands = {}, {}
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            stat = (path / "stat").read_text()
            commands[int(path.name)] = (path / "cmdline").read_text()
            parents[int(path.name)] = int(stat.rpartition(")")[2].split()[1])
    return parents, commands


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


if __name__ == "__main__":
    main()
