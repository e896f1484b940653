"""Small data sets of invented coats, and images of every kind."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.dataset import LabelledImages, read_dataset
from lacunar.traits.data.image_array import ImageArray
from lacunar.traits.data.image_cache import load_images
from lacunar.traits.data.schema import Attribute, Schema
from lacunar.traits.environment import require_torch

# Before a test imports torch: its threads shall not disturb what runs beside them.
require_torch()


@pytest.fixture
def coats() -> Schema:
    """A schema that shares no word with the built-in one."""
    return Schema(
        (Attribute("coat", ("open", "closed", "none")), Attribute("hat", ("off", "on"), "hat_on")),
        image_column="file",
        images="photos",
    )


@pytest.fixture
def write_coats(tmp_path: Path) -> Callable[..., Path]:
    """Write a CSV file of the schema ``coats`` and an image for each name; rows are text lines."""

    def write(*rows: str, images: tuple[str, ...] = ("a.png", "b.png")) -> Path:
        for position, name in enumerate(images):
            path = tmp_path / "photos" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (20 + 10 * position, 40), (200, 10 * position, 0)).save(path)
        path = tmp_path / "coats.csv"
        path.write_text("\n".join(["file,coat,hat_on", *rows]) + "\n", encoding="utf-8")
        return path

    return write


@pytest.fixture
def encode() -> Callable[..., bytes]:
    """Encode an image as the content of a file."""

    def encode(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
        file = io.BytesIO()
        image.save(file, kind, **options)
        return file.getvalue()

    return encode


@pytest.fixture
def picture() -> Image.Image:
    """An image in which no turn or mirror looks like another: 30 wide, 20 high."""
    array = np.zeros((20, 30, 3), np.uint8)
    array[:10, :15] = (250, 0, 0)
    array[:10, 15:] = (0, 250, 0)
    array[10:, :15] = (0, 0, 250)
    return Image.fromarray(array)


@pytest.fixture(scope="session")
def people_of_coats(tmp_path_factory: pytest.TempPathFactory) -> LabelledImages:
    """48 images whose colour tells the coat and whose lower half tells the hat, some unlabelled."""
    folder = tmp_path_factory.mktemp("coats")
    rng = np.random.default_rng(0)
    rows = []
    for position in range(48):
        coat, hat = position % 3, position // 3 % 2
        pixels = rng.integers(0, 40, (24, 16, 3))
        pixels[:, :, coat] += 180
        pixels[12:] //= 1 + 3 * hat
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{position}.png")
        known = "" if position % 8 == 7 else ("off", "on")[hat]
        rows.append(f"{position}.png,{('open', 'closed', 'none')[coat]},{known}")
    (folder / "coats.csv").write_text("\n".join(["file,coat,hat", *rows]) + "\n")
    schema = Schema(
        (Attribute("coat", ("open", "closed", "none")), Attribute("hat", ("off", "on"))),
        image_column="file",
        related=(("coat", "hat"),),
    )
    return read_dataset(folder, schema)


@pytest.fixture(scope="session")
def small_config() -> TraitsConfig:
    """Settings for :func:`people_of_coats`: an epoch takes a fraction of a second."""
    return TraitsConfig.of_preset(
        "source",
        height=24,
        width=16,
        batch=8,
        max_epochs=4,
        validation=12,
        stratify=True,
        device="cpu",
    )


@pytest.fixture(scope="session")
def decoded_coats(
    people_of_coats: LabelledImages,
    small_config: TraitsConfig,
    tmp_path_factory: pytest.TempPathFactory,
) -> ImageArray:
    return load_images(
        people_of_coats,
        height=small_config.height,
        width=small_config.width,
        cache_dir=tmp_path_factory.mktemp("cache"),
    )
