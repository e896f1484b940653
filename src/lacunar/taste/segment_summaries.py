"""Summaries of segments: over- and under-represented genres, and favourite items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import FloatArray
from lacunar.mixture.statistics import one_hot
from lacunar.taste.model import TasteModel
from lacunar.taste.segments.film_counts import FilmCounts
from lacunar.taste.segments.significance import (
    NOTICEABLE,
    difference_by_chance,
    excess_by_chance,
    excess_of_members,
)

# Fewer likes than this describe single members, not the segment.
_FEWEST_LIKES = 3


@dataclass(frozen=True, slots=True)
class GenreShare:
    """The share of a genre in a segment, compared with a reference group.

    Parameters
    ----------
    genre : str
    share, reference : float
        Mean share of the genre in the ratings of the members, and of the reference group.
    stands_out : bool
        Whether the difference is significant and large enough to matter.
    """

    genre: str
    share: float
    reference: float
    stands_out: bool

    @property
    def times(self) -> float:
        """Ratio of the two shares; infinite if the reference is 0."""
        return (
            self.share / self.reference if self.reference else float("inf") if self.share else 1.0
        )


@dataclass(frozen=True, slots=True)
class LovedFilm:
    """An item that many members like.

    Parameters
    ----------
    item : int
        Position of the item.
    likes, raters : int
        Number of members who like it, and who rated it.
    mean : float
        Their mean rating.
    share, reference : float
        Share of the members who like it, and of the reference group.
    """

    item: int
    likes: int
    raters: int
    mean: float
    share: float
    reference: float


@dataclass(frozen=True, slots=True)
class Portrait:
    """Differences between one segment and all users.

    Parameters
    ----------
    segment : int
    genres : tuple of GenreShare
        Compared with all users, in the order of the genres.
    best_loved : tuple of LovedFilm
        Items that most members like, compared with all users.
    own : tuple of LovedFilm
        Items with the largest difference between the members and the users of all other segments.
    """

    segment: int
    genres: tuple[GenreShare, ...]
    best_loved: tuple[LovedFilm, ...]
    own: tuple[LovedFilm, ...]

    @property
    def over_indexed(self) -> list[GenreShare]:
        """Genres that members clearly rate more of, the largest difference of roots first."""
        return sorted(
            (g for g in self.genres if g.stands_out and g.share > g.reference), key=_difference
        )

    @property
    def under_indexed(self) -> list[GenreShare]:
        """Genres that members clearly rate less of."""
        return sorted(
            (g for g in self.genres if g.stands_out and g.share < g.reference), key=_difference
        )


@dataclass(frozen=True, slots=True)
class Comparison:
    """The differences between two segments.

    Parameters
    ----------
    first, second : int
    genres : tuple of GenreShare
        The first compared with the second, in the order of the genres.
    films : (tuple of LovedFilm, tuple of LovedFilm)
        Items that the first likes more than the second, and the reverse.
    """

    first: int
    second: int
    genres: tuple[GenreShare, ...]
    films: tuple[tuple[LovedFilm, ...], tuple[LovedFilm, ...]]


def portraits(model: TasteModel, n_films: int = 10) -> tuple[Portrait, ...]:
    """Summarise every segment, in order.

    Shares are compared by the means of their square roots, as in the names of segments. A
    difference counts from three standard errors and 0.025.

    Parameters
    ----------
    model : TasteModel
    n_films : int
        Number of items of each kind.

    Examples
    --------
    >>> from lacunar.taste.config import TasteConfig
    >>> from lacunar.taste.fit import fit_taste
    >>> from lacunar.taste.data.sample import sampled_ratings
    >>> config = TasteConfig(max_components=2, n_seeds=2, refits=0)
    >>> model = fit_taste(sampled_ratings(n_users=50, n_movies=200), config)
    >>> [len(portrait.best_loved) for portrait in portraits(model, 3)]
    [3]
    """
    shares, member = model.profiles.shares, _member(model)
    roots = np.sqrt(shares)
    difference = np.abs(excess_of_members(roots, member))
    least = np.maximum(excess_by_chance(roots, member), NOTICEABLE)
    clear = (difference >= least) & (member.sum(axis=1, keepdims=True) > 0)
    means, overall = _means(shares, member), shares.mean(axis=0)
    counts = model.film_counts
    of_all = counts.shares_of_all
    summaries = []
    for segment in range(model.segments.n_segments):
        of_others = _shares_of_others(counts, segment)
        share = counts.shares[segment]
        summaries.append(
            Portrait(
                segment=segment,
                genres=_genre_shares(model, means[segment], overall, clear[segment]),
                best_loved=_films(counts, segment, counts.likes[segment], of_all, n_films),
                own=_films(counts, segment, share - of_others, of_others, n_films),
            )
        )
    return tuple(summaries)


def compare_segments(model: TasteModel, first: int, second: int, n_films: int = 10) -> Comparison:
    """Compare two segments.

    Parameters
    ----------
    model : TasteModel
    first, second : int
        Segments. A segment does not differ from itself.
    n_films : int
        Number of items for each.
    """
    shares, member = model.profiles.shares, _member(model)
    roots, means = np.sqrt(shares), _means(shares, member)
    centres = _means(roots, member)
    by_chance = difference_by_chance(roots, member[first], member[second])
    populated = bool(member[first].any() and member[second].any())
    difference = np.abs(centres[first] - centres[second])
    clear = (difference >= np.maximum(by_chance, NOTICEABLE)) & populated & (first != second)
    counts = model.film_counts
    a, b = counts.shares[first], counts.shares[second]
    return Comparison(
        first=first,
        second=second,
        genres=_genre_shares(model, means[first], means[second], clear),
        films=(
            _films(counts, first, a - b, b, n_films),
            _films(counts, second, b - a, a, n_films),
        ),
    )


def _member(model: TasteModel) -> FloatArray:
    return one_hot(model.segments.labels, model.segments.n_segments)


def _means(values: FloatArray, member: FloatArray) -> FloatArray:
    return np.asarray(member @ values / np.maximum(member.sum(axis=1, keepdims=True), 1))


def _shares_of_others(counts: FilmCounts, segment: int) -> FloatArray:
    """Return the share of the users of all other segments who like each item, shape (I,)."""
    others = counts.likes.sum(axis=0) - counts.likes[segment]
    return np.asarray(others / max(counts.populations.sum() - counts.populations[segment], 1))


def _genre_shares(
    model: TasteModel, share: FloatArray, reference: FloatArray, clear: NDArray[np.bool_]
) -> tuple[GenreShare, ...]:
    rows: Sequence[tuple[str, float, float, bool]] = list(
        zip(model.ratings.genres, share.tolist(), reference.tolist(), clear.tolist(), strict=True)
    )
    return tuple(GenreShare(*row) for row in rows)


def _films(
    counts: FilmCounts, segment: int, by: FloatArray, reference: FloatArray, n: int
) -> tuple[LovedFilm, ...]:
    """Return the items with the highest ``by``; ties are broken by the mean rating."""
    means, likes, share = counts.means[segment], counts.likes[segment], counts.shares[segment]
    known = np.flatnonzero((likes >= _FEWEST_LIKES) & (by > 0))
    order = np.lexsort((known, -means[known], -by[known].round(9)))
    return tuple(
        LovedFilm(
            item=item,
            likes=int(likes[item]),
            raters=int(counts.raters[segment, item]),
            mean=float(means[item]),
            share=float(share[item]),
            reference=float(reference[item]),
        )
        for item in known[order[:n]].tolist()
    )


def _difference(genre: GenreShare) -> float:
    return -float(abs(np.sqrt(genre.share) - np.sqrt(genre.reference)))
