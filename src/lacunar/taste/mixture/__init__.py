"""Gaussian mixtures by EM, every restart advanced together as matrix products."""

from lacunar.taste.mixture.estimator import GaussianMixture

__all__ = ["GaussianMixture"]
