"""Views of a taste model, cached where they are the same for every request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from markupsafe import Markup

from lacunar.aliases import FloatArray
from lacunar.report.figures import membership_bars, user_map
from lacunar.report.svg import element
from lacunar.report.svg_markers import marker, points
from lacunar.report.tables import Table, agreement, count, percent, probability, stars, table
from lacunar.report.taste.segments import column_means, profile_domain, segment_means
from lacunar.taste.config import RECOMMENDERS
from lacunar.taste.model import TasteModel
from lacunar.taste.segment_summaries import LovedFilm, Portrait, compare_segments, portraits
from lacunar.web.addresses import user_path
from lacunar.web.views.genre_shares import ALL_USERS, genre_ratio, shares_beside, shares_in_words

Context = dict[str, Any]

# More markers make a page large without showing more.
_MAP_USERS = 3000
_CARD_GENRES, _CARD_FILMS = 3, 3
_SAMPLE = 12


@dataclass(frozen=True, slots=True)
class SegmentLink:
    """A segment in lists and menus."""

    id: int
    name: str
    marker: Markup
    population: str
    share: str


class TasteViews:
    """Contents of the pages on a model.

    Parameters
    ----------
    model : TasteModel
    """

    def __init__(self, model: TasteModel) -> None:
        self.model = model

    def prepare(self) -> None:
        """Compute the cached views before the first request."""
        for by in RECOMMENDERS:
            self.model.recommender(by)
        _ = (self.overview, self.model.titles, self.model.consensus_agreement)
        for segment in range(self.model.segments.n_segments):
            self.segment(segment)

    @cached_property
    def links(self) -> list[SegmentLink]:
        """All segments, in the order of their numbers."""
        segments, n_users = self.model.segments, self.model.ratings.n_users
        return [
            SegmentLink(
                id=k,
                name=name,
                marker=marker_svg(k),
                population=count(int(segments.populations[k])),
                share=percent(float(segments.populations[k]) / n_users),
            )
            for k, name in enumerate(segments.names)
        ]

    @cached_property
    def portraits(self) -> tuple[Portrait, ...]:
        return portraits(self.model)

    @cached_property
    def all_users(self) -> list[float]:
        """Share of all users in each segment."""
        return [float(weight) for weight in self.model.segments.mixture.weights[0]]

    @cached_property
    def overview(self) -> Context:
        """Key figures, the map, and a card for each segment."""
        model = self.model
        ratings = model.ratings
        return {
            "figures": [
                (count(ratings.n_users), "users"),
                (count(ratings.n_items), ratings.noun.plural),
                (count(ratings.log.num_rows), "ratings"),
                (count(model.segments.n_segments), "segments"),
                (percent(model.profiles.gap_share), "of profile cells unknown"),
            ],
            "criterion": model.criterion,
            "notes": model.notes,
            "map": self._map(),
            "liked_above": self._liked_above,
            "cards": [self._card(portrait) for portrait in self.portraits],
        }

    def segment(self, segment: int) -> Context:
        """The view of a segment."""
        if segment not in self._segments:
            self._segments[segment] = self._segment(segment)
        return self._segments[segment]

    def compare(self, first: int, second: int) -> Context:
        """The comparison of two segments."""
        found, names = compare_segments(self.model, first, second), self.model.segments.names
        return {
            "first": self.links[first],
            "second": self.links[second],
            "differing": sum(genre.stands_out for genre in found.genres),
            **shares_beside(
                found.genres,
                (names[first], names[second]),
                (marker(first), marker(second)),
                heads=(f"Segment {first}", f"Segment {second}"),
            ),
            "liked_above": self._liked_above,
            "films": [
                self._films(
                    films, f"Liked more by {names[a]}", (f"Of segment {a}", f"Of segment {b}")
                )
                for films, a, b in zip(found.films, (first, second), (second, first), strict=True)
            ],
        }

    def belonging(
        self, who: str, probabilities: FloatArray, before: FloatArray | None = None
    ) -> Context:
        """Membership probabilities of a user, optionally with those before the latest rating."""
        names = self.model.segments.names
        columns = {"Probability": probabilities}
        if before is not None:
            columns["Before"] = before
        columns["All users"] = np.asarray(self.all_users)
        rows = [
            (name, *(probability(float(column[k])) for column in columns.values()))
            for k, name in enumerate(names)
        ]
        return {
            "segment": self.links[int(probabilities.argmax())],
            "probability": probability(float(probabilities.max())),
            "figure": membership_bars(who, names, probabilities.tolist(), self.all_users),
            "table": table(f"Where {who} belongs", ["Segment", *columns], rows),
        }

    def to_rate(self, rated: Mapping[str, float], n: int) -> list[int]:
        """Films to rate first: those that distinguish the segments, one of each segment in turn."""
        known = {self.model.ratings.item_position(item) for item in rated}
        turns = max((len(portrait.own) for portrait in self.portraits), default=0)
        found = [
            portrait.own[turn].item
            for turn in range(turns)
            for portrait in self.portraits
            if turn < len(portrait.own)
        ]
        return [item for item in dict.fromkeys(found) if item not in known][:n]

    @cached_property
    def _liked_above(self) -> str | None:
        """The rating above which a rating is a like; None if all are likes."""
        return None if self.model.ratings.implicit else f"{self.model.liked_above:g}"

    @cached_property
    def _segments(self) -> dict[int, Context]:
        return {}

    def _segment(self, segment: int) -> Context:
        model = self.model
        segments, portrait = model.segments, self.portraits[segment]
        members = segments.members(segment)
        sure = segments.responsibilities.max(axis=1)[members]
        steady = model.membership_stability[members]
        everyone = column_means(model.profiles.means)
        name, noun = segments.names[segment], model.ratings.noun
        n, seed = segments.n_segments, model.config.seed
        return {
            "link": self.links[segment],
            "figures": [
                (self.links[segment].population, "users"),
                (self.links[segment].share, "of all users"),
                (probability(_mean(sure)), "mean probability of the members"),
                (agreement(_mean(steady)), "stability: how far restarts keep them together"),
            ],
            "in_words": shares_in_words(
                portrait.over_indexed[:_CARD_GENRES],
                portrait.under_indexed[:_CARD_GENRES],
                noun.plural,
            ),
            "shares": shares_beside(
                portrait.genres,
                (name, "All users"),
                (marker(segment), ALL_USERS),
                heads=("Members", "All users"),
            ),
            "means": segment_means(model, segment, everyone, profile_domain(model)),
            "best_loved": self._films(
                portrait.best_loved, f"Most liked {noun.plural}", ("Of members", "Of all users")
            ),
            "own": self._films(
                portrait.own,
                f"{noun.capital_plural} this segment likes much more",
                ("Of members", "Of everybody else"),
            ),
            "liked_above": self._liked_above,
            "members": [
                (user_path(str(model.ratings.users[user])), f"User {model.ratings.users[user]}")
                for user in segments.sample_members(segment, _SAMPLE, seed).tolist()
            ],
            "others": [link for link in self.links if link.id != segment],
            "previous": self.links[segment - 1] if segment else None,
            "next": self.links[segment + 1] if segment + 1 < n else None,
        }

    def _map(self) -> Markup:
        segments, drawn = self.model.segments, self.model.user_map
        shown = np.arange(len(drawn.users))
        if len(shown) > _MAP_USERS:
            rng = np.random.default_rng(self.model.config.seed)
            shown = np.sort(rng.choice(shown, size=_MAP_USERS, replace=False))
        return user_map(
            drawn.coordinates[shown],
            segments.labels[drawn.users[shown]],
            names=segments.names,
            populations=segments.populations.tolist(),
            n_users=self.model.ratings.n_users,
            legend=False,
        )

    def _card(self, portrait: Portrait) -> Context:
        return {
            "link": self.links[portrait.segment],
            "over": [genre_ratio(genre) for genre in portrait.over_indexed[:_CARD_GENRES]],
            "under": [genre_ratio(genre) for genre in portrait.under_indexed[:_CARD_GENRES]],
            "best_loved": [self._title(film) for film in portrait.best_loved[:_CARD_FILMS]],
            "own": [self._title(film) for film in portrait.own[:_CARD_FILMS]],
        }

    def _title(self, film: LovedFilm) -> str:
        return str(self.model.ratings.items["title"][film.item])

    def _films(self, films: Sequence[LovedFilm], title: str, heads: tuple[str, str]) -> Table:
        return table(
            title,
            [self.model.ratings.noun.capital_singular, "Liked by", *heads, "Mean rating"],
            [
                (
                    self._title(film),
                    f"{count(film.likes)} of {count(film.raters)}",
                    percent(film.share),
                    percent(film.reference),
                    stars(film.mean),
                )
                for film in films
            ],
        )


def marker_svg(segment: int) -> Markup:
    """The marker of a segment on the map, as a small decorative picture."""
    return element(
        "svg",
        points([(8, 8)], marker(segment), 5),
        viewBox="0 0 16 16",
        width=16,
        height=16,
        aria_hidden="true",
        focusable="false",
    )


def _mean(values: FloatArray) -> float:
    return float(values.mean()) if values.size else float("nan")
