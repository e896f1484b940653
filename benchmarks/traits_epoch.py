"""The source report's network in Lacunar and in Keras on TensorFlow: epoch time and predictions.

Run: ``python benchmarks/traits_epoch.py --keras-python PYTHON`` with the Python of an environment
made from ``keras-requirements.txt``, or its path in ``LACUNAR_KERAS_PYTHON``. Without one, only
Lacunar is timed.

An epoch is 400 images of 100 x 60 in batches of 64 with Adam, without augmentation; prediction is
of 2,000 images. The two run alternately, each in its own process with two threads. Keras gets
its images as floats and compiles without XLA, which is faster here. Lacunar's epoch is that
of ``fit``: it converts bytes to floats, validates on one image and keeps the best weights.

Then weights that Lacunar trained for an epoch are loaded into Keras, and predictions compared.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from measure import describe_machine, middle, run_alone
from numpy.typing import NDArray
from traits_epoch_keras import BATCH, HEIGHT, THREADS, WIDTH, draw

from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.image_array import ImageArray
from lacunar.traits.data.schema import PEOPLE
from lacunar.traits.environment import require_torch

HERE = Path(__file__).parent
CLASSES = [len(attribute.classes) for attribute in PEOPLE.attributes]
IMAGES, PREDICTED_IMAGES = 400, 2_000
EPOCHS, TURNS = 4, 3
CLOSE = 1e-4
# Layers whose images become one row, from channels first to channels last.
POOLED = (64, HEIGHT // 8, WIDTH // 8)

Arrays = dict[str, NDArray[np.float32]]


def config(epochs: int) -> TraitsConfig:
    return TraitsConfig.of_preset(
        "source", batch=BATCH, max_epochs=epochs, patience=epochs, augmentation=None, device="cpu"
    )


def images_of(pixels: NDArray[np.uint8]) -> ImageArray:
    return ImageArray("", pixels)


def train(n: int, epochs: int) -> tuple[Arrays, list[float]]:
    """Train on ``n`` images; return the weights, and the seconds of each epoch."""
    require_torch()
    import torch

    from lacunar.traits.training.loop import TrainingData, train_network

    torch.set_num_threads(THREADS)
    pixels, labels = draw(n + 1, CLASSES)
    labels[n] = 0
    data = TrainingData(images_of(pixels), labels, np.arange(n), np.array([n]))
    clock = [time.perf_counter()]
    state, _ = train_network(
        data, PEOPLE, config(epochs), progress=lambda _: clock.append(time.perf_counter())
    )
    return dict(state), np.diff(clock).tolist()


def epoch(n: int, epochs: int) -> dict[str, float]:
    """Seconds of an epoch; the first one (warm-up) is separate."""
    _, (first, *rest) = train(n, epochs + 1)
    return {"seconds": median(rest), "first": first}


def predict(n: int, turns: int) -> dict[str, float]:
    """Images per second."""
    require_torch()
    import torch

    from lacunar.traits.networks.build import build_network, place
    from lacunar.traits.networks.inference import predict_logits, probabilities

    torch.set_num_threads(THREADS)
    network = build_network(config(1), PEOPLE)
    place(network, torch.device("cpu"))
    images = images_of(draw(n, CLASSES)[0])
    seconds = []
    for _ in range(turns + 1):
        start = time.perf_counter()
        probabilities(predict_logits(network, images))
        seconds.append(time.perf_counter() - start)
    return {"images_per_second": n / median(seconds[1:])}


def answer(n: int, weights: str, out: str) -> dict[str, float]:
    """Train for an epoch; write the weights in Keras's layout, and the predictions."""
    from lacunar.traits.networks.build import restore_networks
    from lacunar.traits.networks.inference import predict_logits, probabilities

    state, _ = train(IMAGES, 1)
    np.savez(weights, **keras_layouts(state))
    network = restore_networks(config(1), PEOPLE, [state])
    found = probabilities(predict_logits(network, images_of(draw(n, CLASSES)[0])))
    np.savez(out, *found)
    return {"outputs": len(found)}


