"""The order of the Polish alphabet."""

from __future__ import annotations

from kb.polish import alphabetical, initial


def test_polish_letters_follow_their_plain_ones() -> None:
    """As in a dictionary: ą after a, ł after l, ź and ż last; foreign letters stand where they look like others."""
    ordered = ["2021", "Adam", "azyl", "ąz", "Ćma", "Émile", "lód", "Łódź", "łza", "mak", "Zyta", "źródło", "żaba"]
    assert sorted(ordered, key=alphabetical) == ordered


def test_a_shorter_name_goes_first_and_signs_do_not_count() -> None:
    """A space comes before any letter; quotation marks and hyphens are passed over."""
    ordered = ["Rada", "Rada gminy", "„Rada” miasta", "Radar"]
    assert sorted(ordered, key=alphabetical) == ordered


def test_each_letter_has_a_place_of_its_own() -> None:
    """What begins with Ż is not under Z."""
    assert [initial(text) for text in ("żaba", "„Łan”", "Émile", "2021", "…")] == ["Ż", "Ł", "E", "2", ""]
