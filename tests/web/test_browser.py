"""The pages in a real browser: nothing refused, nothing wider than the screen, the search field by keyboard."""

import time

import httpx
import pytest

from .browser import PATIENCE, Browser

PAGES = (
    "/",
    "/szukaj?q=gmina",
    "/szukaj?q=xqzwy",
    "/dokumenty/poradnik-zit?q=zit",
    "/dokumenty/transport-w-gminie?q=wkład",
    "/dokumenty/poradnik-zit/strony/8?q=dofinansowanie&widok=obok",
    "/dokumenty/poradnik-zit/strony/8?q=dofinansowanie&widok=obraz",
    "/dokumenty/transport-w-gminie/strony/2?q=gmina",
    "/aktualnosci",
    "/wydarzenia",
    "/edycje/pilotaz",
    "/tematy",
    "/slownik",
    "/o-bazie",
    "/api",
)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("width", [320, 1280])
def test_pages_fit_and_load_cleanly(client: httpx.Client, browser: Browser, path: str, width: int) -> None:
    """No page scrolls sideways, down to 320 pixels; no script fails and the security policy refuses nothing."""
    browser.errors.clear()
    browser.size(width, 900)
    browser.open(str(client.base_url.join(path)))
    assert browser.ask("document.documentElement.scrollWidth") <= width
    assert browser.errors == []


def test_keyboard_reaches_content_first(client: httpx.Client, browser: Browser) -> None:
    """The first Tab shows the link that skips the frame, and it leads to the content."""
    browser.size(1280, 900)
    browser.open(str(client.base_url.join("/slownik")))
    browser.press("Tab")
    assert browser.ask("document.activeElement.textContent") == "Przejdź do treści"
    browser.press("Enter")
    browser.wait("document.activeElement.id === 'tresc'")


def test_search_field_is_a_combobox(client: httpx.Client, browser: Browser) -> None:
    """The script names the field's role and the list that it controls; Enter without a choice searches for what was typed."""
    browser.open(str(client.base_url.join("/")))
    assert browser.ask("document.querySelector('#szukaj').getAttribute('role')") == "combobox"
    assert browser.ask(
        "document.getElementById(document.querySelector('#szukaj').getAttribute('aria-controls')).role"
    ) == ("listbox")
    browser.ask("document.querySelector('#szukaj').focus()")
    browser.type("nowina")
    browser.press("Enter")
    browser.wait("location.pathname === '/szukaj' && location.search === '?q=nowina'")


def test_suggestions_by_keyboard(client: httpx.Client, browser: Browser) -> None:
    """Arrows choose a suggestion and fill the field, Escape gives back what was typed, Enter takes the choice."""
    suggestions = client.get("/api/v1/suggest?q=zint").json()["suggestions"]
    assert suggestions
    field = "document.querySelector('#szukaj')"
    browser.open(str(client.base_url.join("/")))
    browser.ask(f"{field}.focus()")
    browser.type("zint")
    browser.wait(f"{field}.getAttribute('aria-expanded') === 'true'")
    assert browser.ask("document.querySelectorAll('[role=option]').length") == len(suggestions)
    assert "podpowied" in browser.ask("document.querySelector('.search [role=status]').textContent")
    browser.press("ArrowDown")
    assert browser.ask(f"{field}.value") == suggestions[0]["text"]
    assert browser.ask(f"document.getElementById({field}.getAttribute('aria-activedescendant')).ariaSelected") == "true"
    browser.press("Escape")
    assert browser.ask(f"{field}.value") == "zint"
    assert browser.ask(f"{field}.getAttribute('aria-expanded')") == "false"
    browser.press("ArrowDown")
    browser.wait(f"{field}.getAttribute('aria-expanded') === 'true'")
    browser.press("ArrowDown")
    browser.press("Enter")
    browser.wait("location.pathname !== '/'")
    assert browser.ask("location.pathname") == (suggestions[0]["url"] or "/szukaj").split("?")[0].split("#")[0]


def test_a_pdf_is_shown_in_its_sandbox(client: httpx.Client, browser: Browser) -> None:
    """The browser's own viewer opens an original under the policy that keeps it apart from the site."""
    url = f"{client.base_url}/pliki/poradnik-zit"
    assert client.get(url).headers["content-security-policy"].startswith("sandbox ")
    browser.errors.clear()
    browser.call("Page.navigate", url=url)
    browser.wait("document.contentType === 'application/pdf'")
    end = time.monotonic() + PATIENCE
    while not {"viewer", "document"} <= {_role(target["url"], url) for target in browser.iframes()}:
        assert time.monotonic() < end, browser.iframes()
        time.sleep(0.03)
    assert not [error for error in browser.errors if "Content Security Policy" in error]


