"""Random rows, random damage: no run fails, and every row is accounted for."""

from __future__ import annotations

import datetime
import gzip
import json
import random
import shutil
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from movierate.config.jobs import DumpConfig, ScoreConfig
from movierate.reviews.dataset import collect, read_reviews
from movierate.scoring.job import score

DAY = datetime.date(2026, 1, 31)
NAMES = {"jsonl": "jsonl", "jsonl.gz": "jsonl", "csv": "csv", "snap": "txt", "parquet": "parquet"}


def write(format: str, texts: list[str], path: Path) -> None:
    rows = pd.DataFrame({"movie_id": "m", "rating": 8, "text": texts})
    if format == "parquet":
        rows.to_parquet(path)
    elif format == "csv":
        # Python's own module of Python 3.10 can't write a null character.
        pyarrow.csv.write_csv(pa.Table.from_pandas(rows), path)
    elif format == "snap":
        blocks = (f"product/productId: m\nreview/score: 4\nreview/text: {t}\n\n" for t in texts)
        path.write_text("".join(blocks), encoding="latin-1", errors="replace")
    else:
        lines = "".join(json.dumps(row) + "\n" for row in rows.to_dict("records")).encode()
        path.write_bytes(gzip.compress(lines) if format.endswith("gz") else lines)


def damage(content: bytes, kind: str, dice: random.Random) -> bytes:
    """Sound, cut off, or with bytes changed, put in or taken out here and there."""
    if kind == "cut":
        return content[: dice.randrange(1, len(content))]
    if kind == "sound":
        return content
    changed = bytearray(content)
    for _ in range(dice.randrange(1, 8)):
        at = dice.randrange(len(changed))
        new = dice.choice([b"", b'"', b"\n", b"\0", b"\xff", b"{", b",", b"\r", b"\\"])
        changed[at : at + dice.randrange(2)] = new
    return bytes(changed)


kinds = st.sampled_from(["sound", "cut", "bytes"])
texts = st.lists(st.text(st.characters(codec="utf-8"), max_size=30), min_size=1, max_size=8)
files = st.lists(st.tuples(texts, kinds, st.randoms()), min_size=6, max_size=10)


@pytest.mark.parametrize("format", list(NAMES))
@settings(
    max_examples=3,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.reuse, Phase.generate],  # an example takes seconds: it is not made smaller
)
@given(files=files)
def test_every_row_of_a_damaged_dump_has_a_text_or_a_reason(spark, tmp_path, format, files):
    folder = tmp_path / "in"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    write(format, ["A good film", "A bad film"], folder / f"00.{format}")  # tells the columns
    least = 0
    for number, (rows, kind, dice) in enumerate(files):
        path = folder / f"{number + 1:02}.{format}"
        write(format, rows, path)
        path.write_bytes(damage(path.read_bytes(), kind, dice))
        least += len(rows) if kind == "sound" and format not in ("snap",) else 0
        if format == "jsonl":
            lines = path.read_bytes().replace(b"\r", b"\n").split(b"\n")
            least += 0 if kind == "sound" else sum(bool(line.strip()) for line in lines[:-1])

    config = DumpConfig()
    dump = read_reviews(spark, [str(folder)], config)
    frame = collect(dump, config, "source", "reason", "text", "raw")
    assert len(frame) >= least + 2
    assert frame["source"].notna().all()
    unread = frame[frame["reason"].notna()]
    assert unread["text"].isna().all()
    assert unread["raw"].notna().all()
    assert set(unread["reason"]) <= {"malformed_record", "undecodable"}


@pytest.mark.parametrize("format", ["jsonl", "csv"])
def test_ten_thousand_lines_of_random_bytes(spark, tmp_path, format):
    dice = random.Random(3)
    noise = [dice.randbytes(dice.randrange(1, 60)).replace(b"\n", b"?") for _ in range(10_000)]
    noise = [line for line in noise if line.strip(b" \t\r\x0b\x0c")]
    (tmp_path / "in").mkdir()
    write(format, ["A good film"] * 60, tmp_path / "in" / f"00.{format}")
    first = b"movie_id,rating,text\n" if format == "csv" else b""
    (tmp_path / "in" / f"noise.{format}").write_bytes(first + b"".join(n + b"\n" for n in noise))
    config = ScoreConfig(date=DAY)
    record = score(spark, [str(tmp_path / "in")], str(tmp_path / "out"), config).record
    assert record.rows["read"] == record.rows["rated"] + record.rows["rejected"]
    (account,) = (a for source, a in record.files.items() if "noise" in source)
    if format == "jsonl":  # in CSV, quotes may join lines
        assert account["read"] >= len(noise)
    assert account["read"] > 9_000
    assert account["rated"] < 100
