import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from lacunar.report.traits.thumbnails import thumbnail


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [(256, 96, (48, 128)), (20, 8, (51, 128)), (100, 400, (160, 40)), (9, 900, (160, 2))],
)
def test_an_image_fills_the_frame_one_way(
    height: int, width: int, expected: tuple[int, int]
) -> None:
    markup = str(thumbnail(np.full((height, width, 3), 200, np.uint8), alt='A "B"'))
    encoded = re.search(r"base64,([^\"]*)", markup)
    assert encoded is not None
    with Image.open(io.BytesIO(base64.b64decode(encoded[1]))) as image:
        assert (image.format, image.size) == ("JPEG", expected)
        assert np.abs(np.asarray(image).astype(int) - 200).max() <= 3
    assert f'width="{expected[0]}" height="{expected[1]}"' in markup
    assert 'alt="A &#34;B&#34;"' in markup
