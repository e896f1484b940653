"""Pretrained weights of traits networks, from a network trained on drawn people.

Run: ``python scripts/draw_start.py -o src/lacunar/traits/weights/pedestrians.safetensors``. People
are drawn by ``lacunar.datasets.people.sample`` with more even class frequencies than in reality; no
photograph is read. The same arguments give the same bytes on the same machine, with one thread.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from lacunar.datasets.people.sample import sample_people, write_people
from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.dataset import read_layout
from lacunar.traits.environment import require_torch
from lacunar.traits.fit import fit_traits
from lacunar.traits.networks.pretrained import encode_start
from lacunar.traits.training.history import Epoch

N_TEST = 500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--pictures", type=int, default=30_000)
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--evenness", type=float, default=0.5)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    require_torch()
    import torch

    # Several threads add sums in another order.
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sample = sample_people(
            n_train=given.pictures,
            n_test=N_TEST,
            evenness=given.evenness,
            seed=given.seed,
        )
        write_people(sample, folder / "people")
        del sample
        train, test = read_layout(folder / "people")
        config = TraitsConfig(
            start="random",
            max_epochs=given.epochs,
            batch=64,
            folds=0,
            validation=N_TEST,
            seed=given.seed,
            device="cpu",
        )
        model = fit_traits(train, config, test=test, progress=tell, cache_dir=folder / "cache")
    given.out.write_bytes(encode_start(model.schema, model.states[0]))
    for name, figures in zip(
        (*model.schema.names, "mean"), model.evaluations["test"].scores, strict=True
    ):
        print(f"{name}: accuracy {figures[0]:.3f}, macro F1 {figures[1]:.3f}")


def tell(network: int, epoch: Epoch) -> None:
    del network
    print(
        f"epoch {epoch.epoch}: loss {epoch.train.loss:.3f}, {epoch.validation.loss:.3f}", flush=True
    )


if __name__ == "__main__":
    main()
