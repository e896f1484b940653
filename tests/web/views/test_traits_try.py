from __future__ import annotations

import numpy as np

from lacunar.traits.json_schema import Answer, BrokenImage
from lacunar.traits.predict.explainer import ExplainedImage, Explanation
from lacunar.web.traits_service import AnsweredImage
from lacunar.web.views.traits_try import try_view

PIXELS = np.full((20, 10, 3), 90, np.uint8)
BROKEN: BrokenImage = {"image": "b.png", "reason": "b.png: torn"}


def told(*, places: bool, abstain: bool = False) -> AnsweredImage:
    answer: Answer = {
        "label": "closed",
        "probability": 0.7,
        "abstain": abstain,
        "probabilities": {"open": 0.05, "closed": 0.7, "none": 0.2, "torn": 0.001, "old": 0.049},
    }
    where = Explanation("coat_kind", "closed", 0.7, abstain, np.zeros((20, 10), np.float32))
    image = ExplainedImage("<a>.png", PIXELS, 0.5, (where,) if places else ())
    return AnsweredImage({"image": "<a>.png", "attributes": {"coat_kind": answer}}, image)


def test_an_answer_comes_with_its_probability_and_the_next_classes() -> None:
    view = try_view([told(places=False)], (0.6,))
    (answer,) = view.images[0].answers
    assert (answer.attribute, answer.label, answer.meter) == ("coat kind", "closed", "0.700")
    assert answer.others == "none 20\N{NO-BREAK SPACE}%, open 5\N{NO-BREAK SPACE}%"
    assert (view.places, answer.look) == (False, None)


def test_broken_images_stand_apart() -> None:
    view = try_view([told(places=False), BROKEN, told(places=False)], (0.6,))
    assert (len(view.images), view.broken) == (2, (BROKEN,))
    assert try_view([BROKEN], (0.6,)).images == ()


def test_places_come_as_a_picture_that_says_whether_there_are_any() -> None:
    view = try_view([told(places=True)], (0.6,))
    (answer,) = view.images[0].answers
    assert view.places
    assert answer.look is not None
    assert not answer.look.found
    assert 'src="data:image/jpeg' in answer.look.picture


def test_an_answer_that_is_kept_back_says_under_which_probability() -> None:
    (one,) = try_view([told(places=False, abstain=True)], (0.8,)).images[0].answers
    assert (one.abstain, one.threshold) == (True, "0.800")


def test_hostile_names_are_escaped_in_pictures() -> None:
    picture = try_view([told(places=False)], (0.6,)).images[0].picture
    assert "&lt;a&gt;.png" in picture
    assert "<a>" not in picture
