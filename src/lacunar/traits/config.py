"""Everything a traits fit can be told, one model for the API, the command line and the manifest."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from lacunar.errors import InputError
from lacunar.traits.data.images import Fit

Preset = Literal["default", "source"]
NetworkKind = Literal["stripes", "source", "shared-dense"]
Schedule = Literal["one-cycle", "constant"]
Start = Literal["pedestrians", "random"]
Precision = Literal["auto", "float32", "float64"]
_START_FILTERS = 16
# Torch and NumPy both take seeds of 64 bits; pydantic and JSON readers are sure of 53.
_SEEDS = 2**53


class Augmentation(BaseModel):
    """How far a training image may be moved and its light changed; 0 leaves a change out.

    Hues never change: they tell classes apart.

    Examples
    --------
    >>> Augmentation(rotation=0).shear
    5.0
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    rotation: float = Field(8.0, ge=0, le=180, description="Degrees, either way.")
    shift: float = Field(0.06, ge=0, le=1, description="Share of width and height, either way.")
    shear: float = Field(5.0, ge=0, lt=90, description="Degrees, either way.")
    zoom: float = Field(0.12, ge=0, lt=1, description="Share by which both sides grow or shrink.")
    flip: bool = Field(True, description="Whether half of the images are mirrored left to right.")
    gamma: float = Field(
        0.3, ge=0, le=2, description="Logarithm, either way, of the power that bends brightness."
    )
    contrast: float = Field(
        0.3, ge=0, le=2, description="Logarithm, either way, of the factor about the mean."
    )


# What the source report did.
_SOURCE: dict[str, Any] = {
    "preset": "source",
    "height": 100,
    "width": 60,
    "fit": "pad",
    "network": "source",
    "start": "random",
    "batch": 64,
    "max_epochs": 100,
    "schedule": "constant",
    "learning_rate": 1e-3,
    "weight_decay": 0.0,
    "averaging": 0.0,
    "label_smoothing": 0.0,
    "mirror": False,
    "folds": 0,
    "refit": 0,
    "validation": 120,
    "stratify": False,
    "augmentation": Augmentation(rotation=12, shift=0.07, shear=10, zoom=0.10, gamma=0, contrast=0),
}


