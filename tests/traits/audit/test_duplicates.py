from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lacunar.datasets.people.sample import PeopleSample
from lacunar.traits.audit import duplicates
from lacunar.traits.audit.audited_images import AuditedImages
from lacunar.traits.audit.descriptors import mirrored
from lacunar.traits.audit.duplicates import (
    Duplicate,
    candidate_pairs,
    find_duplicates,
    groups_of,
)
from lacunar.traits.audit.findings import AuditFindings
from lacunar.traits.audit.image_measures import measure_images
from lacunar.traits.data.dataset import read_dataset
from lacunar.traits.data.schema import Attribute, Schema

SCHEMA = Schema((Attribute("coat", ("open", "closed")),), image_column="file")


def find(folder: Path, images: dict[str, Image.Image | bytes]) -> list[tuple[str, str, bool, bool]]:
    """Write images and find the copies among them: names, exact, mirrored."""
    for name, image in images.items():
        if isinstance(image, bytes):
            (folder / name).write_bytes(image)
        else:
            image.save(folder / name)
    rows = [f"{name},{i % 2}" for i, name in enumerate(images)]
    (folder / "coats.csv").write_text("\n".join(["file,coat", *rows]) + "\n")
    images = AuditedImages(read_dataset(folder, SCHEMA))
    return [
        (images.place(pair.first)[1], images.place(pair.second)[1], pair.exact, pair.mirrored)
        for pair in find_duplicates(images, measure_images(images))
    ]


@pytest.fixture
def person(flawed_people: PeopleSample) -> Image.Image:
    bad = {fault.filename for fault in flawed_people.truth.bad_images}
    part = flawed_people.train
    row = next(i for i, name in enumerate(part.filenames) if name not in bad)
    return Image.fromarray(part.images[row])


def test_equal_pixels_in_other_files_are_exact(tmp_path: Path, person: Image.Image) -> None:
    found = find(tmp_path, {"a.png": person, "b.bmp": person, "c.png": person})
    assert found == [("a.png", "b.bmp", True, False), ("a.png", "c.png", True, False)]


def test_copies_of_many_kinds_are_near(tmp_path: Path, person: Image.Image) -> None:
    pixels = np.asarray(person)
    copies = {
        "mirror.png": person.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        "small.png": person.resize((person.width // 2, person.height // 2)),
        "light.png": Image.fromarray((pixels * 0.9).astype(np.uint8)),
        "moved.png": Image.fromarray(np.pad(pixels, ((2, 0), (0, 1), (0, 0)), "edge")[:-2, 1:]),
    }
    for name, copy in copies.items():
        found = find(tmp_path, {"a.png": person, name: copy})
        assert found == [("a.png", name, False, name == "mirror.png")], name
    person.save(tmp_path / "poor.jpg", quality=40)
    poor = (tmp_path / "poor.jpg").read_bytes()
    assert find(tmp_path, {"a.png": person, "poor.jpg": poor})[0][:2] == ("a.png", "poor.jpg")


def test_flat_images_of_other_greys_are_no_copies(tmp_path: Path) -> None:
    greys = {f"{grey}.png": Image.new("RGB", (20, 40), (grey,) * 3) for grey in (9, 10, 11)}
    assert find(tmp_path, greys) == []


def test_planted_copies_are_found_within_and_across_parts(
    flawed_findings: AuditFindings, flawed_people: PeopleSample
) -> None:
    place = flawed_findings.images.place
    found = {
        frozenset((place(pair.first), place(pair.second))): pair.exact
        for pair in flawed_findings.duplicates
    }
    planted = {
        frozenset((pair.first, pair.second)): pair.exact for pair in flawed_people.truth.duplicates
    }
    assert found == planted
    across = {pair for pair in planted if len({part for part, _ in pair}) == 2}
    assert {
        frozenset((place(pair.first), place(pair.second))) for pair in flawed_findings.across
    } == across


@pytest.mark.parametrize("block", [3, 1000])
def test_alike_pairs_are_those_of_the_whole_product(
    monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(duplicates, "_BLOCK", block)
    rng = np.random.default_rng(0)
    base = rng.normal(size=(7, 64))
    rows = np.concatenate([base, base[:4] + 0.3 * rng.normal(size=(4, 64)), mirrored(base[4:5])])
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    expected = set()
    for turned, others in ((False, rows), (True, mirrored(rows))):
        product = rows @ others.T
        expected |= {
            (i, j, turned)
            for i in range(len(rows))
            for j in range(i + 1, len(rows))
            if product[i, j] >= 0.8
        }
    assert {(4, 11, True), (0, 7, False)} <= expected
    assert candidate_pairs(rows) == sorted(expected)


def test_crowds_of_copies_stay_few_pairs_and_one_group() -> None:
    rng = np.random.default_rng(0)
    rows = np.ones((300, 64)) + 0.05 * rng.normal(size=(300, 64))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    pairs = [pair for pair in candidate_pairs(rows) if not pair[2]]
    assert len(pairs) <= 300 * 10
    found = tuple(Duplicate(i, j, False, False, 0.99) for i, j, _ in pairs)
    assert len(set(groups_of(found, 300).tolist())) == 1


def test_images_without_copies_are_groups_of_one() -> None:
    assert groups_of((), 3).tolist() == [0, 1, 2]
