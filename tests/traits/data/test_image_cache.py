from __future__ import annotations

import hashlib
import json
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lacunar.errors import InputError
from lacunar.traits.data import image_cache
from lacunar.traits.data.dataset import LabelledImages, read_dataset, read_layout
from lacunar.traits.data.image_array import ImageArray
from lacunar.traits.data.image_cache import default_cache_dir, load_images, open_images
from lacunar.traits.data.images import content_box, fit_into, read_image
from lacunar.traits.data.schema import Attribute, Schema

SCHEMA = Schema((Attribute("coat", ("open", "closed")),), image_column="file")


def write(folder: Path, n: int = 150) -> Path:
    """Write a data set of n noisy images, more than a block of them."""
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(0)
    rows = ["file,coat"]
    for i in range(n):
        size = (*rng.integers(8, 40, 2), 3)
        Image.fromarray(rng.integers(0, 256, size, np.uint8)).save(folder / f"{i}.png")
        rows.append(f"{i}.png,{i % 2}")
    (folder / "coats.csv").write_text("\n".join(rows) + "\n")
    return folder


@pytest.fixture
def dataset(tmp_path: Path) -> LabelledImages:
    return read_dataset(write(tmp_path / "data"), SCHEMA)


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., ImageArray]:
    def load(dataset: LabelledImages, height: int = 20, width: int = 12) -> ImageArray:
        return load_images(dataset, height=height, width=width, cache_dir=tmp_path / "cache")

    return load


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The paths of the images that were decoded."""
    paths: list[Path] = []

    def spy(path: Path, *, where: str | None = None) -> np.ndarray:
        paths.append(path)
        return read_image(path, where=where)

    monkeypatch.setattr(image_cache, "read_image", spy)
    return paths


def test_every_image_is_fitted_in_its_place(
    dataset: LabelledImages, load: Callable[..., ImageArray]
) -> None:
    images = load(dataset)
    rows = np.arange(len(dataset))
    expected = [fit_into(read_image(path), 20, 12) for path in dataset.paths]
    assert images.pixels.shape == (150, 20, 12, 3)
    assert isinstance(images.pixels, np.memmap)
    assert np.array_equal(images.read(rows), expected)


def test_images_are_decoded_once(
    dataset: LabelledImages, load: Callable[..., ImageArray], decoded: list[Path]
) -> None:
    first = load(dataset)
    assert sorted(decoded) == sorted(dataset.paths)
    again = load(dataset)
    assert len(decoded) == len(dataset)
    assert (again.key, again.pixels.tobytes()) == (first.key, first.pixels.tobytes())


def test_the_same_content_in_another_folder_is_the_same_array(
    tmp_path: Path, dataset: LabelledImages, load: Callable[..., ImageArray], decoded: list[Path]
) -> None:
    first = load(dataset)
    (tmp_path / "data").rename(tmp_path / "moved")
    assert load(read_dataset(tmp_path / "moved", SCHEMA)).key == first.key
    assert len(decoded) == len(dataset)


def test_other_content_order_size_or_preparation_is_another_array(
    dataset: LabelledImages,
    load: Callable[..., ImageArray],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keys = [load(dataset).key, load(dataset, height=21).key, load(dataset, width=13).key]
    header, first, second, *rest = dataset.source.read_text().splitlines()
    dataset.source.write_text("\n".join([header, second, first, *rest]))
    keys.append(load(read_dataset(dataset.source, SCHEMA)).key)
    Image.new("RGB", (30, 30)).save(dataset.paths[70])
    keys.append(load(dataset).key)
    monkeypatch.setattr(image_cache, "_PREPROCESSING", 0)
    keys.append(load(dataset).key)
    assert len(set(keys)) == len(keys)


def test_labels_may_change_without_decoding(
    dataset: LabelledImages, load: Callable[..., ImageArray], decoded: list[Path]
) -> None:
    first = load(dataset)
    dataset.source.write_text(dataset.source.read_text().replace(",1", ","))
    assert load(read_dataset(dataset.source, SCHEMA)).key == first.key
    assert len(decoded) == len(dataset)


@pytest.mark.parametrize("name", ["pixels.npy", "manifest.json"])
@pytest.mark.parametrize("damage", ["flipped", "truncated", "empty", "missing", "of another kind"])
def test_a_damaged_array_is_built_anew(
    tmp_path: Path,
    load: Callable[..., ImageArray],
    name: str,
    damage: str,
) -> None:
    dataset = read_dataset(write(tmp_path / "data", 5), SCHEMA)
    sound = load(dataset)
    file = tmp_path / "cache" / sound.key / name
    content = file.read_bytes()
    if damage == "missing":
        file.unlink()
    else:
        changed = bytearray(content)
        changed[-5] ^= 1
        file.write_bytes({
            "flipped": bytes(changed),
            "truncated": content[: len(content) // 2],
            "empty": b"",
            "of another kind": b"[1]",
        }[damage])  # fmt: skip
    load(dataset)
    assert file.read_bytes() == content


def test_an_array_of_an_earlier_version_is_built_anew(
    tmp_path: Path, load: Callable[..., ImageArray], decoded: list[Path]
) -> None:
    dataset = read_dataset(write(tmp_path / "data", 5), SCHEMA)
    folder = tmp_path / "cache" / load(dataset).key
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "boxes.npy").touch()
    old = {"pixels.npy": manifest["pixels.npy"], "boxes.npy": hashlib.sha256(b"").hexdigest()}
    (folder / "manifest.json").write_text(json.dumps(old))
    load(dataset)
    assert len(decoded) == 10
    assert json.loads((folder / "manifest.json").read_text()) == manifest


def test_body_part_maps_are_ignored(
    tmp_path: Path, dataset: LabelledImages, load: Callable[..., ImageArray]
) -> None:
    schema = replace(SCHEMA, maps="maps", parts=("hem",))
    (tmp_path / "data" / "maps").mkdir()
    (tmp_path / "data" / "maps" / "0_hem.png").touch()
    with_maps = read_dataset(tmp_path / "data", schema)
    assert load(with_maps).key == load(dataset).key


def test_an_array_is_complete_or_absent(
    tmp_path: Path,
    dataset: LabelledImages,
    load: Callable[..., ImageArray],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(path: Path, *, where: str | None = None) -> np.ndarray:
        if path == dataset.paths[100]:
            raise KeyboardInterrupt
        return read_image(path, where=where)

    monkeypatch.setattr(image_cache, "read_image", interrupted)
    with pytest.raises(KeyboardInterrupt):
        load(dataset)
    assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file()] == []
    monkeypatch.undo()
    assert len(load(dataset)) == 150
    names = sorted(path.name for path in (tmp_path / "cache").rglob("*") if path.is_file())
    assert names == ["manifest.json", "pixels.npy"]


def test_images_that_change_while_they_are_read_are_refused(
    dataset: LabelledImages, load: Callable[..., ImageArray], monkeypatch: pytest.MonkeyPatch
) -> None:
    def changing(path: Path, *, where: str | None = None) -> np.ndarray:
        if path == dataset.paths[9]:
            Image.new("RGB", (30, 30)).save(path)
        return read_image(path, where=where)

    before = dataset.paths[9].read_bytes()
    monkeypatch.setattr(image_cache, "read_image", changing)
    with pytest.raises(InputError, match="got some that changed while they were read"):
        load(dataset)
    monkeypatch.undo()
    dataset.paths[9].write_bytes(before)
    expected = fit_into(read_image(dataset.paths[9]), 20, 12)
    assert np.array_equal(load(dataset).pixels[9], expected)


def load_in_process(data: Path, cache_dir: Path) -> bytes:
    dataset = read_dataset(data, SCHEMA)
    images = load_images(dataset, height=20, width=12, cache_dir=cache_dir)
    return images.read(np.arange(len(images))).tobytes()


def test_processes_may_build_the_same_array_at_once(
    tmp_path: Path, dataset: LabelledImages, load: Callable[..., ImageArray]
) -> None:
    shared = tmp_path / "shared"
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        jobs = [pool.submit(load_in_process, tmp_path / "data", shared) for _ in range(4)]
        found = {job.result() for job in jobs}
    assert found == {load(dataset).read(np.arange(150)).tobytes()}
    assert len([path for path in shared.rglob("*") if path.is_file()]) == 2


def test_progress_ends_with_all_images(dataset: LabelledImages, tmp_path: Path) -> None:
    reported: list[tuple[int, int]] = []
    load_images(
        dataset,
        height=20,
        width=12,
        cache_dir=tmp_path,
        progress=lambda done, total: reported.append((done, total)),
    )
    assert reported == sorted(reported)
    assert reported[-1] == (150, 150)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"hello", "expected a JPEG, PNG, WEBP or BMP image, got another kind of file or a broken"),
        (None, "expected a readable file, got: No such file or directory"),
    ],
)
def test_a_bad_image_is_named_with_its_line(
    dataset: LabelledImages,
    load: Callable[..., ImageArray],
    content: bytes | None,
    sentence: str,
) -> None:
    for row in (140, 80):
        if content is None:
            dataset.paths[row].unlink()
        else:
            dataset.paths[row].write_bytes(content)
    with pytest.raises(InputError) as caught:
        load(dataset)
    first = f"{dataset.source}, line 82, column file, 80.png: {sentence}"
    if content is None:
        assert str(caught.value).startswith(first)
    else:
        assert str(caught.value).startswith(
            f"expected images that can be read, got 2 errors: {first}"
        )
        assert f"; {dataset.source}, line 142, column file, 140.png: " in str(caught.value)


def test_many_bad_images_are_counted_and_nothing_is_kept(
    dataset: LabelledImages, tmp_path: Path
) -> None:
    for path in dataset.paths[20:33]:
        path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(InputError) as caught:
        load_images(dataset, height=20, width=12, cache_dir=tmp_path / "cache")
    message = str(caught.value)
    assert message.startswith("expected images that can be read, got 13 errors: ")
    assert "29.png: " in message
    assert "30.png" not in message
    assert message.endswith("; and 3 more")
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_a_cache_that_cannot_be_written_gets_one_sentence(
    tmp_path: Path, dataset: LabelledImages
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError) as caught:
        load_images(dataset, height=20, width=12, cache_dir=tmp_path / "file")
    assert "expected a place for decoded images, got: Not a directory" in str(caught.value)
    assert "LACUNAR_CACHE" in str(caught.value)


def test_images_that_are_not_in_the_cache_get_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="abc: expected images that another process has decoded"):
        open_images("abc", cache_dir=tmp_path)


def test_the_cache_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LACUNAR_CACHE", "/somewhere")
    assert default_cache_dir() == Path("/somewhere")
    monkeypatch.delenv("LACUNAR_CACHE")
    assert default_cache_dir() == Path.home() / ".cache" / "lacunar"


@pytest.mark.realdata
def test_the_real_images_fit_100_by_60(real_people: Path, tmp_path: Path) -> None:
    for dataset, n in zip(read_layout(real_people), (520, 196), strict=True):
        assert dataset is not None
        images = load_images(dataset, height=100, width=60, cache_dir=tmp_path)
        assert images.pixels.shape == (n, 100, 60, 3)
        for path, pixels in zip(dataset.paths, images.read(np.arange(n)), strict=True):
            height, width = read_image(path).shape[:2]
            top, left, bottom, right = content_box(height, width, 100, 60)
            assert bottom - top == 100 or right - left == 60
            pixels[top:bottom, left:right] = 0
            assert not pixels.any()
