"""What a terminal shows of training: a line per epoch, and how far it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lacunar.cli.console import Report, err

if TYPE_CHECKING:
    from lacunar.traits.history import Epoch

_WIDTH, _CELL = 80, 9


class EpochLog:
    """Print each epoch's losses on stderr: of training, of validation, the latter per output.

    A star marks an epoch whose validation loss is the lowest so far. Outputs that 80 columns have
    no room for are left out.

    Parameters
    ----------
    names : sequence of str
        Of the outputs.
    max_epochs : int
    report : Report
        Moves a bar.
    """

    def __init__(self, names: Sequence[str], max_epochs: int, report: Report) -> None:
        self.names = names[: (_WIDTH - 6) // _CELL - 2]
        self.max_epochs = max_epochs
        self.report = report
        self.lowest = float("inf")

    def __call__(self, epoch: Epoch) -> None:
        if self.lowest == float("inf"):
            self._begin(epoch)
        best = epoch.validation.loss < self.lowest
        self.lowest = min(self.lowest, epoch.validation.loss)
        losses = [
            epoch.train.loss,
            epoch.validation.loss,
            *(epoch.validation.losses[name] for name in self.names),
        ]
        cells = "".join(f"{loss:{_CELL}.3f}" for loss in losses)
        err.print(f"{epoch.epoch:>5}{cells}{'*' if best else ''}", markup=False)
        self.report("epochs", epoch.epoch, self.max_epochs)

    def _begin(self, epoch: Epoch) -> None:
        if epoch.epoch > 1:
            err.print(f"Going on after epoch {epoch.epoch - 1}, which the checkpoint holds.")
        err.print("Loss of training and validation images, and the latter per output:")
        heads = "".join(f"{name[: _CELL - 1]:>{_CELL}}" for name in ("train", "valid", *self.names))
        err.print(f"epoch{heads}", markup=False)
