"""Which part may import what: an executor needs no TensorFlow, a rater no Spark."""

import sys

import pytest

from tests.conftest import run

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


@pytest.mark.parametrize(
    "module",
    [
        *modules("movierate.text"),
        "movierate.model.bundle",
        "movierate.model.describe",
        "movierate.model.rater",
    ],
)
def test_text_bundle_and_rater_need_neither_spark_nor_tensorflow(module):
    import_behind_wall([module], ("pyspark", "py4j", *TRAINING))


def test_scoring_and_reviews_do_not_need_tensorflow():
    import_behind_wall(modules("movierate.scoring", "movierate.reviews"), TRAINING)


def test_training_does_not_need_spark():
    import_behind_wall(modules("movierate.training"), ("pyspark", "py4j"))


def test_a_text_is_rated_without_spark_and_tensorflow():
    rate = (
        "import movierate\n"
        "stars = movierate.open_rater().rate(['a great, moving film']).predicted_rating\n"
        "assert 5.5 < stars[0] <= 10"
    )
    import_behind_wall(["movierate"], ("pyspark", "py4j", *TRAINING), rate)
