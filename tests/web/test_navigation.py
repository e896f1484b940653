from __future__ import annotations

import pytest

from lacunar.web.navigation import links


@pytest.mark.parametrize(
    ("loaded", "labels"),
    [
        ({"taste": True, "traits": False}, ["Home", "Tastes", "Rate items", "API"]),
        ({"taste": False, "traits": True}, ["Home", "Traits", "Try images", "API"]),
        (
            {"taste": False, "traits": True, "audit": True},
            ["Home", "Traits", "Try images", "Audit", "API"],
        ),
    ],
)
def test_only_what_is_loaded_is_linked(loaded: dict[str, bool], labels: list[str]) -> None:
    assert [link.label for link in links("/", **loaded)] == labels


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("/", "Home"),
        ("/taste", "Tastes"),
        ("/taste/users/1", "Tastes"),
        ("/taste/try", "Rate wines"),
    ],
)
def test_one_entry_is_the_current_one(path: str, label: str) -> None:
    found = links(path, taste=True, traits=True, plural="wines")
    assert [link.label for link in found if link.current] == [label]


def test_a_path_that_only_begins_alike_is_elsewhere() -> None:
    assert not [link for link in links("/tasteless", taste=True, traits=True) if link.current]
