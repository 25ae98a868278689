"""Random directories of reviews, as dumps come: each review has an id of its own in its text.

A layout nests, has Hive partitions, names with any character, empty files, hidden ones, symbolic
links, and files of several schemas. `check_layout` reads it and compares the ids.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import orc
from pyspark.sql import SparkSession

from movierate.config.jobs import DumpConfig, ScoreConfig
from movierate.errors import UserError
from movierate.reviews.dataset import collect, read_reviews
from movierate.scoring.job import score

Dice = random.Random
Writer = Callable[[Path, Sequence[str], Dice], None]

NAMES = (
    *("a", "reviews", "part-00000", "a b", " lead", "trail ", "100%", "a%20b", "%zz", "a+b"),
    *("it's", '"quoted"', "a,b", "[1]", "a[b", "{a,b}", "back\\slash", "star*", "what?", "^a"),
    *("!a", "#1", "semi;colon", "a&b", "a|b", "<a>", "`a`", "$HOME", "~", "a@b", "-dash"),
    *("--input", "dot.dot", "tab\t", "Amélie", "e\u0301", "電影", "🎬", "n" * 150),
)
"""Names, less a suffix."""

RISKY_NAMES = ("a:b", "new\nline", "latin-1 \udce9")
"""Names that Hadoop or Java can't express, or that mean something to them: may be refused."""

PARTITIONS = {
    "year": ("2019", "2020", "021"),
    "movie": ("0005", "A%20B", "Am%C3%A9lie", "__HIVE_DEFAULT_PARTITION__"),
    "lang": ("en", "pt-BR", "中"),
}

ENDINGS = ("", ", really", ' and "quoted"', "\nin two lines", " – ça va 🎬", "\twith a tab", "'s")
"""What a text ends with."""

_ID = re.compile(r"id(\d+)\b")
_DIGEST = re.compile(r"[0-9a-f]{32}")


@dataclass
class Layout:
    """A dump on the disk."""

    format: str
    root: Path
    paths: list[str] = field(default_factory=list)
    """What to give as the input."""
    files: dict[Path, list[str]] = field(default_factory=dict)
    """The ids in each file that is to be read and holds reviews."""
    others: int = 0
    """Further files that may be counted: they hold no reviews."""

    @property
    def ids(self) -> list[str]:
        """Of all reviews."""
        return [id for ids in self.files.values() for id in ids]

    def may_be_refused(self, in_locale_c: bool) -> bool:
        """Whether a name, or the locale, is a good cause to refuse it."""
        names = [str(path.relative_to(self.root)) for path in self.root.rglob("*")]
        return any(
            any(risky in name for risky in RISKY_NAMES) or (in_locale_c and not name.isascii())
            for name in names
        )


@dataclass(frozen=True)
class Result:
    """What became of a layout."""

    refused: str | None = None
    """Why, if it was."""
    faults: tuple[str, ...] = ()
    lost: int = 0
    """Reviews."""
    doubled: int = 0


def make_layout(format: str, root: Path, seed: object) -> Layout:
    """Write a random layout below a directory that is there and empty."""
    dice = Dice(f"{format} {seed}")
    layout = Layout(format, root)
    folders = _folders(root, dice, hive=format != "aclimdb")
    if format == "aclimdb":
        _write_tree(layout, folders, dice)
    else:
        _write_files(layout, folders, dice)
    if dice.random() < 0.3:
        _link(layout, dice)
    layout.paths = _ways_to_give(layout, dice)
    return layout


def check_layout(spark: SparkSession, layout: Layout) -> Result:
    """Read a layout; each review must be there once, from its own file, or all is refused."""
    config = DumpConfig()
    try:
        dump = read_reviews(spark, layout.paths, config)
        rows = collect(dump, config, "text", "source", "review_id", "reason", "raw")
    except UserError as error:
        return Result(refused=str(error), faults=_not_one_line(str(error)))
    except Exception as error:  # a user would read: a bug?
        return Result(faults=(f"{type(error).__name__}: {' '.join(str(error).split())[:300]}",))
    found = rows["text"].str.extract(_ID)[0]
    faults = []
    if layout.format != "aclimdb":  # there it is the file's name
        pairs = zip(found, rows["review_id"], strict=True)
        changed = [pair for pair in pairs if isinstance(pair[0], str) and not _is_id(*pair)]
        faults += [f"ids changed: {changed[:3]}"] if changed else []
    by_source = rows.assign(id=found).dropna(subset="id").groupby("source")["id"].apply(sorted)
    if sorted(by_source) != sorted(sorted(ids) for ids in layout.files.values()):
        faults.append("the sources do not tell the files apart")
    listed = {file.path.removeprefix("file:") for file in dump.inputs.files}
    missing = {str(path) for path in layout.files} - listed
    if missing or len(listed) > len(layout.files) + layout.others:
        faults.append(f"{len(listed)} files found, not {len(layout.files)}; missing: {missing}")
    expected, read = Counter(layout.ids), Counter(found.dropna())
    lost, doubled = (expected - read).total(), (read - expected).total()
    if lost:
        told = rows["raw"].dropna().str[:100].tolist()
        faults.append(f"{lost} reviews lost; rejected: {told}")
    if doubled:
        faults.append(f"{doubled} reviews read twice or from hidden files")
    return Result(faults=tuple(faults), lost=lost, doubled=doubled)


