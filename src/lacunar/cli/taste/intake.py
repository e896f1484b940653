"""Sentences about the ratings that a command has read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lacunar.cli.console import err
from lacunar.errors import renamed

if TYPE_CHECKING:
    from lacunar.taste.data.item_noun import ItemNoun
    from lacunar.taste.data.ratings import Intake
    from lacunar.taste.model import TasteModel


def print_intake(model: TasteModel) -> None:
    """Print how many ratings a model was fitted to and which were left out."""
    ratings, profiles = model.ratings, model.profiles
    err.print(
        f"Read {len(ratings.log):,} ratings of {ratings.noun.counted(ratings.n_items)} by "
        f"{ratings.n_users:,} users; "
        f"{profiles.gap_share:.1%} of the user x genre cells are unknown "
        f"(gaps: {model.config.gaps}; view: {model.view}).",
    )
    print_notes(model)
    if profiles.unrated_genres:
        err.print(f"Genres without ratings: {', '.join(profiles.unrated_genres)}.")
    if profiles.constant_genres and not ratings.implicit:
        equal = ", ".join(profiles.constant_genres)
        err.print(f"Genres with equal ratings by all: {equal}.")
    if not (ratings.has_times or ratings.implicit):
        err.print("Ratings have no times: of repeated ratings, the highest is used.")
    if ratings.intake.repeated and ratings.count is None:
        err.print(f"Left out {ratings.intake.repeated} repeated ratings.")
    print_unknown_items(ratings.intake, ratings.noun)


def print_notes(model: TasteModel) -> None:
    """Print what a fit had to do without, with the options that may change it."""
    options = {"scale": "--scale", "liked_above": "--liked-above"}
    for note in model.notes:
        err.print(renamed(note, options))


def print_unknown_items(intake: Intake, noun: ItemNoun) -> None:
    """Print how many ratings and users were left out because items are unknown."""
    if intake.unknown_item_rows:
        err.print(
            f"Left out {intake.unknown_item_rows} ratings of {noun.counted(intake.unknown_items)} "
            f"not in the catalogue, and {intake.dropped_users} users without other ratings.",
        )
