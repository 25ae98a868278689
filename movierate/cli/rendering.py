"""What commands print of their results."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from movierate.config.jobs import DELTA

if TYPE_CHECKING:
    from movierate.scoring.run_record import RunRecord

FEW_WORDS = 3
"""Words of a text below which its rating is little more than that of a word."""


def score_summary(record: RunRecord, record_path: str) -> str:
    """The summary of a run of score, for people."""
    from movierate.scoring.run_record import WITHHELD

    rows = record.rows
    reasons = ", ".join(
        f"{count:,} {reason}" for reason, count in sorted(record.rejected_by_reason.items())
    )
    columns = ", ".join(
        f"{role} from {column if isinstance(column, str) else ' or '.join(column)}"
        for role, column in record.columns.items()
        if column and role != "keep"
    )
    dump = f"{record.format}, {record.encoding}"
    if record.rating_scale:
        dump += f"; {describe_rating_scale(record.rating_scale, record.ratings_unread)}"
    broken = len(record.broken_files)
    output = record.output.rstrip("/")
    quoted = f"{output}/ratings".replace("'", "''")
    table = f"read_parquet('{quoted}/**/*.parquet', union_by_name = true)"
    if record.arguments.get("output_format") == DELTA:
        table = f"delta_scan('{quoted}')"
    day = f"scored_date={record.scored_date}"
    skipped, batches = rows.get("skipped"), record.batches
    lines = [
        f"read      {rows['read']:>14,} rows of {dump}; {columns}",
        *([f"skipped   {skipped:>14,} rated before"] if skipped is not None else []),
        f"rated     {rows['rated']:>14,} with {record.model_id}",
        f"rejected  {rows['rejected']:>14,}{f' ({reasons})' if reasons else ''}",
        *([f"broken    {broken:>14,} files, read up to the damage"] if broken else []),
        *([f"batches   {len(batches):>14,}, up to batch={batches[-1]}"] if batches else []),
        f"took      {record.seconds or 0:>14,.1f} s, {record.rows_per_second or 0:,.0f} rows/s",
    ]
    if record.status == WITHHELD:
        return "\n".join([*lines, f"record    {record_path}"])
    lines += [
        f"ratings   {output}/ratings/{day}",
        f"rejected  {output}/rejected/{day}",
        f"record    {record_path}",
        f"in DuckDB FROM {table} LIMIT 10",
    ]
    return "\n".join(lines)


def score_json(record: RunRecord, record_path: str) -> str:
    """The record on one line, less what may be long: under spark-submit it stands in the log."""
    short = {key: value for key, value in record.as_dict().items() if key != "files"}
    return json.dumps({**short, "record": record_path}, ensure_ascii=False)


def rated_line(text: str, rated: dict[str, Any]) -> str:
    """A text with its rating, for people: rating, interval, known words, a note, and the text.

    Args:
        text: what was rated.
        rated: the fields of `movierate.model.ratings.Ratings` for it.
    """
    fields = rated_json(text, rated)
    low, high = fields["rating_low"], fields["rating_high"]
    return "\t".join(
        (
            _format(fields["predicted_rating"], 1),
            "n/a" if low is None else f"{low:.1f}-{high:.1f}",
            f"{rated['known_words']:.0%} known",
            fields["note"] or "-",
            text,
        )
    )


def rated_json(text: str, rated: dict[str, Any]) -> dict[str, Any]:
    """A text with its rating, as JSON takes it; None where there is no number."""
    fields = {
        name: None if isinstance(value, float) and math.isnan(value) else value
        for name, value in rated.items()
    }
    return {"text": text, **fields, "note": _find_doubt(text, rated)}


def _find_doubt(text: str, rated: dict[str, Any]) -> str | None:
    """Why not to trust a rating."""
    if rated["words_read"] == 0:
        return "no words"
    if rated["not_english"]:
        return "not English"
    if rated["known_words"] == 0:
        return "no known word"
    return "too short to be sure" if len(text.split()) < FEW_WORDS else None


def describe_rating_scale(understood: dict[str, Any], unread: int = 0) -> str:
    """How the dump's ratings were read, from `RatingScale.as_record`."""
    scale, origin = understood["scale"], understood["origin"]
    said = {
        "given": "rating scale {} (set by --rating-scale)",
        "format": "rating scale {} (of this kind of dump)",
        "guessed": "rating scale {} (guessed; set --rating-scale to override)",
        "unknown": "rating scale unknown, plain numbers are ignored: set --rating-scale",
    }[origin].format("{:g}-{:g}".format(*scale) if scale else "")
    return f"{said}; {unread:,} ratings could not be parsed" if unread else said


def describe_metrics(figures: dict[str, Any]) -> str:
    """The figures that matter most, on one line."""
    said = [
        f"{figures['reviews']:,} reviews: MAE {_format(figures['mae'])} stars",
        f"RMSE {_format(figures['rmse'])}",
        f"R2 {_format(figures['r2'])}",
        f"accuracy above/below the middle {_format(figures['accuracy'])}",
    ]
    if figures["interval_coverage"] is not None:
        said.append(f"{figures['interval_coverage']:.1%} within the interval")
    return ", ".join(said)


def describe_further_metrics(figures: dict[str, Any]) -> str:
    """The other figures, on one line."""
    said = [f"Pearson {_format(figures['pearson'])}", f"AUC {_format(figures['auc'])}"]
    if figures["interval_width"] is not None:
        said.append(f"intervals {figures['interval_width']:.1f} stars wide")
    if figures["movies"]:
        said.append(
            f"MAE of the mean rating of {figures['movies']:,} movies {figures['movie_mae']:.3f}"
        )
    if figures["unrated"]:
        said.append(f"{figures['unrated']:,} could not be rated")
    return ", ".join(said)


def error_table(name: str, rows: list[dict[str, Any]], prefix: str = "") -> str:
    """A table of the errors by star, or by another group."""
    lines = [f"{name:>11}{'reviews':>10}{'mean predicted':>16}{'MAE':>8}{'in interval':>13}"]
    for row in rows:
        within, group = row["interval_coverage"], f"{prefix}{row[name]:,}"
        lines.append(
            f"{group:>11}{row['reviews']:>10,}{row['mean_predicted']:>16.2f}"
            f"{row['mae']:>8.2f}{'n/a' if within is None else f'{within:.0%}':>13}"
        )
    return "\n".join(lines)


def _format(figure: float | None, digits: int = 3) -> str:
    return "n/a" if figure is None else f"{figure:.{digits}f}"
