"""Feeds, site map, robots, and what pages say of themselves, read by real parsers; and somebody who follows a feed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from library import TAXONOMY, Library
from lxml import etree, html

from kb import indexer
from kb.web import create_app
from web.conftest import serving

ATOM = "{http://www.w3.org/2005/Atom}"
XHTML = "{http://www.w3.org/1999/xhtml}"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
SEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"
START = datetime(2026, 5, 12, 10, tzinfo=UTC)


class Follower:
    """A served collection that changes day by day, and somebody who reads its feeds."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.settings = library.settings(public_url="https://baza.example.pl")
        self.client: httpx.Client

    def index(self, days: int) -> None:
        """Index so many days after the start."""
        indexer.run(self.settings, now=START + timedelta(days=days))

    def atom(self, path: str = "/szukaj.atom", **parameters: str) -> etree._Element:
        """A feed."""
        return etree.fromstring(self.client.get(path, params=parameters or None).content)

    def news(self, **parameters: str) -> list[tuple[str | None, str | None]]:
        """Title and time of change of each entry."""
        entries = self.atom(**parameters).iter(f"{ATOM}entry")
        return [(entry.findtext(f"{ATOM}title"), entry.findtext(f"{ATOM}updated")) for entry in entries]


@pytest.fixture(scope="module")
def follower(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Follower]:
    """Thirty documents, then an old report and one without a date, then corrections, of a text and of a description."""
    library = Library(tmp_path_factory.mktemp("feeds"))
    library.write("taxonomy.yaml", TAXONOMY)
    made = Follower(library)
    for day in range(1, 31):
        library.markdown(
            f"drogi-{day:02}.md", f"Remont drogi numer {day}.", id=f"droga-{day}", title=f"Droga {day}",
            published=f"2026-04-{day:02}", kind="aktualnosc",
        )  # fmt: skip
    made.index(0)
    library.pdf(
        "archiwalny.pdf", ["Wstęp do raportu."], ["Treść archiwalna o drogach."],
        title="Raport archiwalny o drogach", published="2009-05-01", kind="raport", topics=["transport"],
    )  # fmt: skip
    library.markdown("bez-daty.md", "Droga bez daty.", title="Bez daty", edition="pilotaz")
    made.index(1)
    library.markdown(
        "drogi-03.md", "Remont drogi numer 3 odwołano.", id="droga-3", title="Droga 3", published="2026-04-03",
        kind="aktualnosc",
    )  # fmt: skip
    made.index(2)
    library.markdown(
        "drogi-02.md",
        "Remont drogi numer 2.",
        id="droga-2",
        title="Droga druga",
        published="2026-04-02",
        kind="aktualnosc",
    )
    made.index(3)
    with serving(create_app(made.settings)) as client:
        made.client = client
        yield made


# Following


def test_what_comes_first(follower: Follower) -> None:
    """What changed last, then what came last, be it old or without a date; of what came at once the newest."""
    news = follower.news(q="droga")
    assert news[:5] == [
        ("Droga druga", "2026-05-15T10:00:00Z"),
        ("Droga 3", "2026-05-14T10:00:00Z"),
        ("Raport archiwalny o drogach", "2026-05-13T10:00:00Z"),
        ("Bez daty", "2026-05-13T10:00:00Z"),
        ("Droga 30", "2026-05-12T10:00:00Z"),
    ]
    assert len(news) == 32
    assert follower.news() == news
    feed = follower.atom(q="droga")
    assert feed.findtext(f"{ATOM}updated") == "2026-05-15T10:00:00Z"
    corrected = list(feed.iter(f"{ATOM}entry"))[1]
    assert corrected.findtext(f"{ATOM}published") == "2026-05-12T10:00:00Z"


def test_the_start_page_begins_with_what_changed_last(follower: Follower) -> None:
    """Its list of the newest documents has the order of the feed, whatever dates they bear."""
    page = html.fromstring(follower.client.get("/").content)
    titles = page.xpath("//section[@aria-labelledby='najnowsze']//h3/a/text()")
    assert [title.replace("\N{NO-BREAK SPACE}", " ") for title in titles] == [title for title, _ in follower.news()[:5]]


