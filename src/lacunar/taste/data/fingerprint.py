"""Fingerprint of a ratings log."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa

from lacunar.taste.data.ratings import Ratings


def fingerprint(ratings: Ratings) -> str:
    """Return the SHA-256 of all that a fit uses of a log: ids, films, genres and ratings.

    Examples
    --------
    >>> from lacunar.taste.data.sample import sampled_ratings
    >>> ratings = sampled_ratings(n_users=50, n_movies=200)
    >>> len(fingerprint(ratings)), fingerprint(ratings) == fingerprint(ratings.without_users())
    (64, False)
    """
    digest = hashlib.sha256()
    ids = pa.table([ratings.users], names=["user_id"])
    for table in (ids, ratings.items, ratings.item_genres, ratings.log):
        for name in table.column_names:
            column = table[name]
            digest.update(f"{name}:{column.type}:{len(column)};".encode())
            if pa.types.is_string(column.type) or column.null_count:
                digest.update("\0".join(map(str, column.to_pylist())).encode())
            else:
                for chunk in column.chunks:
                    # No copy of a large log.
                    digest.update(np.ascontiguousarray(chunk.to_numpy()).data)
    digest.update("\0".join(ratings.genres).encode())
    return digest.hexdigest()
