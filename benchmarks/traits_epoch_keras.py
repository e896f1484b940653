"""Keras's side of ``traits_epoch.py``: the source report's network on TensorFlow.

Runs in a separate environment, made from ``keras-requirements.txt``:
``PYTHON benchmarks/traits_epoch_keras.py FUNCTION ARGUMENTS``, where the function is ``epoch``,
``predict``, ``answer`` or ``versions`` and its arguments are JSON. The last line of the output
is the result in JSON. ``draw``, which the other side calls too, makes images and labels.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

THREADS = 2
HEIGHT, WIDTH = 100, 60
BATCH = 64
PREDICTED = 256
FILTERS = (8, 16, 32, 64)
# TensorFlow reads it when it is imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def draw(n: int, classes: list[int], seed: int = 0) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Coloured noise, and labels of which one in twenty is unknown."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (n, HEIGHT, WIDTH, 3), dtype=np.uint8)
    labels = rng.integers(0, classes, (n, len(classes)))
    labels[rng.random(labels.shape) < 0.05] = -1
    return pixels, labels


def build(classes: list[int]) -> Any:
    """Build the network of the report; layers have the names of Lacunar's layers."""
    import keras
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    tf.config.threading.set_inter_op_parallelism_threads(THREADS)
    layers = keras.layers
    images = maps = keras.Input((HEIGHT, WIDTH, 3))
    for n, filters in enumerate(FILTERS, start=1):
        block = f"blocks.block{n}"
        convolve = {"padding": "same"}
        maps = layers.Conv2D(filters, 3, name=f"{block}.conv1", **convolve)(maps)
        maps = layers.ReLU()(maps)
        maps = layers.Conv2D(filters, 3, name=f"{block}.conv2", **convolve)(maps)
        maps = layers.SpatialDropout2D(0.2)(maps)
        maps = layers.BatchNormalization(name=f"{block}.norm")(maps)
        maps = layers.ReLU()(maps)
        if n < len(FILTERS):
            maps = layers.MaxPooling2D(2)(maps)
    features = layers.Flatten()(maps)
    outputs = []
    for n, n_classes in enumerate(classes):
        dense = layers.Dense(256, activation="relu", name=f"dense.{n}.linear")(features)
        outputs.append(layers.Dense(n_classes, activation="softmax", name=f"heads.{n}")(dense))
    return keras.Model(images, outputs)


def masked_cross_entropy(labels: Any, answers: Any) -> Any:
    """Mean cross-entropy of predictions (B, C) over the known labels (B, 1)."""
    from keras import ops

    truth = ops.cast(labels[:, 0], "int32")
    known = ops.cast(truth >= 0, "float32")
    losses = ops.sparse_categorical_crossentropy(ops.maximum(truth, 0), answers)
    return ops.sum(losses * known) / ops.maximum(ops.sum(known), 1.0)


def epoch(classes: list[int], n: int, epochs: int, jit: bool) -> dict[str, Any]:
    """Seconds of an epoch; the first one, which builds the graph, is separate."""
    import keras

    clock = [time.perf_counter()]

    class Clock(keras.callbacks.Callback):
        def on_epoch_end(self, *_: Any) -> None:
            clock.append(time.perf_counter())

    network = build(classes)
    pixels, labels = draw(n, classes)
    network.compile(
        optimizer=keras.optimizers.Adam(),
        loss=[masked_cross_entropy] * len(classes),
        jit_compile=jit,
    )
    answers = [labels[:, [column]] for column in range(len(classes))]
    images = scaled(pixels)
    clock[0] = time.perf_counter()
    network.fit(
        images, answers, batch_size=BATCH, epochs=epochs + 1, verbose=0, callbacks=[Clock()]
    )
    first, *rest = np.diff(clock).tolist()
    return {"seconds": median(rest), "first": first, "parameters": network.count_params()}


def predict(classes: list[int], n: int, turns: int, jit: bool) -> dict[str, Any]:
    """Images per second, after the graph is built."""
    network = build(classes)
    network.compile(jit_compile=jit)
    images = scaled(draw(n, classes)[0])
    clock, processor = [], []
    for _ in range(turns + 1):
        start, used = time.perf_counter(), time.process_time()
        network.predict(images, batch_size=PREDICTED, verbose=0)
        clock.append(time.perf_counter() - start)
        processor.append(time.process_time() - used)
    return {
        "images_per_second": n / median(clock[1:]),
        "images_per_processor_second": n / median(processor[1:]),
    }


def answer(classes: list[int], n: int, weights: str, out: str) -> dict[str, Any]:
    """Write the predictions with given weights, which are in Keras's layouts."""
    network = build(classes)
    with np.load(weights) as stored:
        for layer in network.layers:
            if layer.weights:
                places = range(len(layer.weights))
                layer.set_weights([stored[f"{layer.name}/{place}"] for place in places])
    found = network.predict(scaled(draw(n, classes)[0]), batch_size=PREDICTED, verbose=0)
    np.savez(out, *found)
    return {"outputs": len(found)}


def versions() -> dict[str, str]:
    import keras
    import tensorflow as tf

    return {
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
        "numpy": version("numpy"),
    }


def scaled(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    return pixels.astype(np.float32) / np.float32(255)


def main() -> None:
    if len(sys.argv) != 3:
        print(__doc__)
        return
    _, name, arguments = sys.argv
    functions: dict[str, Callable[..., dict[str, Any]]] = {
        "epoch": epoch,
        "predict": predict,
        "answer": answer,
        "versions": versions,
    }
    figures = functions[name](**json.loads(arguments))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(figures | {"peak_mb": peak}))


if __name__ == "__main__":
    main()
