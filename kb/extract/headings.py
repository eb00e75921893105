"""Where headings stand on the pages: those of the file's outline, and where it has none, those that look like headings."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from kb.extract.lines import Line

_MOST_LINES = 5
_LONGEST = 180
_LARGER = 1.12
_NEAR_SIZE = 0.5
_MOST_OF_TEXT = 0.12
_MOST_ON_PAGE = 12
_DEEPEST = 6
_FEW_ENTRIES, _FEW_PAGES = 3, 6
_ASIDE = 20.0
_MOST_COMPARED = 200_000
"""Entries times lines of one page: beyond that headings stand at its beginning, since nobody made it to be read."""
_NUMBERED = re.compile(r"(\d{1,2}(?:\.\d{1,2}){0,4})\.?\s+[A-ZĄĆĘŁŃÓŚŹŻ„]")
_CHAPTER = re.compile(
    r"(?:Rozdział|ROZDZIAŁ|Dział|DZIAŁ|Tytuł|TYTUŁ|Część|CZĘŚĆ|Księga|KSIĘGA|Oddział|ODDZIAŁ)\s+[\dIVXLC]{1,7}[a-z]?\.?(?=\s|$)"
)
_CHAPTER_DEPTHS = {"część": 1, "księga": 1, "tytuł": 1, "dział": 1, "rozdział": 2, "oddział": 3}
_LEGAL = re.compile(r"(?:§|Art\.)\s*\d")
_LEGAL_DEPTH = 4
_NO_END = re.compile(r"[,;:…]$|[^\d\WIVXLC]\.$|[.…] ?[.…] ?[.…] ?\d{0,5}$")
_NO_START = re.compile(r"[•●▪■□○◦‣➢✓–—-]|\d{1,3}\)|[a-z]\)|\(\d|[a-ząćęłńóśźż]{2}")
_PLAIN = re.compile(r"[\W_]+")
_NUMBER = re.compile(r"^(?:\d{1,2}(?:\.\d{1,2}){0,4}|[IVXLC]{1,6})[.)]?\s+")
_CAPTION = re.compile(r"(?:Tabela|Tab\.|Rysunek|Rys\.|Wykres|Ryc\.|Fot\.|Źródło|Załącznik)\b")


class Entry(NamedTuple):
    """An entry of a file's outline: its page (position), title, level from 1, and place on the page where it is known."""

    page: int
    title: str
    level: int = 1
    left: float | None = None
    top: float | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """A heading on its page: before line ``first``; ``last`` is after its last line, equal to ``first`` where it has none.

    ``title`` is "" where the lines themselves say it.
    """

    first: int
    last: int
    level: int
    title: str = ""


def place_headings(
    pages: Sequence[Sequence[Line]], outline: Sequence[Entry], body: float
) -> tuple[tuple[Placed, ...], ...]:
    """The headings of each page in the order of its lines. ``body`` is the size of the running text."""
    if len(outline) >= _FEW_ENTRIES or (outline and len(pages) <= _FEW_PAGES):
        return _of_outline(pages, outline)
    seen = _by_looks(pages, body)
    if outline and sum(map(len, seen)) <= len(outline):
        return _of_outline(pages, outline)
    return seen


# ---------------------------------------------------------------- with an outline


def _of_outline(pages: Sequence[Sequence[Line]], outline: Sequence[Entry]) -> tuple[tuple[Placed, ...], ...]:
    on: dict[int, list[Entry]] = defaultdict(list)
    for entry in outline:
        if entry.title and 0 <= entry.page < len(pages):
            on[entry.page].append(entry)
    return tuple(_on_page(lines, on.get(position, ())) for position, lines in enumerate(pages))


