from __future__ import annotations

import re
from pathlib import Path

from typer.testing import CliRunner

from lacunar.cli import app
from lacunar.errors import InputError

runner = CliRunner()


def test_the_demo_ends_with_a_page_whose_links_work(tmp_path: Path) -> None:
    done = runner.invoke(app, ["demo", "-o", str(tmp_path / "d")])
    assert done.exit_code == 0, done.output
    index = Path(done.output.strip().splitlines()[-1].removeprefix("Open "))
    assert index == tmp_path / "d" / "index.html"
    links = re.findall(r'href="([^"#]+)"', index.read_text())
    assert links
    assert all((index.parent / link).is_file() for link in links)
    assert "10 seeds" in index.read_text()


def test_the_demo_overwrites_only_by_force(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = runner.invoke(app, ["demo", "-o", str(tmp_path)])
    assert isinstance(done.exception, InputError)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
