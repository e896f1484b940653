from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from lacunar.store import save_taste
from lacunar.taste.model import TasteModel
from lacunar.taste.to_json import segments_document
from lacunar.web.reload import ModelWatch, watched_taste, watched_traits
from lacunar.web.server import build_server, handled_signals
from lacunar.web.state import AppState

SEGMENTS = "/api/v1/segments"


@pytest.fixture
def directory(sample_model_directory: Path, tmp_path: Path) -> Path:
    """A copy of the model that the client's server has loaded."""
    return Path(shutil.copytree(sample_model_directory, tmp_path / "model"))


@pytest.fixture
def other_model(sample_model: TasteModel) -> TasteModel:
    """The same model with other names."""
    names = tuple(f"{name} again" for name in sample_model.segments.names)
    return replace(sample_model, segments=replace(sample_model.segments, names=names))


@pytest.fixture
def lines() -> list[str]:
    """What the watch says."""
    return []


@pytest.fixture
def watch(client: TestClient, directory: Path, lines: list[str]) -> ModelWatch:
    return ModelWatch(client.app, [watched_taste(directory)], lines.append)  # type: ignore[arg-type]


def test_a_replaced_model_is_served_on_every_page(
    client: TestClient,
    watch: ModelWatch,
    directory: Path,
    other_model: TasteModel,
    lines: list[str],
) -> None:
    watch.check()
    assert lines == []
    save_taste(other_model, directory, force=True)
    watch.check()
    assert lines == [f"Took the new taste model of {directory}"]
    assert client.get(SEGMENTS).json() == segments_document(other_model)
    name = other_model.segments.names[0]
    for page in ("/", "/taste", "/taste/segments/0", "/taste/users/7", "/taste/try"):
        assert name in client.get(page).text, page
    watch.check()
    assert len(lines) == 1


@pytest.mark.parametrize("broken", ["arrays.safetensors", "manifest.json"])
def test_a_broken_model_is_refused_once_and_the_old_one_stays(
    client: TestClient, watch: ModelWatch, directory: Path, lines: list[str], broken: str
) -> None:
    before = client.get(SEGMENTS).json()
    with (directory / broken).open("ab") as file:
        file.write(b"more")
    manifest = directory / "manifest.json"
    manifest.touch()
    for _ in range(2):
        watch.check()
    [line] = lines
    assert line.startswith("Kept the old taste model: ")
    assert "\n" not in line
    assert client.get(SEGMENTS).json() == before


def test_a_directory_that_is_gone_for_a_moment_is_waited_for(
    watch: ModelWatch, directory: Path, lines: list[str]
) -> None:
    directory.rename(directory.with_name("elsewhere"))
    watch.check()
    assert lines == []
    watch.check(every=True)
    assert len(lines) == 1


def test_what_fails_in_any_way_is_refused(client: TestClient, directory: Path) -> None:
    def fail(state: AppState) -> AppState:
        raise MemoryError

    lines: list[str] = []
    failing = replace(watched_taste(directory), renew=fail)
    ModelWatch(client.app, [failing], lines.append).check(every=True)  # type: ignore[arg-type]
    assert lines == ["Kept the old taste model: MemoryError: "]


def test_a_signal_loads_the_models_again(
    client: TestClient, taste_state: AppState, watch: ModelWatch, lines: list[str]
) -> None:
    server = build_server(client.app, taste_state)  # type: ignore[arg-type]
    before = signal.getsignal(signal.SIGHUP)
    with handled_signals(server, watch), watch.running():
        os.kill(os.getpid(), signal.SIGHUP)
        deadline = time.monotonic() + 30
        while not lines and time.monotonic() < deadline:
            time.sleep(0.02)
    assert [line.startswith("Took the new taste model of ") for line in lines] == [True]
    assert signal.getsignal(signal.SIGHUP) is before


def test_a_new_traits_model_is_served(
    traits_client: TestClient, people_model_directory: Path, tmp_path: Path
) -> None:
    directory = shutil.copytree(people_model_directory, tmp_path / "model")
    lines: list[str] = []
    watch = ModelWatch(traits_client.app, [watched_traits(directory)], lines.append)  # type: ignore[arg-type]
    (directory / "manifest.json").touch()
    watch.check()
    assert lines == [f"Took the new traits model of {directory}"]
    assert traits_client.get("/traits").status_code == 200
    assert traits_client.get("/readyz").json()["models"] == ["traits"]


def test_a_server_takes_a_new_model_and_fails_no_request(
    start_server: Callable[..., str], directory: Path, other_model: TasteModel
) -> None:
    url = start_server("--taste", directory)
    answers: list[str] = []
    stop = threading.Event()

    def ask() -> None:
        with httpx.Client(base_url=url, timeout=30) as client:
            while not stop.is_set():
                answer = client.get(SEGMENTS)
                good = answer.status_code == 200
                answers.append(answer.json()["segments"][0]["name"] if good else answer.text)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    new = other_model.segments.names[0]
    save_taste(other_model, directory, force=True)
    deadline = time.monotonic() + 60
    while new not in answers[-3:] and time.monotonic() < deadline:
        time.sleep(0.05)
    stop.set()
    for thread in threads:
        thread.join()
    assert set(answers) == {new, new.removesuffix(" again")}
    for path in ("/", "/taste", "/taste/segments/0"):
        assert new in httpx.get(url + path, timeout=30).text
