"""movierate every night, as a DAG of Airflow 3: copy this file into the folder of your DAGs.

Set where movierate is, the dump and the output in the environment, or here.
"""

import os
from datetime import datetime, timedelta, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

HOME = os.environ.get("MOVIERATE_HOME", "/opt/movierate")
INPUT = os.environ.get("MOVIERATE_INPUT", "/data/dumps")
OUTPUT = os.environ.get("MOVIERATE_OUTPUT", "/data/rated")
GATES = os.environ.get("MOVIERATE_GATES", "--max-rejected 0.05 --max-drift 0.25")

with DAG(
    dag_id="movierate",
    schedule="0 3 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,  # a missed night's reviews are in the next dump
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=10)},
) as dag:
    BashOperator(
        task_id="score",
        # A night that is run again, whenever that is, replaces its own day.
        bash_command=f"{HOME}/conf/schedule/nightly.sh {INPUT} {OUTPUT} {GATES} --date "
        + "{{ ds }}",
        append_env=True,
        execution_timeout=timedelta(hours=4),
    )
