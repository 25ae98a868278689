"""The pyspark that is installed. Nothing of it is imported before it is known to be there."""

from __future__ import annotations

from importlib.util import find_spec

from movierate.errors import UserError
from movierate.spark.connect import NEEDS_CLASSIC

OLDEST_SPARK = (3, 5)


def require_spark(command: str) -> None:
    """Make sure that there is a pyspark, not one that is too old, and not the client alone.

    Args:
        command: what needs it, for the message.

    Raises:
        UserError: there is none, or it is.
    """
    if find_spec("pyspark") is None:
        raise UserError(
            f"{command}: this Python has no pyspark: on a cluster, run it with spark-submit, which "
            "brings the cluster's; elsewhere, pip install 'movierate[spark]'"
        )
    if find_spec("py4j") is None:  # pyspark-client has none, and no session of it is classic
        raise UserError(NEEDS_CLASSIC)
    import pyspark

    oldest = ".".join(str(part) for part in OLDEST_SPARK)
    if tuple(int(part) for part in pyspark.__version__.split(".")[:2]) < OLDEST_SPARK:
        raise UserError(
            f"{command}: this is Spark {pyspark.__version__}, and movierate needs {oldest} or newer"
        )
