"""Saving and loading of taste models."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa

from lacunar.aliases import AnyPath
from lacunar.errors import InputError
from lacunar.mixture.fit_grid import FIT_GRID_CELLS, FitGrid
from lacunar.mixture.parameters import MixtureParameters
from lacunar.store.directory import UNFIT, Bundle, read_bundle, write_bundle
from lacunar.store.ease import item_model_arrays, read_item_model
from lacunar.taste.config import TasteConfig
from lacunar.taste.data.fingerprint import fingerprint
from lacunar.taste.data.item_noun import FILM, ItemNoun
from lacunar.taste.data.rating_scale import RatingScale
from lacunar.taste.data.ratings import Intake, Ratings
from lacunar.taste.evaluate.tuning import Trial, Tuning
from lacunar.taste.features.genre_profiles import GenreProfiles
from lacunar.taste.features.release_periods import PeriodCounts
from lacunar.taste.fit_notes import FullFit
from lacunar.taste.model import TasteModel
from lacunar.taste.recommend.personal import PersonalOptions
from lacunar.taste.segments.assignment import Segments
from lacunar.taste.segments.user_map import UserMap

KIND = "taste"


def save_taste(model: TasteModel, path: AnyPath, *, force: bool = False) -> None:
    """Write a taste model to a directory.

    Parameters
    ----------
    model : TasteModel
    path : path-like
        The model directory; its parent exists.
    force : bool
        Replace an existing model.

    Raises
    ------
    InputError
        If the destination may not be replaced.

    Examples
    --------
    >>> import tempfile
    >>> from lacunar import fit_taste
    >>> from lacunar.taste.data.sample import sampled_ratings
    >>> config = TasteConfig(max_components=2, n_seeds=2, refits=0)
    >>> model = fit_taste(sampled_ratings(n_users=50, n_movies=200), config)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_taste(model, Path(folder) / "model")
    ...     (Path(folder) / "model" / "manifest.json").exists()
    True
    """
    ratings, segments, fit_grid = model.ratings, model.segments, model.fit_grid
    bundle = Bundle(
        kind=KIND,
        config=model.config.model_dump(mode="json"),
        fingerprint=fingerprint(ratings),
        facts={
            "genres": list(ratings.genres),
            "scale": asdict(ratings.scale),
            "noun": asdict(ratings.noun),
            "intake": asdict(ratings.intake),
            "rating_variance": model.profiles.rating_variance,
            "periods": list(model.periods.periods),
            "segment_names": list(segments.names),
            "covariance_type": fit_grid.covariance_type,
            "n_components": list(fit_grid.n_components),
            "seeds": list(fit_grid.seeds),
            "agreeing_seeds": list(model.agreeing_seeds),
            "personal": asdict(model.tuning.options),
            "trials": [asdict(trial) for trial in model.tuning.trials],
        }
        | ({"full_fit": asdict(model.full_fit)} if model.full_fit else {}),
        arrays={
            "profile_means": model.profiles.means,
            "profile_counts": model.profiles.counts,
            "period_counts": model.periods.counts,
            "near_best_labels": model.near_best_labels,
            "refit_agreement": model.refit_agreement,
            "weights": segments.mixture.weights,
            "means": segments.mixture.means,
            "covariances": segments.mixture.covariances,
            "responsibilities": segments.responsibilities,
            "segment_profiles": segments.profiles,
            "segment_known_profiles": segments.known_profiles,
            "segment_known_users": segments.known_users,
            "map_users": model.user_map.users,
            "map_coordinates": model.user_map.coordinates,
        }
        | {f"surface_{name}": getattr(fit_grid, name) for name in FIT_GRID_CELLS}
        | item_model_arrays(model.ease_model),
        tables={
            "users": pa.table({"user_id": ratings.users}),
            "items": ratings.items,
            "item_genres": ratings.item_genres,
            "ratings": ratings.log,
        },
        card=model_card(model),
    )
    write_bundle(Path(path), bundle, force=force)


def taste_log(path: AnyPath) -> Path:
    """Path of the ratings in a model directory, for engines that read them from there.

    Parquet of ``user``, ``item`` (positions), ``rating``, ``timestamp``, as
    in :class:`~lacunar.taste.data.ratings.Ratings`. :func:`load_taste` checks the content.
    """
    return Path(path) / "ratings.parquet"


def load_taste(path: AnyPath) -> TasteModel:
    """Read a taste model from a directory.

    Raises
    ------
    InputError
        If it is not a taste model that this version can read.

    Examples
    --------
    >>> import tempfile
    >>> from lacunar import fit_taste
    >>> from lacunar.taste.data.sample import sampled_ratings
    >>> config = TasteConfig(max_components=2, n_seeds=2, refits=0)
    >>> model = fit_taste(sampled_ratings(n_users=50, n_movies=200), config)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_taste(model, Path(folder) / "model")
    ...     load_taste(Path(folder) / "model").segments.populations.tolist()
    [50]
    """
    path = Path(path)
    bundle = read_bundle(path, kind=KIND)
    facts, arrays = bundle.facts, bundle.arrays
    try:
        ratings = Ratings(
            users=bundle.tables["users"]["user_id"].combine_chunks(),
            items=bundle.tables["items"],
            genres=tuple(facts["genres"]),
            item_genres=bundle.tables["item_genres"],
            log=bundle.tables["ratings"],
            scale=RatingScale(**facts["scale"]),
            intake=Intake(**facts["intake"]),
            noun=ItemNoun(**facts["noun"]) if "noun" in facts else FILM,
        )
        options = PersonalOptions(**facts["personal"])
        return TasteModel(
            config=_config(bundle.config, ratings.n_users),
            ratings=ratings,
            profiles=GenreProfiles(
                ratings.genres,
                arrays["profile_means"],
                arrays["profile_counts"],
                facts["rating_variance"],
            ),
            periods=PeriodCounts(tuple(facts["periods"]), arrays["period_counts"]),
            fit_grid=FitGrid(
                covariance_type=facts["covariance_type"],
                n_components=tuple(facts["n_components"]),
                seeds=tuple(facts["seeds"]),
                **{name: arrays[f"surface_{name}"] for name in FIT_GRID_CELLS},
            ),
            agreeing_seeds=tuple(facts["agreeing_seeds"]),
            near_best_labels=arrays["near_best_labels"],
            refit_agreement=arrays["refit_agreement"],
            segments=Segments(
                mixture=MixtureParameters(
                    arrays["weights"], arrays["means"], arrays["covariances"]
                ),
                responsibilities=arrays["responsibilities"],
                profiles=arrays["segment_profiles"],
                known_profiles=arrays["segment_known_profiles"],
                known_users=arrays["segment_known_users"],
                names=tuple(facts["segment_names"]),
            ),
            user_map=UserMap(arrays["map_users"], arrays["map_coordinates"]),
            tuning=Tuning(options, tuple(_trial(trial) for trial in facts["trials"])),
            ease_model=read_item_model(arrays, ratings, options),
            full_fit=FullFit(**facts["full_fit"]) if "full_fit" in facts else None,
        )
    except UNFIT as error:
        first = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(f"{path}: expected a whole taste model, got: {first}") from error


def _config(config: dict[str, Any], n_users: int) -> TasteConfig:
    """The settings of a fit; older models without ``search_users`` searched over all users."""
    defaults = {"search_users": max(n_users, TasteConfig().search_users)}
    return TasteConfig.model_validate(defaults | config)


def _trial(fact: dict[str, Any]) -> Trial:
    return Trial(PersonalOptions(**fact["options"]), fact["ndcg"])


def _sampled(model: TasteModel) -> str:
    if model.tuning_size == model.fitted_users:
        return ""
    settings = f"settings of the personal rule from a seeded sample of {model.tuning_size}"
    if model.sample_size is None:
        return f"""- Learned from all users: profiles, K, the mixture, segments, the item model;
  {settings}.
