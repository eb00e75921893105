"""The page view: a printed page as a picture and as text, hits of a document, ways between pages, and the way back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from html import unescape

import httpx
import pytest
from extract.pdfs import endless_pdf, make_pdf
from library import Library

from kb.limits import PictureLimits
from kb.model import Page
from kb.pages.section import SHORT_WORDS, together
from kb.pictures import Pictures
from kb.web import create_app

from .conftest import serving

PICTURE = re.compile(r'<img src="(/obrazy/[^"]+)" srcset="(\S+) 800w, (\S+) 1600w"')
PAGE = "/dokumenty/raport/strony"


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """A report of 30 pages, four of them with roman numbers, and a Markdown document of short and long sections."""
    library = Library(tmp_path_factory.mktemp("shelf"))
    pages = [[f"Tekst strony {number} o drogach."] for number in range(1, 31)]
    for number in (2, 4, 5, 9):
        pages[number - 1] = ["Gmina planuje zagospoda-", "rowanie terenu, a gminy w powiecie", "nie planuja niczego."]
    pages[7] = ["Zagospodarowanie parku."]
    library.write(
        "raport.pdf", make_pdf(pages, labels="0 << /S /r >> 4 << /S /D >>", outline=[(0, "Wstęp"), (4, "Rozdział")])
    )
    library.sidecar("raport.pdf", id="raport", title="Raport", kind="raport", published="2024-05-06")
    long = "Ten rozdział ma dość słów, żeby stać na stronie sam. " * 12
    library.markdown(
        "notatka.md",
        f"Gmina krótko.\n\n## Pierwszy\n\nKrótko o gminie.\n\n## Drugi\n\n{long}\n\n## Trzeci\n\nKoniec gminy.\n",
        id="notatka",
        title="Notatka",
        kind="aktualnosc",
    )
    assert not library.run().failed
    return library


@pytest.fixture(scope="module")
def reader(shelf: Library) -> Iterator[httpx.Client]:
    """A client of the site."""
    with serving(create_app(shelf.settings())) as client:
        yield client


def _links(html: str) -> dict[str, str]:
    """Addresses by the text of their links."""
    found = re.findall(r'<a[^>]* href="([^"]+)"[^>]*>(.*?)</a>', html, re.DOTALL)
    return {" ".join(re.sub("<[^>]*>", "", text).split()).strip("←→↑↓ "): unescape(url) for url, text in found}


def _page(reader: httpx.Client, address: str) -> str:
    """The page, its map there: without one there would be no marks on the picture."""
    answer = reader.get(address)
    assert answer.status_code == 200
    for _ in range(50):
        if "<rect" in answer.text or "<mark" not in answer.text:
            break
        answer = reader.get(address)
    return answer.text


# The picture


def test_a_page_is_seen_with_its_marks(reader: httpx.Client) -> None:
    """Picture and text have the same marks; a word that is broken at a line's end is marked on both lines."""
    html = _page(reader, f"{PAGE}/2?q=gmina+zagospodarowanie")
    assert html.count("<mark") == 3
    assert html.count("<rect") == 4
    assert 'width="800" height="1132"' in html
    assert "s. ii (2 z 30)" in html


def test_the_picture_may_be_kept_for_good(reader: httpx.Client) -> None:
    """Both sizes are JPEGs under an address that changes with the file, and are not sent twice."""
    for address in PICTURE.findall(reader.get(f"{PAGE}/3").text)[0]:
        answer = reader.get(address)
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.content.startswith(b"\xff\xd8")
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        again = reader.get(address, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "address",
    [
        "/obrazy/raport/0000000000000000/1-800.jpg",
        "/obrazy/raport/{token}/31-800.jpg",
        "/obrazy/raport/{token}/0-800.jpg",
        "/obrazy/raport/{token}/1-801.jpg",
        "/obrazy/nikt/{token}/1-800.jpg",
        "/obrazy/notatka/{token}/1-800.jpg",
        "/obrazy/..%2Fraport/{token}/1-800.jpg",
    ],
)
def test_nothing_else_is_drawn(reader: httpx.Client, address: str) -> None:
    """Only pages of indexed documents have pictures, in two sizes, under the address of the present file."""
    token = PICTURE.findall(reader.get(f"{PAGE}/1").text)[0][0].split("/")[3]
    assert reader.get(address.format(token=token)).status_code == 404


