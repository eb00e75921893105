"""A page of a PDF → its lines of text in reading order.

PDFium's own text puts a line's end where a glyph stands lower than the one before, and loses it in cells of tables, on turned
pages and after hyphens. Here the boxes decide: characters (``glyphs``) make pieces, a line of a cell or a column (``pieces``),
pieces make groups, a paragraph or the cells of one row (``cells``), and groups are put in order (``columns``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_raw

from kb.extract.clean import SOFT, Known
from kb.extract.columns import in_reading_order
from kb.extract.frame import Flags, Floats, Frame, middle
from kb.extract.glyphs import SLANTED, Codes, Glyphs, Places, Run
from kb.extract.lines import Line, PageLines, PlacedLine, plain_lines
from kb.extract.pieces import PieceMaker

_MANY_CHARACTERS = 60_000
"""A page with more is no page to read: it gives its text in PDFium's own order."""
_IS_BLANK = np.zeros(0x10000, bool)
_IS_BLANK[
    [
        *range(2),
        *range(3, 0x21),
        0x7F,
        0xA0,
        0x1680,
        *range(0x2000, 0x2010),
        0x2028,
        0x2029,
        0x202F,
        0x205F,
        0x3000,
        0xFEFF,
    ]
] = True
_LINE_FEED, _RETURN = 0x0A, 0x0D
_SAME = 0.01
_GRAIN = 5.0
_ROW = 100_003


def read_lines(
    page: pdfium.PdfPage,
    known: Known = lambda _word: False,
    is_hidden: Callable[[str], bool] = lambda _layer: False,
) -> PageLines:
    """The page's text.

    ``known`` tells „Z|agospodarowanie” from „W|ubiegłym” where a paragraph begins with a large letter. ``is_hidden`` is asked
    whether a layer of that name is switched off: its text is left out.
    """
    text = page.get_textpage()
    try:
        count = text.count_chars()
        frame = _frame_of(page)
        if not 0 < count <= _MANY_CHARACTERS:
            return plain_lines(str(text.get_text_bounded()) if count > 0 else "", frame.width, frame.height)
        return _Reader(Glyphs(page, text, frame, is_hidden), frame, known).lines()
    finally:
        text.close()


def read_placed(
    page: pdfium.PdfPage,
    known: Known = lambda _word: False,
    is_hidden: Callable[[str], bool] = lambda _layer: False,
) -> tuple[PageLines, list[PlacedLine]]:
    """The same lines, and with them where each of their characters stands: one reading, so that the two cannot disagree.

    A page with too many characters to be read by their places has no placed lines.
    """
    text = page.get_textpage()
    try:
        frame = _frame_of(page)
        if not 0 < text.count_chars() <= _MANY_CHARACTERS:
            return PageLines(frame.width, frame.height, ()), []
        reader = _Reader(Glyphs(page, text, frame, is_hidden), frame, known)
        placed: list[PlacedLine] = []
        reader.placed = placed
        return reader.lines(), placed
    finally:
        text.close()


def _frame_of(page: pdfium.PdfPage) -> Frame:
    box = pdfium_raw.FS_RECTF()
    pdfium_raw.FPDF_GetPageBoundingBox(page, box)
    return Frame(box.left, box.bottom, box.right, box.top, pdfium_raw.FPDFPage_GetRotation(page) % 4)


