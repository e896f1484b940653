"""The noun for the rated items, in the singular and plural, for texts that people read."""

from __future__ import annotations

from dataclasses import dataclass

from lacunar.errors import InputError


@dataclass(frozen=True, slots=True)
class ItemNoun:
    """The noun for the rated items, such as film or wine.

    Parameters
    ----------
    singular : str
    plural : str
        Empty: the singular with an s.

    Raises
    ------
    InputError
        If a noun is empty, too long or has characters that cannot be printed.

    Examples
    --------
    >>> wine, box = ItemNoun("wine"), ItemNoun("box", "boxes")
    >>> wine.counted(1), box.counted(1200), ItemNoun().with_article
    ('1 wine', '1,200 boxes', 'an item')
    >>> wine.capital_singular, ItemNoun("SKU").capital_plural
    ('Wine', 'SKUs')
    """

    singular: str = "item"
    plural: str = ""

    def __post_init__(self) -> None:
        if not self.plural:
            object.__setattr__(self, "plural", f"{self.singular}s")
        for field, noun in (("noun", self.singular), ("plural", self.plural)):
            if not (noun.strip() == noun != "" and noun.isprintable()) or len(noun) > _MAX_LENGTH:
                raise InputError(
                    f"expected a noun of 1 to {_MAX_LENGTH} characters, got {noun!r}", field=field
                )

    @property
    def with_article(self) -> str:
        """The singular after its indefinite article."""
        return f"{'an' if self.singular[0].lower() in 'aeiou' else 'a'} {self.singular}"

    @property
    def capital_singular(self) -> str:
        """The singular with a capital letter, for headings and the start of a sentence."""
        return self.singular[0].upper() + self.singular[1:]

    @property
    def capital_plural(self) -> str:
        """The plural with a capital letter."""
        return self.plural[0].upper() + self.plural[1:]

    def counted(self, number: int) -> str:
        """A number and the noun in the form that it needs."""
        return f"{number:,} {self.singular if number == 1 else self.plural}"


def noun_of_column(item_column: str) -> ItemNoun:
    """Return the noun of data that names none: film for MovieLens' column ``movieId``, else item.

    Examples
    --------
    >>> noun_of_column("movieId").plural, noun_of_column("sku").plural
    ('films', 'items')
    """
    return FILM if item_column == "movieId" else ItemNoun()


_MAX_LENGTH = 40
FILM = ItemNoun("film")
