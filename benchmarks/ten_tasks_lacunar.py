"""Ten tasks of a shop with Lacunar; ``ten_tasks.py`` describes, counts and runs them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd


def some_customers(log: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    import lacunar

    ratings = lacunar.read_ratings(
        log, products, user="customer", item="sku", rating="stars", timestamp="date", title="name"
    )
    return lacunar.fit_taste(ratings).recommend(["c4", "c42"])


def all_customers(log: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    import lacunar

    ratings = lacunar.read_ratings(
        log, products, user="customer", item="sku", rating="stars", timestamp="date", title="name"
    )
    return lacunar.fit_taste(ratings).recommend(log["customer"].unique())


def new_customer(log: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    import lacunar

    ratings = lacunar.read_ratings(
        log, products, user="customer", item="sku", rating="stars", timestamp="date", title="name"
    )
    return lacunar.fit_taste(ratings).recommend_new({"p2": 5.0, "p5": 1.0, "p10": 4.0})


def one_category(log: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    import lacunar

    ratings = lacunar.read_ratings(
        log,
        products,
        user="customer",
        item="sku",
        rating="stars",
        timestamp="date",
        title="name",
        genres="category",
    )
    return lacunar.fit_taste(ratings).recommend("c4", genres="Drama")


def pairs_alone(pairs: pd.DataFrame) -> pd.DataFrame:
    import lacunar

    ratings = lacunar.read_ratings(pairs, user="customer", item="sku")
    return lacunar.fit_taste(ratings).recommend(["c4", "c42"])


def reasons(log: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    import lacunar

    ratings = lacunar.read_ratings(
        log, products, user="customer", item="sku", rating="stars", timestamp="date", title="name"
    )
    return lacunar.fit_taste(ratings).recommend("c4", reasons=True)


def evaluation(log: pd.DataFrame) -> pd.DataFrame:
    import lacunar

    ratings = lacunar.read_ratings(
        log, user="customer", item="sku", rating="stars", timestamp="date"
    )
    return lacunar.evaluate_recommenders(ratings, ["popularity", "personal"]).to_frame()


def saved_and_loaded(log: pd.DataFrame, products: pd.DataFrame, path: Path) -> pd.DataFrame:
    import lacunar

    ratings = lacunar.read_ratings(
        log, products, user="customer", item="sku", rating="stars", timestamp="date", title="name"
    )
    lacunar.save_taste(lacunar.fit_taste(ratings), path)
    return lacunar.load_taste(path).recommend(["c4", "c42"]).to_pandas()


def segments(log: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    import lacunar

    ratings = lacunar.read_ratings(
        log, products, user="customer", item="sku", rating="stars", genres="category"
    )
    return lacunar.fit_taste(ratings).memberships()


def criteria(log: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    import lacunar

    ratings = lacunar.read_ratings(
        log, products, user="customer", item="sku", rating="stars", genres="category"
    )
    return lacunar.fit_taste(ratings).criteria()
