"""Checks conf/schedule/, each file by its own tool where there is one: make check-schedules

Airflow is installed into an environment of its own, .venv-airflow, the first time. A check that
can't be done is said to be skipped, and why.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
SCHEDULES = ROOT / "conf" / "schedule"
INSTALLED = "/opt/movierate"
"""Where the schedules expect the repository."""

AIRFLOW = ROOT / ".venv-airflow"
AIRFLOW_PACKAGES = ("apache-airflow==3.3.2", "apache-airflow-providers-standard")

CRON_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
"""Minute, hour, day, month, weekday."""


class Skipped(Exception):
    """A check that can't be done here, and why."""


class Failed(Exception):
    """What is wrong with a schedule."""


def main() -> int:
    """Do all checks; returns 1 if one failed."""
    outcomes = [_outcome(check) for check in (crontab, systemd, airflow, spark_operator)]
    return int("failed" in outcomes)


def _outcome(check: Callable[[], str]) -> str:
    try:
        outcome, said = "passed", check()
    except Skipped as why:
        outcome, said = "skipped", str(why)
    except Failed as why:
        outcome, said = "failed", str(why)
    print(f"{outcome:<8} {check.__name__:<15} {said}", flush=True)
    return outcome


def crontab() -> str:
    """Five fields within their ranges, a command that is there, and `crontab` agrees."""
    jobs = 0
    for line in (SCHEDULES / "crontab").read_text().splitlines():
        if re.fullmatch(r"\s*(#.*)?|[A-Z_]+=.*", line):
            continue
        *fields, command = line.split(maxsplit=5)
        _check_cron(" ".join(fields))
        if re.search(r"(?<!\\)%", command):
            raise Failed(f"cron ends a command at a %: {command}")
        _check_program(command)
        jobs += 1
    if jobs != 1:
        raise Failed(f"{jobs} jobs, not 1")
    flag = _crontab_dry_run()
    if flag is None:
        return "fields, ranges and command, by a parser here; there is no crontab to ask"
    _call("crontab", flag, SCHEDULES / "crontab")
    return f"fields, ranges and command, and crontab {flag}"


def systemd() -> str:
    """`systemd-analyze` finds nothing wrong with the service, the timer and its calendar."""
    if shutil.which("systemd-analyze") is None:
        raise Skipped("there is no systemd-analyze here")
    with tempfile.TemporaryDirectory() as folder:
        units = []
        for unit in ("movierate.service", "movierate.timer"):
            text = (SCHEDULES / unit).read_text().replace(INSTALLED, str(ROOT))
            units.append(Path(folder) / unit)
            units[-1].write_text(text)
        said = _call("systemd-analyze", "verify", "--man=no", *units)
        if said:  # it only warns of a key that it does not know
            raise Failed(said)
    (when,) = re.findall(r"^OnCalendar=(.+)$", (SCHEDULES / "movierate.timer").read_text(), re.M)
    _call("systemd-analyze", "calendar", when)
    return f"systemd-analyze verify, and calendar «{when}»"


def airflow() -> str:
    """Airflow runs the DAG once: it scores the example reviews."""
    python = _airflow_python()
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "rated"
        environment = {
            **os.environ,
            "AIRFLOW_HOME": folder,
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_FOLDER": str(SCHEDULES),
            "MOVIERATE_HOME": str(ROOT),
            "MOVIERATE_INPUT": str(ROOT / "examples" / "reviews.jsonl"),
            "MOVIERATE_OUTPUT": str(output),
        }
        command = (python, "-m", "airflow")
        _call(*command, "db", "migrate", env=environment)
        said = _call(*command, "dags", "test", "movierate", "2026-01-31", env=environment)
        day = output / "ratings" / "scored_date=2026-01-31"
        if not list(day.glob("*.parquet")):
            raise Failed(f"the DAG ran and wrote no ratings:\n{said}")
        return f"Airflow {_call(*command, 'version', env=environment).split()[-1]} ran the DAG once"