def _on_page(lines: Sequence[Line], entries: Sequence[Entry]) -> tuple[Placed, ...]:
    if not entries:
        return ()
    if len(entries) * len(lines) > _MOST_COMPARED:
        return tuple(Placed(0, 0, entry.level, entry.title) for entry in entries)
    plain = [_plain(line.text) for line in lines]
    bare = [_plain(_NUMBER.sub("", line.text)) for line in lines]
    taken: set[int] = set()
    placed = []
    for entry in entries:
        found = _found(lines, plain, bare, entry, taken)
        taken.update(range(*found))
        placed.append(Placed(found[0], found[1], entry.level, entry.title))
    # Sorting keeps the outline's order where several have the same place.
    return tuple(sorted(placed, key=lambda heading: heading.first))


def _found(
    lines: Sequence[Line], plain: Sequence[str], bare: Sequence[str], entry: Entry, taken: set[int]
) -> tuple[int, int]:
    """The lines that say the title, the nearest to the outline's place; else the first line from there on."""
    wanted = {_plain(entry.title), _plain(_NUMBER.sub("", entry.title))} - {""}
    matches: list[tuple[bool, float, int, int]] = []
    for first in range(len(lines)):
        if first in taken:
            continue
        said = ""
        for last in range(first + 1, min(first + _MOST_LINES, len(lines)) + 1):
            said += plain[last - 1]
            other = bare[first] + said[len(plain[first]) :]
            if said in wanted or other in wanted:
                away = abs(lines[first].top - entry.top) if entry.top is not None else 0.0
                matches.append((said != _plain(entry.title), away, first, last))
            if not any(title.startswith((said, other)) for title in wanted):
                break
    if matches:
        _, _, first, last = min(matches)
        return first, last
    start = _from_place(lines, entry)
    return start, start


def _from_place(lines: Sequence[Line], entry: Entry) -> int:
    if entry.top is None:
        return 0
    aside = (entry.left or 0.0) - _ASIDE
    for index, line in enumerate(lines):
        if line.bottom <= entry.top and line.left >= aside:
            return index
    return len(lines)


def _plain(text: str) -> str:
    return _PLAIN.sub("", text.casefold())


# ---------------------------------------------------------------- without one


class _Style(NamedTuple):
    """What headings of one level share: size, rounded, and weight; ``depth`` of their number, 0 for none."""

    size: float
    bold: bool
    depth: int


def _by_looks(pages: Sequence[Sequence[Line]], body: float) -> tuple[tuple[Placed, ...], ...]:
    """Lines larger than the text, bold lines that stand alone, „Rozdział 3”; nothing where there would be too many."""
    bold = _is_mostly_bold(pages)
    candidates = [list(_candidates(lines, body, bold)) for lines in pages]
    letters = sum(len(line.text) for lines in pages for line in lines) or 1
    used: Counter[_Style] = Counter()
    for lines, found in zip(pages, candidates, strict=True):
        for first, last, style in found:
            used[style] += sum(len(line.text) for line in lines[first:last])
    titles = _title_styles(candidates) if len(pages) > 2 else set()
    styles = {style for style, size in used.items() if size <= _MOST_OF_TEXT * letters} - titles
    levels = _levels(styles)
    result = []
    for found in candidates:
        placed = [Placed(first, last, levels[style]) for first, last, style in found if style in styles]
        result.append(tuple(placed) if len(placed) <= _MOST_ON_PAGE else ())
    return tuple(result)


def _is_mostly_bold(pages: Sequence[Sequence[Line]]) -> bool:
    lines = [line for page in pages for line in page]
    return sum(len(line.text) for line in lines if line.bold) > 0.3 * sum(len(line.text) for line in lines)


def _candidates(lines: Sequence[Line], body: float, mostly_bold: bool) -> list[tuple[int, int, _Style]]:
    found: list[tuple[int, int, _Style]] = []
    index = 0
    while index < len(lines):
        last = index + 1
        while last < len(lines) and last - index <= _MOST_LINES and _goes_on(lines[last - 1], lines[last]):
            last += 1
        style = _style(lines, index, last, body, mostly_bold)
        if style and found and found[-1][1] == index and _is_its_title(lines, found[-1], style):
            # „Rozdział II”, and its title below.
            found[-1] = found[-1][0], last, found[-1][2]
        elif style:
            found.append((index, last, style))
        index = last
    return found


