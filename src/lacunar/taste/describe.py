"""The documents others rely on: segments, a user, recommendations, as plain JSON types.

Keys may be added here, never renamed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from lacunar.taste.model import TasteModel


def describe_segments(model: TasteModel) -> dict[str, Any]:
    """Segments, largest population first, and how K was chosen."""
    segments, genres = model.segments, model.ratings.genres
    return {
        "n_components": segments.n_segments,
        "criterion": model.criterion,
        "users": model.ratings.n_users,
        "unknown_share": model.profiles.gap_share,
        "gaps": model.config.gaps,
        "view": model.config.view,
        "segments": [
            {
                "id": segment,
                "population": int(segments.populations[segment]),
                "name": segments.names[segment],
                "profile": _by_genre(genres, segments.profiles[segment]),
                "known_profile": _by_genre(genres, segments.known_profiles[segment]),
                "known_users": dict(
                    zip(genres, segments.known_users[segment].tolist(), strict=True)
                ),
            }
            for segment in range(segments.n_segments)
        ],
        "k_frequency": {str(k): n for k, n in model.surface.k_frequency().items()},
        "agreeing_seeds": len(model.agreeing_seeds),
        "agreement": _or_none(
            model.surface.agreement[model.surface.n_components.index(segments.n_segments)]
        ),
        "consensus_agreement": model.consensus_agreement,
        "refit_agreement": model.refit_agreement.tolist(),
        "unrated_genres": list(model.profiles.unrated_genres),
        "constant_genres": list(model.profiles.constant_genres),
        "degenerate_fits": int(model.surface.degenerate.sum()),
        "films_per_genre": model.films_per_genre,
    }


def describe_user(model: TasteModel, user: int) -> dict[str, Any]:
    """What is known of a user, gaps as null, and where the user belongs."""
    genres, profiles = model.ratings.genres, model.profiles
    return {
        "user": model.ratings.users[user].as_py(),
        "profile": _by_genre(genres, profiles.means[user]),
        "counts": dict(zip(genres, profiles.counts[user].tolist(), strict=True)),
        "segments": {
            str(segment): float(probability)
            for segment, probability in enumerate(model.segments.responsibilities[user])
        },
    }


def describe_recommendations(model: TasteModel, user: int, k: int) -> dict[str, Any]:
    """At most ``k`` films for a user, best first, with the reasons behind each."""
    segment = int(model.segments.labels[user])
    items = model.ratings.items
    return {
        "user": model.ratings.users[user].as_py(),
        "segment": segment,
        "segment_name": model.segments.names[segment],
        "probability": float(model.segments.responsibilities[user, segment]),
        "items": [
            {
                "item": items["item_id"][found.item].as_py(),
                "title": items["title"][found.item].as_py(),
                "genres": model.genres_of_items[found.item],
                "score": found.score,
                "reasons": [
                    {"kind": reason.kind, "text": reason.text, "value": reason.value}
                    for reason in found.reasons
                ],
            }
            for found in model.segment_recommender.recommend(user, k)
        ],
    }


def _by_genre(genres: tuple[str, ...], values: Iterable[float]) -> dict[str, float | None]:
    return {genre: _or_none(value) for genre, value in zip(genres, values, strict=True)}


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
