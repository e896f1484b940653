from pathlib import Path

import numpy as np
import pytest

from lacunar.errors import InputError
from lacunar.traits.audit.audited_images import AuditedImages
from lacunar.traits.data.dataset import read_dataset, read_layout
from lacunar.traits.data.schema import Attribute, Schema


def test_images_are_numbered_through_the_parts(people_directory: Path) -> None:
    train, test = read_layout(people_directory)
    assert test is not None
    images = AuditedImages(train, test)
    assert len(images) == 36
    assert (images.place(0), images.place(23)) == (
        ("train", train.names[0]),
        ("train", train.names[23]),
    )
    assert (images.place(24), images.picture(35)) == (("test", test.names[0]), test.paths[11])
    assert images.where(24) == test.where(0)
    assert images.in_test.tolist() == [False] * 24 + [True] * 12
    np.testing.assert_array_equal(images.labels, np.concatenate([train.labels, test.labels]))
    assert len(AuditedImages(train)) == 24


def test_parts_of_other_attributes_are_refused(people_directory: Path) -> None:
    train = read_dataset(people_directory)
    other = Schema(
        (Attribute("gender", ("man", "woman")),), image_column="filename", images="Originals"
    )
    test = read_dataset(people_directory, other, part="test")
    with pytest.raises(InputError, match="expected the attributes and classes of"):
        AuditedImages(train, test)