def test_an_entry_leads_to_the_page_that_was_found(follower: Follower) -> None:
    """Its id is the document's for good, its link that of the page, its text the snippet, marked, and named by the page."""
    (entry,) = follower.atom(q="archiwalna treść", kind="raport").iter(f"{ATOM}entry")
    address = "https://baza.example.pl/dokumenty/archiwalny"
    page = f"{address}/strony/2?q=archiwalna+tre%C5%9B%C4%87&kind=raport"
    assert entry.findtext(f"{ATOM}id") == address
    assert entry.find(f"{ATOM}link").get("href") == page
    summary = entry.find(f"{ATOM}summary/{XHTML}div")
    link, text = summary.iter(f"{XHTML}p")
    assert [each.text for each in text.iter(f"{XHTML}mark")] == ["Treść", "archiwalna"]
    assert (link[0].get("href"), link[0].text) == (page, "strona pliku 2")
    assert [each.get("term") for each in entry.iter(f"{ATOM}category")] == ["Raport", "Transport publiczny"]
    assert entry.findtext(f"{ATOM}author/{ATOM}name") == "Baza wiedzy CWD"
    assert follower.client.get(page.removeprefix("https://baza.example.pl")).status_code == 200


def test_feeds_of_parts(follower: Follower) -> None:
    """A kind, a topic, an edition, a year and a search have feeds of their own, which say in the title what they are of."""
    assert [title for title, _ in follower.news(topic="transport")] == ["Raport archiwalny o drogach"]
    assert [title for title, _ in follower.news(edition="pilotaz")] == ["Bez daty"]
    assert [title for title, _ in follower.news(year="2009")] == ["Raport archiwalny o drogach"]
    titles = [follower.atom(**given).findtext(f"{ATOM}title") for given in ({}, {"q": "most"}, {"kind": "raport"})]
    assert titles == [
        "Baza wiedzy CWD: nowe i zmienione dokumenty",
        "Baza wiedzy CWD: „most”",
        "Baza wiedzy CWD: Raporty",
    ]


