"""The parsers by themselves: each line, record or block of bytes is a row, whatever it holds."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from movierate.errors import UserError
from movierate.reviews.encoding import check_encoding, guess_encoding
from movierate.reviews.formats import csv, jsonl, snap
from movierate.reviews.formats.csv import Dialect, guess_dialect

COMMA = Dialect(",")


def read_csv(content: bytes, dialect: Dialect = COMMA, encoding: str = "utf-8") -> list:
    return list(csv.parser(["text", "id"], dialect, encoding)("f", content.split(b"\n")))


def test_a_stray_quote_costs_its_own_line_and_no_other():
    content = b'id,text\n1,"lost\n2,fine\n3,"also ""fine"""\n4,fine\n'
    rows = read_csv(content)
    assert [row.values for row in rows] == [
        None,
        ["fine", "2"],
        ['also "fine"', "3"],
        ["fine", "4"],
    ]
    assert rows[0].reason == "malformed_record"
    assert rows[0].raw == '1,"lost\n'


def test_a_newline_in_quotes_is_text():
    (row,) = read_csv(b'id,text\r\n1,"a\r\n\r\nb"\r\n')
    assert row.values == ["a\r\n\r\nb", "1"]


def test_bytes_that_do_not_decode_are_never_mended():
    (row,) = read_csv(b"id,text\n1,caf\xe9\n")
    assert (row.values, row.reason, row.raw) == (None, "undecodable", "1,caf\ufffd\n")
    (row,) = read_csv(b"id,text\n1,caf\xe9\n", encoding="cp1252")
    assert row.values == ["café", "1"]
    (row,) = read_csv(b"id,text\n1,caf\x81\n", encoding="cp1252")  # no character of Windows-1252
    assert row.reason == "undecodable"


def test_bytes_that_do_not_decode_in_a_column_that_is_not_read_do_no_harm():
    rows = csv.parser(["text"], COMMA, "utf-8")("f", [b"id,text", b"\xff,fine"])
    assert [row.values for row in rows] == [["fine"]]


@pytest.mark.parametrize(
    ("lines", "dialect"),
    [
        (["review,sentiment", '"good, very",positive', "bad,negative"], COMMA),
        (["a;b", "1,5;x", "2,5;y"], Dialect(";")),
        (["id\treview\trating", "1\tgood, very\t3/5"], Dialect("\t")),
        (["a|b", "1|2"], Dialect("|")),
        (["id,text", r'1,"say \"no\", now"', r'2,"a \"b\""'], Dialect(",", backslash=True)),
        (["id\ttext", '1\t"Bad" film', '2\t"Good" film'], Dialect("\t", quote=False)),
        (["text", "good", "bad"], COMMA),
    ],
)
def test_the_dialect_is_guessed_from_the_first_lines(lines, dialect):
    assert guess_dialect(lines) == dialect


def test_json_values_are_what_is_written():
    line = (
        b'{"text": "a", "n": 8.50, "big": 12345678901234567890, '
        b'"x": {"y": [1, "\xc3\xa9"]}, "t": true}'
    )
    columns = ["text", "n", "big", "x.y", "t", "x.none", "none"]
    (row,) = jsonl.parser(columns, "utf-8")("f", [line])
    assert row.values[:3] == ["a", "8.50", "12345678901234567890"]
    assert json.loads(row.values[3]) == [1, "é"]
    assert row.values[4:] == ["true", None, None]


@pytest.mark.slow
def test_a_text_of_50_mb_is_a_text():
    text = "good " * 10_000_000
    (row,) = jsonl.parser(["text"], "utf-8")("f", [json.dumps({"text": text}).encode()])
    assert row.values == [text]
    (row,) = csv.parser(["text"], COMMA, "utf-8")("f", [b"id,text", f'1,"{text}"'.encode()])
    assert row.values == [text]


def test_a_key_with_a_dot_beats_the_path():
    (row,) = jsonl.parser(["a.b"], "utf-8")("f", [b'{"a.b": "this", "a": {"b": "that"}}'])
    assert row.values == ["this"]


def test_a_snap_block_with_continued_lines():
    block = b"product/productId: B1\r\nreview/text: one\r\ntwo: three"
    (row,) = snap.parser(["review/text", "product/productId"], "latin-1")("f", [block])
    assert row.values == ["one\ntwo: three", "B1"]


@given(st.binary(max_size=200))
def test_any_line_of_bytes_is_a_json_row_or_blank(line):
    rows = list(jsonl.parser(["text"], "utf-8")("f", [line]))
    assert len(rows) == (1 if line.strip() else 0)


@given(st.lists(st.sampled_from([b'"', b",", b"a", b"\n", b"\r", b"\xff", b"\0", b"1,x\n"])))
def test_any_bytes_are_csv_rows_that_hold_all_of_them(pieces):
    content = b"".join(pieces)
    text = content.decode("utf-8", "surrogateescape").split("\n")
    read = "".join(raw for _, raw in csv.records(text, COMMA))
    assert read.replace("\r", "").replace("\n", "") == "".join(text).replace("\r", "")


