"""The ten tasks of ``benchmarks/ten_tasks.py``: Lacunar's run, and take the fewest statements."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

SCRIPT = Path(__file__).parent.parent / "benchmarks" / "ten_tasks.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("ten_tasks", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def results(script, tmp_path_factory) -> dict[str, pd.DataFrame]:
    directory = tmp_path_factory.mktemp("shop")
    script.write_shop(directory, n_users=60, n_products=200)
    return script.run("lacunar", directory)


def test_no_peer_needs_fewer_statements_for_a_task(script):
    own = script.statements("lacunar")
    assert own.keys() == script.TASKS.keys()
    for peer in script.PEERS:
        counts = script.statements(peer)
        assert counts.keys() <= own.keys()
        assert {task: n for task, n in counts.items() if n < own[task]} == {}, peer


def test_a_statement_of_an_import_or_in_a_block_counts(script, monkeypatch, tmp_path):
    body = "def task():\n    import a\n    for x in a:\n        y = x\n    return y\n"
    (tmp_path / "ten_tasks_toy.py").write_text(body)
    monkeypatch.setattr(script, "HERE", tmp_path)
    assert script.statements("toy") == {"task": 4}


@pytest.mark.parametrize("task", ["some_customers", "pairs_alone", "saved_and_loaded"])
def test_two_customers_get_ten_products_each_under_their_ids(results, task):
    frame = results[task]
    assert isinstance(frame, pd.DataFrame)
    assert frame["user"].tolist() == ["c4"] * 10 + ["c42"] * 10
    assert frame["item"].str.startswith("p").all()


def test_a_saved_model_recommends_the_same(results):
    columns = ["user", "item", "rank"]
    saved, fresh = results["saved_and_loaded"], results["some_customers"]
    assert saved[columns].values.tolist() == fresh[columns].values.tolist()


def test_all_customers_get_ten_products(results):
    assert (results["all_customers"].groupby("user").size() == 10).all()
    assert results["all_customers"]["user"].nunique() == 60


def test_new_customers_and_categories_have_lists_without_what_is_known(results):
    assert len(results["new_customer"]) == 10
    assert not results["new_customer"]["item"].isin(["p2", "p5", "p10"]).any()
    assert len(results["one_category"]) == 10


def test_every_recommendation_has_reasons(results):
    assert (results["reasons"]["reasons"].map(len) > 0).all()


def test_the_evaluation_has_intervals(results):
    ndcg = results["evaluation"].query("metric == 'ndcg@10'").set_index("method")
    assert ndcg.index.tolist() == ["popularity", "personal"]
    assert (ndcg["low"] < ndcg["mean"]).all()
    assert (ndcg["mean"] < ndcg["high"]).all()


def test_probabilities_of_the_segments_sum_to_one(results):
    sums = results["segments"].groupby("user")["probability"].sum()
    assert len(sums) == 60
    assert sums.to_numpy() == pytest.approx(1)


def test_each_number_of_segments_and_seed_has_a_criterion(results):
    assert results["criteria"]["n_components"].unique().tolist() == list(range(1, 11))
    assert results["criteria"]["bic"].notna().all()
