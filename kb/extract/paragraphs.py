"""Lines of one page → paragraphs: which line begins a new one, by what stands there and how it stands."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import pairwise
from statistics import median

from kb.extract.clean import LINE_END, SOFT, SPACED
from kb.extract.headings import Placed
from kb.extract.lines import CELL, SAME_SIZE, Line, alike
from kb.model import CELLS

_NEARBY = 5
"""Lines before and after one that tell how far its column reaches."""
_SEEN_END = 120
"""Characters at a paragraph's end that tell how the next line is joined to it: a line of small type, for an address in it."""
_BROKEN_ADDRESS = re.compile(r"(?:https?://|\bwww\.)\S*[./_=&?%~-]$")
_REST_OF_ADDRESS = re.compile(r"[a-z][^\s.,;/]*[./_=&?%~-]\w")
_OTHER_SIZE = 0.15
"""A difference in type size, as a share, that parts even a sentence that seems to go on."""
_WIDE_GAP = 1.4
"""Times the usual distance from line to line: what is farther below begins a paragraph."""
_USUAL_PITCH = 1.6
"""That distance in type sizes, where a page has no two lines of a size to tell it."""
_INDENT = 0.8
"""Of the type size: what stands so far to the right begins a paragraph."""
_COLUMN = 25.0
"""Points: lines whose left ends are nearer to each other are of one column."""
_ITEM = re.compile(
    r"[•●▪■□○◦‣➢✓]|\d{1,2}(?:\.\d{1,2}){1,4}\.?\s[A-ZĄĆĘŁŃÓŚŹŻ]|\d{1,3}\)|\(\d{1,3}\)|[a-ząćęłńóśźż]{1,2}\)\s"
    r"|(?:Rozdział|ROZDZIAŁ|Dział|DZIAŁ|Oddział|Część)\s+[\dIVXLC]"
    r"|(?:Tabela|Tab\.|Rysunek|Rys\.|Wykres|Mapa|Załącznik)\s*(?:nr\s*)?\d"
)
SOURCE = "Źródło"
"""How the line below a table or a figure begins."""
_LEGAL_ITEM = re.compile(r"§\s*\d|Art\.\s*\d")
_LEGAL_LINE = re.compile(r"(?:§|Art\.)\s*\d{1,4}[a-z]{0,2}\.?")
NUMBERED = re.compile(r"\d{1,3}(?:\.\d{1,3}){0,4}\.?\s+(\S)")
"""The number of a chapter or a point, and the first sign of what follows."""
_MINOR_ITEM = re.compile(r"(?:[–—-]|[a-ząćęłńóśźż]\.)\s")
_LABEL = re.compile(
    r"[•●▪■□○◦‣➢✓–—-]|\(?(?:\d{1,3}|[a-zA-Z]{1,2}|[ivxIVX]{1,5})[.)]|\d{1,2}(?:\.\d{1,2}){1,4}\.?|§\s*\d{1,3}[a-z]?\.?"
)
"""What stands before an item, so that no cell of a table ends after it."""
_LEADER_END = re.compile(r"(?:(?: ?\.){4}|…) ?$")
_LONGEST_LEADER_END = 9
ENDED = re.compile(r"[.!?…:;][\"'”’»)\]]*$")
"""What ends a sentence, or introduces a list."""
_LONGEST_ABBREVIATION = 8
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:[^\W\d_]|al|art|dr|hab|im|inż|itd|itp|lit|m\.in|mgr|mjr|np|nr|os|pkt|pl|por|poz|prof|red|rys|str|św|tab|tj"
    r"|tys|tzn|tzw|ul|ust|ww|zob)$",
    re.IGNORECASE,
)
_CLINGING = ",.;:)!?…”"


class ParagraphKind(Enum):
    """What a line of the text to be is; ``HEAD`` is a running head that was kept, a foot is a note."""

    TEXT = auto()
    HEADING = auto()
    ROW = auto()
    HEAD = auto()
    NOTE = auto()


@dataclass(slots=True)
class Paragraph:
    """A line of the text to be; ``headings`` are those that begin with it."""

    text: str
    kind: ParagraphKind = ParagraphKind.TEXT
    headings: list[Placed] = field(default_factory=list)
    _parts: list[str] = field(default_factory=list)

    def append(self, line: str) -> None:
        """Put one more line at its end; ``join`` when all are there."""
        # A page may be one paragraph of many thousand lines: what was put together is not copied for every line.
        self._parts.append(self.text[:-_SEEN_END])
        self.text = joined(self.text[-_SEEN_END:], line)

    def join(self) -> None:
        """Make ``text`` the whole paragraph."""
        self.text = "".join((*self._parts, self.text))
        self._parts.clear()


