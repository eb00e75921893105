"""Running heads and feet, page numbers, printer's slugs, watermarks: what belongs to the paper rather than to the text.

A line is one only by its place: at the top or bottom edge of the page, at the same height and in the same size on most pages of a
section. What stands on a few pages (titles of slides, numbers of annexes) is content, and so is what reads like it: as
large as a title, or close above the text in the same size.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from kb.extract.lines import Line, PageLines
from kb.extract.outcome import Taken

_EDGE = 0.15
"""Share of the page's height in which a head or foot stands."""
_EDGE_ROWS = 5
_SAME_HEIGHT = 3.0
_SAME_SIZE = 0.6
_SMALL = 0.96
_LARGE = 1.15
_MISSED = 3
"""The pages from one left page to the next are two; one may lack its head (a full-page figure)."""
_DENSE = 0.45
"""Left and right pages have heads of their own: each is on half of the pages."""
_FEW, _MANY = 3, 5
_MOST = 0.75
_NEARLY_ALL = 0.8
_BUSY = 0.6
_LONGEST = 160
_MOST_HEADS = 300
_SHOWN = 80

_NUMBER = re.compile(r"\d+")
_SPREAD = re.compile(r"(\d{1,4})\W{1,5}(\d{1,4})")
"""The numbers of two pages that the file has as one."""
_ROMAN = re.compile(r"[ivxl]{1,8}")
_SLUG = re.compile(r"\.(?:indd|qxd|qxp|cdr)\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")
_PAGE_WORDS = frozenset({"strona", "stron", "str", "s", "z", "page", "of", "p", "pp"})
_COUNTED = frozenset(
    """
    aneks annex appendix art artykuł część etap formularz karta krok lekcja moduł nr numer oddział paragraf plansza poz pozycja
    projekt rozdział rys rysunek rycina slajd tabela tab temat tom tytuł tydzień wariant wniosek wykres zadanie zał załącznik
    zeszyt ćwiczenie
    """.split()  # noqa: SIM905
)
"""Words whose number is a name, not the page's number: „Załącznik nr 4”."""
_LEAST_WORDS = 3


@dataclass(frozen=True, slots=True)
class Stripped:
    """A page without them: the lines that stay; ``head`` and ``foot`` are those kept since no other page has their words."""

    lines: tuple[Line, ...]
    head: tuple[Line, ...] = ()
    foot: tuple[Line, ...] = ()


class _Key(NamedTuple):
    """What makes two lines the same: their text, or their text but for a number as far from the page's position."""

    foot: bool
    text: str
    offset: int | None
    watermark: bool = False


class _Seen(NamedTuple):
    position: int
    row: int
    height: float
    size: float
    light: bool


def without_running(pages: Sequence[PageLines], body: float) -> tuple[list[Stripped], list[Taken]]:
    """Pages without heads and feet, and what was taken. ``body`` is the size of the running text.

    A page never loses all its lines; words of a head that stand nowhere else stay on the first page that has it.
    """
    edges = [_Edges(page, body) for page in pages]
    places: dict[_Key, list[_Seen]] = defaultdict(list)
    for position, edge in enumerate(edges):
        for foot, rows in ((False, edge.tops), (True, edge.feet)):
            for index in (index for row in rows for index in row):
                line = pages[position].lines[index]
                seen = _Seen(position, index, edge.height(index, foot), line.size, edge.is_light(index))
                for key in _keys(line.text, foot, position):
                    places[key].append(seen)
    repeated = _repeated(places, len(pages), body)
    gone = [_taken(edge, repeated.get(position, {}), pages[position]) for position, edge in enumerate(edges)]
    for own, marks in zip(gone, _watermarks(pages), strict=True):
        own.update(marks)
    return _split(pages, gone)


def _watermarks(pages: Sequence[PageLines]) -> list[dict[int, _Key]]:
    """The slanted lines of each page that most pages have: "PROJEKT" across each of them is said of the whole document."""
    found = [{i: _folded(line.text) for i, line in enumerate(page.lines) if line.slanted} for page in pages]
    on = Counter(text for texts in found for text in set(texts.values()))
    least = max(2, _MOST * len(pages))
    return [
        {i: _Key(True, text, None, watermark=True) for i, text in texts.items() if on[text] >= least} for texts in found
    ]