@pytest.mark.parametrize(
    "name", ["latin-1", "windows-1252", "KOI8-R", "shift_jis", "gb18030", "utf8"]
)
def test_charsets_that_lines_can_be_read_in(name):
    assert check_encoding(name)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("windows-1525", "did you mean windows_125"),
        ("utf-16", "iconv -f utf-16 -t UTF-8"),
        ("cp037", "can't be read line by line"),
        ("rot13", "can't be read line by line"),
        ("base64", "can't be read line by line"),
        ("", "is not a known charset"),
        ("no\0name", "is not a known charset"),
    ],
)
def test_a_charset_that_will_not_do_is_one_line(name, says):
    with pytest.raises(UserError, match=says) as error:
        check_encoding(name)
    assert "\n" not in str(error.value)


def test_the_charset_is_guessed_from_a_sample():
    assert guess_encoding("naïve".encode()) == "utf-8"
    assert guess_encoding("naïve".encode()[:-3]) == "utf-8"  # cut within a character
    assert guess_encoding("naïve “film”".encode("cp1252")) == "cp1252"
    assert guess_encoding(b"na\xefve \x81") == "iso8859-1"


def test_values_to_keep_say_what_they_are():
    line = (
        b'{"text": "a", "w": 5, "l": 1234567890123456, "r": 8.50, "b": false, "s": "5", "n": null}'
    )
    line = line[:-1] + b', "j": {"y": [1, 2.5, "\xc3\xa9"]}, "big": 12345678901234567890}'
    kept = ["w", "l", "r", "b", "s", "n", "j", "big", "none"]
    (row,) = jsonl.parser(["text"], "utf-8", kept)("f", [line])
    assert row.values == [
        *("a", "w5", "l1234567890123456", "r8.50", "bfalse", "s5", None),
        *('j{"y": [1, 2.5, "é"]}', "s12345678901234567890", None),
    ]


def read_document(text: str) -> list:
    pieces = text.encode().split(b"{")
    return list(jsonl.document_parser(["text", "n"], "utf-8")("f", pieces))


@pytest.mark.parametrize("indent", [None, 0, 2, "\t"])
@pytest.mark.parametrize("text", ["plain", 'a "{" b', "}}{{", "\\", '\\"}', "a\nb", "[,]", "é😀"])
def test_an_array_is_read_however_it_is_laid_out(indent, text):
    records = [{"text": text, "n": 1, "x": {"y": [{}, {"z": text}]}}, {"n": 2, "text": text}]
    for content in (
        json.dumps(records, indent=indent),
        "\n".join(json.dumps(record, indent=indent) for record in records),
        "[\n" + ",\n".join(json.dumps(record) for record in records) + "\n]\n",
        "[" + "\n,".join(json.dumps(record) for record in records) + "]",
    ):
        assert [row.values for row in read_document(content)] == [[text, "1"], [text, "2"]]


def test_an_object_that_is_never_closed_costs_its_own_line():
    sound = '{"text": "a", "n": 1},\n'
    rows = read_document(f'[\n{sound}{{"text": "lost, "n": 1\n{sound}{sound[:-2]}\n]')
    assert [row.values for row in rows] == [["a", "1"], None, ["a", "1"], ["a", "1"]]
    assert rows[1].reason == "malformed_record"
    rows = read_document(f"[\n{sound}" + '{"text": "cut o')
    assert [row.values for row in rows] == [["a", "1"], None]


@given(st.text(st.sampled_from('{}[]",:\\\n a1'), max_size=60))
def test_nothing_but_punctuation_of_a_document_is_dropped(text):
    for row in read_document(text):
        assert row.values is not None or row.raw.strip()
    read = "".join(jsonl.split_objects(text.split("{")))
    for character in set(text) - set(" \n[],"):
        assert read.count(character) == text.count(character)


@pytest.mark.parametrize(
    "content",
    [
        "id, text\n1, good\n2, bad\n",
        "id,text,\n1,good,\n2,bad,\n",
        "id,text\n1,good,\n2,bad,,\n",
        "text,ID\ngood,1\nbad,2\n",
        "id,text\n1,good\nid,text\n2,bad\n",
        "id,text\n1,good\ntext,id\nbad,2\n",
        "id;text\n1;good\n2;bad\n",
        "id|x|text\n1|x|good\n2|x|bad\n",
        'id, text\n1, "good"\n2, "bad"\n',
    ],
)
def test_csv_files_of_one_dump_may_be_written_otherwise(content):
    lines = content.encode().split(b"\n")
    dialect = guess_dialect(content.split("\n")) if ", " in content else COMMA
    rows = csv.parser(["text", "id"], dialect, "utf-8")("f", lines)
    assert [row.values for row in rows] == [["good", "1"], ["bad", "2"]]