def _is_its_title(lines: Sequence[Line], before: tuple[int, int, _Style], style: _Style) -> bool:
    first, last, chapter = before
    said = " ".join(line.text for line in lines[first:last])
    return chapter.depth < 0 and style.depth == 0 and _CHAPTER.fullmatch(said) is not None


def _goes_on(before: Line, line: Line) -> bool:
    """Whether a line has the looks of the one before and follows it closely."""
    return (
        abs(before.size - line.size) < _NEAR_SIZE
        and before.bold == line.bold
        and -before.size < before.bottom - line.top < 0.8 * line.size
        and not (_NUMBERED.match(line.text) or _CHAPTER.match(line.text) or _LEGAL.match(line.text))
        and not _LEGAL.match(before.text)
    )


def _style(lines: Sequence[Line], first: int, last: int, body: float, mostly_bold: bool) -> _Style | None:
    if last - first > _MOST_LINES:
        return None
    line = lines[first]
    if line.slanted:
        return None  # a stamp or a watermark
    text = " ".join([each.text for each in lines[first:last]]).replace("\u2063", "")
    chapter = _CHAPTER.match(text)
    if not chapter and line.size < _LARGER * body and (mostly_bold or not line.bold):
        return None  # the running text
    if "\t" in text or len(text) > _LONGEST or sum(map(str.isalpha, text)) < 3 or _CAPTION.match(text):
        return None
    if not chapter and (_NO_END.search(text) or _NO_START.match(text)):
        return None
    size = round(line.size * 2) / 2
    numbered = _NUMBERED.match(text)
    depth = numbered[1].count(".") + 1 if numbered else 0
    if _LEGAL.match(text):
        depth = -_LEGAL_DEPTH
    if chapter and line.size > 0.96 * body:
        return _Style(size, line.bold, -_CHAPTER_DEPTHS.get(text.split()[0].lower(), 2))
    if line.size >= _LARGER * body:
        return _Style(size, line.bold, depth)
    if line.bold and not mostly_bold and line.size > 0.96 * body and _stands_alone(lines, first, last):
        return _Style(size, True, depth)
    return None


def _stands_alone(lines: Sequence[Line], first: int, last: int) -> bool:
    """Whether no text goes on beside or right behind these lines: they begin and end a paragraph."""
    if last == len(lines) or lines[last].text[:1].islower():
        return False
    before = lines[first - 1].text if first else "."
    return before[-1:] in ".!?:;…”)" or lines[first - 1].bottom - lines[first].top > 0.5 * lines[first].size


def _title_styles(candidates: Sequence[Sequence[tuple[int, int, _Style]]]) -> set[_Style]:
    """Styles of the first page alone that are larger than all others: the document's title, which it has already."""
    inside = {style for found in candidates[1:] for _, _, style in found}
    most = max((style.size for style in inside), default=0.0)
    return {style for _, _, style in candidates[0] if style not in inside and style.size > most}


def _levels(styles: set[_Style]) -> dict[_Style, int]:
    """Larger is higher, bold before regular; a number „2.3” is one below „2”, whatever their looks."""
    looks = sorted({(style.size, style.bold) for style in styles}, reverse=True)
    least = {}
    for style in styles:
        depths = [other.depth for other in styles if (other.size, other.bold) == (style.size, style.bold)]
        least[style.size, style.bold] = min((abs(depth) for depth in depths if depth), default=1)
    levels = {}
    for style in styles:
        look = style.size, style.bold
        below = max(0, abs(style.depth) - least[look])
        levels[style] = min(looks.index(look) + 1 + below, _DEEPEST)
    return levels
