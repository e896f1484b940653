"""Training history: loss and accuracy of each epoch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import zip_longest
from statistics import fmean
from typing import Any

from lacunar.reprs import short_repr
from lacunar.traits.config import TraitsConfig


@dataclass(frozen=True, slots=True)
class Score:
    """Loss and accuracy of a network on the training or the validation images.

    Parameters
    ----------
    loss : float
        Sum of ``losses``.
    losses : dict of str to float
        Mean cross-entropy over the known labels of each attribute; 0 without known labels. See
        :func:`lacunar.traits.training.loop.train_network` for class weights and logit adjustment.
    accuracies : dict of str to float or None
        Share of the known labels that are predicted; None without known labels.
    """

    loss: float
    losses: dict[str, float]
    accuracies: dict[str, float | None]

    def __repr__(self) -> str:
        known = [one for one in self.accuracies.values() if one is not None]
        accuracy = [f"accuracy {sum(known) / len(known):.3f}"] if known else []
        return short_repr("Score", [f"loss {self.loss:.4f}", *accuracy])


@dataclass(frozen=True, slots=True)
class Epoch:
    """One pass over the training images.

    Parameters
    ----------
    epoch : int
        Number of the epoch, from 1.
    train : Score
        On augmented images, with dropout, during the epoch; so it is worse than the score on the
        images themselves.
    validation : Score
        After the epoch.

    Examples
    --------
    >>> score = Score(0.5, {"coat": 0.5}, {"coat": 1.0})
    >>> Epoch.from_dict(Epoch(1, score, score).to_dict()).validation.loss
    0.5
    """

    epoch: int
    train: Score
    validation: Score

    def __repr__(self) -> str:
        losses = f"loss {self.train.loss:.4f} train, {self.validation.loss:.4f} validation"
        return short_repr("Epoch", [str(self.epoch), losses])

    def to_dict(self) -> dict[str, Any]:
        """Return the epoch as a JSON document, which :meth:`from_dict` reads."""
        return asdict(self)

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> Epoch:
        """Build an epoch from a JSON document; other keys are ignored."""
        return cls(document["epoch"], Score(**document["train"]), Score(**document["validation"]))


def kept_epoch(history: Sequence[Epoch], config: TraitsConfig) -> Epoch:
    """Return the epoch whose weights are kept: the last of one cycle, else the best one.

    The best epoch has the lowest validation loss; of several, the first.

    Examples
    --------
    >>> rows = [Score(loss, {}, {}) for loss in (3.0, 1.0, 2.0, 1.0)]
    >>> history = [Epoch(n, row, row) for n, row in enumerate(rows, start=1)]
    >>> [
    ...     kept_epoch(history, TraitsConfig(schedule=schedule)).epoch
    ...     for schedule in ("constant", "one-cycle")
    ... ]
    [2, 4]
    """
    if config.chooses_epoch:
        return min(history, key=lambda epoch: epoch.validation.loss)
    return history[-1]


def common_epoch(histories: Sequence[Sequence[Epoch]], config: TraitsConfig) -> int | None:
    """Return the epoch whose weights all networks kept; None if each kept its own best one.

    Examples
    --------
    >>> score = Score(1.0, {}, {})
    >>> one, other = ([Epoch(n, score, score) for n in range(1, last + 1)] for last in (3, 3))
    >>> common_epoch([one, other], TraitsConfig())
    3
    >>> common_epoch([one, other], TraitsConfig(schedule="constant")) is None
    True
    """
    if config.chooses_epoch and len(histories) > 1:
        return None
    return kept_epoch(histories[0], config).epoch


def kept_span(histories: Sequence[Sequence[Epoch]], config: TraitsConfig) -> str:
    """Describe the range of epochs that several networks kept.

    Examples
    --------
    >>> score = Score(1.0, {}, {})
    >>> one, other = ([Epoch(n, score, score) for n in range(1, last + 1)] for last in (3, 5))
    >>> kept_span([one, other], TraitsConfig())
    'epochs 3 to 5'
    """
    kept = [kept_epoch(history, config).epoch for history in histories]
    first, last = min(kept), max(kept)
    return f"epoch {first}" if first == last else f"epochs {first} to {last}"


def is_over(history: Sequence[Epoch], config: TraitsConfig) -> bool:
    """Return whether training ends: at the last epoch, or after `patience` without improvement.

    Examples
    --------
    >>> is_over([], TraitsConfig(max_epochs=1))
    False
    """
    if len(history) >= config.max_epochs:
        return True
    if not history or not config.chooses_epoch:
        return False
    return history[-1].epoch - kept_epoch(history, config).epoch >= config.patience


def mean_history(histories: Sequence[Sequence[Epoch]]) -> tuple[Epoch, ...]:
    """Average the histories of several networks, epoch by epoch.

    Networks that stopped earlier are left out of later epochs.

    Examples
    --------
    >>> one, other = (Epoch(1, score, score) for score in (Score(2, {}, {}), Score(4, {}, {})))
    >>> mean_history([[one], [other]])[0].train.loss
    3.0
    """
    epochs = zip_longest(*histories)
    return tuple(
        Epoch(
            number,
            _mean([epoch.train for epoch in found if epoch]),
            _mean([epoch.validation for epoch in found if epoch]),
        )
        for number, found in enumerate(epochs, start=1)
    )


def _mean(scores: Sequence[Score]) -> Score:
    def mean(values: Iterable[float | None]) -> float | None:
        known = [value for value in values if value is not None]
        return fmean(known) if known else None

    return Score(
        loss=fmean(score.loss for score in scores),
        losses={name: fmean(score.losses[name] for score in scores) for name in scores[0].losses},
        accuracies={
            name: mean(score.accuracies[name] for score in scores) for name in scores[0].accuracies
        },
    )
