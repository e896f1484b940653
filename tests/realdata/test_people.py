"""The source report's recipe on real crops, as far as one epoch shows it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lacunar.cli.commands import app
from lacunar.store import load_traits

pytestmark = [pytest.mark.realdata, pytest.mark.slow]


def test_the_source_recipe_runs_on_real_images(real_people: Path, tmp_path: Path) -> None:
    model = tmp_path / "model"
    words = ["traits", "fit", str(real_people), "-o", str(model), "--preset", "source"]
    done = CliRunner().invoke(app, [*words, "--max-epochs", "1", "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    images = {
        part: sum(labels["gender"]["classes"].values()) for part, labels in found["counts"].items()
    }
    assert images == {"train": 400, "validation": 120, "test": 196}
    loaded = load_traits(model)
    assert sum(layer.parameters for layer in loaded.layers) == 8_340_870
    # One epoch has learned next to nothing; the baseline is that of the labels, to the digit.
    baseline = found["evaluations"]["test"]["mean"]["largest_class"]
    assert baseline["accuracy"] == pytest.approx(0.534, abs=5e-4)
    assert baseline["macro_f1"] == pytest.approx(0.274, abs=5e-4)
