"""What a fit ran on: results of other machines, precisions or numbers of processes differ a bit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Machine:
    """What networks were trained on, at the end where it was several things in turn.

    Parameters
    ----------
    device : str
        cpu, cuda or mps.
    precision : str
        Of what is computed in training: float32, or bfloat16 where that is exact enough.
    processes : int
        That trained each network together.

    Examples
    --------
    >>> str(Machine("cuda", "bfloat16", 2))
    'cuda in bfloat16, 2 processes'
    """

    device: str
    precision: str
    processes: int

    def __str__(self) -> str:
        several = "es" if self.processes > 1 else ""
        return f"{self.device} in {self.precision}, {self.processes} process{several}"
