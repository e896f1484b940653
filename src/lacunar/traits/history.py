"""What training tells of each epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Score:
    """How well a network does on one part of the images.

    Parameters
    ----------
    loss : float
        Sum of ``losses``.
    losses : dict of str to float
        Mean cross-entropy over the known labels of each attribute; 0 where none is known.
    accuracies : dict of str to float or None
        Share of the known labels that are found; none where none is known.
    """

    loss: float
    losses: dict[str, float]
    accuracies: dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Epoch:
    """One pass over the training images.

    Parameters
    ----------
    epoch : int
        Counted from 1.
    train : Score
        Of the moved images, while the network changed and dropped channels: no better than it is
        for images as they are.
    validation : Score
        After the pass.

    Examples
    --------
    >>> score = Score(0.5, {"coat": 0.5}, {"coat": 1.0})
    >>> Epoch.from_dict(Epoch(1, score, score).to_dict()).validation.loss
    0.5
    """

    epoch: int
    train: Score
    validation: Score

    def to_dict(self) -> dict[str, Any]:
        """Return what :meth:`from_dict` reads, as JSON would hold it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> Epoch:
        """Read a row; keys of other things are passed over."""
        return cls(document["epoch"], Score(**document["train"]), Score(**document["validation"]))


def best_epoch(history: Sequence[Epoch]) -> Epoch:
    """First of the epochs with the lowest validation loss; its weights are kept.

    Examples
    --------
    >>> rows = [Score(loss, {}, {}) for loss in (3.0, 1.0, 2.0, 1.0)]
    >>> best_epoch([Epoch(n, row, row) for n, row in enumerate(rows, start=1)]).epoch
    2
    """
    return min(history, key=lambda epoch: epoch.validation.loss)


def is_over(history: Sequence[Epoch], *, max_epochs: int, patience: int) -> bool:
    """Whether training ends here: by number, or since the validation loss has long been lower.

    Examples
    --------
    >>> is_over([], max_epochs=9, patience=1)
    False
    """
    if len(history) >= max_epochs:
        return True
    return bool(history) and history[-1].epoch - best_epoch(history).epoch >= patience
