"""Whose figures those of a part of the images are, in words."""

from __future__ import annotations

from lacunar.traits.config import TraitsConfig

_FLATTERED = "so that figures of new images lie somewhat lower"


def whose_figures(part: str, config: TraitsConfig) -> str:
    """Say which images a part's figures are of, and what these images had a say in.

    Parameters
    ----------
    part : {"out-of-fold", "test", "validation"}
    config : TraitsConfig
        A constant schedule lets the images that validate choose the epoch.

    Examples
    --------
    >>> whose_figures("validation", TraitsConfig(folds=0))
    'the validation images, which taught nothing and chose no epoch'
    >>> whose_figures("validation", TraitsConfig.of_preset("source"))
    'the validation images, which taught nothing but chose the epoch, so that figures of new images
     lie somewhat lower'
    """
    if part == "test":
        return "the test images, which taught nothing and chose nothing"
    if part == "validation":
        if config.chooses_epoch:
            return f"the validation images, which taught nothing but chose the epoch, {_FLATTERED}"
        return "the validation images, which taught nothing and chose no epoch"
    alone = "the training images, each answered by the networks that were trained without it"
    if config.chooses_epoch:
        return f"{alone}, whose epochs it helped to choose, {_FLATTERED}"
    return alone
