"""The report on a taste model."""

from __future__ import annotations

from collections.abc import Sequence

from lacunar.report.figures import ranked_bars
from lacunar.report.page import Heading, render_page
from lacunar.report.tables import count, percent, table
from lacunar.report.taste.recommendations import how_good
from lacunar.report.taste.segments import choosing_k, map_of_users, segments_in_detail
from lacunar.report.taste.users import anchor, sample_table, user_in_detail, user_name
from lacunar.taste.data.fingerprint import fingerprint
from lacunar.taste.evaluate.to_json import Evaluation
from lacunar.taste.features.views import parse_view
from lacunar.taste.model import TasteModel

Context = dict[str, object]

_SEEN = {
    "means": "the mean rating in each genre",
    "relative": "the mean rating in each genre less the user's own mean",
    "shares": "the share of ratings in each genre",
    "log-shares": "the logarithm of the share of ratings in each genre",
    "periods": "the share of ratings in each period of years",
}
_GAPS = {
    "keep": "A gap is left out of every likelihood; nothing is filled in.",
    "row-mean": "In place of a gap the fit saw the mean of the user's own genre means.",
    "zero": "In place of a gap the fit saw zero, which reads as the worst rating.",
}
_NOISE = " A number made of few ratings counts as less sure than one made of many."


def taste_report(
    model: TasteModel,
    *,
    users: Sequence[int] = (),
    sample_users: int = 2,
    top: int = 5,
    evaluation: Evaluation | None = None,
) -> str:
    """Return a report as a single HTML file; the same model gives the same bytes.

    Parameters
    ----------
    model : TasteModel
    users : sequence of int
        Positions of users to show in addition to the sampled ones.
    sample_users : int
        Members to show of each segment, drawn with the model's seed.
    top : int
        Recommendations per user.
    evaluation : Evaluation, optional
        Evaluation on the same ratings, to show as well.

    Raises
    ------
    ValueError
        If a position is outside the users.
    """
    for user in users:
        if not 0 <= user < model.ratings.n_users:
            raise ValueError(
                f"expected positions of users from 0 to {model.ratings.n_users - 1}, got {user}"
            )
    shown = _shown_users(model, users, sample_users)
    return render_page(
        "taste.html",
        title="Tastes",
        lead=f"Segments of {count(model.ratings.n_users)} users by their taste, "
        f"and {model.ratings.noun.plural} to recommend to them.",
        noun=model.ratings.noun,
        contents=_contents(model, shown, evaluation),
        summary=summary(model),
        films=_films(model),
        choice=choosing_k(model),
        segments=segments_in_detail(model),
        map=map_of_users(model),
        samples=sample_table(model, shown, frozenset(users)),
        users=[user_in_detail(model, user, top) for user in shown],
        quality=how_good(evaluation) if evaluation else None,
        making=_making(model, f"users={list(users)}, {sample_users=}, {top=}"),
    )


def _shown_users(model: TasteModel, users: Sequence[int], sample_users: int) -> list[int]:
    """Requested users, then those drawn from each segment, without repetition."""
    drawn = (
        model.segments.sample_members(segment, sample_users, model.config.seed).tolist()
        for segment in range(model.segments.n_segments)
    )
    return list(dict.fromkeys([*users, *(user for part in drawn for user in part)]))


def _contents(
    model: TasteModel, shown: Sequence[int], evaluation: Evaluation | None
) -> tuple[Heading, ...]:
    quality = (Heading("quality", "How good the recommendations are"),) if evaluation else ()
    people = tuple(Heading(anchor(user), user_name(model, user)) for user in shown)
    return (
        Heading("summary", "Summary"),
        Heading("films", f"{model.ratings.noun.capital_plural} per genre"),
        Heading("choice", "Choosing the number of segments"),
        Heading("segments", "Segments"),
        Heading("map", "Map of users"),
        Heading("samples", "Sample users"),
        Heading("users", "Users in detail", people),
        *quality,
        Heading("making", "How this was made"),
    )


def summary(model: TasteModel) -> Context:
    """Counts of the training data, the share of gaps, and the choice of the segments."""
    ratings, intake, noun = model.ratings, model.ratings.intake, model.ratings.noun
    n_ratings = ratings.log.num_rows
    left_out = [
        (
            intake.repeated if ratings.count is None else 0,
            f"rows that a later rating of the same {noun.singular} by the same user replaced",
        ),
        (
            intake.unknown_item_rows,
            f"rows that rate {noun.counted(intake.unknown_items)} the catalogue lacks",
        ),
        (intake.dropped_users, f"users who rated only such {noun.plural}"),
    ]
    return {
        "figures": [
            (count(ratings.n_users), "users"),
            (count(ratings.n_items), noun.plural),
            (count(n_ratings), "ratings"),
            (percent(model.profiles.gap_share), "of profile cells unknown"),
            (count(model.segments.n_segments), "segments"),
        ],
        "unrated": percent(1 - n_ratings / (ratings.n_users * ratings.n_items)),
        "genres": len(ratings.genres),
        "gap_share": percent(model.profiles.gap_share),
        "stand_in": _seen(model),
        "scale": str(ratings.scale),
        "criterion": model.criterion,
        "notes": model.notes,
        "rows": count(intake.rows),
        "unrated_genres": ", ".join(model.profiles.unrated_genres),
        "constant_genres": ", ".join(model.profiles.constant_genres),
        "left_out": [f"{count(n)} {what}" for n, what in left_out if n],
    }


def _seen(model: TasteModel) -> str:
    """A sentence on the features of the mixture and the treatment of gaps."""
    config = model.config
    parts = [_SEEN[part] for part in parse_view(model.view)]
    seen = f"Of each user the mixture saw {', and '.join(parts)}. {_GAPS[config.gaps]}"
    return seen + (_NOISE if config.noise else "")


def _films(model: TasteModel) -> Context:
    ranked = dict(
        sorted(model.ratings.films_per_genre.items(), key=lambda entry: (-entry[1], entry[0]))
    )
    n_items, noun = max(model.ratings.n_items, 1), model.ratings.noun
    title = f"{noun.capital_plural} per genre"
    rows = [(genre, count(n), percent(n / n_items)) for genre, n in ranked.items()]
    return {
        "figure": ranked_bars(ranked, title=title, unit=noun.plural),
        "table": table(title, ["Genre", noun.capital_plural, f"Share of {noun.plural}"], rows),
    }


def _making(model: TasteModel, shown: str) -> Context:
    config = model.config
    fields = type(config).model_fields
    rows = [
        (name, "as the data say" if value is None else str(value), fields[name].description or "")
        for name, value in config.model_dump(mode="json").items()
    ]
    seeds = model.fit_grid.seeds
    given = config.model_dump(mode="json", exclude_defaults=True)
    return {
        "config": table(
            "Settings of the fit", ["Setting", "Value", "Meaning"], rows, text_columns=(1, 2)
        ),
        "seeds": f"{seeds[0]} to {seeds[-1]}" if len(seeds) > 1 else str(seeds[0]),
        "agreeing": ", ".join(map(str, model.agreeing_seeds)),
        "personal": str(model.tuning),
        "liked_above": None if model.ratings.implicit else f"{model.liked_above:g}",
        "scale": repr(model.ratings.scale),
        "shown": shown,
        "fingerprint": fingerprint(model.ratings),
        "code": f"TasteConfig({', '.join(f'{name}={value!r}' for name, value in given.items())})",
    }
