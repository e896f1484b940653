import pytest

from lacunar.report.index import Entry, index_page


def test_every_entry_is_a_link_with_its_description() -> None:
    page = index_page(
        "Demo", [Entry("A", "About a.", "a.html"), Entry("B", "About b.", "b/c.html")]
    )
    assert '<a href="a.html">A</a>' in page
    assert '<a href="b/c.html">B</a>' in page
    assert page.index("About a.") < page.index("About b.")


def test_notes_stand_below_the_entries() -> None:
    page = index_page("Demo", [Entry("A", "About a.", "a.html")], notes=["Left <out>."])
    assert page.index("About a.") < page.index("Left &lt;out&gt;.")


def test_hostile_texts_are_escaped() -> None:
    page = index_page("<script>", [Entry("<script>", "<script>", 'a".html')])
    assert "<script" not in page
    assert 'href="a&#34;.html"' in page


@pytest.mark.parametrize(
    "href", ["javascript:alert(1)", "https://example.org/a.html", "//example.org/a.html", "", "#a"]
)
def test_a_link_that_leads_elsewhere_is_refused(href: str) -> None:
    with pytest.raises(ValueError, match="expected a relative path to a report"):
        Entry("A", "About a.", href)


def test_the_same_entries_give_the_same_page() -> None:
    entries = [Entry("A", "About a.", "a.html")]
    assert index_page("Demo", entries) == index_page("Demo", entries)
