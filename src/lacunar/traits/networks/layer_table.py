"""Table of the layers of a network, for reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # A saved model contains its layers and is read without PyTorch.
    from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of a network.

    Parameters
    ----------
    name : str
        Path of the layer within the network.
    kind : str
        Name of its class.
    output_shape : tuple of int
        Output for one image: channels, height and width, or a number of features.
    parameters : int
        Number of its parameters, including the running statistics of batch normalisation.
    """

    name: str
    kind: str
    output_shape: tuple[int, ...]
    parameters: int


def layer_table(network: nn.Module, *, height: int = 100, width: int = 60) -> list[Layer]:
    """List the layers in the order of the forward pass.

    Parameters
    ----------
    network : Module
    height, width : int
        Size of the images in pixels.

    Examples
    --------
    >>> from lacunar.traits.networks.source import SourceNetwork
    >>> from lacunar.traits.data.schema import PEOPLE
    >>> table = layer_table(SourceNetwork(PEOPLE))
    >>> table[0]
    Layer(name='blocks.block1.conv1', kind='Conv2d', output_shape=(8, 100, 60), parameters=224)
    >>> sum(layer.parameters for layer in table)
    8340870
    """
    import torch

    names = {module: name for name, module in network.named_modules()}
    table: list[Layer] = []

    def note(module: nn.Module, inputs: Any, output: Tensor) -> None:
        del inputs
        table.append(
            Layer(names[module], type(module).__name__, tuple(output.shape[1:]), _size(module))
        )

    leaves = [module for module in network.modules() if not any(True for _ in module.children())]
    hooks = [module.register_forward_hook(note) for module in leaves]
    was_training = network.training
    device = next(network.parameters()).device
    try:
        with torch.inference_mode():
            network.eval()(torch.zeros(1, 3, height, width, device=device))
    finally:
        network.train(was_training)
        for hook in hooks:
            hook.remove()
    return table


def _size(module: nn.Module) -> int:
    # Batch normalisation also has an integer counter of batches, which is no parameter.
    tensors = [*module.parameters(), *module.buffers()]
    return sum(tensor.numel() for tensor in tensors if tensor.is_floating_point())
