"""The training log in the terminal: one line of losses per epoch, and a progress bar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lacunar.cli.console import Report, err

if TYPE_CHECKING:
    from lacunar.traits.training.history import Epoch

_WIDTH, _CELL = 80, 9


class EpochLog:
    """Print the training loss, the validation loss and the validation loss of each output.

    A single network gets one line per epoch; a star marks the lowest validation loss so far. If
    several networks are trained, possibly at the same time, each gets one line when it is done.
    Outputs that do not fit into 80 columns are left out.

    Parameters
    ----------
    names : sequence of str
        Names of the outputs.
    max_epochs : int
        Epochs of each network.
    networks : int
        Number of networks.
    patience : int, optional
        Epochs without a lower validation loss that end a network before the last.
    report : Report
        Progress bar.
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
        # By network: the lowest validation loss, its epoch, and the number of epochs so far.
        self.lowest: dict[int, float] = {}
        self.best: dict[int, int] = {}
        self.epochs: dict[int, int] = {}

    def __call__(self, network: int, epoch: Epoch) -> None:
        if network not in self.epochs and epoch.epoch > 1:
            before = f"epoch {epoch.epoch - 1}" + f" of network {network + 1}" * (self.networks > 1)
            err.print(f"Continuing after {before}, from the checkpoint.")
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
            # Epochs that early stopping saved count as done.
            self.epochs[network] = self.max_epochs
        # Networks before the first one seen were completely trained before the fit was stopped.
        done = min(self.epochs) * self.max_epochs + sum(self.epochs.values())
        self.report("epochs", done, self.networks * self.max_epochs)

    def _print(self, number: int, epoch: Epoch, mark: str) -> None:
        validation = epoch.validation
        losses = [validation.loss, *(validation.losses[name] for name in self.names)]
        known = any(accuracy is not None for accuracy in validation.accuracies.values())
        cells = f"{epoch.train.loss:{_CELL}.3f}" + "".join(
            f"{loss:{_CELL}.3f}" if known else f"{'none':>{_CELL}}" for loss in losses
        )
        err.print(f"{number:>7}{cells}{mark}")

    def _begin(self) -> None:
        err.print("Training loss, validation loss, and validation loss of each output:")
        heads = "".join(f"{name[: _CELL - 1]:>{_CELL}}" for name in ("train", "valid", *self.names))
        err.print(f"{'network' if self.networks > 1 else 'epoch':>7}{heads}")
