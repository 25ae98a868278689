#!/usr/bin/env bash
# nightly.sh INPUT OUTPUT [FLAG ...]: the run that cron, systemd and Airflow start.
# The exit code is the job's: after a 1 it may go better next time, after a 2 or a 3 it won't.
# Drift is measured from the last nights of OUTPUT; another --drift-baseline among the flags beats it.
set -euo pipefail
input=$1 output=$2
shift 2
cd "$(dirname "$0")/../.."
source .venv/bin/activate
exec spark-submit jobs/score.py --input "$input" --output "$output" --drift-baseline "$output" "$@"
