"""Ids and anchors stand in links that people keep: what a name becomes never changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.slugs import anchor, slug


@pytest.mark.parametrize(
    ("name", "id_", "of_section"),
    [
        ("Łódź 2023/Raport", "lodz-2023-raport", "lodz-2023-raport"),
        ("ZAŻÓŁĆ GĘŚLĄ JAŹŃ", "zazolc-gesla-jazn", "zazolc-gesla-jazn"),
        ("raporty/2023/x", "raporty-2023-x", "raporty-2023-x"),
        ("a--b__c", "a-b-c", "a-b-c"),
        ("Z\u0307o\u0301łw", "zolw", "zolw"),
        ("Straße, Øresund, Đorđe", "strasse-oresund-dorde", "strasse-oresund-dorde"),
        ("Æther i œuvre", "aether-i-oeuvre", "aether-i-oeuvre"),
        ("Lata 2020–2023", "lata-2020-2023", "lata-20202023"),
        ("„Cytat”o gminie", "cytat-o-gminie", "cytato-gminie"),
        ("Wzrost o ½ ㎞²", "wzrost-o-1-2-km2", "wzrost-o-12-km2"),
        ("Uchwała № 7™", "uchwala-no-7tm", "uchwala-o-7"),
        ("α i Ω", "i", "i"),
        ("Co?! Gdzie...", "co-gdzie", "co-gdzie"),
    ],
)
def test_names(name: str, id_: str, of_section: str) -> None:
    """Names as documents and headings have them."""
    assert (slug(name), anchor(name)) == (id_, of_section)


def test_nothing_to_write() -> None:
    """A name without a letter or digit of ours still gives an id, another for each, and a section an anchor."""
    assert slug("…").startswith("dokument-")
    assert slug("…") != slug("!")
    assert anchor("…") == "sekcja"


def test_a_long_heading() -> None:
    """An anchor is cut to length, never after a hyphen; an id is not."""
    assert anchor("a" * 79 + " bcd") == "a" * 79
    assert slug("a" * 79 + " bcd") == "a" * 79 + "-bcd"


@given(st.text())
def test_any_name(text: str) -> None:
    """Whatever a file or a heading is called, its id and its anchor can stand in an address; an id is its own slug."""
    for made in (slug(text), anchor(text)):
        assert made
        assert not set(made) - set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert slug(slug(text)) == slug(text)
