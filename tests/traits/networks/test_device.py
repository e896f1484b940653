from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from lacunar.errors import InputError
from lacunar.traits.networks import build
from lacunar.traits.networks.device import as_images, choose_device, choose_precision, keep_float32


def test_images_become_channels_in_0_to_1() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (4, 5, 6, 3), np.uint8)
    images = as_images(pixels, torch.device("cpu"))
    assert images.shape == (4, 3, 5, 6)
    assert np.allclose(images.numpy(), pixels.transpose(0, 3, 1, 2) / 255)
    assert images.is_contiguous(memory_format=torch.channels_last)


def test_some_device_is_always_found() -> None:
    assert choose_device("auto").type in {"cuda", "mps", "cpu"}


@pytest.mark.parametrize("name", ["cuda:99", "abacus", "", "meta"])
def test_a_missing_device_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="device: expected auto, cpu or a GPU"):
        choose_device(name)


def test_training_uses_bfloat16_only_on_gpus_that_support_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for has_units, found in ((True, torch.bfloat16), (False, torch.float32)):
        monkeypatch.setattr(
            torch.cuda, "is_bf16_supported", lambda including_emulation, has=has_units: has
        )
        assert choose_precision("auto", torch.device("cuda")) is found
        assert choose_precision("auto", torch.device("cpu")) is torch.float32
        assert choose_precision("float32", torch.device("cuda")) is torch.float32


@pytest.fixture
def convolutions() -> Iterator[Any]:
    """How torch computes convolutions on a GPU, put back after the test."""
    settings = torch.backends.cudnn.conv
    before = settings.fp32_precision
    yield settings
    settings.fp32_precision = before


def test_float32_on_a_cuda_gpu_is_not_rounded_to_tf32(convolutions: Any) -> None:
    convolutions.fp32_precision = "tf32"
    keep_float32(torch.device("cpu"))
    assert convolutions.fp32_precision == "tf32"
    keep_float32(torch.device("cuda"))
    assert convolutions.fp32_precision == "ieee"


def test_every_network_that_is_moved_keeps_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[torch.device] = []
    monkeypatch.setattr(build, "keep_float32", kept.append)
    build.place(torch.nn.Linear(1, 1), torch.device("meta"))
    assert kept == [torch.device("meta")]
