#!/usr/bin/env bash
# pack-env.sh FILE.tar.gz: a Python environment for executors, to send with --archives.
# It has movierate and what scoring needs; pyspark comes with the cluster, TensorFlow is not needed.
# Python itself is not in it: executors need the one that packs, at the same path. PYTHON names
# another one than python3.
set -euo pipefail
cd "$(dirname "$0")/.."
target=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

echo "movierate: packing $target" >&2
python=$("${PYTHON:-python3}" -c 'import sys; print(sys._base_executable)')
"$python" -m venv "$folder"
pip=("$folder/bin/python" -m pip -qq --disable-pip-version-check)
"${pip[@]}" install -c constraints.txt numpy numba pandas pyarrow pydantic pyyaml safetensors filelock
"${pip[@]}" install --no-deps .
"${pip[@]}" uninstall -y pip setuptools > /dev/null 2>&1
find "$folder" -name __pycache__ -prune -exec rm -rf {} +
mkdir -p "$(dirname "$target")"
tar -c -I "gzip -1" -f "$target" -C "$folder" .
echo "movierate: $(du -h "$target" | cut -f1) in $target; send it with" >&2
echo "  --archives $target#environment --conf spark.pyspark.python=./environment/bin/python"
