"""JSON that is not one object a line."""

from __future__ import annotations

import json

import pytest

from tests.support.inputs import GOOD, review, write, write_lines
from tests.support.outcome import all_rated, refused

ROWS = [review(number) for number in range(6)]


def one_a_line(rows) -> str:
    """As Scrapy and DuckDB write an array."""
    return "[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n"


@pytest.mark.parametrize(
    "content",
    [
        one_a_line(ROWS),
        "[" + ",\n".join(map(json.dumps, ROWS)) + "]",
        "[\n" + "\n,".join(map(json.dumps, ROWS)) + "\n]",
        json.dumps(ROWS),
        json.dumps(ROWS, indent=2),
        "\ufeff" + json.dumps(ROWS),
        "\n".join(json.dumps(row, indent=2) for row in ROWS),
    ],
    ids=[
        *("one-a-line", "brackets-on-lines", "commas-first", "one-line", "indented", "marked"),
        "indented-objects",
    ],
)
def test_arrays_and_indented_objects(score, dump, content):
    write(dump / "items.json", content)
    outcome = score()
    all_rated(outcome, 6)
    assert outcome.column("review_id") == list("012345")


def test_packed_arrays(score, dump):
    write(dump / "a.json.gz", json.dumps(ROWS[:3]))
    write(dump / "b.json.gz", json.dumps(ROWS[3:], indent=2))
    all_rated(score(), 6)


def test_a_large_array_on_one_line(score, dump):
    rows = [review(f"{number:05}") for number in range(20_000)]
    content = json.dumps(rows)
    assert len(content) > 1 << 20
    write(dump / "items.json", content)
    outcome = score()
    all_rated(outcome, 20_000)
    assert outcome.column("review_id")[-1] == "19999"


def test_arrays_beside_lines(score, dump):
    write(dump / "a.json", one_a_line(ROWS[:2]))
    write(dump / "b.json", "".join(json.dumps(row) + "\n" for row in ROWS[2:4]))
    write(dump / "c.json", json.dumps(ROWS[4:], indent=2))
    outcome = score()
    all_rated(outcome, 6)
    assert outcome.column("review_id") == list("012345")


def test_an_array_that_breaks_off(score, dump):
    write(dump / "items.json", one_a_line(ROWS)[:-60])
    outcome = score()
    all_rated(outcome, 5, rejected=1)
    assert set(outcome.rejected["reason"]) == {"malformed_record"}


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"reviews": ROWS}),
        json.dumps({"reviews": ROWS}, indent=2),
        json.dumps({"page": 1, "data": {"reviews": ROWS}}),
    ],
    ids=["one-line", "indented", "nested"],
)
def test_an_array_in_an_object(score, dump, content):
    write(dump / "items.json", content)
    refused(score(), "items.json", "jq", "reviews")


def test_loose_json_is_read_as_python_writes_it(score, dump):
    rows = [
        {"id": 1, "movie": "m", "text": "It's a great film", "ok": True, "helpful": [0, 0]},
        {"id": 2, "movie": None, "text": 'A "great" film – ça va', "ok": False, "price": 1.5},
    ]
    write(dump / "reviews.json", "".join(f"{row!r}\n" for row in rows))
    outcome = score("--keep", "text,ok")
    all_rated(outcome, 2)
    assert outcome.column("text") == [row["text"] for row in rows]
    assert outcome.column("movie_id") == ["m", None]
    assert [str(ok) for ok in outcome.column("ok")] == ["True", "False"]


def test_loose_json_runs_no_code(score, dump, tmp_path):
    sign = tmp_path / "was-run"
    lines = [repr(review("1")), f"{{'id': '2', 'text': open({str(sign)!r}, 'w').name}}"]
    write(dump / "reviews.json", "\n".join(lines))
    outcome = score()
    all_rated(outcome, 1, rejected=1)
    assert set(outcome.rejected["reason"]) == {"malformed_record"}
    assert not sign.exists()


def test_an_object_of_columns_is_told_of_in_a_short_line(score, dump):
    columns = {
        name: {str(n): value for n in range(2_000)}
        for name, value in (("text", GOOD), ("movie", "m"))
    }
    write(dump / "r.json", json.dumps(columns))
    outcome = score()
    refused(outcome, "r.json", "columns")
    assert len(outcome.stderr) < 600


def test_a_line_of_thousands_of_keys_is_told_of_in_a_short_line(score, dump):
    write(dump / "r.jsonl", json.dumps({f"key {n}": n for n in range(5_000)}))
    outcome = score()
    refused(outcome, "text")
    assert len(outcome.stderr) < 600


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"content": ROWS, "totalPages": 1}),
        json.dumps({"comments": ROWS}, indent=1),
        "".join(json.dumps({"page": n, "content": ROWS}) + "\n" for n in range(3)),
    ],
    ids=["page", "indented", "pages"],
)
def test_an_array_in_an_object_whose_name_is_one_of_texts(score, dump, content):
    write(dump / "items.json", content)
    refused(score(), "items.json", "jq")


def test_an_object_of_lists(score, dump):
    write(dump / "r.json", json.dumps({"id": ["1", "2"], "text": [GOOD, GOOD]}))
    refused(score(), "r.json", "columns")


@pytest.mark.parametrize("indent", [None, 1])
def test_an_array_among_many_files_of_lines(score, dump, indent):
    for number in range(40):
        write_lines(dump / f"p{number:02}.json", review(f"{number:02}"))
    array = [review(f"17{letter}") for letter in "abcd"]
    write(dump / "p17.json", json.dumps(array, indent=indent))
    all_rated(score(), 43)


def test_an_empty_array_beside_others(score, dump):
    write(dump / "a.json", json.dumps(ROWS))
    write(dump / "b.json", "[]")
    all_rated(score(), len(ROWS))


def test_an_empty_array_alone(score, dump):
    write(dump / "b.json", "[]")
    refused(score(), "b.json", "empty")
