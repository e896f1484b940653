"""The API reference builds completely, and loads nothing from other servers."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_LOADED = re.compile(r'<(?:script|img|link|iframe)[^>]*(?:src|href)="(?!data:)(?:https?:)?//')


@pytest.mark.slow
def test_it_has_every_public_module_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    script = ROOT / "scripts/api_reference.py"
    command = [sys.executable, str(script), "-o", str(tmp_path / "api")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    package = ROOT / "src/lacunar"
    modules = {
        path.relative_to(package.parent).with_suffix("")
        for path in package.rglob("*.py")
        if path.relative_to(package).parts[0] not in {"cli", "web", "__main__.py"}
    }
    modules = {path.parent if path.name == "__init__" else path for path in modules}
    pages = {page.relative_to(tmp_path / "api") for page in (tmp_path / "api").rglob("*.html")}
    assert {path.with_suffix(".html") for path in modules} == pages - {Path("index.html")}
    for page in pages:
        text = (tmp_path / "api" / page).read_text(encoding="utf-8")
        assert not _LOADED.search(text), page
    store = (tmp_path / "api/lacunar/store.html").read_text(encoding="utf-8")
    assert "load_taste" in store
    assert "Load a" in store or "Parameters" in store
