"""Every kind of page in each of its states, in a real browser: axe-core finds nothing, and it fits, is light, asks nobody else.

axe-core runs with its rules of WCAG 2.2 A and AA and its best practice, none left out. A script can find about half of what can
be wrong; the journeys at the end go the reader's ways without a mouse and without scripts.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources import files
from urllib.parse import quote, urlsplit

import httpx
import pytest
from library import Library

from kb import indexer
from kb.web import create_app
from web.browser import Browser
from web.conftest import GUIDE, ROOT, SYNONYMS, TAXONOMY, TRANSPORT, serving

LINE = "Wkład własny gminy wynosi piętnaście procent wartości projektu, a partnerzy dzielą go między siebie."
LONG = "\n\n".join(
    f"## Część {number} o bardzo długim nagłówku, który opowiada o partnerstwie\n\n" + "Gmina i powiat. " * 60
    for number in range(1, 30)
)
PROGRAMME = """
event_types: [{slug: forum, name: Forum wymiany, plural: Fora wymiany, description: Rozmowa o rozwiązaniach.}]
advice: [{name: Doradztwo projektowe, description: Od pomysłu do wniosku., topics: [finanse, transport]}]
effects: [{edition: pilotaz, figure: partnerstw}, {kind: poradnik, forms: [poradnik, poradniki, poradników]}]
partners: [{name: Fundacja, role: analizy, url: "https://example.org/"}, {name: Związek, role: doradztwo}]
"""
PAGES = {
    "start": "/",
    "wyniki": "/szukaj?q=gmina",
    "wyniki z filtrami": "/szukaj?q=dofinansowanei+zit+w+gminie&edition=cwd-plus&kind=poradnik&sort=newest",
    "dalsze wyniki": "/szukaj?q=nowina&page=2",
    "bez pytania": "/szukaj",
    "bez wyników": "/szukaj?q=xqzwy",
    "bez wyników z filtrem": "/szukaj?q=autobus&kind=poradnik",
    "zły filtr": "/szukaj?q=gmina&edition=cwd-pius&sort=byle",
    "długie pytanie": "/szukaj?q=" + "gmina+" * 300,
    "błąd 404": "/nie-ma",
    "nie ma dokumentu": "/dokumenty/nie-ma",
    "błąd 422": "/szukaj?page=abc",
    "aktualności": "/aktualnosci",
    "aktualności z roku": "/aktualnosci?year=2015",
    "wydarzenia": "/wydarzenia",
    "wydarzenia jednego rodzaju": "/wydarzenia?rodzaj=forum&year=2099",
    "wydarzenie": "/dokumenty/zapowiedz",
    "tematy": "/tematy",
    "temat": "/tematy/transport",
    "edycje": "/edycje",
    "edycja": "/edycje/pilotaz",
    "słownik": "/slownik",
    "słownik z filtrem": "/slownik?skrot=zit",
    "o programie": "/o-programie",
    "deklaracja dostępności": "/deklaracja-dostepnosci",
    "prywatność": "/prywatnosc",
    "kontakt": "/kontakt",
    "o bazie": "/o-bazie",
    "kanały": "/sledz",
    "api": "/api",
    "dokument": "/dokumenty/poradnik-zit",
    "trafienia w dokumencie": "/dokumenty/poradnik-zit?q=gmina",
    "tekst dokumentu": "/dokumenty/transport-w-gminie?q=wkład",
    "długi dokument": "/dokumenty/dlugi",
    "skan": "/dokumenty/skan",
    "część": "/dokumenty/dlugi/strony/3?q=gmina",
    "strona jako tekst": "/dokumenty/poradnik-zit/strony/5?q=gmina&widok=tekst",
    "strona jako obraz": "/dokumenty/poradnik-zit/strony/5?q=gmina&widok=obraz",
    "obraz obok tekstu": "/dokumenty/poradnik-zit/strony/5?q=gmina&widok=obok",
    "dokument po zmianie": "/dokumenty/raport",
    "dawna wersja": "/dokumenty/raport/wersje/{old}",
    "dawna strona": "/dokumenty/raport/wersje/{old}/strony/1",
    "usunięty": "/dokumenty/znikajacy",
    "pusty cytat": "/cytat",
    "cytat dosłowny": "/cytat?q=" + quote(LINE),
    "cytat z różnicami": "/cytat?q=" + quote(LINE.replace("piętnaście", "25")),
    "cytat, którego nie ma": "/cytat?q=" + quote("Tego zdania nikt nigdy nie napisał ani słowem"),
}
OTHER_MODES = (
    "start",
    "wydarzenia",
    "wyniki z filtrami",
    "trafienia w dokumencie",
    "obraz obok tekstu",
    "cytat z różnicami",
    "dawna strona",
)
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
LIGHT = 100_000
"""Bytes of HTML, styles and scripts, as they are before compression."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A collection with every kind of document and a history, served."""
    library = Library(tmp_path_factory.mktemp("accessible"))
    library.write("taxonomy.yaml", TAXONOMY + PROGRAMME)
    shutil.copytree(ROOT / "documents" / "_strony", library.documents / "_strony")
    event = {
        "event_type": "forum",
        "venue": "Kielce, ul. Długa 1",
        "starts": "2099-05-10 9:00",
        "ends": "2099-05-11 15:00",
    }
    library.markdown("zapowiedz.md", "Program.", id="zapowiedz", title="Forum w Kielcach", kind="wydarzenie", **event)
    library.write("synonyms.yaml", SYNONYMS)
    library.write("zit.yaml", GUIDE)
    shutil.copy(ROOT / "documents" / "poradniki" / "zit-iit.pdf", library.documents / "zit.pdf")
    library.write("transport.md", TRANSPORT)
    for number in range(1, 13):
        about = {"title": f"Nowina {number}", "kind": "aktualnosc", "published": f"20{10 + number}-01-02"}
        library.markdown(f"nowina-{number}.md", "Nowina o naborze dla gmin.", **about)
    library.markdown("forum.md", "Forum w Krakowie.", title="Forum", kind="wydarzenie", edition="pilotaz")
    library.markdown(
        "dlugi.md", LONG, id="dlugi", title="Dokument o bardzo długim tytule, który się nie mieści w wierszu"
    )
    library.markdown("znikajacy.md", "Nabór wniosków.", id="znikajacy", title="Znikający")
    library.pdf("skan.pdf", None, None, title="Skan")
    library.pdf("raport.pdf", [LINE], ["Druga strona raportu."], title="Raport")
    indexer.run(library.settings(), now=datetime(2026, 5, 12, 10, tzinfo=UTC))
    library.pdf("raport.pdf", ["Nowa przedmowa."], [LINE], title="Raport")
    (library.documents / "znikajacy.md").unlink()
    indexer.run(library.settings(), now=datetime(2026, 6, 1, 10, tzinfo=UTC))
    with serving(create_app(library.settings(contact="redakcja@example.org"))) as client:
        yield client


