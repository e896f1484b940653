"""Runs the notebooks of `docs/notebooks` and writes them with their results.

    python scripts/notebooks.py                # in place
    python scripts/notebooks.py -o folder      # elsewhere

Pictures are reduced to 256 colours, which makes the files three times smaller.
"""

from __future__ import annotations

import argparse
import base64
import io
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from PIL import Image

NOTEBOOKS = Path(__file__).parents[1] / "docs" / "notebooks"


def executed(path: Path) -> nbformat.NotebookNode:
    """Return the notebook at a path with new results; an error in a cell is raised."""
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        NotebookClient(
            notebook,
            timeout=1200,
            kernel_name="python3",
            resources={"metadata": {"path": folder}},
            record_timing=False,
        ).execute()
    # The version of Python differs from machine to machine.
    notebook.metadata["language_info"] = {"name": "python"}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if picture := output.get("data", {}).get("image/png"):
                output["data"]["image/png"] = reduced(picture)
    return notebook


def reduced(picture: str) -> str:
    """Return a PNG in base64 with at most 256 colours."""
    image = Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGB").quantize(256)
    buffer = io.BytesIO()
    image.save(buffer, "png", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--out", type=Path, default=NOTEBOOKS)
    arguments = parser.parse_args()
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        notebook = executed(path)
        arguments.out.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, arguments.out / path.name)
        print(path.name, f"{(arguments.out / path.name).stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
