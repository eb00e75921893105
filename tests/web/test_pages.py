"""Each page in each of its states, rendered for real."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pytest
from citing.zotero import read_page
from library import Library

from kb.citing import FOR_PROGRAMS
from kb.limits import QUERY_CHARACTERS
from kb.web import create_app
from web.conftest import serving

VOID = {"meta", "link", "input", "br", "hr", "img"}


class Page(HTMLParser):
    """What a test asks of HTML: its text, links, that tags close, that ids are unique."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.links, self.ids, self.open = "", [], [], []
        self.attributes: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        assert self.open == [], self.open
        assert len(self.ids) == len(set(self.ids)), self.ids

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember what a test asks for."""
        given = dict(attrs)
        self.attributes.append((tag, given))
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Each end belongs to the last start."""
        if tag not in VOID:
            assert self.open, tag
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """All text, entities read; a space that does not break is a space."""
        self.text += data.replace("\N{NO-BREAK SPACE}", " ")


def get(client: httpx.Client, url: str, status: int = 200) -> tuple[str, Page]:
    """A page's source and what is in it."""
    answer = client.get(url)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return answer.text, Page(answer.text)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("/", "Znajdź stronę"),
        ("/szukaj", "Wszystkie dokumenty"),
        ("/szukaj?q=", "17 dokumentów"),
        ("/szukaj?q=gmina", "pasując"),
        ("/szukaj?q=gmina&sort=newest", "Najnowsze"),
        ("/szukaj?q=gmina&edition=pilotaz&topic=transport&kind=aktualnosc&year=2023", "Usuń wszystkie filtry"),
        ("/szukaj?q=xqzwy", "Nic nie znaleziono: „xqzwy”"),
        ("/szukaj?q=xqzwy&kind=raport", "redakcja@example.org"),
        ("/dokumenty/poradnik-zit", "Spis treści"),
        ("/dokumenty/poradnik-zit?q=strategia", "Trafienia w dokumencie"),
        ("/dokumenty/transport-w-gminie", "Wkład własny gminy"),
        ("/dokumenty/transport-w-gminie?q=wkład", "Wyniki dla"),
        ("/dokumenty/bez-daty", "Forum w Krakowie"),
        ("/dokumenty/poradnik-zit", "Data wytworzenia 20 lutego 2024 r. Udostępniono w bazie"),
        ("/dokumenty/poradnik-zit/strony/1", "s. i"),
        ("/dokumenty/poradnik-zit/strony/8?q=dofinansowanie", "s. 6 (8 z 10)"),
        ("/dokumenty/poradnik-zit/strony/8?q=xqzwy", "nie ma słów z zapytania"),
        ("/dokumenty/transport-w-gminie/strony/2", "Wkład własny gminy"),
        ("/aktualnosci", "Nowina 12"),
        ("/aktualnosci?page=2", "Nowina 1"),
        ("/aktualnosci?year=2015", "Nowina 5"),
        ("/wydarzenia", "Bez daty"),
        ("/edycje", "od września 2020 r. do marca 2022 r."),
        ("/edycje/pilotaz", "Drugi akapit."),
        ("/edycje/cwd-plus", "ZIT i IIT w praktyce"),
        ("/tematy", "Transport i mobilność"),
        ("/tematy/transport", "Dojazdy i przewozy."),
        ("/slownik", "zintegrowane inwestycje terytorialne"),
        ("/slownik?skrot=wspolpracy+miast", "Skróty ze słowami „wspolpracy miast”: 1 skrót."),
        ("/slownik?skrot=xqzwy", "0 skrótów"),
        ("/o-bazie", "Jak szukać"),
        ("/api", "/api/v1/search"),
    ],
)
def test_page(client: httpx.Client, url: str, says: str) -> None:
    """Every page in every state says what it should, in well-formed HTML with the frame around it."""
    html, page = get(client, url)
    assert says in " ".join(page.text.split())
    assert html.startswith('<!doctype html>\n<html lang="pl">')
    assert html.count("<h1") == 1
    assert "#tresc" in page.links
    assert "None" not in page.text


