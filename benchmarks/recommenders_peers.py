"""The peers' side of ``recommenders.py``: fits one peer to one log and writes its recommendations.

Runs in a separate environment, because a peer needs an older NumPy than Lacunar:
``.venv-peers/bin/python benchmarks/recommenders_peers.py FUNCTION ARGUMENTS``, where the function
is ``lists`` or ``cost`` and its arguments are JSON. The last line of the output is the result in
JSON. A log is an ``.npz`` file; its films are those with a rating, numbered from 0.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

THREADS = 2
LISTED = 20

Setting = dict[str, Any]
Lists = NDArray[np.intp]


@dataclass(frozen=True)
class Peer:
    """A model of a library and the settings to try."""

    library: str
    settings: list[Setting]
    closed_form: bool = False


def grid(model: str, **axes: list[Any]) -> list[Setting]:
    return [
        {"model": model} | dict(zip(axes, values, strict=True))
        for values in product(*axes.values())
    ]


BOTH = ["seen", "rating"]
SEEN_PENALTIES = [50, 100, 200, 400, 800, 1600]
# A rating of 4 has sixteen times the weight of a seen film in X'X.
RATING_PENALTIES = [400, 800, 1600, 3200, 6400, 12800, 25600]
PEERS = {
    "RecTools EASE": Peer(
        "RecTools",
        grid("EASEModel", regularization=SEEN_PENALTIES, weights=["seen"]),
        closed_form=True,
    ),
    "RecTools EASE, rating as weight": Peer(
        "RecTools",
        grid("EASEModel", regularization=RATING_PENALTIES, weights=["rating"]),
        closed_form=True,
    ),
    "LensKit EASE": Peer(
        "LensKit", grid("EASEScorer", regularization=SEEN_PENALTIES), closed_form=True
    ),
    "LensKit implicit MF": Peer(
        "LensKit",
        grid(
            "ImplicitMFScorer",
            embedding_size=[64],
            weight=[0.3, 1, 3],
            regularization=[10, 30, 100],
            use_ratings=[False, True],
        ),
    ),
    "LensKit ItemKNN": Peer(
        "LensKit",
        grid("ItemKNNScorer", max_nbrs=[20, 100, 500], feedback=["implicit"]),
    ),
    "implicit ALS": Peer(
        "implicit",
        grid(
            "AlternatingLeastSquares",
            factors=[64, 128],
            alpha=[0.5, 1, 2],
            regularization=[10, 30, 100],
            weights=["rating"],
        )
        + grid(
            "AlternatingLeastSquares",
            factors=[16, 64],
            alpha=[1, 3, 10],
            regularization=[1, 10, 30],
            weights=["seen"],
        ),
    ),
    "implicit ItemKNN": Peer(
        "implicit",
        grid("CosineRecommender", K=[20, 50, 100], weights=BOTH)
        + grid("TFIDFRecommender", K=[20, 50, 100], weights=BOTH)
        + grid("BM25Recommender", K=[500], B=[0, 0.1, 0.2, 0.4], weights=BOTH),
    ),
    "RecTools PureSVD": Peer(
        "RecTools", grid("PureSVDModel", factors=[5, 10, 20, 32, 64], weights=BOTH)
    ),
}

# Settings for the costs, fixed so that they are the same on every machine.
COSTS: dict[str, tuple[str, Setting]] = {
    "RecTools EASE": (
        "RecTools",
        {"model": "EASEModel", "regularization": 400, "weights": "seen"},
    ),
    "LensKit EASE": ("LensKit", {"model": "EASEScorer", "regularization": 400}),
    "implicit ALS": (
        "implicit",
        {
            "model": "AlternatingLeastSquares",
            "factors": 64,
            "alpha": 1,
            "regularization": 30,
            "weights": "rating",
        },
    ),
    "implicit ItemKNN": (
        "implicit",
        {"model": "TFIDFRecommender", "K": 50, "weights": "rating"},
    ),
}


class Log:
    """Ratings of a training log, and the users who need recommendations."""

    def __init__(self, path: str) -> None:
        with np.load(path) as stored:
            self.user: NDArray[np.int64] = stored["user"].astype(np.int64)
            self.item: NDArray[np.int64] = stored["item"].astype(np.int64)
            self.rating: NDArray[np.float32] = stored["rating"].astype(np.float32)
            self.users: NDArray[np.int64] = stored["users"].astype(np.int64)
        self.shape = (int(self.user.max()) + 1, int(self.item.max()) + 1)

    def weights(self, kind: str) -> NDArray[np.float32]:
        """Weight of each rating: 1 (``seen``), or the ``rating``."""
        return self.rating if kind == "rating" else np.ones_like(self.rating)

    def matrix(self, kind: str, dtype: Any = np.float32) -> sp.csr_matrix:
        entries = (self.weights(kind).astype(dtype), (self.user, self.item))
        return sp.csr_matrix(entries, shape=self.shape)


class Model:
    """A library's model with one setting; its construction is not timed."""

    def __init__(self, log: Log, setting: Setting) -> None:
        self.log = log
        self.setting = setting

    def fit(self) -> None:
        raise NotImplementedError

    def recommend(self, k: int) -> Any:
        """The k best films of every user, as the library returns them."""
        raise NotImplementedError

    def lists(self, found: Any) -> Lists:
        """The same as rows of film numbers, best first, padded with -1."""
        raise NotImplementedError


