"""Synchronised batch normalisation and dropout for a batch that is shared among processes.

Most layers compute each image on its own. Batch normalisation does not, and dropout draws for all
images of a batch at once. With these replacements several processes train the same network as one
process, apart from the order of summation.
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
    """The rows of the current batch that this process holds; updated at every step.

    Parameters
    ----------
    rows : slice
        Rows of this process within the batch.
    total : int
        Number of images of the batch.
    """

    rows: slice
    total: int


def share_layers(network: nn.Module, share: Share, *, several: bool = True) -> None:
    """Replace the layers of a network that depend on the whole batch, in place.

    Weights and their names do not change.

    Parameters
    ----------
    network : Module
    share : Share
        Updated by the training loop before every step.
    several : bool
        Whether other processes hold rows of the batch. If not, batch normalisation stays torch's
        own, which sees the whole batch. Dropout is replaced in any case: on a GPU torch's own draws
        depend on the memory layout, so one process would drop other values than several.

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
    """Dropout that draws for the whole batch and applies the draws to the rows of this process.

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
        """Drop values (b, F), or channels of maps (b, C, h, w), of the own rows b."""
        if not self.training or not self.p:
            return values
        if self.whole_maps:
            ones = values.new_ones(self.share.total, values.shape[1], 1, 1)
            kept = functional.dropout2d(ones, self.p)
        else:
            kept = functional.dropout(values.new_ones(self.share.total, *values.shape[1:]), self.p)
        return values * kept[self.share.rows]


class GlobalBatchNorm(nn.BatchNorm2d):
    """Batch normalisation with the mean and variance over the rows of all processes.

    Parameters
    ----------
    like : BatchNorm2d
        Layer whose weights and running statistics are taken over.
    share : Share
    """

    def __init__(self, like: nn.BatchNorm2d, share: Share) -> None:
        super().__init__(like.num_features, eps=like.eps, momentum=like.momentum)
        self.weight, self.bias = like.weight, like.bias
        self.running_mean, self.running_var = like.running_mean, like.running_var
        self.share = share

    def forward(self, maps: Tensor) -> Tensor:
        """Normalise maps (b, C, h, w) of the own rows b."""
        if not self.training:
            return super().forward(maps)
        n = self.share.total * maps.shape[2] * maps.shape[3]
        with torch.no_grad():
            # Two sums in one message, in double precision because they are subtracted below.
            wide = maps.to(torch.float64, copy=True)
            level = wide.sum(_BATCH_AND_PLACES)
            # In place: another copy in double precision would need twice the memory of the maps.
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
    """Normalisation with statistics of all processes; gradients pass through all rows, too."""

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
        # Gradients of weight and bias are of own rows; `add_gradients` sums them over processes.
        return back, stretch * scale, shift, None, None, None, None


def _per_channel(values: Tensor) -> Tensor:
    return values[:, None, None]