@pytest.mark.parametrize(
    "url", ["/", "/szukaj?q=gmina", "/dokumenty/transport-w-gminie?q=gmina", "/slownik", "/api", "/nie-ma"]
)
def test_nothing_from_outside(client: httpx.Client, url: str) -> None:
    """Pages have no inline script, one style that the policy knows by its hash, and load nothing from other hosts."""
    answer = client.get(url)
    html = answer.text
    page = Page(html)
    for tag, given in page.attributes:
        assert "style" not in given
        assert not [name for name in given if name.startswith("on")]
        if given.get("type") == "application/ld+json":  # data: no browser runs it
            continue
        if tag in ("script", "img") or (tag == "link" and given.get("rel") in ("stylesheet", "icon")):
            assert (given.get("src") or given.get("href") or "").startswith("/static/")
    styles = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    assert len(styles) == (answer.status_code == 200)  # an error is short, and has a link
    for style in styles:
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert f"style-src 'self' 'sha256-{digest}';" in answer.headers["content-security-policy"]
    assert re.search(r"<script(?! type=\"(?:module\" src=|application/ld\+json\">))", html) is None


def test_links_of_start_page_work(client: httpx.Client) -> None:
    """No link on the start page or on a results page leads to nothing."""
    seen = set()
    for url in ("/", "/szukaj?q=zit&kind=poradnik", "/dokumenty/transport-w-gminie?q=gmina", "/edycje/pilotaz"):
        seen |= {link for link in get(client, url)[1].links if link.startswith("/")}
    assert len(seen) > 30
    for link in sorted(seen):
        assert client.get(link).status_code == 200, link


def test_hit_leads_to_marked_page(client: httpx.Client) -> None:
    """A hit's link opens the very page, with the words marked in their inflected forms."""
    _, results = get(client, "/szukaj?q=zintegrowana+inwestycja+terytorialna&kind=poradnik")
    link = next(link for link in results.links if "/strony/" in link)
    assert "q=zintegrowana" in link
    html, _ = get(client, link)
    assert "<mark>" in html


def test_reading_is_told_and_undone(client: httpx.Client) -> None:
    """What was searched for is one line with one link that takes every word literally and keeps the filters."""
    _, page = get(client, "/szukaj?q=dofinansowanei+zit+w&year=2024")
    text = " ".join(page.text.split())
    assert "Szukano: dofinansowanie zit w, też: dotacja, zintegrowane inwestycje terytorialne " in text
    assert text.count("szukaj dosłownie") == 1
    undo = next(link for link in page.links if "%E2%80%9Ezit%E2%80%9D" in link)
    assert "year=2024" in undo
    assert "też: zintegrowane" not in get(client, undo)[1].text


def test_a_word_that_no_page_has_is_told(client: httpx.Client) -> None:
    """The rest is searched for, and the line says which word the collection lacks."""
    _, page = get(client, "/szukaj?q=elektrobusy+nab%C3%B3r")
    assert "„elektrobusy” nie występuje w zbiorze" in page.text
    assert any("/dokumenty/" in link for link in page.links)


def test_filters_without_script(client: httpx.Client) -> None:
    """The filter form is a plain GET form that keeps the question and order; a chip's link removes its filter alone."""
    html, page = get(client, "/szukaj?q=gmina&topic=transport&edition=pilotaz&sort=oldest")
    assert '<input type="hidden" name="q" value="gmina">' in html
    assert '<input type="hidden" name="sort" value="oldest">' in html
    boxes = [given for tag, given in page.attributes if tag == "input" and given.get("type") == "checkbox"]
    assert {box["name"] for box in boxes} == {"edition", "topic", "kind", "year"}
    assert [box["value"] for box in boxes if "checked" in box] == ["pilotaz", "transport"]
    assert "/szukaj?q=gmina&edition=pilotaz&sort=oldest" in page.links
    assert "/szukaj?q=gmina&topic=transport&sort=oldest" in page.links


def test_bars_stand_in_their_facet(client: httpx.Client) -> None:
    """Editions and years have a bar beside their number of documents, within the filter and nowhere else; the fullest is full."""
    html, page = get(client, "/szukaj?q=nabór")
    bars = [given for tag, given in page.attributes if tag == "meter"]
    assert len(bars) == 13  # of years alone: nothing is to be compared where all are of one edition
    assert {bar["max"] for bar in bars} == {"1"}
    assert all(bar["aria-hidden"] == "true" for bar in bars)  # the number beside it says the same
    _, everything = get(client, "/szukaj")
    assert len([tag for tag, _ in everything.attributes if tag == "meter"]) > 14
    assert "<svg" not in html