def test_arrows_turn_pages_and_go_through_hits(client: httpx.Client, browser: Browser) -> None:
    """Left and right are the neighbouring pages, with Shift the found places; in a field they move in the text."""
    page = "/dokumenty/poradnik-zit/strony"
    browser.size(1280, 900)
    browser.open(str(client.base_url.join(f"{page}/3?q=gmina")))
    browser.press("ArrowRight")
    browser.wait(f"location.pathname === '{page}/4' && document.readyState === 'complete'")
    browser.press("ArrowRight", shift=True)
    browser.wait("location.hash === '#trafienie' && document.readyState === 'complete'")
    assert "trafienie=1" in browser.ask("location.search")
    browser.press("ArrowLeft")
    browser.wait(f"location.pathname === '{page}/3' && document.readyState === 'complete'")
    browser.ask("document.querySelector('#nr').focus()")
    browser.press("ArrowRight")
    assert browser.ask("location.pathname") == f"{page}/3"


@pytest.mark.parametrize("width", [390, 1280])
def test_a_picture_comes_without_a_shift_and_under_its_marks(
    client: httpx.Client, browser: Browser, width: int
) -> None:
    """The page does not move when the picture arrives, and the boxes over it are where the map has the words."""
    address = str(client.base_url.join("/dokumenty/poradnik-zit/strony/5?q=gmina&widok=obok"))
    browser.size(width, 900)
    browser.open(address)  # the map is there from now on
    # What moves because the window has just got another size counts for nobody.
    browser.ask(
        "window.shift = 0; new PerformanceObserver((list) => list.getEntries().forEach((each) => {"
        " shift += each.hadRecentInput ? 0 : each.value; })).observe({type: 'layout-shift', buffered: true})"
    )
    image = "document.querySelector('.picture img')"
    browser.ask(f"{image}.scrollIntoView({{behavior: 'instant'}})")
    browser.wait(f"{image}.complete && {image}.naturalWidth > 0")
    # With srcset, the natural width is told in CSS pixels: what counts is that it is no empty picture, and of the right shape.
    assert (
        browser.ask(f"Math.abs({image}.naturalHeight / {image}.naturalWidth - {image}.height / {image}.width)") < 0.01
    )
    assert browser.ask("shift") == 0
    browser.wait("document.querySelector('.picture rect') !== null || (location.reload(), false)")
    box, picture = (
        browser.ask(f"(({{x, y, width, height}}) => [x, y, width, height])({one}.getBoundingClientRect())")
        for one in ("document.querySelector('.picture rect')", image)
    )
    assert picture[0] <= box[0] < box[0] + box[2] <= picture[0] + picture[2]
    given = browser.ask("+document.querySelector('.picture rect').getAttribute('x')")
    assert abs((box[0] - picture[0]) / picture[2] - given / 800) < 0.005


def _role(target: str, url: str) -> str:
    return "viewer" if target.startswith("chrome-extension://") else "document" if target == url else ""


def test_an_entry_is_copied_with_the_selected_sentence(client: httpx.Client, browser: Browser) -> None:
    """One key copies an entry, with the sentence that is selected in the text, and a live region says so."""
    browser.errors.clear()
    browser.size(1280, 900)
    browser.call("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    browser.call("Emulation.setFocusEmulationEnabled", enabled=True)
    browser.open(str(client.base_url.join("/dokumenty/transport-w-gminie/strony/2")))
    browser.wait("!document.querySelector('.cite button[data-copy]').hidden")
    browser.ask("document.getSelection().selectAllChildren(document.querySelector('.text h2 + p'))")
    browser.wait("!document.querySelector('.chosen').hidden")
    for style, expected in (
        ("apa-in-text", "…” (Transport & <b>dojazdy</b>, 2023, część „Wkład własny gminy”)"),
        ("iso690", "…” — Transport & <b>dojazdy</b> [online]. "),
    ):
        browser.ask(f"document.querySelector('[data-copy=cytat-{style}]').focus()")
        browser.press("Enter")
        browser.wait("document.querySelector('.copied').textContent.endsWith(', z zaznaczonym cytatem.')")
        copied = _clipboard(browser)
        assert copied.startswith("„Wkład własny gminy wynosi 15%")
        assert expected.removeprefix("…") in copied
    browser.ask("document.querySelector('.chosen button').click()")
    browser.ask("document.querySelector('[data-name=RIS]').focus()")
    browser.press("Enter")
    browser.wait("document.querySelector('.copied').textContent === 'Skopiowano: RIS.'")
    assert _clipboard(browser).startswith("TY  - ELEC")
    assert browser.errors == []


def _clipboard(browser: Browser) -> str:
    """What is on the clipboard."""
    browser.ask(
        "globalThis.pasted = null; navigator.clipboard.readText().then((text) => { globalThis.pasted = text; }); 0"
    )
    browser.wait("globalThis.pasted !== null")
    return str(browser.ask("globalThis.pasted"))
