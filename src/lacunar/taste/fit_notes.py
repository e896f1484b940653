"""Notes on a fit: what it had to do without, in sentences."""

from __future__ import annotations

from dataclasses import dataclass

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
    users_are_equal: bool,
    map_is_one_point: bool = False,
) -> tuple[str, ...]:
    """Return what a fit had to do without.

    Parameters
    ----------
    ratings : Ratings
    asked_view, view : str
        The view in the settings, and the one that the segments were fitted to.
    users_are_equal : bool
        Whether users do not differ in the view, so that there is one segment.
    map_is_one_point : bool
        Whether the map of users shows them all at one point.

    Examples
    --------
    >>> from lacunar.taste.data.sample import sampled_ratings
    >>> ratings = sampled_ratings(n_users=50, n_movies=200)
    >>> fit_notes(ratings, asked_view="shares", view="shares", users_are_equal=True)
    ('All users have the same values in the view shares: there is one segment.',)
    """
    notes = []
    if ratings.implicit:
        notes.append("The data has no ratings: every row counts as a like.")
    if view != asked_view:
        share = ratings.dated_share
        notes.append(
            f"Years are known for {share:.0%} of the ratings: segments do not use periods of"
            " release."
            if share
            else "No years are known: segments do not use periods of release."
        )
    if not ratings.has_genres:
        notes.append(f"No genres are known: every film has the genre {NO_GENRES}.")
    if users_are_equal:
        notes.append(f"All users have the same values in the view {view}: there is one segment.")
    elif map_is_one_point:
        notes.append(
            "The map shows all users at one point: there are too few users, or too few"
            " differences between them."
        )
    return tuple(notes)
