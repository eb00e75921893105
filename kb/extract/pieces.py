"""Runs of characters → pieces: words and the spaces between them, up to a pause that may be one between cells or columns."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence

import numpy as np

from kb.extract.clean import SOFT, Known
from kb.extract.frame import Flags, Floats, middle
from kb.extract.glyphs import Codes, Glyphs, Places, Run, part_of
from kb.extract.lines import RAISED

_PAUSE = 0.9
"""A wider gap in a line, in ems, is one between cells or columns, unless the lines around say otherwise."""
_DIGITS = re.compile(r"( ?)(\d{1,3}\)?)")
_RAISED_BY = 0.15
_FEW = 2
_NO_GAP = 0.06
_CLOSE = 0.15
_TRACKED = 0.04
_CLEAR_GAP = 0.25
_NARROW_GAP = 0.12
_LONG_WORD = 40
_LOOSE = 0.07
_LOOSE_LETTERS = 5
_LOOSE_WORD = re.compile(r"[^\W\d_]{4}")
"""Figures alone, as far apart as these letters, may be cells: „ZARZĄDZENIENr15/2024” has a word, „20212022” has none."""
_KERNED = 0.12
_SURE = 6
_FAR = 1.8
_CELLS = 0.6
"""Single letters that are farther apart are cells, not a word."""
_BREAKS = ("\x02", "\u2010")
"""What ends a line in the middle of a word; browsers draw a soft hyphen as U+2010."""
_LIKE_A_SPACE = 0.2
"""Few letters that are as far apart as words may be words: „i – w z”."""


class Piece:
    """A line of a cell, of a column or of the page: text that nobody would read with a pause."""

    __slots__ = (
        "base",
        "bold",
        "bottom",
        "left",
        "parts",
        "right",
        "size",
        "spans",
        "tallest",
        "text",
        "top",
        "weight",
    )

    def __init__(self, run: Run, text: str) -> None:
        self.left, self.right, self.base, self.size = run.left, run.right, run.base, run.size
        self.weight, self.tallest = run.last - run.first, run.size
        self.parts = [(text, run.size, run.base, run.style.bold)]
        self.spans = [(run.first, run.last)]
        self.text, self.bold, self.top, self.bottom = "", False, 0.0, 0.0

    def takes(self, run: Run, pause: float) -> bool:
        """Whether ``run``, drawn next, goes on in this line."""
        small, large = (run, self) if run.size < self.size else (self, run)
        away = run.left - self.right
        if not -0.6 * small.size <= away <= pause * max(self.tallest, run.size):
            return False
        raised = small.base - large.base
        if abs(raised) < 0.2 * large.size:
            return True
        if not 0.4 * large.size <= small.size <= 0.85 * large.size:
            return False  # a large initial, whose line stands beside it
        return -0.35 * large.size <= raised <= 0.75 * large.size

    def add(self, run: Run, text: str) -> None:
        """Put a run at the end of this line."""
        weight = run.last - run.first
        self.parts.append((text, run.size, run.base, run.style.bold))
        self.spans.append((run.first, run.last))
        if weight > self.weight:
            self.weight, self.size, self.base = weight, run.size, run.base
        self.left, self.right = min(self.left, run.left), max(self.right, run.right)
        self.tallest = max(self.tallest, run.size)

    def finish(self) -> None:
        """Put the text together when all parts are there."""
        bold = 0
        shown = []
        for text, size, base, heavy in self.parts:
            raised = size <= 0.85 * self.size and base > self.base + 0.12 * self.size and _DIGITS.fullmatch(text)
            shown.append(f"{raised[1]}{RAISED}{raised[2]}{RAISED}" if raised else text)
            bold += len(text) if heavy else -len(text)
        self.bold = bold > 0
        text = "".join(shown).strip()
        hyphen = text.endswith(_BREAKS)
        self.text = (text[:-1].replace("\x02", "-") + SOFT) if hyphen else text.replace("\x02", "-")
        self.bottom, self.top = self.base - 0.22 * self.size, self.base + 0.78 * self.size

    def is_left_of(self, other: Piece) -> bool:
        """Whether both stand on one line, ``other`` to the right."""
        # Nearly every pair are lines one below the other, which this tells at once.
        if other.left <= self.right - 0.2 * self.size:
            return False
        small = min(self.size, other.size)
        return abs(self.base - other.base) < 0.2 * small and other.left > self.right - 0.2 * small

    def join(self, other: Piece, space: str) -> None:
        """Take in what stands right of this piece on the same line."""
        if other.size > 1.1 * self.size and len(other.text) > len(self.text):
            self.size, self.base = other.size, other.base
        self.text = f"{self.text.replace(SOFT, '-')}{space}{other.text}"
        self.spans += other.spans
        self.left, self.right = min(self.left, other.left), max(self.right, other.right)
        self.bottom, self.top = min(self.bottom, other.bottom), max(self.top, other.top)


class PieceMaker:
    """Makes the pieces of a page. ``known`` tells where two words stand close together."""

    def __init__(self, glyphs: Glyphs, known: Known) -> None:
        self._glyphs = glyphs
        self._known = known

    def pieces(self, runs: Sequence[Run], places: Places, codes: Codes, boxes: Floats, said: Flags) -> list[Piece]:
        """The runs' text in PDFium's order, put together where one goes on in the line of the one before.

        ``said`` tells for each two neighbours whether PDFium has something without ink between them.
        """
        spaces, wide = self._spaces(places, codes, boxes, runs, said)
        runs = self._with_raised_digits(runs, places, codes, boxes, spaces)
        starts = np.arange(len(codes)) + np.concatenate([[0], np.cumsum(spaces)[:-1]])
        spaced = np.full(len(codes) + int(spaces.sum()), 0x20, np.uint32)
        spaced[starts + spaces] = codes
        text = spaced.tobytes().decode("utf-32-le", "replace")
        firsts = [run.first for run in runs]
        ends = np.append(starts, len(text))[[run.last for run in runs]].tolist()
        pauses = (_PAUSE + 3 * wide[firsts]).tolist()
        pieces: list[Piece] = []
        for run, begin, end, pause in zip(runs, starts[firsts].tolist(), ends, pauses, strict=True):
            shown = text[begin:end]
            if pieces and pieces[-1].takes(run, pause):
                pieces[-1].add(run, shown)
            else:
                pieces.append(Piece(run, shown))
        for piece in pieces:
            piece.finish()
        return pieces

    def _spaces(
        self, places: Places, codes: Codes, boxes: Floats, runs: Sequence[Run], said: Flags
    ) -> tuple[Flags, Floats]:
        """Before which of the characters a space stands; how far apart, in ems, the letters before them are set."""
        left, bottom, right, _ = boxes.T
        height = np.repeat([max(run.size, 0.1) for run in runs], [run.last - run.first for run in runs])
        small = np.minimum(height[1:], height[:-1])
        gaps = (left[1:] - right[:-1]) / small
        tracking = np.zeros(len(gaps))
        spaces = np.where(said, gaps > _NO_GAP, gaps > _CLEAR_GAP)
        measured = gaps.tolist()
        close = np.flatnonzero(said & (gaps <= _CLOSE))
        kept = []
        for index, generated in zip(close.tolist(), self._glyphs.are_generated(places[close + 1] - 1), strict=True):
            if generated:
                nearby = sorted(measured[max(0, index - 4) : index + 5])
                around = nearby[len(nearby) // 2]
                kept.append(measured[index] > (_NO_GAP if around < _TRACKED else 1.35 * around + 0.1))
            else:
                kept.append(True)
        spaces[close] = kept
        beside = (np.abs(np.diff(bottom)) < 0.3 * small) & (gaps > -0.3) & (gaps < _FAR)
        for start, end in _stretches(beside & (gaps > _LOOSE), np.where(beside, gaps, -1.0), _LOOSE_LETTERS - 1):
            within = gaps[start:end]
            letters = "".join(map(chr, codes[start : end + 1].tolist()))
            usual = middle(within)
            short = end - start < _SURE and usual > _LIKE_A_SPACE
            if short or usual > _CELLS or not _LOOSE_WORD.search(letters):
                continue
            wide = within > 1.35 * usual + 0.13
            drawn = said[start:end] & ~np.array(self._glyphs.are_generated(places[start + 1 : end + 1] - 1))
            # Spaces that are typed between all letters tell nothing.
            tracking[start:end] = usual
            spaces[start:end] = wide if drawn.mean() > 0.5 else wide | drawn
        ends = spaces | ~beside
        for index in np.flatnonzero(~said & ~ends & (gaps > _NARROW_GAP)).tolist():
            nearby = sorted(measured[max(0, index - 4) : index + 5])
            if nearby[len(nearby) // 2] < _TRACKED:
                ends[index] = spaces[index] = self._are_two_words(codes, ends, index)
        return np.concatenate([[False], spaces]), np.concatenate([[0.0], tracking])

    def _are_two_words(self, codes: Codes, ends: Flags, gap: int) -> bool:
        """Whether the dictionary has the letters before and after a narrow gap, but not both together.

        ``ends`` are the gaps where a word ends, with its line or before a space.
        """
        if not chr(codes[gap + 1]).isalpha():
            return False
        first, last = gap, gap + 1
        while first > 0 and gap - first < _LONG_WORD and not ends[first - 1] and chr(codes[first - 1]).isalpha():
            first -= 1
        while last < len(ends) and last - gap < _LONG_WORD and not ends[last] and chr(codes[last + 1]).isalpha():
            last += 1
        left = "".join(map(chr, codes[first : gap + 1].tolist()))
        right = "".join(map(chr, codes[gap + 1 : last + 1].tolist()))
        return self._known(left) and self._known(right) and not self._known(left + right)

    def _with_raised_digits(
        self,
        runs: Sequence[Run],
        places: Places,
        codes: Codes,
        boxes: Floats,
        spaces: Flags,
    ) -> list[Run]:
        """Runs cut around digits that a font has raised and small in themselves, as if they had been set so."""
        digits = (codes >= ord("0")) & (codes <= ord("9"))
        starts = digits & ~np.concatenate([[False], digits[:-1]]) & ~spaces
        candidates = deque(np.flatnonzero(starts).tolist())
        result: list[Run] = []
        for run in runs:
            first = run.first
            while candidates and candidates[0] < run.last:
                index = end = candidates.popleft()
                while end < min(run.last, index + 4) and digits[end] and self._is_raised(int(places[end]), run):
                    end += 1
                if end > index:
                    if index > first:
                        result.append(part_of(run, first, index, boxes))
                    raised = part_of(run, index, end, boxes)
                    raised.base, raised.size = run.base + 0.33 * run.size, 0.65 * run.size
                    result.append(raised)
                    first = end
            if first < run.last:
                result.append(run if first == run.first else part_of(run, first, run.last, boxes))
        return result

    def _is_raised(self, place: int, run: Run) -> bool:
        """Whether the ink of a digit begins well above its line."""
        if run.direction or run.last - run.first < _FEW:
            return False
        bottom = self._glyphs.ink_bottom(place)
        return bottom is not None and bottom - run.base > _RAISED_BY * run.size


def _stretches(loose: Flags, gaps: Floats, least: int) -> Iterator[tuple[int, int]]:
    """Where ``loose`` holds ``least`` times in a row; two letters that are kerned, and so a little closer, do not end it."""
    filled = loose.copy()
    around = np.minimum(np.minimum(gaps[:-4], gaps[1:-3]), np.minimum(gaps[3:-1], gaps[4:]))
    filled[2:-2] |= loose[:-4] & loose[1:-3] & loose[3:-1] & loose[4:] & (gaps[2:-2] > around - _KERNED)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], filled.view(np.int8), [0]])))
    long = edges[1::2] - edges[::2] >= least
    for start, end in zip(edges[::2][long].tolist(), edges[1::2][long].tolist(), strict=True):
        if least <= int(loose[start:end].sum()) >= 0.75 * (end - start):
            yield start, end
