"""Broken input of many kinds, each a file, with what is to become of its rows.

An outcome counts rows: how many are rated, and how many are rejected for which reason.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
from collections import Counter
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

GOOD = "A great film, and the plot is good."


@dataclass(frozen=True)
class Broken:
    name: str
    content: bytes
    outcome: Counter[str]


def case(name: str, content: bytes | str, **outcome: int) -> Broken:
    data = content.encode() if isinstance(content, str) else content
    return Broken(name, data, Counter(outcome))


def line(text: object = GOOD, **others: object) -> str:
    return json.dumps({"id": "1", "movie": "m", "rating": 8, "text": text} | others) + "\n"


def half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def parquet(*texts: object, **columns: object) -> bytes:
    sink = io.BytesIO()
    frame = pd.DataFrame({"movie_id": "m", "text": list(texts), "rating": 8, **columns})
    frame.to_parquet(sink)
    return sink.getvalue()


def parquet_of(text: pa.Array) -> bytes:
    sink = io.BytesIO()
    import pyarrow.parquet as pq

    movie = pa.array(["m"] * len(text))
    rating = pa.array([8] * len(text), pa.int64())
    pq.write_table(pa.table({"movie_id": movie, "text": text, "rating": rating}), sink)
    return sink.getvalue()


def broken_page(data: bytes) -> bytes:
    """A Parquet file whose footer is sound and whose first page is not."""
    return data[:4] + b"\xff" * 60 + data[64:]


SOUND = line()

JSONL = [
    case("00-sound.jsonl", SOUND, rated=1),
    case("blank-lines.jsonl", f"\n  \n{SOUND}\n\n{SOUND}\r\n\r\n", rated=2),
    case("bom.jsonl", b"\xef\xbb\xbf" + SOUND.encode(), rated=1),
    case("crlf.jsonl", SOUND.replace("\n", "\r\n") * 2, rated=2),
    case("no-last-newline.jsonl", SOUND.strip(), rated=1),
    case("cut-off.jsonl", SOUND + SOUND[:40], rated=1, malformed_record=1),
    case("not-json.jsonl", "hello\n" + SOUND, rated=1, malformed_record=1),
    case("array.jsonl", f"[1, 2]\n[{SOUND.strip()}]\n", rated=1, malformed_record=1),
    case("scalar.jsonl", '"text"\n12\nnull\ntrue\n', malformed_record=4),
    case("two-on-a-line.jsonl", SOUND.strip() * 2 + "\n", malformed_record=1),
    case("single-quotes.jsonl", "{'text': 'A good film'}\n", rated=1),
    case("trailing-comma.jsonl", '{"text": "A good film",}\n', rated=1),
    case("literal.jsonl", "{'text': u'It\\'s \"good\"', 'votes': [1, 2], 'ok': True}\n", rated=1),
    case("code.jsonl", "{'text': __import__('os').getcwd()}\n", malformed_record=1),
    case("comma-behind.jsonl", SOUND.replace("\n", ",\n") * 2, rated=2),
    case("empty-object.jsonl", "{}\n", empty_text=1),
    case("null-text.jsonl", line(None), empty_text=1),
    case("blank-text.jsonl", line("") + line(" \n\t "), empty_text=2),
    case("no-text.jsonl", '{"id": 3, "body_": "A good film"}\n', empty_text=1),
    case("number-text.jsonl", line(5), rated=1),
    case("emoji.jsonl", line("🎬🎬"), no_known_words=1),
    case("unknown-words.jsonl", line("qzxqzx wvvwvw"), no_known_words=1),
    case("lone-surrogate.jsonl", line(GOOD + "\ud800"), undecodable=1),
    case("surrogate-pair.jsonl", line(GOOD + "😀"), rated=1),
    case("surrogate-elsewhere.jsonl", line(note="\ud800"), rated=1),
    case("nul-escaped.jsonl", line(GOOD + "\0" + GOOD), rated=1),
    case("nul-bytes.jsonl", SOUND.replace("film", "fi\0lm"), rated=1),
    case("nul-lines.jsonl", b"\0\0\0\0\n" + SOUND.encode(), rated=1, malformed_record=1),
    case("control.jsonl", SOUND.replace("film", "fi\x07\tlm"), rated=1),
    case("latin-1.jsonl", '{"text": "A good café film"}\n'.encode("latin-1"), undecodable=1),
    case("binary.jsonl", bytes(range(128, 256)) + b"\n" + SOUND.encode(), rated=1, undecodable=1),
    case("overlong.jsonl", b'{"text": "A good \xc0\x80 film"}\n', undecodable=1),
    case("nan.jsonl", SOUND.replace("8", "NaN"), rated=1),
    case("huge-number.jsonl", SOUND.replace("8", "9" * 5_000), rated=1),
    case("deep.jsonl", "[" * 100_000 + "\n" + SOUND, rated=1, malformed_record=1),
    case("duplicate-keys.jsonl", SOUND.replace('"id"', '"text": "", "id"'), rated=1),
    case("duplicate-ids.jsonl", SOUND * 3, rated=3),
    case("object-text.jsonl", line({"en": GOOD}) + line([GOOD]), malformed_record=2),
    case("path-in-name;'--.jsonl", SOUND, rated=1),
    case("a b%20c.jsonl", SOUND, rated=1),
    #    case("50-mb.jsonl", line("word " * 10_000_000), rated=1),
    case("empty.jsonl", b""),
    case("only-newlines.jsonl", b"\n\n\n"),
    case("sound.jsonl.gz", gzip.compress(SOUND.encode()), rated=1),
    case("two-members.jsonl.gz", gzip.compress(SOUND.encode()) * 2, rated=2),
    case("not-gzip.jsonl.gz", SOUND, malformed_record=1),
    case("header-only.jsonl.gz", gzip.compress(SOUND.encode())[:10], malformed_record=1),
    case("sound.jsonl.bz2", bz2.compress(SOUND.encode()), rated=1),
    case("not-bzip2.jsonl.bz2", SOUND, malformed_record=1),
    case("cut-off.jsonl.bz2", bz2.compress(SOUND.encode())[:-12], malformed_record=1),
    case("not-zstd.jsonl.zst", SOUND, malformed_record=1),
]

HEADER = "id,movie,rating,text\n"
RECORD = '1,m,8,"A great film, and the plot is good."\n'

CSV = [
    case("00-sound.csv", HEADER + RECORD * 5, rated=5),
    case("newlines.csv", HEADER + '1,m,8,"A good\nfilm\r\n\r\nindeed"\n' + RECORD, rated=2),
    case("doubled.csv", HEADER + '1,m,8,"A ""good"" film"\n', rated=1),
    case("only-quotes.csv", HEADER + '1,m,8,""""\n', no_known_words=1),
    case("crlf.csv", (HEADER + RECORD * 2).replace("\n", "\r\n"), rated=2),
    case("bom.csv", b"\xef\xbb\xbf" + (HEADER + RECORD).encode(), rated=1),
    case("other-order.csv", f"text,year,id\n{GOOD.replace(',', '')},1999,1\n", rated=1),
    case("quoted-header.csv", '"id","movie","rating","text"\n' + RECORD, rated=1),
    case("blank-lines.csv", f"{HEADER}\n{RECORD}\n\n{RECORD}\n", rated=2),
    case("ragged-short.csv", HEADER + "1,m\n" + RECORD, rated=1, malformed_record=1),
    case("ragged-long.csv", HEADER + "1,m,8,good,film\n" + RECORD, rated=1, malformed_record=1),
    case("stray.csv", HEADER + '1,m,8,"A good\n' + RECORD * 3, rated=3, malformed_record=1),
    case(
        "stray-and-no-more-quotes.csv",
        HEADER + '1,m,8,"A good\n' + "2,m,8,A good film\n" * 4,
        rated=4,
        malformed_record=1,
    ),
    case("inner.csv", HEADER + '1,m,8,"A "good" film"\n' + RECORD, rated=1, malformed_record=1),
    case("quote-later.csv", HEADER + '1,m,8,A "good" film\n', rated=1),
    case("cut-off.csv", HEADER + RECORD + RECORD[:15], rated=1, malformed_record=1),
    case("no-header.csv", RECORD * 2, malformed_record=2),
    case("other-header.csv", "a,b\nc,d\n", malformed_record=2),
    case("header-only.csv", HEADER),
    case("null-text.csv", HEADER + "1,m,8,\n", empty_text=1),
    case("blank-text.csv", HEADER + '1,m,8,"  \n "\n', empty_text=1),
    case("no-text-column.csv", "id,movie\n1,m\n", empty_text=1),
    case("nul.csv", HEADER + "1,m,8,A good \0 film\n", rated=1),
    case("latin-1.csv", (HEADER + "1,m,8,A good café\n").encode("latin-1"), undecodable=1),
    case("binary.csv", HEADER.encode() + b"\xff\xfe\x80,\xc3\n", undecodable=1),
    case("lone-cr.csv", HEADER + "1,m,8,A good\rfilm\n" + RECORD, rated=1, malformed_record=1),
    case("formula.csv", HEADER + "1,m,8,=cmd() good film\n", rated=1),
    case("sql.csv", HEADER + "1,'; DROP TABLE ratings,8,good film\n", rated=1),
    case("5-mb.csv", HEADER + '1,m,8,"' + "good " * 1_000_000 + '"\n', rated=1),
    case(
        "truncated-quote.csv.gz", gzip.compress((HEADER + '1,m,8,"x').encode()), malformed_record=1
    ),
    case("not-gzip.csv.gz", HEADER + RECORD, malformed_record=1),
]

