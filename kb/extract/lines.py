"""A page as lines of text with their places: what the reader of a page makes, and all that comes after it works on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from kb.extract.clean import SOFT
from kb.extract.frame import Floats

CELL = "\t"
"""Between the cells of one row of a table."""
RAISED = "\u2063"
"""Before and after raised digits (a footnote's number, an exponent), so that „słowo¹” never becomes „słowo1”."""
_INKLESS = frozenset((CELL, RAISED))
PLAIN_SIZE = 10.0
"""The type size that is taken for that of lines from a reader that gives text alone."""
SAME_SIZE = 0.06
"""Sizes of one type differ by less, as a share."""


class Line(NamedTuple):
    """One line of a block, or one row of a table; its box in points, in the page as a reader sees it, from the bottom left.

    ``text`` has one space between words, ``CELL`` between the cells of a row, ``RAISED`` around raised digits, and ``SOFT`` at
    its end (or inside a row, where a cell has several lines) for a hyphen that ends a line of the page. ``size`` is the type size
    of most of its letters. Lines of one ``block`` follow one another, and its number rises in reading order. ``spans`` are the
    runs of characters that it is made of, counted as the page was read. ``slanted`` is what is turned by no quarter.
    """

    text: str
    left: float
    bottom: float
    right: float
    top: float
    size: float
    bold: bool
    block: int
    spans: tuple[tuple[int, int], ...] = ()
    slanted: bool = False


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """A line's text, and left, bottom, right and top of each of its ``drawn`` characters, in the page as a reader sees it."""

    text: str
    boxes: Floats

    @property
    def drawn(self) -> list[int]:
        """Where in the text its characters with boxes stand: spaces, cells and signs of this module have no ink."""
        return [place for place, sign in enumerate(self.text) if sign not in _INKLESS and not sign.isspace()]


@dataclass(frozen=True, slots=True)
class PageLines:
    """A page's size in points as a reader sees it, and its lines in reading order."""

    width: float
    height: float
    lines: tuple[Line, ...]

    @property
    def text(self) -> str:
        """The lines, one below the other."""
        return "\n".join(line.text for line in self.lines)


def plain_lines(text: str, width: float = 0.0, height: float = 0.0) -> PageLines:
    """Lines without places, from a reader that gives text alone."""
    found = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x02", f"{SOFT}\n").split("\n")
    return PageLines(width, height, tuple(Line(line, 0.0, 0.0, width, height, 0.0, False, 0) for line in found if line))


def alike(line: Line, other: Line) -> bool:
    """Whether two lines are of one type size."""
    return abs(line.size - other.size) <= SAME_SIZE * max(line.size, other.size)
