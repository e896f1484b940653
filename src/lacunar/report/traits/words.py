"""Names and anchors that the sections of the traits report share."""

from __future__ import annotations

from lacunar.traits.model import TraitsModel


def spoken(name: str) -> str:
    """Name of an attribute as readable text.

    Examples
    --------
    >>> spoken("torso_colour")
    'torso colour'
    """
    return name.replace("_", " ")


def anchor(section: str, output: int) -> str:
    """Anchor of an output in the page, made from the position because names are arbitrary text."""
    return f"{section}-{output}"


def of_split(part: str) -> str:
    """Name of a split as an adjective.

    Examples
    --------
    >>> of_split("train"), of_split("test")
    ('training', 'test')
    """
    return "training" if part == "train" else part


def reported_split(model: TraitsModel) -> str:
    """The test split if it was evaluated, else the evaluated split of the training data."""
    return model.reported_split
