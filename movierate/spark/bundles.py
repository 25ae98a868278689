"""Model bundles on any of Hadoop's file systems."""

from __future__ import annotations

import tempfile
from pathlib import Path

from pyspark.sql import SparkSession

from movierate.errors import UserError
from movierate.model.bundle import LARGEST, MANIFEST, BundleFiles, read
from movierate.spark.connect import is_connect


def is_uri(name_or_path: str | Path) -> bool:
    """Whether a model is named by a URI: s3a://models/imdb."""
    return "://" in str(name_or_path)


def read_bundle(spark: SparkSession, name_or_path: str | Path) -> BundleFiles:
    """The files of a bundle: a shipped one, or that in a directory of this machine or of a store.

    Raises:
        UserError: there is no such bundle, it can't be read or is too large.
    """
    if not is_uri(name_or_path):
        return read(name_or_path)
    where = str(name_or_path)
    if is_connect(spark):
        raise UserError(
            f"model: {where} can't be read with Spark Connect: name a directory of this machine"
        )
    from movierate.spark.filesystem import FileSystem, FileSystemError  # pyspark-client has no py4j

    store = FileSystem(spark, where)
    try:
        if not store.exists(f"{where}/{MANIFEST}"):
            raise UserError(f"model: {where} is not a bundle, it has no {MANIFEST}")
        if store.size(where) > LARGEST:
            raise UserError(f"model: {where} is too large for a model")
        with tempfile.TemporaryDirectory(prefix="movierate-model-") as directory:
            copy = Path(directory, "bundle")
            store.copy_to_local(where, copy)
            return read(copy, where)
    except FileSystemError as error:
        raise UserError(f"model: {where} can't be read ({error})") from None
