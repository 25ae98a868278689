"""What the compiled kernels gain: python benchmarks/kernels.py --reviews PARQUET [--rows N]

Compares the kernels as they are shipped with plainer ways to do the same, on one core:

* numba's own cache: the same functions, loaded by numba from NUMBA_CACHE_DIR;
* NumPy's matrix products for the network (movierate.model.reference), after the same encoder;
* the plain reference encoder in Python, before the same network.

Prints reviews per second (medians of interleaved rounds), and for the first two the seconds and
the memory of a fresh process until its first rating, with a warm and with an empty cache.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow.parquet as pq
from table import print_head, print_row

from movierate.inference.rater import Rater
from movierate.model.bundle import Bundle, load
from movierate.model.reference import forward

ROUNDS = 5
BATCH = 480
TEXT = "A good film."


class NumbaKernels:
    """The kernels as numba compiles, caches and calls them by itself."""

    def __init__(self) -> None:
        from movierate.kernels import network, scan

        for function, signature in {**network.KERNELS, **scan.KERNELS}.items():
            for option in ("no_cpython_wrapper", "no_cfunc_wrapper", "_nrt"):
                function.targetoptions.pop(option)  # numba calls it from Python
            function.enable_caching()
            function.compile(signature)
            setattr(self, function.__name__, function)


def numba_rater(bundle: Bundle) -> Rater:
    """A rater whose kernels are numba's own."""
    from movierate.kernels import cache

    kernels: Any = NumbaKernels()
    cache.kernels = lambda: kernels
    return Rater(bundle)


def throughput(texts: Sequence[str]) -> None:
    """Print the reviews per second of each way."""
    one_start("shipped")  # numba must not compile for it in the same process
    bundle = load("imdb")
    shipped, plain, encoder = Rater(bundle), numba_rater(bundle), bundle.encoder()
    weights = dict(bundle.weights)

    def by_numpy() -> None:
        for start in range(0, len(texts), BATCH):
            forward(weights, encoded[start : start + BATCH])

    few = texts[: len(texts) // 20]
    encoded = encoder.encode(texts).ids
    ways: dict[str, tuple[int, Callable[[], object]]] = {
        "shipped": (len(texts), lambda: shipped.rate(texts)),
        "numba's own cache": (len(texts), lambda: plain.rate(texts)),
        "NumPy's network alone": (len(texts), by_numpy),
        "the reference encoder alone": (len(few), lambda: encoder.encode(few)),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, (_, run) in ways.items():
            started = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - started)
    print_head("way", "reviews/s, one core", "share of shipped")
    rates = {name: count / statistics.median(seconds[name]) for name, (count, _) in ways.items()}
    for name, rate in rates.items():
        print_row(name, f"{rate:,.0f}", f"{rate / rates['shipped']:.2f}")


def cold_start() -> None:
    """Print what a fresh process takes until its first rating."""
    print_head("way", "empty cache, s", "warm cache, s", "memory (PSS), MB")
    for way in ("shipped", "numba"):
        with tempfile.TemporaryDirectory() as cache:
            found = [
                one_start(way, MOVIERATE_CACHE=cache, NUMBA_CACHE_DIR=cache)
                for _ in range(ROUNDS + 1)
            ]
        warm = [start["seconds"] for start in found[1:]]
        memory = statistics.median(start["pss"] for start in found[1:])
        print_row(
            way, f"{found[0]['seconds']:.1f}", f"{statistics.median(warm):.2f}", f"{memory:.0f}"
        )


def one_start(way: str, **variables: str) -> dict[str, float]:
    """Seconds and memory of one process."""
    environment = {**os.environ, **variables}
    started = time.perf_counter()
    command = [sys.executable, __file__, "--start", way]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return {"seconds": time.perf_counter() - started, **json.loads(result.stdout)}


def start(way: str) -> None:
    """Rate one text, and print the process's memory."""
    bundle = load("imdb")
    rater = Rater(bundle) if way == "shipped" else numba_rater(bundle)
    rater.rate([TEXT])
    with open("/proc/self/smaps_rollup", encoding="ascii") as file:
        pss = next(int(line.split()[1]) for line in file if line.startswith("Pss:"))
    print(json.dumps({"pss": pss / 1000}))


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--reviews", help="Parquet with a column text")
    parser.add_argument("--rows", type=int, default=12_000)
    parser.add_argument("--start", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.start:
        start(arguments.start)
        return 0
    texts = pq.read_table(arguments.reviews, columns=["text"])["text"].to_pylist()
    throughput(texts[: arguments.rows])
    print()
    cold_start()
    return 0


if __name__ == "__main__":
    sys.exit(main())
