"""Compiled code is never that of another source: whatever is compiled in is part of its key."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from movierate.inference.tables import shared
from movierate.kernels import cache
from tests.support.process import ROOT, run


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The package in another place, whose source the keys are then made of."""
    source = ROOT / "movierate"
    shutil.copytree(source, tmp_path / "movierate", ignore=shutil.ignore_patterns("models"))
    monkeypatch.setattr(cache, "PACKAGE_PARENT", tmp_path)
    cache.source_digest.cache_clear()
    yield tmp_path / "movierate"
    cache.source_digest.cache_clear()


def key() -> str:
    """The key as another process would find it."""
    cache.source_digest.cache_clear()
    return cache.host_key.__wrapped__()


def change(path: Path, name: str) -> None:
    """Give a constant another value."""
    source, count = re.subn(rf"(?m)^({name}) = .*", r"\1 = 99", path.read_text())
    assert count == 1
    path.write_text(source)


@pytest.mark.parametrize(
    "constant",
    [
        "model/shapes.py:POOL",
        "model/shapes.py:CONV_WIDTH",
        "text/vocabulary.py:UNKNOWN",
        "text/tokens.py:LONGEST_RUN",
        "kernels/constants.py:SHORT",
        "kernels/code_points.py:BIAS",
        "kernels/network.py:AHEAD",
        "kernels/winograd.py:EVALUATE_KERNEL",
        "kernels/cache.py:C_FUNCTIONS",
    ],
)
def test_another_value_of_a_constant_gives_another_key(copy: Path, constant: str) -> None:
    module, name = constant.split(":")
    before = key()
    assert key() == before
    change(copy / module, name)
    assert key() != before


def test_a_module_that_is_not_compiled_in_leaves_the_key(copy: Path) -> None:
    before = key()
    change(copy / "cli" / "main.py", "DONE, FAILED, USAGE, TRIPPED, INTERRUPTED")
    assert key() == before


def test_every_module_that_python_imports_with_the_kernels_counts(copy: Path) -> None:
    program = f"""
import sys, types
package = types.ModuleType("movierate")  # without what its __init__ imports
package.__path__ = [{str(copy)!r}]
sys.modules["movierate"] = package
import movierate.kernels.network, movierate.kernels.scan
print(*(m.__file__ for n, m in sys.modules.items() if n.startswith("movierate.")), sep="\\n")
"""
    imported = run(sys.executable, "-c", program).stdout.split()
    modules = [Path(path) for path in imported if Path(path).read_text().count("\n") > 1]
    assert len(modules) >= 9
    for module in modules:
        before = key()
        module.write_text(module.read_text() + "\nMORE = 1\n")
        assert key() != before, module


def test_a_table_of_another_source_is_not_read(copy: Path, tmp_path: Path) -> None:
    def tables(number: int) -> int:
        cache.source_digest.cache_clear()
        return int(shared("m", tmp_path, lambda: {"x": np.array([number])})["x"][0])

    assert [tables(1), tables(2)] == [1, 1]
    change(copy / "model" / "shapes.py", "POOL")
    assert tables(3) == 3
