"""Progress of a fit in epochs of all its networks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lacunar.aliases import StageProgress

if TYPE_CHECKING:
    from lacunar.traits.training.history import Epoch


@dataclass(slots=True)
class EpochProgress:
    """Counts the epochs of networks, which may be trained at the same time.

    Parameters
    ----------
    report : callable
        Called with the stage "epochs", the epochs done and the epochs in all.
    max_epochs : int
        Epochs of each network.
    networks : int
        Number of networks.
    patience : int, optional
        Epochs without a lower validation loss that end a network before the last.
    """

    report: StageProgress
    max_epochs: int
    networks: int = 1
    patience: int | None = None
    # By network: the lowest validation loss, its epoch, and the number of epochs so far.
    lowest: dict[int, float] = field(default_factory=dict)
    best: dict[int, int] = field(default_factory=dict)
    epochs: dict[int, int] = field(default_factory=dict)

    def __call__(self, network: int, epoch: Epoch) -> None:
        """Count an epoch of a network and report all epochs done."""
        if epoch.validation.loss < self.lowest.get(network, float("inf")):
            self.lowest[network], self.best[network] = epoch.validation.loss, epoch.epoch
        self.epochs[network] = epoch.epoch
        # Epochs that early stopping saved count as done.
        if self.is_over(network):
            self.epochs[network] = self.max_epochs
        # Networks before the first one seen were completely trained before the fit was stopped.
        done = min(self.epochs) * self.max_epochs + sum(self.epochs.values())
        self.report("epochs", done, self.networks * self.max_epochs)

    def is_over(self, network: int) -> bool:
        """Whether the network has had its last epoch."""
        epoch = self.epochs[network]
        waited = epoch - self.best.get(network, epoch)
        return epoch == self.max_epochs or (self.patience is not None and waited >= self.patience)
