"""What programs make of a page's head: Zotero by its own rules, JSON-LD and links by theirs."""

from __future__ import annotations

from html import escape
from typing import Any

import pytest

from kb.citing import Source
from kb.citing.names import Author
from kb.citing.records import licence_url
from kb.citing.tags import header, highwire_name, landing_links, linked_data, meta_tags

from .cases import BASE, PAGE, WHOLE, source
from .zotero import Item, read_page

NEWS: dict[str, Any] = {"kind": "aktualnosc", "path": "raport.md", "publisher": "", "place": ""}


def item(given: Source, *, old: bool = False) -> Item:
    """What Zotero makes of the tags, beside those that every page has for social networks."""
    tags = [f'<meta name="{name}" content="{escape(content)}">' for name, content in meta_tags(given)]
    social = '<meta property="og:type" content="article"><meta property="og:site_name" content="Baza">'
    return read_page(social + "".join(tags), old=old)


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({}, "report"),
        ({"kind": "poradnik"}, "report"),
        ({"kind": None}, "report"),
        ({"isbn": "978-83-01-00000-4"}, "report"),
        (NEWS, "webpage"),
        (NEWS | {"kind": "wydarzenie", "series": "Seria", "isbn": "978-83-01-00000-4"}, "webpage"),
        (NEWS | {"kind": None}, "webpage"),
        (NEWS | {"path": "raport.pdf"}, "webpage"),
    ],
)
def test_type_in_zotero(known: dict[str, Any], expected: str, old: bool) -> None:
    """Reports are reports, news and events are web pages: nothing is a journal article."""
    assert item(source(**known), old=old).type == expected


def test_nobody_published_it() -> None:
    """Even of a report whose institution nobody knows Zotero makes no journal article."""
    for old in (False, True):
        found = item(source(publisher=""), old=old)
        assert (found.type, found.fields["title"]) == ("webpage", "Raport końcowy")


def test_a_report_in_zotero() -> None:
    """All that is known of a report arrives in its field."""
    given = source(
        PAGE,
        authors=("Jan Kowalski", "Najwyższa Izba Kontroli", "Ludwig van Beethoven"),
        editors=("Anna Nowak",),
        report_number="5",
        isbn="978-83-01-00000-4",
        issn="0033-202X",
        doi="10.1000/182",
        licence="CC BY 4.0",
    )
    found = item(given)
    assert found.creators == [
        ("Kowalski", "Jan", "author"),
        ("Najwyższa Izba Kontroli", "", "author"),
        ("van Beethoven", "Ludwig", "author"),
        ("Nowak", "Anna", "editor"),
    ]
    assert found.fields == {
        "title": "Raport końcowy",
        "date": "2023/06/19",
        "institution": "Fundacja",
        "publisher": "Fundacja",
        "series": "CWD Plus",
        "number": "5",
        "ISBN": "978-83-01-00000-4",
        "ISSN": "0033-202X",
        "DOI": "10.1000/182",
        "pages": "15",
        "language": "pl",
        "place": "Warszawa",
        "rights": "CC BY 4.0",
        "url": f"{WHOLE}/strony/17",
        "publicationTitle": "Baza",
    }
    assert found.attachments == [f"{BASE}/pliki/raport"]


def test_news_in_zotero() -> None:
    """News has its whole date, its title, and a body as its author, whole."""
    found = item(source(authors=("Związek Miast Polskich",), **NEWS))
    assert (found.type, found.fields["title"], found.fields["date"]) == ("webpage", "Raport końcowy", "2023/06/19")
    assert found.creators == [("Związek Miast Polskich", "", "author")]
    assert not found.attachments


