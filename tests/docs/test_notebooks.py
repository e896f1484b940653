"""The notebooks run, and are committed with the results that a reader sees."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import lacunar

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "docs/notebooks").glob("*.ipynb"))
MOST_BYTES = 300_000

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def code_cells(path: Path) -> list[dict[str, Any]]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def check_results(path: Path) -> None:
    """Every cell ran, in order, and none printed a warning, an error or a long text."""
    cells = code_cells(path)
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    for cell in cells:
        source = "".join(cell["source"])
        for output in cell["outputs"]:
            assert output["output_type"] in {"display_data", "execute_result"}, source
            text = "".join(output["data"].get("text/plain", ""))
            assert len(text) < 1500, source
    shown = [kind for cell in cells for output in cell["outputs"] for kind in output["data"]]
    assert shown.count("image/png") >= 4
    assert "image/svg+xml" in shown


@every_notebook
def test_a_notebook_has_the_results_of_one_run(path: Path) -> None:
    check_results(path)


@every_notebook
def test_a_notebook_is_small_and_names_no_folder_of_a_machine(path: Path) -> None:
    assert path.stat().st_size < MOST_BYTES
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"/(tmp|home|root)/", text)


@pytest.mark.slow
def test_the_notebooks_run(tmp_path: Path) -> None:
    search = os.pathsep.join([str(Path(lacunar.__file__).parents[1]), *sys.path])
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts/notebooks.py"), "-o", str(tmp_path / "out")],
        env=os.environ | {"PYTHONPATH": search, "IPYTHONDIR": str(tmp_path / "ipython")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(NOTEBOOKS) == 2
    for path in NOTEBOOKS:
        check_results(tmp_path / "out" / path.name)
