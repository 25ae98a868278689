"""Exceptions of Spark and of the JVM."""

from __future__ import annotations

import re

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException

SPARK_ERRORS = (PySparkException, Py4JJavaError)
"""What a failure within Spark or the JVM raises."""


def first_line(error: BaseException) -> str:
    """The message of an exception of Spark or of the JVM: one line, without its stack."""
    if isinstance(error, Py4JJavaError):
        text = str(error.java_exception.getMessage() or error.java_exception)
    else:
        text = str(error)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if "An exception was thrown from the Python worker" in "".join(lines[:1]):
        raised = [line for line in lines if _RAISED.match(line)]
        return f"in a Python worker: {raised[-1]}" if raised else lines[0]
    return lines[0] if lines else type(error).__name__


_RAISED = re.compile(r"([A-Za-z_]\w*\.)*[A-Z]\w*(Error|Exception|Interrupt)\b")
"""How a line begins with which a Python traceback ends."""
