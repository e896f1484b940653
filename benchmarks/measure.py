"""Shared code of the benchmarks: alternating runs in separate processes, with peak memory."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

# The child prints its own figures as JSON; its peak resident memory is added here.
_CHILD = """
import importlib.util, json, resource, sys
sys.path.insert(0, sys.argv[1].rsplit("/", 1)[0])
spec = importlib.util.spec_from_file_location("job", sys.argv[1])
job = importlib.util.module_from_spec(spec)
spec.loader.exec_module(job)
figures = getattr(job, sys.argv[2])(**json.loads(sys.argv[3]))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps(figures | {"peak_mb": peak}))
"""


def data_set(name: str) -> Path:
    """Folder of a data set, such as ``ml-latest-small``, in the directory of ``LACUNAR_DATA``."""
    named = os.environ.get("LACUNAR_DATA")
    if not named:
        raise SystemExit(
            f"expected the environment variable LACUNAR_DATA to name a directory with {name} in it,"
            " got none"
        )
    folder = Path(named) / name
    if not folder.is_dir():
        raise SystemExit(f"expected a directory {name} in LACUNAR_DATA, got none at {folder}")
    return folder


def run_alone(
    script: str, function: str, *, timeout: float | None = None, **arguments: Any
) -> dict[str, Any]:
    """Call a function of a script in a new process; return its figures and its peak memory in MB.

    After ``timeout`` seconds the process ends and `subprocess.TimeoutExpired` is raised.
    """
    command = [sys.executable, "-c", _CHILD, script, function, json.dumps(arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=timeout)
    if done.returncode:
        raise RuntimeError(f"{function}({arguments}) failed:\n{done.stderr}")
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def in_turn(script: str, jobs: dict[str, dict[str, Any]], rounds: int) -> dict[str, list[Any]]:
    """Run every job once per round, so that other work on the machine affects all jobs equally."""
    results: dict[str, list[Any]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            results[name].append(run_alone(script, **job))
    return results


def middle(runs: list[dict[str, Any]], figure: str) -> float:
    """Median of a figure over runs."""
    return float(median(run[figure] for run in runs))


def describe_machine(*packages: str) -> str:
    """The machine and the versions of a measurement."""
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {versions}"
