"""Sections of the taste report on recommendations: what a user gets, and how good it is."""

from __future__ import annotations

from itertools import zip_longest

import numpy as np

from lacunar.report.tables import score, table
from lacunar.taste.config import RECOMMENDERS, RecommenderName
from lacunar.taste.model import TasteModel
from lacunar.taste.recommend.histories import histories_of

Context = dict[str, object]

RULES: dict[RecommenderName, str] = {
    "popularity": "Popularity",
    "segment": "Best segment",
    "posterior": "All segments",
    "personal": "Personal",
}


def recommended(model: TasteModel, user: int, top: int) -> Context:
    """A user's films with reasons, and what each recommender would show beside them."""
    history = histories_of(model.ratings, np.array([user]))
    titles = model.ratings.items["title"]
    found = {by: model.recommend(history, top, by=by)[0] for by in RECOMMENDERS}
    own = model.config.recommender
    shown = ([titles[film.item].as_py() for film in found[by]] for by in RECOMMENDERS)
    rows = [
        (str(place), *row) for place, row in enumerate(zip_longest(*shown, fillvalue="-"), start=1)
    ]
    return {
        "recommender": RULES[own].lower(),
        "recommendations": [
            {
                "title": titles[film.item].as_py(),
                "genres": ", ".join(model.genres_of_items[film.item]),
                "score": score(film.score),
                "reasons": [reason.text for reason in film.reasons],
            }
            for film in found[own]
        ],
        "side_by_side": table(
            f"What each recommender shows user {model.ratings.users[user]}",
            ["Place", *(RULES[by] for by in RECOMMENDERS)],
            rows,
            text_columns=range(1, 1 + len(RECOMMENDERS)),
        ),
    }
