"""Pieces → groups: a paragraph, or the cells of one row side by side; and the lines that a group is read as."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import pairwise
from statistics import median

from kb.extract.clean import Known
from kb.extract.lines import CELL, SAME_SIZE, Line
from kb.extract.paragraphs import joined
from kb.extract.pieces import Piece

_LEADING = 1.9
"""Lines of one paragraph are at most so far apart, in ems, …"""
_LOOSER = 1.3
"""… and hardly farther than the lines before."""
ROW_LINES = 6
"""Cells with more lines are read as columns: one after the other, each line for itself."""
_SPANNED = 2.5
"""A gap up to so many ems is one between words when the line above spans it."""
_ADJACENT = 0.35
_MARKER_GAP = 3.5
_MARKER = re.compile(r"[^\w\s\"„”(]|\(?\w{1,3}[.)]|§? ?\d{1,3}(?:\.\d{1,3})*\.?")
_WIDEST = 10.0
_SAME_SPACE = 0.12
"""Spaces of one line, in ems, differ by less."""
_BLANK = re.compile(r"\s")
_LONG_WORD = re.compile(r"(?:^|\s)[^\w\s]?[^\W\d_]{3}")
"""Figures and single letters are as far apart in tables of figures."""
_FIRST_OF_ITEM = re.compile(rf"(?:{_MARKER.pattern}) \S+")
_MANY_INITIALS = 20
_FIRST_WORD = re.compile(r"[^\W\d_]+")


class Group:
    """Lines drawn one below the other: one cell is a paragraph, several side by side are a row of a table, or columns."""

    __slots__ = ("bottom", "cells", "leading", "left", "right", "top")

    def __init__(self, piece: Piece) -> None:
        self.cells = [[piece]]
        self.leading = 0.0
        self.left, self.right, self.bottom, self.top = piece.left, piece.right, piece.bottom, piece.top

    @property
    def single(self) -> bool:
        """Whether no cell has a second line."""
        return all(len(cell) == 1 for cell in self.cells)

    def takes(self, piece: Piece) -> bool:
        """Add ``piece``, drawn next, where it belongs here."""
        cell = self.cells[-1]
        last = cell[-1]
        on_line = last.is_left_of(piece)
        if on_line and self._ends_line(last, piece):
            last.join(piece, " ")
        elif on_line and len(self.cells) == 1 and len(cell) > 1:
            return False
        elif self._goes_on(last, piece):
            cell.append(piece)
        elif self._is_beside(last, piece):
            self.cells.append([piece])
        else:
            return False
        self.left, self.right = min(self.left, piece.left), max(self.right, piece.right)
        self.bottom, self.top = min(self.bottom, piece.bottom), max(self.top, piece.top)
        return True

    def gives_up_last_line(self, piece: Piece) -> Piece | None:
        """The last line, which is no line of this paragraph, since ``piece`` stands far to the right of it."""
        cell = self.cells[-1]
        if len(cell) < 2 or not cell[-1].is_left_of(piece):
            return None
        line = cell.pop()
        pieces = [piece for each in self.cells for piece in each]
        self.left, self.right = min(piece.left for piece in pieces), max(piece.right for piece in pieces)
        self.bottom = min(piece.bottom for piece in pieces)
        return line

    def _ends_line(self, last: Piece, piece: Piece) -> bool:
        """Whether ``piece``, right of the last line, is part of it, whose words were set wide: the line above spans the gap."""
        if piece.left - last.right > _SPANNED * last.size:
            return False
        above = self.cells[-1][-2:-1]
        return bool(above) and above[0].left < last.right and above[0].right > piece.left + last.size

    def _goes_on(self, last: Piece, piece: Piece) -> bool:
        """Whether ``piece`` is the next line of the last cell."""
        small, large = (last.size, piece.size) if last.size < piece.size else (piece.size, last.size)
        down = last.base - piece.base
        if large > 1.15 * small or not 0.6 * small < down <= _LEADING * large:
            return False
        if piece.left >= last.right or piece.right <= last.left:
            return False
        if len(self.cells) > 1 and piece.left < max(line.right for line in self.cells[-2]):
            return False
        if self.leading and down > _LOOSER * self.leading:
            return False
        self.leading = max(self.leading, down)
        return True

    def _is_beside(self, last: Piece, piece: Piece) -> bool:
        """Whether ``piece`` begins the next cell to the right."""
        edge = max(line.right for line in self.cells[-1])
        if piece.left < edge - 0.3 * last.size:
            return False
        return min(self.top, piece.top) - max(self.bottom, piece.bottom) > 0.25 * min(last.size, piece.size)


def groups_of(pieces: Sequence[Piece]) -> list[Group]:
    """Pieces in the order in which they are drawn, put together where they stand together."""
    groups: list[Group] = []
    for piece in pieces:
        if groups and groups[-1].takes(piece):
            continue
        line = groups[-1].gives_up_last_line(piece) if groups else None
        if line is not None:
            groups.append(Group(line))
            if groups[-1].takes(piece):
                continue
        groups.append(Group(piece))
    return groups


def group_of(cells: Sequence[list[Piece]]) -> Group:
    """A row of these cells."""
    group = Group(cells[0][0])
    group.cells = [list(cell) for cell in cells]
    pieces = [piece for cell in cells for piece in cell]
    group.left, group.right = min(piece.left for piece in pieces), max(piece.right for piece in pieces)
    group.bottom, group.top = min(piece.bottom for piece in pieces), max(piece.top for piece in pieces)
    return group


def with_late_words(pieces: list[Piece]) -> list[Piece]:
    """Pieces with words joined to their line that were drawn before or after it, as links and words in another type are."""
    lines: dict[int, list[tuple[float, int]]] = {}
    for position, piece in enumerate(pieces):
        lines.setdefault(round(piece.base), []).append((piece.left, position))
    gone: set[int] = set()
    for line in lines.values():
        line.sort()
        start = pieces[line[0][1]]
        for _, position in line[1:]:
            piece = pieces[position]
            away = (piece.left - start.right) / min(start.size, piece.size) if start.size and piece.size else 9.0
            if (
                start.is_left_of(piece)
                and -0.2 < away < _ADJACENT
                and piece.size < 1.2 * start.size < 1.44 * piece.size
            ):
                start.join(piece, " " if away > 0.12 else "")
                gone.add(position)
            else:
                start = piece
    return [piece for position, piece in enumerate(pieces) if position not in gone]


def with_wide_spaces(pieces: list[Piece]) -> list[Piece]:
    """Pieces with the words of a line joined that was only set wide to fill its column.

    Its spaces are all alike though its words are not, which columns of a table never manage; of a line with one space the one
    above or below it has the same edges.
    """
    lines: list[list[Piece]] = []
    for piece in pieces:
        if lines and _is_next_word(lines[-1][-1], piece):
            lines[-1].append(piece)
        else:
            lines.append([piece])
    wide = [_is_set_wide(line) for line in lines]
    # From lines that surely are one to those beside them, down the page and up again.
    down = range(1, len(lines))
    for number, beside in (*((n, n - 1) for n in down), *((n - 1, n) for n in reversed(down))):
        if len(lines[number]) != 2:
            continue
        whole = wide[beside] or (len(lines[beside]) == 1 and _BLANK.search(lines[beside][0].text) is not None)
        if whole and _have_same_edges(lines[number], lines[beside]):
            wide[number] = True
    result: list[Piece] = []
    for line, is_wide in zip(lines, wide, strict=True):
        for word in line[1:] if is_wide else ():
            line[0].join(word, " ")
        result += line[:1] if is_wide else line
    return result


def _is_next_word(before: Piece, piece: Piece) -> bool:
    """Whether both are single words of one type, side by side; the first may have the number of an item before it."""
    return (
        before.is_left_of(piece)
        and abs(before.size - piece.size) <= SAME_SIZE * piece.size
        and piece.left - before.right < _WIDEST * piece.size
        and (not _BLANK.search(before.text) or _FIRST_OF_ITEM.fullmatch(before.text) is not None)
        and not _BLANK.search(piece.text)
    )


def _is_set_wide(line: Sequence[Piece]) -> bool:
    if len(line) < 3 or sum(_LONG_WORD.search(word.text) is not None for word in line) < 2:
        return False
    gaps = [after.left - before.right for before, after in pairwise(line)]
    widths = [word.right - word.left for word in line]
    size = line[0].size
    return max(gaps) - min(gaps) < _SAME_SPACE * size and max(widths) - min(widths) > 2 * _SAME_SPACE * size


def _have_same_edges(line: Sequence[Piece], other: Sequence[Piece]) -> bool:
    """Whether two lines of one paragraph begin and end at the same places."""
    first, last = line[0], line[-1]
    slack = _SAME_SPACE * first.size
    return (
        abs(other[0].left - first.left) < slack
        and abs(other[-1].right - last.right) < slack
        and abs(other[0].size - first.size) <= SAME_SIZE * first.size
        and 0.6 * first.size < abs(other[0].base - first.base) <= _LEADING * first.size
    )


def with_markers(pieces: list[Piece]) -> list[Piece]:
    """Pieces with bullets and numbers of a list joined to the item that they begin."""
    result: list[Piece] = []
    for piece in pieces:
        before = result[-1] if result else None
        if (
            before is not None
            and _MARKER.fullmatch(before.text)
            and before.is_left_of(piece)
            and piece.left - before.right < _MARKER_GAP * before.size
            and (piece.text[0].isalpha() or piece.text[0] in "„(")
        ):
            before.join(piece, " ")
        else:
            result.append(piece)
    return result


def with_large_initials(pieces: list[Piece], known: Known) -> list[Piece]:
    """Pieces with each large first letter of a paragraph joined to the word that it begins."""
    usual = median(piece.size for piece in pieces) if pieces else 0.0
    initials = [
        index
        for index, piece in enumerate(pieces)
        if len(piece.text) <= 2 and piece.size > 1.5 * usual and piece.text.isalpha()
    ]
    if len(initials) > _MANY_INITIALS:
        return pieces
    gone = set()
    for index in initials:
        piece = pieces[index]
        beside = [
            (other.top, -position)
            for position, other in enumerate(pieces)
            if 1.6 * other.size < piece.size
            and 0 < other.left - piece.right + 0.3 * other.size < 0.5 * piece.size + other.size
            and piece.base + 0.5 * other.size < other.base < piece.top
        ]
        if not beside:
            continue
        first = pieces[-max(beside)[1]]
        word = _FIRST_WORD.match(first.text)
        glued = word is not None and (known(piece.text + word[0]) or not known(word[0]))
        first.text = f"{piece.text}{'' if glued else ' '}{first.text}"
        first.left = piece.left
        first.spans = piece.spans + first.spans
        gone.add(index)
    return [piece for index, piece in enumerate(pieces) if index not in gone]


def lines_of(group: Group, block: int) -> Iterator[Line]:
    """A row with a tab between its cells, or each cell's lines in a block of their own."""
    if len(group.cells) > 1 and max(map(len, group.cells)) <= ROW_LINES:
        pieces = [piece for cell in group.cells for piece in cell]
        largest = max(pieces, key=lambda piece: len(piece.text))
        bold = all(piece.bold for piece in pieces)
        text = CELL.join(_cell_text(cell) for cell in group.cells)
        spans = tuple(span for piece in pieces for span in piece.spans)
        yield Line(text, group.left, group.bottom, group.right, group.top, largest.size, bold, block, spans)
        return
    for cell in group.cells:
        for piece in cell:
            spans = tuple(piece.spans)
            yield Line(
                piece.text, piece.left, piece.bottom, piece.right, piece.top, piece.size, piece.bold, block, spans
            )
        block += 1


def _cell_text(cell: Sequence[Piece]) -> str:
    """The lines of one cell as one, with marks where a word may be broken."""
    return reduce(joined, (piece.text for piece in cell))
