"""Runs the tests with Spark on every Spark that is supported: python scripts/matrix.py [3.5 ...]

Each file tests/matrix/spark-X.txt is an environment: its first line names a Python and a Java, the
others are versions of packages. The environment is the folder .venv-spark-X. A Python is found as
python3.N on the PATH or in pyenv, a Java by JAVA_HOME_N; else the usual one runs, and the table
says which one that was.

Prints a table in Markdown, and writes build/matrix/matrix.json. The exit code is 1 if a test fails
or if ratings differ.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "build" / "matrix"
CLOSE = 1e-5
"""Stars by which ratings may differ."""

FEATURES = {
    "formats": ("tests.cases", "tests.reviews"),
    "output, nights": ("tests.scoring",),
    "jobs, spark-submit": ("tests.test_cli", "tests.test_jobs", "tests.spark"),
    "Delta, Avro": ("tests.packages",),
    "Connect": ("tests.test_connect",),
    "cluster": ("tests.test_cluster",),
}
"""The tests' modules, by what they are about."""

WITH_TENSORFLOW = ("training", "model/test_network.py")
"""Tests that need it; they need no Spark."""

DESCRIBE = """
import json, platform
import numpy, pandas, pyspark
from movierate.spark.session import start_spark, stop_spark
java = start_spark("movierate matrix").sparkContext._jvm.System.getProperty("java.version")
stop_spark()
print(json.dumps({"Spark": pyspark.__version__, "Python": platform.python_version(),
    "pandas": pandas.__version__, "NumPy": numpy.__version__, "Java": java}))
"""

COMPARE = """
import sys
import numpy as np, pandas as pd
first, *others = (
    pd.read_parquet(path).sort_values("review_id")["predicted_rating"].to_numpy()
    for path in sys.argv[1:]
)
print(max((float(np.abs(first - other).max()) for other in others), default=0.0))
"""


def main() -> int:
    """Run the environments one after the other, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    known = sorted(path.stem.removeprefix("spark-") for path in ROOT.glob("tests/matrix/*.txt"))
    parser.add_argument("sparks", nargs="*", help=f"of {', '.join(known)}; all by default")
    sparks = parser.parse_args().sparks or known
    if unknown := set(sparks) - set(known):
        parser.error(
            f"there is no Spark {', '.join(sorted(unknown))}: choose of {', '.join(known)}"
        )
    RESULTS.mkdir(parents=True, exist_ok=True)
    results = {}
    for spark in sparks:
        results[spark] = run_environment(spark)
        (RESULTS / "matrix.json").write_text(json.dumps(results, indent=2) + "\n")
    difference = compare_ratings(sparks)
    print_table(results)
    print(f"\nThe ratings of the 200 examples differ by at most {difference:.1g} stars.")
    failed = sum(result["failed"] for result in results.values())
    return int(bool(failed) or difference > CLOSE)


def run_environment(spark: str) -> dict[str, Any]:
    """Make one environment, run the tests and score the examples in it."""
    constraints = ROOT / "tests" / "matrix" / f"spark-{spark}.txt"
    python, java = re.findall(r"(?:Python|Java) ([\d.]+)", constraints.read_text())
    folder = ROOT / f".venv-spark-{spark}"
    variables = {
        **os.environ,
        "CONSTRAINTS": str(constraints),
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "VIRTUAL_ENV": str(folder),
    }
    if home := os.environ.get(f"JAVA_HOME_{java}"):
        variables["JAVA_HOME"] = home
    done = folder / ".test"
    if not done.exists() or done.stat().st_mtime < constraints.stat().st_mtime:
        set_up = [ROOT / "scripts" / "set-up.sh", folder.name, "test", find_python(python)]
        subprocess.run([str(part) for part in set_up], env=variables, check=True)
    versions = json.loads(_output([folder / "bin" / "python", "-c", DESCRIBE], variables))
    print(f"matrix: {versions}", flush=True)
    start, reports = time.monotonic(), []
    # A session with packages is another one: its tests run in a process of their own.
    for name, workers in (("spark or cluster", "2"), ("packages", "0")):
        reports.append(RESULTS / f"{spark}-{name.split()[0]}.xml")
        command = ["python", "-m", "pytest", "-n", workers, "--dist", "loadfile", "-m", name]
        command += ["--no-loadscope-reorder", "--junitxml", str(reports[-1])]
        command += [f"--ignore=tests/{path}" for path in WITH_TENSORFLOW]
        subprocess.run(command, env=variables, cwd=ROOT, check=False)
    seconds = time.monotonic() - start
    output = RESULTS / spark
    score = ["jobs/score.py", "--input", "examples/reviews.jsonl", "--output", str(output)]
    _output(["python", *score, "--date", "2026-01-31"], variables)
    return {"versions": versions, "seconds": round(seconds), **count_outcomes(reports)}


def find_python(version: str) -> Path:
    """A Python of this version, or this one if there is none."""
    usual = [Path(folder) / f"python{version}" for folder in os.environ["PATH"].split(os.pathsep)]
    pyenv = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))
    for path in (*usual, *pyenv):
        if path.is_file() and subprocess.run([path, "-V"], check=False).returncode == 0:
            return path
    print(f"matrix: no Python {version} here, {sys.executable} takes its place", flush=True)
    return Path(sys.executable)


def count_outcomes(reports: list[Path]) -> dict[str, Any]:
    """Passed and failed tests, in all and by feature, from pytest's reports."""
    passed: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    cases = (case for path in reports for case in ET.parse(path).iter("testcase"))  # noqa: S314 - ours
    for case in cases:
        if case.find("skipped") is None:
            bad = case.find("failure") is not None or case.find("error") is not None
            (failed if bad else passed)[_feature(case.get("classname", ""))] += 1
    features = {name: [passed[name], failed[name]] for name in (*FEATURES, "other")}
    return {"passed": passed.total(), "failed": failed.total(), "features": features}


def compare_ratings(sparks: list[str]) -> float:
    """By how many stars the ratings of the examples differ at most."""
    python = ROOT / f".venv-spark-{sparks[0]}" / "bin" / "python"
    outputs = [RESULTS / spark / "ratings" for spark in sparks]
    return float(_output([python, "-c", COMPARE, *outputs], dict(os.environ)))


def print_table(results: dict[str, dict[str, Any]]) -> None:
    """A column for each Spark."""
    first = next(iter(results.values()))
    rows = [
        [name, *(result["versions"][name] for result in results.values())]
        for name in first["versions"]
    ]
    for name in first["features"]:
        counts = [result["features"][name] for result in results.values()]
        if not any(map(sum, counts)):
            continue
        said = [f"{good} passed" + f", {bad} failed" * bool(bad) for good, bad in counts]
        rows.append([f"tests: {name}", *said])
    rows.append(["seconds", *(str(result["seconds"]) for result in results.values())])
    print(f"\n| {' | '.join(rows[0])} |\n|{'---|' * len(rows[0])}")
    for row in rows[1:]:
        print(f"| {' | '.join(row)} |")


def _feature(module: str) -> str:
    found = (name for name, starts in FEATURES.items() if module.startswith(starts))
    return next(found, "other")


def _output(command: list[object], variables: dict[str, str]) -> str:
    words = [str(word) for word in command]
    return subprocess.run(
        words, env=variables, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


if __name__ == "__main__":
    sys.exit(main())
