"""Lines of all pages of a document → the text that people read: one paragraph, item, heading or row of a table a line.

Running heads go (``running``), headings are placed (``headings``), footnotes follow the text of their page and their numbers
leave it, and words and sentences over the end of a page are put together.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import partial
from itertools import pairwise
from statistics import median

from kb.extract.clean import (
    LINE_END,
    SOFT,
    SPACED,
    Known,
    characters,
    dotted_z,
    fragments,
    glyph_names,
    hyphens,
    note_marks,
    whole_words,
)
from kb.extract.encodings import repaired_pages
from kb.extract.footnotes import note_text, number_of_note, split_notes, starts_note, without_marks
from kb.extract.headings import Entry, Placed, place_headings
from kb.extract.lines import CELL, PLAIN_SIZE, RAISED, SAME_SIZE, Line, PageLines, alike
from kb.extract.outcome import Taken
from kb.extract.running import Stripped, without_running
from kb.extract.titles import title_lines
from kb.model import Heading

CELLS = " | "
"""Between the cells of a row in the text of a page."""

_NEARBY = 5
_SEEN_END = 3
_CONTINUATION_WORDS = 60
_OTHER_SIZE = 0.15
_WIDE_GAP = 1.4
_USUAL_PITCH = 1.6
_INDENT = 0.8
_COLUMN = 25.0
_LAST_LATIN = "\u024f"
_FEW_BULLETS = 3
_KNOWN_SIGNS = re.compile(r"[•●▪■□○◦‣➢✓–—−„”“’…‰€∑√≤≥≠∞°]")
_PLAIN_WIDTH, _PLAIN_HEIGHT, _PLAIN_LETTER = 595.0, 842.0, 5.0

_ITEM = re.compile(
    r"[•●▪■□○◦‣➢✓]|\d{1,2}(?:\.\d{1,2}){1,4}\.?\s[A-ZĄĆĘŁŃÓŚŹŻ]|\d{1,3}\)|\(\d{1,3}\)|[a-ząćęłńóśźż]{1,2}\)\s"
    r"|(?:Rozdział|ROZDZIAŁ|Dział|DZIAŁ|Oddział|Część)\s+[\dIVXLC]"
    r"|(?:Tabela|Tab\.|Rysunek|Rys\.|Wykres|Mapa|Załącznik)\s*(?:nr\s*)?\d"
)
_CAPTION = re.compile(r"(?:Tabela|Tab\.|Rysunek|Rys\.|Wykres|Mapa|Ryc\.|Fot\.)\s*\d")
_SOURCE = "Źródło"
_CELL_LENGTH = 80
_LEGAL_ITEM = re.compile(r"§\s*\d|Art\.\s*\d")
_LEGAL_LINE = re.compile(r"(?:§|Art\.)\s*\d{1,4}[a-z]{0,2}\.?")
_NUMBERED = re.compile(r"\d{1,3}(?:\.\d{1,3}){0,4}\.?\s+(\S)")
_MINOR_ITEM = re.compile(r"(?:[–—-]|[a-ząćęłńóśźż]\.)\s")
_LABEL = re.compile(
    r"[•●▪■□○◦‣➢✓–—-]|\(?(?:\d{1,3}|[a-zA-Z]{1,2}|[ivxIVX]{1,5})[.)]|\d{1,2}(?:\.\d{1,2}){1,4}\.?|§\s*\d{1,3}[a-z]?\.?"
)
"""What stands before an item, so that no cell of a table ends after it."""
_LEADERS = re.compile(r"(?: ?\.){4,} ?")
_LEADER_END = re.compile(r"(?:(?: ?\.){4}|…) ?$")
_LONGEST_LEADER_END = 9
_ENDED = re.compile(r"[.!?…:;][\"'”’»)\]]*$")
_SENTENCE_END = re.compile(r"(?<![.!?…])[.!?…]++[\"”’»)\]]*+(?=\s+[\"„«(]?[A-ZĄĆĘŁŃÓŚŹŻ–—•]|\s*$)")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:[^\W\d_]|al|art|dr|hab|im|inż|itd|itp|lit|m\.in|mgr|mjr|np|nr|os|pkt|pl|por|poz|prof|red|rys|str|św|tab|tj"
    r"|tys|tzn|tzw|ul|ust|ww|zob)$",
    re.IGNORECASE,
)
_BROKEN_END = re.compile(rf"(?<=[^\W\d_])(?: ?-|{SOFT})$")
_FIRST_WORD = re.compile(r"([^\W\d_]+[^\s\w]*)\s*")
_CLINGING = ",.;:)!?…”"


@dataclass(frozen=True, slots=True)
class TidyPage:
    """A page's text and headings, where its footnotes begin, and the words of the next page that end its last sentence."""

    text: str
    continuation: str = ""
    headings: tuple[Heading, ...] = ()
    notes_at: int | None = None


