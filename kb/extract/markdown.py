"""A Markdown file → its sections: the only user of markdown-it-py, its plugins and nh3.

Of raw HTML only plain markup is left, made anew (``raw_html``), and what is rendered is sanitised all the same: two locks on
one door.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin

from kb import decoding
from kb.extract import encodings, frontmatter, outcome, raw_html
from kb.extract.clean import SOFT, Known, characters, has_text, shortened
from kb.extract.reader import Report
from kb.limits import Limits
from kb.messages import grouped
from kb.model import Extraction, Heading, Page, Status
from kb.polish import is_plain, normalise
from kb.slugs import anchor as anchor_of

_SECTION_LEVEL = 2
_DEEPEST_LEVEL = 6
MOST_RENDERED = 1_000_000
"""Characters of HTML of one section: what is longer is kept as plain text, of which nobody reads more anyhow."""
_MOST_RAW = 10_000
"""Elements of raw HTML in one section, as a table of so many cells has them. Nothing else here can be nested without end, and
to make nested ones safe takes four times as long for twice as many."""
_MOST_FOR_EACH = 30
_MOST_FREE = 200_000
"""All sections together may have so many characters of HTML for each of the file's, and so many besides. A link's address, a
note or a table's empty cells can be repeated without end by a few characters."""
_SIZE_OF_TAG = 6
_LONGEST_FRONT_MATTER = 64 * 1024
"""What is looked at of a file that is too long to be read."""
_ADVICE = "Otwórz go i zapisz ponownie jako tekst w kodowaniu UTF-8."
_TEMPLATE = re.compile(r" ?(?:\{%[^{}]*%\}|\{\{[^{}]*\}\}|\{:[^{}]*\})")
"""What a site's generator (Jekyll, Hugo, Eleventy) was to replace or to style by: it is no text."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")

_TAGS = frozenset(
    {"a", "abbr", "blockquote", "br", "code", "dd", "del", "dl", "dt", "em", "h2", "h3", "h4", "h5", "h6", "hr", "img"}
    | {"kbd", "li", "ol", "p", "pre", "s", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul"}
)
_ATTRIBUTES = {
    "a": {"href", "title", "id"},
    "img": {"src", "alt", "title"},
    "li": {"id"},
    "ol": {"start"},
    **{f"h{level}": {"id"} for level in range(_SECTION_LEVEL, _DEEPEST_LEVEL + 1)},
}
_SCHEMES = {"http", "https", "mailto", "tel"}
_CLEANER = nh3.Cleaner(tags=set(_TAGS), attributes=_ATTRIBUTES, url_schemes=_SCHEMES, link_rel="noopener noreferrer")


def read_markdown(path: Path, limits: Limits, known: Known, report: Report) -> Extraction:
    """The file's sections as pages: the text before the first heading, then one page for each heading outside lists and quotes.

    ``text`` is plain, its first line the heading; ``html`` has the heading as ``h2``, since a page's ``h1`` is its document's
    title, and deeper ones below it; ``anchor`` is the heading's ASCII slug, unique in the file, and its ``id`` in the HTML.
    ``metadata`` is the front matter. Raises ``OSError``.
    """
    if path.stat().st_size > 4 * limits.characters:
        with path.open("rb") as file:
            start = _decoded(file.read(_LONGEST_FRONT_MATTER).rpartition(b"\n")[0], known)
        return _too_long(limits, start[0] if start else "")
    decoded = _decoded(path.read_bytes(), known)
    if decoded is None:
        return outcome.damaged("to nie jest plik tekstowy", _ADVICE)
    text, warnings = decoded
    if len(text) > limits.characters:
        return _too_long(limits, text[:_LONGEST_FRONT_MATTER])
    front = _split(text)
    warnings += front.warnings
    pages, plain = _pages(front.body, limits.pages)
    if plain:
        warnings.append(
            f"Za dużo znaczników, odsyłaczy lub tekstu w jednej części; bez formatowania: {_parts(plain)}. Podziel je."
        )
    if len(pages) > limits.pages:
        return outcome.too_large(f"ma {len(pages)} części, a najwięcej może mieć {limits.pages}", front.values)
    report(0, len(pages))
    unreadable = [page.number for page in pages if encodings.is_gibberish(page.text, known)]
    if unreadable:
        warnings.append(
            f"Części, w których nie da się odczytać słów: {outcome.ranges(unreadable)}. Sprawdź kodowanie pliku."
        )
    found = any(has_text(page.text) for page in pages)
    extraction = Extraction(status=Status.INDEXED, pages=tuple(pages), metadata=front.values, warnings=tuple(warnings))
    return extraction if found else outcome.no_text("Plik nie zawiera tekstu. Uzupełnij go albo usuń.", extraction)


@dataclass(frozen=True, slots=True)
class RenderedText:
    """A Markdown text: its front matter as written, its sanitised HTML, and in Polish what is wrong with it."""

    values: Mapping[str, object]
    html: str
    warnings: tuple[str, ...]


def render(text: str) -> RenderedText:
    """A Markdown text that is no document, as of the site's own pages."""
    front = _split(text.replace("\r\n", "\n").replace("\r", "\n"))
    pages, _ = _pages(front.body, sys.maxsize)
    return RenderedText(front.values, "\n".join(page.html for page in pages), front.warnings)