def test_a_page_that_cannot_be_drawn_has_a_placeholder(shelf: Library) -> None:
    """Such a page says what to do instead, in place of its picture; its text and the search are there as ever."""
    app = create_app(shelf.settings(pictures_mb=0))
    pictures = Pictures(shelf.settings(pictures_mb=0), PictureLimits(file_bytes=100))
    app.state.site = replace(app.state.site, pictures=pictures)
    with closing(pictures), serving(app) as client:
        html = client.get(f"{PAGE}/2?q=gmina").text
        assert "<mark>Gmina</mark>" in html
        picture = client.get(PICTURE.findall(html)[0][0])
        assert picture.headers["content-type"] == "image/svg+xml"
        assert picture.headers["cache-control"] == "no-cache"
        assert "Nie udało się pokazać tej strony jako obrazu." in picture.text
        assert "Otwórz plik PDF." in picture.text
        assert client.get("/szukaj?q=gmina").status_code == 200
        assert client.get("/healthz").status_code == 200


def test_a_hostile_page_holds_nobody(library: Library) -> None:
    """While pages are drawn that would take minutes, searches, pages and /healthz are answered; then there are placeholders."""
    library.write("zly.pdf", endless_pdf("Gmina"))
    library.pdf("dobry.pdf", ["Gmina"])
    assert not library.run().failed
    app = create_app(library.settings())
    app.state.site = replace(app.state.site, pictures=Pictures(library.settings(), PictureLimits(seconds=2.0)))
    with closing(app.state.site.pictures), serving(app) as client, ThreadPoolExecutor(2) as readers:
        addresses = PICTURE.findall(client.get("/dokumenty/zly/strony/1").text)[0][1:]
        drawing = [readers.submit(client.get, address) for address in addresses]
        for address in (
            "/healthz",
            "/readyz",
            "/szukaj?q=gmina",
            "/dokumenty/dobry/strony/1?q=gmina",
            "/dokumenty/zly",
        ):
            assert client.get(address).status_code == 200
        assert {answer.result().headers["content-type"] for answer in drawing} == {"image/svg+xml"}
        good = PICTURE.findall(client.get("/dokumenty/dobry/strony/1").text)[0][0]
        assert client.get(good).headers["content-type"] == "image/jpeg"


def test_the_view_is_chosen_and_remembered(shelf: Library) -> None:
    """Picture, text or both: by a link, which the next page remembers, without a script."""
    with serving(create_app(shelf.settings())) as client:
        both = client.get(f"{PAGE}/2?q=gmina").text
        assert "<img" in both
        assert '<div class="text sheet">' in both
        text = client.get(_links(both)["Tekst"])
        assert "samesite=lax" in text.headers["set-cookie"].lower()
        assert "<img" not in text.text
        assert "Cookie" in text.headers["vary"].split(", ")
        again = client.get(f"{PAGE}/3")
        assert "<img" not in again.text
        assert "set-cookie" not in again.headers
        picture = client.get(_links(again.text)["Obraz"]).text
        assert "<img" in picture
        assert '<div class="text sheet">' not in picture
        assert "<img" in client.get(f"{PAGE}/3?widok=zmyslony").text


def test_a_phrase_is_one_box_on_each_line(reader: httpx.Client) -> None:
    """The words of a phrase are marked together, and apart where a line ends between them."""
    one_line = _page(reader, f"{PAGE}/2?q=%22gminy+w+powiecie%22")
    assert (one_line.count("<mark"), one_line.count("<rect")) == (1, 1)
    two_lines = _page(reader, f"{PAGE}/2?q=%22w+powiecie+nie+planuja%22")
    assert (two_lines.count("<mark"), two_lines.count("<rect")) == (1, 2)


# Ways between pages


def test_hits_are_gone_through_one_by_one(reader: httpx.Client) -> None:
    """„Następne trafienie” leads through all found places of the document, and „Poprzednie trafienie” back the same way."""
    address = f"{PAGE}/1?q=zagospodarowanie+gminy"
    seen = []
    html = reader.get(address).text
    assert "Na tej stronie nie ma słów z zapytania; w całym dokumencie 13 trafień" in html
    while following := _links(html).get("Następne trafienie"):
        seen.append(following)
        html = reader.get(following).text
        assert f"Trafienie {len(seen)} z 13" in html
        assert html.count('id="trafienie"') == 1
    assert len(seen) == 13
    assert [int(url.split("/")[4].split("?")[0]) for url in seen] == [2] * 3 + [4] * 3 + [5] * 3 + [8] + [9] * 3
    for earlier in reversed(seen[:-1]):
        back = _links(html)["Poprzednie trafienie"]
        assert back == earlier
        html = reader.get(back).text
    assert "Poprzednie trafienie" not in _links(html)


