"""The audit of real crops, as far as it needs no network."""

from __future__ import annotations

from pathlib import Path

import pytest

from lacunar.traits.audit.findings import audit_images
from lacunar.traits.data.dataset import read_layout

pytestmark = pytest.mark.realdata


def test_few_real_crops_are_flagged_and_none_is_a_copy(real_people: Path) -> None:
    found = audit_images(*read_layout(real_people))
    flagged = {found.images.place(image.image)[1]: image.reasons for image in found.low_quality}
    # Two crops with a street beside the person, and one of white sky, as a person sees them.
    assert flagged == {
        "3DPeS_131_665_FRAME_76_RGB.png": ("off_aspect",),
        "3DPeS_148_286_FRAME_493_RGB.png": ("off_aspect",),
        "3DPeS_51_1501_FRAME_162_RGB.png": ("blown_out",),
    }
    assert found.duplicates == ()
    assert not any(shift.shifted for shift in found.shift)
    absent = [found.schema.attributes[a].classes[label] for a, label in found.absent("train")]
    assert absent == ["orange", "purple"]
