from __future__ import annotations

from lacunar.traits.data.schema import PEOPLE
from lacunar.traits.networks.layer_table import layer_table
from lacunar.traits.networks.source import SourceNetwork

# Kind, output shape and numbers of each layer, as the source report's summary has them.
BLOCKS = [
    ("conv1", (8, 100, 60), 224), ("relu1", (8, 100, 60), 0), ("conv2", (8, 100, 60), 584),
    ("dropout", (8, 100, 60), 0), ("norm", (8, 100, 60), 32), ("relu2", (8, 100, 60), 0),
    ("pool", (8, 50, 30), 0),
    ("conv1", (16, 50, 30), 1168), ("relu1", (16, 50, 30), 0), ("conv2", (16, 50, 30), 2320),
    ("dropout", (16, 50, 30), 0), ("norm", (16, 50, 30), 64), ("relu2", (16, 50, 30), 0),
    ("pool", (16, 25, 15), 0),
    ("conv1", (32, 25, 15), 4640), ("relu1", (32, 25, 15), 0), ("conv2", (32, 25, 15), 9248),
    ("dropout", (32, 25, 15), 0), ("norm", (32, 25, 15), 128), ("relu2", (32, 25, 15), 0),
    ("pool", (32, 12, 7), 0),
    ("conv1", (64, 12, 7), 18496), ("relu1", (64, 12, 7), 0), ("conv2", (64, 12, 7), 36928),
    ("dropout", (64, 12, 7), 0), ("norm", (64, 12, 7), 256), ("relu2", (64, 12, 7), 0),
]  # fmt: skip


def test_the_layers_are_those_of_the_source_report() -> None:
    table = layer_table(SourceNetwork(PEOPLE))
    blocks, flatten, rest = table[: len(BLOCKS)], table[len(BLOCKS)], table[len(BLOCKS) + 1 :]
    found = [(row.name.rsplit(".")[-1], row.output_shape, row.parameters) for row in blocks]
    assert found == BLOCKS
    assert flatten.output_shape == (12 * 7 * 64,) == (5376,)
    dense = [row for row in rest if row.name.endswith("linear")]
    assert [(row.output_shape, row.parameters) for row in dense] == [((256,), 1_376_512)] * 6
    heads = [row for row in rest if row.name.startswith("heads")]
    assert [row.output_shape for row in heads] == [(2,), (2,), (11,), (2,), (11,), (2,)]
    assert sum(row.parameters for row in table) == 8_340_870


def test_a_table_leaves_the_network_as_it_was() -> None:
    network = SourceNetwork(PEOPLE)
    assert layer_table(network) == layer_table(network)
    assert network.training
    assert not any(module._forward_hooks for module in network.modules())
