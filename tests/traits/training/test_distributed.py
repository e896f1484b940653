"""Training by several processes, compared with training by one."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from lacunar.errors import InputError
from lacunar.traits.networks import device
from lacunar.traits.training.distributed import SINGLE_PROCESS, ProcessGroup, joined

torch = pytest.importorskip("torch")
from torch.distributed import HashStore  # noqa: E402 - after what skips without it

# Each trains the same networks, alone or as one of several, and the first writes what came of them.
# 37 images and batches of 12 leave a batch of one, of which other processes have no image.
_RUN = """
import os, sys
from pathlib import Path
import numpy as np, torch
from lacunar.errors import InputError
from lacunar.traits.data.image_array import ImageArray
from lacunar.traits.config import TraitsConfig
from lacunar.traits.training.distributed import joined
from lacunar.traits.data.schema import Attribute, Schema
from lacunar.traits.training.loop import TrainingData, train_network
torch.set_num_threads(1)
rng = np.random.default_rng(0)
pixels = rng.integers(0, 256, (150, 24, 16, 3), dtype=np.uint8)
labels = rng.integers(0, 2, (150, 2))
labels[:30, 0] = -1
labels[::2, 1] = -1
coat, hat = Attribute("coat", ("open", "closed")), Attribute("hat", ("off", "on"))
schema = Schema((coat, hat), image_column="file")
data = TrainingData(ImageArray("", pixels), labels, np.arange(37), np.arange(37, 150))
found = {}
with joined() as processes:
    for preset, precision in (
        ("default", "float64"), ("source", "float64"), ("default", "float32")
    ):
        config = TraitsConfig.of_preset(
            preset, height=24, width=16, batch=12, max_epochs=3, device="cpu", start="random",
            precision=precision, label_smoothing=0.1, class_weights=0.5, dropout=0.3,
            # A whole cycle in three epochs multiplies what rounding does.
            learning_rate=1e-3 if precision == "float64" else 1e-5,
        )
        state, history = train_network(
            data, schema, config, processes=processes,
            checkpoint_dir=Path(sys.argv[1]) / preset / precision,
        )
        parts = [part for epoch in history for part in (epoch.train, epoch.validation)]
        found[f"{preset} {precision} losses"] = [list(part.losses.values()) for part in parts]
        found[f"{preset} {precision} accuracies"] = [
            list(part.accuracies.values()) for part in parts
        ]
        for name, array in state.items():
            found[f"{preset} {precision} weights {name}"] = array
    found["first"] = processes.broadcast(str(processes.rank))
    found["ranks"] = processes.gather(processes.rank)
    # No process has hats, and the first has no coats.
    given = {"coats": "two" if processes.rank else None, "hats": None}
    found["same"] = str(processes.check_same(given))
    refused = ""
    if processes.size > 1:
        try:
            processes.check_same({"hats": None, "attributes": processes.rank // 2})
        except InputError as error:
            refused = str(error)
    found["refused"] = refused
    if processes.rank == 0:
        np.savez(Path(sys.argv[1]) / "found.npz", **found)
"""

Found = dict[str, NDArray]


def processes(folder: Path, size: int) -> Found:
    folder.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    variables = os.environ | {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    if size > 1:
        variables |= {
            "WORLD_SIZE": str(size),
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(port),
        }
    started = [
        subprocess.Popen(
            [sys.executable, "-c", _RUN, str(folder)],
            env=variables | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(size)
    ]
    errors = [process.communicate(timeout=60)[1] for process in started]
    assert [process.returncode for process in started] == [0] * size, errors
    with np.load(folder / "found.npz") as file:
        return dict(file)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Found:
    return processes(tmp_path_factory.mktemp("one") / "run", 1)


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """The result of three processes."""
    return processes(tmp_path_factory.mktemp("three") / "run", 3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("run", "close"),
    [("default float64", 1e-7), ("source float64", 1e-7), ("default float32", 1e-4)],
)
def test_losses_of_three_epochs_are_those_of_one_process(
    alone: Found, together: Found, run: str, close: float
) -> None:
    losses = alone[f"{run} losses"]
    assert losses.shape == (6, 2)
    assert (losses > 0.3).all()
    np.testing.assert_allclose(together[f"{run} losses"], losses, rtol=0, atol=close)
    assert np.array_equal(together[f"{run} accuracies"], alone[f"{run} accuracies"])


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["default", "source"])
def test_weights_and_running_statistics_are_those_of_one_process(
    alone: Found, together: Found, preset: str
) -> None:
    names = [name for name in alone if name.startswith(f"{preset} float64 weights")]
    assert any(name.endswith("running_var") for name in names)
    for name in names:
        assert together[name].dtype == np.float32
        np.testing.assert_allclose(together[name], alone[name], rtol=1e-5, atol=1e-6, err_msg=name)


@pytest.mark.slow
def test_collective_operations_exchange_values(together: Found) -> None:
    assert together["first"] == "0"
    assert together["ranks"].tolist() == [0, 1, 2]
    assert together["same"] == "{'coats': 'two', 'hats': None}"
    assert together["refused"] == (
        "expected the same attributes in every process, got others in process 3 of 3"
    )


@pytest.mark.parametrize(("n", "size"), [(0, 2), (1, 3), (13, 2), (32, 5)])
def test_shares_cover_a_batch_once_and_evenly(n: int, size: int) -> None:
    shares = [ProcessGroup(rank, size).share(n) for rank in range(size)]
    assert [row for share in shares for row in range(n)[share]] == list(range(n))
    lengths = [share.stop - share.start for share in shares]
    assert max(lengths) - min(lengths) <= 1


def test_one_process_needs_no_messages() -> None:
    values, layer = torch.tensor([1.0, 2.0]), torch.nn.Linear(2, 1)
    layer(values).sum().backward()
    SINGLE_PROCESS.add(values)
    SINGLE_PROCESS.add_gradients(layer)
    assert values.tolist() == layer.weight.grad[0].tolist() == [1, 2]
    assert (SINGLE_PROCESS.broadcast("a"), SINGLE_PROCESS.gather("a")) == ("a", ["a"])
    assert SINGLE_PROCESS.check_same({"letters": "a"}) == {"letters": "a"}
    SINGLE_PROCESS.wait_for_all()
    SINGLE_PROCESS.take_device("no such device")
    assert SINGLE_PROCESS.is_first_to_fail()
    assert not torch.distributed.is_initialized()


@pytest.mark.parametrize("changes", [{"WORLD_SIZE": "1"}, {"LOCAL_RANK": None}])
def test_without_the_variables_of_torchrun_a_process_is_alone(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, str | None]
) -> None:
    variables = dict.fromkeys(("RANK", "LOCAL_RANK"), "0") | {"WORLD_SIZE": "2"}
    variables |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}
    for name, value in (variables | changes).items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    with joined() as processes:
        assert processes is SINGLE_PROCESS


def test_each_process_needs_a_gpu_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    taken: list[int] = []
    monkeypatch.setattr(torch.cuda, "set_device", taken.append)
    ProcessGroup(5, 6, local_rank=1).take_device("auto")
    assert taken == [1]
    with pytest.raises(InputError, match="GPU for each process of a machine, got 2 for process 3"):
        ProcessGroup(2, 6, local_rank=2).take_device("auto")
    ProcessGroup(2, 6, local_rank=2).take_device("cpu")
    assert taken == [1]
    monkeypatch.setattr(device, "choose_device", torch.device)
    with pytest.raises(InputError, match="cpu or cuda for several processes, got 'mps'"):
        ProcessGroup(1, 2).take_device("mps")
    with pytest.raises(InputError, match="cpu or cuda for several processes, got 'cuda:1'"):
        ProcessGroup(1, 2).take_device("cuda:1")


def test_only_an_own_gpu_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    done: list[object] = []
    monkeypatch.setattr(torch.cuda, "set_device", done.append)

    def choose(name: str) -> torch.device:
        done.append(name)
        return torch.device(name)

    monkeypatch.setattr(device, "choose_device", choose)
    ProcessGroup(3, 4, local_rank=1).take_device("cuda")
    assert done == [1, "cuda"]
    with pytest.raises(InputError, match="got 2 for process 3"):
        ProcessGroup(2, 4, local_rank=2).take_device("cuda")
    assert done == [1, "cuda"]


def test_every_process_reports_if_the_store_is_lost() -> None:
    class Gone(HashStore):
        def compare_set(self, *noted: str) -> bytes:
            raise RuntimeError("connection closed")

    assert all(ProcessGroup(rank, 2, store=Gone()).is_first_to_fail() for rank in (1, 0))


def test_a_process_stays_the_first_to_fail() -> None:
    store = HashStore()
    asked = [ProcessGroup(rank, 3, store=store).is_first_to_fail() for rank in (1, 0, 1, 2)]
    assert asked == [True, False, True, False]


def test_a_lost_process_is_an_error_of_one_sentence() -> None:
    store = HashStore()
    assert ProcessGroup(1, 2, store=store).is_first_to_fail()
    with pytest.raises(
        InputError, match=r"every process .* to live, lost one \(process 2 of 2 fai"
    ):
        ProcessGroup(0, 2, store=store).wait_for_all()
