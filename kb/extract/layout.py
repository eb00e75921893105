"""Lines of all pages of a document → the text that people read: one paragraph, item, heading or row of a table a line.

Running heads go (``running``), headings are placed (``headings``), footnotes follow the text of their page and their numbers
leave it, and words and sentences over the end of a page are put together.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from kb.extract.clean import (
    SOFT,
    Known,
    characters,
    dotted_z,
    fragments,
    glyph_names,
    hyphens,
    note_marks,
    whole_words,
)
from kb.extract.continuation import continuation
from kb.extract.encodings import repaired_pages
from kb.extract.footnotes import note_text, number_of_note, split_notes, starts_note, without_marks
from kb.extract.headings import Entry, Placed, place_headings
from kb.extract.lines import CELL, PLAIN_SIZE, RAISED, Line, PageLines
from kb.extract.outcome import Taken
from kb.extract.paragraphs import (
    ENDED,
    Paragraph,
    ParagraphKind,
    joined,
    row,
    text_paragraphs,
)
from kb.extract.running import Stripped, without_running
from kb.model import Heading

_LAST_LATIN = "\u024f"
_FEW_BULLETS = 3
_KNOWN_SIGNS = re.compile(r"[•●▪■□○◦‣➢✓–—−„”“’…‰€∑√≤≥≠∞°]")
_PLAIN_WIDTH, _PLAIN_HEIGHT, _PLAIN_LETTER = 595.0, 842.0, 5.0
_LEADERS = re.compile(r"(?: ?\.){4,} ?")
_BROKEN_END = re.compile(rf"(?<=[^\W\d_])(?: ?-|{SOFT})$")
_FIRST_WORD = re.compile(r"([^\W\d_]+[^\s\w]*)\s*")


@dataclass(frozen=True, slots=True)
class TidyPage:
    """A page's text and headings, where its footnotes begin, and the words of the next page that end its last sentence."""

    text: str
    continuation: str = ""
    headings: tuple[Heading, ...] = ()
    notes_at: int | None = None


@dataclass(frozen=True, slots=True)
class Tidied:
    """All pages of a document, and the running heads that were taken out."""

    pages: tuple[TidyPage, ...]
    taken: tuple[Taken, ...] = ()


@dataclass(slots=True)
class _Sheet:
    """A page between the steps: lines of its text, its footnotes, and a head or foot that is kept."""

    lines: list[Line]
    notes: list[Line]
    stripped: Stripped
    headings: Sequence[Placed] = ()


def tidy(
    pages: Sequence[PageLines], known: Known, second: frozenset[int] = frozenset(), outline: Sequence[Entry] = ()
) -> Tidied:
    """All pages of a document as they were read → text as people read it. ``second`` are positions read by pypdf."""
    repaired = _repaired([_placed(page) for page in pages], known, second)
    body = body_size(repaired)
    stripped, taken = without_running(repaired, body)
    sheets = []
    unfinished = False
    for page, rest in zip(repaired, stripped, strict=True):
        lines, notes = split_notes(rest.lines, body, page.height, unfinished)
        unfinished = bool(notes) and not ENDED.search(notes[-1].text)
        sheets.append(_Sheet(lines, notes, rest))
    for sheet, headings in zip(sheets, place_headings([sheet.lines for sheet in sheets], outline, body), strict=True):
        sheet.headings = headings
    for sheet in sheets:
        _unraise(sheet)
    _join_last_words(sheets)
    composed = [_paragraphs(sheet) for sheet in sheets]
    _repair_words(composed, known)
    following = [*composed[1:], []]
    return Tidied(
        tuple(_page(own, continuation(own, after)) for own, after in zip(composed, following, strict=True)),
        tuple(taken),
    )


def _placed(page: PageLines) -> PageLines:
    """Lines of a reader that gives text alone, put on a page of typewriter letters."""
    if not page.lines or any(line.size for line in page.lines):
        return page
    width = max(_PLAIN_WIDTH, _PLAIN_LETTER * max(len(line.text) for line in page.lines))
    height = max(_PLAIN_HEIGHT, 1.4 * PLAIN_SIZE * (len(page.lines) + 4))
    lines = []
    for number, line in enumerate(page.lines):
        top = height - 1.4 * PLAIN_SIZE * (number + 2)
        lines.append(
            line._replace(
                right=_PLAIN_LETTER * len(line.text),
                top=top,
                bottom=top - PLAIN_SIZE,
                size=PLAIN_SIZE,
            )
        )
    return PageLines(width, height, tuple(lines))