def check_score(spark: SparkSession, layout: Layout, output: Path, day: Any) -> Result:
    """Score a layout: as many ratings from as many files as it has."""
    try:
        record = score(spark, layout.paths, str(output), ScoreConfig(date=day)).record
    except UserError as error:
        return Result(refused=str(error), faults=_not_one_line(str(error)))
    except Exception as error:
        return Result(faults=(f"{type(error).__name__}: {' '.join(str(error).split())[:300]}",))
    rows = record.rows
    sources = sum(account["rated"] > 0 for account in record.files.values())
    faults = []
    if rows["rated"] != len(layout.ids) or rows["read"] != rows["rated"] + rows["rejected"]:
        faults.append(f"score: {len(layout.ids)} reviews became {rows}")
    if sources != len(layout.files):
        faults.append(f"score: {len(layout.files)} files became {sources}")
    missing = len(layout.ids) - rows["rated"]
    return Result(faults=tuple(faults), lost=max(missing, 0), doubled=max(-missing, 0))


def _is_id(id: str, given: str | None) -> bool:
    """Whether an id is unchanged written, or a digest where none was."""
    return given is not None and (given in (id, f"id{id}") or bool(_DIGEST.fullmatch(given)))


def _not_one_line(message: str) -> tuple[str, ...]:
    is_clear = "\n" not in message.strip() and len(message) < 1_000
    return () if is_clear else (f"the error is not one short line: {message[:300]!r}",)


def _name(dice: Dice) -> str:
    return dice.choice(RISKY_NAMES if dice.random() < 0.03 else NAMES)


def _folders(root: Path, dice: Dice, hive: bool) -> list[Path]:
    """Directories to lay files in: the root alone, nested ones, partitions, or all of these."""
    kinds = dice.choice(["flat", "nested", "hive", "hive and flat", "hive and nested"])
    folders = [root] if "flat" in kinds or not hive else []
    if "nested" in kinds or (not hive and kinds != "flat"):
        for _ in range(dice.randint(1, 3)):
            parent = dice.choice([root, *folders])
            folders.append(parent / _name(dice))
    if "hive" in kinds and hive:
        keys = dice.sample(sorted(PARTITIONS), dice.randint(1, 2))
        base = root / _name(dice) if dice.random() < 0.2 else root
        for _ in range(dice.randint(1, 3)):
            parts = [f"{key}={dice.choice(PARTITIONS[key])}" for key in keys]
            folders.append(base.joinpath(*parts))
    return list(dict.fromkeys(folders))


def _ways_to_give(layout: Layout, dice: Dice) -> list[str]:
    """The directory; or what lies in it, by name; or some of it twice."""
    root = str(layout.root)
    there = sorted(layout.root.iterdir())
    entries = [path for path in there if any(path in (f, *f.parents) for f in layout.files)]
    kind = dice.choice(["directory"] * 6 + ["slash", "entries", "pattern", "twice"])
    if kind == "slash":
        return [f"{root}/"]
    if kind == "entries":
        dice.shuffle(entries)
        return [str(path) for path in entries]
    if kind == "pattern" and entries == there:
        return [f"{root}/*"]
    if kind == "twice" and layout.format != "aclimdb":
        return [root, str(dice.choice(sorted(layout.files)))]
    return [root]


