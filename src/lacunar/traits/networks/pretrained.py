"""Pretrained weights: starting weights of a network that was trained on drawn people.

A few hundred images are not enough to learn what people look like. A network that was trained on
thousands of drawn people already recognises legs and colours before the first photograph. It helps
most with rare classes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from lacunar.reprs import short_repr
from lacunar.traits.data.schema import Schema

StartName = Literal["pedestrians"]

# Modules of :class:`lacunar.traits.networks.stripes.StripesNetwork` that have a submodule, or a
# row, for each attribute.
_PARTS = frozenset({"stripe_features", "heads", "colour_heads"})
_ROWS = frozenset({"attention"})


@dataclass(frozen=True, slots=True)
class Start:
    """Description of the pretrained weights that the networks of a model started from.

    Parameters
    ----------
    name : str
    digest : str
        SHA-256 of the file of weights.
    attributes : tuple of str
        Attributes of the model that the pretrained network predicts.
    """

    name: str
    digest: str
    attributes: tuple[str, ...]

    def __repr__(self) -> str:
        return short_repr("Start", [self.name, f"attributes {', '.join(self.attributes)}"])


@dataclass(frozen=True, slots=True)
class StartingWeights:
    """Weights of a pretrained network, and the attributes that it predicts.

    Parameters
    ----------
    name : str
    schema : Schema
    arrays : mapping of str to ndarray
        See :func:`lacunar.traits.networks.build.network_state`.
    digest : str
        SHA-256 of the file of weights.
    """

    name: str
    schema: Schema
    arrays: Mapping[str, NDArray[Any]]
    digest: str

    def start_for(self, schema: Schema) -> Start:
        """Describe the weights for a schema: they know attributes of equal name and classes.

        Examples
        --------
        >>> from lacunar.traits.data.schema import PEOPLE, Attribute
        >>> weights = StartingWeights("drawn", PEOPLE, {}, "")
        >>> hat = Attribute("hat", ("none", "some"))
        >>> weights.start_for(Schema((PEOPLE.attributes[0], hat), "image")).attributes
        ('gender',)
        """
        positions = _positions(schema, self.schema)
        names = zip(schema.names, positions, strict=True)
        attributes = tuple(name for name, position in names if position is not None)
        return Start(self.name, self.digest, attributes)

    def applied_to(
        self, state: Mapping[str, NDArray[Any]], schema: Schema
    ) -> dict[str, NDArray[Any]]:
        """Return the weights of a new network, replaced by pretrained ones where they exist.

        Parameters
        ----------
        state : mapping of str to ndarray
            Random weights of a stripes network with the same number of filters.
        schema : Schema
            Schema of the new network. The weights of its other attributes stay random.
        """
        positions = _positions(schema, self.schema)
        applied = {}
        for name, fresh in state.items():
            module, _, rest = name.partition(".")
            if module in _PARTS:
                index, _, rest = rest.partition(".")
                position = positions[int(index)]
                known = fresh if position is None else self.arrays[f"{module}.{position}.{rest}"]
            elif module in _ROWS:
                known = fresh.copy()
                for row, position in enumerate(positions):
                    if position is not None:
                        known[row] = self.arrays[name][position]
            else:
                known = self.arrays[name]
            applied[name] = np.asarray(known, fresh.dtype).reshape(fresh.shape)
        return applied


def encode_start(schema: Schema, arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Encode starting weights as the bytes of a file, in half precision, which is enough."""
    halves = {
        name: np.ascontiguousarray(array, np.float16) for name, array in sorted(arrays.items())
    }
    return bytes(save(halves, metadata={"schema": json.dumps(schema.to_dict())}))


@cache
def read_start(name: StartName) -> StartingWeights:
    """Read pretrained weights that are part of the package.

    Parameters
    ----------
    name : {"pedestrians"}
        Trained on drawn people only; see ``scripts/draw_start.py``.

    Examples
    --------
    >>> read_start("pedestrians").schema.names
    ('gender', 'torso_type', 'torso_colour', 'leg_type', 'leg_colour', 'luggage')
    """
    path = files("lacunar.traits").joinpath("weights", f"{name}.safetensors")
    content = path.read_bytes()
    # The library returns the metadata of a path only. They are JSON after eight bytes.
    size = int.from_bytes(content[:8], "little")
    schema = json.loads(json.loads(content[8 : 8 + size])["__metadata__"]["schema"])
    return StartingWeights(
        name=name,
        schema=Schema.from_dict(schema),
        arrays=load(content),
        digest=hashlib.sha256(content).hexdigest(),
    )


def _positions(schema: Schema, known: Schema) -> tuple[int | None, ...]:
    """Return the index of each attribute of a schema among the known ones, or None."""
    of_meaning = {
        (attribute.name, attribute.classes): position
        for position, attribute in enumerate(known.attributes)
    }
    return tuple(
        of_meaning.get((attribute.name, attribute.classes)) for attribute in schema.attributes
    )
