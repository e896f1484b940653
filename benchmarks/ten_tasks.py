"""Count the statements of ten tasks with Lacunar and four other libraries, and run them.

A shop has a pandas frame of ratings (``customer``, ``sku``, ``stars``, ``date``) and one of
products (``sku``, ``name``, ``category``). Each library has a module ``ten_tasks_*.py`` with one
function per task that it offers, written as its documentation does. Imports are inside, so that a
function is all that a user writes; its statements are counted, each import as one.

Run: ``python benchmarks/ten_tasks.py --peers-python .venv-peers/bin/python``. Without the
environment of the peers, only Lacunar's tasks run.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import json
import subprocess
import sys
import time
from inspect import signature
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

TASKS = {
    "some_customers": "ten products for each of two customers, with names",
    "all_customers": "the same for all customers",
    "new_customer": "for a new customer, from three ratings",
    "one_category": "for a customer, of one category",
    "pairs_alone": "from pairs of customer and product alone",
    "reasons": "with the reasons of each recommendation",
    "evaluation": "nDCG@10 on held-out ratings",
    "saved_and_loaded": "from a model that was saved and loaded",
    "segments": "segments by genre means with gaps, K by BIC; probabilities",
    "criteria": "BIC of each K and seed",
}
PEERS = ("lenskit", "rectools", "implicit", "sklearn")
HERE = Path(__file__).parent


def statements(library: str) -> dict[str, int]:
    """Number of statements of each task's function, imports included."""
    tree = ast.parse((HERE / f"ten_tasks_{library}.py").read_text(encoding="utf-8"))
    return {
        function.name: sum(isinstance(node, ast.stmt) for node in ast.walk(function)) - 1
        for function in tree.body
        if isinstance(function, ast.FunctionDef)
    }


def write_shop(directory: Path, *, n_users: int = 200, n_products: int = 400) -> None:
    """Write a generated shop as ``log.parquet`` and ``products.parquet``."""
    from lacunar.datasets import sample_tastes

    sample = sample_tastes(n_users=n_users, n_movies=n_products)
    log = sample.ratings.to_pandas().set_axis(["customer", "sku", "stars", "date"], axis=1)
    log["date"] = pd.to_datetime(log["date"], unit="s")
    products = sample.movies.to_pandas().set_axis(["sku", "name", "category"], axis=1)
    for frame, column, letter in [
        (log, "customer", "c"),
        (log, "sku", "p"),
        (products, "sku", "p"),
    ]:
        frame[column] = letter + frame[column].astype(str)
    log.to_parquet(directory / "log.parquet")
    products.to_parquet(directory / "products.parquet")


def run(library: str, directory: Path, tasks: list[str] | None = None) -> dict[str, pd.DataFrame]:
    """Results of a library's tasks; each begins with its own copies of the frames."""
    sys.path.insert(0, str(HERE))
    module = importlib.import_module(f"ten_tasks_{library}")
    results = {}
    for task in tasks or statements(library):
        log = pd.read_parquet(directory / "log.parquet")
        given = {
            "log": log,
            "pairs": log[["customer", "sku"]],
            "products": pd.read_parquet(directory / "products.parquet"),
            "path": directory / f"model-{library}",
        }
        function = getattr(module, task)
        results[task] = function(**{name: given[name] for name in signature(function).parameters})
    return results


def rows_and_seconds(library: str, directory: Path) -> dict[str, list[float]]:
    """Number of rows of each task's result, and the time it took."""
    facts = {}
    for task in statements(library):
        start = time.perf_counter()
        rows = len(run(library, directory, [task])[task])
        facts[task] = [rows, round(time.perf_counter() - start, 2)]
    return facts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers-python", help="Python of an environment with the peers.")
    parser.add_argument("--only", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        library, directory = options.only
        print(json.dumps(rows_and_seconds(library, Path(directory))))
        return
    libraries = ["lacunar", *PEERS]
    counts = {library: statements(library) for library in libraries}
    with TemporaryDirectory() as folder:
        write_shop(Path(folder))
        pythons = {"lacunar": sys.executable}
        if options.peers_python:
            pythons |= dict.fromkeys(PEERS, options.peers_python)
        ran = {}
        for library, python in pythons.items():
            command = [python, __file__, "--only", library, folder]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            ran[library] = json.loads(done.stdout.splitlines()[-1])
    print("| task | " + " | ".join(libraries) + " |")
    print("|---|" + "---|" * len(libraries))
    for task, text in TASKS.items():
        print(f"| {text} | " + " | ".join(str(counts[x].get(task, "")) for x in libraries) + " |")
    for library, facts in ran.items():
        print(f"{library}: rows and seconds {facts}")


if __name__ == "__main__":
    main()
