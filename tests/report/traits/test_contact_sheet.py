import base64
import io
import re

import numpy as np
from PIL import Image

from lacunar.report.traits.contact_sheet import contact_sheet


def picture(markup: str) -> Image.Image:
    found = re.search(r'src="data:image/jpeg;base64,([^"]*)"', markup)
    assert found
    return Image.open(io.BytesIO(base64.b64decode(found[1])))


def test_images_lie_in_their_rows_and_columns() -> None:
    images = np.zeros((2, 3, 16, 8, 3), np.uint8)
    images[0, 0, ..., 0] = images[1, 2, ..., 2] = 250
    sheet = np.asarray(picture(contact_sheet(images, alt="x"))).astype(int)
    assert sheet.shape == (36, 44, 3)
    assert np.abs(sheet[8, 4] - (250, 0, 0)).max() < 20
    assert np.abs(sheet[-8, -4] - (0, 0, 250)).max() < 20
    assert sheet[8, 12].min() > 230


def test_what_it_shows_is_said_in_words_and_escaped() -> None:
    markup = contact_sheet(np.zeros((1, 1, 8, 8, 3), np.uint8), alt='"><script>')
    assert 'alt="&#34;&gt;&lt;script&gt;"' in markup
    assert 'width="8" height="8"' in markup
