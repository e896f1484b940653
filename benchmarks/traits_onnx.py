"""Prediction from an ONNX file, in PyTorch and in Keras: images per second, and predictions.

Run: ``python benchmarks/traits_onnx.py --keras-python PYTHON`` with the Python of an environment
made from ``keras-requirements.txt``, or its path in ``LACUNAR_KERAS_PYTHON``. Without one, Keras is
left out.

The source report's network predicts 2,000 images of 100 x 60 in memory: bytes for Lacunar,
whose graph converts them to floats, floats for Keras, in batches of 256. All run alternately, each
in its own process with two threads, after a warm-up. The output also has processor seconds, which
other work on the same processors changes less than clock time.

Then weights that Lacunar trained for an epoch are exported and loaded into Keras, and predictions
compared.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from measure import describe_machine, middle, run_alone
from numpy.typing import NDArray
from traits_epoch import (
    CLASSES,
    CLOSE,
    IMAGES,
    ask_keras,
    config,
    images_of,
    keras_layouts,
    largest_difference,
    train,
)
from traits_epoch_keras import THREADS, draw

from lacunar.traits.data.schema import PEOPLE
from lacunar.traits.environment import require_torch

N, TURNS = 2_000, 5


def export(file: str, weights: str) -> dict[str, float]:
    """Train for an epoch, export, and write the weights in Keras's layout."""
    from lacunar.traits.networks.build import restore_networks
    from lacunar.traits.predict.onnx_export import export_onnx
    from lacunar.traits.predict.torch_predictor import ProbabilityNetwork

    state, _ = train(IMAGES, 1)
    np.savez(weights, **keras_layouts(state))
    module = ProbabilityNetwork(
        restore_networks(config(1), PEOPLE, [state]), [1.0] * len(PEOPLE.names)
    )
    start = time.perf_counter()
    difference = export_onnx(module, PEOPLE, config(1), Path(file))
    return {"export_seconds": time.perf_counter() - start, "difference": difference}


def onnx(file: str, n: int, turns: int) -> dict[str, float]:
    from lacunar.traits.predict.onnx_predictor import OnnxTraits

    return _rates(OnnxTraits(Path(file), threads=THREADS).probabilities, n, turns)


def eager(n: int, turns: int) -> dict[str, float]:
    require_torch()
    import torch

    from lacunar.traits.networks.build import build_network, place
    from lacunar.traits.networks.inference import predict_logits, probabilities

    torch.set_num_threads(THREADS)
    network = build_network(config(1), PEOPLE)
    place(network, torch.device("cpu"))
    return _rates(
        lambda pixels: probabilities(predict_logits(network, images_of(pixels))), n, turns
    )


def answer(file: str, n: int, out: str) -> dict[str, float]:
    from lacunar.traits.predict.onnx_predictor import OnnxTraits

    found = OnnxTraits(Path(file), threads=THREADS).probabilities(draw(n, CLASSES)[0])
    np.savez(out, *found)
    return {"outputs": len(found)}


def _rates(told: Callable[[NDArray[np.uint8]], Any], n: int, turns: int) -> dict[str, float]:
    pixels = draw(n, CLASSES)[0]
    clock, processor = [], []
    for _ in range(turns + 1):
        start, used = time.perf_counter(), time.process_time()
        told(pixels)
        clock.append(time.perf_counter() - start)
        processor.append(time.process_time() - used)
    return {
        "images_per_second": n / median(clock[1:]),
        "images_per_processor_second": n / median(processor[1:]),
    }


def compare_answers(python: Path, file: str, weights: str, folder: str) -> float:
    """Largest difference between the probabilities of equal weights."""
    ours, theirs = f"{folder}/ours.npz", f"{folder}/theirs.npz"
    run_alone(__file__, "answer", file=file, n=N, out=ours)
    ask_keras(python, "answer", classes=CLASSES, n=N, weights=weights, out=theirs)
    return largest_difference(ours, theirs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    stated = os.environ.get("LACUNAR_KERAS_PYTHON")
    parser.add_argument("--keras-python", type=Path, default=stated and Path(stated))
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    python: Path | None = given.keras_python
    print(
        describe_machine("onnxruntime", "torch", "numpy"),
        "| Keras:",
        python and ask_keras(python, "versions"),
    )
    runs: dict[str, list[dict[str, Any]]] = {}

    def keep(name: str, figures: dict[str, Any]) -> None:
        runs.setdefault(name, []).append(figures)
        print(f"{name}: {figures}", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        file, weights = f"{folder}/source.onnx", f"{folder}/weights.npz"
        print("export:", run_alone(__file__, "export", file=file, weights=weights), flush=True)
        for _ in range(given.rounds):
            if python:
                keras = {"classes": CLASSES, "n": N, "turns": TURNS, "jit": False}
                keep("Keras", ask_keras(python, "predict", **keras))
            keep("ONNX", run_alone(__file__, "onnx", file=file, n=N, turns=TURNS))
            keep("PyTorch", run_alone(__file__, "eager", n=N, turns=TURNS))
        figures = ("images_per_second", "images_per_processor_second", "peak_mb")
        middles = {name: {f: middle(told, f) for f in figures} for name, told in runs.items()}
        for name, told in middles.items():
            print(f"{name}: median", ", ".join(f"{f} {value:,.0f}" for f, value in told.items()))
        for name in (name for name in middles if name != "ONNX"):
            ratios = [f"{middles['ONNX'][f] / middles[name][f]:.2f} ({f})" for f in figures[:2]]
            print(f"ONNX against {name}: {', '.join(ratios)}")
        if python:
            difference = compare_answers(python, file, weights, folder)
            print(f"largest difference between answers and Keras's: {difference:.1e}")
            if difference > CLOSE:
                raise SystemExit(f"expected answers of equal weights within {CLOSE}")


if __name__ == "__main__":
    main()
