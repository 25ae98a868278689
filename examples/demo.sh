#!/usr/bin/env bash
# Scores the example reviews with the shipped model and ranks their films. `make demo` runs it.
set -euo pipefail
cd "$(dirname "$0")/.."

spark-submit jobs/score.py --input examples/reviews.jsonl --output demo

echo
python examples/ranking.py demo
cat << 'END'

Try next:
  source .venv/bin/activate
  movierate rate "A slow first hour, then it soars." "Two hours of my life, gone."
  spark-submit jobs/score.py --input YOUR_REVIEWS --output rated     # Parquet, JSON Lines or CSV
  duckdb or python:  SELECT * FROM 'demo/ratings/*/*.parquet'        # what you have just made
  duckdb or python:  SELECT * FROM 'demo/rejected/*/*.parquet'       # what could not be rated, and why
END
