"""Words and places that the sections of the traits report share."""

from __future__ import annotations

from lacunar.traits.model import TraitsModel


def spoken(name: str) -> str:
    """Name of an attribute as people read it.

    Examples
    --------
    >>> spoken("torso_colour")
    'torso colour'
    """
    return name.replace("_", " ")


def anchor(section: str, output: int) -> str:
    """Where the page shows an output; made of the position, because a name may hold anything."""
    return f"{section}-{output}"


def of_split(part: str) -> str:
    """Which images a part has, as an adjective.

    Examples
    --------
    >>> of_split("train"), of_split("test")
    ('training', 'test')
    """
    return "training" if part == "train" else part


def reported_split(model: TraitsModel) -> str:
    """The evaluated part that taught and chose nothing, or else the one of the training data."""
    return "test" if "test" in model.evaluations else model.config.evaluated_split