@pytest.mark.parametrize(
    ("author", "read"),
    [
        (Author("Kowalski", "Jan"), ("Kowalski", "Jan")),
        (Author("Najwyższa Izba Kontroli", body=True), ("Najwyższa Izba Kontroli", "")),
        (Author("NIK", body=True), ("NIK", "")),
        (Author("Kowalski i Wspólnicy sp. z o.o.", body=True), ("Kowalski i Wspólnicy sp. z o.o", "")),
        (
            Author("Ministerstwo Finansów, Departament Podatków", body=True),
            ("Ministerstwo Finansów – Departament Podatków", ""),
        ),
        (Author("van der Berg", "Jan Maria"), ("van der Berg", "Jan Maria")),
        (Author("Platon"), ("Platon", "")),
    ],
)
def test_every_name_stays_whole_in_zotero(author: Author, read: tuple[str, str]) -> None:
    """Alone or with others, a person has two parts and a body one."""
    for others in ([], ["Nowak, Anna"]):
        contents = [highwire_name(author, not others), *others]
        page = "".join(f'<meta name="citation_author" content="{escape(content)}">' for content in contents)
        assert read_page(page).creators[0][:2] == read


def test_dublin_core_has_plain_names() -> None:
    """Catalogues get names as people write them."""
    tags = meta_tags(source(authors=("Kowalski, Jan", "Najwyższa Izba Kontroli")))
    assert [content for name, content in tags if name == "DC.creator"] == ["Jan Kowalski", "Najwyższa Izba Kontroli"]


def test_linked_data() -> None:
    """JSON-LD tells persons and organisations apart, and of a page what it is part of."""
    given = source(authors=("Jan Kowalski", "Najwyższa Izba Kontroli"), licence="CC BY-SA 3.0 PL", doi="10.1000/182")
    data = linked_data(given)
    assert (data["@context"], data["@type"], data["@id"]) == ("https://schema.org", "Report", WHOLE)
    assert data["author"] == [
        {"@type": "Person", "name": "Jan Kowalski", "givenName": "Jan", "familyName": "Kowalski"},
        {"@type": "Organization", "name": "Najwyższa Izba Kontroli"},
    ]
    assert data["license"] == "https://creativecommons.org/licenses/by-sa/3.0/pl/"
    page = linked_data(source(PAGE))
    assert (page["@type"], page["@id"]) == ("WebPage", f"{WHOLE}/strony/17")
    part = page["isPartOf"]
    assert isinstance(part, dict)
    assert part["@id"] == WHOLE


def test_signposting() -> None:
    """The links say where it is cited, kept and described, of what type it is, and under which licence."""
    given = source(licence="CC BY 4.0")
    value = header(
        landing_links(
            given, [(f"{BASE}/cytowania/raport?format=ris", "application/x-research-info-systems")], ["https://a.pl"]
        )
    )
    assert value.split(", ") == [
        f'<{WHOLE}>; rel="cite-as"',
        '<https://schema.org/Report>; rel="type"',
        '<https://schema.org/AboutPage>; rel="type"',
        '<https://a.pl>; rel="author"',
        f'<{BASE}/pliki/raport>; rel="item"; type="application/pdf"',
        f'<{BASE}/cytowania/raport?format=ris>; rel="describedby"; type="application/x-research-info-systems"',
        '<https://creativecommons.org/licenses/by/4.0/>; rel="license"',
    ]
    cited = [str(link) for link in landing_links(source(doi="10.1000/182"), [], []) if link.rel == "cite-as"]
    assert cited == ['<https://doi.org/10.1000/182>; rel="cite-as"']


@pytest.mark.parametrize(
    ("licence", "url"),
    [
        ("CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/"),
        ("cc by-nc-nd 3.0 pl", "https://creativecommons.org/licenses/by-nc-nd/3.0/pl/"),
        ("CC0", "https://creativecommons.org/publicdomain/zero/1.0/"),
        ("https://example.org/licencja", "https://example.org/licencja"),
        ("Wszelkie prawa zastrzeżone", ""),
        ("", ""),
    ],
)
def test_licences(licence: str, url: str) -> None:
    """Creative Commons by name, any licence by its address."""
    assert licence_url(licence) == url
