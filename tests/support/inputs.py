"""What the inputs are written with."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import fastavro
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

GOOD = "A wonderful film and a moving one."
BAD = "A dull and awful mess. I want my money back."
TEXTS = [GOOD, BAD]

Row = dict[str, Any]


def review(id: object, **others: object) -> Row:
    """A row of JSON Lines."""
    return {"id": id, "movie": "m", "text": GOOD, **others}


def write(path: Path, content: str | bytes) -> Path:
    """Write a file, and the directories that it lies in; packed if its name ends in .gz."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode() if isinstance(content, str) else content
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def write_lines(path: Path, *rows: Row) -> Path:
    """JSON Lines."""
    return write(path, "".join(json.dumps(row) + "\n" for row in rows))


def write_parquet(path: Path, **columns: object) -> Path:
    """Parquet, with columns of the types that pyarrow gives these values."""
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return write(path, sink.getvalue())


def write_avro(path: Path, rows: Sequence[Row], codec: str = "null", **types: object) -> Path:
    """Avro, with fields of these types."""
    fields = [{"name": name, "type": type} for name, type in types.items()]
    schema = {"type": "record", "name": "review", "fields": fields}
    sink = io.BytesIO()
    fastavro.writer(sink, fastavro.parse_schema(schema), rows, codec=codec)
    return write(path, sink.getvalue())


def write_rows(path: Path, *rows: Row) -> Path:
    """Rows of one schema in the format that the name tells: .jsonl, .csv or .parquet."""
    if path.suffix == ".jsonl":
        return write_lines(path, *rows)
    if path.suffix == ".csv":
        return write(path, pd.DataFrame(rows).to_csv(index=False))
    names = dict.fromkeys(name for row in rows for name in row)
    return write_parquet(path, **{name: [row.get(name) for row in rows] for name in names})


def cut_off(path: Path) -> Path:
    """Keep the first half of a file."""
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    return path


def zipped(name: str, content: str) -> bytes:
    """A ZIP archive of one file."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return sink.getvalue()


def tarred(name: str, content: str) -> bytes:
    """A .tar.gz archive of one file."""
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w:gz") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content.encode())
        archive.addfile(member, io.BytesIO(content.encode()))
    return sink.getvalue()