class _Reader:
    """One page's text on its way from characters to lines."""

    def __init__(self, glyphs: Glyphs, frame: Frame, known: Known) -> None:
        self._glyphs = glyphs
        self._frame = frame
        self._known = known
        self._blanks = np.zeros(0, np.intp)
        """How many characters without ink stand up to each place."""
        self.placed: list[PlacedLine] | None = None

    def lines(self) -> PageLines:
        frame = self._frame
        codes = self._glyphs.codes()
        blank = _IS_BLANK[np.minimum(codes, len(_IS_BLANK) - 1)]
        self._blanks = np.cumsum(blank)
        drawn = np.flatnonzero(~blank)
        boxes = self._glyphs.boxes(drawn)
        left, bottom, right, top = boxes[drawn].T
        middle_x, middle_y = (left + right) / 2, (bottom + top) / 2
        with np.errstate(invalid="ignore"):
            inside = (middle_x >= 0) & (middle_x <= frame.width) & (middle_y >= 0) & (middle_y <= frame.height)
        places = drawn[inside]
        # The letters of a ligature share one box: the first of them keeps it.
        after = np.flatnonzero(np.abs(np.diff(boxes[places, 0])) < _SAME) + 1
        shared = after[(np.abs(boxes[places[after]] - boxes[places[after - 1]]) < _SAME).all(axis=1)]
        boxes[places[shared], 0] = boxes[places[shared], 2]
        places = places[_first_copies(codes[places], boxes[places])]
        parts: list[list[Line]] = []
        if len(places):
            runs = self._glyphs.runs(places, boxes[places])
            if any(run.style.hidden for run in runs):
                places, runs = self._without(places, boxes, [run for run in runs if run.style.hidden])
            if any(run.style.invisible for run in runs):
                places, runs = self._without(places, boxes, list(self._hidden_copies(places, boxes, runs)))
            directions = Counter[int]()
            for run in runs:
                directions[run.direction] += run.last - run.first
            for direction, _ in sorted(directions.items(), key=lambda item: (item[0] != 0, -item[1])):
                parts.append(self._direction(direction, directions, places, codes, boxes, runs))
        return PageLines(frame.width, frame.height, tuple(_numbered(parts)))

    def _direction(
        self,
        direction: int,
        directions: Counter[int],
        places: Places,
        codes: Codes,
        boxes: Floats,
        runs: Sequence[Run],
    ) -> list[Line]:
        """The lines of the text that is read in one direction: turned by ``direction`` quarters clockwise."""
        if direction == SLANTED:
            lines = list(self._slanted(places, codes, boxes, runs))
            self._place(lines, boxes[places])
            return lines
        if direction:
            frame = self._frame.turned(-direction)
            chosen = np.concatenate([places[run.first : run.last] for run in runs if run.direction == direction])
            turned = frame.upright(boxes[chosen])
            mine = self._glyphs.runs(chosen, turned, turned_by=direction)
        else:
            frame = self._frame.turned(0)
            if len(directions) > 1:
                chosen = np.concatenate([places[run.first : run.last] for run in runs if run.direction == 0])
                turned = boxes[chosen]
                mine = self._glyphs.runs(chosen, turned)
            else:
                chosen, turned, mine = places, boxes[places], list(runs)
        # A letter that was drawn twice is no blank between those beside it.
        apart = np.diff(self._blanks[chosen]) > 0
        pieces = PieceMaker(self._glyphs, self._known).pieces(mine, chosen, codes[chosen], turned, apart)
        lines = in_reading_order(pieces, self._known)
        self._place(lines, boxes[chosen])
        if not direction:
            return lines
        return _moved(lines, frame.back())

    def _place(self, lines: Sequence[Line], boxes: Floats) -> None:
        """Keep where the characters of these lines stand, where somebody asks; ``boxes`` has those that their spans count."""
        if self.placed is None:
            return
        for line in lines:
            self.placed.append(PlacedLine(line.text, np.concatenate([boxes[first:last] for first, last in line.spans])))

    def _hidden_copies(self, places: Places, boxes: Floats, runs: Sequence[Run]) -> Iterator[Run]:
        """Invisible text that lies over visible text; over a picture it is the text of a scan and stays."""
        cells = np.floor(((boxes[places, :2] + boxes[places, 2:]) / 2) / _GRAIN).astype(np.int64)
        keys = cells[:, 0] * _ROW + cells[:, 1]
        invisible = np.zeros(len(places), bool)
        for run in runs:
            invisible[run.first : run.last] = run.style.invisible
        seen = np.unique(keys[~invisible])
        covered = np.isin(keys, np.concatenate([seen + _ROW * x + y for x in (-1, 0, 1) for y in (-1, 0, 1)]))
        for run in runs:
            if run.style.invisible and covered[run.first : run.last].mean() > 0.5:
                yield run

    def _without(self, places: Places, boxes: Floats, gone: Sequence[Run]) -> tuple[Places, list[Run]]:
        """The places of the characters that do not stand in the runs ``gone``, and their runs."""
        kept = np.ones(len(places), bool)
        for run in gone:
            kept[run.first : run.last] = False
        places = places[kept]
        return places, self._glyphs.runs(places, boxes[places]) if len(places) else []

    def _slanted(self, places: Places, codes: Codes, boxes: Floats, runs: Sequence[Run]) -> Iterator[Line]:
        """Text that is turned by no quarter, a watermark or a stamp: words as PDFium finds them, one line each time."""
        chosen = [range(run.first, run.last) for run in runs if run.direction == SLANTED]
        indices = np.concatenate([np.asarray(part) for part in chosen])
        start = block = 0
        for index in range(1, len(indices) + 1):
            if index < len(indices):
                between = codes[int(places[indices[index - 1]]) + 1 : int(places[indices[index]])]
                if not ((between == _LINE_FEED) | (between == _RETURN)).any():
                    continue
            part = indices[start:index]
            start = index
            shown = codes[int(places[part[0]]) : int(places[part[-1]]) + 1]
            text = " ".join(shown.tobytes().decode("utf-32-le", "replace").replace("\x02", SOFT).split())
            box = boxes[places[part]]
            left, bottom = box[:, :2].min(axis=0).tolist()
            right, top = box[:, 2:].max(axis=0).tolist()
            size = self._glyphs.type_size(int(places[part[0]]))
            spans = tuple((at, at + 1) for at in part.tolist())
            yield Line(text, left, bottom, right, top, size, False, block, spans, slanted=True)
            block += 1