def test_the_current_hit_is_in_the_picture_alone_too(reader: httpx.Client) -> None:
    """Where there is only the picture, the address leads to the box on it."""
    html = _page(reader, f"{PAGE}/2?q=zagospodarowanie&trafienie=1&widok=obok")
    assert re.findall(r'<rect class="current"(?: id="trafienie")?', html) == ['<rect class="current"'] * 2
    reader.cookies.clear()
    alone = reader.get(f"{PAGE}/2?q=zagospodarowanie&trafienie=1&widok=obraz").text
    assert alone.count('<rect class="current" id="trafienie"') == 1
    reader.cookies.clear()


def test_pages_of_hits(reader: httpx.Client) -> None:
    """A page that is only opened says which hits are on it; neighbours carry the search."""
    html = reader.get(f"{PAGE}/4?q=gmina").text
    assert "Trafienia 3–4 z 8" in html
    links = _links(html)
    assert links["Poprzednia"] == f"{PAGE}/3?q=gmina"
    assert links["Następna"] == f"{PAGE}/5?q=gmina"
    assert "Poprzednia" not in _links(reader.get(f"{PAGE}/1").text)
    assert "Następna" not in _links(reader.get(f"{PAGE}/30").text)
    assert "trafienie" not in reader.get(f"{PAGE}/4").text.lower().split("<main")[1]


@pytest.mark.parametrize(
    ("address", "target"),
    [
        (f"{PAGE}/iv", f"{PAGE}/4"),
        (f"{PAGE}/IV", f"{PAGE}/4"),
        (f"{PAGE}/iv?q=gmina&sort=newest", f"{PAGE}/4?q=gmina&sort=newest"),
        (f"{PAGE}?nr=iv", f"{PAGE}/4"),
        (f"{PAGE}?nr=1", f"{PAGE}/5"),
        (f"{PAGE}?nr=+2+&q=gmina", f"{PAGE}/6?q=gmina"),
        (f"{PAGE}?nr=29", f"{PAGE}/29"),
        (f"{PAGE}?nr=", "/dokumenty/raport"),
        (f"{PAGE}?nr=+&q=gmina", "/dokumenty/raport?q=gmina"),
    ],
)
def test_printed_numbers_lead_to_positions(reader: httpx.Client, address: str, target: str) -> None:
    """A printed number redirects to where the page is; in the form it goes before the position."""
    answer = reader.get(address, follow_redirects=False)
    assert answer.status_code == 302
    assert answer.headers["location"] == target
    assert reader.get(target).status_code == 200


@pytest.mark.parametrize("address", [f"{PAGE}?nr=xl", f"{PAGE}?nr=99", f"{PAGE}/xl", "/dokumenty/nikt/strony?nr=1"])
def test_no_such_printed_number(reader: httpx.Client, address: str) -> None:
    """What is neither a printed number nor a position is not found."""
    assert reader.get(address).status_code == 404


def test_the_original_opens_at_the_page(reader: httpx.Client) -> None:
    """The link to the file has the position, and says how large the file is."""
    html = reader.get(f"{PAGE}/4").text
    assert 'href="/pliki/raport#page=4">Otwórz tę stronę w pliku PDF <span class="size">' in html
    assert re.search(r'<span class="size">\d+ kB</span>', html)


# Hits of a document


def test_hits_of_a_document(reader: httpx.Client) -> None:
    """The document's page lists every page with hits and its fragment, and has a strip with words for each shade."""
    html = reader.get("/dokumenty/raport?q=zagospodarowanie+gminy").text
    assert "13 trafień na 5 stronach z 30" in html
    found = html[html.index('id="fragmenty"') : html.index("</section>", html.index('id="fragmenty"'))]
    assert found.count("<li>") == 5
    assert "<mark>Zagospodarowanie</mark> parku" in found
    assert f'href="{PAGE}/8?q=zagospodarowanie+gminy&amp;trafienie=1#trafienie"' in found
    strip = html[html.index('class="strip"') : html.index("</nav>", html.index('class="strip"'))]
    assert strip.count("<li") == 30
    assert strip.count("shade-4") == 4
    assert re.search(r'shade-[12]" href="/dokumenty/raport/strony/8\?', strip)
    assert "s. ii (2. w pliku): 3 trafienia, całe zapytanie" in strip
    assert "s. i (1. w pliku): bez trafień" in strip


def test_a_long_list_of_hits_has_pages(reader: httpx.Client) -> None:
    """Twenty pages are shown at once, and links lead to the others and back."""
    html = reader.get("/dokumenty/raport?q=drogach").text
    assert html.count('<a class="place"') == 20
    following = _links(html)["Następne strony z trafieniami (5)"]
    html = reader.get(following).text
    assert html.count('<a class="place"') == 5
    assert "Następne strony" not in html
    assert reader.get(_links(html)["Poprzednie 20"]).text.count('<a class="place"') == 20
    assert reader.get("/dokumenty/raport?q=drogach&trafienia=99").text.count('<a class="place"') == 5