@pytest.fixture(scope="module")
def axe() -> str:
    """axe-core, as the package for Playwright has it; only its script is used."""
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def _address(site: httpx.Client, path: str) -> str:
    if "{old}" in path:
        versions = site.get("/api/v1/documents/raport/versions").json()["versions"]
        path = path.replace("{old}", versions[-1]["version"])
    return str(site.base_url.join(path))


def _faults(browser: Browser, axe: str) -> list[str]:
    """What axe-core finds on the page, folded parts opened."""
    browser.ask("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    browser.ask(f"{axe}; 0")
    options = f"{{runOnly: {{type: 'tag', values: {list(RULES)}}}, resultTypes: ['violations']}}"
    found = browser.ask(
        f"axe.run(document, {options}).then((all) => all.violations.flatMap((one) => "
        "one.nodes.map((node) => `${one.id}: ${node.html} (${node.failureSummary})`)))"
    )
    assert isinstance(found, list), "axe-core did not run"
    return [str(fault) for fault in found]


@pytest.mark.parametrize("state", PAGES)
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (320, "dark")])
def test_axe_finds_nothing(site: httpx.Client, browser: Browser, axe: str, state: str, width: int, scheme: str) -> None:
    """On a wide screen in light colours and on the narrowest in dark ones: no fault, and nothing to scroll sideways for."""
    browser.media(prefers_color_scheme=scheme)
    browser.size(width, 900)
    browser.open(_address(site, PAGES[state]))
    assert _faults(browser, axe) == []
    assert browser.ask("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("state", OTHER_MODES)
@pytest.mark.parametrize(("width", "mode"), [(360, {}), (1280, {"forced_colors": "active"})])
def test_axe_finds_nothing_on_a_phone_and_in_forced_colours(
    site: httpx.Client, browser: Browser, axe: str, state: str, width: int, mode: dict[str, str]
) -> None:
    """The pages with most on them, also in the two other ways to look at them."""
    browser.media(**mode)
    browser.size(width, 900)
    browser.open(_address(site, PAGES[state]))
    assert _faults(browser, axe) == []


@pytest.mark.parametrize("path", ["/", "/szukaj?q=gmina", "/dokumenty/nie-ma"])
def test_axe_finds_nothing_where_there_is_no_index(
    empty_client: httpx.Client, browser: Browser, axe: str, path: str
) -> None:
    """A site that cannot answer yet says so in a page as good as the others."""
    browser.media()
    browser.size(360, 900)
    browser.open(str(empty_client.base_url.join(path)))
    assert _faults(browser, axe) == []


def test_axe_finds_nothing_in_what_scripts_add(site: httpx.Client, browser: Browser, axe: str) -> None:
    """The list of suggestions, and the box to cite from with a sentence selected."""
    browser.media()
    browser.size(390, 900)
    browser.open(_address(site, "/szukaj?q=gmina"))
    browser.ask("document.querySelector('#szukaj').focus(), document.querySelector('#szukaj').select()")
    browser.type("tran")
    browser.wait("document.querySelectorAll('.suggestions li').length > 0")
    browser.press("ArrowDown")
    assert _faults(browser, axe) == []
    browser.open(_address(site, "/dokumenty/transport-w-gminie/strony/2"))
    browser.wait("!document.querySelector('.cite button[data-copy]').hidden")
    browser.ask("document.getSelection().selectAllChildren(document.querySelector('.text h2 + p'))")
    browser.wait("!document.querySelector('.chosen').hidden")
    assert _faults(browser, axe) == []


@pytest.mark.parametrize("state", PAGES)
def test_a_page_is_light_still_and_of_this_site(site: httpx.Client, browser: Browser, state: str) -> None:
    """Under 100 kB before compression without pictures; nothing moves while it loads; nothing is asked of any other host."""
    browser.media()
    browser.size(390, 900)
    browser.requests.clear()
    address = _address(site, PAGES[state])
    browser.open(address)
    bytes_of = browser.ask(
        "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
        ".filter((each) => each.initiatorType !== 'img').reduce((sum, each) => sum + each.decodedBodySize, 0)"
    )
    assert 0 < bytes_of < LIGHT
    shift = browser.ask(
        "new Promise((done) => { let sum = 0; new PerformanceObserver((list) => { list.getEntries().forEach((each) => "
        "{ sum += each.value; }); }).observe({type: 'layout-shift', buffered: true}); "
        "requestAnimationFrame(() => setTimeout(() => done(sum), 0)); })"
    )
    assert shift == 0
    # A browser that has just started may still load the parts of its own first tab.
    asked = {urlsplit(url).netloc for url in browser.requests if url.startswith(("http:", "https:"))}
    assert asked == {urlsplit(address).netloc}


# Journeys


def _focused(browser: Browser, text: str) -> bool:
    return bool(browser.ask(f"document.activeElement.textContent.trim().startsWith({text!r})"))


def _tab_to(browser: Browser, text: str, most: int = 60) -> int:
    """Press Tab until what has the focus begins with ``text``; how often that took."""
    for pressed in range(1, most + 1):
        browser.press("Tab")
        if _focused(browser, text):
            return pressed
    raise AssertionError(f"Tab does not reach „{text}”")


def _arrived(browser: Browser, state: str) -> None:
    browser.wait(f"{state} && document.readyState === 'complete'")


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scripts", [True, False])
def test_from_a_question_to_a_citation_by_keyboard(
    site: httpx.Client, browser: Browser, width: int, *, scripts: bool
) -> None:
    """Search, filter, a page, its next hit, the citation: with the keys alone, with scripts and without them."""
    browser.media()
    browser.size(width, 900)
    browser.scripts(on=scripts)
    try:
        browser.open(_address(site, "/o-bazie"))
        _tab_to(browser, "Baza wiedzy")
        for _ in range(20):
            browser.press("Tab")
            if browser.ask("document.activeElement.id") == "szukaj":
                break
        browser.type("gmina")
        browser.press("Enter")
        _arrived(browser, "location.pathname === '/szukaj'")

        # The second link of the page leads to the filters.
        assert _tab_to(browser, "Przejdź do filtrów") == 2
        browser.press("Enter")
        browser.wait("location.hash === '#filtry'")
        if width < 960:
            _tab_to(browser, "Filtry", 2)
            browser.press("Enter")
        while browser.ask("document.activeElement.value") != "poradnik":
            browser.press("Tab")
        browser.press(" ")
        assert browser.ask("document.activeElement.checked")
        _tab_to(browser, "Zastosuj filtry")
        browser.press("Enter")
        _arrived(browser, "location.search.includes('kind=poradnik')")

        _tab_to(browser, "Przejdź do treści")
        browser.press("Enter")
        _tab_to(browser, "s. ")
        browser.press("Enter")
        _arrived(browser, "location.pathname.startsWith('/dokumenty/poradnik-zit/strony/')")
        before = browser.ask("location.href")

        _tab_to(browser, "Przejdź do treści")
        browser.press("Enter")
        _tab_to(browser, "Następne trafienie")
        browser.press("Enter")
        _arrived(browser, f"location.href !== {before!r}")
        assert browser.ask("document.querySelectorAll('mark, .picture rect').length") > 0

        _tab_to(browser, "Cytuj")
        browser.press("Enter")
        browser.wait("location.hash === '#cytuj'")
        assert "ZIT i IIT w praktyce" in browser.ask("document.querySelector('.cite dd').textContent")
    finally:
        browser.scripts(on=True)
