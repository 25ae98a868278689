#!/usr/bin/env bash
# Writes constraints.txt again: the newest versions within the ranges of pyproject.toml, for Python 3.10 to 3.13.
set -euo pipefail
cd "$(dirname "$0")/.."
{
  echo "# Versions that movierate is tested with; scripts/lock.sh writes this file."
  uv pip compile --quiet --universal --python-version 3.10 --extra dev \
    --no-header --no-annotate --upgrade pyproject.toml \
    --constraint <(echo "pandas<3") # PySpark warns of pandas 3; make matrix tests it
} > constraints.new
mv constraints.new constraints.txt