class TraitsConfig(BaseModel):
    """Settings of a traits fit.

    Examples
    --------
    >>> TraitsConfig(max_epochs=5).folds
    10
    >>> TraitsConfig.of_preset("source", augmentation=None).validation
    120.0
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    preset: Preset = "default"
    # Three halvings must leave pixels enough to normalise a batch of one image.
    height: int = Field(96, ge=16, le=1024, description="Pixels that images are fitted into.")
    width: int = Field(40, ge=16, le=1024)
    fit: Fit = Field(
        "stretch", description="stretch: images fill the frame; pad: they keep their aspect."
    )
    network: NetworkKind = Field(
        "stripes", description="shared-dense: source, where related attributes share a layer."
    )
    filters: int = Field(16, ge=1, le=256, description="Of the first layer of stripes.")
    start: Start | None = Field(
        None,
        description="Weights to start from: pedestrians, learned from drawn people, which fit"
        " stripes of 16 filters; random; none: pedestrians where they fit, else random.",
    )
    colours: bool = Field(True, description="Whether stripes also reads histograms of colours.")
    dropout: float = Field(
        0.2, ge=0, lt=1, description="Share of the channels dropped; the source report names none."
    )
    batch: int = Field(32, ge=1)
    max_epochs: int = Field(60, ge=1)
    schedule: Schedule = Field(
        "one-cycle",
        description="one-cycle: the learning rate rises and falls once over all epochs, and the"
        " last weights are kept; constant: those of the lowest validation loss.",
    )
    patience: int = Field(
        25, ge=1, description="Epochs without a lower validation loss that end a constant schedule."
    )
    learning_rate: float | None = Field(
        None,
        gt=0,
        description="Of Adam, at its highest; none: .0015 where weights start from known ones, so"
        " that they are not forgotten, else .003.",
    )
    weight_decay: float = Field(0.05, ge=0, description="Of weights, not of biases and norms.")
    averaging: float = Field(
        0.99, ge=0, lt=1, description="Decay of the moving average of weights; 0 keeps the weights."
    )
    label_smoothing: float = Field(0.05, ge=0, lt=1, description="Share given to all classes.")
    class_weights: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Labels of a class weigh (1 / their number) to this power in the loss; 1: all"
        " classes weigh the same.",
    )
    logit_adjustment: float = Field(
        0.0,
        ge=0,
        le=2,
        description="The loss sees logits and so many times the logarithms of the classes' shares,"
        " so that the logits alone favour rare ones; 1: as if all were equally frequent.",
    )
    mirror: bool = Field(
        True, description="Whether answers are means over an image and its mirror."
    )
    folds: int = Field(
        10,
        ge=0,
        le=100,
        description="Parts of the images, and networks that each are trained without some of the"
        " parts and judged by them; 0: one network, and some images validate.",
    )
    left_out: float = Field(
        0.2, gt=0, le=0.5, description="Share of the folds that a network is trained without."
    )
    refit: int = Field(
        5,
        ge=0,
        le=100,
        description="With folds, networks trained on all images, which answer together; 0: those"
        " of the folds do.",
    )
    validation: float = Field(
        0.23,
        gt=0,
        description="Without folds, images that validate: how many, or below 1 which share.",
    )
    stratify: bool = Field(
        True, description="Whether each part is to have the classes of all images."
    )
    augmentation: Augmentation | None = Augmentation()
    wanted_accuracy: float | None = Field(
        None,
        gt=0,
        le=1,
        description="Answers are kept back so that the others are right so often; none: as often as"
        " the surest 80 % of each attribute.",
    )
    seed: int = Field(0, ge=0, lt=_SEEDS)
    device: str = Field("auto", description="auto, cpu, cuda, cuda:1, mps ...")
    precision: Precision = Field(
        "auto",
        description="auto: training computes in bfloat16 what bears it, on a CUDA GPU that can, and"
        " in float32 elsewhere; float64: slower, and the order of sums then shows in no loss.",
    )

    @classmethod
    def of_preset(cls, preset: str, **changes: Any) -> Self:
        """Return a preset's settings with some changed."""
        return cls(**((_SOURCE if preset == "source" else {"preset": preset}) | changes))

    def without_mirror(self) -> Self:
        """The same settings where left and right matter: no image is mirrored, ever.

        Examples
        --------
        >>> still = TraitsConfig().without_mirror()
        >>> still.mirror, still.augmentation.flip
        (False, False)
        """
        moved = self.augmentation and self.augmentation.model_copy(update={"flip": False})
        return self.model_copy(update={"mirror": False, "augmentation": moved})

    @property
    def starts_from(self) -> Start:
        """What weights start from, where the settings leave it open.

        Examples
        --------
        >>> [TraitsConfig(filters=filters).starts_from for filters in (16, 24)]
        ['pedestrians', 'random']
        """
        return self.start or ("pedestrians" if self._start_fits else "random")

    @property
    def highest_rate(self) -> float:
        """The learning rate at its highest, where the settings leave it open.

        Examples
        --------
        >>> [TraitsConfig(start=start).highest_rate for start in ("pedestrians", "random")]
        [0.0015, 0.003]
        """
        return self.learning_rate or (0.003 if self.starts_from == "random" else 0.0015)

    @property
    def _start_fits(self) -> bool:
        return self.network == "stripes" and self.filters == _START_FILTERS

    @property
    def chooses_epoch(self) -> bool:
        """Whether images that validate choose the epoch of which weights are kept.

        Examples
        --------
        >>> TraitsConfig(folds=0).chooses_epoch, TraitsConfig.of_preset("source").chooses_epoch
        (False, True)
        """
        return self.schedule == "constant"

    @property
    def evaluated_split(self) -> str:
        """The evaluated part of the training data: images that weights were not fitted to.

        Examples
        --------
        >>> [TraitsConfig(folds=folds).evaluated_split for folds in (0, 5)]
        ['validation', 'out-of-fold']
        """
        return "out-of-fold" if self.folds else "validation"

    @property
    def n_networks(self) -> int:
        """How many networks a fit trains.

        Examples
        --------
        >>> [TraitsConfig(folds=folds, refit=3).n_networks for folds in (0, 5)]
        [1, 8]
        """
        return self.folds + self.refit if self.folds else 1

    @property
    def folds_left_out(self) -> int:
        """How many folds each network is trained without, and how many networks know an image not.

        Examples
        --------
        >>> [TraitsConfig(folds=folds).folds_left_out for folds in (0, 3, 10)]
        [1, 1, 2]
        """
        return max(1, round(self.left_out * self.folds))

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

    @model_validator(mode="after")
    def _check_start(self) -> Self:
        if self.start == "pedestrians" and not self._start_fits:
            raise ValueError(
                f"expected the network stripes of {_START_FILTERS} filters for the start"
                f" pedestrians, got {self.network} of {self.filters}"
            )
        return self

    @field_validator("folds")
    @classmethod
    def _check_folds(cls, folds: int) -> int:
        if folds == 1:
            raise ValueError("expected 0 folds, or 2 and more")
        return folds
