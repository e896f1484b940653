from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lacunar.cli.commands import app
from lacunar.errors import InputError
from lacunar.report.index import Entry

runner = CliRunner()


@pytest.fixture(autouse=True)
def few_people(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, size in (("_TRAIN", 20), ("_TEST", 10), ("_EPOCHS", 1)):
        monkeypatch.setattr(f"lacunar.cli.demo.{name}", size)


def test_the_demo_ends_with_a_page_whose_links_work(tmp_path: Path) -> None:
    done = runner.invoke(app, ["demo", "-o", str(tmp_path / "d")])
    assert done.exit_code == 0, done.output
    index = Path(done.output.strip().splitlines()[-1].removeprefix("Open "))
    assert index == tmp_path / "d" / "index.html"
    links = re.findall(r'href="([^"#]+)"', index.read_text())
    assert links == ["tastes.html", "traits.html"]
    assert all((index.parent / link).is_file() for link in links)
    assert "10 seeds" in index.read_text()
    assert "1 epochs (a real fit uses 60)" in index.read_text()
    traits = (tmp_path / "d" / "traits.html").read_text()
    assert "on 20 generated images" in traits
    assert "These 6 are training images" in traits


def test_without_torch_the_demo_shows_the_other_half_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lacunar.traits.environment.find_spec", lambda name: None)
    monkeypatch.setattr(
        "lacunar.cli.demo._tastes", lambda output, seed: Entry("Tastes", "Some.", "tastes.html")
    )
    done = runner.invoke(app, ["demo", "-o", str(tmp_path / "d"), "--json"])
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert document["file"] == str(tmp_path / "d" / "index.html")
    assert document["reports"] == ["tastes.html"]
    assert document["notes"][0].startswith("Traits were left out: expected PyTorch")
    page = (tmp_path / "d" / "index.html").read_text()
    assert "Traits were left out: expected PyTorch" in page
    assert "pip install &#39;lacunar[traits]&#39;" in page


def test_the_demo_overwrites_only_with_force(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = runner.invoke(app, ["demo", "-o", str(tmp_path)])
    assert isinstance(done.exception, InputError)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
