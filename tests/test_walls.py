"""Which part may import what: an executor needs no TensorFlow, a rater no Spark.

Imports run one way, between packages and between modules.
"""

from __future__ import annotations

import ast
import re
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.support.process import ROOT, run

ORDER = (
    *("errors", "logs", "_version", "files", "text", "model", "spark", "config", "kernels"),
    *("inference", "reviews", "training", "scoring", "cli"),
)
"""Each imports only those before it."""

APART = {("training", "reviews"), ("scoring", "training")}
"""Neighbours that do not know each other."""

BLOCK = """
import importlib, sys

class Wall:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {forbidden!r}:
            raise ImportError("behind the wall: " + name)

sys.meta_path.insert(0, Wall())
for module in {modules!r}:
    importlib.import_module(module)
{then}
"""

TRAINING = ("tensorflow", "keras", "gensim", "matplotlib")


def modules(*packages: str) -> list[str]:
    import pkgutil

    found = []
    for package in packages:
        found.append(package)
        path = [__import__(package, fromlist=["x"]).__path__[0]]
        found += [f"{package}.{module.name}" for module in pkgutil.iter_modules(path)]
    return found


def import_behind_wall(modules: list[str], forbidden: tuple[str, ...], then: str = "") -> None:
    code = BLOCK.format(forbidden=forbidden, modules=modules, then=then)
    result = run(sys.executable, "-c", code)
    assert result.returncode == 0, result.stderr


def imports() -> dict[str, set[str]]:
    """For each module of the package, the modules that it imports, wherever it does so."""
    paths = sorted((ROOT / "movierate").rglob("*.py"))
    names = {_module(path): path for path in paths}
    return {name: _imports(path, set(names)) - {name} for name, path in names.items()}


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def _imports(path: Path, modules: set[str]) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            members = {f"{node.module}.{name.name}" for name in node.names}
            found |= {member if member in modules else str(node.module) for member in members}
    return found & modules


def test_imports_run_one_way():
    for module, imported in imports().items():
        _, _, package = module.partition(".")
        package = package.partition(".")[0]
        for other in imported:
            target = other.partition(".")[2].partition(".")[0]
            assert target, f"{module} imports the package's face"
            if package:
                assert ORDER.index(target) <= ORDER.index(package), f"{module} imports {other}"
                assert (package, target) not in APART, f"{module} imports {other}"


def test_no_module_imports_itself_by_way_of_others():
    TopologicalSorter(imports()).prepare()


TESTS = sorted((ROOT / "tests").rglob("*.py"))


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_test_imports_no_test_and_no_private_name(path):
    """Helpers are in tests/support. Only support/java.py may know PySpark's private names."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            module = str(node.module)
            if module.startswith(("tests", "benchmarks")) and not module.startswith(SUPPORT):
                found.append(module)
            found += [name.name for name in node.names if _is_private(name.name)]
        elif isinstance(node, ast.Constant) and _is_private_path(node.value):
            found.append(node.value)  # as monkeypatch.setattr takes it
        elif isinstance(node, ast.Attribute) and _is_private(node.attr):
            is_own = isinstance(node.value, ast.Name) and node.value.id in (
                "self",
                "cls",
                "cluster",
            )
            found += [] if is_own else [node.attr]
    assert found == [] or path.name == "java.py"


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name not in PUBLIC


def _is_private_path(value: object) -> bool:
    return (
        isinstance(value, str) and re.fullmatch(r"movierate\.[\w.]*\._[a-z]\w*", value) is not None
    )


SUPPORT = "tests.support"
PUBLIC = ("_exit", "_version")
"""Public in spite of the underscore: of os, and of movierate."""


@pytest.mark.parametrize(
    "module",
    [
        *modules("movierate.text"),
        "movierate.model.bundle",
        "movierate.model.describe",
        "movierate.inference.rater",
    ],
)
def test_text_bundle_and_rater_need_neither_spark_nor_tensorflow(module):
    import_behind_wall([module], ("pyspark", "py4j", *TRAINING))


@pytest.mark.slow
def test_scoring_and_reviews_do_not_need_tensorflow():
    packages = ("scoring", "scoring.output", "reviews", "reviews.formats", "spark", "cli")
    import_behind_wall(modules(*(f"movierate.{name}" for name in packages)), TRAINING)


@pytest.mark.slow
def test_training_does_not_need_spark():
    import_behind_wall(modules("movierate.training"), ("pyspark", "py4j"))


def test_a_text_is_rated_without_spark_and_tensorflow():
    rate = (
        "import movierate\n"
        "stars = movierate.open_rater().rate(['a great, moving film']).predicted_rating\n"
        "assert 5.5 < stars[0] <= 10"
    )
    import_behind_wall(["movierate"], ("pyspark", "py4j", *TRAINING), rate)
