"""API reference as HTML, from docstrings; the pages load nothing from other servers.

`make docs` writes them to site/api. A module, name or type that cannot be resolved is an error.
"""

from __future__ import annotations

import argparse
import warnings
from importlib import import_module
from pathlib import Path

import numpy as np
import pdoc
from numpy.typing import NDArray

import lacunar
from lacunar import aliases

PACKAGE = Path(lacunar.__file__).parent
# Commands have --help, and the web app has an OpenAPI document.
LEFT_OUT = {"cli", "web", "__main__.py"}
EXCLUDED = ("!lacunar.cli", "!lacunar.web", "!lacunar.__main__")


def modules() -> list[str]:
    """Names of all modules. Without the list, pdoc would use only those that a package exports."""
    files = [path.relative_to(PACKAGE) for path in sorted(PACKAGE.rglob("*.py"))]
    shown = [path.with_suffix("") for path in files if path.parts[0] not in LEFT_OUT]
    named = [path.parent if path.name == "__init__" else path for path in shown]
    return [".".join(("lacunar", *path.parts)) for path in named]


def write(output: Path) -> int:
    """Write the pages, and return their number."""
    # The alias is a text there, so that the module loads without NumPy; pdoc needs the type.
    aliases.FloatArray = NDArray[np.float64]
    for name in modules():
        module = import_module(name)
        # Public names are imported on first use, which pdoc does not do.
        for public in getattr(module, "__all__", ()):
            setattr(module, public, getattr(module, public))
    pdoc.render.configure(docformat="numpy", footer_text=f"Lacunar {lacunar.__version__}")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # The constructor of a NamedTuple has no module for its names: pdoc shows them as text.
        warnings.filterwarnings("ignore", "Error parsing type annotation ForwardRef")
        # A package adds some of its modules itself.
        warnings.filterwarnings("ignore", "The module specification .* already been added")
        pdoc.pdoc(*modules(), *EXCLUDED, output_directory=output)
    return len(list(output.rglob("*.html")))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--out", type=Path, required=True, help="Directory to write.")
    output = parser.parse_args().out
    print(f"{write(output)} pages written; begin with {output / 'lacunar.html'}")


if __name__ == "__main__":
    main()
