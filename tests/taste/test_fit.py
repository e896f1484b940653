from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from lacunar.errors import InputError
from lacunar.mixture.chunked import LocalExpectation
from lacunar.report import taste_report
from lacunar.store import load_taste, save_taste
from lacunar.taste import fit
from lacunar.taste.config import RECOMMENDERS, TasteConfig
from lacunar.taste.data.histories import histories_of
from lacunar.taste.data.rating_scale import RatingScale
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.data.reading import read_ratings
from lacunar.taste.fit import fit_taste
from lacunar.taste.model import TasteModel
from lacunar.taste.segments.placement import make_placer


def test_the_same_log_and_seed_give_the_same_model(
    sample_ratings: Ratings, sample_model: TasteModel
) -> None:
    again = fit_taste(sample_ratings, sample_model.config)
    assert again.segments.responsibilities.tobytes() == (
        sample_model.segments.responsibilities.tobytes()
    )
    assert again.user_map.coordinates.tobytes() == sample_model.user_map.coordinates.tobytes()


def test_one_user_forms_no_segments(write_csv: Callable[..., Path]) -> None:
    with pytest.raises(InputError, match="at least 2 users to form segments, got 1"):
        fit_taste(read_ratings(write_csv("1,1,4.0,3")), TasteConfig())


def test_progress_names_each_stage(sample_ratings: Ratings) -> None:
    stages: list[tuple[str, int, int]] = []
    fit_taste(
        sample_ratings,
        TasteConfig(max_components=2, n_seeds=2),
        progress=lambda *stage: stages.append(stage),
    )
    # Which K ends first is up to the threads.
    stages.remove(next(stage for stage in stages if stage[0] == "mixtures" and 0 < stage[1] < 6))
    assert stages == [
        ("profiles", 0, 2),
        ("profiles", 1, 2),
        ("profiles", 2, 2),
        ("mixtures", 0, 1),
        ("mixtures", 6, 6),
        *(("refits", done, 3) for done in range(4)),
        ("map", 0, 1),
        ("map", 1, 1),
        *(("recommender", done, 4) for done in range(5)),
        ("item model", 0, 1),
        ("item model", 1, 1),
    ]


def test_refits_are_counted_and_reported(sample_ratings: Ratings, sample_model: TasteModel) -> None:
    assert sample_model.refit_agreement.shape == (3,)
    assert "refitted without a tenth of the users" in sample_model.criterion
    none = fit_taste(sample_ratings, TasteConfig(max_components=2, n_seeds=2, refits=0))
    assert none.refit_agreement.size == 0
    assert "refitted" not in none.criterion


def test_a_model_of_a_sample_reports_the_sample(
    sample_ratings: Ratings, sample_model: TasteModel
) -> None:
    config = TasteConfig(max_components=2, n_seeds=3, search_users=100, sample_users=90)
    model = fit_taste(sample_ratings, config)
    assert model.sample_size == 90
    assert "a sample of 90 users" in model.criterion
    assert model.refit_agreement.shape == (3,)
    assert model.membership_stability.shape == (120,)
    assert sample_model.sample_size is None
    assert "sample" not in sample_model.criterion


class _KilledError(Exception):
    pass


_SAMPLED = TasteConfig(max_components=2, n_seeds=2, search_users=100, sample_users=90)


