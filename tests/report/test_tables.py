import pytest

from lacunar.report.tables import decimal, percent, probability, score, stars, table


def test_a_row_with_too_few_cells_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 2 cells in each row, got 1"):
        table("t", ["a", "b"], [["x"]])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.000"), (0.0004, "&lt;0.001"), (0.97412, "0.974"),
        (0.9996, "&gt;0.999"), (1.0, "1.000"),
    ],
)  # fmt: skip
def test_only_certain_probabilities_are_written_as_certain(value: float, text: str) -> None:
    assert f">{text}</data>" in probability(value)


def test_a_gap_is_words_and_never_a_number() -> None:
    assert stars(float("nan")).striptags() == "no rating"


def test_numbers_keep_their_digits_for_machines() -> None:
    assert stars(3.7729012) == '<data value="3.772901">3.77</data>'
    assert decimal(9700.52238) == '<data value="9700.52238">9,700.5</data>'


def test_what_is_not_finite_is_named() -> None:
    assert decimal(float("inf")) == "none"


def test_scores_may_be_whole_fractional_and_negative() -> None:
    assert score(1390.0).striptags() == "1,390"
    assert score(-0.256).striptags() == "\N{MINUS SIGN}0.26"


def test_shares_are_percent() -> None:
    assert percent(0.5836).striptags().replace("\xa0", " ") == "58.4 %"
