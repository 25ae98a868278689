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
  movierate rate "Funny, moving and beautifully acted." "A dull mess. I want my money back."
  spark-submit jobs/score.py --input YOUR_REVIEWS --output rated     # Parquet, JSON Lines or CSV
What could not be rated, and why, lies in demo/rejected; the README shows how to query it.
END