@pytest.fixture(scope="module")
def uninterrupted(sample_ratings: Ratings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("uninterrupted") / "m"
    save_taste(fit_taste(sample_ratings, _SAMPLED), path)
    return path


@pytest.mark.parametrize("stage", ["mixtures", "all users", "refits", "map", "recommender"])
def test_an_interrupted_fit_resumes_and_gives_the_same_bytes(
    sample_ratings: Ratings, uninterrupted: Path, tmp_path: Path, stage: str
) -> None:
    def dies(now: str, done: int, total: int) -> None:
        if now == stage:
            raise _KilledError

    with pytest.raises(_KilledError):
        fit_taste(sample_ratings, _SAMPLED, checkpoint_dir=tmp_path / "c", progress=dies)
    seen: list[str] = []
    found = fit_taste(
        sample_ratings,
        _SAMPLED,
        checkpoint_dir=tmp_path / "c",
        progress=lambda now, done, total: seen.append(now),
    )
    assert seen[0] == stage
    save_taste(found, tmp_path / "found")
    for file in uninterrupted.iterdir():
        assert file.read_bytes() == (tmp_path / "found" / file.name).read_bytes(), file.name
    with pytest.raises(InputError, match="that of another fit"):
        fit_taste(
            sample_ratings, _SAMPLED.model_copy(update={"seed": 1}), checkpoint_dir=tmp_path / "c"
        )


@pytest.mark.parametrize("n_users", [2, 3, 5])
def test_a_handful_of_users_is_fitted_without_refits(
    write_csv: Callable[..., Path], n_users: int
) -> None:
    seen = [(1,), (2,), (1, 2), (1, 3), (2, 3)]
    rows = [f"{user},{film},4.0,3" for user in range(n_users) for film in seen[user]]
    model = fit_taste(read_ratings(write_csv(*rows)), TasteConfig(max_components=2, n_seeds=2))
    assert model.refit_agreement.size == 0
    assert model.segments.populations.sum() == n_users


@pytest.mark.parametrize("liked_above", [0.0, 5.0, 9.0])
def test_the_threshold_of_likes_must_be_on_the_scale(
    sample_ratings: Ratings, liked_above: float
) -> None:
    with pytest.raises(InputError, match=r"^liked_above: expected at least 0.5 and less than 5"):
        fit_taste(sample_ratings, TasteConfig(liked_above=liked_above))


@pytest.mark.parametrize("columns", [["userId", "movieId"], ["userId", "movieId", "rating"]])
def test_likes_without_items_are_fitted_saved_and_recommended(
    sample_ratings: Ratings, tmp_path: Path, columns: list[str]
) -> None:
    log = sample_ratings.log.rename_columns(["userId", "movieId", "rating", "timestamp"])
    ratings = read_ratings(log.select(columns).to_pandas())
    model = fit_taste(ratings, TasteConfig(n_seeds=2))
    assert (model.view, model.segments.n_segments) == ("shares", 1)
    likes = ["The data has no ratings: every row counts as a like."]
    assert list(model.notes) == likes * ratings.implicit + [
        "No years are known: segments do not use them.",
        "No genres are known: every film has the genre (no genres listed).",
        "All users have the same values in the view shares: there is one segment.",
    ]
    assert model.criterion == "K = 1, since all users have the same values in the view shares"
    save_taste(model, tmp_path / "model")
    loaded = load_taste(tmp_path / "model")
    assert (loaded.view, loaded.notes, loaded.ratings) == (model.view, model.notes, ratings)
    histories = histories_of(ratings)
    placed = loaded.placer.responsibilities(histories)
    np.testing.assert_allclose(placed, model.segments.responsibilities)
    for by in RECOMMENDERS:
        found = model.recommend([0, 7], k=3, by=by, reasons=True)
        assert list(found["user"]) == [0] * 3 + [7] * 3
    assert "All-round taste" in taste_report(model)


def test_a_saved_model_places_users_in_the_view_of_the_fit(
    sample_ratings: Ratings, tmp_path: Path
) -> None:
    titles = pa.array([f"Film {item}" for item in range(sample_ratings.n_items)])
    years = pa.nulls(sample_ratings.n_items, pa.int16())
    items = pa.table({"item_id": sample_ratings.items["item_id"], "title": titles, "year": years})
    model = fit_taste(replace(sample_ratings, items=items), TasteConfig(n_seeds=4))
    assert model.notes == ("No years are known: segments do not use them.",)
    assert model.segments.n_segments > 1
    save_taste(model, tmp_path / "model")
    loaded = load_taste(tmp_path / "model")
    placed = loaded.placer.responsibilities(histories_of(loaded.ratings))
    np.testing.assert_allclose(placed, model.segments.responsibilities, atol=1e-9)
    # Films with a year do not change the view.
    dated = make_placer(
        sample_ratings,
        loaded.config,
        loaded.segments.mixture,
        periods=loaded.periods.periods,
        rating_variance=loaded.profiles.rating_variance,
    )
    np.testing.assert_array_equal(dated.responsibilities(histories_of(sample_ratings)), placed)


def test_a_log_without_likes_gets_a_warning(sample_ratings: Ratings) -> None:
    rescaled = replace(sample_ratings, scale=RatingScale(0.5, 10.0, 0.5))
    with pytest.warns(
        UserWarning, match=r"^no rating is a like: .* `liked_above` is 7 on"
    ) as caught:
        fit_taste(rescaled, TasteConfig(max_components=1, n_seeds=2, refits=0))
    assert "pass the `scale` of the data when reading" in str(caught[0].message)
    assert caught[0].filename == __file__


@contextmanager
def killed(sample_ratings: Ratings, folder: Path) -> Iterator[None]:
    """A folder of checkpoints that a fit left."""

    def dies(now: str, done: int, total: int) -> None:
        if now == "mixtures":
            raise _KilledError

    with pytest.raises(_KilledError):
        fit_taste(sample_ratings, _SAMPLED, checkpoint_dir=folder, progress=dies)
    with pytest.raises(InputError, match="that of another fit"):
        yield


def test_checkpoints_of_one_machine_and_of_a_cluster_differ(
    sample_ratings: Ratings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rows(config: TasteConfig) -> AbstractContextManager[LocalExpectation]:
        raise AssertionError("no stage comes so far")

    # Whether PySpark is installed or not.
    monkeypatch.setattr(fit, "version", lambda name: "1")
    with killed(sample_ratings, tmp_path):
        fit_taste(sample_ratings, _SAMPLED, checkpoint_dir=tmp_path, rows_provider=rows)


def test_checkpoints_of_another_scale_are_refused(sample_ratings: Ratings, tmp_path: Path) -> None:
    rescaled = replace(sample_ratings, scale=RatingScale(0.5, 10.0, 0.5))
    with killed(sample_ratings, tmp_path):
        fit_taste(rescaled, _SAMPLED, checkpoint_dir=tmp_path)


def test_a_frame_instead_of_ratings_is_refused() -> None:
    with pytest.raises(InputError, match=r"^ratings: expected what `read_ratings` returns"):
        fit_taste(pa.table({"userId": [1]}))  # type: ignore[arg-type]
