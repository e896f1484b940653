from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lacunar.errors import InputError
from lacunar.taste.data.histories import histories_of
from lacunar.taste.model import TasteModel
from lacunar.taste.recommend.list_files import recommend_all, write_recommendations
from lacunar.taste.recommend.list_request import ListRequest
from lacunar.taste.recommend.rerank import Controls


@pytest.mark.parametrize("controls", [Controls(), Controls(diversity=0.4, adventure=0.2)])
def test_lists_equal_those_of_single_users(sample_model: TasteModel, controls: Controls) -> None:
    ratings = sample_model.ratings
    request = ListRequest(k=4, controls=controls)
    lists = sample_model.recommend_lists(histories_of(ratings), request)
    expected = [
        (ratings.users[user].as_py(), rank, ratings.items["item_id"][film.item].as_py())
        for user, films in enumerate(lists)
        for rank, film in enumerate(films, start=1)
    ]
    tables = list(
        recommend_all(sample_model.recommender_for(request), ratings, request, users_per_batch=50)
    )
    assert len(tables) == 3
    found = pa.concat_tables(tables).to_pylist()
    assert [(row["user_id"], row["rank"], row["item_id"]) for row in found] == expected
    scores = [film.score for films in lists for film in films]
    assert [row["score"] for row in found] == pytest.approx(scores, abs=1e-9)


def test_lists_end_with_the_last_candidate(sample_model: TasteModel) -> None:
    ratings = sample_model.ratings
    allowed = tuple(str(item) for item in ratings.items["item_id"].to_pylist()[:3])
    request = ListRequest(k=5, allow=allowed)
    among = request.candidates(ratings)
    table = pa.concat_tables(recommend_all(sample_model.recommender(), ratings, request))
    seen = {
        (row["user"], row["item"]) for row in ratings.log.to_pylist() if among.allowed[row["item"]]
    }
    rated = int(among.allowed.sum())
    assert table.num_rows == ratings.n_users * rated - len(seen)


def test_the_file_holds_all_lists_and_progress_ends_with_all_users(
    sample_model: TasteModel, tmp_path: Path
) -> None:
    steps: list[tuple[int, int]] = []
    path = tmp_path / "lists.parquet"
    path.write_bytes(b"older")
    rows = write_recommendations(
        path,
        sample_model.recommender(),
        sample_model.ratings,
        ListRequest(k=3),
        progress=lambda done, total: steps.append((done, total)),
    )
    table = pq.ParquetFile(path).read(use_threads=False)
    assert table.num_rows == rows == 3 * sample_model.ratings.n_users
    assert table.schema.names == ["user_id", "rank", "item_id", "score"]
    assert steps[-1] == (120, 120)
    assert [file.name for file in tmp_path.iterdir()] == ["lists.parquet"]


def test_a_failure_keeps_the_older_file(sample_model: TasteModel, tmp_path: Path) -> None:
    path = tmp_path / "lists.parquet"
    path.write_bytes(b"older")
    request = ListRequest(k=3, by="popularity", controls=Controls(adventure=0.5))
    with pytest.raises(InputError, match=r"^adventure: expected"):
        write_recommendations(
            path,
            sample_model.recommender_for(request),
            sample_model.ratings,
            request,
        )
    assert path.read_bytes() == b"older"
