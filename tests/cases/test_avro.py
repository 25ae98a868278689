"""Avro files without a package beside Spark; tests/packages has more of them."""

from __future__ import annotations

import fastavro
import pytest

from tests.support.inputs import GOOD
from tests.support.outcome import all_rated, refused
from tests.support.process import SPARK


@pytest.fixture
def reviews(dump):
    """One review, and one without a text."""
    fields = [{"name": "id", "type": "long"}, {"name": "text", "type": ["null", "string"]}]
    schema = fastavro.parse_schema({"type": "record", "name": "review", "fields": fields})
    with (dump / "a.avro").open("wb") as file:
        fastavro.writer(file, schema, [{"id": 1, "text": GOOD}, {"id": 2, "text": None}])


@pytest.mark.skipif(SPARK < (4, 0), reason="needs a package")
def test_spark_4_reads_them_as_it_is(score, reviews):
    outcome = score()
    all_rated(outcome, 1, rejected=1)
    assert outcome.record["format"] == "avro"


@pytest.mark.skipif(SPARK >= (4, 0), reason="needs no package")
def test_spark_3_without_the_package_is_one_line_that_names_it(score, reviews):
    refused(score(), "spark-avro")