def _write_files(layout: Layout, folders: Sequence[Path], dice: Dice) -> None:
    """Files of one format, the first of them with reviews; others empty, hidden, or no dump."""
    write, suffixes = WRITERS[layout.format]
    separator = dice.choice(",;|") if layout.format == "csv" else "\t"
    numbers = iter(range(1_000_000))

    def write_file(path: Path, count: int) -> list[str]:
        path.parent.mkdir(parents=True, exist_ok=True)
        ids = [str(next(numbers)) for _ in range(count)]
        if layout.format in ("csv", "tsv"):
            write_table(path, ids, dice, separator)
        else:
            write(path, ids, dice)
        return ids

    def new_path(prefix: str = "") -> Path:
        place = len(layout.files) + layout.others
        packed = ".gz" if layout.format not in ("parquet", "orc") and dice.random() < 0.2 else ""
        name = f"{prefix}{_name(dice)}{place}{dice.choice(suffixes)}{packed}"
        return dice.choice(folders) / name

    for _ in range(dice.randint(1, 6)):
        path = new_path()
        layout.files[path] = write_file(path, dice.randint(1, 5))
    while dice.random() < 0.4:
        path = new_path()
        write_file(path, 0)
        if dice.random() < 0.5:
            path.write_bytes(b"")
        layout.others += 1
    while dice.random() < 0.3:
        path = new_path(dice.choice("_."))
        if dice.random() < 0.5:
            path = path.parent / dice.choice(["_temporary", ".hidden"]) / path.name.lstrip("_.")
        write_file(path, 2)
    if dice.random() < 0.15:
        (layout.root / "README.md").write_text("# About these reviews\n")
        layout.others += 1
    if dice.random() < 0.15:
        (layout.root / "_SUCCESS").write_text("")


def _write_tree(layout: Layout, folders: Sequence[Path], dice: Dice) -> None:
    """A tree of one file a review."""
    named = dice.random() < 0.7
    for number in range(dice.randint(1, 12)):
        folder = dice.choice(folders) / dice.choice(["", "train", "test"])
        stars = dice.choice([1, 4, 7, 10])
        label = dice.choice(["pos", "neg", "unsup"] if named else ["pos", "neg"])
        name = f"{number}_{stars}" if named else f"{_name(dice)}{number}"
        path = folder / label / f"{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_text(str(number), dice), "utf-8")
        layout.files[path] = [str(number)]
        if dice.random() < 0.1:
            films = folder / f"urls_{label}.txt"
            layout.others += not films.exists()
            films.write_text("http://www.imdb.com/title/tt0000001/usercomments\n" * 12)
    if dice.random() < 0.2:
        (layout.root / "README").write_text("Large Movie Review Dataset\n")
        layout.others += 1


def _link(layout: Layout, dice: Dice) -> None:
    """Symbolic links: further names of a file or a directory, or a file that lies elsewhere."""
    path = dice.choice(sorted(layout.files))
    kind = dice.choice(["file", "directory", "elsewhere"])
    if kind == "file":
        (path.parent / f"link {path.name}").symlink_to(path)
    elif kind == "directory" and path.parent != layout.root:
        (layout.root / "latest").symlink_to(path.parent, target_is_directory=True)
    elif kind == "elsewhere":
        elsewhere = layout.root.parent / "elsewhere"
        path.rename(elsewhere)
        path.symlink_to(elsewhere)


def _text(id: str, dice: Dice) -> str:
    return f"A great film id{id}{dice.choice(ENDINGS)}"


def _save(path: Path, data: bytes) -> None:
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


def write_lines(path: Path, ids: Sequence[str], dice: Dice) -> None:
    """JSON Lines; keys in any order, some of them in some rows alone."""
    as_number, line_end = dice.random() < 0.3, dice.choice(["\n", "\n", "\r\n", "\n\n"])
    lines = []
    for id in ids:
        row: dict[str, Any] = {"id": int(id) if as_number else f"id{id}", "text": _text(id, dice)}
        further = {"movie": "m", "rating": dice.choice([8, 7.5, "8"]), "helpful": [1, 2], "x": None}
        row |= {key: value for key, value in further.items() if dice.random() < 0.6}
        keys = dice.sample(sorted(row), len(row))
        lines.append(json.dumps({key: row[key] for key in keys}, ensure_ascii=dice.random() < 0.5))
    text = line_end.join(lines) + dice.choice(["", line_end])
    _save(path, (dice.choice(["", "", "\ufeff"]) + text).encode())


def write_table(path: Path, ids: Sequence[str], dice: Dice, separator: str) -> None:
    """CSV; columns in any order, names in any case, some of them in some files alone."""
    columns = ["id", "text", *(name for name in ("movie", "rating", "x") if dice.random() < 0.6)]
    dice.shuffle(columns)
    sink = io.StringIO()
    quoting = dice.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
    line_end = dice.choice(["\n", "\r\n"])
    writer = csv.writer(sink, delimiter=separator, quoting=quoting, lineterminator=line_end)
    change = dice.choice([str, str, str.title, str.upper])
    writer.writerow([change(name) for name in columns])
    for id in ids:
        row = {"id": f"id{id}", "text": _text(id, dice), "movie": "m", "rating": "8", "x": ""}
        writer.writerow([row[name] for name in columns])
    text = sink.getvalue().removesuffix(dice.choice(["", line_end]))
    _save(path, (dice.choice(["", "", "\ufeff"]) + text).encode())


