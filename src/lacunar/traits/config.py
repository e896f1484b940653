"""Everything a traits fit can be told, one model for the API, the command line and the manifest."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator

from lacunar.errors import InputError

Preset = Literal["default", "source"]
NetworkKind = Literal["source", "shared-dense"]
# Torch and NumPy both take seeds of 64 bits; pydantic and JSON readers are sure of 53.
_SEEDS = 2**53

# What the source report did.
_SOURCE: dict[str, Any] = {"preset": "source", "validation": 120, "stratify": False}


class Augmentation(BaseModel):
    """How far a training image may be moved; 0 leaves a movement out.

    Colours and the ratio of width to height never change: both tell classes apart.

    Examples
    --------
    >>> Augmentation(rotation=0).shear
    10.0
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    rotation: float = Field(12.0, ge=0, le=180, description="Degrees, either way.")
    shift: float = Field(0.07, ge=0, le=1, description="Share of width and height, either way.")
    shear: float = Field(10.0, ge=0, lt=90, description="Degrees, either way.")
    zoom: float = Field(0.10, ge=0, lt=1, description="Share by which both sides grow or shrink.")
    flip: bool = Field(True, description="Whether half of the images are mirrored left to right.")


class TraitsConfig(BaseModel):
    """Settings of a traits fit.

    Examples
    --------
    >>> TraitsConfig(max_epochs=5).patience
    25
    >>> TraitsConfig.of_preset("source", augmentation=None).validation
    120.0
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    preset: Preset = "default"
    # Three halvings must leave pixels enough to normalise a batch of one image.
    height: int = Field(100, ge=16, le=1024, description="Pixels that images are fitted into.")
    width: int = Field(60, ge=16, le=1024)
    network: NetworkKind = Field(
        "source", description="shared-dense: attributes that the schema relates share a layer."
    )
    dropout: float = Field(
        0.2, ge=0, lt=1, description="Share of the channels dropped; the source report names none."
    )
    batch: int = Field(64, ge=1)
    max_epochs: int = Field(100, ge=1)
    patience: int = Field(25, ge=1, description="Epochs without a lower validation loss.")
    learning_rate: float = Field(1e-3, gt=0, description="Of Adam.")
    validation: float = Field(
        0.23, gt=0, description="Images that choose the epoch: how many, or below 1 which share."
    )
    stratify: bool = Field(
        True, description="Whether the validation images are to have the classes of all images."
    )
    augmentation: Augmentation | None = Augmentation()
    seed: int = Field(0, ge=0, lt=_SEEDS)
    device: str = Field("auto", description="auto, cpu, cuda, cuda:1, mps ...")

    @classmethod
    def of_preset(cls, preset: str, **changes: Any) -> Self:
        """Return a preset's settings with some changed."""
        return cls(**((_SOURCE if preset == "source" else {"preset": preset}) | changes))

    def validation_size(self, n: int) -> int:
        """How many of ``n`` images validate: at least one, and at least one is left to train.

        Raises
        ------
        InputError
            If there are too few images.

        Examples
        --------
        >>> TraitsConfig().validation_size(520), TraitsConfig(validation=50).validation_size(520)
        (120, 50)
        """
        size = self.validation if self.validation >= 1 else max(1.0, self.validation * n)
        if round(size) >= n:
            raise InputError(
                f"expected more than {round(size)} images, of which {round(size)} validate, got {n}"
            )
        return round(size)

    @field_validator("validation")
    @classmethod
    def _check_validation(cls, validation: float) -> float:
        if validation > 1 and not validation.is_integer():
            raise ValueError("expected a whole number of images, or a share below 1")
        return validation
