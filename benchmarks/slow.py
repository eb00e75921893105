"""How long a reader on a slow telephone waits: the main pages in Chromium, over a line of 400 kbit/s with 400 ms there and back.

    python benchmarks/slow.py [--documents FOLDER --index FOLDER] [--write docs/slow-lines.md]

Without ``--index`` the documents are indexed into a folder that is removed afterwards. Each page is opened with nothing in the
browser's cache, and again with what the first visit has left there. ``--write`` puts the table between ``<!-- slow -->`` and
``<!-- /slow -->`` of that file.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from attack import ROOT, serving
from relevance import write

sys.path.insert(0, str(ROOT / "tests"))
from web.browser import Browser, chromium

PAGES = {
    "start page": "/",
    "results": "/szukaj?q=partnerstwo",
    "document": "/dokumenty/{document}",
    "page of a PDF, text": "/dokumenty/{pdf}/strony/2?widok=tekst",
    "page of a PDF, picture and text": "/dokumenty/{pdf}/strony/2?widok=obok",
}
BYTES_A_SECOND = 400_000 / 8
LATENCY_MS = 400
USABLE_MS = 1_000
_MEASURED = """
new Promise(done => setTimeout(() => {
  const [page] = performance.getEntriesByType('navigation');
  const paint = performance.getEntriesByName('first-contentful-paint')[0];
  const sent = performance.getEntriesByType('resource').filter(one => !one.initiatorType.includes('img'));
  const pictures = performance.getEntriesByType('resource').filter(one => one.initiatorType.includes('img'));
  const sum = entries => entries.reduce((total, one) => total + one.transferSize, 0);
  done({paint: paint ? paint.startTime : 0, load: page.loadEventEnd, shift: window.shifted || 0,
        page: page.transferSize, rest: sum(sent), pictures: sum(pictures)});
}, 300))
"""
_WATCH = """
new PerformanceObserver(list => {
  for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifted = (window.shifted || 0) + one.value;
}).observe({type: 'layout-shift', buffered: true});
"""


@dataclass(frozen=True)
class Visit:
    """One page as it came: milliseconds until something stood there and until all was there, shifts, kilobytes on the line."""

    paint: float
    load: float
    shift: float
    page: float
    rest: float
    pictures: float


def visit(browser: Browser, url: str) -> Visit:
    """Open a page and wait until everything has come."""
    browser.open("about:blank")
    browser.open(url)
    return Visit(**browser.ask(_MEASURED))


def measured(port: int, document: str, pdf: str) -> list[str]:
    """The table."""
    program = chromium()
    if program is None:
        raise SystemExit("there is no Chromium on this machine")
    lines = [
        "| page | first words, ms | everything, ms | again: words, ms | everything, ms | CLS | page, kB | scripts | pictures |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    with tempfile.TemporaryDirectory() as profile, closing(Browser(program, Path(profile))) as browser:
        browser.size(390, 844)
        browser.call("Page.addScriptToEvaluateOnNewDocument", source=_WATCH)
        browser.call(
            "Network.emulateNetworkConditions",
            offline=False,
            latency=LATENCY_MS,
            downloadThroughput=BYTES_A_SECOND,
            uploadThroughput=BYTES_A_SECOND,
        )
        for name, address in PAGES.items():
            url = f"http://127.0.0.1:{port}" + address.format(document=document, pdf=pdf)
            browser.call("Network.clearBrowserCache")
            first, again = visit(browser, url), visit(browser, url)
            shift = max(first.shift, again.shift)
            lines.append(
                f"| {name} | {first.paint:.0f} | {first.load:.0f} | {again.paint:.0f} | {again.load:.0f} | {shift:.3f} "
                f"| {first.page / 1000:.1f} | {first.rest / 1000:.1f} | {first.pictures / 1000:.0f} |"
            )
    return lines


def main() -> None:
    """Measure one collection."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--documents", type=Path, default=ROOT / "documents")
    parser.add_argument("--index", type=Path)
    parser.add_argument("--document", default="aktualnosc-dnsh", help="the id of a document of sections")
    parser.add_argument("--pdf", default="poradnik-zit-iit", help="the id of a PDF")
    parser.add_argument("--write", type=Path, metavar="FILE")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, serving(given.documents, given.index or Path(folder)) as server:
        server.ask("/szukaj?q=partnerstwo")
        server.ask(f"/dokumenty/{given.pdf}/strony/2")
        lines = measured(server.port, given.document, given.pdf)
    print("\n".join(lines))
    if given.write:
        write(given.write, "slow", lines)


if __name__ == "__main__":
    main()