def test_filters_come_before_results(client: httpx.Client) -> None:
    """In the order of reading filters stand before the results, in a drawer; links skip to them, and past them."""
    html, _page = get(client, "/szukaj?q=gmina")
    assert (
        html.index('href="#filtry"')
        < html.index('id="filtry"')
        < html.index('href="#wyniki"')
        < html.index('id="wyniki"')
    )
    assert html.index('<details class="drawer">') < html.index('class="filters"') < html.index('class="hits"')
    assert 'href="#filtry"' not in client.get("/szukaj?q=xqzwy").text


def test_relevance_is_offered_with_a_question_only(client: httpx.Client) -> None:
    """Without words nothing is more to the point than anything else: the newest come first, and the page says so."""
    assert "Trafność" in get(client, "/szukaj?q=gmina")[1].text
    html, page = get(client, "/szukaj")
    assert "Trafność" not in page.text
    assert '<a href="/szukaj?sort=newest" aria-current="true">Najnowsze</a>' in html


@pytest.mark.parametrize("typed", ["!!!", "?", "😀", "„”", "-"])
def test_a_question_without_words_finds_nothing_of_its_own(client: httpx.Client, typed: str) -> None:
    """All documents are shown, and nobody is told that they match."""
    _, page = get(client, f"/szukaj?q={quote(typed)}")
    assert "nie ma żadnego słowa ani liczby" in page.text
    assert "pasując" not in page.text
    assert "dla zapytania" not in page.text
    assert "Trafność" not in page.text


@pytest.mark.parametrize(
    ("url", "title"),
    [
        ("/szukaj", "Wszystkie dokumenty"),
        ("/szukaj?kind=aktualnosc&page=2", "Dokumenty – Aktualność, strona 2"),
        ("/szukaj?q=nowina", "„nowina” – wyniki"),
        ("/szukaj?q=nowina&kind=aktualnosc&page=2", "„nowina” – wyniki – Aktualność, strona 2"),
        ("/aktualnosci?page=2", "Aktualności, strona 2"),
    ],
)
def test_title_of_a_list(client: httpx.Client, url: str, title: str) -> None:
    """Each choice and each page of a list can be told from the others in tabs and in a browser's history."""
    assert f"<title>{title} – Baza wiedzy CWD</title>" in get(client, url)[0].replace("\xa0", " ")


@pytest.mark.parametrize(
    ("typed", "shown"),
    [("gmina", "„gmina”"), ("„nowina o naborze”", "„nowina o naborze”"), ('gmina "w sieci"', "„gmina «w sieci»”")],
)
def test_quotation_marks_are_not_doubled(client: httpx.Client, typed: str, shown: str) -> None:
    """A question that is a quotation is shown as one; a quotation within a question has the other marks."""
    _, page = get(client, f"/szukaj?q={typed}")
    assert f"dla zapytania {shown}" in page.text
    assert f"{shown} – wyniki" in page.text


@pytest.mark.parametrize(
    ("path", "last"),
    [
        ("/szukaj?q=nowina&page=99999", "/szukaj?q=nowina&page=2"),
        ("/szukaj?q=transport&page=2", "/szukaj?q=transport"),
        ("/aktualnosci?page=7", "/aktualnosci?page=2"),
        ("/wydarzenia?page=7", "/wydarzenia"),
    ],
)
def test_past_the_last_page_is_the_last(client: httpx.Client, path: str, last: str) -> None:
    """Who asks for a page that a list does not reach is led to its last one."""
    answer = client.get(path)
    assert (answer.status_code, answer.url.raw_path.decode()) == (200, last)


