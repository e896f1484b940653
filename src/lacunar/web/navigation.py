"""Links of the navigation bar."""

from __future__ import annotations

from dataclasses import dataclass

from lacunar.web.addresses import OPENAPI_URL


@dataclass(frozen=True, slots=True)
class Link:
    """An entry of the navigation; ``current`` marks the one that leads to the page or above it."""

    href: str
    label: str
    current: bool


_ALWAYS, _TASTE, _TRAITS, _AUDIT = "always", "taste", "traits", "audit"
_LINKS = (
    ("/", "Home", _ALWAYS),
    ("/taste", "Tastes", _TASTE),
    ("/taste/try", "Rate {plural}", _TASTE),
    ("/traits", "Traits", _TRAITS),
    ("/traits/try", "Try images", _TRAITS),
    ("/traits/audit", "Audit", _AUDIT),
    (OPENAPI_URL, "API", _ALWAYS),
)


def links(
    path: str, *, taste: bool, traits: bool, audit: bool = False, plural: str = "items"
) -> list[Link]:
    """Links of the navigation for a path, without pages whose model or data are not loaded.

    Parameters
    ----------
    path : str
    taste, traits, audit : bool
        What is loaded.
    plural : str
        Noun for the rated items.

    Examples
    --------
    >>> [link.label for link in links("/taste/users/7", taste=True, traits=False) if link.current]
    ['Tastes']
    """
    has = {_ALWAYS: True, _TASTE: taste, _TRAITS: traits, _AUDIT: audit}
    there = [(href, label.format(plural=plural)) for href, label, need in _LINKS if has[need]]
    here = max((href for href, _ in there if _at(path, href)), key=len, default="")
    return [Link(href, label, href == here) for href, label in there]


def _at(path: str, href: str) -> bool:
    return path == href or (href != "/" and path.startswith(href + "/"))
