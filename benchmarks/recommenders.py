"""Comparison of the personal recommender with LensKit, implicit and RecTools: scores, time, memory.

Run: ``make bench-peers``, or ``python benchmarks/recommenders.py --peers-python PYTHON`` with the
Python of an environment made from ``peers-requirements.txt``, and ``LACUNAR_DATA`` naming the data
directory.

Scores: protocol random-20, three splits. Every peer is tuned on three validation splits of the
training part, the same as for the personal recommender: each setting on the first
of them, the best four on all three. All are scored by the same metrics on lists of 20
from all films with a training rating except those that the user rated.

EASE has a closed form, which Lacunar's EASE model uses too. Peers' EASE is tuned with that model
(their own fits take a minute each) and then fitted itself; the table shows how often the lists
are the same.

Costs: one fit and 10 recommended films for all users, alternately, each in its own process.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import zlib
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from measure import data_set, describe_machine, middle, run_alone
from recommenders_peers import COSTS, PEERS, THREADS, Peer, Setting, timed

from lacunar.aliases import FloatArray
from lacunar.taste.config import TasteConfig
from lacunar.taste.data.histories import Histories, histories_of
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.data.reading import read_ratings
from lacunar.taste.data.sample import sampled_ratings
from lacunar.taste.evaluate.bootstrap import Interval
from lacunar.taste.evaluate.comparison import Comparison, MethodResult, Seconds, Summary
from lacunar.taste.evaluate.methods import methods_named
from lacunar.taste.evaluate.metrics import Lists, coverage
from lacunar.taste.evaluate.protocols import random_split
from lacunar.taste.evaluate.ranked_lists import measure, rank_split
from lacunar.taste.evaluate.runner import compare
from lacunar.taste.evaluate.split import Split
from lacunar.taste.recommend.ease import DualEase, fit_ease
from lacunar.taste.recommend.list_request import ListRequest
from lacunar.taste.recommend.personal import PersonalOptions, PersonalRecommender, design_rows
from lacunar.taste.recommend.ranking import best_films
from lacunar.taste.segments.fit import fit_segments

HERE = Path(__file__).parent
FOLDS, FINALISTS = 3, 4
REFERENCE = "personal"
SHOWN = ("ndcg@10", "recall@20", "coverage")
OURS = (ITEM_MODEL, WHOLE) = ("Lacunar, item model", "Lacunar, personal")
LOGS = ("MovieLens", "generated")
# (users, films) of the generated log: about a million ratings.
GENERATED = (6_000, 3_700)


class Peers:
    """The peers' environment, and a folder for their inputs and outputs.

    Lists that are in the folder already are read from it.
    """

    def __init__(self, python: Path, folder: Path) -> None:
        self.python = python
        self.folder = folder

    def ask(self, function: str, **arguments: Any) -> dict[str, Any]:
        script = str(HERE / "recommenders_peers.py")
        command = [str(self.python), script, function, json.dumps(arguments)]
        # As implicit recommends; it has its own threads.
        blas = 1 if arguments.get("library") == "implicit" else THREADS
        threads = {f"{name}_NUM_THREADS": str(blas) for name in ("OPENBLAS", "MKL", "OMP")}
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=os.environ | threads
        )
        if done.returncode:
            raise RuntimeError(f"{function}({arguments}) failed:\n{done.stderr}")
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return answer

    def log(self, name: str, ratings: Ratings, users: Any) -> Path:
        """Write a log: films with a rating, and the users who need recommendations."""
        path = self.folder / f"{name}.npz"
        films, item = np.unique(ratings.item, return_inverse=True)
        np.savez(
            path, user=ratings.user, item=item, rating=ratings.rating, users=users, films=films
        )
        return path

    def lists(
        self, name: str, peer: Peer, settings: list[Setting], split: Split, key: str
    ) -> tuple[list[Lists], list[Seconds]]:
        """Lists of a peer with each setting for the users of a split."""
        tried = zlib.crc32(json.dumps([name, settings]).encode())
        out = self.folder / f"{key}-{tried:08x}.npz"
        log = self.log(key, split.train, np.searchsorted(split.train_users, split.users))
        if not out.exists():
            self.ask("lists", library=peer.library, log=str(log), settings=settings, out=str(out))
        with np.load(log) as stored, np.load(out) as found:
            films = stored["films"]
            rows = [
                own_lists(found[f"lists-{place}"], films, split) for place in range(len(settings))
            ]
            seconds = zip(found["fit"].tolist(), found["recommend"].tolist(), strict=True)
            return rows, [Seconds(fit, served) for fit, served in seconds]


def own_lists(lists: Lists, films: Lists, split: Split) -> Lists:
    """Lists in positions of the whole log, without rated films, with which some peers pad."""
    own = np.where(lists >= 0, films[lists], -1)
    rated = split.excluded
    n_items = split.train.n_items
    users = np.arange(len(own))[:, np.newaxis]
    own[np.isin(users * n_items + own, rated.user * n_items + rated.item) & (own >= 0)] = -1
    order = np.argsort(own < 0, axis=1, kind="stable")
    return np.take_along_axis(own, order, axis=1)


def closed_form_lists(setting: Setting, split: Split) -> Lists:
    """Lists of a peer's EASE, computed by Lacunar's EASE model without content and segments."""

    def rows(histories: Histories) -> sp.csr_array:
        rated = setting.get("weights") == "rating"
        values = histories.rating if rated else np.ones(len(histories.item))
        return histories.matrix(values, split.train.n_items)

    model = fit_ease(rows(histories_of(split.train)), setting["regularization"])

    def score(users: Lists) -> FloatArray:
        seen = rows(split.histories.take(users))
        if setting["model"] != "EASEModel":
            return model.predict(seen)
        # RecTools multiplies by the transposed weights: the divisor is of the rated film.
        assert isinstance(model, DualEase)
        divided = sp.csr_array(seen.multiply(1 / model.unexplained))
        return model.predict(divided) * model.unexplained

    return rank_split(score, split)


def ndcg(lists: Lists, split: Split) -> float:
    return float(measure(lists, split)["ndcg@10"].mean())


def tune(peers: Peers, name: str, split: Split, key: str) -> tuple[Setting, float]:
    """The setting with the best mean nDCG@10 over validation splits, and that nDCG@10."""
    peer = PEERS[name]

    def quality(settings: list[Setting], fold: int) -> list[float]:
        held_out = random_split(split.train, seed=fold)
        if peer.closed_form:
            return [ndcg(closed_form_lists(setting, held_out), held_out) for setting in settings]
        found, _ = peers.lists(name, peer, settings, held_out, f"{key}-fold-{fold}")
        return [ndcg(lists, held_out) for lists in found]

    first = np.array(quality(peer.settings, 0))
    best = np.argsort(-first, kind="stable")[:FINALISTS]
    finalists = [peer.settings[place] for place in best.tolist()]
    others = [quality(finalists, fold) for fold in range(1, FOLDS)]
    means = np.mean([first[best].tolist(), *others], axis=0)
    return finalists[int(means.argmax())], float(means.max())


def scores(peers: Peers, seeds: range, names: list[str]) -> dict[str, Any]:
    """Tune, fit and score all models, and print the tables."""
    ratings = read_ratings(data_set("ml-latest-small"))
    splits = [random_split(ratings, seed=seed) for seed in seeds]
    results: dict[str, MethodResult] = {}
    chosen: dict[str, list[dict[str, Any]]] = {}
    for name in names:
        peer, found, seconds = PEERS[name], [], []
        chosen[name] = []
        for seed, split in zip(seeds, splits, strict=True):
            setting, validation = tune(peers, name, split, f"split-{seed}")
            rows, taken = peers.lists(name, peer, [setting], split, f"split-{seed}")
            found += rows
            seconds += taken
            told = {"seed": seed, "setting": setting, "validation_ndcg@10": validation}
            if peer.closed_form:
                same = (closed_form_lists(setting, split)[:, :10] == rows[0][:, :10]).all(axis=1)
                told["same_as_closed_form"] = float(same.mean())
            chosen[name].append(told)
            print(f"{name}: {told}", flush=True)
        results[name] = _result(found, seconds, splits)
    ours = compare(methods_named(["popularity", REFERENCE]), splits)
    both = Comparison(ours.users, ours.n_ratings, dict(ours.results) | results)
    summary, differences = both.summary(), both.differences(REFERENCE)
    print("\n".join(_score_table(both, summary, differences)), flush=True)
    return {
        "chosen": chosen,
        "summary": _plain(summary),
        f"minus_{REFERENCE}": _plain(differences),
        "seconds": {name: asdict(result.seconds) for name, result in both.results.items()},
    }


def _result(lists: list[Lists], seconds: list[Seconds], splits: list[Split]) -> MethodResult:
    return MethodResult(
        values=tuple(
            np.column_stack(list(measure(rows, split).values()))
            for rows, split in zip(lists, splits, strict=True)
        ),
        coverage=tuple(
            coverage(rows, split.train) for rows, split in zip(lists, splits, strict=True)
        ),
        seconds=Seconds(
            fit=float(np.mean([taken.fit for taken in seconds])),
            rank=float(np.mean([taken.rank for taken in seconds])),
        ),
    )


def _score_table(
    both: Comparison, summary: dict[str, Summary], differences: dict[str, Summary]
) -> list[str]:
    lines = [
        f"\n| {both.n_users} users, {len(both.users)} splits | nDCG@10 | minus {REFERENCE}"
        f" | Recall@20 | minus {REFERENCE} | share of catalogue |",
        "|---|---|---|---|---|---|",
    ]
    for name in sorted(summary, key=lambda name: -summary[name]["ndcg@10"].mean):
        cells = [name]
        for metric in SHOWN[:2]:
            apart = differences.get(name)
            cells.append(_words(summary[name][metric], ".3f"))
            cells.append(_words(apart[metric], "+.3f") if apart else "")
        cells.append(f"{summary[name]['coverage'].mean:.3f}")
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _words(interval: Interval, spec: str) -> str:
    return f"{interval.mean:{spec}} ({interval.low:{spec}} to {interval.high:{spec}})"


def _plain(summary: dict[str, Summary]) -> dict[str, Any]:
    return {
        name: {metric: asdict(interval) for metric, interval in metrics.items()}
        for name, metrics in summary.items()
    }


def ratings_named(name: str) -> Ratings:
    if name == "MovieLens":
        return read_ratings(data_set("ml-latest-small"))
    n_users, n_movies = GENERATED
    return sampled_ratings(n_users=n_users, n_movies=n_movies)


def cost(kind: str, log: str, k: int, rounds: int) -> dict[str, float]:
    """Time and memory of Lacunar's model, without the segments, which it gets as input."""
    ratings, options = ratings_named(log), PersonalOptions()
    if kind == ITEM_MODEL:
        return timed(lambda: fit_ease(design_rows(ratings, options), options.penalty), None, rounds)
    config = TasteConfig(n_seeds=2, refits=0)
    placed = fit_segments(ratings, config).placer(ratings, config)
    recommender = PersonalRecommender(placed, options)
    everybody = histories_of(ratings)

    def recommend() -> None:
        best_films(recommender, ratings, everybody, ListRequest(k=k))

    return timed(partial(recommender.fit, ratings), recommend, rounds)


