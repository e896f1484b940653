"""A standalone master and two workers on loopback; one worker is killed during the job."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from runpy import run_path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import lacunar
from lacunar.errors import InputError
from lacunar.mixture.chunked import LocalExpectation
from lacunar.store import load_taste
from lacunar.taste.data.histories import histories_of
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.fit import fit_taste
from lacunar.taste.model import TasteModel
from lacunar.taste.recommend.list_files import recommend_all
from lacunar.taste.recommend.list_request import ListRequest
from lacunar.taste.segments.fit import fit_segments
from lacunar.taste.spark.session import require_spark

pytestmark = pytest.mark.slow

DRIVER = Path(__file__).with_name("cluster_driver.py")
_SHARED = run_path(str(DRIVER), run_name="cluster_driver")
CONFIG, STEPS, some_mixtures = (_SHARED[name] for name in ("CONFIG", "STEPS", "some_mixtures"))
ENVIRONMENT = os.environ | {
    "SPARK_LOCAL_IP": "127.0.0.1",
    "SPARK_DAEMON_MEMORY": "256m",
    "PYSPARK_PYTHON": sys.executable,
    # Workers have other working directories.
    "PYTHONPATH": str(Path(lacunar.__file__).parents[1]),
    "PYSPARK_SUBMIT_ARGS": (
        "--conf spark.executor.memory=512m --conf spark.driver.memory=512m"
        " --conf spark.sql.shuffle.partitions=4 pyspark-shell"
    ),
}


@dataclass(frozen=True)
class Run:
    """Result of a driver, and the log of the worker that was killed."""

    returncode: int
    log: str
    out: Path
    killed_at: int
    log_of_killed: str


@contextmanager
def started(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program in its own process group; kill the group at the end."""
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, stdout=file, stderr=file, env=ENVIRONMENT, start_new_session=True
        )
    try:
        yield process
    finally:
        kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for(happened: Callable[[], bool], what: str, seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(scope="module")
def run(sample_directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    try:
        require_spark()
    except InputError as error:
        pytest.skip(str(error))
    out = tmp_path_factory.mktemp("cluster")
    spec = find_spec("pyspark")
    assert spec is not None
    assert spec.origin is not None
    spark_class = str(Path(spec.origin).parent / "bin" / "spark-class")
    daemon = [spark_class, "org.apache.spark.deploy"]
    place = ["--host", "127.0.0.1", "--webui-port", "0"]
    port = free_port()
    url = f"spark://127.0.0.1:{port}"
    with ExitStack() as stack:
        master = [spark_class, f"{daemon[1]}.master.Master", *place, "--port", str(port)]
        stack.enter_context(started(master, out / "master.log"))
        wait_for(lambda: "ALIVE" in (out / "master.log").read_text(), "a master")
        workers = []
        for name in ("one", "two"):
            size = ["--cores", "1", "--memory", "700m", "--work-dir", str(out / name)]
            worker = [spark_class, f"{daemon[1]}.worker.Worker", *place, *size, url]
            workers.append(stack.enter_context(started(worker, out / f"{name}.log")))
        for name in ("one", "two"):
            log = out / f"{name}.log"
            wait_for(lambda log=log: "Successfully registered" in log.read_text(), name)
        command = [sys.executable, str(DRIVER), url, str(sample_directory), str(out)]
        log = out / "driver.log"
        driver = stack.enter_context(started(command, log))
        wait_for(
            lambda: "step 3" in log.read_text() or driver.poll() is not None, "some steps", 600
        )
        # The driver has started a fourth step and continues meanwhile.
        kill(workers[1])
        killed_at = log.read_text().count("step ")
        driver.wait(timeout=600)
        return Run(
            driver.returncode, log.read_text(), out, killed_at, (out / "two.log").read_text()
        )


@pytest.fixture(scope="module")
def local(sample_ratings: Ratings) -> TasteModel:
    return fit_taste(sample_ratings, CONFIG)


def test_the_job_ends_right_though_a_worker_dies(run: Run) -> None:
    assert run.returncode == 0, run.log
    assert 4 <= run.killed_at < STEPS
    assert "Asked to launch executor" in run.log_of_killed


def test_profiles_and_log_are_those_of_one_machine(run: Run, local: TasteModel) -> None:
    found = load_taste(run.out / "model")
    assert found.ratings.log.equals(local.ratings.log)
    assert found.ratings.intake == local.ratings.intake
    np.testing.assert_array_equal(found.profiles.counts, local.profiles.counts)
    np.testing.assert_allclose(found.profiles.means, local.profiles.means, rtol=0, atol=1e-12)


def test_segments_are_those_of_one_machine(run: Run, local: TasteModel) -> None:
    found = load_taste(run.out / "model").segments
    assert found.names == local.segments.names
    np.testing.assert_allclose(
        found.responsibilities, local.segments.responsibilities, rtol=0, atol=1e-8
    )


def test_users_are_placed_as_on_one_machine(
    run: Run, local: TasteModel, sample_ratings: Ratings
) -> None:
    table = pq.read_table(run.out / "places")
    expected = local.placer.responsibilities(histories_of(sample_ratings))
    assert table["user_id"].combine_chunks().equals(sample_ratings.users)
    np.testing.assert_allclose(
        np.array(table["responsibilities"].to_pylist()), expected, rtol=0, atol=1e-8
    )


def test_lists_are_those_of_one_machine(run: Run, local: TasteModel) -> None:
    found = pq.read_table(run.out / "lists")
    expected = pa.concat_tables(recommend_all(local.recommender(), local.ratings, ListRequest(k=5)))
    for name in ("user_id", "rank", "item_id"):
        assert found[name].equals(expected[name]), name
    np.testing.assert_allclose(found["score"], expected["score"], rtol=0, atol=1e-8)


def test_sums_are_the_same_to_the_bit_before_and_after(run: Run, sample_ratings: Ratings) -> None:
    steps = [dict(np.load(run.out / f"step-{step}.npz")) for step in range(STEPS)]
    for name in ("bound", "mass", "second"):
        assert len({step[name].tobytes() for step in steps}) == 1, name
    here = LocalExpectation(fit_segments(sample_ratings, CONFIG).data, "diag")
    bound, sums = here.statistics(some_mixtures(len(here.origin)))
    np.testing.assert_allclose(steps[0]["bound"], bound, rtol=0, atol=1e-8)
    np.testing.assert_allclose(steps[0]["mass"], sums.mass, rtol=0, atol=1e-8)
