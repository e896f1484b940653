"""A Spark session from the address of a master, started quietly and stopped at the end."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Any

from lacunar.errors import InputError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_OLDEST_JAVA = 17
_SETTINGS = {
    "spark.app.name": "lacunar",
    # Its pages would be open to everybody who reaches the port.
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    # Files are read by what they hold, whatever a cluster takes for granted.
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "true",
    "spark.sql.session.timeZone": "UTC",
}
# Spark's own limit, a gigabyte, is a log of 40 million ratings; the driver's memory is one as well.
_RESULT_SIZE = ("spark.driver.maxResultSize", "0")
_LOOPBACK = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}


def require_spark() -> None:
    """Refuse to go on without PySpark and a Java that can run it.

    Raises
    ------
    InputError
        If PySpark, pandas (which PySpark asks for), or Java 17 or newer is not installed.
    """
    missing = [name for name in ("pyspark", "pandas") if find_spec(name) is None]
    if missing:
        raise InputError(
            f"expected {' and '.join(missing)}, which the engine spark needs, got none:"
            " pip install 'lacunar[spark]'"
        )
    java = _java()
    if java is None:
        raise InputError(
            f"expected Java {_OLDEST_JAVA} or newer, which Spark needs, got none: install it, or"
            " name its directory in the variable JAVA_HOME"
        )
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr  # noqa: S603  # the Java that Spark itself would start
    version = java_version(told)
    if version < _OLDEST_JAVA:
        raise InputError(
            f"expected Java {_OLDEST_JAVA} or newer, which Spark needs, got Java {version}: {java}"
        )


def java_version(told: str) -> int:
    """The major version in what ``java -version`` tells, 0 where there is none.

    Examples
    --------
    >>> java_version('openjdk version "17.0.15" 2025-04-15'), java_version('version "1.8.0_401"')
    (17, 8)
    """
    found = re.search(r'version "(?:1\.)?(\d+)', told)
    return int(found[1]) if found else 0


def _java() -> str | None:
    home = os.environ.get("JAVA_HOME")
    if not home:
        return which("java")
    program = Path(home) / "bin" / "java"
    return str(program) if program.exists() else None


@contextmanager
def spark_session(
    master: str = "local[*]", *, options: Mapping[str, str] | None = None
) -> Iterator[SparkSession]:
    """Start a session, and stop it at the end.

    Other settings, such as the memory of executors, come from where Spark looks for them:
    ``spark-defaults.conf`` and ``PYSPARK_SUBMIT_ARGS``. Workers run the Python that
    ``PYSPARK_PYTHON`` names, or else the path of this one; it needs ``lacunar`` installed.

    Parameters
    ----------
    master : str
        ``local[N]``, ``spark://HOST:PORT``, ``yarn``, ``k8s://...``.
    options : mapping of str to str, optional
        Spark settings that go before all others.

    Raises
    ------
    InputError
        If PySpark or Java is missing, or no master answers at that address.
    """
    require_spark()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    settings = _SETTINGS | (_LOOPBACK if master.startswith("local") else {})
    with tempfile.TemporaryDirectory(prefix="lacunar-") as folder:
        # Spark would leave a folder for tables, of which none are made, where the command was run.
        settings |= {"spark.sql.warehouse.dir": folder} | dict(options or {})
        with without_pandas_warning():
            session = _started(master, settings)
        try:
            yield session
        finally:
            # Of a driver that is gone nothing is left to stop.
            with suppress(ConnectionError):
                session.stop()


@contextmanager
def without_pandas_warning() -> Iterator[None]:
    """Silence PySpark's doubts about a new pandas, of which nothing here is used."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas")
        yield


def _started(master: str, settings: Mapping[str, str]) -> SparkSession:
    from pyspark import SparkConf, SparkContext
    from pyspark.java_gateway import launch_gateway
    from pyspark.sql import SparkSession

    launch: Any = launch_gateway
    conf = SparkConf().setMaster(master).setAll(list(settings.items()))
    try:
        # Spark greets on stderr, where one sentence belongs; its errors come as exceptions.
        with tempfile.TemporaryFile() as log:
            gateway = SparkContext._gateway or launch(conf, {"stderr": log})
        # With what a file or a variable of Spark's says, which the launcher has read by now.
        told: Any = SparkConf(_jvm=gateway.jvm)
        conf = told.setIfMissing(*_RESULT_SIZE).setMaster(master).setAll(list(settings.items()))
        context = SparkContext(conf=conf, gateway=gateway)
    except Exception as error:
        raise InputError(
            f"--master: expected a Spark master that answers, got {master!r}: {reason(error)}"
        ) from error
    context.setLogLevel("ERROR")
    return SparkSession(context)


@contextmanager
def or_refuse(expected: str) -> Iterator[None]:
    """Turn what Spark cannot do into a sentence.

    Parameters
    ----------
    expected : str
        What was expected; what Spark said follows.

    Raises
    ------
    InputError
    """
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    # The last is all that is heard of a driver that was ended.
    except (PySparkException, Py4JError, ConnectionError) as error:
        raise InputError(f"{expected}, got: {reason(error)}") from error


def reason(error: Exception) -> str:
    r"""The line that says most of an error of Spark: what is behind it, or what Python raised.

    Examples
    --------
    >>> told = "From the worker:\nTraceback (most recent call last):\n  File ...\nKeyError: 'a'"
    >>> reason(RuntimeError(told))
    "KeyError: 'a'"
    """
    cause: Any = getattr(error, "java_exception", None)
    while cause is not None and cause.getCause() is not None:
        cause = cause.getCause()
    text = str(error if cause is None else cause.getMessage() or cause.toString()).strip()
    _, traceback, frames = text.rpartition("Traceback (most recent call last):")
    lines = (frames if traceback else text).splitlines()
    said = [line for line in lines if line.strip() and not line.startswith("  ")]
    return said[0] if said else type(error).__name__