def test_one_letter_words_do_not_end_lines(client: httpx.Client) -> None:
    """Titles, headings and the words of the pages themselves are typeset; what is copied keeps its spaces."""
    html, _ = get(client, "/dokumenty/poradnik-zit")
    assert "<h1>ZIT i\N{NO-BREAK SPACE}IIT w\N{NO-BREAK SPACE}praktyce</h1>" in html
    assert "słowo w\N{NO-BREAK SPACE}słowo" in client.get("/cytat").text
    cited = html[html.index('id="cytat-iso690"') :]
    assert "ZIT i IIT w praktyce" in cited[: cited.index("</dd>")]
    assert '<meta name="citation_title" content="ZIT i IIT w praktyce">' in html


def test_a_topic_has_one_search_and_its_own_feed(client: httpx.Client) -> None:
    """The one search box of a topic's page looks within the topic; the feed is the topic's."""
    html, page = get(client, "/tematy/transport")
    assert html.count('role="search"') == 1
    assert ("input", {"type": "hidden", "name": "topic", "value": "transport"}) in page.attributes
    assert "/szukaj.atom?topic=transport" in page.links


def test_markdown_is_made_safe_and_linked(client: httpx.Client) -> None:
    """A script in a sentence shows as text; links to other files lead to their pages, those to nothing are no links."""
    html, page = get(client, "/dokumenty/transport-w-gminie")
    assert "&lt;script&gt;alert(1)" in html
    assert "Transport &amp; &lt;b&gt;dojazdy" in html
    assert "/dokumenty/poradnik-zit" in page.links
    assert not [link for link in page.links if "nie-ma" in link]
    assert "#umowa" in page.links
    assert "[ilustracja: mapa powiatu]" in page.text
    section, _ = get(client, "/dokumenty/transport-w-gminie/strony/2")
    assert 'href="#umowa"' in section  # both sections are short, and stand on one page


def test_marks_in_markdown_keep_markup(client: httpx.Client) -> None:
    """Marks go through emphasis without breaking it, never into attributes."""
    html, page = get(client, "/dokumenty/transport-w-gminie?q=%22wkład+własny%22")
    assert "<mark>Wkład </mark><em><mark>własny</mark></em>" in html
    assert all("<mark>" not in (value or "") for _, given in page.attributes for value in given.values())


def test_page_is_cited(client: httpx.Client) -> None:
    """A page's box cites the printed number in this version; the other formats are files, and a button leads there."""
    html, page = get(client, "/dokumenty/poradnik-zit/strony/8")
    text = " ".join(page.text.split())
    assert "[online]. [b.m.]: Wydawnictwo Próbne, 2024, s. 6 [dostęp 2026-11-22]. CWD Plus. Dostępny w: " in text
    assert re.search("/dokumenty/poradnik-zit/wersje/[0-9a-f]{12}/strony/8", text)
    assert "(Kowalski & Zespół Bazy wiedzy, 2024, s. 6)" in text
    assert "KOWALSKI, Jan i ZESPÓŁ BAZY WIEDZY" in text
    assert '<a href="#cytuj">Cytuj</a>' in html
    for style in FOR_PROGRAMS:
        answer = client.get(f"/cytowania/poradnik-zit?format={style}&page=8")
        assert answer.status_code == 200
        assert answer.headers["content-disposition"].startswith('attachment; filename="poradnik-zit-8.')
    assert 'href="/pliki/poradnik-zit#page=8"' in html
    assert '<link rel="canonical" href="https://baza.example.pl/dokumenty/poradnik-zit/strony/8">' in html


def test_meta_tags(client: httpx.Client) -> None:
    """Reference managers, catalogues and networks find the description in the head."""
    html, _ = get(client, "/dokumenty/poradnik-zit?q=zit")
    for tag in (
        '<meta name="citation_title" content="ZIT i IIT w praktyce">',
        '<meta name="citation_author" content="Kowalski, Jan">',
        '<meta name="citation_author" content="Zespół Bazy wiedzy,">',
        '<meta name="citation_series_title" content="CWD Plus">',
        '<meta name="citation_publication_date" content="2024/02/20">',
        '<meta name="citation_pdf_url" content="https://baza.example.pl/pliki/poradnik-zit">',
        '<meta name="DC.creator" content="Zespół Bazy wiedzy">',
        '<meta name="DC.rights" content="CC BY 4.0">',
        '<meta property="og:title" content="ZIT i IIT w praktyce">',
        '<link rel="canonical" href="https://baza.example.pl/dokumenty/poradnik-zit">',
    ):
        assert tag in html