def _repaired(pages: Sequence[PageLines], known: Known, second: frozenset[int]) -> list[PageLines]:
    """Pages whose characters can be shown, with ż where a font has Ŝ."""
    read = repaired_pages([_spelt(page) for page in pages], known)
    texts = [[characters(line, keep=CELL + RAISED) for line in text.split("\n")] if text else [] for text in read]
    steps: list[Callable[[str], str]] = []
    if any("Ŝ" in text for page in texts for text in page):
        missing = not any("ż" in text for page in texts for text in page)
        steps.append(lambda text: dotted_z(text, known, missing))
    bullets = _odd_bullets(text for page in texts for text in page)
    if bullets:
        steps.append(lambda text: f"•{text[1:]}" if text[:1] in bullets and text[1:2] in (" ", CELL) else text)
    result = []
    for position, (page, own) in enumerate(zip(pages, texts, strict=True)):
        lines = []
        for line, cleaned in zip(page.lines, own, strict=True):
            text = cleaned
            for step in steps:
                text = step(text)
            if position in second:
                text = fragments(text, known)
            if text.strip(f" {CELL}{RAISED}"):
                lines.append(line if text == line.text else line._replace(text=text))
        result.append(PageLines(page.width, page.height, tuple(lines)))
    return result


def _spelt(page: PageLines) -> str:
    """A page's lines without names of glyphs; a line has either the one or the other."""
    text = page.text
    return text if glyph_names(text) == text else "\n".join(glyph_names(line.text) for line in page.lines)


def _odd_bullets(texts: Iterable[str]) -> set[str]:
    """Signs of symbol fonts that begin several lines, a space behind them: bullets, whatever code they have."""
    starts = Counter(text[0] for text in texts if text[1:2] in (" ", CELL) and text[0] > _LAST_LATIN)
    return {sign for sign, count in starts.items() if count >= _FEW_BULLETS and not _KNOWN_SIGNS.match(sign)}


def body_size(pages: Sequence[PageLines]) -> float:
    """The type size of most of the text."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for line in page.lines:
            sizes[round(line.size * 4) / 4] += len(line.text)
    return max(sizes, key=lambda size: (sizes[size], size), default=PLAIN_SIZE)


def _unraise(sheet: _Sheet) -> None:
    """Footnotes' numbers out of the text; other raised characters (m², art. 22¹) stay, as such."""
    numbers = {number for line in sheet.notes if (number := number_of_note(line.text))}
    sheet.lines = [
        line._replace(text=without_marks(line.text, numbers)) if RAISED in line.text else line for line in sheet.lines
    ]
    sheet.notes = [line._replace(text=note_text(line.text.replace(CELL, " "), numbers)) for line in sheet.notes]


def _join_last_words(sheets: Sequence[_Sheet]) -> None:
    """A word broken over a page's end stands whole on the page that it begins on."""
    for sheet, after in pairwise(sheets):
        if not sheet.lines or not after.lines:
            continue
        last, first = sheet.lines[-1], after.lines[0]
        word = _FIRST_WORD.match(first.text)
        if not word or not word[1][0].islower() or not _BROKEN_END.search(last.text):
            continue
        sheet.lines[-1] = last._replace(text=joined(last.text, word[1]))
        # An emptied line stays, so that the places of headings hold.
        after.lines[0] = first._replace(text=first.text[word.end() :])


def _paragraphs(sheet: _Sheet) -> list[Paragraph]:
    """A page's paragraphs: a kept head, the text, a kept foot, the notes."""
    result = [Paragraph(row(_plain(line)), ParagraphKind.HEAD) for line in sheet.stripped.head]
    result += text_paragraphs(sheet.lines, sheet.headings)
    result += [Paragraph(row(_plain(line)), ParagraphKind.NOTE) for line in sheet.stripped.foot]
    for line in sheet.notes:
        if (
            result
            and result[-1].kind is ParagraphKind.NOTE
            and not starts_note(line.text)
            and line is not sheet.notes[0]
        ):
            result[-1].append(row(line.text))
        elif line.text:
            result.append(Paragraph(row(line.text), ParagraphKind.NOTE))
    for paragraph in result:
        paragraph.join()
    return result


def _plain(line: Line) -> str:
    return without_marks(line.text, set())


def _repair_words(pages: Sequence[Sequence[Paragraph]], known: Known) -> None:
    """Broken words made whole, numbers of footnotes off words, leaders to one sign."""
    seen = whole_words(paragraph.text for page in pages for paragraph in page)
    for page in pages:
        notes = {number for paragraph in page if (number := number_of_note(paragraph.text))}
        apart = partial(note_marks, known=known, notes=notes)
        for paragraph in page:
            text = apart(hyphens(paragraph.text, known, seen))
            paragraph.text = (_LEADERS.sub(" … ", text) if ".." in text or ". ." in text else text).strip()


def _page(paragraphs: Sequence[Paragraph], rest: str) -> TidyPage:
    lines: list[str] = []
    headings: list[Heading] = []
    at = 0
    notes_at = None
    for paragraph in paragraphs:
        for placed in paragraph.headings:
            title = placed.title or paragraph.text
            if title:
                headings.append(Heading(text=title, level=placed.level, start=at))
        if not paragraph.text:
            continue
        if paragraph.kind is ParagraphKind.NOTE and notes_at is None:
            notes_at = at
        lines.append(paragraph.text)
        at += len(paragraph.text) + 1
    return TidyPage("\n".join(lines), rest, tuple(headings), notes_at)