def test_more_leads_to_the_fragments(reader: httpx.Client) -> None:
    """„i jeszcze 2 strony” in the results leads to the list of all pages with their fragments."""
    html = reader.get("/szukaj?q=gmina+zagospodarowanie&kind=raport").text
    address = _links(html)["i jeszcze 2 strony"]
    assert address.endswith("#trafienia")
    target = reader.get(address).text
    assert 'id="trafienia"' in target
    assert target.count('<a class="place"') == 5


def test_no_hits_in_a_document(reader: httpx.Client) -> None:
    """It says so, and the form to search in the document is there."""
    html = reader.get("/dokumenty/raport?q=xqzwy").text
    assert "W tym dokumencie nie ma słów z zapytania „xqzwy”." in html
    assert 'action="/dokumenty/raport"' in html
    assert 'action="/dokumenty/raport"' in reader.get("/dokumenty/raport").text


# The way back


def test_the_way_back_keeps_filters_order_and_page(reader: httpx.Client) -> None:
    """From results to a document to a page to a hit: each leads back to the very same results."""
    results = "/szukaj?q=gmina&kind=raport&year=2024&sort=newest"
    address = _links(reader.get(results).text)["Raport"]
    html = reader.get(address).text
    assert _links(html)["Wyniki dla „gmina”"] == results
    html = reader.get(_links(html)["Czytaj od początku"]).text
    assert _links(html)["Wyniki dla „gmina”"] == results
    html = reader.get(_links(html)["Następne trafienie"]).text
    assert _links(html)["Wyniki dla „gmina”"] == results
    second = reader.get(f"{PAGE}/2?q=gmina&page=3&kind=zmyslony").text
    assert _links(second)["Wyniki dla „gmina”"] == "/szukaj?q=gmina&page=3"
    assert _links(reader.get(f"{PAGE}/2?kind=raport").text)["Lista dokumentów"] == "/szukaj?kind=raport"


def test_a_new_search_keeps_the_filters(reader: httpx.Client) -> None:
    """The search field of the results passes on filters and order, not the page; each filter can be taken off."""
    html = reader.get("/szukaj?q=gmina&kind=raport&kind=aktualnosc&sort=newest").text
    form = html[html.index('<form class="search"') : html.index("</form>")]
    assert re.findall(r'type="hidden" name="(\w+)" value="(\w+)"', form) == [
        ("kind", "raport"),
        ("kind", "aktualnosc"),
        ("sort", "newest"),
    ]
    assert "Usuń filtr:" in html
    front = reader.get("/dokumenty/raport?q=gmina&kind=raport").text
    assert 'type="hidden"' not in front[: front.index("</header>")]


# Sections of Markdown


def test_short_sections_stand_together(reader: httpx.Client) -> None:
    """Each keeps its address, which shows it with its neighbours; ways lead past all of them."""
    first = reader.get("/dokumenty/notatka/strony/1").text
    second = reader.get("/dokumenty/notatka/strony/2?q=gmina").text
    last = reader.get("/dokumenty/notatka/strony/4").text
    for html in (first, second):
        assert "Krótko o" in html
        assert "części 1–3 z\N{NO-BREAK SPACE}4" in html
        assert _links(html)["Następna"].startswith("/dokumenty/notatka/strony/4")
        assert "Poprzednia" not in _links(html)
    assert "część 4 z\N{NO-BREAK SPACE}4" in last
    assert _links(last)["Poprzednia"] == "/dokumenty/notatka/strony/3"
    assert "Trafienia 1–2 z 3" in second
    assert _links(second)["Następne trafienie"] == "/dokumenty/notatka/strony/4?q=gmina"
    assert "<title>Pierwszy – Notatka" in second


def test_which_sections_stand_together() -> None:
    """A page of sections ends once it has enough words, and every section is on exactly one."""
    lengths = [5, SHORT_WORDS, SHORT_WORDS * 3, 10, 10]
    pages = [Page(number=number, text="słowo " * length) for number, length in enumerate(lengths, 1)]
    shown = [together(pages, page.number, len(pages)) for page in pages]
    assert [(group[0].number, group[-1].number) for group, _ in shown] == [(1, 2), (1, 2), (3, 3), (4, 5), (4, 5)]
    assert [text for _, text in shown][2:4] == ["część 3 z 5", "części 4–5 z 5"]
    assert together(pages[:1], 1, 1)[1] == ""
    rest = iter(pages)
    together(rest, 2, len(pages))
    assert next(rest).number == 3  # those that follow are not read