def spark_operator() -> str:
    """The resource fits the operator's schema, if SPARK_OPERATOR_CRD names its file."""
    resource = yaml.safe_load((SCHEDULES / "spark-operator.yaml").read_text())
    _check_cron(resource["spec"]["schedule"])
    _check_program(resource["spec"]["template"]["mainApplicationFile"].removeprefix("local://"))
    crd = os.environ.get("SPARK_OPERATOR_CRD")
    if crd is None:
        raise Skipped(
            "the schema: set SPARK_OPERATOR_CRD to the operator's file "
            "sparkoperator.k8s.io_scheduledsparkapplications.yaml (schedule and program are sound)"
        )
    version = resource["apiVersion"].partition("/")[2]
    versions = {
        one["name"]: one for one in yaml.safe_load(Path(crd).read_text())["spec"]["versions"]
    }
    _fits(resource, versions[version]["schema"]["openAPIV3Schema"], "")
    return f"every field is one of the schema in {crd}, of its type"


def _check_cron(schedule: str) -> None:
    fields = schedule.split()
    if len(fields) != len(CRON_RANGES):
        raise Failed(f"{schedule} has not five fields")
    for field, (low, high) in zip(fields, CRON_RANGES, strict=True):
        for part in field.split(","):
            match = re.fullmatch(r"(?:\*|(\d+)(?:-(\d+))?)(?:/[1-9]\d*)?", part)
            if match is None or not all(low <= int(n) <= high for n in match.groups() if n):
                raise Failed(f"{schedule}: {part} is not within {low} to {high}")


def _crontab_dry_run() -> str | None:
    """The flag that has this machine's crontab check a file: -n of Debian's, -T of cronie's."""
    if shutil.which("crontab") is None:
        return None
    done = subprocess.run(["crontab", "-h"], capture_output=True, text=True, check=False)
    usage = done.stdout + done.stderr
    return "-T" if "-T" in usage else "-n" if "dry run" in usage else None


def _check_program(command: str) -> None:
    program = command.split(maxsplit=1)[0]
    path = ROOT / Path(program).relative_to(INSTALLED)
    if not path.is_file():
        raise Failed(f"there is no {program} in the repository")


def _airflow_python() -> Path:
    python = AIRFLOW / "bin" / "python"
    if not (AIRFLOW / ".done").exists():
        print(f"installing Airflow into {AIRFLOW.name} (minutes, once)", file=sys.stderr)
        uv = shutil.which("uv")  # where it is there, it takes seconds
        pip = (uv, "pip", "install", "--python", python) if uv else (python, "-m", "pip", "install")
        try:
            _call(sys.executable, "-m", "venv", AIRFLOW)
            _call(*pip, "-q", *AIRFLOW_PACKAGES)
        except Failed as why:
            raise Skipped(f"Airflow can't be installed here: {why}") from None
        (AIRFLOW / ".done").touch()
    return python


def _fits(value: Any, schema: dict[str, Any], where: str) -> None:
    """Whether a value has the fields and types of an OpenAPI schema; unknown fields are wrong."""
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}
    kind = schema.get("type")
    if kind in kinds and not isinstance(value, kinds[kind]):
        raise Failed(f"{where or 'the resource'} is not of type {kind}: {value!r}")
    if "enum" in schema and value not in schema["enum"]:
        raise Failed(f"{where} is none of {schema['enum']}: {value!r}")
    if isinstance(value, list):
        for number, item in enumerate(value):
            _fits(item, schema.get("items", {}), f"{where}[{number}]")
    elif isinstance(value, dict) and "properties" in schema:
        missing = set(schema.get("required", ())) - value.keys()
        unknown = value.keys() - schema["properties"].keys()
        if missing or unknown:
            raise Failed(f"{where or 'the resource'}: missing {missing}, unknown {unknown}")
        for key, item in value.items():
            _fits(item, schema["properties"][key], f"{where}.{key}".lstrip("."))


def _call(*command: object, env: dict[str, str] | None = None) -> str:
    """What a program prints; raises Failed unless it succeeds."""
    called = [str(part) for part in command]
    done = subprocess.run(called, capture_output=True, text=True, check=False, env=env, cwd=ROOT)
    said = done.stdout + done.stderr
    if done.returncode:
        raise Failed(f"{' '.join(called)} exited with {done.returncode}:\n{said[-3000:]}")
    return said


if __name__ == "__main__":
    sys.exit(main())
