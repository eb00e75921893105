"""A page's text or sanitised HTML with the found words marked, and a Markdown page's links made to work on the site."""

from __future__ import annotations

import posixpath
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

from markupsafe import Markup

from kb.finding.snippets import Mark
from kb.model import CELLS, Heading, Page

Marker = Callable[[str], Sequence[Mark]]
Links = Callable[[str], str | None]
"""From an address as written to the address to link to; None for no link."""

CURRENT = "trafienie"
"""The id of the found place that a reader has come to."""
MOST_SHOWN = 200_000
"""Characters of HTML, or of a printed page's text, shown at once: some 60 printed pages. Links and marks are made anew for
every reader, and more would take over half a second."""
CUT = "To tylko początek bardzo długiego tekstu. Całość jest w oryginalnym pliku."
_DEEPEST = 6
_LONGEST_HEADING = 250
_WORDIER = 2
_ITEM = re.compile(r"[•●▪■□○◦‣➢✓–—-]\s|\d{1,3}[.)]\s|\(\d{1,3}\)\s|[a-ząćęłńóśźż]{1,2}\)\s")
_OPENING = {
    "": "",
    "item": '<ul class="items">',
    "row": '<div class="scroll" role="region" aria-label="Tabela" tabindex="0"><table class="rows">',
    "note": '<section class="notes" aria-label="Przypisy">',
}
_CLOSING = {"": "", "item": "</ul>", "row": "</table></div>", "note": "</section>"}
_ID = re.compile(r' id="([^"]*+)"')
_HALF_REFERENCE = re.compile(r"&[a-z0-9#]{0,9}\Z")
_VOID = frozenset({"br", "hr", "img"})
_INLINE = frozenset({"a", "abbr", "br", "code", "del", "em", "img", "kbd", "s", "span", "strong", "sub", "sup"})


def paragraphs(
    text: str,
    headings: Sequence[Heading] = (),
    marker: Marker | None = None,
    notes_at: int | None = None,
    current: int = -1,
) -> Markup:
    """Plain text as HTML: each line a paragraph, heading, item of a list, row of a table or footnote; found places marked.

    A mark that runs over the end of a line is closed there and opened again on the next. ``current`` is the one, counted from 0,
    that stands out and that the address of the page leads to.
    """
    marked = _Marked(text, marker, current)
    levels = {heading.start: (number, heading) for number, heading in enumerate(headings, 1)}
    parts: list[str] = []
    inside = ""
    start = 0
    for line in text.split("\n"):
        end = start + len(line)
        number, heading = levels.get(start, (0, None))
        if heading and not _says(line, heading):
            parts.append(f'<span id="{heading_anchor(number)}"></span>')
            heading = None
        kind = "" if heading else _kind(line, start, notes_at)
        if kind != inside:
            parts.append(_CLOSING[inside] + _OPENING[kind])
            inside = kind
        if heading:
            tag = f"h{min(heading.level + 1, _DEEPEST)}"
            parts.append(f'<{tag} id="{heading_anchor(number)}">{marked.html(start, end)}</{tag}>')
        elif kind == "row":
            parts.append(f"<tr>{''.join(_cells(text, marked, start, end))}</tr>")
        elif line.strip():
            tag = "li" if kind == "item" else "p"
            parts.append(f"<{tag}>{marked.html(start, end)}</{tag}>")
        start = end + 1
    parts.append(_CLOSING[inside])
    return Markup("\n".join(filter(None, parts)))  # noqa: S704  # _marked escapes


def first_sections(pages: Iterable[Page]) -> list[str]:
    """The HTML of the first sections, as many as are shown at once; the first is there however long it is."""
    shown: list[str] = []
    room = MOST_SHOWN
    for page in pages:
        html = page.html or paragraphs(page.text, page.headings)
        room -= len(html) + 1
        if shown and room < 0:
            break
        shown.append(html)
    return shown


def heading_anchor(number: int) -> str:
    """The id of a page's heading, counted from 1."""
    return f"naglowek-{number}"


def _says(line: str, heading: Heading) -> bool:
    """Whether a line is a heading, and not text that begins where an outline has one without a line of its own."""
    return len(line) <= _LONGEST_HEADING and len(line) <= _WORDIER * len(heading.text)


def _kind(line: str, start: int, notes_at: int | None) -> str:
    if notes_at is not None and start >= notes_at:
        return "note"
    if CELLS in line:
        return "row"
    return "item" if _ITEM.match(line) else ""


def _cells(text: str, marked: _Marked, start: int, end: int) -> Iterator[str]:
    while start < end:
        after = text.find(CELLS, start, end)
        after = end if after < 0 else after
        yield f"<td>{marked.html(start, after)}</td>"
        start = after + len(CELLS)


