"""Sections of the taste report on users: memberships, profiles and recommendations."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from markupsafe import Markup

from lacunar.report.figures import user_profile
from lacunar.report.tables import Table, count, probability, stars, table
from lacunar.report.taste.recommendations import recommended
from lacunar.taste.model import TasteModel

Context = dict[str, object]


def sample_table(model: TasteModel, shown: Sequence[int], asked: Collection[int]) -> Table:
    """Membership probabilities of the shown users, and why each is shown."""
    segments = model.segments
    rows = []
    for user in shown:
        name = segments.names[segments.labels[user]]
        rows.append(
            (
                Markup('<a href="#{}">{}</a>').format(anchor(user), user_name(model, user)),
                "asked for" if user in asked else f"drawn from {name}",
                name,
                *(probability(float(p)) for p in segments.responsibilities[user]),
            )
        )
    columns = ["User", "Why shown", "Most probable", *segments.names]
    return table("Probability of belonging to each segment", columns, rows, text_columns=(1, 2))


def user_in_detail(model: TasteModel, user: int, top: int) -> Context:
    """A user's profile with its gaps, memberships and recommendations."""
    segments, genres = model.segments, model.ratings.genres
    segment = int(segments.labels[user])
    name, segment_name = user_name(model, user), segments.names[segment]
    means, counts = model.profiles.means[user].tolist(), model.profiles.counts[user].tolist()
    rows = model.ratings.rows_of(user)
    return {
        "anchor": anchor(user),
        "name": name,
        "segment": segment_name,
        "probability": probability(float(segments.responsibilities[user, segment])),
        "n_ratings": count(rows.stop - rows.start),
        "n_known": sum(n > 0 for n in counts),
        "n_genres": len(genres),
        **profile_beside_segment(model, name, segment, means, counts),
        "memberships": table(
            f"Where {name} belongs",
            ["Segment", "Probability"],
            [
                (other, probability(float(p)))
                for other, p in zip(segments.names, segments.responsibilities[user], strict=True)
            ],
        ),
        **recommended(model, user, top),
    }


def profile_beside_segment(
    model: TasteModel, name: str, segment: int, means: Sequence[float], counts: Sequence[int]
) -> Context:
    """Genre means of a user compared with a segment, as a figure and a table."""
    segments, genres, scale = model.segments, model.ratings.genres, model.ratings.scale
    known, segment_name = segments.known_profiles[segment].tolist(), segments.names[segment]
    return {
        "figure": user_profile(
            name, segment_name, genres, means, known, counts, domain=(scale.minimum, scale.maximum)
        ),
        "table": table(
            f"Genre means of {name}",
            ["Genre", "Mean", "Ratings", f"Mean of {segment_name}"],
            [
                (genre, stars(means[g]), count(counts[g]), stars(known[g]))
                for g, genre in enumerate(genres)
            ],
        ),
    }


def anchor(user: int) -> str:
    """Anchor of a user in the page, made from the position because ids are arbitrary text."""
    return f"user-at-{user}"


def user_name(model: TasteModel, user: int) -> str:
    """Name of a user in pages."""
    return f"User {model.ratings.users[user]}"