def test_news_is_no_article_for_zotero(client: httpx.Client) -> None:
    """The whole pages, with all that networks read in their heads, make the right items."""
    news = read_page(get(client, "/dokumenty/transport-w-gminie")[0])
    assert (news.type, news.fields["title"], news.fields["date"]) == (
        "webpage",
        "Transport & <b>dojazdy</b>",
        "2023/06/19",
    )
    guide = read_page(get(client, "/dokumenty/poradnik-zit/strony/8")[0])
    assert (guide.type, guide.fields["series"], guide.fields["pages"]) == ("report", "CWD Plus", "6")
    assert guide.creators == [("Kowalski", "Jan", "author"), ("Zespół Bazy wiedzy", "", "author")]


def test_linked_data_in_pages(client: httpx.Client) -> None:
    """JSON-LD stands in the head; a title cannot end it."""
    html, _ = get(client, "/dokumenty/transport-w-gminie")
    (script,) = re.findall('<script type="application/ld\\+json">(.*?)</script>', html, re.DOTALL)
    assert "<" not in script
    data = json.loads(script)
    assert (data["@type"], data["name"], data["datePublished"]) == (
        "NewsArticle",
        "Transport & <b>dojazdy</b>",
        "2023-06-19",
    )


def test_signposting(client: httpx.Client) -> None:
    """Every address that a document's page names in its header answers, with the type that it is said to have."""
    answer = client.head("/dokumenty/poradnik-zit")
    links = re.findall('<([^>]+)>; rel="([a-z-]+)"(?:; type="([^"]+)")?', answer.headers["link"])
    relations = [relation for _, relation, _ in links]
    assert {"cite-as", "type", "author", "item", "describedby", "license"} == set(relations)
    for url, relation, media in links:
        if relation in ("item", "describedby", "author"):
            there = client.get(url.removeprefix("https://baza.example.pl"))
            assert there.status_code == 200
            assert there.headers["content-type"].startswith(media or "text/html")
            back = {"item": "collection", "describedby": "describes"}.get(relation)
            if back:
                assert f'<https://baza.example.pl/dokumenty/poradnik-zit>; rel="{back}"' in there.headers["link"]


def test_the_whole_list_can_be_exported(client: httpx.Client) -> None:
    """Results have links to their entries in every format for lists, with their filters; an empty list has none."""
    html, _ = get(client, "/szukaj?q=wkład&kind=aktualnosc&sort=newest&page=1")
    assert 'href="/cytowania?q=wk%C5%82ad&amp;kind=aktualnosc&amp;sort=newest&amp;format=ris"' in html
    assert "/cytowania?" not in get(client, "/szukaj?q=brakującesłowo")[0]


def test_notice_for_unknown_filter(client: httpx.Client) -> None:
    """On pages an unknown filter value is left out with a word about it, an unknown parameter in silence."""
    _, page = get(client, "/szukaj?q=gmina&edition=cwd-pius&utm_source=list&sort=byle")
    text = " ".join(page.text.split())
    assert "Pominęliśmy filtr „Edycja: cwd-pius”: nie ma takiej edycji. Może chodziło o „CWD Plus”?" in text
    assert "Takiej kolejności wyników nie ma" in text
    assert "utm_source" not in text


def test_long_query_is_cut_with_a_word(client: httpx.Client) -> None:
    """A question of 3,000 characters is answered, and the reader told what was read of it."""
    _, page = get(client, "/szukaj?q=" + "gmina+" * 500)
    assert "Uwzględniliśmy tylko pierwszych 1000 znaków" in page.text


@pytest.mark.parametrize(
    "q", ["%00", "%22", "%E2%80%9Egmina", "???...", "-", "%3Cscript%3E", "%FF%FE", "%25", "a" * 3000, "(((", "*"]
)
def test_no_text_is_an_error(client: httpx.Client, q: str) -> None:
    """Whatever is typed, there is a page, a feed and an answer of the API, and nothing of it becomes markup."""
    html, _ = get(client, f"/szukaj?q={q}")
    assert "<script>" not in html
    assert client.get(f"/szukaj.atom?q={q}").status_code == 200
    answer = client.get(f"/api/v1/search?q={q}")
    assert answer.status_code == 200
    assert len(answer.json()["query"]["text"]) <= QUERY_CHARACTERS
    assert client.get(f"/dokumenty/poradnik-zit/strony/1?q={q}").status_code == 200


