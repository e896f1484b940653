"""JSON documents of a taste model: segments, users, recommendations and items."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from lacunar.aliases import none_if_nan
from lacunar.taste.compare import TasteComparison
from lacunar.taste.data.histories import histories_at, new_history, with_ratings
from lacunar.taste.json_schema import (
    ComparisonDocument,
    FilmDocument,
    FilmsDocument,
    RecommendationDocument,
    RecommendationsDocument,
    SegmentsDocument,
    UserDocument,
)
from lacunar.taste.model import TasteModel
from lacunar.taste.recommend.base import Recommendation
from lacunar.taste.recommend.list_request import ListRequest


def segments_document(model: TasteModel) -> SegmentsDocument:
    """Return the segments in the order of their numbers, and how K was chosen."""
    segments, genres = model.segments, model.ratings.genres
    return {
        "n_components": segments.n_segments,
        "criterion": model.criterion,
        "users": model.ratings.n_users,
        "unknown_share": model.profiles.gap_share,
        "gaps": model.config.gaps,
        "view": model.view,
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
        "k_frequency": {str(k): n for k, n in model.fit_grid.k_frequency().items()},
        "agreeing_seeds": len(model.agreeing_seeds),
        "agreement": none_if_nan(
            model.fit_grid.agreement[model.fit_grid.n_components.index(segments.n_segments)]
        ),
        "consensus_agreement": model.consensus_agreement,
        "refit_agreement": model.refit_agreement.tolist(),
        "unrated_genres": list(model.profiles.unrated_genres),
        "constant_genres": list(model.profiles.constant_genres),
        "degenerate_fits": int(model.fit_grid.degenerate.sum()),
        "films_per_genre": model.ratings.films_per_genre,
    }


def comparison_document(found: TasteComparison) -> ComparisonDocument:
    """Return the pairs of segments of two models."""
    return {
        "users": found.n_users,
        "agreement": found.agreement,
        "pairs": [
            {
                "segment_a": pair.segment_a,
                "name_a": pair.name_a,
                "segment_b": pair.segment_b,
                "name_b": pair.name_b,
                "users": pair.users,
                "share_of_a": pair.share_of_a,
                "share_of_b": pair.share_of_b,
            }
            for pair in found.pairs
        ],
    }


def user_document(model: TasteModel, user: int) -> UserDocument:
    """Return a user's profile, with null for gaps, and the responsibilities of the segments."""
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


def recommendations_document(
    model: TasteModel,
    user: int | Mapping[str, float],
    request: ListRequest,
    *,
    also: Mapping[str, float] | None = None,
) -> RecommendationsDocument:
    """Return the recommendations for a user, best first, with score parts and reasons.

    Parameters
    ----------
    model : TasteModel
    user : int or mapping of str to float
        Position of a user of the log, or a new user's ratings: stars by film id.
    request : ListRequest
    also : mapping of str to float, optional
        More ratings of a user of the log, which replace earlier ones of the same films.
    """
    if isinstance(user, int):
        name = model.ratings.users[user].as_py()
        history = histories_at(model.ratings, np.array([user]))
        belongs = model.segments.responsibilities[user]
        if also:
            history = with_ratings(history, model.ratings, also)
            belongs = model.placer.responsibilities(history)[0]
    else:
        name, history = None, new_history(model.ratings, user)
        belongs = model.placer.cautious_responsibilities(history)[0]
    segment = int(belongs.argmax())
    [films] = model.recommend_lists(history, request)
    return {
        "user": name,
        "ratings": int(history.n_ratings[0]),
        "segment": segment,
        "segment_name": model.segments.names[segment],
        "probability": float(belongs[segment]),
        "by": request.by or model.config.recommender,
        "items": [_describe_recommendation(model, film) for film in films],
    }


def _describe_recommendation(model: TasteModel, film: Recommendation) -> RecommendationDocument:
    items = model.ratings.items
    return {
        "item": items["item_id"][film.item].as_py(),
        "title": items["title"][film.item].as_py(),
        "genres": model.ratings.genres_of_items[film.item],
        "score": film.score,
        "parts": {str(kind): value for kind, value in film.parts.by_kind().items()},
        "reasons": [
            {"kind": reason.kind, "text": reason.text, "value": reason.value}
            for reason in film.reasons
        ],
    }


def films_document(model: TasteModel, query: str, n: int) -> FilmsDocument:
    """Return at most ``n`` items whose titles match, best match first.

    Parameters
    ----------
    model : TasteModel
    query : str
        See :meth:`lacunar.taste.data.title_index.TitleIndex.find`.
    n : int
    """
    items = model.titles.find(query, n)
    return {"query": query, "films": [film_document(model, item) for item in items]}


def film_document(model: TasteModel, item: int) -> FilmDocument:
    """Return an item of the catalogue by its position."""
    films = model.ratings.items
    return {
        "item": films["item_id"][item].as_py(),
        "title": films["title"][item].as_py(),
        "year": films["year"][item].as_py(),
        "genres": model.ratings.genres_of_items[item],
        "ratings": int(model.ratings.ratings_per_item[item]),
    }


def _by_genre(genres: tuple[str, ...], values: Iterable[float]) -> dict[str, float | None]:
    return {genre: none_if_nan(value) for genre, value in zip(genres, values, strict=True)}
