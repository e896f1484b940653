import base64
import io
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from lacunar.report.traits.explained import MOST_IMAGES, explained_page, where_it_looks
from lacunar.traits.model import TraitsModel
from lacunar.traits.predict.explainer import ExplainedImage, Explanation

HOSTILE = "<script>alert('x')</script>"


def answer(**changes: object) -> Explanation:
    heat_map = np.zeros((40, 24), np.float32)
    heat_map[:20] = 1
    usual = Explanation("torso_type", "long sleeve", 0.8125, abstain=False, heat_map=heat_map)
    return replace(usual, **changes)


def image(*answers: Explanation, name: str = "a.png", aspect: float = 0.6) -> ExplainedImage:
    pixels = np.zeros((40, 24, 3), np.uint8)
    pixels[..., 0] = 250
    return ExplainedImage(name, pixels, aspect, answers or (answer(),))


def pictures(page: str) -> list[np.ndarray]:
    found = re.findall(r'src="data:image/jpeg;base64,([^"]*)"', page)
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(one)))).astype(int) for one in found]


def captions(page: str) -> list[str]:
    return [
        re.sub(r"<[^>]*>", "", found)
        for found in re.findall(r"<figcaption>(.*?)</figcaption>", page)
    ]


def test_an_image_comes_first_as_it_is_then_pale_where_nothing_speaks(
    people_model: TraitsModel,
) -> None:
    itself, shown = pictures(explained_page(people_model, [image()], n_images=1))
    assert itself.shape == shown.shape == (144, 86, 3)
    assert np.abs(itself[10:-10, 10:-10] - (250, 0, 0)).max() < 12
    assert np.abs(shown[10:50, 10:-10] - (250, 0, 0)).max() < 12
    below = shown[-50:-10, 10:-10]
    assert below.min() > 180
    assert np.ptp(below, axis=2).max() < 12


def test_words_tell_the_answer_its_probability_and_whether_it_is_kept_back(
    people_model: TraitsModel,
) -> None:
    nowhere = np.zeros((40, 24), np.float32)
    shown = image(
        answer(),
        answer(attribute="coat", label="open", probability=0.25, abstain=True),
        answer(attribute="hat", label="on", heat_map=nowhere),
    )
    page = explained_page(people_model, [shown], n_images=1)
    assert captions(page) == [
        "the image",
        "torso type: long sleeve, 0.812",
        "coat: open, 0.250, kept back",
        "hat: on, 0.812; no place speaks for it",
    ]
    assert 'alt="coat: the image, pale where nothing speaks for open"' in page
    assert 'alt="hat: the image, pale all over"' in page


@pytest.mark.parametrize(
    ("aspect", "shape"), [(0.6, (144, 86)), (1.0, (144, 144)), (4.0, (48, 192)), (0.001, (144, 1))]
)
def test_pictures_have_the_aspect_people_know(
    people_model: TraitsModel, aspect: float, shape: tuple[int, int]
) -> None:
    page = explained_page(people_model, [image(aspect=aspect)], n_images=1)
    assert {picture.shape[:2] for picture in pictures(page)} == {shape}


def test_what_is_not_shown_is_counted(people_model: TraitsModel) -> None:
    images = [image(name=f"{n}.png") for n in range(MOST_IMAGES + 5)]
    page = explained_page(people_model, images, n_images=2000)
    assert page.count('<div class="look">') == MOST_IMAGES == 60
    assert "60 images, and the places" in page
    assert "Answers were given for 1,940 images more" in page
    alone = explained_page(people_model, images[:1], n_images=1)
    assert "1 image, and the places" in alone
    assert "Answers were given" not in alone


def test_a_page_stays_below_two_megabytes_however_noisy_many_and_long_the_answers(
    people_model: TraitsModel,
) -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (96, 192, 3), dtype=np.uint8)
    answers = tuple(
        answer(label="&" * 500, heat_map=rng.random((96, 192), np.float32)) for _ in range(8)
    )
    noisy = ExplainedImage("&" * 1000, pixels, 4 / 3, answers)
    page = explained_page(people_model, [noisy] * MOST_IMAGES, n_images=MOST_IMAGES)
    assert 1_600_000 < len(page.encode()) < 2_000_000
    shown = page.count('<div class="look">')
    assert 0 < shown < MOST_IMAGES
    assert f"Answers were given for {MOST_IMAGES - shown} images more" in page


def test_colours_that_no_map_shows_are_told_of_the_network_that_reads_them(
    people_model: TraitsModel,
) -> None:
    def told(**changes: object) -> bool:
        config = people_model.config.model_copy(update=changes)
        page = explained_page(replace(people_model, config=config), [image()], n_images=1)
        return "what an answer owes to those counts, no picture shows" in page

    assert told(network="stripes")
    assert not told(network="stripes", colours=False)
    assert not told(network="source")


def test_names_are_escaped_and_nothing_is_loaded_or_run(people_model: TraitsModel) -> None:
    hostile = image(answer(attribute=HOSTILE, label=HOSTILE), name=HOSTILE)
    page = explained_page(people_model, [hostile], n_images=1)
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 4
    assert set(re.findall(r'\ssrc="([^"]{10})', page)) == {"data:image"}
    assert not re.search(r"https?://|url\(|@import|<link|<iframe|<[^>]*\son\w+=", page)


def test_the_same_images_give_the_same_pictures(people_model: TraitsModel) -> None:
    one, other = (where_it_looks(people_model, [image()]) for _ in range(2))
    assert one == other
    assert [len(looks) for _, looks in one.images] == [2]
