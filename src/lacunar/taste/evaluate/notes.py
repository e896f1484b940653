"""Notes on an evaluation: missing columns of the data, in sentences."""

from __future__ import annotations

from lacunar.taste.data.ratings import Ratings
from lacunar.taste.features.views import DATED_SHARE


def evaluation_notes(ratings: Ratings) -> tuple[str, ...]:
    """Say what missing columns of the data mean for an evaluation.

    Parameters
    ----------
    ratings : Ratings

    Examples
    --------
    >>> import pyarrow as pa
    >>> from lacunar.taste.data.reading import read_ratings
    >>> for note in evaluation_notes(read_ratings(pa.table({"userId": [1], "movieId": [7]}))):
    ...     print(note)
    The data has no ratings: every row counts as a like, and every held-out row is relevant.
    No times are known: only the protocol random-20 is possible.
    No years are known: segments do not use them.
    No genres are known: diversity and miscalibration are 0.
    """
    notes = []
    if ratings.implicit:
        notes.append(
            "The data has no ratings: every row counts as a like, and every held-out row is"
            " relevant."
        )
    if len(ratings.item) < 2 or not ratings.has_times:
        notes.append("No times are known: only the protocol random-20 is possible.")
    if ratings.dated_share < DATED_SHARE:
        share = ratings.dated_share
        known = f"Years are known for {share:.0%} of the ratings" if share else "No years are known"
        notes.append(f"{known}: segments do not use them.")
    if not ratings.has_genres:
        notes.append("No genres are known: diversity and miscalibration are 0.")
    return tuple(notes)
