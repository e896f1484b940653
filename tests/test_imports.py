"""Imports: no cycle anywhere, and no large library before it is needed."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import lacunar

PACKAGE = Path(lacunar.__file__).parent
LARGE = (
    "duckdb",
    "matplotlib",
    "numpy",
    "onnxruntime",
    "pandas",
    "pyarrow",
    "pyspark",
    "scipy",
    "sklearn",
    "torch",
)

# What each public name may load of LARGE, and no more. scikit-learn brings pandas and pyarrow.
TABLES = {"numpy", "pyarrow", "scipy"}
READERS = {*TABLES, "duckdb"}
IMAGES = {"numpy", "scipy"}
LOADS = {
    "InputError": set(),
    "RatingScale": set(),
    "Ratings": TABLES,
    "read_ratings": READERS,
    "TasteConfig": READERS,
    "TasteModel": READERS,
    "TasteRecommender": {*READERS, "sklearn", "pandas"},
    "fit_taste": READERS,
    "update_taste": READERS,
    "compare_taste": READERS,
    "TasteComparison": READERS,
    "save_taste": READERS,
    "load_taste": READERS,
    "place_users": READERS,
    "evaluate_recommenders": READERS,
    "Attribute": set(),
    "Schema": set(),
    "read_schema": set(),
    "LabelledImages": {"numpy"},
    "read_dataset": {"numpy"},
    "TraitsConfig": {"numpy"},
    "TraitsModel": IMAGES,
    "fit_traits": IMAGES,
    "TraitsClassifier": {*TABLES, "sklearn", "pandas"},
    "evaluate_traits": IMAGES,
    "predict_files": IMAGES,
    "audit_images": IMAGES,
    "save_traits": TABLES,
    "load_traits": TABLES,
    "GaussianMixture": {*TABLES, "sklearn", "pandas"},
    "GaussianMixtureImputer": {*TABLES, "sklearn", "pandas"},
}

# Each name is imported in a process of its own, a copy of one that has imported `lacunar` alone.
_LOADED_BY = """
import json, os, sys
import lacunar
large = sys.argv[1].split(",")
found = {"": [name for name in large if name in sys.modules]}
for public in dir(lacunar):
    reading, writing = os.pipe()
    if os.fork() == 0:
        getattr(lacunar, public)
        os.write(writing, json.dumps([name for name in large if name in sys.modules]).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        found[public] = json.loads(answer.read())
    os.wait()
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def loaded_by() -> dict[str, set[str]]:
    command = [sys.executable, "-c", _LOADED_BY, ",".join(LARGE)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {name: set(libraries) for name, libraries in json.loads(done.stdout).items()}


def test_importing_the_package_loads_no_large_library(loaded_by: dict[str, set[str]]) -> None:
    assert loaded_by[""] == set()


@pytest.mark.parametrize("name", lacunar.__all__)
def test_a_public_name_loads_only_the_libraries_it_needs(
    name: str, loaded_by: dict[str, set[str]]
) -> None:
    assert loaded_by[name] <= LOADS[name]


@pytest.mark.parametrize(
    "module",
    [
        "lacunar.taste.recommend.ranking",
        "lacunar.taste.recommend.personal",
        "lacunar.taste.to_json",
    ],
)
def test_recommending_does_not_load_scikit_learn(module: str) -> None:
    code = f"import sys, {module}; print('sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def imports_of(path: Path, modules: set[str]) -> set[str]:
    """Modules that a file imports anywhere: in functions and for type checkers too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = {f"{node.module}.{name.name}" for name in node.names}
            found |= names if names <= modules else {node.module, *names}
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    return found & modules


def test_no_module_imports_itself_through_others() -> None:
    named = {
        ".".join(("lacunar", *path.relative_to(PACKAGE).with_suffix("").parts)): path
        for path in PACKAGE.rglob("*.py")
    }
    modules = {name.removesuffix(".__init__"): path for name, path in named.items()}
    graph = {name: imports_of(path, set(modules)) - {name} for name, path in modules.items()}
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))
    assert len(order) == len(modules)
