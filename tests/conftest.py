"""Fixtures every test may use."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import softmax

from lacunar.datasets.people.labels import COLUMNS, N_CLASSES
from lacunar.datasets.people.sample import PeopleSample, sample_people, write_people
from lacunar.datasets.tastes.sample import sample_tastes, write_sample
from lacunar.store import save_taste, save_traits
from lacunar.taste.config import TasteConfig
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.data.reading import read_ratings
from lacunar.taste.fit import fit_taste
from lacunar.taste.model import TasteModel
from lacunar.traits.audit.findings import AuditFindings, audit_images
from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.dataset import LabelledImages, read_layout
from lacunar.traits.fit import fit_traits
from lacunar.traits.model import TraitsModel

#: Start `lacunar serve` with options, and with variables; the address it serves at.
StartServer = Callable[..., str]

MOVIES = """movieId,title,genres
1,"Comma, The (1994)",Drama|War
2,"The ""Quoted"" One (2001)",Comedy
3,Élan (1967),(no genres listed)
4,No Year,Drama
"""


@pytest.fixture
def write_csv(tmp_path: Path) -> Callable[..., Path]:
    """Write a small data directory; rows are text lines under the usual header."""

    def write(*rows: str, movies: str = MOVIES) -> Path:
        header = "userId,movieId,rating,timestamp"
        (tmp_path / "ratings.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        (tmp_path / "movies.csv").write_text(movies, encoding="utf-8")
        return tmp_path

    return write


@pytest.fixture(scope="session")
def sample_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("sample")
    write_sample(sample_tastes(n_users=120, n_movies=300, seed=1), directory)
    return directory


@pytest.fixture(scope="session")
def sample_ratings(sample_directory: Path) -> Ratings:
    return read_ratings(sample_directory)


@pytest.fixture(scope="session")
def sample_model(sample_ratings: Ratings) -> TasteModel:
    return fit_taste(sample_ratings, TasteConfig(min_components=3, max_components=4, n_seeds=6))


@pytest.fixture(scope="session")
def source_model(sample_ratings: Ratings) -> TasteModel:
    """A model fitted as the source report does, gaps filled with row means."""
    config = TasteConfig.of_preset("source", max_components=4, n_seeds=6)
    return fit_taste(sample_ratings, config)


@pytest.fixture(scope="session", autouse=True)
def decoded_images(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where decoded images are kept, so that no test writes into anybody's home."""
    folder = tmp_path_factory.mktemp("decoded")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LACUNAR_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session")
def people_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 generated people to learn from and 12 to test on."""
    directory = tmp_path_factory.mktemp("people")
    write_people(sample_people(n_train=24, n_test=12, seed=3), directory)
    return directory


@pytest.fixture(scope="session")
def people(people_directory: Path) -> LabelledImages:
    return read_layout(people_directory)[0]


@pytest.fixture(scope="session")
def people_model(people_directory: Path, decoded_images: Path) -> TraitsModel:
    train, test = read_layout(people_directory)
    config = TraitsConfig.of_preset(
        "source",
        height=40,
        width=24,
        batch=8,
        max_epochs=3,
        validation=0.23,
        stratify=True,
        device="cpu",
    )
    return fit_traits(train, config, test=test, cache_dir=decoded_images)


@pytest.fixture(scope="session")
def folded_model(people_directory: Path, decoded_images: Path) -> TraitsModel:
    """The default preset, made small: three networks that each leave a fold out."""
    train, test = read_layout(people_directory)
    config = TraitsConfig(
        height=32, width=16, filters=4, batch=8, max_epochs=3, folds=3, refit=2, device="cpu"
    )
    return fit_traits(train, config, test=test, cache_dir=decoded_images)


@pytest.fixture(scope="session")
def people_onnx(people_model: TraitsModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model of :func:`people_model` as an ONNX file; the first attribute has a threshold."""
    from lacunar.traits.predict.onnx_export import export_onnx
    from lacunar.traits.predict.torch_predictor import probability_module

    path = tmp_path_factory.mktemp("onnx") / "people.onnx"
    export_onnx(
        probability_module(people_model),
        people_model.schema,
        people_model.config,
        path,
        thresholds=(0.9, *(0.0,) * 5),
        fingerprint=people_model.fingerprint,
        versions=people_model.versions,
        shares=people_model.shares,
    )
    return path


@pytest.fixture(scope="session")
def flawed_people() -> PeopleSample:
    """150 generated people to learn from and 50 to test on, with faults of every kind."""
    return sample_people(
        n_train=150, n_test=50, wrong_labels=16, bad_images=12, duplicates=8, seed=4
    )


