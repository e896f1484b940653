"""The tasks of ``ten_tasks.py`` that RecTools offers."""

from __future__ import annotations

from pathlib import Path

import pandas as pd


def some_customers(log: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    from rectools.dataset import Dataset
    from rectools.models import EASEModel

    names = {"customer": "user_id", "sku": "item_id", "stars": "weight", "date": "datetime"}
    data = Dataset.construct(log.rename(columns=names))
    model = EASEModel().fit(data)
    lists = model.recommend(["c4", "c42"], data, k=10, filter_viewed=True)
    return lists.merge(products, left_on="item_id", right_on="sku")


def all_customers(log: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    from rectools.dataset import Dataset
    from rectools.models import EASEModel

    names = {"customer": "user_id", "sku": "item_id", "stars": "weight", "date": "datetime"}
    data = Dataset.construct(log.rename(columns=names))
    model = EASEModel().fit(data)
    lists = model.recommend(log["customer"].unique(), data, k=10, filter_viewed=True)
    return lists.merge(products, left_on="item_id", right_on="sku")


def new_customer(log: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    from rectools.dataset import Dataset
    from rectools.models import EASEModel

    names = {"customer": "user_id", "sku": "item_id", "stars": "weight", "date": "datetime"}
    renamed = log.rename(columns=names)
    data = Dataset.construct(renamed)
    model = EASEModel().fit(data)
    history = pd.DataFrame({"item_id": ["p2", "p5", "p10"], "weight": [5.0, 1.0, 4.0]})
    history = history.assign(user_id="new", datetime=log["date"].max())
    known = Dataset.construct(pd.concat([renamed, history]))
    lists = model.recommend(["new"], known, k=10, filter_viewed=True)
    return lists.merge(products, left_on="item_id", right_on="sku")


def one_category(log: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    from rectools.dataset import Dataset
    from rectools.models import EASEModel

    names = {"customer": "user_id", "sku": "item_id", "stars": "weight", "date": "datetime"}
    data = Dataset.construct(log.rename(columns=names))
    model = EASEModel().fit(data)
    known = products["sku"].isin(log["sku"]) & products["category"].str.contains("Drama")
    wanted = products.loc[known, "sku"]
    lists = model.recommend(["c4"], data, k=10, filter_viewed=True, items_to_recommend=wanted)
    return lists.merge(products, left_on="item_id", right_on="sku")


def pairs_alone(pairs: pd.DataFrame) -> pd.DataFrame:
    from rectools.dataset import Dataset
    from rectools.models import EASEModel

    names = {"customer": "user_id", "sku": "item_id"}
    data = Dataset.construct(pairs.rename(columns=names).assign(weight=1, datetime="2024-01-01"))
    return EASEModel().fit(data).recommend(["c4", "c42"], data, k=10, filter_viewed=True)


def evaluation(log: pd.DataFrame) -> pd.DataFrame:
    from rectools.dataset import Dataset
    from rectools.metrics import NDCG
    from rectools.model_selection import RandomSplitter, cross_validate
    from rectools.models import EASEModel, PopularModel

    names = {"customer": "user_id", "sku": "item_id", "stars": "weight", "date": "datetime"}
    data = Dataset.construct(log.rename(columns=names))
    models = {"popularity": PopularModel(), "EASE": EASEModel()}
    splitter = RandomSplitter(0.2, random_state=0)
    answer = cross_validate(data, splitter, {"ndcg@10": NDCG(10)}, models, 10, True)
    return pd.DataFrame(answer["metrics"])


def saved_and_loaded(log: pd.DataFrame, products: pd.DataFrame, path: Path) -> pd.DataFrame:
    from rectools.dataset import Dataset
    from rectools.models import EASEModel, load_model

    names = {"customer": "user_id", "sku": "item_id", "stars": "weight", "date": "datetime"}
    data = Dataset.construct(log.rename(columns=names))
    EASEModel().fit(data).save(path)
    lists = load_model(path).recommend(["c4", "c42"], data, k=10, filter_viewed=True)
    return lists.merge(products, left_on="item_id", right_on="sku")