def _first_copies(codes: npt.NDArray[np.uint32], boxes: Floats) -> Flags:
    """Which characters are not drawn a second time, hardly moved, as for shadows and for letters made bold."""
    keep = np.ones(len(codes), bool)
    if len(codes) < 2:
        return keep
    height = np.maximum(boxes[:, 3] - boxes[:, 1], 1.0)
    grain = 0.3 * middle(height)

    def keys(shift_x: float, shift_y: float) -> npt.NDArray[np.int64]:
        x = (boxes[:, 0] / grain + shift_x).astype(np.int64)
        y = (boxes[:, 1] / grain + shift_y).astype(np.int64)
        return (codes.astype(np.int64) << 40) + (x << 20) + y

    def mark(shift_x: float, shift_y: float) -> None:
        _, first, inverse = np.unique(keys(shift_x, shift_y), return_index=True, return_inverse=True)
        original = first[inverse]
        near = np.abs(boxes[:, 0] - boxes[original, 0]) < 0.15 * height
        keep[near & (original != np.arange(len(keep)))] = False

    ordered = np.sort(keys(0, 0))
    if (ordered[1:] == ordered[:-1]).sum() < 0.02 * len(codes):
        return keep
    mark(0, 0)
    for shift in ((0.5, 0.0), (0.0, 0.5), (0.5, 0.5)):
        mark(*shift)
    return keep


def _moved(lines: Sequence[Line], frame: Frame) -> list[Line]:
    boxes = np.array([[line.left, line.bottom, line.right, line.top] for line in lines]).reshape(-1, 4)
    return [
        line._replace(left=left, bottom=bottom, right=right, top=top)
        for line, (left, bottom, right, top) in zip(lines, frame.upright(boxes).tolist(), strict=True)
    ]


def _numbered(parts: Sequence[Sequence[Line]]) -> Iterator[Line]:
    """Blocks counted through the page, whatever direction they are read in."""
    number = -1
    for lines in parts:
        before = -1
        for line in lines:
            number += line.block != before
            before = line.block
            yield line if line.block == number else line._replace(block=number)
