import csv
import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.neighbors import KNeighborsClassifier

from lacunar.datasets.people import camera
from lacunar.datasets.people.canvas import Canvas
from lacunar.datasets.people.labels import COLUMNS
from lacunar.datasets.people.look import PART
from lacunar.datasets.people.sample import sample_people, write_people
from lacunar.errors import InputError

SMALL = {"n_train": 12, "n_test": 6, "seed": 5}
# The published counts; training and validation pictures together make the training part.
COUNTS = {
    "train": {
        "gender": {-1: 3, 0: 295, 1: 222},
        "tortyp": {0: 219, 1: 301},
        "torcol": {-1: 4, 0: 140, 1: 39, 2: 27, 3: 21, 4: 83, 5: 7, 6: 22, 7: 21, 8: 22, 9: 122,
                   10: 12},
        "legtyp": {0: 356, 1: 164},
        "legcol": {-1: 6, 0: 210, 1: 154, 2: 43, 3: 5, 4: 61, 5: 3, 6: 5, 8: 3, 9: 25, 10: 5},
        "luggage": {0: 308, 1: 212},
    },
    "test": {
        "gender": {-1: 8, 0: 98, 1: 90},
        "tortyp": {0: 75, 1: 121},
        "torcol": {0: 51, 1: 23, 2: 12, 3: 9, 4: 21, 5: 5, 6: 7, 7: 5, 8: 19, 9: 35, 10: 9},
        "legtyp": {0: 114, 1: 82},
        "legcol": {0: 69, 1: 63, 2: 8, 3: 7, 4: 27, 6: 6, 7: 2, 9: 13, 10: 1},
        "luggage": {-1: 9, 0: 126, 1: 61},
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def drawn():
    """The default sample, and the body part that each pixel of its pictures shows."""
    canvases = []

    class RecordedCanvas(Canvas):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            canvases.append(self.parts)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(camera, "Canvas", RecordedCanvas)
        sample = sample_people()
    images = [*sample.train.images, *sample.test.images]
    pairs = zip(canvases, images, strict=True)
    return sample, [parts[middles(parts, image)] for parts, image in pairs]


def middles(parts, image):
    """Rows and columns of a canvas in the middle of each pixel of a picture."""
    zoom = parts.shape[0] // image.shape[0]
    return np.ix_(*(np.arange(n) * zoom + zoom // 2 for n in image.shape[:2]))


@pytest.fixture(scope="module")
def sample(drawn):
    return drawn[0]


@pytest.fixture(scope="module")
def masks(drawn):
    """For a part of the sample and a body part, where each picture shows it."""
    sample, parts = drawn
    n = len(sample.train.images)
    of = {"train": parts[:n], "test": parts[n:]}
    return lambda part, name: [picture == PART[name] for picture in of[part]]


@pytest.fixture(scope="module")
def planted():
    return sample_people(n_train=60, n_test=24, wrong_labels=8, bad_images=12, duplicates=8, seed=3)


def column(part, name):
    return part.labels[:, COLUMNS.index(name)]


def find(sample, part, filename):
    """The image and the labels of a file."""
    home = getattr(sample, part)
    row = home.filenames.index(filename)
    return home.images[row], home.labels[row]


def test_every_class_comes_as_often_as_published(sample):
    for part, columns in COUNTS.items():
        for name, counts in columns.items():
            classes, found = np.unique(column(getattr(sample, part), name), return_counts=True)
            assert dict(zip(classes.tolist(), found.tolist(), strict=True)) == counts


def test_parts_are_aligned_and_share_no_filename(sample):
    for part, n in ((sample.train, 520), (sample.test, 196)):
        assert part.labels.shape == (n, 6)
        assert part.labels.dtype == np.int64
        assert len(part.filenames) == len(part.images) == n
    assert len({*sample.train.filenames, *sample.test.filenames}) == 716


def test_pictures_vary_in_size_as_cut_out_people_do(sample):
    heights, widths = np.array([image.shape[:2] for image in sample.train.images]).T
    assert heights.min() >= 63
    assert heights.max() <= 384
    assert widths.min() >= 29
    assert widths.max() <= 251
    assert len({*zip(heights.tolist(), widths.tolist(), strict=True)}) > 100
    usual = (heights >= 100) & (heights <= 160) & (widths >= 45) & (widths <= 80)
    assert usual.mean() > 0.5


def test_pictures_are_distinct_and_neither_dark_nor_blown_out(sample):
    images = [*sample.train.images, *sample.test.images]
    assert all(image.dtype == np.uint8 and image.ndim == 3 for image in images)
    assert len({image.tobytes() for image in images}) == 716
    means = np.array([image.mean() for image in images])
    assert means.min() > 15
    assert means.max() < 235


def test_a_person_fills_a_good_part_of_a_picture(drawn):
    heights = [(picture > 0).any(axis=1).mean() for picture in drawn[1][:520]]
    assert np.mean(heights) > 0.85


def test_torso_and_legs_are_seen_on_everyone(masks):
    for name in ("torso", "legs"):
        assert all(mask.any() for mask in masks("train", name))


def test_luggage_is_seen_where_the_label_says_so(sample, masks):
    for part in ("train", "test"):
        seen = np.array([mask.any() for mask in masks(part, "luggage")])
        np.testing.assert_array_equal(seen, column(getattr(sample, part), "luggage") == 1)


def test_more_skin_shows_where_labels_say_short(sample, masks):
    for label, skin in (("tortyp", "skin_arms"), ("legtyp", "skin_legs")):
        share = np.array([mask.mean() for mask in masks("train", skin)])
        short = column(sample.train, label) == 1
        assert np.median(share[short]) > 2 * np.median(share[~short])


@pytest.mark.parametrize(("label", "garment"), [("torcol", "torso"), ("legcol", "legs")])
def test_the_mean_colour_of_most_garments_matches_the_label(sample, masks, label, garment):
    def mean_colours(part):
        pairs = zip(getattr(sample, part).images, masks(part, garment), strict=True)
        return np.array([image[mask].mean(axis=0) for image, mask in pairs])

    train, test = column(sample.train, label), column(sample.test, label)
    known = train >= 0
    model = KNeighborsClassifier(5).fit(mean_colours("train")[known], train[known])
    right = model.predict(mean_colours("test")) == test
    assert 0.7 < right.mean() < 0.99


def test_garments_of_unknown_colour_have_several_colours(sample, masks):
    legs = masks("train", "legs")

    def spread(row):
        image, mask = sample.train.images[row], legs[row]
        return image[mask].std(axis=0).sum()

    labels = column(sample.train, "legcol")
    unknown, plain = (np.flatnonzero(rows) for rows in (labels == -1, labels == 1))
    assert np.median([spread(row) for row in unknown]) > 1.5 * np.median(
        [spread(row) for row in plain]
    )


def test_people_of_unknown_gender_show_no_face_and_no_long_hair(sample, masks):
    faces = masks("test", "skin_face")
    for row in np.flatnonzero(column(sample.test, "gender") == -1):
        assert faces[row].mean() < 0.012


def test_the_same_seed_gives_the_same_sample_and_another_seed_another():
    first, again, other = (
        sample_people(**SMALL),
        sample_people(**SMALL),
        sample_people(**(SMALL | {"seed": 6})),
    )
    for part in ("train", "test"):
        one, two, three = (getattr(sample, part) for sample in (first, again, other))
        assert one.filenames == two.filenames
        np.testing.assert_array_equal(one.labels, two.labels)
        for a, b in zip(one.images, two.images, strict=True):
            np.testing.assert_array_equal(a, b)
        assert [image.tobytes() for image in one.images] != [i.tobytes() for i in three.images]


def test_pixels_and_labels_are_those_of_every_machine():
    sample = sample_people(n_train=4, n_test=2, seed=5)
    digest = hashlib.sha256()
    for part in (sample.train, sample.test):
        digest.update(part.labels.astype("<i8").tobytes())
        for image in part.images:
            digest.update(image.tobytes())
    # From NumPy 2.1 and 2.4, with and without AVX; to be replaced when the drawing changes.
    assert digest.hexdigest() == "c1ea3b189e2f06de0290f15ab0a615fcb3e8e6383e090e677ba5a8302f2ce2c9"


def test_small_samples_keep_the_proportions():
    part = sample_people(n_train=52, n_test=1).train
    assert np.bincount(column(part, "luggage")).tolist() == [31, 21]
    assert np.bincount(column(part, "legtyp")).tolist() == [36, 16]


def test_no_faults_are_planted_by_default(sample):
    assert sample.truth.wrong_labels == ()
    assert sample.truth.bad_images == ()
    assert sample.truth.duplicates == ()


def test_planted_labels_are_wrong_and_recorded(planted):
    assert len(planted.truth.wrong_labels) == 8
    for wrong in planted.truth.wrong_labels:
        _, labels = find(planted, wrong.part, wrong.filename)
        assert labels[COLUMNS.index(wrong.column)] == wrong.given != wrong.true
        assert wrong.given >= 0
        assert wrong.true >= 0


def test_wrong_labels_change_no_picture():
    clean, wrong = sample_people(**SMALL), sample_people(**SMALL, wrong_labels=18)
    for part in ("train", "test"):
        one, two = getattr(clean, part), getattr(wrong, part)
        assert ((one.labels != two.labels).sum(axis=1) == 1).all()
        for a, b in zip(one.images, two.images, strict=True):
            np.testing.assert_array_equal(a, b)


def test_flaws_can_be_measured(planted):
    flaws = {}
    for bad in planted.truth.bad_images:
        flaws.setdefault(bad.flaw, []).append(find(planted, bad.part, bad.filename)[0])
    marked = {(bad.part, bad.filename) for bad in planted.truth.bad_images}
    good = [
        image
        for part in ("train", "test")
        for name, image in zip(
            getattr(planted, part).filenames, getattr(planted, part).images, strict=True
        )
        if (part, name) not in marked
    ]
    assert {flaw: len(images) for flaw, images in flaws.items()} == dict.fromkeys(
        ("dark", "blown_out", "blurred", "low_contrast", "tiny", "off_aspect"), 2
    )

    def steepness(image):
        return np.abs(np.diff(image.astype(float).mean(axis=2), axis=0)).mean()

    assert max(i.mean() for i in flaws["dark"]) < min(i.mean() for i in good)
    assert min(i.mean() for i in flaws["blown_out"]) > max(i.mean() for i in good)
    assert max(i.std() for i in flaws["low_contrast"]) < min(i.std() for i in good)
    assert max(map(steepness, flaws["blurred"])) < np.quantile([*map(steepness, good)], 0.02)
    assert max(i.shape[0] for i in flaws["tiny"]) < min(i.shape[0] for i in good)
    assert all(i.shape[1] == 2 * i.shape[0] for i in flaws["off_aspect"])


def test_duplicates_show_one_picture_twice_within_and_across_the_parts(planted):
    kinds = set()
    for pair in planted.truth.duplicates:
        (a, labels_a), (b, labels_b) = find(planted, *pair.first), find(planted, *pair.second)
        np.testing.assert_array_equal(labels_a, labels_b)
        assert a.shape == b.shape
        assert np.array_equal(a, b) == pair.exact
        middle_a, middle_b = a[4:-4, 4:-4].astype(float), b[4:-4, 4:-4].astype(float)
        assert np.corrcoef(middle_a.ravel(), middle_b.ravel())[0, 1] > 0.6
        kinds.add((pair.exact, pair.first[0] == pair.second[0]))
    assert kinds == {(True, True), (True, False), (False, True), (False, False)}


def test_no_picture_has_two_faults(planted):
    places = [
        *((wrong.part, wrong.filename) for wrong in planted.truth.wrong_labels),
        *((bad.part, bad.filename) for bad in planted.truth.bad_images),
        *(place for pair in planted.truth.duplicates for place in (pair.first, pair.second)),
    ]
    assert len(set(places)) == len(places) == 8 + 12 + 16


def test_only_planted_duplicates_are_equal(planted):
    images = [image.tobytes() for part in ("train", "test") for image in
              getattr(planted, part).images]  # fmt: skip
    assert len(images) - len(set(images)) == sum(d.exact for d in planted.truth.duplicates)


def test_files_hold_the_sample(tmp_path):
    sample = sample_people(**SMALL)
    write_people(sample, tmp_path / "new")
    names = {str(path.relative_to(tmp_path / "new")) for path in tmp_path.rglob("*.*")}
    assert len(names) == 2 + 18
    for part, home in ((sample.train, "Train"), (sample.test, "Test")):
        folder = tmp_path / "new" / f"{home}_Data"
        with (folder / f"{home}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        assert rows[0] == ["filename", *COLUMNS]
        assert [row[0] for row in rows[1:]] == list(part.filenames)
        np.testing.assert_array_equal(np.array(rows[1:])[:, 1:].astype(int), part.labels)
        for name, image in zip(part.filenames, part.images, strict=True):
            np.testing.assert_array_equal(read_image(folder / "Originals" / name), image)


def read_image(path: Path):
    with Image.open(path) as image:
        return np.asarray(image)


def test_the_same_sample_writes_the_same_bytes(tmp_path):
    for folder in ("first", "again"):
        write_people(sample_people(n_train=3, n_test=2), tmp_path / folder)
    for path in (tmp_path / "again").rglob("*.*"):
        first = tmp_path / "first" / path.relative_to(tmp_path / "again")
        assert first.read_bytes() == path.read_bytes()
    text = (tmp_path / "first" / "Train_Data" / "Train.csv").read_bytes()
    assert text.startswith(b"filename,gender,tortyp,torcol,legtyp,legcol,luggage\nperson_0001.png,")
    assert text.endswith(b"\n")
    assert b"\r" not in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_train": 0}, "n_train: expected at least 1, got 0"),
        ({"n_test": -1}, "n_test: expected at least 1, got -1"),
        ({"wrong_labels": -1}, "wrong_labels: expected 0 or more, got -1"),
        ({"bad_images": -2}, "bad_images: expected 0 or more, got -2"),
        ({"duplicates": -3}, "duplicates: expected 0 or more, got -3"),
        ({"wrong_labels": 9, "duplicates": 5}, "at most 18 pictures, .* got faults for 19"),
        ({"seed": -1}, "seed: expected 0 or more, got -1"),
        ({"evenness": 1.5}, "expected an evenness from 0 to 1, got 1.5"),
    ],
)
def test_bad_sizes_are_refused_in_one_sentence(options, message):
    with pytest.raises(InputError, match=message):
        sample_people(**(SMALL | options))
