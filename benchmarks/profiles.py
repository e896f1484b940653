"""Time genre profiles by SQL (of a fit) and by a sparse product (of a placement).

Run: ``python benchmarks/profiles.py [--users 20000]``.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from lacunar.taste.data.histories import Histories, histories_of
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.data.sample import sampled_ratings
from lacunar.taste.features.genre_profiles import genre_profiles


def sparse_means(ratings: Ratings, histories: Histories) -> NDArray[np.float64]:
    """Genre means as a placement computes them."""
    rated = histories.matrix(np.ones(len(histories.item)), ratings.n_items)
    stars = histories.matrix(histories.rating, ratings.n_items)
    counts = (rated @ ratings.genre_matrix).toarray()
    sums = (stars @ ratings.genre_matrix).toarray()
    return np.divide(sums, counts, out=np.full(counts.shape, np.nan), where=counts > 0)


def timed(work: Callable[[], NDArray[np.float64]]) -> tuple[NDArray[np.float64], float]:
    """Result, and the median time of five runs in milliseconds."""
    times = []
    for _ in range(5):
        start = perf_counter()
        result = work()
        times.append(perf_counter() - start)
    return result, float(np.median(times)) * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=20_000)
    ratings = sampled_ratings(n_users=parser.parse_args().users, n_movies=2000)
    for users in (np.arange(ratings.n_users), np.array([0])):
        some = ratings.of_users(users)
        by_sql, sql_ms = timed(lambda log=some: genre_profiles(log).means)
        histories = histories_of(some)
        by_product, product_ms = timed(lambda of=histories: sparse_means(ratings, of))
        equal = by_sql.tobytes() == by_product.tobytes()
        print(
            f"{len(users)} users, {some.log.num_rows} ratings: SQL {sql_ms:.1f} ms,"
            f" sparse product {product_ms:.1f} ms, bit-equal: {equal}"
        )


if __name__ == "__main__":
    main()