"""
    return f"""- Learned from a seeded sample of {model.sample_size} users: K, the restarts and how
  far they agree, the refits; {settings}. Learned from all users: profiles, the mixture that was
  gone on with from the sample's best fits, segments, the item model.
"""


def model_card(model: TasteModel) -> str:
    """Describe a model in Markdown: data, gaps, choice, use."""
    ratings, segments, noun = model.ratings, model.segments, model.ratings.noun
    named = "\n".join(
        f"- {population} users: {name}"
        for population, name in zip(segments.populations.tolist(), segments.names, strict=True)
    )
    notes = "".join(f"- {note}\n" for note in model.notes)
    repeated = ratings.intake.repeated if ratings.count is None else 0
    seeds = model.fit_grid.seeds
    return f"""# Taste model

Soft segments of {ratings.n_users} users, learned from {len(ratings.log)} ratings
({ratings.scale}) of {noun.counted(ratings.n_items)} in {len(ratings.genres)} genres.

- Features of each user: `{model.view}`, cells of few ratings
  {"less sure than others" if model.config.noise else "as sure as any other"}.
- Unknown: {model.profiles.gap_share:.1%} of the user x genre cells; gaps are treated as
  `{model.config.gaps}`.
- Left out on reading: {repeated} repeated ratings,
  {ratings.intake.unknown_item_rows} ratings of {noun.counted(ratings.intake.unknown_items)} that
  the catalogue lacks.
- Chosen: {model.criterion}.
- {noun.capital_plural} are recommended by `{model.config.recommender}` unless another rule is
  named; the personal rule is set to {model.tuning}.
{_sampled(model)}{notes}- Preset `{model.config.preset}`, seeds {seeds[0]} to {seeds[-1]}.

## Segments

{named}

The model holds the ratings it was fitted to: whoever may not see those may not see it.
"""
