"""The tasks of ``ten_tasks.py`` that LensKit offers."""

from __future__ import annotations

from pathlib import Path

import pandas as pd


def some_customers(log: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    from lenskit import batch, topn_pipeline
    from lenskit.data import from_interactions_df
    from lenskit.knn import EASEScorer

    data = from_interactions_df(log, user_col="customer", item_col="sku", rating_col="stars")
    pipeline = topn_pipeline(EASEScorer())
    pipeline.train(data)
    lists = batch.recommend(pipeline, ["c4", "c42"], n=10).to_df()
    return lists.merge(products, left_on="item_id", right_on="sku")


def all_customers(log: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    from lenskit import batch, topn_pipeline
    from lenskit.data import from_interactions_df
    from lenskit.knn import EASEScorer

    data = from_interactions_df(log, user_col="customer", item_col="sku", rating_col="stars")
    pipeline = topn_pipeline(EASEScorer())
    pipeline.train(data)
    lists = batch.recommend(pipeline, data.users.ids(), n=10).to_df()
    return lists.merge(products, left_on="item_id", right_on="sku")


def new_customer(log: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    from lenskit import recommend, topn_pipeline
    from lenskit.data import ItemList, RecQuery, from_interactions_df
    from lenskit.knn import EASEScorer

    data = from_interactions_df(log, user_col="customer", item_col="sku", rating_col="stars")
    pipeline = topn_pipeline(EASEScorer())
    pipeline.train(data)
    history = ItemList(["p2", "p5", "p10"], rating=[5.0, 1.0, 4.0])
    answer = recommend(pipeline, RecQuery(user_items=history), 10).to_df()
    return answer.merge(products, left_on="item_id", right_on="sku")


def one_category(log: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    from lenskit import recommend, topn_pipeline
    from lenskit.data import from_interactions_df
    from lenskit.knn import EASEScorer

    data = from_interactions_df(log, user_col="customer", item_col="sku", rating_col="stars")
    pipeline = topn_pipeline(EASEScorer())
    pipeline.train(data)
    wanted = products.loc[products["category"].str.contains("Drama"), "sku"]
    unseen = wanted[~wanted.isin(log.loc[log["customer"] == "c4", "sku"])]
    answer = recommend(pipeline, "c4", 10, items=unseen.to_list()).to_df()
    return answer.merge(products, left_on="item_id", right_on="sku")


def pairs_alone(pairs: pd.DataFrame) -> pd.DataFrame:
    from lenskit import batch, topn_pipeline
    from lenskit.data import from_interactions_df
    from lenskit.knn import EASEScorer

    data = from_interactions_df(pairs, user_col="customer", item_col="sku")
    pipeline = topn_pipeline(EASEScorer())
    pipeline.train(data)
    return batch.recommend(pipeline, ["c4", "c42"], n=10).to_df()


def evaluation(log: pd.DataFrame) -> pd.DataFrame:
    from lenskit import batch, topn_pipeline
    from lenskit.basic import PopScorer
    from lenskit.data import from_interactions_df
    from lenskit.knn import EASEScorer
    from lenskit.metrics import NDCG, RunAnalysis
    from lenskit.splitting import SampleFrac, sample_users

    data = from_interactions_df(log, user_col="customer", item_col="sku", rating_col="stars")
    split = sample_users(data, data.user_count, SampleFrac(0.2), rng=0)
    results = {}
    for name, scorer in {"popularity": PopScorer(), "EASE": EASEScorer()}.items():
        pipeline = topn_pipeline(scorer)
        pipeline.train(split.train)
        lists = batch.recommend(pipeline, split.test, n=10)
        results[name] = RunAnalysis(NDCG(10)).measure(lists, split.test).list_summary()
    return pd.concat(results)


def saved_and_loaded(log: pd.DataFrame, products: pd.DataFrame, path: Path) -> pd.DataFrame:
    import pickle

    from lenskit import batch, topn_pipeline
    from lenskit.data import from_interactions_df
    from lenskit.knn import EASEScorer

    data = from_interactions_df(log, user_col="customer", item_col="sku", rating_col="stars")
    pipeline = topn_pipeline(EASEScorer())
    pipeline.train(data)
    path.write_bytes(pickle.dumps(pipeline))
    loaded = pickle.loads(path.read_bytes())  # noqa: S301 -- our own file
    lists = batch.recommend(loaded, ["c4", "c42"], n=10).to_df()
    return lists.merge(products, left_on="item_id", right_on="sku")
