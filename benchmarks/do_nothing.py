"""Starts Spark and runs a UDF that does nothing over a Parquet file: do_nothing.py PATH"""

import sys

from pyspark.sql import SparkSession
from ways import limit

spark = SparkSession.builder.getOrCreate()
rate = limit(spark)
rate(spark.read.parquet(sys.argv[1])).write.format("noop").mode("overwrite").save()
spark.stop()
