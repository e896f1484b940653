"""Metadata of ONNX files: schema, frame, preprocessing, thresholds; text by key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lacunar.errors import InputError
from lacunar.traits.data.class_balance import STRONGEST, ClassShares
from lacunar.traits.data.images import Fit
from lacunar.traits.data.schema import Schema
from lacunar.traits.predict.predictor import Thresholds

FORMAT_VERSION = 1
PIXELS = "pixels"
INTENDED_USE = (
    "Meant for research on learning from incomplete labels, for comparing methods and for browsing"
    " one's own images where an error costs nothing; no decision about anybody may rest on an"
    " answer of this model."
)
# Steps before the graph. The rest, from bytes to floats, is inside it.
_PREPROCESSING = {
    "colour": "RGB",
    "orientation": "turned upright as the EXIF data say",
    "transparent": "white",
    "resize": "Lanczos, antialiased",
    "layout": "NHWC",
    "dtype": "uint8",
    "normalisation": "inside the graph: pixels / 255",
}
_FITS: Mapping[Fit, Mapping[str, str | int]] = {
    "pad": {
        "aspect": "kept, the larger side fills the frame",
        "position": "centred, an odd pixel of padding below or to the right",
        "padding": 0,
    },
    "stretch": {"aspect": "that of the frame, which the image fills"},
}
_PREFIX = "lacunar."


@dataclass(frozen=True, slots=True)
class OnnxMetadata:
    """The metadata of one ONNX file.

    Parameters
    ----------
    schema : Schema
        A attributes.
    height, width : int
        Pixels of the frame.
    fit : {"pad", "stretch"}
        How images are fitted into the frame.
    thresholds : sequence of A float or None
        Probability below which the model abstains; it always abstains if None.
    fingerprint : str
        SHA-256 of the training data.
    versions : dict of str to str
        Versions of the libraries that made the weights and the file.
    shares : ClassShares, optional
        Class frequencies of the training labels.
    """

    schema: Schema
    height: int
    width: int
    fit: Fit
    thresholds: Thresholds
    fingerprint: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    shares: ClassShares | None = None

    def to_text(self) -> dict[str, str]:
        """Return the entries of the file, by key.

        Examples
        --------
        >>> from lacunar.traits.data.schema import PEOPLE
        >>> metadata = OnnxMetadata(PEOPLE, 96, 40, "stretch", (0.0,) * 6)
        >>> OnnxMetadata.from_text(metadata.to_text()) == metadata
        True
        """
        values: dict[str, Any] = {
            "format_version": FORMAT_VERSION,
            "schema": self.schema.to_dict(),
            "frame": {"height": self.height, "width": self.width},
            "preprocessing": {"fit": self.fit, **_PREPROCESSING, **_FITS[self.fit]},
            "thresholds": dict(zip(self.schema.names, self.thresholds, strict=True)),
            "versions": dict(self.versions),
        }
        if self.shares is not None:
            shares = dict(zip(self.schema.names, self.shares.shares, strict=True))
            values["balance"] = {"tau": self.shares.tau, "shares": shares}
        text = {name: json.dumps(value, ensure_ascii=False) for name, value in values.items()}
        text |= {"fingerprint": self.fingerprint, "use": INTENDED_USE}
        return {f"{_PREFIX}{name}": text[name] for name in sorted(text)}

    @classmethod
    def from_text(cls, entries: Mapping[str, str]) -> OnnxMetadata:
        """Read the entries of a file.

        Raises
        ------
        InputError
            If another program or a newer version wrote them, or they are incomplete.
        """
        text = {name.removeprefix(_PREFIX): value for name, value in entries.items()}
        if f"{_PREFIX}format_version" not in entries:
            raise InputError(
                "expected an ONNX file written by 'lacunar traits export', got another file"
            )
        try:
            version = int(text["format_version"])
            if version > FORMAT_VERSION:
                raise InputError(
                    f"expected format version {FORMAT_VERSION} or older, got {version}:"
                    " a newer lacunar wrote this file"
                )
            prepared = json.loads(text["preprocessing"])
            fit: Fit = prepared["fit"]
            for name, expected in (*_PREPROCESSING.items(), *_FITS[fit].items()):
                if prepared[name] != expected:
                    raise ValueError(f"a preprocessing of {name} by {prepared[name]!r}")
            schema = Schema.from_dict(json.loads(text["schema"]))
            frame, thresholds = json.loads(text["frame"]), json.loads(text["thresholds"])
            return cls(
                schema=schema,
                height=_positive(frame["height"]),
                width=_positive(frame["width"]),
                fit=fit,
                thresholds=tuple(_share(thresholds[name]) for name in schema.names),
                fingerprint=text["fingerprint"],
                versions={str(name): str(v) for name, v in json.loads(text["versions"]).items()},
                shares=_shares(text["balance"], schema) if "balance" in text else None,
            )
        except InputError:
            raise
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise InputError(f"expected complete metadata, got: {_first(error)}") from error


def _positive(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"a side of {value!r} pixels")
    return value


def _share(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError(f"a threshold of {value!r}")
    return float(value)


def _shares(text: str, schema: Schema) -> ClassShares:
    document = json.loads(text)
    tau = float(document["tau"])
    shares = tuple(tuple(map(float, document["shares"][name])) for name in schema.names)
    for attribute, own in zip(schema.attributes, shares, strict=True):
        if len(own) != len(attribute.classes) or not all(0 < share < 1 for share in own):
            raise ValueError(f"shares {own} of the classes of {attribute.name}")
    if not 0 <= tau <= STRONGEST:
        raise ValueError(f"a tau of {tau}")
    return ClassShares(shares, tau)


def _first(error: Exception) -> str:
    what = "no " if isinstance(error, KeyError) else ""
    return (what + str(error)).splitlines()[0]
