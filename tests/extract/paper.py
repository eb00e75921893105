"""Pages of lines made by hand: where each stands is written in the test."""

from __future__ import annotations

from collections.abc import Sequence

from kb.extract.lines import Line, PageLines

WIDTH, HEIGHT, BODY, LETTER = 595.0, 842.0, 11.0, 5.5
LEFT, PITCH = 70.0, 14.0


def line(
    text: str,
    top: float,
    *,
    left: float = LEFT,
    size: float = BODY,
    bold: bool = False,
    block: int = 0,
    right: float | None = None,
) -> Line:
    """A line of typewriter letters at a place on the page."""
    right = left + LETTER * size / BODY * len(text) if right is None else right
    return Line(text=text, left=left, bottom=top - size, right=right, top=top, size=size, bold=bold, block=block)


def page(*lines: Line) -> PageLines:
    """An A4 page."""
    return PageLines(WIDTH, HEIGHT, lines)


def column(texts: Sequence[str], top: float = 760.0, **rest: float) -> list[Line]:
    """Lines one below the other."""
    return [line(text, top - PITCH * number, **rest) for number, text in enumerate(texts)]
