"""What only Java can say. PySpark has no public way to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession


@contextmanager
def file_system_class(spark: SparkSession, scheme: str, name: str, classes: Path) -> Iterator[Any]:
    """Let Spark know a Hadoop file system: the Java class of it, until the block ends."""
    java = spark._jvm.java.net
    urls = spark.sparkContext._gateway.new_array(java.URL, 1)
    urls[0] = java.URL(f"{classes.as_uri()}/")
    configuration = spark._jsc.hadoopConfiguration()
    usual = configuration.getClassLoader()
    configuration.setClassLoader(java.URLClassLoader(urls, usual))
    configuration.set(f"fs.{scheme}.impl", name)
    # Tasks, whose class loader does not know the class, find this one in Hadoop's cache.
    root = spark._jvm.org.apache.hadoop.fs.Path(f"{scheme}:///")
    file_system = root.getFileSystem(configuration)
    try:
        yield file_system.getClass()
    finally:
        file_system.close()
        configuration.unset(f"fs.{scheme}.impl")
        configuration.setClassLoader(usual)