BLOCK = f"product/productId: B1\nreview/score: 4.0\nreview/text: {GOOD}\n\n"

SNAP = [
    case("00-sound.txt", BLOCK * 2, rated=2),
    case("latin-1.txt", BLOCK.replace("film", "café").encode("latin-1"), rated=1),
    case("nul.txt", BLOCK.replace("film", "\0"), rated=1),
    case(
        "no-text.txt", "product/productId: B1\nreview/score: 4.0\n\n" + BLOCK, rated=1, empty_text=1
    ),
    case("blank-text.txt", "product/productId: B1\nreview/text: \n\n", empty_text=1),
    case("three-newlines.txt", f"\n{BLOCK}\n\n\n{BLOCK}", rated=2),
    case("continued.txt", BLOCK.strip() + "\nand more of it\n\n", rated=1),
    case("no-blank-line.txt", BLOCK.replace("\n\n", "\n") * 2, malformed_record=1),
    case("garbage.txt", "hello\n\n" + BLOCK, rated=1, malformed_record=1),
    case("cut-off.txt", BLOCK + "product/prod", rated=1, malformed_record=1),
    case("not-gzip.txt.gz", BLOCK, malformed_record=1),
]

PARQUET = [
    case("00-sound.parquet", parquet(GOOD, GOOD), rated=2),
    case("nulls.parquet", parquet(GOOD, None, "", " \n"), rated=1, empty_text=3),
    case("no-footer.parquet", parquet(GOOD)[:-20], malformed_record=1),
    case("cut-off.parquet", half(parquet(GOOD)), malformed_record=1),
    case("not-parquet.parquet", b"hello, this is no Parquet file", malformed_record=1),
    case("bad-page.parquet", broken_page(parquet(GOOD)), malformed_record=1),
    case("other-type.parquet", parquet(1, 2), rated=2),
    case("no-text-column.parquet", pd.DataFrame({"movie_id": ["m"]}).to_parquet(), empty_text=1),
    case("extra-column.parquet", parquet(GOOD, year=1999), rated=1),
    case("nul.parquet", parquet(f"{GOOD}\0{GOOD}"), rated=1),
    case("no-rows.parquet", parquet_of(pa.array([], pa.string()))),
    case(
        "not-utf-8.parquet",
        parquet_of(pa.array([GOOD.encode(), b"A good caf\xe9"], pa.binary()).view(pa.string())),
        rated=1,
        undecodable=1,
    ),
]

TREE = [
    case("train/pos/0_8.txt", GOOD, rated=1),
    case("train/pos/1_10.txt", b"A good caf\xe9", undecodable=1),
    case("train/pos/2_9.txt", " \n", empty_text=1),
    case("train/pos/99_7.txt", GOOD, rated=1),  # no such line in urls_pos.txt
    case("train/unsup/0_0.txt", GOOD, rated=1),
    case("train/urls_pos.txt", "http://www.imdb.com/title/tt0000001/usercomments\nno film\n"),
    case("train/urls_unsup.txt", b"\xff\n"),
    case("README", GOOD),
]

CORPUS = {"jsonl": JSONL, "csv": CSV, "snap": SNAP, "parquet": PARQUET, "aclimdb": TREE}
