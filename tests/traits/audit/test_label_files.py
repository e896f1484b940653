from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from lacunar.errors import InputError
from lacunar.traits.audit.label_files import relabelled_csv
from lacunar.traits.data.dataset import LabelledImages, read_dataset
from lacunar.traits.data.schema import Attribute, Schema

SCHEMA = Schema(
    (Attribute("coat", ("open", "closed")), Attribute("hat", ("off", "on"), "hat_on")),
    image_column="file",
    images="photos",
)
TEXT = (
    'note,file, coat ,hat_on\r\n"a, ""b""",a.png, open ,1\r\n\r\n'
    "x,b.png,closed,-1\nlong\u2028line,./a.png,,1\ny,c.png,,0"
)


@pytest.fixture
def before(tmp_path: Path) -> LabelledImages:
    (tmp_path / "photos").mkdir()
    for name in ("a.png", "b.png", "c.png"):
        (tmp_path / "photos" / name).touch()
    path = tmp_path / "coats.csv"
    path.write_bytes(TEXT.encode())
    return read_dataset(path, SCHEMA)


def changed(before: LabelledImages, row: int, attribute: int, label: int) -> LabelledImages:
    labels = before.labels.copy()
    labels[row, attribute] = label
    return replace(before, labels=labels)


def test_without_a_change_the_file_is_the_same_to_the_letter(before: LabelledImages) -> None:
    assert relabelled_csv(before, before) == TEXT
    assert before.source is not None
    before.source.write_bytes(b"\xef\xbb\xbf" + TEXT.encode())
    assert relabelled_csv(before, before) == "\ufeff" + TEXT


def test_only_changed_cells_change_names_where_there_were_names(before: LabelledImages) -> None:
    assert relabelled_csv(before, changed(before, 1, 0, 0)) == TEXT.replace(
        "b.png,closed,-1", "b.png,open,-1"
    )
    assert relabelled_csv(before, changed(before, 1, 1, 0)) == TEXT.replace(
        "b.png,closed,-1", "b.png,closed,0"
    )
    assert relabelled_csv(before, changed(before, 2, 1, -1)) == TEXT.replace(
        "c.png,,0", "c.png,,-1"
    )


def test_every_row_of_an_image_changes(before: LabelledImages) -> None:
    after = changed(before, 0, 0, 1)
    assert relabelled_csv(before, after) == TEXT.replace(
        "a.png, open ,1", "a.png,closed,1"
    ).replace("./a.png,,1", "./a.png,closed,1")


def test_what_is_written_reads_as_what_was_meant(before: LabelledImages) -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        after = replace(before, labels=rng.integers(-1, 2, before.labels.shape))
        if (after.labels == -1).all(axis=0).any():
            continue
        path = before.source.with_name("new.csv")
        path.write_text(relabelled_csv(before, after), newline="")
        np.testing.assert_array_equal(read_dataset(path, SCHEMA).labels, after.labels)


def test_images_of_a_frame_have_no_label_file(before: LabelledImages, tmp_path: Path) -> None:
    frame = pa.table({"file": ["a.png"], "coat": ["open"], "hat_on": [1]})
    images = LabelledImages.from_frame(frame, SCHEMA, root=tmp_path)
    with pytest.raises(InputError, match=r"^before: expected images of a CSV file, got images of"):
        relabelled_csv(images, images)