def keras_layouts(state: Arrays) -> Arrays:
    """Weights by layer and position, in Keras's order and layouts.

    Kernels of convolutions change from OIHW to HWIO, those of dense layers are transposed, and the
    rows of those that read the flattened maps change from CHW to HWC.
    """
    places = {"weight": 0, "bias": 1, "running_mean": 2, "running_var": 3}
    found: Arrays = {}
    for name, array in state.items():
        layer, kind = name.rsplit(".", 1)
        kernel = array
        if array.ndim == 4:
            kernel = array.transpose(2, 3, 1, 0)
        elif array.ndim == 2 and layer.startswith("dense"):
            kernel = array.reshape(-1, *POOLED).transpose(2, 3, 1, 0).reshape(array.T.shape)
        elif array.ndim == 2:
            kernel = array.T
        found[f"{layer}/{places[kind]}"] = np.ascontiguousarray(kernel)
    return found


def ask_keras(python: Path, function: str, **arguments: Any) -> dict[str, Any]:
    """Call a function of the other side."""
    script = str(HERE / "traits_epoch_keras.py")
    done = subprocess.run(
        [str(python), script, function, json.dumps(arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{function}({arguments}) failed:\n{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def compare_answers(python: Path) -> float:
    """Largest difference between the probabilities of equal weights."""
    with tempfile.TemporaryDirectory() as folder:
        weights, ours, theirs = (f"{folder}/{name}.npz" for name in ("weights", "ours", "theirs"))
        n = PREDICTED_IMAGES
        run_alone(__file__, "answer", n=n, weights=weights, out=ours)
        ask_keras(python, "answer", classes=CLASSES, n=n, weights=weights, out=theirs)
        return largest_difference(ours, theirs)


def largest_difference(ours: str, theirs: str) -> float:
    """Largest difference between the arrays of two files."""
    with np.load(ours) as own, np.load(theirs) as other:
        if own.files != other.files:
            raise RuntimeError(f"expected outputs {own.files}, got {other.files}")
        return max(float(np.abs(own[name] - other[name]).max()) for name in own.files)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    stated = os.environ.get("LACUNAR_KERAS_PYTHON")
    parser.add_argument("--keras-python", type=Path, default=stated and Path(stated))
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    python: Path | None = given.keras_python
    print(describe_machine("torch", "numpy"), "| Keras:", python and ask_keras(python, "versions"))

    runs: dict[str, list[dict[str, Any]]] = {}

    def keep(name: str, figures: dict[str, Any]) -> None:
        runs.setdefault(name, []).append(figures)
        print(f"{name}: {figures}", flush=True)

    for _ in range(given.rounds):
        if python:
            keras = {"classes": CLASSES, "jit": False}
            figures = ask_keras(python, "epoch", n=IMAGES, epochs=EPOCHS, **keras)
            keep("Keras, epoch", figures)
        keep("Lacunar, epoch", run_alone(__file__, "epoch", n=IMAGES, epochs=EPOCHS))
        if python:
            figures = ask_keras(python, "predict", n=PREDICTED_IMAGES, turns=TURNS, **keras)
            keep("Keras, predict", figures)
        keep("Lacunar, predict", run_alone(__file__, "predict", n=PREDICTED_IMAGES, turns=TURNS))

    for name, measured in runs.items():
        figure = "seconds" if name.endswith("epoch") else "images_per_second"
        peak = middle(measured, "peak_mb")
        print(f"{name}: median {figure} {middle(measured, figure):.3g}, peak {peak:,.0f} MB")
    if python:
        seconds = [middle(runs[f"{who}, epoch"], "seconds") for who in ("Keras", "Lacunar")]
        rates = [
            middle(runs[f"{who}, predict"], "images_per_second") for who in ("Lacunar", "Keras")
        ]
        print(f"Lacunar is {seconds[0] / seconds[1]:.2f} times as fast at an epoch,", end=" ")
        print(f"{rates[0] / rates[1]:.2f} times at prediction")
        difference = compare_answers(python)
        print(f"largest difference between answers: {difference:.1e}")
        if difference > CLOSE:
            raise SystemExit(f"expected answers of equal weights within {CLOSE}")


if __name__ == "__main__":
    main()