class _Edges:
    """The lines at the edges of a page, in rows from the edge inwards, and how far they stand apart from the text."""

    def __init__(self, page: PageLines, body: float) -> None:
        self._page, self._body = page, body
        zone = page.height * _EDGE
        order = sorted(range(len(page.lines)), key=lambda index: -page.lines[index].top)
        tops = [i for i in order if page.height - page.lines[i].top <= zone]
        feet = [i for i in reversed(order) if page.lines[i].bottom <= zone]
        self.tops, self.feet = self._rows(tops), self._rows(feet)
        self._apart = {
            *self._group(self.tops, order, foot=False),
            *self._group(self.feet, order[::-1], foot=True),
        }

    def height(self, index: int, foot: bool) -> float:
        """The distance of a line's middle from its edge."""
        line = self._page.lines[index]
        middle = (line.top + line.bottom) / 2
        return middle if foot else self._page.height - middle

    def is_apart(self, index: int) -> bool:
        """Whether white space sets a line at the edge apart from the text."""
        return index in self._apart

    def is_light(self, index: int) -> bool:
        """Whether a line looks like a head: smaller than the text, or apart from it and no title."""
        line = self._page.lines[index]
        return line.size < _SMALL * self._body or (
            index in self._apart and line.size <= _LARGE * self._body and not line.bold
        )

    def _rows(self, order: Sequence[int]) -> list[list[int]]:
        rows: list[list[int]] = []
        for index in order:
            line = self._page.lines[index]
            if rows:
                before = self._page.lines[rows[-1][0]]
                shared = min(line.top, before.top) - max(line.bottom, before.bottom)
                if shared > 0.5 * min(line.top - line.bottom, before.top - before.bottom):
                    rows[-1].append(index)
                    continue
            if len(rows) == _EDGE_ROWS:
                break
            rows.append([index])
        return rows

    def _group(self, rows: Sequence[Sequence[int]], order: Sequence[int], *, foot: bool) -> Iterator[int]:
        """The rows from the edge up to the first wide gap; nothing where there is none."""
        lines = self._page.lines
        inside = {index for row in rows for index in row}
        # The line after the outermost rows, so that a single row has something to stand apart from.
        rest = next(([index] for index in order if index not in inside), None)
        following = [*rows[1:], *([rest] if rest else [])]
        for count, (row, after) in enumerate(zip(rows, following, strict=False), 1):
            if foot:
                gap = min(lines[i].bottom for i in after) - max(lines[i].top for i in row)
            else:
                gap = min(lines[i].bottom for i in row) - max(lines[i].top for i in after)
            if gap >= self._body:
                for whole in rows[:count]:
                    yield from whole
                return


def _folded(text: str) -> str:
    return " ".join(text.replace("\u2063", "").casefold().split())


def _keys(text: str, foot: bool, position: int) -> Iterator[_Key]:
    folded = _folded(text)
    if not folded or len(folded) > _LONGEST:
        return
    if any(map(str.isalpha, folded)):
        yield _Key(foot, folded, None)
    if _ROMAN.fullmatch(folded):
        yield _Key(foot, "#i", _roman(folded) - position)
    spread = _SPREAD.fullmatch(folded)
    if spread and int(spread[2]) == int(spread[1]) + 1:
        yield _Key(foot, "##", int(spread[1]) - 2 * position)
    for match in list(_NUMBER.finditer(folded))[:4]:
        before, after = folded[: match.start()], folded[match.end() :]
        if len(match[0]) <= 4 and (_is_bare(before + after) or _may_be_numbered(text, before, after)):
            yield _Key(foot, f"{before}#{after}", int(match[0]) - position)


def _is_bare(rest: str) -> bool:
    """Whether a number is alone on its line, but for signs and „strona … z …”."""
    return all(word in _PAGE_WORDS or word.isdigit() for word in _WORD.findall(rest))


def _may_be_numbered(text: str, before: str, after: str) -> bool:
    """Whether a number beside words may be the page's: apart from them, before them, or behind several that count nothing."""
    if "\t" in text or not before:
        return True
    words = _WORD.findall(before)
    if words and words[-1] in _COUNTED:
        return False
    others = [word for word in (*words, *_WORD.findall(after)) if word not in _PAGE_WORDS and not word.isdigit()]
    return len(others) >= _LEAST_WORDS and not _COUNTED.intersection(words[-3:])


def _roman(text: str) -> int:
    values = [{"i": 1, "v": 5, "x": 10, "l": 50}[letter] for letter in text]
    return sum(-a if a < b else a for a, b in pairwise([*values, 0]))


def _repeated(places: dict[_Key, list[_Seen]], pages: int, body: float) -> dict[int, dict[int, _Key]]:
    """For each page the lines that are heads or feet, with the key that says so."""
    runs = [(key, run) for key, seen in places.items() if len(seen) > 1 for run in _runs(seen)]
    busy = _busy(runs, pages, body)
    result: dict[int, dict[int, _Key]] = defaultdict(dict)
    # Text alone comes before text with a number.
    for key, run in sorted(runs, key=lambda found: found[0].offset is not None):
        if _is_head(key, run, pages, body, busy):
            for seen in run:
                result[seen.position].setdefault(seen.row, key)
    return result


