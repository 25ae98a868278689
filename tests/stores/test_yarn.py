"""YARN: the driver here or there, the packed environment on all nodes, files in HDFS."""

from __future__ import annotations

import sys

import pytest

from movierate.spark.filesystem import FileSystem
from tests.support.maven import SPARK_JARS
from tests.support.process import REVIEWS, ROOT, conf_options, run

pytestmark = pytest.mark.stores

MODEL = ROOT / "movierate" / "models" / "imdb"
PYTHON = "./environment/bin/python"
ON_CLUSTER = {
    "spark.pyspark.python": PYTHON,
    "spark.yarn.appMasterEnv.PYSPARK_PYTHON": PYTHON,
    "spark.executor.memory": "512m",
    "spark.driver.memory": "1g",
    "spark.executor.instances": "2",
    "spark.yarn.jars": f"local:{SPARK_JARS}/*",
}
"""spark.yarn.jars spares the test an upload of Spark."""


@pytest.mark.parametrize("mode", ["client", "cluster"])
def test_a_run_submitted_to_yarn(spark, hadoop, packed, tmp_path, mode):
    root = f"{hadoop.store.root}/{tmp_path.name}"
    store = FileSystem(spark, root)
    store.copy_from_local(REVIEWS, f"{root}/in/reviews.jsonl")
    store.copy_from_local(MODEL, f"{root}/models/imdb")
    here = {"spark.pyspark.driver.python": sys.executable} if mode == "client" else {}
    conf = conf_options(ON_CLUSTER | here)
    submit = ["spark-submit", "--master", "yarn", "--deploy-mode", mode, *conf]
    submit += ["--archives", f"{packed}#environment"]
    job = ["jobs/score.py", "--input", f"{root}/in", "--output", f"{root}/out"]
    job += ["--model", f"{root}/models/imdb"]
    result = run(*submit, *job, env={"HADOOP_CONF_DIR": str(hadoop.conf)})
    logs = "".join(path.read_text() for path in hadoop.logs.rglob("stderr"))
    assert result.returncode == 0, result.stderr + logs
    found = {
        table: spark.read.parquet(f"{root}/out/{table}").count()
        for table in ("ratings", "rejected")
    }
    assert found == {"ratings": 190, "rejected": 10}
