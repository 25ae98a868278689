"""JARs from Maven Central, in the versions that go with this Spark."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pyspark
import pytest

SPARK_JARS = Path(pyspark.__file__).parent / "jars"

POM = """
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>tests</groupId><artifactId>tests</artifactId><version>1</version>
  <dependencies>{}</dependencies>
</project>
"""

DEPENDENCY = """
<dependency>
  <groupId>{0}</groupId><artifactId>{1}</artifactId><version>{2}</version>
  <exclusions>{3}</exclusions>
</dependency>
"""

EXCLUSION = "<exclusion><groupId>{}</groupId><artifactId>*</artifactId></exclusion>"


def hadoop_version() -> str:
    """The version of Spark's Hadoop."""
    (jar,) = SPARK_JARS.glob("hadoop-client-api-*.jar")
    return jar.stem.removeprefix("hadoop-client-api-")


def scala_version() -> str:
    """The version of Spark's Scala, as artifacts are named by: 2.13."""
    (jar,) = SPARK_JARS.glob("spark-core_*.jar")
    return re.findall(r"_(2\.\d+)-", jar.name)[0]


@cache
def find_jars(*coordinates: str, without: tuple[str, ...] = ()) -> list[str]:
    """The JARs of artifacts and of what they depend on; the test is skipped if there are none.

    Args:
        coordinates: as group:artifact:version.
        without: groups whose JARs Spark brings; * for all.
    """
    if shutil.which("mvn") is None:
        pytest.skip("needs mvn")
    exclusions = "".join(EXCLUSION.format(group) for group in without)
    dependencies = (DEPENDENCY.format(*name.split(":"), exclusions) for name in coordinates)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "pom.xml").write_text(POM.format("".join(dependencies)))
        command = ["mvn", "-q", "dependency:build-classpath", "-Dmdep.outputFile=jars"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"not on Maven Central: {', '.join(coordinates)}")
        return Path(folder, "jars").read_text().strip().split(":")
