"""Public imports only, in the code of the README, the guides and the reports."""

from __future__ import annotations

import json
import re
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "src/lacunar/report/templates"
PAGES = [
    ROOT / "README.md",
    *sorted(ROOT.glob("docs/*.md")),
    *sorted(ROOT.glob("docs/notebooks/*.ipynb")),
    *sorted(TEMPLATES.glob("*.html")),
]
PUBLIC = {
    "lacunar",
    "lacunar.datasets",
    "lacunar.mixture",
    "lacunar.report",
    "lacunar.taste.evaluate",
    "lacunar.taste.recommend",
    "lacunar.traits.audit",
    "lacunar.traits.confidence",
    "lacunar.traits.predict",
}
_FROM = re.compile(r"\bfrom (lacunar[\w.]*) import (\([^)]*\)|[^\n]*)")
_IMPORT = re.compile(r"^(?:<pre.*>)?\s*import (lacunar[\w.]*)", re.MULTILINE)
_PYTHON = re.compile(r"^```python$(.*?)^```$", re.MULTILINE | re.DOTALL)
_USED = re.compile(r"(?<![\w.\"'])lacunar\.(\w+)\(")


def internal_names(text: str) -> list[str]:
    """Modules and names that a page imports or uses and that are not public."""
    found = [module for module in _IMPORT.findall(text) if module not in PUBLIC]
    for module, names in _FROM.findall(text):
        if module not in PUBLIC:
            found.append(module)
            continue
        public = import_module(module).__all__
        wanted = re.findall(r"\w+", re.sub(r"<[^>]*>", "", names))
        found += [f"{module}.{name}" for name in wanted if name not in public]
    for block in _PYTHON.findall(text):
        public = import_module("lacunar").__all__
        found += [f"lacunar.{name}" for name in _USED.findall(block) if name not in public]
    return found


def text_of(page: Path) -> str:
    """A page; the cells of code of a notebook as blocks of Python."""
    text = page.read_text(encoding="utf-8")
    if page.suffix != ".ipynb":
        return text
    cells = (c for c in json.loads(text)["cells"] if c["cell_type"] == "code")
    return "".join("```python\n{}\n```\n".format("".join(cell["source"])) for cell in cells)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_imports_public_names_only(page: Path) -> None:
    assert internal_names(text_of(page)) == []


def test_pages_import_something_of_every_kind() -> None:
    text = "".join(map(text_of, PAGES))
    assert {module for module, _ in _FROM.findall(text)} | set(_IMPORT.findall(text)) >= {
        "lacunar",
        "lacunar.datasets",
        "lacunar.report",
    }


def test_every_public_package_says_so_in_the_package() -> None:
    documented = set(re.findall(r":mod:`([\w.]+)`", import_module("lacunar").__doc__ or ""))
    assert documented | {"lacunar"} == PUBLIC


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("from lacunar import read_ratings, TasteConfig", []),
        ("from lacunar.taste.fit import fit_taste", ["lacunar.taste.fit"]),
        ("from lacunar.report import taste_report, page", ["lacunar.report.page"]),
        ("from lacunar import (\n    InputError,\n    guess,\n)", ["lacunar.guess"]),
        ("<pre><code>from lacunar.store import load_taste", ["lacunar.store"]),
        ("import lacunar.web", ["lacunar.web"]),
        ("```python\nlacunar.read_ratings('a')\nlacunar.guess()\n```", ["lacunar.guess"]),
    ],
)
def test_an_internal_name_is_found(text: str, found: list[str]) -> None:
    assert internal_names(text) == found
