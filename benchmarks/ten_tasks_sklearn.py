"""The tasks of ``ten_tasks.py`` that scikit-learn offers."""

from __future__ import annotations

import pandas as pd


def segments(log: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    from sklearn.impute import SimpleImputer
    from sklearn.mixture import GaussianMixture

    categories = products.assign(category=products["category"].str.split("|")).explode("category")
    means = log.merge(categories, on="sku").pivot_table("stars", "customer", "category")
    filled = SimpleImputer().fit_transform(means)
    mixtures = [GaussianMixture(k, random_state=s).fit(filled)
                for k in range(1, 11) for s in range(40)]  # fmt: skip
    best = min(mixtures, key=lambda mixture: mixture.bic(filled))
    return pd.DataFrame(best.predict_proba(filled), index=means.index)


def criteria(log: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    from sklearn.impute import SimpleImputer
    from sklearn.mixture import GaussianMixture

    categories = products.assign(category=products["category"].str.split("|")).explode("category")
    means = log.merge(categories, on="sku").pivot_table("stars", "customer", "category")
    filled = SimpleImputer().fit_transform(means)
    return pd.DataFrame(
        {"n_components": k, "seed": s,
         "bic": GaussianMixture(k, random_state=s).fit(filled).bic(filled)}
        for k in range(1, 11) for s in range(40)
    )  # fmt: skip