def costs(peers: Peers, log: str, rounds: int) -> dict[str, Any]:
    """Measure all models alternately, and print the table."""
    ratings = ratings_named(log)
    path = peers.log(f"all-{log}", ratings, np.arange(ratings.n_users))
    measured: dict[str, list[dict[str, float]]] = {name: [] for name in (*OURS, *COSTS)}
    for _ in range(rounds):
        for name, runs in measured.items():
            if name in OURS:
                figures = run_alone(__file__, "cost", kind=name, log=log, k=10, rounds=3)
            else:
                library, setting = COSTS[name]
                arguments = {"library": library, "setting": setting, "k": 10}
                # LensKit handles one user at a time: thousands take minutes.
                turns = 1 if library == "LensKit" else 3
                figures = peers.ask("cost", log=str(path), rounds=turns, **arguments)
            runs.append(figures)
            print(f"{log}, {name}: {figures}", flush=True)
    print(
        f"\n| {log}: {ratings.n_users:,} users x {len(np.unique(ratings.item)):,} films,"
        f" {len(ratings.user):,} ratings | fit | recommend 10 to all | peak memory |\n"
        "|---|---|---|---|"
    )
    for name, runs in measured.items():
        served = f"{middle(runs, 'recommend'):.2f} s" if "recommend" in runs[0] else ""
        print(
            f"| {name} | {middle(runs, 'fit'):.2f} s | {served}"
            f" | {middle(runs, 'memory_mb'):,.0f} MB |"
        )
    return measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = os.environ.get("LACUNAR_PEERS_PYTHON", HERE.parent / ".venv-peers" / "bin" / "python")
    parser.add_argument("--peers-python", type=Path, default=Path(default))
    parser.add_argument("--only", choices=["scores", "costs"], help="one half of the benchmark")
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS), metavar="PEER")
    parser.add_argument("--seeds", type=int, default=3, help="splits")
    parser.add_argument("--logs", nargs="+", choices=LOGS, default=LOGS, help="logs of costs")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of costs")
    parser.add_argument("--work", type=Path, help="folder that keeps lists for another run")
    parser.add_argument("--json", type=Path, help="file to write everything measured to")
    given = parser.parse_args()
    if not given.peers_python.exists():
        raise SystemExit(
            f"expected the peers' Python at {given.peers_python}: run `make bench-peers`, or name"
            " one that has benchmarks/peers-requirements.txt with --peers-python"
        )
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.work or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        peers = Peers(given.peers_python, folder)
        machine = describe_machine("numpy", "scipy", "lacunar")
        found: dict[str, Any] = {"machine": machine, "peers": peers.ask("versions")}
        print(found)
        if given.only != "costs":
            found["scores"] = scores(peers, range(given.seeds), given.peers)
        if given.only != "scores":
            found["costs"] = {log: costs(peers, log, given.rounds) for log in given.logs}
    if given.json:
        given.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