def write_snap(path: Path, ids: Sequence[str], dice: Dice) -> None:
    """Blocks of lines."""
    line_end = dice.choice(["\n", "\n", "\n", "\r\n"])
    blocks = []
    for id in ids:
        keys = ["review/score: 4.0", "review/time: 1182729600", "review/summary: Good"]
        keys = [key for key in keys if dice.random() < 0.7]
        ending = dice.choice(["", ", really", ' and "quoted"', " – so"])
        text = f"review/text: A great film id{id}{ending}"
        blocks.append(line_end.join(["product/productId: B003AI2VGA", *keys, text]))
    text = (2 * line_end).join(blocks) + dice.choice(["", line_end, 2 * line_end])
    _save(path, text.encode("latin-1", "replace"))


def write_parquet(path: Path, ids: Sequence[str], dice: Dice) -> None:
    """Parquet, as `_random_table` makes it."""
    table = _random_table(ids, dice)
    with path.open("wb") as file:
        compression = dice.choice(["snappy", "gzip", "zstd", "none"])
        pq.write_table(table, file, compression=compression, row_group_size=dice.choice([2, 100]))


def write_orc(path: Path, ids: Sequence[str], dice: Dice) -> None:
    """ORC, as `_random_table` makes it, less the types that ORC does not have."""
    table, columns = _random_table(ids, dice), {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_dictionary(column.type):
            columns[name] = column.cast(pa.string())
        elif not (pa.types.is_null(column.type) or pa.types.is_time(column.type)):
            columns[name] = column
    with path.open("wb") as file:
        compression = dice.choice(["uncompressed", "snappy", "zlib", "zstd"])
        orc.write_table(pa.table(columns), file, compression=compression)


def _random_table(ids: Sequence[str], dice: Dice) -> pa.Table:
    """Columns in any order, of any type, some of them in some files alone."""
    numbers, count = [int(id) for id in ids], len(ids)
    texts = [_text(id, dice) for id in ids]
    columns = {
        "id": dice.choice(
            [
                pa.array([f"id{id}" for id in ids], pa.string()),
                pa.array(numbers, pa.int64()),
                pa.array(numbers, pa.int32()),
                pa.array(numbers, pa.float64()),
            ]
        ),
        "text": dice.choice(
            [
                pa.array(texts, pa.string()),
                pa.array(texts, pa.large_string()),
                pa.array(texts, pa.string()).dictionary_encode(),
                pa.array([text.encode() for text in texts], pa.binary()),
            ]
        ),
    }
    ratings = [pa.int64(), pa.int32(), pa.float64(), pa.float32(), pa.decimal128(4, 2)]
    further = {
        "movie": dice.choice([pa.array(["m"] * count, pa.string()), pa.nulls(count)]),
        "rating": dice.choice(
            [
                pa.array([8] * count, dice.choice(ratings)),
                pa.array(["8/10"] * count, pa.string()),
                pa.nulls(count),
            ]
        ),
        "when": pa.array([0] * count, pa.timestamp("ns")),
        "clock": pa.array([0] * count, pa.time64("us")),
        "tags": pa.array([["a"]] * count, pa.list_(pa.string())),
        "user": pa.array([{"name": "x"}] * count, pa.struct([("name", pa.string())])),
        "Title": pa.array(["x"] * count, pa.string()),
        "title": pa.array(["x"] * count, pa.string()),
    }
    columns |= {name: column for name, column in further.items() if dice.random() < 0.3}
    order = dice.sample(sorted(columns), len(columns))
    return pa.table({name: columns[name] for name in order})


WRITERS: dict[str, tuple[Writer, tuple[str, ...]]] = {
    "parquet": (write_parquet, (".parquet", ".parq", ".snappy.parquet", "")),
    "orc": (write_orc, (".orc", "")),
    "jsonl": (write_lines, (".jsonl", ".json", ".ndjson")),
    "csv": (lambda path, ids, dice: write_table(path, ids, dice, ","), (".csv", ".CSV")),
    "tsv": (lambda path, ids, dice: write_table(path, ids, dice, "\t"), (".tsv",)),
    "snap": (write_snap, (".txt", "", ".snap")),
}

FORMATS = (*WRITERS, "aclimdb")