def _split(text: str) -> frontmatter.FrontMatter:
    return frontmatter.split(text if is_plain(text) else normalise(_CONTROL.sub("", text)))


def _too_long(limits: Limits, start: str) -> Extraction:
    """A file that is not read, and the description at its start."""
    return outcome.too_large(f"ma ponad {grouped(limits.characters)} znaków tekstu", _split(start).values)


def _decoded(data: bytes, known: Known) -> tuple[str, list[str]] | None:
    r"""Text with ``\n`` line ends, and what was done to it; None for bytes that are no text."""
    decoded = decoding.decode(data, known)
    if decoded is None or "\x00" in decoded[0]:
        return None
    text, encoding = decoded
    warnings = []
    if encoding != "utf-8":
        name = decoding.NAMES[encoding]
        warnings.append(f"Plik nie jest zapisany w UTF-8; odczytano go jako {name}. Zapisz go w kodowaniu UTF-8.")
    repaired = encodings.repaired_text(text, known)
    if repaired != text:
        warnings.append(
            "Polskie litery były zapisane w złym kodowaniu i zostały odtworzone. Sprawdź tekst i zapisz go w UTF-8."
        )
    return repaired.replace("\r\n", "\n").replace("\r", "\n"), warnings


@cache
def _parser() -> MarkdownIt:
    # Made once for all files of a child: making it takes nearly as long as parsing a page.
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    return parser.use(footnote_plugin)


def _pages(source: str, most: int) -> tuple[list[Page], list[int]]:
    """The sections, and the numbers of those that are shown as plain text. Beyond ``most`` they are only counted."""
    parser = _parser()
    environment: dict[str, object] = {}
    tokens = list(map(_made_safe, parser.parse(source, environment)))
    tokens, notes = _without_notes(tokens)
    pages: list[Page] = []
    plain: list[int] = []
    anchors: dict[str, int] = {}
    given: set[int] = set()
    left = _MOST_FOR_EACH * len(source) + _MOST_FREE
    for tokens_of_section in _sections(tokens):
        section = tokens_of_section
        heading, anchor = "", None
        headings: tuple[Heading, ...] = ()
        if _is_section_start(section[0]):
            heading = shortened(_line(_inline_text(section[1].children or [])))
            anchor = _unique(anchor_of(heading), anchors)
            headings = (Heading(text=heading, level=int(section[0].tag[1])),) if heading else ()
            section[0].attrSet("id", anchor)
        _shift_headings(section)
        numbers = _cited_notes(section)
        cited = [token for number in numbers for token in notes.get(number, ())]
        if cited and _size(cited) > left:
            # A note stands in every section that cites it, but where that would make a book of a page, in the first.
            cited = [token for number in numbers if number not in given for token in notes.get(number, ())]
        given.update(numbers)
        if cited:
            section = [*section, Token("footnote_block_open", "", 1), *cited, Token("footnote_block_close", "", -1)]
        text = _plain(section)
        if not text and not heading:
            continue
        html = ""
        if len(pages) < most:
            size = _size(section)
            if size > min(MOST_RENDERED, left) or _raw_elements(section) > _MOST_RAW:
                plain.append(len(pages) + 1)
                html = _as_plain(text, anchor)
            else:
                html = _rendered(parser, section, environment)
                left -= size
        number = len(pages) + 1
        pages.append(Page(number=number, text=text, heading=heading, headings=headings, anchor=anchor, html=html))
    return pages, plain


def _rendered(parser: MarkdownIt, section: Sequence[Token], environment: dict[str, object]) -> str:
    return _CLEANER.clean(parser.renderer.render(section, parser.options, environment)).replace("<p></p>\n", "")


def _as_plain(text: str, anchor: str | None) -> str:
    """A section's words as HTML: each line a paragraph, the first the heading where there is one."""
    lines = [escape(line, quote=False) for line in text.split("\n") if line.strip()]
    first = [f'<h{_SECTION_LEVEL} id="{anchor}">{lines.pop(0)}</h{_SECTION_LEVEL}>'] if anchor and lines else []
    return "\n".join([*first, *(f"<p>{line}</p>" for line in lines)])


