"""The tasks of ``ten_tasks.py`` that implicit offers."""

from __future__ import annotations

from pathlib import Path

import pandas as pd


def some_customers(log: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    from implicit.als import AlternatingLeastSquares
    from scipy.sparse import csr_matrix

    users, items = log["customer"].astype("category"), log["sku"].astype("category")
    matrix = csr_matrix((log["stars"], (users.cat.codes, items.cat.codes)))
    model = AlternatingLeastSquares(random_state=0)
    model.fit(matrix)
    wanted = users.cat.categories.get_indexer(["c4", "c42"])
    ids, scores = model.recommend(wanted, matrix[wanted], N=10)
    lists = pd.DataFrame(
        {
            "customer": users.cat.categories[wanted].repeat(10),
            "sku": items.cat.categories[ids.ravel()],
            "score": scores.ravel(),
        }
    )
    return lists.merge(products, on="sku")


def all_customers(log: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    from implicit.als import AlternatingLeastSquares
    from scipy.sparse import csr_matrix

    users, items = log["customer"].astype("category"), log["sku"].astype("category")
    matrix = csr_matrix((log["stars"], (users.cat.codes, items.cat.codes)))
    model = AlternatingLeastSquares(random_state=0)
    model.fit(matrix)
    ids, scores = model.recommend(range(matrix.shape[0]), matrix, N=10)
    lists = pd.DataFrame(
        {
            "customer": users.cat.categories.repeat(10),
            "sku": items.cat.categories[ids.ravel()],
            "score": scores.ravel(),
        }
    )
    return lists.merge(products, on="sku")


def new_customer(log: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    from implicit.als import AlternatingLeastSquares
    from scipy.sparse import csr_matrix

    users, items = log["customer"].astype("category"), log["sku"].astype("category")
    matrix = csr_matrix((log["stars"], (users.cat.codes, items.cat.codes)))
    model = AlternatingLeastSquares(random_state=0)
    model.fit(matrix)
    rated = items.cat.categories.get_indexer(["p2", "p5", "p10"])
    history = csr_matrix(([5.0, 1.0, 4.0], ([0, 0, 0], rated)), shape=(1, matrix.shape[1]))
    ids, scores = model.recommend(0, history, N=10, recalculate_user=True)
    answer = pd.DataFrame({"sku": items.cat.categories[ids], "score": scores})
    return answer.merge(products, on="sku")


def one_category(log: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    from implicit.als import AlternatingLeastSquares
    from scipy.sparse import csr_matrix

    users, items = log["customer"].astype("category"), log["sku"].astype("category")
    matrix = csr_matrix((log["stars"], (users.cat.codes, items.cat.codes)))
    model = AlternatingLeastSquares(random_state=0)
    model.fit(matrix)
    user = users.cat.categories.get_loc("c4")
    dramas = products.loc[products["category"].str.contains("Drama"), "sku"]
    wanted = items.cat.categories.get_indexer(dramas[dramas.isin(items)])
    ids, scores = model.recommend(user, matrix[user], N=10, items=wanted)
    answer = pd.DataFrame({"sku": items.cat.categories[ids], "score": scores})
    return answer.merge(products, on="sku")


def pairs_alone(pairs: pd.DataFrame) -> pd.DataFrame:
    import numpy as np
    from implicit.als import AlternatingLeastSquares
    from scipy.sparse import csr_matrix

    users, items = pairs["customer"].astype("category"), pairs["sku"].astype("category")
    matrix = csr_matrix((np.ones(len(pairs)), (users.cat.codes, items.cat.codes)))
    model = AlternatingLeastSquares(random_state=0)
    model.fit(matrix)
    wanted = users.cat.categories.get_indexer(["c4", "c42"])
    ids, scores = model.recommend(wanted, matrix[wanted], N=10)
    return pd.DataFrame(
        {
            "customer": users.cat.categories[wanted].repeat(10),
            "sku": items.cat.categories[ids.ravel()],
            "score": scores.ravel(),
        }
    )


def reasons(log: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    from implicit.als import AlternatingLeastSquares
    from scipy.sparse import csr_matrix

    users, items = log["customer"].astype("category"), log["sku"].astype("category")
    matrix = csr_matrix((log["stars"], (users.cat.codes, items.cat.codes)))
    model = AlternatingLeastSquares(random_state=0)
    model.fit(matrix)
    user = users.cat.categories.get_loc("c4")
    ids, _ = model.recommend(user, matrix[user], N=10)
    rows = []
    for item in ids:
        _, because, _ = model.explain(user, matrix, item, N=3)
        because_of = [items.cat.categories[i] for i, _ in because]
        rows.append({"sku": items.cat.categories[item], "because_of": because_of})
    return pd.DataFrame(rows).merge(products, on="sku")


def evaluation(log: pd.DataFrame) -> pd.DataFrame:
    from implicit.als import AlternatingLeastSquares
    from implicit.evaluation import ndcg_at_k, train_test_split
    from scipy.sparse import csr_matrix

    users, items = log["customer"].astype("category"), log["sku"].astype("category")
    matrix = csr_matrix((log["stars"], (users.cat.codes, items.cat.codes)))
    train, test = train_test_split(matrix, 0.8, random_state=0)
    model = AlternatingLeastSquares(random_state=0)
    model.fit(train)
    return pd.DataFrame({"ndcg@10": [ndcg_at_k(model, train, test, K=10)]})


def saved_and_loaded(log: pd.DataFrame, products: pd.DataFrame, path: Path) -> pd.DataFrame:
    from implicit.cpu.als import AlternatingLeastSquares
    from scipy.sparse import csr_matrix

    users, items = log["customer"].astype("category"), log["sku"].astype("category")
    matrix = csr_matrix((log["stars"], (users.cat.codes, items.cat.codes)))
    model = AlternatingLeastSquares(random_state=0)
    model.fit(matrix)
    model.save(f"{path}.npz")
    loaded = AlternatingLeastSquares.load(f"{path}.npz")
    wanted = users.cat.categories.get_indexer(["c4", "c42"])
    ids, scores = loaded.recommend(wanted, matrix[wanted], N=10)
    lists = pd.DataFrame(
        {
            "customer": users.cat.categories[wanted].repeat(10),
            "sku": items.cat.categories[ids.ravel()],
            "score": scores.ravel(),
        }
    )
    return lists.merge(products, on="sku")
