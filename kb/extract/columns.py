"""Groups in the order in which they are read: columns one after the other, rows of tables one by one.

The order in which the file draws is kept where it is possible to read it: most programs draw a page as it is read, and no
geometry is as wise.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from kb.extract.cells import (
    ROW_LINES,
    Group,
    group_of,
    groups_of,
    lines_of,
    with_large_initials,
    with_late_words,
    with_markers,
    with_wide_spaces,
)
from kb.extract.clean import Known
from kb.extract.frame import Flags, Floats
from kb.extract.lines import Line
from kb.extract.pieces import Piece

_ZONE_ROWS = 3
"""Columns drawn line by line are recognised from so many rows on."""
_GUTTER = 0.8
"""Columns are at least so far apart, in ems."""
_PROSE_LENGTH = 10
_COLUMN_LINES = 2
_MANY_GROUPS = 600
"""On a page with more pieces apart, a drawing or a map, the order of drawing is kept: comparing all takes too long."""


def in_reading_order(pieces: Sequence[Piece], known: Known) -> list[Line]:
    """Pieces in the order in which they are drawn → lines in the order in which they are read, numbered by block."""
    shown = [piece for piece in pieces if piece.text]
    shown = with_wide_spaces(with_markers(with_late_words(with_large_initials(shown, known))))
    groups = groups_of(shown)
    ordered = _in_order(groups)
    if ordered != groups:
        ordered = groups_of([piece for group in ordered for cell in group.cells for piece in cell])
    result: list[Line] = []
    for group in _with_columns(ordered):
        block = result[-1].block + 1 if result else 0
        result += lines_of(group, block)
    return result


def _with_columns(groups: list[Group]) -> list[Group]:
    """Groups in which columns that were drawn line by line, all at once, are columns again, and wrapped cells one row."""
    result: list[Group] = []
    index = 0
    while index < len(groups):
        if len(groups[index].cells) > 1 and groups[index].single:
            end, gutters = _zone(groups, index)
            if sum(len(group.cells) > 1 for group in groups[index:end]) >= _ZONE_ROWS:
                result += _rearranged(groups[index:end], gutters)
                index = end
                continue
        result.append(groups[index])
        index += 1
    return result


def _zone(groups: Sequence[Group], start: int) -> tuple[int, list[tuple[float, float]]]:
    """How far below group ``start`` the gaps between its cells go on, and where they are."""
    first = groups[start]
    em = first.cells[0][0].size
    gutters = _gaps(first, em)
    end = start + 1
    while gutters and end < len(groups):
        group, before = groups[end], groups[end - 1]
        if group.top > before.top or before.bottom - group.top > 3 * em or not _is_drawn_by_line(group):
            break
        left = _narrowed(gutters, group, em)
        if not left:
            break
        gutters = left
        end += 1
    return end, gutters


def _gaps(group: Group, em: float) -> list[tuple[float, float]]:
    """The gaps between the cells of a row that are wide enough for columns."""
    pieces = sorted((piece.left, piece.right) for cell in group.cells for piece in cell)
    return [(end, start) for (_, end), (start, _) in pairwise(pieces) if start - end >= _GUTTER * em]


def _is_drawn_by_line(group: Group) -> bool:
    """Whether ``group`` may be what is left of columns that are drawn line by line: cells of several lines are drawn as such."""
    *others, last = map(len, group.cells)
    return last <= _ZONE_ROWS if not others else max(others) == 1 and last <= 2


def _narrowed(gutters: Sequence[tuple[float, float]], group: Group, em: float) -> list[tuple[float, float]]:
    """What remains free of the gaps beside the pieces of ``group``."""
    pieces = [(piece.left, piece.right) for cell in group.cells for piece in cell]
    result = []
    for gutter in gutters:
        low, high = gutter
        for left, right in pieces:
            if right <= low or left >= high:
                continue
            if left <= low and right >= high:
                low = high
            elif left + right < low + high:
                low = right
            else:
                high = left
        if high - low >= _GUTTER * em:
            result.append((low, high))
    return result


def _rearranged(groups: Sequence[Group], gutters: Sequence[tuple[float, float]]) -> list[Group]:
    """Rows between whose cells the ``gutters`` run: as columns, as rows with wrapped cells, or as they are."""
    middles = [(low + high) / 2 for low, high in gutters]
    bands: list[list[list[Piece]]] = []
    em = groups[0].cells[0][0].size
    steps = [before.bottom - group.top + em for before, group in pairwise(groups)]
    usual = min((step for step in steps if step > 0.9 * em), default=em)
    for position, group in enumerate(groups):
        if not position or steps[position - 1] > 1.25 * usual:
            bands.append([[] for _ in range(len(middles) + 1)])
        for cell in group.cells:
            for piece in cell:
                column = sum(piece.left > middle for middle in middles)
                bands[-1][column].append(piece)
    if not all(
        _is_prose([cell for band in bands for cell in band[column : column + 1]]) for column in range(len(middles) + 1)
    ):
        return list(groups)
    if len(bands) > 1 and all(len(cell) <= ROW_LINES for band in bands for cell in band):
        return [group_of([cell for cell in band if cell]) for band in bands]
    columns = ([piece for band in bands for piece in band[column]] for column in range(len(middles) + 1))
    return [group for column in columns for group in groups_of(column)]


def _is_prose(cells: Sequence[Sequence[Piece]]) -> bool:
    """Whether lines of a column go on in the next: it is text, or cells of several lines."""
    pairs = [pair for cell in cells for pair in pairwise(cell)]
    if not pairs:
        return False
    going_on = sum(before.text[-1] not in ".:;!?" and after.text[:1].islower() for before, after in pairs)
    length = sum(len(before.text) for before, _ in pairs) / len(pairs)
    return going_on >= 0.4 * len(pairs) and length > _PROSE_LENGTH


def _in_order(groups: list[Group]) -> list[Group]:
    """Groups as they are drawn, but never one before another that stands right above it; left columns before right ones."""
    if not 1 < len(groups) <= _MANY_GROUPS:
        return groups
    left, right, bottom, top = np.array([[each.left, each.right, each.bottom, each.top] for each in groups]).T
    shared = np.minimum(right[:, None], right) - np.maximum(left[:, None], left)
    narrow = np.maximum(np.minimum((right - left)[:, None], right - left), 1.0)
    # ``first[i, j]``: group i is read before group j, since it stands over it.
    first = (shared > 0.3 * narrow) & (bottom[:, None] > top - 2.0)
    np.fill_diagonal(first, val=False)
    level = np.minimum(top[:, None], top) - np.maximum(bottom[:, None], bottom)
    long = np.array([len(each.cells) == 1 and len(each.cells[0]) >= _COLUMN_LINES for each in groups])
    low = np.minimum((top - bottom)[:, None], top - bottom)
    beside = (right[:, None] < left) & (level > 0.5 * low) & long[:, None] & long
    if np.tril(beside).sum() > np.triu(beside).sum():
        first |= _left_first(left, right, bottom, top, shared)
    elif not np.tril(first).any():
        return groups
    order: list[Group] = []
    begun = [False] * len(groups)
    for start in range(len(groups)):
        # What must come before a group comes right before it; the rest stays where it was drawn.
        path = [] if begun[start] else [(start, iter(np.flatnonzero(first[:, start]).tolist()))]
        begun[start] = True
        while path:
            index, earlier = path[-1]
            before = next((each for each in earlier if not begun[each]), None)
            if before is None:
                order.append(groups[index])
                path.pop()
            else:
                begun[before] = True
                path.append((before, iter(np.flatnonzero(first[:, before]).tolist())))
    return order


def _left_first(left: Floats, right: Floats, bottom: Floats, top: Floats, shared: Floats) -> Flags:
    """Which group stands left of which, with nothing between their heights that spans both."""
    result = right[:, None] < left
    for middle in np.flatnonzero((shared > 0).sum(axis=1) > 2).tolist():
        over = (bottom >= top[middle] - 2.0) & (shared[middle] > 0)
        under = (top <= bottom[middle] + 2.0) & (shared[middle] > 0)
        result &= ~(over[:, None] & under) & ~(under[:, None] & over)
    return result