@pytest.fixture(scope="session")
def flawed_directory(flawed_people: PeopleSample, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("flawed")
    write_people(flawed_people, directory)
    return directory


@pytest.fixture(scope="session")
def flawed_probabilities(flawed_people: PeopleSample) -> list[NDArray[np.float64]]:
    """What a good network might say of the training part: mostly the truth, unknown ones at random.

    A network never reads the labels of the image it judges, so neither does this.
    """
    rng = np.random.default_rng(0)
    true = flawed_people.train.labels.copy()
    rows = {name: row for row, name in enumerate(flawed_people.train.filenames)}
    for wrong in flawed_people.truth.wrong_labels:
        if wrong.part == "train":
            true[rows[wrong.filename], COLUMNS.index(wrong.column)] = wrong.true
    found = []
    for column, n_classes in zip(true.T, N_CLASSES, strict=True):
        logits = rng.normal(size=(len(column), n_classes))
        known = np.flatnonzero(column >= 0)
        logits[known, column[known]] += 5
        found.append(softmax(logits, axis=1))
    return found


@pytest.fixture(scope="session")
def flawed_findings(
    flawed_directory: Path, flawed_probabilities: list[NDArray[np.float64]]
) -> AuditFindings:
    return audit_images(*read_layout(flawed_directory), flawed_probabilities)


@pytest.fixture(scope="session")
def conflicting_findings(flawed_findings: AuditFindings) -> AuditFindings:
    """The same with two labels in which the first copies differ."""
    images, pair = flawed_findings.images, flawed_findings.duplicates[0]
    first, second = images.labels[pair.first], images.labels[pair.second]
    known = np.flatnonzero((first >= 0) & (second >= 0))[:2]
    part, name = images.place(pair.second)
    dataset = images.datasets[part]
    labels = dataset.labels.copy()
    # Of any attribute there are two classes or more.
    labels[dataset.names.index(name), known] = 1 - first[known].clip(max=1)
    changed = replace(images, **{part: replace(dataset, labels=labels)})
    return replace(flawed_findings, images=changed)


@pytest.fixture(scope="session")
def real_tastes() -> Path:
    """The MovieLens directory that the environment variable LACUNAR_DATA names."""
    root = os.environ.get("LACUNAR_DATA")
    if not root:
        pytest.skip("LACUNAR_DATA is not set")
    return Path(root) / "ml-latest-small"


@pytest.fixture(scope="session")
def real_people() -> Path:
    """The directory of people that the environment variable LACUNAR_DATA names."""
    root = os.environ.get("LACUNAR_DATA")
    if not root:
        pytest.skip("LACUNAR_DATA is not set")
    return Path(root) / "people-716"


@pytest.fixture(scope="session")
def sample_model_directory(
    sample_model: TasteModel, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    directory = tmp_path_factory.mktemp("saved") / "tastes"
    save_taste(sample_model, directory)
    return directory


@pytest.fixture(scope="session")
def people_model_directory(
    people_model: TraitsModel, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    directory = tmp_path_factory.mktemp("saved") / "people"
    save_traits(people_model, directory)
    return directory


@pytest.fixture(scope="module")
def start_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartServer]:
    """Servers in processes of their own, which must stop gracefully and have had no failure."""
    running: list[tuple[subprocess.Popen[str], Path]] = []

    def start(*options: object, **variables: str) -> str:
        log = tmp_path_factory.mktemp("server") / "log"
        command = (sys.executable, "-m", "lacunar", "serve", "--json", "--port", "0")
        with log.open("w") as stderr:
            server = subprocess.Popen(
                [*command, *map(str, options)],
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                env=os.environ | variables,
            )
        running.append((server, log))
        assert server.stdout is not None
        line = server.stdout.readline()
        assert line, log.read_text()
        return str(json.loads(line)["url"])

    yield start
    for server, _ in running:
        server.send_signal(signal.SIGTERM)
    for server, log in running:
        with server:
            assert server.wait(timeout=30) == 0
        assert "Traceback" not in log.read_text()


@pytest.fixture(scope="session")
def run_together() -> Callable[..., list[subprocess.CompletedProcess[str]]]:
    """Run Python processes that meet over the loopback, as those of ``torchrun`` do.

    Of each are given its words and its variables; notes are held by none of them, but here.
    """
    from torch.distributed import TCPStore

    def run(
        words: Sequence[Sequence[object]],
        variables: Sequence[Mapping[str, object]] | None = None,
        timeout: float = 90,
    ) -> list[subprocess.CompletedProcess[str]]:
        store = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
        size = len(words)
        told = {
            "WORLD_SIZE": size,
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": store.port,
            "TORCHELASTIC_USE_AGENT_STORE": True,
            "TORCHELASTIC_RESTART_COUNT": 0,
            "OMP_NUM_THREADS": 1,
            "GLOO_SOCKET_IFNAME": "lo",
        }
        started = []
        for rank, own in enumerate(variables or [{}] * size):
            environment = told | {"RANK": rank, "LOCAL_RANK": rank} | own
            started.append(
                subprocess.Popen(
                    [sys.executable, *map(str, words[rank])],
                    env=os.environ | {name: str(value) for name, value in environment.items()},
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
        try:
            said = [process.communicate(timeout=timeout) for process in started]
        finally:
            for process in started:
                process.kill()
        return [
            subprocess.CompletedProcess(process.args, process.returncode, *parts)
            for process, parts in zip(started, said, strict=True)
        ]

    return run
