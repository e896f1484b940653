"""Weights that a network starts from: those of a network that has learned from other images.

A few hundred images teach a network little of what people look like. One that has seen thousands of
drawn people knows where legs are and what red is before it sees the first photograph; what it knows
of rare classes is worth most.
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

from lacunar.traits.data.schema import Schema

StartName = Literal["pedestrians"]

# Modules of :class:`lacunar.traits.networks.stripes.StripesNetwork` that have a part, or a row,
# for each attribute.
_PARTS = frozenset({"stripe_features", "heads", "colour_heads"})
_ROWS = frozenset({"attention"})


@dataclass(frozen=True, slots=True)
class Start:
    """What the networks of a model started from.

    Parameters
    ----------
    name : str
    digest : str
        SHA-256 of the file of weights.
    attributes : tuple of str
        Those that the weights could tell before they saw an image.
    """

    name: str
    digest: str
    attributes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StartingWeights:
    """Weights of a fitted network, and the attributes that it tells.

    Parameters
    ----------
    name : str
    schema : Schema
    arrays : mapping of str to ndarray
        As :func:`lacunar.traits.networks.build.network_state` gives them.
    digest : str
        SHA-256 of the file they came from.
    """

    name: str
    schema: Schema
    arrays: Mapping[str, NDArray[Any]]
    digest: str

    def told(self, schema: Schema) -> Start:
        """Which attributes of a schema the weights can tell: those of same name and classes.

        Examples
        --------
        >>> from lacunar.traits.data.schema import PEOPLE, Attribute
        >>> weights = StartingWeights("drawn", PEOPLE, {}, "")
        >>> hat = Attribute("hat", ("none", "some"))
        >>> weights.told(Schema((PEOPLE.attributes[0], hat), "image")).attributes
        ('gender',)
        """
        places = _places(schema, self.schema)
        names = zip(schema.names, places, strict=True)
        attributes = tuple(name for name, place in names if place is not None)
        return Start(self.name, self.digest, attributes)

    def applied_to(
        self, state: Mapping[str, NDArray[Any]], schema: Schema
    ) -> dict[str, NDArray[Any]]:
        """Weights of a new network, with all that is known in place of what was drawn.

        Parameters
        ----------
        state : mapping of str to ndarray
            Fresh weights of a stripes network of the same filters.
        schema : Schema
            Of the new network. What tells an attribute that the weights do not know stays as it
            was drawn.
        """
        places = _places(schema, self.schema)
        found = {}
        for name, fresh in state.items():
            module, _, rest = name.partition(".")
            if module in _PARTS:
                position, _, rest = rest.partition(".")
                place = places[int(position)]
                known = fresh if place is None else self.arrays[f"{module}.{place}.{rest}"]
            elif module in _ROWS:
                known = fresh.copy()
                for row, place in enumerate(places):
                    if place is not None:
                        known[row] = self.arrays[name][place]
            else:
                known = self.arrays[name]
            found[name] = np.asarray(known, fresh.dtype).reshape(fresh.shape)
        return found


def encode_start(schema: Schema, arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Bytes of a file of starting weights, in half precision: they are only where fits begin."""
    halves = {
        name: np.ascontiguousarray(array, np.float16) for name, array in sorted(arrays.items())
    }
    return bytes(save(halves, metadata={"schema": json.dumps(schema.to_dict())}))


@cache
def read_start(name: StartName) -> StartingWeights:
    """Read weights that come with the package.

    Parameters
    ----------
    name : {"pedestrians"}
        Learned from drawn people alone, see ``scripts/draw_start.py``.

    Examples
    --------
    >>> read_start("pedestrians").schema.names
    ('gender', 'torso_type', 'torso_colour', 'leg_type', 'leg_colour', 'luggage')
    """
    path = files("lacunar.traits").joinpath("weights", f"{name}.safetensors")
    content = path.read_bytes()
    # The library tells a file's metadata of a path alone; they are JSON behind eight bytes.
    size = int.from_bytes(content[:8], "little")
    schema = json.loads(json.loads(content[8 : 8 + size])["__metadata__"]["schema"])
    return StartingWeights(
        name=name,
        schema=Schema.from_dict(schema),
        arrays=load(content),
        digest=hashlib.sha256(content).hexdigest(),
    )


def _places(schema: Schema, known: Schema) -> tuple[int | None, ...]:
    """Where each attribute of a schema stands among the known ones."""
    of_meaning = {
        (attribute.name, attribute.classes): position
        for position, attribute in enumerate(known.attributes)
    }
    return tuple(
        of_meaning.get((attribute.name, attribute.classes)) for attribute in schema.attributes
    )