@dataclass(frozen=True, slots=True)
class Tidied:
    """All pages of a document, the running heads that were taken out, and the title that the first page shows, "" for none."""

    pages: tuple[TidyPage, ...]
    taken: tuple[Taken, ...] = ()
    title: str = ""


class _Kind(Enum):
    TEXT = auto()
    HEADING = auto()
    ROW = auto()
    HEAD = auto()
    NOTE = auto()


@dataclass(slots=True)
class _Paragraph:
    """A line of the text to be; ``headings`` are those that begin with it."""

    text: str
    kind: _Kind = _Kind.TEXT
    headings: list[Placed] = field(default_factory=list)
    _parts: list[str] = field(default_factory=list)

    def append(self, line: str) -> None:
        """Put one more line at its end; ``join`` when all are there."""
        # A page may be one paragraph of many thousand lines: what was put together is not copied for every line.
        self._parts.append(self.text[:-_SEEN_END])
        self.text = _append(self.text[-_SEEN_END:], line)

    def join(self) -> None:
        """Make ``text`` the whole paragraph."""
        self.text = "".join((*self._parts, self.text))
        self._parts.clear()


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
        unfinished = bool(notes) and not _ENDED.search(notes[-1].text)
        sheets.append(_Sheet(lines, notes, rest))
    for sheet, headings in zip(sheets, place_headings([sheet.lines for sheet in sheets], outline, body), strict=True):
        sheet.headings = headings
    for sheet in sheets:
        _unraise(sheet)
    title = _Paragraph("")
    for line in title_lines(sheets[0].lines, body) if sheets else ():
        title.append(line.text)
    title.join()
    _join_last_words(sheets)
    composed = [_paragraphs(sheet) for sheet in sheets]
    _repair_words([*composed, [title]], known)
    following = [*composed[1:], []]
    return Tidied(
        tuple(_page(own, continuation(own, after)) for own, after in zip(composed, following, strict=True)),
        tuple(taken),
        title.text,
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


# ---------------------------------------------------------------- footnotes


def _unraise(sheet: _Sheet) -> None:
    """Footnotes' numbers out of the text; other raised characters (m², art. 22¹) stay, as such."""
    numbers = {number for line in sheet.notes if (number := number_of_note(line.text))}
    sheet.lines = [
        line._replace(text=without_marks(line.text, numbers)) if RAISED in line.text else line for line in sheet.lines
    ]
    sheet.notes = [line._replace(text=note_text(line.text.replace(CELL, " "), numbers)) for line in sheet.notes]


# ---------------------------------------------------------------- paragraphs


def _join_last_words(sheets: Sequence[_Sheet]) -> None:
    """A word broken over a page's end stands whole on the page that it begins on."""
    for sheet, after in pairwise(sheets):
        if not sheet.lines or not after.lines:
            continue
        last, first = sheet.lines[-1], after.lines[0]
        word = _FIRST_WORD.match(first.text)
        if not word or not word[1][0].islower() or not _BROKEN_END.search(last.text):
            continue
        sheet.lines[-1] = last._replace(text=_append(last.text, word[1]))
        # An emptied line stays, so that the places of headings hold.
        after.lines[0] = first._replace(text=first.text[word.end() :])


def _paragraphs(sheet: _Sheet) -> list[_Paragraph]:
    """A page's paragraphs: a kept head, the text, a kept foot, the notes."""
    result = [_Paragraph(_row(_plain(line)), _Kind.HEAD) for line in sheet.stripped.head]
    result += _text_paragraphs(sheet.lines, sheet.headings)
    result += [_Paragraph(_row(_plain(line)), _Kind.NOTE) for line in sheet.stripped.foot]
    for line in sheet.notes:
        if result and result[-1].kind is _Kind.NOTE and not starts_note(line.text) and line is not sheet.notes[0]:
            result[-1].append(_row(line.text))
        elif line.text:
            result.append(_Paragraph(_row(line.text), _Kind.NOTE))
    for paragraph in result:
        paragraph.join()
    return result


def _plain(line: Line) -> str:
    return without_marks(line.text, set())


def _text_paragraphs(lines: Sequence[Line], headings: Sequence[Placed]) -> list[_Paragraph]:
    starts: dict[int, list[Placed]] = defaultdict(list)
    for heading in headings:
        starts[heading.first].append(heading)
    ends = {heading.first: heading.last for heading in headings if heading.last > heading.first}
    pitches = _pitches(lines)
    result: list[_Paragraph] = []
    opening = before = None
    right = 0.0
    heading_until = 0
    waiting: list[Placed] = []
    for index, line in enumerate(lines):
        waiting += starts.get(index, ())
        if not line.text:
            continue
        kind = _Kind.TEXT
        if index in ends or index < heading_until:
            kind = _Kind.HEADING
        elif CELL in line.text and not _item_text(line.text):
            kind = _Kind.ROW
        if index in ends:
            heading_until = ends[index]
            fresh = True
        elif kind is _Kind.HEADING:
            fresh = False
        else:
            fresh = (
                before is None
                or opening is None
                or bool(waiting)
                or _Kind.ROW in (kind, result[-1].kind)
                or result[-1].kind is _Kind.HEADING
                or _breaks(before, line, opening, right, pitches)
            )
        text = _row(line.text)
        if fresh or not result:
            result.append(_Paragraph(text, kind, waiting))
            waiting = []
            opening = line
        else:
            result[-1].append(text)
        before, right = line, _right(lines, index)
    waiting += starts.get(len(lines), ())
    if waiting:
        # They stand below the last line: an anchor at the page's end.
        result.append(_Paragraph("", _Kind.HEADING, waiting))
    return result


def _item_text(text: str) -> bool:
    """Whether the first of two cells is a bullet or number, so that this is no row of a table."""
    first, _, rest = text.partition(CELL)
    return CELL not in rest and _LABEL.fullmatch(first.strip()) is not None


def _row(text: str) -> str:
    """A line with its cells as a reader sees them."""
    if CELL not in text:
        return text
    if _item_text(text):
        return text.replace(CELL, " ")
    return CELLS.join(cell for cell in (cell.strip() for cell in text.split(CELL)) if cell)


def _right(lines: Sequence[Line], index: int) -> float:
    """How far right a line's column reaches: as far as the longest line nearby."""
    line = lines[index]
    result = line.right
    for other in lines[max(0, index - _NEARBY) : index + _NEARBY + 1]:
        if other.right > result and alike(other, line):
            around = other.left < line.left and other.right > line.right
            if around or abs(other.left - line.left) < _COLUMN:
                result = other.right
    return result


def _pitches(lines: Sequence[Line]) -> dict[float, float]:
    """For each type size the usual distance from line to line."""
    found: dict[float, list[float]] = defaultdict(list)
    for before, line in pairwise(lines):
        pitch = before.bottom - line.bottom
        if alike(before, line) and 0 < pitch < 3 * line.size:
            found[round(line.size)].append(pitch)
    return {size: median(pitches) for size, pitches in found.items()}


def _append(paragraph: str, line: str) -> str:
    """The paragraph with one more line; no more than the last ``_SEEN_END`` characters of it are looked at."""
    if not line:
        return paragraph
    if paragraph.endswith(SOFT) or line[0] in _CLINGING:
        return paragraph + line
    if len(paragraph) > 2 and paragraph.endswith("-") and line[0].isalnum():
        if paragraph[-2].isalnum():
            return paragraph[:-1] + LINE_END + line
        if paragraph[-2] == " " and paragraph[-3].isalpha():
            return paragraph[:-2] + SPACED + line
    return f"{paragraph} {line}"


def _breaks(before: Line, line: Line, opening: Line, right: float, pitches: dict[float, float]) -> bool:
    """Whether a new paragraph begins with ``line``. ``opening`` is the first line of the last one, ``right`` its column's end."""
    text, last = line.text, before.text
    ended = _is_ended(last)
    goes_on = not ended and text[:1].islower()
    room = _has_room(before, line, right)
    if last.endswith(SOFT) and text[:1].isdigit():
        return not last.rstrip(SOFT).rpartition(" ")[2].isupper()  # „COVID-19”
    if last.endswith(SOFT) or (last.endswith("-") and text[:1].islower()):
        return False
    if text[:1] in _CLINGING:
        return False
    if before.block != line.block and not (goes_on and not _is_item(text) and alike(before, line)):
        return True
    if _is_item(text) or _ends_with_page(last) or _LEGAL_LINE.fullmatch(last) or (ended and last.startswith(_SOURCE)):
        return True
    if (numbered := _NUMBERED.match(text)) and (ended or (room and not numbered[1].islower())):
        return True
    if _LEGAL_ITEM.match(text) and (ended or room):
        return True
    if _MINOR_ITEM.match(text) and (ended or last.endswith(",") or _beside(line, opening)):
        return True
    return _looks_break(before, line, ended, goes_on, room, pitches)


def _looks_break(before: Line, line: Line, ended: bool, goes_on: bool, room: bool, pitches: dict[float, float]) -> bool:
    """The same by size, weight, distance, indent, and the room that the line before leaves."""
    last, text = before.text, line.text
    sizes = abs(before.size - line.size) / max(before.size, line.size, 1.0)
    if sizes > (_OTHER_SIZE if goes_on else SAME_SIZE):
        return True
    if before.bold != line.bold and room and not goes_on:
        return True
    pitch = pitches.get(round(line.size), _USUAL_PITCH * line.size)
    if not goes_on and before.bottom - line.bottom > _WIDE_GAP * pitch:
        return True
    if _is_capitals(last) != _is_capitals(text) and not last.endswith(("-", ",")):
        return True
    if last[-1:].isdigit() and text[:1].isdigit() and (room or not any(map(str.isalpha, text))):
        return True
    if not goes_on and line.left - before.left > _INDENT * line.size and text[:1].isupper() and ended:
        return True
    if ended:
        return room or last[-1] in ":;"
    return room and (text[:1].isupper() or text[:1] in '„"(–—') and not last.endswith((",", "-"))


def _is_ended(text: str) -> bool:
    """Whether a sentence, or a part that introduces a list, ends with the text."""
    match = _ENDED.search(text)
    if match is None:
        return False
    return text[match.start()] != "." or not _ABBREVIATION.search(text[max(0, match.start() - 8) : match.start()])


def _is_item(text: str) -> bool:
    return _ITEM.match(text) is not None


def _beside(line: Line, opening: Line) -> bool:
    """Whether a line is an item like the one that the paragraph began with."""
    return _MINOR_ITEM.match(opening.text) is not None and abs(line.left - opening.left) < 0.3 * line.size


def _has_room(before: Line, line: Line, right: float) -> bool:
    """Whether the first word of a line had found room on the line before: then that line ends on purpose."""
    words = line.text.split(None, 1)
    if not words:
        return False
    letter = (line.right - line.left) / max(len(line.text), 1)
    return right - before.right > letter * (len(words[0]) + 2)


def _ends_with_page(line: str) -> bool:
    """Whether this is a line of a table of contents: a row of dots, or "…", and a page's number at its end."""
    end = len(line)
    while end and line[end - 1].isdecimal():
        end -= 1
    return end < len(line) and _LEADER_END.search(line[max(0, end - _LONGEST_LEADER_END) : end]) is not None


def _is_capitals(line: str) -> bool:
    return line.isupper() and sum(map(str.isalpha, line)) > 3


# ---------------------------------------------------------------- words


def _repair_words(pages: Sequence[Sequence[_Paragraph]], known: Known) -> None:
    """Broken words made whole, numbers of footnotes off words, leaders to one sign."""
    seen = whole_words(paragraph.text for page in pages for paragraph in page)
    for page in pages:
        notes = {number for paragraph in page if (number := number_of_note(paragraph.text))}
        apart = partial(note_marks, known=known, notes=notes)
        for paragraph in page:
            text = apart(hyphens(paragraph.text, known, seen))
            paragraph.text = (_LEADERS.sub(" … ", text) if ".." in text or ". ." in text else text).strip()


def _page(paragraphs: Sequence[_Paragraph], rest: str) -> TidyPage:
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
        if paragraph.kind is _Kind.NOTE and notes_at is None:
            notes_at = at
        lines.append(paragraph.text)
        at += len(paragraph.text) + 1
    return TidyPage("\n".join(lines), rest, tuple(headings), notes_at)


def continuation(page: Sequence[_Paragraph], after: Sequence[_Paragraph]) -> str:
    """The words of the next page that end the sentence with which this page's text breaks off; empty if it does not.

    Where a table stands between the two, the beginning of the sentence comes first, so that it is whole somewhere.
    """
    text = [one for one in page if one.kind not in (_Kind.HEAD, _Kind.NOTE) and one.text]
    running = _without_floats(text)
    ending = running[-1] if running else None
    begin = next(iter(_without_floats([one for one in after if one.kind is not _Kind.HEAD and one.text])), None)
    if ending is None or begin is None or ending.kind is not _Kind.TEXT or begin.kind is not _Kind.TEXT:
        return ""
    last, first = ending.text, begin.text
    # After an abbreviation a capital begins the next sentence; „art.” and „r.” stand before figures and small letters.
    ended = _is_ended(last) or (last[-1] == "." and first[:1].isupper())
    if ended or _is_item(first) or _NUMBERED.match(first):
        return ""
    if not first[:1].islower() and len(last) < 60:
        return ""
    words = first[: _sentence_end(first)].split()[:_CONTINUATION_WORDS]
    if ending is not text[-1]:
        words = [*_last_sentence(last).split()[-_CONTINUATION_WORDS:], *words]
    return " ".join(words)


def _without_floats(paragraphs: Sequence[_Paragraph]) -> list[_Paragraph]:
    """Paragraphs without tables and figures, from the caption to the last row or the source."""
    result: list[_Paragraph] = []
    index = 0
    while index < len(paragraphs):
        end = index + 1
        if _CAPTION.match(paragraphs[index].text):
            while end < len(paragraphs) and _is_in_float(paragraphs[end]):
                end += 1
            if end < len(paragraphs) and paragraphs[end].text.startswith(_SOURCE):
                end += 1
        elif paragraphs[index].kind is not _Kind.ROW:
            result.append(paragraphs[index])
        index = end
    return result


def _is_in_float(paragraph: _Paragraph) -> bool:
    if paragraph.text.startswith(_SOURCE) or paragraph.kind is _Kind.HEADING:
        return False
    return paragraph.kind is _Kind.ROW or (len(paragraph.text) < _CELL_LENGTH and paragraph.text[-1] not in ".;:,!?")


def _last_sentence(paragraph: str) -> str:
    start = 0
    for match in _SENTENCE_END.finditer(paragraph):
        if match.end() < len(paragraph) and not _ABBREVIATION.search(
            paragraph[max(0, match.start() - 8) : match.start()]
        ):
            start = match.end()
    return paragraph[start:]


def _sentence_end(paragraph: str) -> int:
    for match in _SENTENCE_END.finditer(paragraph):
        if not _ABBREVIATION.search(paragraph[max(0, match.start() - 8) : match.start()]):
            return match.end()
    return len(paragraph)
