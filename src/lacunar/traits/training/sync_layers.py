"""Layers that see a whole batch of which each process holds some rows.

A network whose layers look at one image at a time gives the same for an image wherever the others
are. Batch normalisation does not, and dropout draws for all images of a batch at once. With these
in their place a network that is trained by several processes is the network trained by one, up to
the order in which sums are added up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from lacunar.traits.training.distributed import add_up

_BATCH_AND_PLACES = (0, 2, 3)


@dataclass(slots=True)
class Share:
    """The part of the current batch that this process holds; it changes from step to step.

    Parameters
    ----------
    rows : slice
        Which of the batch.
    total : int
        Images of the batch.
    """

    rows: slice
    total: int


def share_layers(network: nn.Module, share: Share, *, several: bool = True) -> None:
    """Make the layers of a network that depend on the whole batch look at it, in place.

    Weights and their names stay as they are.

    Parameters
    ----------
    network : Module
    share : Share
        Changed before every step.
    several : bool
        Whether other processes hold rows as well. If not, batch normalisation stays torch's own,
        which sees the whole batch. Dropout does not: on a GPU torch draws for a layer's values in
        the order they have in memory, and for whole maps by another function, so that one process
        would drop others than several do.

    Examples
    --------
    >>> network = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.Dropout(0.5))
    >>> share_layers(network, Share(slice(0, 1), 1))
    >>> [type(layer).__name__ for layer in network]
    ['Conv2d', 'GlobalBatchNorm', 'GlobalDropout']
    """
    for parent in list(network.modules()):
        for name, child in parent.named_children():
            if several and isinstance(child, nn.BatchNorm2d):
                setattr(parent, name, GlobalBatchNorm(child, share))
            elif isinstance(child, nn.Dropout | nn.Dropout2d):
                setattr(parent, name, GlobalDropout(child, share))


class GlobalDropout(nn.Module):
    """Dropout that draws for the whole batch, as one process would, and drops from own rows.

    Parameters
    ----------
    like : Dropout or Dropout2d
    share : Share
    """

    def __init__(self, like: nn.Dropout | nn.Dropout2d, share: Share) -> None:
        super().__init__()
        self.p = like.p
        self.whole_maps = isinstance(like, nn.Dropout2d)
        self.share = share

    def forward(self, values: Tensor) -> Tensor:
        """Drop values (b, F), or maps (b, C, h, w), of own rows b."""
        if not self.training or not self.p:
            return values
        if self.whole_maps:
            ones = values.new_ones(self.share.total, values.shape[1], 1, 1)
            kept = functional.dropout2d(ones, self.p)
        else:
            kept = functional.dropout(values.new_ones(self.share.total, *values.shape[1:]), self.p)
        return values * kept[self.share.rows]


class GlobalBatchNorm(nn.BatchNorm2d):
    """Batch normalisation by the mean and variance of the rows of all processes.

    Parameters
    ----------
    like : BatchNorm2d
        Whose weights and running statistics it takes over.
    share : Share
    """

    def __init__(self, like: nn.BatchNorm2d, share: Share) -> None:
        super().__init__(like.num_features, eps=like.eps, momentum=like.momentum)
        self.weight, self.bias = like.weight, like.bias
        self.running_mean, self.running_var = like.running_mean, like.running_var
        self.share = share

    def forward(self, maps: Tensor) -> Tensor:
        """Normalise maps (b, C, h, w) of own rows b."""
        if not self.training:
            return super().forward(maps)
        n = self.share.total * maps.shape[2] * maps.shape[3]
        with torch.no_grad():
            # Two sums in one message; in double precision their difference loses nothing.
            wide = maps.to(torch.float64, copy=True)
            level = wide.sum(_BATCH_AND_PLACES)
            # In place: a second copy would be as large as two of the maps again.
            sums = torch.stack([level, wide.square_().sum(_BATCH_AND_PLACES)])  # (2, C)
            add_up(sums)
            mean = sums[0] / n
            variance = (sums[1] / n - mean.square()).clamp(min=0)
            self._follow(mean, variance * (n / (n - 1)))
        kind = self.weight.dtype
        return _Normalise.apply(  # type: ignore[no-any-return, no-untyped-call]  # untyped in torch
            maps, self.weight, self.bias, mean.to(kind), variance.to(kind), self.eps, n
        )

    def _follow(self, mean: Tensor, variance: Tensor) -> None:
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.momentum is not None
        for running, found in ((self.running_mean, mean), (self.running_var, variance)):
            running.mul_(1 - self.momentum).add_(found.to(running.dtype), alpha=self.momentum)


class _Normalise(torch.autograd.Function):
    """Normalise by statistics of all processes, whose gradients run through all rows as well."""

    @staticmethod
    def forward(
        ctx: Any,
        maps: Tensor,
        weight: Tensor,
        bias: Tensor,
        mean: Tensor,
        variance: Tensor,
        eps: float,
        n: int,
    ) -> Tensor:
        ctx.save_for_backward(maps, weight, mean, (variance + eps).rsqrt())
        ctx.n = n
        return functional.batch_norm(maps, mean, variance, weight, bias, eps=eps)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        maps, weight, mean, scale = ctx.saved_tensors
        slopes, centred = gradient.to(mean.dtype), maps.to(mean.dtype) - _per_channel(mean)
        own = torch.stack(
            [
                slopes.sum(_BATCH_AND_PLACES, dtype=torch.float64),
                (slopes * centred).sum(_BATCH_AND_PLACES, dtype=torch.float64),
            ]
        )  # (2, C)
        whole = own.clone()
        add_up(whole)
        level, tilt = (whole / ctx.n).to(weight.dtype)
        # Ioffe and Szegedy 2015, section 3, with sums over the rows of all processes.
        back = slopes - _per_channel(level) - centred * _per_channel(tilt * scale.square())
        back = (back * _per_channel(scale * weight)).to(maps.dtype)
        shift, stretch = own.to(weight.dtype)
        # Those of the weights are of own rows: they are added up with all other gradients.
        return back, stretch * scale, shift, None, None, None, None


def _per_channel(values: Tensor) -> Tensor:
    return values[:, None, None]