def text_paragraphs(lines: Sequence[Line], headings: Sequence[Placed]) -> list[Paragraph]:
    """The paragraphs of a page's text, footnotes and running heads apart; a heading stands with what begins at its line."""
    starts: dict[int, list[Placed]] = defaultdict(list)
    for heading in headings:
        starts[heading.first].append(heading)
    ends = {heading.first: heading.last for heading in headings if heading.last > heading.first}
    pitches = _pitches(lines)
    result: list[Paragraph] = []
    opening = before = None
    right = 0.0
    heading_until = 0
    waiting: list[Placed] = []
    for index, line in enumerate(lines):
        waiting += starts.get(index, ())
        if not line.text:
            continue
        kind = ParagraphKind.TEXT
        if index in ends or index < heading_until:
            kind = ParagraphKind.HEADING
        elif CELL in line.text and not _item_text(line.text):
            kind = ParagraphKind.ROW
        if index in ends:
            heading_until = ends[index]
            fresh = True
        elif kind is ParagraphKind.HEADING:
            fresh = False
        else:
            fresh = (
                before is None
                or opening is None
                or bool(waiting)
                or ParagraphKind.ROW in (kind, result[-1].kind)
                or result[-1].kind is ParagraphKind.HEADING
                or _breaks(before, line, opening, right, pitches)
            )
        text = row(line.text)
        if fresh or not result:
            result.append(Paragraph(text, kind, waiting))
            waiting = []
            opening = line
        else:
            result[-1].append(text)
        before, right = line, _right(lines, index)
    waiting += starts.get(len(lines), ())
    if waiting:
        # They stand below the last line: an anchor at the page's end.
        result.append(Paragraph("", ParagraphKind.HEADING, waiting))
    return result


def _item_text(text: str) -> bool:
    """Whether the first of two cells is a bullet or number, so that this is no row of a table."""
    first, _, rest = text.partition(CELL)
    return CELL not in rest and _LABEL.fullmatch(first.strip()) is not None


def row(text: str) -> str:
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


def joined(paragraph: str, line: str) -> str:
    """The paragraph with one more line; no more than the last ``_SEEN_END`` characters of it are looked at."""
    if not line:
        return paragraph
    # The hyphen of "północno-wschodni" is set at the line's end and once more after it.
    if paragraph.endswith(("-", SOFT)) and line[0] == "-" and line[1:2].isalpha():
        return paragraph[:-1] + line
    if paragraph.endswith(SOFT) or line[0] in _CLINGING:
        return paragraph + line
    if _is_broken_address(paragraph, line):
        return paragraph + line
    if len(paragraph) > 2 and paragraph.endswith("-") and line[0].isalnum():
        if paragraph[-2].isalnum():
            return paragraph[:-1] + LINE_END + line
        if paragraph[-2] == " " and paragraph[-3].isalpha():
            return paragraph[:-2] + SPACED + line
    return f"{paragraph} {line}"


def _is_broken_address(before: str, line: str) -> bool:
    """Whether the line goes on with an address on the web that the one before begins: "http://www." and "gov.pl/a"."""
    return _REST_OF_ADDRESS.match(line) is not None and _BROKEN_ADDRESS.search(before[-_SEEN_END:]) is not None


def _breaks(before: Line, line: Line, opening: Line, right: float, pitches: dict[float, float]) -> bool:
    """Whether a new paragraph begins with ``line``. ``opening`` is the first line of the last one, ``right`` its column's end."""
    text, last = line.text, before.text
    ended = is_ended(last)
    goes_on = not ended and text[:1].islower()
    room = _has_room(before, line, right)
    if last.endswith(SOFT) and text[:1].isdigit():
        return not last.rstrip(SOFT).rpartition(" ")[2].isupper()  # „COVID-19”
    if last.endswith(SOFT) or (last.endswith("-") and text[:1].islower()):
        return False
    if text[:1] in _CLINGING or _is_broken_address(last, text):
        return False
    if before.block != line.block and not (goes_on and not is_item(text) and alike(before, line)):
        return True
    if is_item(text) or _ends_with_page(last) or _LEGAL_LINE.fullmatch(last) or (ended and last.startswith(SOURCE)):
        return True
    if (numbered := NUMBERED.match(text)) and (ended or (room and not numbered[1].islower())):
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


def is_ended(text: str) -> bool:
    """Whether a sentence, or a part that introduces a list, ends with the text."""
    match = ENDED.search(text)
    if match is None:
        return False
    return text[match.start()] != "." or not ends_with_abbreviation(text, match.start())


def ends_with_abbreviation(text: str, end: int) -> bool:
    """Whether the text before a full stop is a word that is mostly cut: „art”, „ust”."""
    return _ABBREVIATION.search(text[max(0, end - _LONGEST_ABBREVIATION) : end]) is not None


def is_item(text: str) -> bool:
    """Whether a text begins as an item of a list, a chapter or a caption does."""
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
