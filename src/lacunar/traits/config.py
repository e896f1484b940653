"""Settings of a traits fit, for the API, the command line and the manifest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from lacunar.aliases import shortened
from lacunar.errors import InputError
from lacunar.reprs import MAX_LENGTH
from lacunar.settings import Settings
from lacunar.traits.data.images import Fit

Preset = Literal["default", "source"]
NetworkKind = Literal["stripes", "source", "shared-dense"]
Schedule = Literal["one-cycle", "constant"]
Start = Literal["pedestrians", "random"]
Precision = Literal["auto", "float32", "float64"]
_START_FILTERS = 16
# Torch and NumPy accept seeds of 64 bits, but some JSON readers are exact only up to 53.
_SEEDS = 2**53


class Augmentation(BaseModel):
    """Ranges of the random augmentation of training images; 0 switches a change off.

    Hues never change, because classes differ by hue.

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
    flip: bool = Field(True, description="Whether to mirror half of the images left to right.")
    gamma: float = Field(
        0.3, ge=0, le=2, description="Logarithm, either way, of the exponent of the brightness."
    )
    contrast: float = Field(
        0.3, ge=0, le=2, description="Logarithm, either way, of the factor of the contrast."
    )


# The settings of the source report.
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


class TraitsConfig(Settings):
    """Settings of a traits fit; every field has a default.

    The fields and their defaults are listed below the class, and in the report of a model. A config
    is immutable; ``model_copy(update=...)`` returns a changed one.

    Raises
    ------
    InputError
        If a field is unknown or its value is invalid, or two fields contradict each other.

    See Also
    --------
    TraitsConfig.of_preset : The settings of the source report, or the default ones, with changes.

    Examples
    --------
    >>> config = TraitsConfig(folds=5, max_epochs=30, seed=1)
    >>> config.folds, config.refit, config.n_networks
    (5, 5, 10)
    >>> TraitsConfig.of_preset("source", augmentation=None).validation
    120.0
    """

    preset: Preset = "default"
    # After three halvings enough pixels must be left to normalise a batch of one image.
    height: int = Field(96, ge=16, le=1024, description="Height of the frame in pixels.")
    width: int = Field(40, ge=16, le=1024, description="Width of the frame in pixels.")
    fit: Fit = Field(
        "stretch", description="stretch: images fill the frame; pad: images keep their aspect."
    )
    network: NetworkKind = Field(
        "stripes",
        description="stripes, source, or shared-dense: source, with one layer for related"
        " attributes.",
    )
    filters: int = Field(16, ge=1, le=256, description="Channels of the first layer of stripes.")
    start: Start | None = Field(
        None,
        description="Initial weights: random, or pedestrians: pretrained on drawn people, for"
        " stripes with 16 filters; none: pedestrians if they fit, else random.",
    )
    colours: bool = Field(True, description="Whether stripes also uses colour histograms.")
    dropout: float = Field(
        0.2,
        ge=0,
        lt=1,
        description="Share of dropped channels; the source report does not give it.",
    )
    batch: int = Field(32, ge=1, description="Images per batch.")
    max_epochs: int = Field(60, ge=1, description="Largest number of epochs of a network.")
    schedule: Schedule = Field(
        "one-cycle",
        description="one-cycle: the learning rate rises and falls once over all epochs, and the"
        " last weights are kept; constant: the weights of the lowest validation loss are kept.",
    )
    patience: int = Field(
        25,
        ge=1,
        description="A constant schedule ends after this many epochs without a lower loss.",
    )
    learning_rate: float | None = Field(
        None,
        gt=0,
        description="Highest learning rate of Adam; none: .0015 with pretrained weights, so that"
        " they are not lost, else .003.",
    )
    weight_decay: float = Field(0.05, ge=0, description="Weight decay, not of biases and norms.")
    averaging: float = Field(
        0.99,
        ge=0,
        lt=1,
        description="Decay of the moving average of weights; 0: no average.",
    )
    label_smoothing: float = Field(
        0.05, ge=0, lt=1, description="Share of a label spread over all classes."
    )
    class_weights: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Exponent of (1 / size of the class), the weight of a label in the loss; 1: all"
        " classes count equally.",
    )
    logit_adjustment: float = Field(
        0.0,
        ge=0,
        le=2,
        description="Factor of the logarithms of class shares, which are added to the logits in the"
        " loss; 1: the logits are those of equally frequent classes.",
    )
    mirror: bool = Field(
        True, description="Whether predictions are means over an image and its mirror image."
    )
    folds: int = Field(
        10,
        ge=0,
        le=100,
        description="Cross-validation folds, and networks that are each trained without some of"
        " them; 0: one network, and some images validate it.",
    )
    left_out: float = Field(
        0.2, gt=0, le=0.5, description="Share of the folds that are held out of a network."
    )
    refit: int = Field(
        5,
        ge=0,
        le=100,
        description="With folds: networks trained on all images, whose mean is the prediction; 0:"
        " the networks of the folds predict.",
    )
    validation: float = Field(
        0.23,
        gt=0,
        description="Without folds: number of validation images, or their share if below 1.",
    )
    stratify: bool = Field(
        True, description="Whether each split has the class frequencies of all images."
    )
    augmentation: Augmentation | None = Augmentation()
    wanted_accuracy: float | None = Field(
        None,
        gt=0,
        le=1,
        description="Accuracy that the predictions reach by abstention; none: the accuracy of the"
        " most confident 80 % of each attribute.",
    )
    seed: int = Field(0, ge=0, lt=_SEEDS, description="Seed of all random draws.")
    device: str = Field("auto", description="auto, cpu, cuda, cuda:1, mps ...")
    precision: Precision = Field(
        "auto",
        description="auto: bfloat16 where it is accurate enough, on CUDA GPUs that support it, else"
        " float32; float64: slower, and losses then do not depend on the order of summation.",
    )

    @classmethod
    def of_preset(cls, preset: str, **changes: Any) -> Self:
        """Return the settings of a preset, with some of them changed.

        Examples
        --------
        >>> TraitsConfig.of_preset("source", batch=32).batch
        32
        """
        return cls(**((_SOURCE if preset == "source" else {"preset": preset}) | changes))

    def __repr__(self) -> str:
        return shortened(super().__repr__(), MAX_LENGTH)

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """Settings other than the defaults, for the text of an object."""
        for name, field in type(self).model_fields.items():
            if (value := getattr(self, name)) != field.default:
                yield name, value

    def without_mirror(self) -> Self:
        """Return the same settings without any mirroring, for attributes of left and right.

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
        """The initial weights: `start`, or its default.

        Examples
        --------
        >>> [TraitsConfig(filters=filters).starts_from for filters in (16, 24)]
        ['pedestrians', 'random']
        """
        return self.start or ("pedestrians" if self._start_fits else "random")

    @property
    def highest_rate(self) -> float:
        """The highest learning rate: `learning_rate`, or its default.

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
        """Whether the validation loss chooses the epoch whose weights are kept.

        Examples
        --------
        >>> TraitsConfig(folds=0).chooses_epoch, TraitsConfig.of_preset("source").chooses_epoch
        (False, True)
        """
        return self.schedule == "constant"

    @property
    def evaluated_split(self) -> str:
        """Name of the split of the training data that is evaluated: the held-out images.

        Examples
        --------
        >>> [TraitsConfig(folds=folds).evaluated_split for folds in (0, 5)]
        ['validation', 'out-of-fold']
        """
        return "out-of-fold" if self.folds else "validation"

    @property
    def n_networks(self) -> int:
        """Number of networks that a fit trains.

        Examples
        --------
        >>> [TraitsConfig(folds=folds, refit=3).n_networks for folds in (0, 5)]
        [1, 8]
        """
        return self.folds + self.refit if self.folds else 1

    @property
    def folds_left_out(self) -> int:
        """Number of folds held out of each network, and of networks each image is held out of.

        Examples
        --------
        >>> [TraitsConfig(folds=folds).folds_left_out for folds in (0, 3, 10)]
        [1, 1, 2]
        """
        return max(1, round(self.left_out * self.folds))

    def validation_size(self, n: int) -> int:
        """Return the number of validation images out of ``n``, from 1 to n - 1.

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