def test_a_long_feed_has_pages(follower: Follower, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who follows the links to further pages has every document once; all pages are parts of one feed."""
    monkeypatch.setattr("kb.pages.file_routes.FEED_ENTRIES", 9)
    found: list[str | None] = []
    ids = set()
    address: str | None = "/szukaj.atom?q=droga"
    while address and len(found) < 100:
        feed = follower.atom(address.removeprefix("https://baza.example.pl"))
        found += [entry.findtext(f"{ATOM}id") for entry in feed.iter(f"{ATOM}entry")]
        ids.add(feed.findtext(f"{ATOM}id"))
        address = next((link.get("href") for link in feed.findall(f"{ATOM}link") if link.get("rel") == "next"), None)
    assert len(found) == len(set(found)) == 32
    assert ids == {"https://baza.example.pl/szukaj.atom?q=droga"}
    assert follower.client.get("/szukaj.json?q=droga&page=2").json()["next_url"].endswith("/szukaj.json?q=droga&page=3")


def test_json_feed(follower: Follower) -> None:
    """The same in JSON Feed 1.1: entry by entry what Atom has."""
    answer = follower.client.get("/szukaj.json?q=droga&topic=transport")
    assert answer.headers["content-type"] == "application/feed+json; charset=utf-8"
    feed = answer.json()
    assert (feed["version"], feed["title"]) == (
        "https://jsonfeed.org/version/1.1",
        "Baza wiedzy CWD: „droga”, Transport publiczny",
    )
    assert feed["home_page_url"] == "https://baza.example.pl/szukaj?q=droga&topic=transport"
    assert feed["feed_url"] == "https://baza.example.pl/szukaj.json?q=droga&topic=transport"
    (item,) = feed["items"]
    assert item["id"] == "https://baza.example.pl/dokumenty/archiwalny"
    assert item["date_published"] == item["date_modified"] == "2026-05-13T10:00:00Z"
    assert "<mark>drogach</mark>" in item["content_html"]
    assert item["tags"] == ["Raport", "Transport publiczny"]
    assert item["authors"] == [{"name": "Baza wiedzy CWD"}]


def test_type_and_style(follower: Follower) -> None:
    """Readers get Atom with its character set; browsers get it as XML, which they show with a style from the site."""
    reader = follower.client.get("/szukaj.atom", headers={"Accept": "application/atom+xml, */*"})
    browser = follower.client.get("/szukaj.atom", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert reader.headers["content-type"] == "application/atom+xml; charset=utf-8"
    assert browser.headers["content-type"] == "application/xml; charset=utf-8"
    assert "Accept" in [name.strip() for name in browser.headers["vary"].split(",")]
    style = re.search(r'<\?xml-stylesheet type="text/css" href="([^"]+)"\?>', browser.text)
    assert style
    assert follower.client.get(style[1]).headers["content-type"].startswith("text/css")


def test_feed_of_nothing(client: httpx.Client) -> None:
    """A search without hits has a valid feed without entries, which changed when the collection last did."""
    feed = etree.fromstring(client.get("/szukaj.atom?q=xqzwy").content)
    assert feed.find(f"{ATOM}entry") is None
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", feed.findtext(f"{ATOM}updated") or "")


def test_feed_with_what_xml_cannot_hold(tmp_path: Path) -> None:
    """Characters that XML cannot hold are left out; markup in titles and descriptions is text."""
    library = Library(tmp_path)
    library.write("taxonomy.yaml", TAXONOMY)
    library.markdown("a.md", "Most.", title="Most & <b>droga</b>\x0b", description="Opis <i>mostu</i> &amp;\ufffe.")
    library.run()
    with serving(create_app(library.settings())) as client:
        (entry,) = etree.fromstring(client.get("/szukaj.atom").content).iter(f"{ATOM}entry")
        (item,) = client.get("/szukaj.json").json()["items"]
    assert entry.findtext(f"{ATOM}title") == "Most & <b>droga</b>"
    assert ["".join(each.itertext()) for each in entry.iter(f"{XHTML}p")] == [
        "Otwórz dokument",
        "Opis <i>mostu</i> &amp; .",
    ]
    assert "<p>Opis &lt;i&gt;mostu&lt;/i&gt; &amp;amp;" in item["content_html"]


# Finding feeds, and what pages say of themselves


def test_pages_link_to_their_feed(client: httpx.Client) -> None:
    """A page names the feed of what it lists, filters included, in both forms, and says it to people too."""
    for path, feed in (
        ("/szukaj?q=nowina&year=2015&page=1", "q=nowina&year=2015"),
        ("/tematy/transport", "topic=transport"),
        ("/edycje/pilotaz", "edition=pilotaz"),
        ("/aktualnosci", "kind=aktualnosc"),
    ):
        page = html.fromstring(client.get(path).content)
        links = {link.get("type"): link.get("href") for link in page.iterfind(".//link[@rel='alternate']")}
        assert links["application/atom+xml"] == f"/szukaj.atom?{feed}"
        assert links["application/feed+json"] == f"/szukaj.json?{feed}"
        assert page.xpath("//p[@class='feed']/a/@href") == [f"/szukaj.atom?{feed}", "/sledz"]


def test_the_page_on_following(client: httpx.Client) -> None:
    """It lists a feed for each kind, topic and edition, all of which answer, and the address for harvesters."""
    page = html.fromstring(client.get("/sledz").content)
    feeds = page.xpath("//ul[contains(@class, 'feeds')]//a/@href")
    assert "/szukaj.atom?kind=raport" in feeds
    assert "/szukaj.json?edition=cwd-plus" in feeds
    assert len(feeds) == 2 * (1 + 4 + 2 + 2)
    assert all(client.get(feed).status_code == 200 for feed in feeds)
    assert page.xpath("//a[@class='address']/@href") == ["https://baza.example.pl/oai?verb=Identify"]
    assert page.xpath("//footer//a[text()='Śledź nowości']/@href") == ["/sledz"]


def test_sitemap_and_robots(follower: Follower) -> None:
    """The site map has pages and documents with full addresses and times of change; robots are sent there, not into searches."""
    root = etree.fromstring(follower.client.get("/sitemap.xml").content)
    found = {url.findtext(f"{SITEMAP}loc"): url.findtext(f"{SITEMAP}lastmod") for url in root}
    assert found["https://baza.example.pl/dokumenty/archiwalny"] == "2026-05-13T10:00:00Z"
    assert found["https://baza.example.pl/dokumenty/droga-3"] == "2026-05-14T10:00:00Z"
    assert found["https://baza.example.pl/edycje/pilotaz"] is None
    robots = follower.client.get("/robots.txt").text
    assert "Disallow: /szukaj\n" in robots
    assert "Sitemap: https://baza.example.pl/sitemap.xml" in robots


def test_a_site_map_in_parts(follower: Follower, monkeypatch: pytest.MonkeyPatch) -> None:
    """More addresses than one map may have stand in several, which together have all of them."""
    whole = etree.fromstring(follower.client.get("/sitemap.xml").content)
    monkeypatch.setattr("kb.pages.robots.MOST_ADDRESSES", 15)
    index = etree.fromstring(follower.client.get("/sitemap.xml").content)
    assert index.tag == f"{SITEMAP}sitemapindex"
    parts = [str(loc.text).removeprefix("https://baza.example.pl") for loc in index.iter(f"{SITEMAP}loc")]
    found = [
        loc.text for part in parts for loc in etree.fromstring(follower.client.get(part).content).iter(f"{SITEMAP}loc")
    ]
    assert found == [loc.text for loc in whole.iter(f"{SITEMAP}loc")]
    assert follower.client.get(f"/sitemap-{len(parts) + 1}.xml").status_code == 404
    assert follower.client.get("/sitemap-x.xml").status_code == 404


def test_opensearch(client: httpx.Client) -> None:
    """Each page leads to a description of the search, whose template finds what is typed."""
    page = html.fromstring(client.get("/").content)
    (link,) = page.iterfind(".//link[@rel='search']")
    described = etree.fromstring(client.get(link.get("href")).content)
    (template,) = [
        each.get("template") for each in described.iter(f"{SEARCH}Url") if each.get("type") == "text/html"
    ]  # fmt: skip
    assert template == "https://baza.example.pl/szukaj?q={searchTerms}"
    assert len(described.findtext(f"{SEARCH}ShortName") or "") <= 16


@pytest.mark.parametrize(
    "path", ["/", "/tematy", "/tematy/transport", "/edycje/pilotaz", "/aktualnosci", "/sledz", "/slownik"]
)
def test_pages_describe_themselves(client: httpx.Client, path: str) -> None:
    """Pages that stay have one canonical address, the same as in Open Graph."""
    page = html.fromstring(client.get(path).content)
    properties = {each.get("property"): each.get("content") for each in page.iterfind(".//meta[@property]")}
    assert page.xpath("//link[@rel='canonical']/@href") == [f"https://baza.example.pl{path}"] == [properties["og:url"]]
    assert properties["og:type"] == "website"
    picture = properties["og:image"].removeprefix("https://baza.example.pl")
    assert client.get(picture).content.startswith(b"\x89PNG")
    assert properties["og:title"]


def test_schema_org(client: httpx.Client) -> None:
    """The start page says how to search the site; a topic's page lists its documents."""
    (start,) = html.fromstring(client.get("/").content).xpath("//script[@type='application/ld+json']/text()")
    target = json.loads(start)["potentialAction"]["target"]["urlTemplate"]
    assert target == "https://baza.example.pl/szukaj?q={search_term_string}"
    (topic,) = html.fromstring(client.get("/tematy/transport").content).xpath(
        "//script[@type='application/ld+json']/text()"
    )
    listed = json.loads(topic)["mainEntity"]["itemListElement"]
    assert [(each["name"], each["url"]) for each in listed] == [
        ("Transport & <b>dojazdy</b>", "https://baza.example.pl/dokumenty/transport-w-gminie")
    ]
