from __future__ import annotations

from lacunar.reprs import MAX_LENGTH, html_table, short_repr


def test_a_long_text_is_cut_and_keeps_one_line() -> None:
    text = short_repr("Ratings", ["two\nlines", "x" * 1000])
    assert text.startswith("<Ratings: two lines, xxx")
    assert text.endswith("…>")
    assert "\n" not in text
    assert len(text) <= MAX_LENGTH + len("<Ratings: >")


def test_an_object_without_facts_is_its_name() -> None:
    assert short_repr("Histories", []) == "<Histories>"


def test_every_text_of_a_table_is_escaped() -> None:
    table = html_table("<b>", ["<i>"], [["<u>", "<s>"]])
    assert not any(tag in table for tag in ("<b>", "<i>", "<u>", "<s>"))
    assert all(f"&lt;{tag}&gt;" in table for tag in "bius")