class Implicit(Model):
    """Factors and nearest neighbours of implicit."""

    def __init__(self, log: Log, setting: Setting) -> None:
        super().__init__(log, setting)
        options = setting.copy()
        # implicit's nearest neighbours compute in double precision only.
        single = setting["model"] == "AlternatingLeastSquares"
        self.matrix = log.matrix(options.pop("weights", "seen"), np.float32 if single else float)
        self.model = self._model(options.pop("model"), options)

    @staticmethod
    def _model(name: str, options: Setting) -> Any:
        import implicit.als
        import implicit.nearest_neighbours

        if name == "AlternatingLeastSquares":
            return implicit.als.AlternatingLeastSquares(
                **options, random_state=0, num_threads=THREADS, use_gpu=False
            )
        return getattr(implicit.nearest_neighbours, name)(**options, num_threads=THREADS)

    def fit(self) -> None:
        self.model.fit(self.matrix, show_progress=False)

    def recommend(self, k: int) -> Any:
        users = self.log.users
        return self.model.recommend(users, self.matrix[users], N=k)

    def lists(self, found: Any) -> Lists:
        return np.asarray(found[0], dtype=np.intp)


class RecTools(Model):
    """Models of RecTools, which reads weights from its ``Weight`` column."""

    def __init__(self, log: Log, setting: Setting) -> None:
        import pandas as pd
        import rectools.models
        from rectools.dataset import Dataset

        super().__init__(log, setting)
        options = setting.copy()
        self.dataset = Dataset.construct(
            pd.DataFrame(
                {
                    "user_id": log.user,
                    "item_id": log.item,
                    "weight": log.weights(options.pop("weights", "seen")),
                    "datetime": pd.Timestamp("2000-01-01"),
                }
            )
        )
        name = options.pop("model")
        self.model = getattr(rectools.models, name)(**options, recommend_n_threads=THREADS)

    def fit(self) -> None:
        self.model.fit(self.dataset)

    def recommend(self, k: int) -> Any:
        return self.model.recommend(self.log.users, self.dataset, k, filter_viewed=True)

    def lists(self, found: Any) -> Lists:
        place = np.full(self.log.shape[0], -1)
        place[self.log.users] = np.arange(len(self.log.users))
        lists = np.full((len(self.log.users), found["rank"].max()), -1)
        lists[place[found["user_id"]], found["rank"] - 1] = found["item_id"]
        return lists


