"""What a terminal shows of training: a line per epoch, and how far it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lacunar.cli.console import Report, err

if TYPE_CHECKING:
    from lacunar.traits.training.history import Epoch

_WIDTH, _CELL = 80, 9


class EpochLog:
    """Print losses on stderr: of training, of validation, the latter per output.

    Of one network every epoch has a line, and a star marks one whose validation loss is the lowest
    so far; of several, which may train at once, each has one when it is done. Outputs that 80
    columns have no room for are left out.

    Parameters
    ----------
    names : sequence of str
        Of the outputs.
    max_epochs : int
        Of each network.
    networks : int
    patience : int, optional
        Epochs without a lower validation loss that end a network before the last.
    report : Report
        Moves a bar.
    """

    def __init__(
        self,
        names: Sequence[str],
        max_epochs: int,
        report: Report,
        *,
        networks: int = 1,
        patience: int | None = None,
    ) -> None:
        self.names = names[: (_WIDTH - 8) // _CELL - 2]
        self.max_epochs = max_epochs
        self.networks = networks
        self.report = report
        self.patience = max_epochs if patience is None else patience
        # Of each network: the lowest validation loss, its epoch, and the epochs there were.
        self.lowest: dict[int, float] = {}
        self.best: dict[int, int] = {}
        self.epochs: dict[int, int] = {}

    def __call__(self, network: int, epoch: Epoch) -> None:
        if network not in self.epochs and epoch.epoch > 1:
            before = f"epoch {epoch.epoch - 1}" + f" of network {network + 1}" * (self.networks > 1)
            err.print(f"Going on after {before}, which the checkpoint holds.")
        if not self.epochs:
            self._begin()
        self.epochs[network] = epoch.epoch
        best = epoch.validation.loss < self.lowest.get(network, float("inf"))
        if best:
            self.lowest[network], self.best[network] = epoch.validation.loss, epoch.epoch
        over = epoch.epoch - self.best.get(network, epoch.epoch) >= self.patience
        if self.networks == 1:
            self._print(epoch.epoch, epoch, "*" if best else "")
        elif over or epoch.epoch == self.max_epochs:
            self._print(network + 1, epoch, "")
            # What it did not need counts as done.
            self.epochs[network] = self.max_epochs
        # Networks before the first that is heard of were trained whole before a fit was killed.
        done = min(self.epochs) * self.max_epochs + sum(self.epochs.values())
        self.report("epochs", done, self.networks * self.max_epochs)

    def _print(self, number: int, epoch: Epoch, mark: str) -> None:
        validation = epoch.validation
        losses = [validation.loss, *(validation.losses[name] for name in self.names)]
        known = any(accuracy is not None for accuracy in validation.accuracies.values())
        cells = f"{epoch.train.loss:{_CELL}.3f}" + "".join(
            f"{loss:{_CELL}.3f}" if known else f"{'none':>{_CELL}}" for loss in losses
        )
        err.print(f"{number:>7}{cells}{mark}", markup=False)

    def _begin(self) -> None:
        err.print("Loss of training and validation images, and the latter per output:")
        heads = "".join(f"{name[: _CELL - 1]:>{_CELL}}" for name in ("train", "valid", *self.names))
        err.print(f"{'network' if self.networks > 1 else 'epoch':>7}{heads}", markup=False)
