from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lacunar.errors import InputError
from lacunar.store import load_traits, save_traits
from lacunar.store.directory import read_bundle, write_bundle
from lacunar.traits.data.dataset import LabelledImages
from lacunar.traits.environment import Machine
from lacunar.traits.model import TraitsModel, evaluate_traits
from lacunar.traits.networks.pretrained import Start
from lacunar.traits.to_json import fit_document
from lacunar.traits.training.history import Epoch, Score


def test_a_loaded_model_says_what_the_fitted_one_said(
    people_model: TraitsModel, people: LabelledImages, tmp_path: Path
) -> None:
    save_traits(people_model, tmp_path / "m")
    loaded = load_traits(tmp_path / "m")
    assert fit_document(loaded) == fit_document(people_model)
    assert loaded.histories == people_model.histories
    assert loaded.layers == people_model.layers
    assert loaded.intake == people_model.intake
    assert (loaded.config, loaded.schema) == (people_model.config, people_model.schema)
    assert loaded.fingerprint == people_model.fingerprint
    assert loaded.machine == people_model.machine == Machine("cpu", "float32", 1)
    card = (tmp_path / "m" / "MODEL_CARD.md").read_text()
    assert "Trained on cpu in float32, 1 process." in card
    found, fitted = (evaluate_traits(model, people)[0] for model in (loaded, people_model))
    assert np.array_equal(found.scores, fitted.scores)
    assert loaded.confidences == people_model.confidences
    assert loaded.calibrator.thresholds == people_model.calibrator.thresholds
    assert np.array_equal(loaded.out_of_fold.rows, people_model.out_of_fold.rows)
    assert loaded.shares == people_model.shares
    for part, points in people_model.operating_points.items():
        found = loaded.operating_points[part]
        assert (found.taus, found.as_answered) == (points.taus, points.as_answered)
        assert np.array_equal(found.scores, points.scores)


def test_what_weights_started_from_is_kept(people_model: TraitsModel, tmp_path: Path) -> None:
    start = Start("pedestrians", "0" * 64, ("gender", "luggage"))
    save_traits(replace(people_model, start=start), tmp_path / "known")
    save_traits(people_model, tmp_path / "drawn")
    assert load_traits(tmp_path / "known").start == start
    assert load_traits(tmp_path / "drawn").start is None


def test_saving_twice_gives_the_same_bytes(people_model: TraitsModel, tmp_path: Path) -> None:
    save_traits(people_model, tmp_path / "a")
    save_traits(load_traits(tmp_path / "a"), tmp_path / "b")
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes(), file.name


def test_an_accuracy_nobody_knows_stays_unknown(people_model: TraitsModel, tmp_path: Path) -> None:
    names = people_model.schema.names
    score = Score(0.0, dict.fromkeys(names, 0.0), dict.fromkeys(names))
    save_traits(replace(people_model, histories=((Epoch(1, score, score),),)), tmp_path / "m")
    assert load_traits(tmp_path / "m").histories == ((Epoch(1, score, score),),)


def test_loading_needs_no_torch(people_model: TraitsModel, tmp_path: Path) -> None:
    save_traits(people_model, tmp_path / "m")
    code = (
        "import sys, pathlib; sys.modules['torch'] = None\n"
        "from lacunar.store import load_traits\n"
        "from lacunar.report import traits_report\n"
        "print(len(traits_report(load_traits(pathlib.Path(sys.argv[1])))) > 0)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "m")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_a_model_saved_without_operating_points_has_none(
    people_model: TraitsModel, tmp_path: Path
) -> None:
    save_traits(people_model, tmp_path / "m")
    bundle = read_bundle(tmp_path / "m", kind="traits")
    facts = {key: fact for key, fact in bundle.facts.items() if key != "operating_points"}
    write_bundle(tmp_path / "n", replace(bundle, facts=facts))
    loaded = load_traits(tmp_path / "n")
    assert loaded.operating_points == {}
    assert loaded.evaluations.keys() == people_model.evaluations.keys()


@pytest.mark.parametrize(
    "name", ["counts.train.0", "confusion.test.5", "intervals.validation", "points.test.figures"]
)
def test_a_model_with_a_part_missing_gets_one_sentence(
    people_model: TraitsModel, tmp_path: Path, name: str
) -> None:
    save_traits(people_model, tmp_path / "m")
    bundle = read_bundle(tmp_path / "m", kind="traits")
    arrays = {key: array for key, array in bundle.arrays.items() if key != name}
    write_bundle(tmp_path / "n", replace(bundle, arrays=arrays))
    with pytest.raises(InputError, match=f"expected a whole traits model, got: '{name}'"):
        load_traits(tmp_path / "n")


def test_a_model_of_tastes_is_refused(people_model: TraitsModel, tmp_path: Path) -> None:
    save_traits(people_model, tmp_path / "m")
    bundle = read_bundle(tmp_path / "m", kind="traits")
    write_bundle(tmp_path / "n", replace(bundle, kind="taste"))
    with pytest.raises(InputError, match="expected a model of kind traits, got taste"):
        load_traits(tmp_path / "n")