def rendered(html: str, links: Links, marker: Marker | None = None, most: int = sys.maxsize) -> Markup:
    """Sanitised HTML with links resolved and the found places of its text marked.

    Phrases are found across ``em`` and the like, never across paragraphs or cells. Of more than ``most`` characters the rest
    is left out: no tag is cut in two, and those that are open are closed.
    """
    parser = _Pieces(links)
    if len(html) <= most:
        parser.feed(html)
        parser.close()
    else:
        parser.feed(_HALF_REFERENCE.sub("", html[:most]))
        parser.cut_off()
    marked = _Marked("".join(parser.texts), marker)
    out: list[str] = []
    start = 0
    for piece, markup in zip(parser.texts, parser.tags, strict=True):
        end = start + len(piece)
        out.append(marked.html(start, end) if markup is None else markup)
        start = end
    return Markup("".join(out))  # noqa: S704  # texts are escaped, tags come from sanitised HTML


def site_links(path: str, url_of_file: Callable[[str], str | None], document_url: str, html: str = "") -> Links:
    """Links of the Markdown file at ``path``: to other files of the collection → their pages on the site.

    A file that the collection lacks is no link. An anchor that is not in ``html``, the piece to be shown, is taken for one
    on the document's page.
    """
    here = posixpath.dirname(path)
    anchors = frozenset(_ID.findall(html))

    def resolve(address: str) -> str | None:
        try:
            parts = urlsplit(address)
        except ValueError:
            return None
        if parts.scheme or parts.netloc:
            return address
        fragment = f"#{parts.fragment}" if parts.fragment else ""
        if not parts.path:
            return address if parts.fragment in anchors else document_url + fragment
        if parts.path.startswith("/"):
            return address
        target = url_of_file(posixpath.normpath(posixpath.join(here, unquote(parts.path))))
        return target + fragment if target else None

    return resolve


class _Marked:
    """A text with its found places, asked for piece by piece from its beginning to its end."""

    def __init__(self, text: str, marker: Marker | None, current: int = -1) -> None:
        self._text = text
        self._current = current
        self._marks = marker(text) if marker else ()
        self._next = 0

    def html(self, start: int, end: int) -> str:
        """``text[start:end]`` escaped, with the parts of marks that lie in it."""
        text, marks, parts, done = self._text, self._marks, [], start
        while self._next < len(marks) and marks[self._next].start < end:
            mark = marks[self._next]
            first, last = max(mark.start, start), min(mark.end, end)
            if first < last:
                begins = self._begin(first == mark.start)
                parts += [escape(text[done:first]), begins, escape(text[first:last]), "</mark>"]
                done = last
            if mark.end > end:
                break
            self._next += 1
        parts.append(escape(text[done:end]))
        return "".join(parts)

    def _begin(self, whole: bool) -> str:
        """The tag that begins the next mark, or the rest of it."""
        if self._next != self._current:
            return "<mark>"
        return f'<mark class="current" id="{CURRENT}">' if whole else '<mark class="current">'


class _Pieces(HTMLParser):
    """HTML as a row of pieces: text where ``tags[i]`` is None; else a tag, and ``texts[i]`` says whether it ends a line."""

    def __init__(self, links: Links) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self.tags: list[str | None] = []
        self._links = links
        self._open_links: list[str] = []
        self._to_close: list[str] = []

    def cut_off(self) -> None:
        """Close what is open; a tag or character reference that has only begun is left out."""
        for markup in reversed(self._to_close):
            self.texts.append("")
            self.tags.append(markup)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        self.tags.append(None)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "img":
            # Only the collection's documents are served, so a picture is what its author says is on it.
            if given.get("alt"):
                self._tag(tag, f'<span class="picture">[ilustracja: {escape(given["alt"])}]</span>')
            return
        if tag == "a":
            target = self._links(given["href"]) if "href" in given else None
            self._open_links.append("span" if target is None else "a")
            given.pop("href", None)
            if target is not None:
                given = {"href": target, **given}
            tag = self._open_links[-1]
            given = {name: value for name, value in given.items() if tag == "a" or name == "id"}
        attributes = "".join(f' {name}="{escape(value)}"' for name, value in given.items())
        before = '<div class="scroll" role="region" aria-label="Tabela" tabindex="0">' if tag == "table" else ""
        self._tag(tag, f"{before}<{tag}{attributes}>")
        if tag not in _VOID:
            self._to_close.append(_end(tag))

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._open_links:
            tag = self._open_links.pop()
        self._tag(tag, _end(tag))
        if self._to_close:
            self._to_close.pop()

    def _tag(self, tag: str, markup: str) -> None:
        self.texts.append("" if tag in _INLINE else "\n")
        self.tags.append(markup)


def _end(tag: str) -> str:
    return f"</{tag}>" + ("</div>" if tag == "table" else "")
