from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lacunar import __version__
from lacunar.store import save_taste, save_traits
from lacunar.taste.model import TasteModel
from lacunar.traits.model import TraitsModel

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def tastes(sample_model: TasteModel, tmp_path: Path) -> Path:
    save_taste(sample_model, tmp_path / "tastes")
    return tmp_path / "tastes"


@pytest.fixture
def traits(people_model: TraitsModel, tmp_path: Path) -> Path:
    save_traits(people_model, tmp_path / "traits")
    return tmp_path / "traits"


def test_info_shows_where_a_taste_model_comes_from(
    run: Run, tastes: Path, sample_model: TasteModel
) -> None:
    done = run("info", tastes, "--json")
    assert (done.returncode, done.stdout.count("\n")) == (0, 1)
    found = json.loads(done.stdout)
    manifest = json.loads((tastes / "manifest.json").read_text())
    assert (found["kind"], found["format_version"]) == ("taste", 1)
    assert found["versions"]["lacunar"] == __version__
    assert found["seeds"] == list(sample_model.fit_grid.seeds) == [0, 1, 2, 3, 4, 5]
    assert found["config"] == sample_model.config.model_dump(mode="json")
    assert found["fingerprint"] == manifest["fingerprint"]
    named = {file["name"]: (file["bytes"], file["sha256"]) for file in found["files"]}
    expected = {
        file.name: (file.stat().st_size, hashlib.sha256(file.read_bytes()).hexdigest())
        for file in tastes.iterdir()
    }
    assert found["manifest_sha256"] == expected.pop("manifest.json")[1]
    assert named == expected


def test_info_shows_where_a_traits_model_comes_from(
    run: Run, traits: Path, people_model: TraitsModel
) -> None:
    found = json.loads(run("info", traits, "--json").stdout)
    assert (found["kind"], found["seeds"]) == ("traits", [people_model.config.seed])
    assert found["versions"]["torch"] == people_model.versions["torch"]
    assert found["fingerprint"] == people_model.fingerprint


def test_people_get_tables_of_eighty_columns(run: Run, tastes: Path, traits: Path) -> None:
    for model in (tastes, traits):
        done = run("info", model)
        assert done.returncode == 0, done.stderr
        assert max(map(len, done.stdout.splitlines())) <= 80
        for word in ("format version", "seeds", "data (SHA-256)", "arrays.safetensors"):
            assert word in done.stdout
    assert "0 to 5" in run("info", tastes).stdout


def test_verify_finds_a_model_whole(run: Run, tastes: Path, traits: Path) -> None:
    for model in (tastes, traits):
        done = run("verify", model)
        assert done.returncode == 0, done.stderr
        assert f"files match the manifest of {model}" in done.stdout
        document = json.loads(run("verify", model, "--json").stdout)
        assert (document["whole"], document["differences"], document["unnamed"]) == (True, [], [])
        assert document["files"] == len(list(model.iterdir())) - 1


def test_verify_names_every_file_that_differs(run: Run, tastes: Path, tmp_path: Path) -> None:
    content = bytearray((tastes / "arrays.safetensors").read_bytes())
    content[-1] ^= 1
    (tastes / "arrays.safetensors").write_bytes(content)
    (tastes / "users.parquet").unlink()
    (tastes / "items.parquet").rename(tmp_path / "elsewhere")
    (tastes / "items.parquet").symlink_to(tmp_path / "elsewhere")
    done = run("verify", tastes)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.strip().splitlines()) == 1
    expected = [
        {"file": "arrays.safetensors", "found": "changed"},
        {"file": "items.parquet", "found": "no plain file"},
        {"file": "users.parquet", "found": "missing"},
    ]
    for one in expected:
        assert f"{one['file']} ({one['found']})" in done.stderr
    done = run("verify", tastes, "--json")
    assert (done.returncode, done.stdout.count("\n")) == (2, 1)
    document = json.loads(done.stdout)
    assert not document["whole"]
    assert sorted(document["differences"], key=lambda one: one["file"]) == expected


def test_verify_names_files_that_are_not_in_the_manifest(run: Run, tastes: Path) -> None:
    (tastes / "notes.txt").touch()
    done = run("verify", tastes)
    assert done.returncode == 0
    assert "Ignored, not in the manifest: notes.txt." in done.stderr


@pytest.mark.parametrize("command", ["info", "verify"])
def test_a_directory_without_a_model_gets_one_sentence(
    run: Run, tmp_path: Path, command: str
) -> None:
    done = run(command, tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "expected a model directory" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_manifest_cannot_steer_the_terminal(run: Run, tastes: Path) -> None:
    file = tastes / "manifest.json"
    manifest = json.loads(file.read_text())
    manifest["config"]["view"] = "\x1b]0;owned\x07[red]plain[/red]"
    file.write_text(json.dumps(manifest))
    done = run("info", tastes)
    assert "\x1b" not in done.stdout
    assert "[red]plain[/red]" in done.stdout


def test_neither_needs_torch(traits: Path) -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from typer.testing import CliRunner\n"
        "from lacunar.cli.commands import app\n"
        "done = [CliRunner().invoke(app, [word, sys.argv[1]]) for word in ('info', 'verify')]\n"
        "print([one.exit_code for one in done])"
    )
    command = [sys.executable, "-c", code, str(traits)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "[0, 0]\n"
