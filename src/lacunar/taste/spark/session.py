"""Spark sessions: start and stop, requirements, and errors as one sentence."""

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
from lacunar.files.atomic import scratch_folder

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_OLDEST_JAVA = 17
_SETTINGS = {
    "spark.app.name": "lacunar",
    # Spark's web pages would be open to all who can reach the port.
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    # The same results under any defaults of a cluster.
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "true",
    "spark.sql.session.timeZone": "UTC",
}
# Spark's default limit, 1 GB, is a log of 40 million ratings. The driver's memory limits it anyway.
_RESULT_SIZE = ("spark.driver.maxResultSize", "0")
_LOOPBACK = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}


def require_spark() -> None:
    """Check that PySpark and a suitable Java are installed.

    Raises
    ------
    InputError
        If PySpark, pandas (which PySpark needs), or Java 17 or newer is not installed.
    """
    missing = [name for name in ("pyspark", "pandas") if find_spec(name) is None]
    if missing:
        raise InputError(
            f"expected {' and '.join(missing)}, which the engine spark needs, got none;"
            " install with pip install 'lacunar[spark]'"
        )
    java = _java()
    if java is None:
        raise InputError(
            f"expected Java {_OLDEST_JAVA} or newer, which Spark needs, got none; install it, or"
            " set the environment variable JAVA_HOME to its directory"
        )
    output = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr  # noqa: S603  # the Java that Spark itself would start
    version = java_version(output)
    if version < _OLDEST_JAVA:
        raise InputError(
            f"expected Java {_OLDEST_JAVA} or newer, which Spark needs, got Java {version}: {java}"
        )


def java_version(output: str) -> int:
    """Parse the major version in the output of ``java -version``; 0 if there is none.

    Examples
    --------
    >>> java_version('openjdk version "17.0.15" 2025-04-15'), java_version('version "1.8.0_401"')
    (17, 8)
    """
    match = re.search(r'version "(?:1\.)?(\d+)', output)
    return int(match[1]) if match else 0


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
    """Start a Spark session, and stop it at the end.

    Other settings, such as the memory of executors, come from ``spark-defaults.conf`` and
    ``PYSPARK_SUBMIT_ARGS``. Workers run the Python in ``PYSPARK_PYTHON``, or else the path of this
    Python; it needs ``lacunar`` installed.

    Parameters
    ----------
    master : str
        ``local[N]``, ``spark://HOST:PORT``, ``yarn``, ``k8s://...``.
    options : mapping of str to str, optional
        Spark settings that override all others.

    Raises
    ------
    InputError
        If PySpark or Java is missing, or no master answers at that address.
    """
    require_spark()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    settings = _SETTINGS | (_LOOPBACK if master.startswith("local") else {})
    with scratch_folder() as folder:
        # Otherwise Spark creates an empty folder for tables in the working directory.
        settings |= {"spark.sql.warehouse.dir": str(folder)} | dict(options or {})
        with without_pandas_warning():
            session = _started(master, settings)
        try:
            yield session
        finally:
            # If the driver has died, there is nothing to stop.
            with suppress(ConnectionError):
                session.stop()


@contextmanager
def without_pandas_warning() -> Iterator[None]:
    """Silence PySpark's warning about new versions of pandas, which is not used here."""
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
        # Spark logs to stderr, which is reserved for one error; its errors are exceptions.
        with tempfile.TemporaryFile() as log:
            gateway = SparkContext._gateway or launch(conf, {"stderr": log})
        # The gateway has read the settings in Spark's files and environment variables.
        configured: Any = SparkConf(_jvm=gateway.jvm)
        configured.setIfMissing(*_RESULT_SIZE)
        conf = configured.setMaster(master).setAll(list(settings.items()))
        context = SparkContext(conf=conf, gateway=gateway)
    except Exception as error:
        raise InputError(
            f"expected a Spark master that answers, got {master!r}: {reason(error)}",
            field="master",
        ) from error
    context.setLogLevel("ERROR")
    return SparkSession(context)


@contextmanager
def or_refuse(expected: str) -> Iterator[None]:
    """Turn errors of Spark into an InputError.

    Parameters
    ----------
    expected : str
        Beginning of the message; Spark's reason follows.

    Raises
    ------
    InputError
        If Spark raises an error.
    """
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    # ConnectionError is raised if the driver was killed.
    except (PySparkException, Py4JError, ConnectionError) as error:
        raise InputError(f"{expected}, got: {reason(error)}") from error


def reason(error: Exception) -> str:
    r"""The most informative line of a Spark error: its root cause, or the error of Python.

    Examples
    --------
    >>> text = "From the worker:\nTraceback (most recent call last):\n  File ...\nKeyError: 'a'"
    >>> reason(RuntimeError(text))
    "KeyError: 'a'"
    """
    cause: Any = getattr(error, "java_exception", None)
    while cause is not None and cause.getCause() is not None:
        cause = cause.getCause()
    text = str(error if cause is None else cause.getMessage() or cause.toString()).strip()
    _, traceback, frames = text.rpartition("Traceback (most recent call last):")
    lines = (frames if traceback else text).splitlines()
    unindented = [line for line in lines if line.strip() and not line.startswith("  ")]
    return unindented[0] if unindented else type(error).__name__
