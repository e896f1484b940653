"""Notes on a fit: what it had to do without, in sentences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lacunar.taste.data.ratings import NO_GENRES, Ratings


@dataclass(frozen=True, slots=True)
class FullFit:
    """Size of the log at the last full fit of a model that was updated since.

    Parameters
    ----------
    n_users, n_ratings : int
    """

    n_users: int
    n_ratings: int

    def __str__(self) -> str:
        return f"the last full fit, to {self.n_ratings:,} ratings by {self.n_users:,} users"


def fit_notes(
    ratings: Ratings,
    *,
    asked_view: str,
    view: str,
    liked_above: float,
    users_are_equal: bool,
    map_is_one_point: bool = False,
) -> tuple[str, ...]:
    """Return what a fit had to do without.

    Parameters
    ----------
    ratings : Ratings
    asked_view, view : str
        The view in the settings, and the one that the segments were fitted to.
    liked_above : float
        Rating above which a rating counts as a like.
    users_are_equal : bool
        Whether users do not differ in the view, so that there is one segment.
    map_is_one_point : bool
        Whether the map of users shows them all at one point.

    Examples
    --------
    >>> from lacunar.taste.data.sample import sampled_ratings
    >>> ratings = sampled_ratings(n_users=50, n_movies=200)
    >>> fit_notes(
    ...     ratings, asked_view="shares", view="shares", liked_above=3.5, users_are_equal=True
    ... )
    ('All users have the same values in the view shares: there is one segment.',)
    """
    notes = []
    if ratings.implicit:
        notes.append("The data has no ratings: every row counts as a like.")
    if ratings.count is not None:
        n = ratings.intake.repeated
        rows = "repeated row is" if n == 1 else "repeated rows are"
        notes.append(f"{n:,} {rows} counted in the shares of genres and periods.")
    if (note := note_without_likes(ratings, liked_above)) is not None:
        notes.append(f"{note[0].upper()}{note[1:]}.")
    if view != asked_view:
        share = ratings.dated_share
        notes.append(
            f"Years are known for {share:.0%} of the ratings: segments do not use them."
            if share
            else "No years are known: segments do not use them."
        )
    if not ratings.has_genres:
        notes.append(
            f"No genres are known: every {ratings.noun.singular} has the genre {NO_GENRES}."
        )
    if users_are_equal:
        notes.append(f"All users have the same values in the view {view}: there is one segment.")
    elif map_is_one_point:
        notes.append(
            "The map shows all users at one point: there are too few users, or too few"
            " differences between them."
        )
    return tuple(notes)


def note_without_likes(ratings: Ratings, liked_above: float) -> str | None:
    """Say that no rating is a like, such as on a wrong scale; None if one is."""
    highest = ratings.rating.max(initial=-np.inf)
    if highest > liked_above:
        return None
    return (
        f"no rating is a like: the highest is {highest:g}, and `liked_above` is"
        f" {liked_above:g} on the scale {ratings.scale}; pass the `scale` of the data when"
        " reading, or a lower `liked_above`"
    )