def _made_safe(token: Token) -> Token:
    """The same token, the raw HTML in it made anew, without what a site's generator was to replace."""
    if token.type == "html_block":
        html = raw_html.made_anew(token.content).strip()
        token.content = f"{html}\n" if raw_html.is_block(html) or not html else f"<p>{html}</p>\n"
    for child in token.children or ():
        if child.type == "html_inline":
            child.content = raw_html.made_anew(child.content)
        elif child.type == "text" and "{" in child.content:
            child.content = _TEMPLATE.sub("", child.content)
    return token


def _size(tokens: Sequence[Token]) -> int:
    """How long the HTML of a section will be at least, known before it is made: it may not fit into memory."""
    size = 0
    for token in tokens:
        size += _SIZE_OF_TAG + sum(len(str(value)) for value in token.attrs.values())
        size += _size(token.children) if token.children else len(token.content)
    return size


def _raw_elements(tokens: Sequence[Token]) -> int:
    """How many elements raw HTML begins, once it is made anew: then every ``<`` is that of a tag."""
    raw = [token.content for token in tokens if token.type in ("html_block", "html_inline")]
    inside = (token.children for token in tokens if token.children)
    return sum(html.count("<") - html.count("</") for html in raw) + sum(map(_raw_elements, inside))


def _parts(numbers: Sequence[int]) -> str:
    return f"{'część' if len(numbers) == 1 else 'części'} {outcome.ranges(numbers)}"


def _sections(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    section: list[Token] = []
    for token in tokens:
        if _is_section_start(token) and section:
            yield section
            section = []
        section.append(token)
    if section:
        yield section


def _is_section_start(token: Token) -> bool:
    return token.type == "heading_open" and token.level == 0


def _shift_headings(section: Sequence[Token]) -> None:
    for token in section:
        if token.type in ("heading_open", "heading_close"):
            nested = 0 if token.level == 0 else 1
            level = _SECTION_LEVEL if not nested else max(_SECTION_LEVEL + 1, int(token.tag[1]) + 1)
            token.tag = f"h{min(level, _DEEPEST_LEVEL)}"


def _without_notes(tokens: Sequence[Token]) -> tuple[list[Token], dict[int, list[Token]]]:
    """Footnotes apart from the text: the parser puts all of them at the end, a reader wants them in the section that cites."""
    body: list[Token] = []
    notes: dict[int, list[Token]] = {}
    inside: list[Token] | None = None
    for token in tokens:
        if token.type == "footnote_open":
            inside = notes.setdefault(int(token.meta["id"]), [])
        if inside is not None:
            inside.append(token)
        elif token.type not in ("footnote_block_open", "footnote_block_close"):
            body.append(token)
        if token.type == "footnote_close":
            inside = None
    return body, notes


def _cited_notes(section: Sequence[Token]) -> list[int]:
    found = (
        int(child.meta["id"]) for token in section for child in token.children or [] if child.type == "footnote_ref"
    )
    return list(dict.fromkeys(found))


def _plain(tokens: Sequence[Token]) -> str:
    """The words of a section without markup: one block a line, a row of a table on one line."""
    lines: list[str] = []
    row: list[str] | None = None
    for token in tokens:
        if token.type == "tr_open":
            row = []
        elif token.type == "tr_close" and row is not None:
            lines.append(" ".join(cell for cell in row if cell))
            row = None
        elif token.type == "inline":
            text = _inline_text(token.children or [])
            if row is not None:
                row.append(_line(text))
            else:
                lines.append(text)
        elif token.type in ("fence", "code_block"):
            lines.append(token.content)
        elif token.type == "html_block":
            # Its lines are broken anywhere, as a browser reads them.
            text = raw_html.text_of(token.content.replace("\n", " "))
            lines += filter(None, map(_line, text.split("\n")))
    text = characters("\n".join(lines)).replace(SOFT, "")
    return re.sub(r"\n{2,}", "\n", text) if "\n\n" in text else text


def _inline_text(tokens: Sequence[Token]) -> str:
    parts = []
    for token in tokens:
        if token.type in ("text", "code_inline"):
            parts.append(token.content)
        elif token.type == "softbreak":
            parts.append(" ")
        elif token.type == "hardbreak":
            parts.append("\n")
        elif token.type == "html_inline":
            parts.append(raw_html.text_of(token.content))
        elif token.type == "image":
            parts.append(_inline_text(token.children or []))
    return "".join(parts)


def _line(text: str) -> str:
    return " ".join(characters(text).replace(SOFT, "").split())


def _unique(slug: str, taken: dict[str, int]) -> str:
    """The slug, or the first with a number that is free; ``taken`` has for each how far its numbers are used up."""
    result, number = slug, taken.get(slug, 1)
    while result in taken:
        number += 1
        result = f"{slug}-{number}"
    taken[slug] = number
    taken.setdefault(result, 1)
    return result
