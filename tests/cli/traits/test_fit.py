from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from lacunar.cli.commands import app
from lacunar.cli.traits import fit
from lacunar.cli.traits.epoch_log import EpochLog
from lacunar.errors import InputError
from lacunar.store import load_traits
from lacunar.traits.config import TraitsConfig
from lacunar.traits.networks import device
from lacunar.traits.training.distributed import SINGLE_PROCESS, ProcessGroup
from lacunar.traits.training.history import Epoch

Run = Callable[..., subprocess.CompletedProcess[str]]
FAST = ("--max-epochs", "2", "--batch", "8", "--device", "cpu", "--workers", "1")


def run_fit(data: Path, output: Path, *words: object) -> Result:
    return CliRunner().invoke(
        app, ["traits", "fit", str(data), "-o", str(output), *FAST, *map(str, words)]
    )


@pytest.fixture(scope="module")
def fitted(people_directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("fit") / "model"
    assert run_fit(people_directory, output).exit_code == 0
    return output


def test_tables_and_sentences_show_the_data_and_the_scores(
    run: Run, people_directory: Path, tmp_path: Path
) -> None:
    done = run(
        "traits", "fit", people_directory, "-o", tmp_path / "m", *FAST, "--folds", 3, "--refit", 2
    )
    assert done.returncode == 0, done.stderr
    assert "Read 24 training images from 24 rows." in done.stderr
    assert "unknown labels: gender 0, torso_type 0, torso_colour 0, leg_type 0" in done.stderr
    networks = [line for line in done.stderr.splitlines() if line.startswith("    ")]
    assert [line.split()[0] for line in networks] == ["1", "2", "3", "4", "5"]
    for words in (
        "Number of images with each label",
        "Weights started from pedestrians, pretrained on: gender,",
        "3 networks, each without 1 of 3 folds: for the out-of-fold scores.",
        "2 networks on all images: for predictions.",
        "The held-out test images: 12.",
        "baseline",
        "balanced",
    ):
        assert words in done.stdout
    shown = done.stdout.replace(str(tmp_path), "")
    assert max(map(len, shown.splitlines())) <= 80


def test_json_is_the_only_thing_on_stdout(people_directory: Path, tmp_path: Path) -> None:
    done = run_fit(
        people_directory, tmp_path / "m", "--json", "--no-augment", "--network", "shared-dense"
    )
    assert done.exit_code == 0, done.output
    assert done.stdout.count("\n") == 1
    document = json.loads(done.stdout)
    assert document["model"] == str(tmp_path / "m")
    assert document["intake"]["train"]["rows"] == 24
    assert list(document["evaluations"]) == ["out-of-fold", "test"]
    loaded = load_traits(tmp_path / "m")
    assert loaded.config.augmentation is None
    assert loaded.config.network == "shared-dense"
    assert loaded.config.mirror


def test_where_left_and_right_matter_nothing_is_mirrored(
    people_directory: Path, tmp_path: Path
) -> None:
    done = run_fit(people_directory, tmp_path / "m", "--no-mirror")
    assert done.exit_code == 0, done.output
    config = load_traits(tmp_path / "m").config
    assert not config.mirror
    assert config.augmentation is not None
    assert not config.augmentation.flip


def test_the_source_preset_is_the_reports(people_directory: Path, tmp_path: Path) -> None:
    done = run_fit(people_directory, tmp_path / "m", "--preset", "source", "--validation", "6")
    assert done.exit_code == 0, done.output
    epochs = [line for line in done.stderr.splitlines() if line.startswith("    ")]
    assert [line.split()[0] for line in epochs] == ["1", "2"]
    assert "of 2 epochs: the maximum number" in done.stdout
    config = load_traits(tmp_path / "m").config
    assert (config.preset, config.stratify, config.validation) == ("source", False, 6)


def test_data_of_other_columns_without_test_images(people_directory: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    shutil.copytree(people_directory / "Train_Data" / "Originals", data / "photos")
    rows = (people_directory / "Train_Data" / "Train.csv").read_text().splitlines()
    kept = [",".join(row.split(",")[:2]) for row in rows]
    (data / "table.csv").write_text("\n".join([*kept, kept[1]]) + "\n")
    schema = tmp_path / "schema.toml"
    schema.write_text(
        'image_column = "filename"\nimages = "photos"\n'
        '[[attributes]]\nname = "who"\nclasses = ["man", "woman"]\ncolumn = "gender"\n'
    )
    done = run_fit(data, tmp_path / "m", "--schema", schema)
    assert done.exit_code == 0, done.output
    assert "from 25 rows, 1 of them for repeated images" in done.stderr
    assert "The training images, each predicted by the networks trained without it" in done.stdout
    assert load_traits(tmp_path / "m").intake["train"].repeated == 1


def test_a_fit_that_was_killed_goes_on_and_ends_in_the_same_bytes(
    people_directory: Path, fitted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(log: EpochLog, network: int, epoch: Epoch) -> None:
        raise SystemExit(9)

    output, checkpoint = tmp_path / "m", tmp_path / "checkpoint"
    with monkeypatch.context() as patch:
        patch.setattr(EpochLog, "__call__", dies)
        assert run_fit(people_directory, output, "--checkpoint", checkpoint).exit_code == 9
    assert not output.exists()
    assert checkpoint.is_dir()
    done = run_fit(people_directory, output, "--resume", checkpoint)
    assert done.exit_code == 0, done.output
    assert "Continuing after epoch 1 of network 1, from the checkpoint" in done.stderr
    assert not checkpoint.exists()
    for file in fitted.iterdir():
        assert file.read_bytes() == (output / file.name).read_bytes(), file.name


def test_a_checkpoint_of_another_fit_is_kept(
    people_directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = tmp_path / "checkpoint"
    with monkeypatch.context() as patch:
        patch.setattr(EpochLog, "__call__", lambda *_: (_ for _ in ()).throw(SystemExit(9)))
        run_fit(people_directory, tmp_path / "m", "--checkpoint", checkpoint)
    done = run_fit(people_directory, tmp_path / "m", "--checkpoint", checkpoint, "--seed", 1)
    assert "expected a checkpoint of these data, settings and versions" in str(done.exception)
    assert checkpoint.is_dir()


def test_rare_classes_are_favoured_on_request(people_directory: Path, tmp_path: Path) -> None:
    words = ["--class-weights", "0.5", "--logit-adjustment", "0.75", "--folds", "2", "--refit", "0"]
    done = run_fit(people_directory, tmp_path / "m", "--json", "--max-epochs", "1", *words)
    assert done.exit_code == 0, done.output
    points = json.loads(done.stdout)["operating_points"]
    assert list(points) == ["out-of-fold", "test"]
    assert points["test"]["as_answered"] == 0.75
    assert [point["tau"] for point in points["test"]["points"]] == [0, 0.25, 0.5, 0.75, 1]
    config = load_traits(tmp_path / "m").config
    assert (config.class_weights, config.logit_adjustment) == (0.5, 0.75)


@pytest.mark.parametrize(("option", "value"), [("--class-weights", 2), ("--logit-adjustment", -1)])
def test_powers_out_of_reach_are_refused(
    people_directory: Path, tmp_path: Path, option: str, value: float
) -> None:
    done = run_fit(people_directory, tmp_path / "m", option, value)
    assert isinstance(done.exception, InputError)
    assert str(done.exception).startswith(f"{option}: ")


def test_a_start_is_chosen_by_name(people_directory: Path, tmp_path: Path) -> None:
    done = run_fit(
        people_directory, tmp_path / "m", *FAST, "--start", "random", "--folds", 0, "--json"
    )
    assert json.loads(done.stdout)["start"] is None
    assert load_traits(tmp_path / "m").start is None
    refused = run_fit(
        people_directory, tmp_path / "n", "--network", "source", "--start", "pedestrians"
    )
    assert isinstance(refused.exception, InputError)
    assert "stripes of 16 filters for the start pedestrians, got source" in str(refused.exception)


@pytest.mark.slow
def test_workers_change_no_byte(people_directory: Path, fitted: Path, tmp_path: Path) -> None:
    assert run_fit(people_directory, tmp_path / "m", "--workers", 3).exit_code == 0
    for file in fitted.iterdir():
        assert file.read_bytes() == (tmp_path / "m" / file.name).read_bytes(), file.name


def test_processes_that_train_together_ask_for_no_device_but_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(
        device, "choose_device", lambda name: asked.append(name) or device.torch.device("cpu")
    )
    assert fit._workers(TraitsConfig(), ProcessGroup(0, 2)) == 1
    assert asked == []
    assert fit._workers(TraitsConfig(), SINGLE_PROCESS) >= 1
    assert asked == ["auto"]
