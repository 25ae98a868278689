"""Avro files without a package beside Spark; tests/packages has more of them."""

from __future__ import annotations

import pytest

from tests.support.inputs import GOOD, write_avro
from tests.support.outcome import all_rated, refused
from tests.support.process import SPARK


@pytest.fixture
def reviews(dump):
    """One review, and one without a text."""
    rows = [{"id": 1, "text": GOOD}, {"id": 2, "text": None}]
    write_avro(dump / "a.avro", rows, id="long", text=["null", "string"])


@pytest.mark.skipif(SPARK < (4, 0), reason="needs a package")
def test_spark_4_reads_them_as_it_is(score, reviews):
    outcome = score()
    all_rated(outcome, 1, rejected=1)
    assert outcome.record["format"] == "avro"


@pytest.mark.skipif(SPARK >= (4, 0), reason="needs no package")
def test_spark_3_without_the_package_is_one_line_that_names_it(score, reviews):
    refused(score(), "spark-avro")
