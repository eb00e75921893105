"""A page's text with the end of its sentence, and the heading above a place of it."""

from __future__ import annotations

import pytest

from kb.model import Heading, Page

PAGE = Page(
    number=2,
    text="koniec wstępu\n1 Cel\nWójt wykonuje\n1 Por. ustawa",
    heading="Wstęp",
    continuation="uchwały rady.",
    headings=(Heading(text="1 Cel", level=1, start=14), Heading(text="1.1 Skutek", level=2, start=20)),
    notes_at=34,
)


def test_a_sentence_goes_on_above_the_notes() -> None:
    """The rest of the last sentence follows it at once; footnotes come after both."""
    assert PAGE.whole_text == "koniec wstępu\n1 Cel\nWójt wykonuje uchwały rady.\n1 Por. ustawa"
    assert Page(number=1, text="Wójt", continuation="wykonuje.").whole_text == "Wójt wykonuje."
    assert Page(number=1, text="Wójt\n1 Por.", notes_at=5).whole_text == "Wójt\n1 Por."
    assert Page(number=1, text="1 Por.", notes_at=0, continuation="dalej").whole_text == "dalej\n1 Por."


@pytest.mark.parametrize(
    ("place", "heading"),
    [(0, "Wstęp"), (13, "Wstęp"), (14, "1 Cel"), (19, "1 Cel"), (20, "1.1 Skutek"), (99, "1.1 Skutek")],
)
def test_the_heading_above_a_place(place: int, heading: str) -> None:
    """What stands above the page's first heading belongs to the page before's last one."""
    assert PAGE.heading_at(place) == heading


def test_what_a_page_is_listed_under() -> None:
    """Its own headings, or else the one that it belongs to."""
    assert PAGE.listed_under == ("1 Cel", "1.1 Skutek")
    assert Page(number=1, text="", heading="Wstęp").listed_under == ("Wstęp",)
    assert Page(number=1, text="").listed_under == ()
