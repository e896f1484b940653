"""The training log in the terminal: one line of losses per epoch, and a progress bar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lacunar.aliases import StageProgress
from lacunar.cli.console import err
from lacunar.traits.training.epoch_progress import EpochProgress

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
    report : callable
        Progress bar.
    """

    def __init__(
        self,
        names: Sequence[str],
        max_epochs: int,
        report: StageProgress,
        *,
        networks: int = 1,
        patience: int | None = None,
    ) -> None:
        self.names = names[: (_WIDTH - 8) // _CELL - 2]
        self.progress = EpochProgress(report, max_epochs, networks, patience)

    def __call__(self, network: int, epoch: Epoch) -> None:
        several = self.progress.networks > 1
        if network not in self.progress.epochs and epoch.epoch > 1:
            before = f"epoch {epoch.epoch - 1}" + f" of network {network + 1}" * several
            err.print(f"Continuing after {before}, from the checkpoint.")
        if not self.progress.epochs:
            self._begin()
        self.progress(network, epoch)
        if not several:
            is_best = self.progress.best.get(network) == epoch.epoch
            self._print(epoch.epoch, epoch, "*" if is_best else "")
        elif self.progress.is_over(network):
            self._print(network + 1, epoch, "")

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
        err.print(f"{'network' if self.progress.networks > 1 else 'epoch':>7}{heads}")
