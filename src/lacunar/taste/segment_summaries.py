"""Segments as a reader meets them: what they watch more and less of, which films they love."""

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

# A share of fewer members than this says more about them than about the segment.
_FEWEST_LIKES = 3


@dataclass(frozen=True, slots=True)
class GenreShare:
    """How much of a genre a segment watches, beside others.

    Parameters
    ----------
    genre : str
    share, beside : float
        Mean share of the genre in the ratings of the members, and of those compared with.
    stands_out : bool
        Whether the two differ by more than chance would explain, and enough to be noticed.
    """

    genre: str
    share: float
    beside: float
    stands_out: bool

    @property
    def times(self) -> float:
        """The share over the other one; infinite where that is 0."""
        return self.share / self.beside if self.beside else float("inf") if self.share else 1.0


@dataclass(frozen=True, slots=True)
class LovedFilm:
    """A film many members like.

    Parameters
    ----------
    item : int
        Position of the film.
    likes, raters : int
        Members who like it, and who rated it.
    mean : float
        Their mean rating, in stars.
    share, beside : float
        Share of the members who like it, and of those compared with.
    """

    item: int
    likes: int
    raters: int
    mean: float
    share: float
    beside: float


@dataclass(frozen=True, slots=True)
class Portrait:
    """What sets one segment apart from all users.

    Parameters
    ----------
    segment : int
    genres : tuple of GenreShare
        In the order of the genres, beside all users.
    best_loved : tuple of LovedFilm
        Most members like them; beside all users.
    own : tuple of LovedFilm
        More members like them than others do, by the widest margins; beside everybody else.
    """

    segment: int
    genres: tuple[GenreShare, ...]
    best_loved: tuple[LovedFilm, ...]
    own: tuple[LovedFilm, ...]

    @property
    def over_indexed(self) -> list[GenreShare]:
        """Genres the members clearly watch more of, the largest difference of roots first."""
        return sorted((g for g in self.genres if g.stands_out and g.share > g.beside), key=_apart)

    @property
    def under_indexed(self) -> list[GenreShare]:
        """Genres the members clearly watch less of."""
        return sorted((g for g in self.genres if g.stands_out and g.share < g.beside), key=_apart)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two segments side by side.

    Parameters
    ----------
    first, second : int
    genres : tuple of GenreShare
        Of the first beside the second, in the order of the genres.
    films : (tuple of LovedFilm, tuple of LovedFilm)
        What more members of the first like than of the second, and the other way round.
    """

    first: int
    second: int
    genres: tuple[GenreShare, ...]
    films: tuple[tuple[LovedFilm, ...], tuple[LovedFilm, ...]]


def portraits(model: TasteModel, n_films: int = 10) -> tuple[Portrait, ...]:
    """Portray every segment, in order.

    Shares are compared as names of segments are: by the means of their roots, which must differ
    by three standard errors and by 0.025.

    Parameters
    ----------
    model : TasteModel
    n_films : int
        How many films of each kind.

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
    apart = np.abs(excess_of_members(roots, member))
    least = np.maximum(excess_by_chance(roots, member), NOTICEABLE)
    sure = (apart >= least) & (member.sum(axis=1, keepdims=True) > 0)
    means, everybody = _means(shares, member), shares.mean(axis=0)
    likes = model.film_counts
    of_all = likes.shares_of_all
    found = []
    for segment in range(model.segments.n_segments):
        elsewhere = _shares_elsewhere(likes, segment)
        share = likes.shares[segment]
        found.append(
            Portrait(
                segment=segment,
                genres=_genre_shares(model, means[segment], everybody, sure[segment]),
                best_loved=_films(likes, segment, likes.likes[segment], of_all, n_films),
                own=_films(likes, segment, share - elsewhere, elsewhere, n_films),
            )
        )
    return tuple(found)


def compare_segments(model: TasteModel, first: int, second: int, n_films: int = 10) -> Comparison:
    """Put two segments side by side.

    Parameters
    ----------
    model : TasteModel
    first, second : int
        Segments; of a segment beside itself nothing differs.
    n_films : int
        How many films for each.
    """
    shares, member = model.profiles.shares, _member(model)
    roots, means = np.sqrt(shares), _means(shares, member)
    centres = _means(roots, member)
    chance = difference_by_chance(roots, member[first], member[second])
    peopled = bool(member[first].any() and member[second].any())
    apart = np.abs(centres[first] - centres[second])
    sure = (apart >= np.maximum(chance, NOTICEABLE)) & peopled & (first != second)
    likes = model.film_counts
    a, b = likes.shares[first], likes.shares[second]
    return Comparison(
        first=first,
        second=second,
        genres=_genre_shares(model, means[first], means[second], sure),
        films=(
            _films(likes, first, a - b, b, n_films),
            _films(likes, second, b - a, a, n_films),
        ),
    )


def _member(model: TasteModel) -> FloatArray:
    return one_hot(model.segments.labels, model.segments.n_segments)


def _means(values: FloatArray, member: FloatArray) -> FloatArray:
    return np.asarray(member @ values / np.maximum(member.sum(axis=1, keepdims=True), 1))


def _shares_elsewhere(likes: FilmCounts, segment: int) -> FloatArray:
    """Share of the users of all other segments who like each film, shape (I,)."""
    others = likes.likes.sum(axis=0) - likes.likes[segment]
    return np.asarray(others / max(likes.populations.sum() - likes.populations[segment], 1))


def _genre_shares(
    model: TasteModel, share: FloatArray, beside: FloatArray, sure: NDArray[np.bool_]
) -> tuple[GenreShare, ...]:
    rows: Sequence[tuple[str, float, float, bool]] = list(
        zip(model.ratings.genres, share.tolist(), beside.tolist(), sure.tolist(), strict=True)
    )
    return tuple(GenreShare(*row) for row in rows)


def _films(
    likes: FilmCounts, segment: int, by: FloatArray, beside: FloatArray, n: int
) -> tuple[LovedFilm, ...]:
    """The films highest in ``by``, of equal ones those with the higher mean."""
    means, of_segment, share = likes.means[segment], likes.likes[segment], likes.shares[segment]
    known = np.flatnonzero((of_segment >= _FEWEST_LIKES) & (by > 0))
    order = np.lexsort((known, -means[known], -by[known].round(9)))
    return tuple(
        LovedFilm(
            item=item,
            likes=int(of_segment[item]),
            raters=int(likes.raters[segment, item]),
            mean=float(means[item]),
            share=float(share[item]),
            beside=float(beside[item]),
        )
        for item in known[order[:n]].tolist()
    )


def _apart(genre: GenreShare) -> float:
    return -float(abs(np.sqrt(genre.share) - np.sqrt(genre.beside)))