@pytest.mark.parametrize("written", ["nan", "NaN", "None", "null", "NULL", r"\N", "<NA>"])
def test_what_stands_for_no_value_in_csv_is_null(written):
    assert [row.values for row in read_csv(f"id,text\n1,{written}\n".encode())] == [[None, "1"]]
    (row,) = read_csv(b"id,text\n1,nano\n")
    assert row.values == ["nano", "1"]


def test_a_quote_that_another_one_closes_far_below_costs_its_own_line():
    lines = [f"{n},fine" for n in range(20)]
    content = "\n".join(["id,text", '7,"stray', *lines, '8,stray"', "9,good", ""])
    rows = read_csv(content.encode())
    assert [row.reason for row in rows[:1]] == ["malformed_record"]
    assert [row.values for row in rows[1:21]] == [["fine", str(n)] for n in range(20)]
    assert rows[-1].values == ["good", "9"]


def test_a_long_text_in_quotes_is_one_text():
    text = "\n".join(f"line {n}, and more, and more" for n in range(20))
    (row,) = read_csv(f'id,text\n1,"{text}"\n'.encode())
    assert row.values == [text, "1"]


@pytest.mark.parametrize("again", ["\ufefftext,id", "Text,ID", "id,text", " text , id "])
def test_a_header_that_comes_again_is_no_record(again):
    rows = read_csv(
        f"\ufefftext,id\na,1\n{again}\n1,b\n".replace("id,text\n1,b", "id,text\n2,b").encode()
    )
    assert len(rows) == 2


def test_backslashes_escape_quotes_and_themselves_alone():
    dialect = Dialect(",", backslash=True)
    content = rb"id,text" + b"\n" + rb'1,"say \"no\"\n C:\\new \t"' + b"\n" + rb"2,\N" + b"\n"
    rows = read_csv(content, dialect)
    assert [row.values for row in rows] == [[r'say "no"\n C:\new \t', "1"], [None, "2"]]


@pytest.mark.parametrize("line_end", [b"\n", b"\r"])
@pytest.mark.parametrize("own", [b"\n", b"\r\n", b"\r"])
def test_a_file_may_have_line_ends_of_its_own(line_end, own):
    content = own.join([b"id,text", b"1,one", b"2,two", b""])
    parse = csv.parser(["text", "id"], COMMA, "utf-8", None, line_end)
    rows = list(parse("f", content.split(line_end)))
    assert [row.values[0].strip("\r") for row in rows] == ["one", "two"]


def test_excels_hint_at_the_separator_is_no_header():
    rows = read_csv(b"sep=;\nid;text\n1;one\n")
    assert [row.values for row in rows] == [["one", "1"]]


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_an_array_among_files_of_lines(indent, line_end):
    text = json.dumps([{"text": f"a {{b}} {n}", "n": n} for n in range(3)], indent=indent)
    lines = text.replace("\n", line_end).encode().split(b"\n")
    rows = list(jsonl.parser(["text", "n"], "utf-8")("f", lines))
    assert [row.values for row in rows] == [[f"a {{b}} {n}", str(n)] for n in range(3)]


def test_a_line_may_be_an_array():
    lines = [b'{"text": "a"}', b'[{"text": "b"}, {"text": "c"}]', b"[]", b"[1]"]
    rows = list(jsonl.parser(["text"], "utf-8")("f", lines))
    assert [row.values for row in rows] == [["a"], ["b"], ["c"], None]


def test_numbers_of_json_are_kept_as_written():
    line = (
        b'{"text": "a", "i": Infinity, "n": NaN, "o": {"p": 19.90, "n": 123456789012345678901.5}}'
    )
    (row,) = jsonl.parser(["text"], "utf-8", ["i", "n", "o"])("f", [line])
    assert row.values[1:] == ["sInfinity", None, 'j{"p": 19.90, "n": 123456789012345678901.5}']


def test_an_object_that_is_nested_too_deeply_costs_itself_alone():
    deep = b'{"text": "a", "x": ' + b"[" * 900 + b"]" * 900 + b"}"
    rows = list(jsonl.parser(["text"], "utf-8", ["x"])("f", [deep, b'{"text": "b"}']))
    assert [row.reason for row in rows] in ([None, None], ["malformed_record", None])
    assert rows[-1].values == ["b", None]


def test_an_object_has_the_first_of_the_names_that_it_has():
    names = ("movie_id", "movie", "title")
    lines = [b'{"text": "a", "Movie": "m", "title": "t"}', b'{"text": "b", "title": "t"}']
    lines += [b'{"text": "c", "movie_id": null, "title": "t"}', b'{"text": "d"}']
    rows = list(jsonl.parser([("text",), names], "utf-8")("f", lines))
    assert [row.values[1] for row in rows] == ["m", "t", None, None]
