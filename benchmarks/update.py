"""A model that is updated with later ratings, compared with a full fit to the same ratings.

Run: ``python benchmarks/update.py`` with ``LACUNAR_DATA`` naming the data directory.
MovieLens; the latest fifth of each user's ratings is held out and chooses nothing. Of the rest, the
first nine tenths by time are the log of a full fit, and the last tenth is the update. The full fit
to both chooses K and the settings of the personal recommender again; the update does not. Both read
the same frames. Another full fit, with other seeds, shows how far two full fits agree.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
from measure import data_set, describe_machine

from lacunar import TasteConfig, TasteModel, compare_taste, fit_taste, read_ratings, update_taste
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.evaluate import Split, measure, rank_split
from lacunar.taste.evaluate.bootstrap import mean_intervals
from lacunar.taste.evaluate.protocols import held_out_sizes
from lacunar.taste.evaluate.split import split_by_rows

EARLY = 0.9
HELD_OUT = 0.2


def latest_held_out(ratings: Ratings) -> Split:
    """Hold out the latest fifth of each user's ratings."""
    by_time = np.lexsort((ratings.item, np.asarray(ratings.log["timestamp"]), ratings.user))
    from_end = np.empty(len(by_time), dtype=np.int64)
    from_end[by_time] = ratings.user_starts[ratings.user + 1] - np.arange(len(by_time))
    held_out = from_end <= held_out_sizes(ratings, HELD_OUT)[ratings.user]
    kept = ~held_out
    return split_by_rows(ratings, train=kept, shown=kept, excluded=kept, held_out=held_out)


def frames(ratings: Ratings) -> tuple[pa.Table, pa.Table]:
    """Tables of ratings, earliest first, and of films."""
    log = pa.table(
        {
            "userId": ratings.users.take(ratings.log["user"].combine_chunks()),
            "movieId": ratings.items["item_id"].take(ratings.log["item"]),
            "rating": ratings.log["rating"],
            "timestamp": ratings.log["timestamp"],
        }
    ).sort_by("timestamp")
    genres = ["|".join(names) for names in ratings.genres_of_items]
    films = {"movieId": ratings.items["item_id"], "title": ratings.items["title"], "genres": genres}
    return log, pa.table(films)


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    start = time.perf_counter()
    return work(), time.perf_counter() - start


def ndcg(model: TasteModel, split: Split) -> Any:
    """nDCG@10 of each tested user."""
    recommender = model.recommender("personal")
    lists = rank_split(lambda users: recommender.score(split.histories.take(users)), split)
    return measure(lists, split)["ndcg@10"]


def main() -> None:
    split = latest_held_out(read_ratings(data_set("ml-latest-small")))
    log, films = frames(split.train)
    early = log.slice(0, int(EARLY * len(log)))
    late = log.slice(len(early))
    before, fit_seconds = timed(lambda: fit_taste(read_ratings(early, films)))
    update_seconds = []
    for _ in range(3):
        updated, seconds = timed(lambda: update_taste(before, late))
        update_seconds.append(seconds)
    refitted, refit_seconds = timed(lambda: fit_taste(read_ratings(log, films)))
    reseeded = fit_taste(read_ratings(log, films), TasteConfig(seed=1000))
    print(describe_machine("numpy", "scipy"))
    print(
        f"\n{len(early):,} ratings by {before.ratings.n_users} users, then {len(late):,} more:"
        f" {updated.ratings.n_users - before.ratings.n_users} new users."
        f" Held out: the latest {len(split.relevant.item):,} relevant ratings of"
        f" {len(split.users)} users."
    )
    print("\n| model | K | ARI with the full fit | names of the earlier fit | nDCG@10 | seconds |")
    print("|---|---|---|---|---|---|")
    models = {
        "earlier fit, not updated": (before, f"{fit_seconds:.1f}"),
        "updated": (updated, f"{np.median(update_seconds):.1f}"),
        "full fit": (refitted, f"{refit_seconds:.1f}"),
        "full fit, other seeds": (reseeded, ""),
    }
    names = set(before.segments.names)
    for name, (model, seconds) in models.items():
        quality = f"{ndcg(model, split).mean():.4f}" if model is not before else ""
        print(
            f"| {name} | {model.segments.n_segments} |"
            f" {compare_taste(model, refitted).agreement:.2f} |"
            f" {len(names & set(model.segments.names))} of {len(names)} | {quality} |"
            f" {seconds} |"
        )
    difference = (ndcg(updated, split) - ndcg(refitted, split))[:, np.newaxis]
    [interval] = mean_intervals(difference)
    print(
        f"\nnDCG@10, updated minus full fit: {interval.mean:+.4f}"
        f" ({interval.low:+.4f} to {interval.high:+.4f}).\n"
        f"A full fit takes {refit_seconds / float(np.median(update_seconds)):.0f} times as long as"
        " an update."
    )
    for pair in compare_taste(before, updated).pairs:
        print(f"- {pair.segment_a}: {pair.share_of_a:.0%} stay; {pair.name_a} -> {pair.name_b}")


if __name__ == "__main__":
    main()