def test_pages_of_results(client: httpx.Client) -> None:
    """Pages of results link to each other."""
    _, first = get(client, "/szukaj?q=nowina")
    assert "/szukaj?q=nowina&page=2" in first.links
    _, second = get(client, "/szukaj?q=nowina&page=2")
    assert "/szukaj?q=nowina" in second.links


def test_other_filters_and_order_begin_at_the_first_page(client: httpx.Client) -> None:
    """Who changes a filter or the order on page 2 sees the first page of other results, not a page in their middle or none."""
    here = "/szukaj?q=nowina&kind=aktualnosc&kind=poradnik&page=2"
    html, page = get(client, here)
    links = [link for link in page.links if link.startswith("/szukaj?")]
    asked = parse_qs(urlsplit(here).query)
    other = [link for link in links if parse_qs(urlsplit(link).query) | {"page": ["2"]} != asked]
    assert "/szukaj?q=nowina" in other  # all filters taken off
    assert "/szukaj?q=nowina&kind=aktualnosc" in other
    assert "/szukaj?q=nowina&kind=aktualnosc&kind=poradnik&sort=oldest" in other
    for link in other:
        assert "page=" not in link
        assert client.get(link).status_code == 200, link
    # The form of filters sends no page either.
    assert 'name="page"' not in html


def test_a_section_is_cited(client: httpx.Client) -> None:
    """A section of a Markdown document is cited by its heading; networks link to its place in the whole text."""
    url = "https://baza.example.pl/dokumenty/transport-w-gminie#wklad-wlasny-gminy"
    html, page = get(client, "/dokumenty/transport-w-gminie/strony/2")
    assert "19 czerwca 2023, część „Wkład własny gminy” [dostęp 2026-11-22]. Pilotaż CWD. Dostępny w: " in page.text
    assert f'<meta property="og:url" content="{url}">' in html
    whole, document = get(client, "/dokumenty/transport-w-gminie")
    assert "wklad-wlasny-gminy" in document.ids
    assert '<meta property="og:url" content="https://baza.example.pl/dokumenty/transport-w-gminie">' in whole
    record = client.get("/cytowania/transport-w-gminie?format=ris&page=2").text
    assert re.search(r"UR  - https://baza.example.pl/dokumenty/transport-w-gminie/wersje/[0-9a-f]{12}\r\n", record)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("/szukaj?q=łódź", "1 dokument, 1 pasująca strona"),
        ("/szukaj?q=nowina", "12 dokumentów, 12 pasujących stron"),
        ("/szukaj?q=nowina&year=2021&year=2022", "2 dokumenty, 2 pasujące strony"),
        ("/edycje", "1 dokument"),
        ("/tematy", "2 dokumenty"),
    ],
)
def test_numerals(client: httpx.Client, url: str, says: str) -> None:
    """Nouns take the forms that their numerals ask for."""
    assert says in " ".join(get(client, url)[1].text.split())


def test_a_text_in_another_language_is_told_so(library: Library) -> None:
    """Who has pages read aloud hears an English text in English (WCAG 3.1.2); Polish ones have no mark of their own."""
    library.pdf("en.pdf", ["Roads and bridges."], ["More roads."], title="Roads of today", language="en", kind="raport")
    library.markdown("en-notes.md", "# Roads\n\nRoads again.", title="Notes on roads", language="en", kind="aktualnosc")
    library.markdown("pl.md", "Drogi.", title="Drogi")
    library.run()
    with serving(create_app(library.settings())) as client:
        for url in ("/dokumenty/en-notes", "/dokumenty/en/strony/1?widok=tekst"):
            html, _ = get(client, url)
            assert re.search('<h1 lang="en">', html)
            assert re.search('<div class="text[^"]*" lang="en">', html)
        for url in ("/szukaj?q=roads", "/aktualnosci", "/dokumenty/en?q=roads"):
            assert ' lang="en">' in get(client, url)[0], url
        assert get(client, "/dokumenty/pl")[0].count(" lang=") == 1
