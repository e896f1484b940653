"""Generated samples of both applications, and public data sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lacunar.lazy import lazy_names

if TYPE_CHECKING:
    from lacunar.datasets.people.sample import sample_people, write_people
    from lacunar.datasets.tastes.sample import sample_tastes, write_sample

__all__ = [
    "sample_people",
    "sample_tastes",
    "write_people",
    "write_sample",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "sample_people": "lacunar.datasets.people.sample",
        "write_people": "lacunar.datasets.people.sample",
        "sample_tastes": "lacunar.datasets.tastes.sample",
        "write_sample": "lacunar.datasets.tastes.sample",
    },
)