class LensKit(Model):
    """Scorers of LensKit in its top-N pipeline."""

    def __init__(self, log: Log, setting: Setting) -> None:
        import lenskit.als
        import lenskit.knn
        import pandas as pd
        from lenskit.data import from_interactions_df
        from lenskit.parallel import initialize
        from lenskit.pipeline import topn_pipeline

        initialize(processes=1, threads=THREADS, backend_threads=THREADS)
        super().__init__(log, setting)
        options = setting.copy()
        name = options.pop("model")
        family = lenskit.als if name.endswith("MFScorer") else lenskit.knn
        self.pipeline = topn_pipeline(getattr(family, name)(**options), n=LISTED)
        self.dataset = from_interactions_df(
            pd.DataFrame({"user_id": log.user, "item_id": log.item, "rating": log.rating})
        )

    def fit(self) -> None:
        from lenskit.training import TrainingOptions

        self.pipeline.train(self.dataset, TrainingOptions(rng=0, device="cpu"))

    def recommend(self, k: int) -> Any:
        from lenskit.batch import recommend

        return recommend(self.pipeline, self.log.users.tolist(), k)

    def lists(self, found: Any) -> Lists:
        rows = [found.lookup(user_id=user).ids() for user in self.log.users.tolist()]
        lists = np.full((len(rows), max(map(len, rows))), -1)
        for row, items in enumerate(rows):
            lists[row, : len(items)] = items
        return lists


LIBRARIES: dict[str, type[Model]] = {"implicit": Implicit, "RecTools": RecTools, "LensKit": LensKit}


def lists(library: str, log: str, settings: list[Setting], out: str) -> dict[str, str]:
    """Fit with each setting and write the lists to a file; ``lists-0`` are those of the first.

    The file has the seconds of each ``fit``, and of each ``recommend`` of 20 films to all users.
    """
    known = Log(log)
    found: dict[str, Any] = {"fit": [], "recommend": []}
    for number, setting in enumerate(settings):
        model = LIBRARIES[library](known, setting)
        found["fit"].append(clocked(model.fit))
        start = time.perf_counter()
        recommended = model.recommend(LISTED)
        found["recommend"].append(time.perf_counter() - start)
        found[f"lists-{number}"] = model.lists(recommended)
    np.savez(out, **found)
    return {"out": out}


def cost(library: str, log: str, setting: Setting, k: int, rounds: int) -> dict[str, float]:
    """Time and memory of one fit and of recommendations for all users."""
    model = LIBRARIES[library](Log(log), setting)
    return timed(model.fit, lambda: model.recommend(k), rounds)


def timed(
    fit: Callable[[], Any], recommend: Callable[[], Any] | None, rounds: int
) -> dict[str, float]:
    """Seconds of a fit, median seconds of recommending, and the memory that both add.

    Memory is the peak of resident memory from now on, minus the present one with libraries
    imported and the log loaded.
    """
    # Writing this resets the peak on Linux.
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before = resident_mb("VmRSS")
    figures = {"fit": clocked(fit)}
    if recommend:
        figures["recommend"] = median(clocked(recommend) for _ in range(rounds))
    return figures | {"memory_mb": resident_mb("VmHWM") - before}


def resident_mb(name: str) -> float:
    """Resident memory of this process: ``VmRSS`` now, ``VmHWM`` at its peak."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(name):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"expected {name} in /proc/self/status, got none")


def clocked(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def versions() -> dict[str, str]:
    # RecTools needs implicit by the name of pm-implicit.
    return {name: version(name) for name in ("RecTools", "lenskit", "pm-implicit", "numpy")}


def main() -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    functions: dict[str, Callable[..., Any]] = {"lists": lists, "cost": cost, "versions": versions}
    print(json.dumps(functions[sys.argv[1]](**json.loads(sys.argv[2]))))


if __name__ == "__main__":
    main()
