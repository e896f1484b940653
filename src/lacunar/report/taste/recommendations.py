"""Sections of the taste report on recommendations and their evaluation."""

from __future__ import annotations

from itertools import zip_longest

import numpy as np

from lacunar.report.figures import mean_intervals
from lacunar.report.tables import Table, count, score, share, table
from lacunar.taste.config import RECOMMENDERS, RecommenderName
from lacunar.taste.data.histories import histories_at
from lacunar.taste.evaluate.comparison_plot import METRIC_NAMES
from lacunar.taste.evaluate.to_json import Evaluation, Figure, Figures
from lacunar.taste.model import TasteModel
from lacunar.taste.recommend.list_request import ListRequest

Context = dict[str, object]

_FOUND = ("ndcg@10", "recall@20", "mrr@10", "hit_rate@10")
_LISTS = ("coverage", "novelty@10", "diversity@10", "miscalibration@10")
_HELD_OUT = {
    "random-20": "a random fifth of each user's ratings",
    "leave-last-out": "each user's latest rating",
    "global-time": "the latest fifth of all ratings",
}
RULES: dict[RecommenderName, str] = {
    "popularity": "Popularity",
    "segment": "Best segment",
    "posterior": "All segments",
    "personal": "Personal",
}


def recommended(model: TasteModel, user: int, top: int) -> Context:
    """Recommendations of a user with reasons, and those of every recommender."""
    history = histories_at(model.ratings, np.array([user]))
    titles = model.ratings.items["title"]
    found = {
        by: model.recommend_lists(history, ListRequest(k=top, by=by))[0] for by in RECOMMENDERS
    }
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
                "genres": ", ".join(model.ratings.genres_of_items[film.item]),
                "score": score(film.score),
                "reasons": [reason.text for reason in film.reasons],
                "moved": None,
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


def how_good(evaluation: Evaluation) -> Context:
    """Scores of every method of an evaluation."""
    return {
        "held_out": _HELD_OUT.get(evaluation.protocol, evaluation.protocol),
        "protocol": evaluation.protocol,
        "splits": len(evaluation.seeds),
        "users": count(evaluation.users),
        "figure": mean_intervals(
            {
                name: (found.mean, found.low, found.high)
                for name, values in evaluation.methods.items()
                if (found := values["ndcg@10"]).mean is not None
            },
            title="nDCG@10 of each method",
            unit="nDCG@10",
        ),
        "found": _figures("What is found", "Method", evaluation.methods, _FOUND),
        "lists": _figures("What the first ten are like", "Method", evaluation.methods, _LISTS),
        "cold_start": _cold_start(evaluation.cold_start) if evaluation.cold_start else None,
        "controls": [
            _figures(title, "Control", evaluation.controls, metrics)
            for title, metrics in (
                ("What the personal recommender finds under a control", _FOUND),
                ("What its first ten are like then", _LISTS),
            )
        ]
        if evaluation.controls
        else [],
    }


def _figures(title: str, first: str, values: Figures, metrics: tuple[str, ...]) -> Table:
    shown = [metric for metric in metrics if any(metric in row for row in values.values())]
    return table(
        title,
        [first, *(METRIC_NAMES[metric] for metric in shown)],
        [(name, *(_figure(row.get(metric)) for metric in shown)) for name, row in values.items()],
    )


def _cold_start(by_given: dict[str, Figures]) -> Table:
    names = list(next(iter(by_given.values())))
    return table(
        "nDCG@10 for new users, by number of ratings given",
        ["Method", *by_given],
        [
            (name, *(_figure(found[name]["ndcg@10"]) for found in by_given.values()))
            for name in names
        ],
    )


def _figure(found: Figure | None) -> str:
    if found is None or found.mean is None:
        return "-"
    if found.low is None or found.high is None:
        return share(found.mean)
    return share(found.mean) + f" ({found.low:.3f} to {found.high:.3f})"
