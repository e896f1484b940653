"""Temperatures that turn what a network says into probabilities that keep their word."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, logsumexp, softmax

from lacunar.traits.data.schema import UNKNOWN

# Beyond these, answers are all but certain or all but uniform.
_COLDEST, _HOTTEST = 0.05, 20.0
_PRIOR = 4.0


def fit_temperature(
    logits: NDArray[np.floating], labels: NDArray[np.int64], *, prior: float = _PRIOR
) -> float:
    """Find the temperature at which the known labels are most probable.

    Guo et al., On calibration of modern neural networks, 2017, section 4.2, with a prior. Over
    b = 1 / T the loss of all known labels together is convex, and so is what the prior adds,
    ``prior * (b - log b - 1)``, which is least at T = 1; so there is one lowest point, and
    without a known label it is exactly there. Few labels alone say little of T: where all of them
    happen to be found, they say 0. For people the prior spared 10 labels .15 to .22 nats per new
    image and 20 labels .02; from 80 on it was not felt.

    Parameters
    ----------
    logits : float array of shape (N, C)
        Of images that the network was not trained on. A constant in a row does not matter, so
        that logarithms of probabilities will do.
    labels : int64 array of shape (N,)
        -1 where unknown; such rows count for nothing.
    prior : float
        How much weight T = 1 has; 0 is the method as published.

    Returns
    -------
    float
        Above 1 where the network is too sure of itself.

    Examples
    --------
    >>> logits = np.array([[4.0, 0.0]] * 5)
    >>> fit_temperature(logits, np.array([0, 0, 0, 0, 1]), prior=0) > 2
    True
    >>> fit_temperature(logits, np.full(5, -1))
    1.0
    """
    known = labels != UNKNOWN
    if not known.any():
        return 1.0
    shown = logits[known].astype(np.float64)
    right = np.take_along_axis(shown, labels[known, np.newaxis], axis=1).sum()

    def loss(log_temperature: float) -> float:
        b = np.exp(-log_temperature)
        unlikely = logsumexp(b * shown, axis=1).sum() - b * right
        return float(unlikely + prior * (b + log_temperature - 1))

    bounds = (np.log(_COLDEST), np.log(_HOTTEST))
    found = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-8})
    return float(np.exp(found.x))


def fit_temperatures(
    logits: Sequence[NDArray[np.floating]], labels: NDArray[np.int64], *, prior: float = _PRIOR
) -> NDArray[np.float64]:
    """Fit a temperature to each attribute.

    Parameters
    ----------
    logits : sequence of A float arrays of shape (N, C_a)
    labels : int64 array of shape (N, A)
    prior : float
        See :func:`fit_temperature`.

    Returns
    -------
    float64 array of shape (A,)

    Examples
    --------
    >>> fit_temperatures([np.zeros((1, 2)), np.zeros((1, 3))], np.array([[-1, -1]])).tolist()
    [1.0, 1.0]
    """
    columns = zip(logits, labels.T, strict=True)
    return np.array([fit_temperature(output, column, prior=prior) for output, column in columns])


def calibrated(
    logits: Sequence[NDArray[np.floating]], temperatures: Sequence[float] | NDArray[np.float64]
) -> list[NDArray[np.float64]]:
    """Probabilities of each attribute at its temperature; no answer changes.

    Parameters
    ----------
    logits : sequence of A float arrays of shape (N, C_a)
    temperatures : sequence of A float

    Returns
    -------
    list of A float64 arrays of shape (N, C_a)

    Examples
    --------
    >>> calibrated([np.log([[0.2, 0.8]])], [2.0])[0].round(3).tolist()
    [[0.333, 0.667]]
    """
    pairs = zip(logits, temperatures, strict=True)
    return [
        softmax(output.astype(np.float64) / temperature, axis=1) for output, temperature in pairs
    ]


def cross_calibrated(
    logits: Sequence[NDArray[np.floating]],
    labels: NDArray[np.int64],
    folds: NDArray[np.int64],
    *,
    prior: float = _PRIOR,
) -> list[NDArray[np.float64]]:
    """Probabilities of each fold at temperatures fitted to the others, to measure calibration.

    Parameters
    ----------
    logits : sequence of A float arrays of shape (N, C_a)
        Out-of-fold.
    labels : int64 array of shape (N, A)
    folds : int64 array of shape (N,)
        Any numbering.
    prior : float
        See :func:`fit_temperature`.

    Returns
    -------
    list of A float64 arrays of shape (N, C_a)

    Examples
    --------
    >>> logits, labels = [np.array([[2.0, 0.0]] * 4)], np.array([[0], [1], [0], [0]])
    >>> cross_calibrated(logits, labels, np.array([0, 0, 1, 1]))[0][:, 0].round(2).tolist()
    [0.9, 0.9, 0.82, 0.82]
    """
    found = [np.empty(output.shape) for output in logits]
    for fold in np.unique(folds):
        inside = folds == fold
        others = fit_temperatures(
            [output[~inside] for output in logits], labels[~inside], prior=prior
        )
        for whole, part in zip(
            found, calibrated([output[inside] for output in logits], others), strict=True
        ):
            whole[inside] = part
    return found


def pooled_logits(networks: Sequence[Sequence[NDArray[np.floating]]]) -> list[NDArray[np.float64]]:
    """Logarithms of the mean probabilities of several networks, or of several views of an image.

    Parameters
    ----------
    networks : sequence of M sequences of A float arrays of shape (N, C_a)
        Logits of each network.

    Returns
    -------
    list of A float64 arrays of shape (N, C_a)

    Examples
    --------
    >>> sure, unsure = np.array([[9.0, 0.0]]), np.array([[0.0, 0.0]])
    >>> np.exp(pooled_logits([[sure], [unsure]])[0]).round(2).tolist()
    [[0.75, 0.25]]
    """
    return [
        logsumexp(log_softmax(np.stack(outputs).astype(np.float64), axis=-1), axis=0)
        - np.log(len(outputs))
        for outputs in zip(*networks, strict=True)
    ]


def pool_temperature(
    networks: Sequence[NDArray[np.floating]],
    labels: NDArray[np.int64],
    n_networks: int,
    *,
    prior: float = _PRIOR,
) -> float:
    """Temperature of an answer pooled from more networks than ever saw an image as new.

    Pooling flattens probabilities: of networks that keep their word each, the mean does not, it
    is less sure than it is right (Rahaman and Thiery, Uncertainty quantification and deep
    ensembles, 2021). In cross-validation an image is new to one network per repeat, R in all, but
    M networks answer together. What pooling takes away shrinks as 1 / m, as the variance of any
    mean of m does; so T goes along a line in 1 / m, through one network and R, to M. For people
    the line through one and two networks foretold the temperature of eight without bias, and was
    off by .03 to .18; that of a single network is off by .15 to .55.

    Parameters
    ----------
    networks : sequence of R float arrays of shape (N, C)
        Out-of-fold logits, one array per repeat.
    labels : int64 array of shape (N,)
        -1 where unknown.
    n_networks : int
        M, networks whose mean probability is the final answer.
    prior : float
        See :func:`fit_temperature`.

    Returns
    -------
    float
        To divide :func:`pooled_logits` of the final answer by. With one repeat, or one network,
        nothing is known of what pooling does, and it is that of the one.

    Examples
    --------
    >>> logits, labels = np.array([[2.0, 0.0]] * 4), np.array([0, 1, 0, -1])
    >>> alike = pool_temperature([logits, logits], labels, 10)
    >>> bool(np.isclose(alike, fit_temperature(logits, labels)))
    True
    """
    alone = float(np.mean([fit_temperature(one, labels, prior=prior) for one in networks]))
    repeats = len(networks)
    if repeats == 1 or n_networks == 1:
        return alone
    pool = pooled_logits([[one] for one in networks])[0]
    together = fit_temperature(pool, labels, prior=prior)
    steps = (1 - 1 / n_networks) / (1 - 1 / repeats)
    return float(np.clip(alone + steps * (together - alone), _COLDEST, _HOTTEST))