def _runs(seen: Iterable[_Seen]) -> Iterator[list[_Seen]]:
    """The same line at the same height and in the same size, on pages that follow one another closely."""
    clusters: list[list[_Seen]] = []
    for one in sorted(seen, key=lambda one: (one.height, one.position)):
        last = clusters[-1] if clusters else []
        if last and one.height - last[-1].height <= _SAME_HEIGHT and abs(one.size - last[0].size) <= _SAME_SIZE:
            last.append(one)
        else:
            clusters.append([one])
    for cluster in clusters:
        run: list[_Seen] = []
        for one in sorted(cluster, key=lambda one: one.position):
            if run and one.position - run[-1].position > _MISSED:
                yield run
                run = []
            if not run or one.position > run[-1].position:
                run.append(one)
        yield run


def _busy(runs: Sequence[tuple[_Key, list[_Seen]]], pages: int, body: float) -> list[tuple[bool, float]]:
    """Heights at which small lines run over most pages, whatever they say: a head whose text changes with the chapter."""
    found: dict[tuple[bool, int], set[int]] = defaultdict(set)
    for key, run in runs:
        for one in run:
            if len(run) >= _FEW and one.size < _SMALL * body:
                found[key.foot, round(one.height / _SAME_HEIGHT)].add(one.position)
    return [(foot, height * _SAME_HEIGHT) for (foot, height), on in found.items() if len(on) >= _BUSY * pages]


def _is_head(key: _Key, run: Sequence[_Seen], pages: int, body: float, busy: Sequence[tuple[bool, float]]) -> bool:
    count = len(run)
    if count / (run[-1].position - run[0].position + 1) < _DENSE:
        return False
    light = sum(one.light for one in run) >= _MOST * count
    if key.offset is not None and _is_bare(key.text.replace("#i", " ")):
        return count >= min(_FEW, pages) and count > 1
    if light and (count >= _MANY or (count >= _FEW and count >= _MOST * pages)):
        return True
    if count >= _MANY and count >= _NEARLY_ALL * pages:
        return True
    small = run[0].size < _SMALL * body
    return (
        small
        and count >= _FEW
        and any(foot == key.foot and abs(height - run[0].height) <= _SAME_HEIGHT for foot, height in busy)
    )


def _taken(edge: _Edges, repeated: dict[int, _Key], page: PageLines) -> dict[int, _Key]:
    """The lines of a page that go: from the edge inwards, up to the first row of the text."""
    gone: dict[int, _Key] = {}
    for foot, rows in ((False, edge.tops), (True, edge.feet)):
        for row in rows:
            for index in row:
                if _SLUG.search(page.lines[index].text):
                    gone[index] = _Key(foot, "", None)
                elif index in repeated and repeated[index].foot == foot:
                    gone[index] = repeated[index]
            if any(index not in gone and not edge.is_apart(index) for index in row):
                break
    return gone


def _split(pages: Sequence[PageLines], gone: Sequence[dict[int, _Key]]) -> tuple[list[Stripped], list[Taken]]:
    for position, page in enumerate(pages):
        if len(gone[position]) == len(page.lines):
            gone[position].clear()

    @cache
    def kept() -> list[str]:
        return [
            " ".join(_WORD.findall(_folded(" ".join(line.text for i, line in enumerate(page.lines) if i not in away))))
            for page, away in zip(pages, gone, strict=True)
        ]

    on: dict[_Key, list[int]] = defaultdict(list)
    texts: dict[_Key, str] = {}
    for position, away in enumerate(gone):
        for index, key in away.items():
            if not on[key] or on[key][-1] != position:
                on[key].append(position)
            texts.setdefault(key, pages[position].lines[index].text)
    # Beyond a number that no book has, heads are kept without a look for their words elsewhere.
    lost = {key for number, key in enumerate(on) if number >= _MOST_HEADS or not _stands_in(key, kept)}
    result = []
    for position, (page, away) in enumerate(zip(pages, gone, strict=True)):
        stay = {index for index, key in away.items() if key in lost and on[key][0] == position}
        result.append(
            Stripped(
                tuple(line for index, line in enumerate(page.lines) if index not in away),
                tuple(page.lines[index] for index in sorted(stay) if not away[index].foot),
                tuple(page.lines[index] for index in sorted(stay) if away[index].foot),
            )
        )
    return result, [
        Taken(_name(key, texts[key]), key.foot, tuple(positions), key.watermark) for key, positions in on.items()
    ]


def _stands_in(key: _Key, kept: Callable[[], Sequence[str]]) -> bool:
    """Whether the words of a head stand in the text too, which ``kept`` gives; the page's number is no word of it."""
    words = _WORD.findall(key.text)
    if key.offset is not None:
        if _is_bare(key.text.replace("#i", " ")):
            return True
        words = _WORD.findall(max(key.text.split("#"), key=len))
    phrase = f" {' '.join(words)} "
    return not words or any(phrase in f" {text} " for text in kept())


def _name(key: _Key, text: str) -> str:
    """What a head says, for the report: "" for a bare number, „…” in place of the page's number."""
    if not key.text or (key.offset is not None and _is_bare(key.text.replace("#i", " "))):
        return ""
    shown = " ".join(text.replace("\u2063", "").replace("\t", " | ").split())
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN].rstrip()}…"
