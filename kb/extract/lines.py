"""PDFium's characters with their boxes → lines of text in reading order.

PDFium's own text puts a line's end where a glyph stands lower than the one before, and loses it in cells of tables, on turned
pages and after hyphens. Here the boxes decide: characters make pieces (a line of a cell or a column), pieces make groups (a
paragraph, or the cells of one row), and groups are put in order. The order in which the file draws is kept where it is possible
to read it: most programs draw a page as it is read, and no geometry is as wise.
"""

from __future__ import annotations

import ctypes
import math
import re
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, repeat

import numpy as np
import numpy.typing as npt
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_raw

from kb.extract.clean import LINE_END, SOFT, Known

CELL = "\t"
"""Between the cells of one row of a table."""
RAISED = "\u2063"
"""Before and after raised digits (a footnote's number, an exponent), so that „słowo¹” never becomes „słowo1”."""

_INKLESS = frozenset((CELL, RAISED))
_MANY_CHARACTERS = 60_000
"""A page with more is no page to read: it gives its text in PDFium's own order."""

_Floats = npt.NDArray[np.float64]
_Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a block, or one row of a table; its box in points, in the page as a reader sees it, from the bottom left.

    ``text`` has one space between words, ``CELL`` between the cells of a row, ``RAISED`` around raised digits, and ``SOFT`` at
    its end (or inside a row, where a cell has several lines) for a hyphen that ends a line of the page. ``size`` is the type size
    of most of its letters. Lines of one ``block`` follow one another, and its number rises in reading order. ``spans`` are the
    runs of characters that it is made of, counted as the page was read.
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


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """A line's text, and left, bottom, right and top of each of its ``drawn`` characters, in the page as a reader sees it."""

    text: str
    boxes: npt.NDArray[np.float64]

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
        frame = _Frame.of(page)
        if not 0 < count <= _MANY_CHARACTERS:
            return plain_lines(str(text.get_text_bounded()) if count > 0 else "", frame.width, frame.height)
        return _Reader(page, text, frame, known, is_hidden).lines()
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
        frame = _Frame.of(page)
        if not 0 < text.count_chars() <= _MANY_CHARACTERS:
            return PageLines(frame.width, frame.height, ()), []
        reader = _Reader(page, text, frame, known, is_hidden)
        placed: list[PlacedLine] = []
        reader.placed = placed
        return reader.lines(), placed
    finally:
        text.close()


# ---------------------------------------------------------------- PDFium's characters


def _call(function: Callable[..., object], result: type | None, *arguments: type) -> Callable[..., int]:
    """One of PDFium's functions with plain numbers for pointers: asked for every character, the usual checks cost too much."""
    address = ctypes.cast(function, ctypes.c_void_p).value  # type: ignore[arg-type]
    return ctypes.PYFUNCTYPE(result, *arguments)(address or 0)


_P, _I = ctypes.c_void_p, ctypes.c_int
_loose_box = _call(pdfium_raw.FPDFText_GetLooseCharBox, _I, _P, _I, _P)
_origin = _call(pdfium_raw.FPDFText_GetCharOrigin, _I, _P, _I, _P, _P)
_angle = _call(pdfium_raw.FPDFText_GetCharAngle, ctypes.c_float, _P, _I)
_unicode = _call(pdfium_raw.FPDFText_GetUnicode, ctypes.c_uint, _P, _I)
_is_generated = _call(pdfium_raw.FPDFText_IsGenerated, _I, _P, _I)
_text_object = _call(pdfium_raw.FPDFText_GetTextObject, _P, _P, _I)
_render_mode = _call(pdfium_raw.FPDFTextObj_GetTextRenderMode, _I, _P)
_font = _call(pdfium_raw.FPDFTextObj_GetFont, _P, _P)
_font_weight = _call(pdfium_raw.FPDFFont_GetWeight, _I, _P)
_font_name = _call(pdfium_raw.FPDFFont_GetBaseFontName, ctypes.c_size_t, _P, ctypes.c_char_p, ctypes.c_size_t)
_char_box = _call(pdfium_raw.FPDFText_GetCharBox, _I, _P, _I, _P, _P, _P, _P)
_font_size = _call(pdfium_raw.FPDFText_GetFontSize, ctypes.c_double, _P, _I)
_matrix = _call(pdfium_raw.FPDFText_GetMatrix, _I, _P, _I, _P)

_count_objects = _call(pdfium_raw.FPDFPage_CountObjects, _I, _P)
_object = _call(pdfium_raw.FPDFPage_GetObject, _P, _P, _I)
_object_type = _call(pdfium_raw.FPDFPageObj_GetType, _I, _P)
_count_inside = _call(pdfium_raw.FPDFFormObj_CountObjects, _I, _P)
_object_inside = _call(pdfium_raw.FPDFFormObj_GetObject, _P, _P, ctypes.c_ulong)
_count_marks = _call(pdfium_raw.FPDFPageObj_CountMarks, _I, _P)
_mark = _call(pdfium_raw.FPDFPageObj_GetMark, _P, _P, ctypes.c_ulong)
_mark_name = _call(pdfium_raw.FPDFPageObjMark_GetName, _I, _P, ctypes.c_char_p, ctypes.c_ulong, _P)
_mark_text = _call(
    pdfium_raw.FPDFPageObjMark_GetParamStringValue, _I, _P, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong, _P
)

_INVISIBLE = 3
_STROKED_TOO = 2
_BOLD_NAME = re.compile(r"bold|black|heavy|demi", re.IGNORECASE)
_BOLD_WEIGHT = 600


def _address(pointer: object) -> int:
    return ctypes.cast(pointer, ctypes.c_void_p).value or 0  # type: ignore[arg-type]


def _inside(form: int) -> Iterator[int]:
    """All page objects in a form and in the forms in it."""
    waiting = [form]
    while waiting:
        holder = waiting.pop()
        for index in range(_count_inside(holder)):
            item = _object_inside(holder, index)
            if _object_type(item) == pdfium_raw.FPDF_PAGEOBJ_FORM:
                waiting.append(item)
            yield item


@dataclass(frozen=True, slots=True)
class _Frame:
    """The part of the page that is shown, and by how many quarters it is turned clockwise before it is shown."""

    left: float
    bottom: float
    right: float
    top: float
    quarters: int

    @classmethod
    def of(cls, page: pdfium.PdfPage) -> _Frame:
        box = pdfium_raw.FS_RECTF()
        pdfium_raw.FPDF_GetPageBoundingBox(page, box)
        return cls(box.left, box.bottom, box.right, box.top, pdfium_raw.FPDFPage_GetRotation(page) % 4)

    @property
    def width(self) -> float:
        return self.top - self.bottom if self.quarters % 2 else self.right - self.left

    @property
    def height(self) -> float:
        return self.right - self.left if self.quarters % 2 else self.top - self.bottom

    def turned(self, quarters: int) -> _Frame:
        """What stands in this frame's upright page, as a frame of its own that is turned once more."""
        return _Frame(0.0, 0.0, self.width, self.height, quarters % 4)

    def upright(self, boxes: _Floats) -> _Floats:
        """Rows of left, bottom, right, top, as the reader sees them."""
        left, bottom, right, top = boxes.T
        sides = (
            (left - self.left, bottom - self.bottom, right - self.left, top - self.bottom),
            (bottom - self.bottom, self.right - right, top - self.bottom, self.right - left),
            (self.right - right, self.top - top, self.right - left, self.top - bottom),
            (self.top - top, left - self.left, self.top - bottom, right - self.left),
        )[self.quarters]
        return np.stack(sides, axis=1)

    def upright_point(self, x: float, y: float) -> tuple[float, float]:
        """One point as the reader sees it."""
        if self.quarters == 0:
            return x - self.left, y - self.bottom
        if self.quarters == 1:
            return y - self.bottom, self.right - x
        if self.quarters == 2:
            return self.right - x, self.top - y
        return self.top - y, x - self.left

    def back(self) -> _Frame:
        """The frame that undoes ``upright`` of a frame at the origin."""
        return _Frame(0.0, 0.0, self.width, self.height, -self.quarters % 4)


@dataclass(frozen=True, slots=True)
class _Style:
    """What a text object says of all its characters."""

    bold: bool
    invisible: bool
    """Drawn without ink, as the text over a scan is."""
    hidden: bool
    """On a layer that is switched off."""
    size: float


@dataclass(slots=True)
class _Run:
    """Characters ``first`` to ``last`` of the visible ones, drawn one after the other on one line in one style."""

    first: int
    last: int
    left: float
    right: float
    base: float
    size: float
    style: _Style
    direction: int


class _Piece:
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

    def __init__(self, run: _Run, text: str) -> None:
        self.left, self.right, self.base, self.size = run.left, run.right, run.base, run.size
        self.weight, self.tallest = run.last - run.first, run.size
        self.parts = [(text, run.size, run.base, run.style.bold)]
        self.spans = [(run.first, run.last)]
        self.text, self.bold, self.top, self.bottom = "", False, 0.0, 0.0

    def takes(self, run: _Run, pause: float) -> bool:
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

    def add(self, run: _Run, text: str) -> None:
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
        hyphen = text.endswith("\x02")
        self.text = (text[:-1].replace("\x02", "-") + SOFT) if hyphen else text.replace("\x02", "-")
        self.bottom, self.top = self.base - 0.22 * self.size, self.base + 0.78 * self.size

    def is_left_of(self, other: _Piece) -> bool:
        """Whether both stand on one line, ``other`` to the right."""
        small = min(self.size, other.size)
        return abs(self.base - other.base) < 0.2 * small and other.left > self.right - 0.2 * small

    def join(self, other: _Piece, space: str) -> None:
        """Take in what stands right of this piece on the same line."""
        if other.size > 1.1 * self.size and len(other.text) > len(self.text):
            self.size, self.base = other.size, other.base
        self.text = f"{self.text.replace(SOFT, '-')}{space}{other.text}"
        self.spans += other.spans
        self.left, self.right = min(self.left, other.left), max(self.right, other.right)
        self.bottom, self.top = min(self.bottom, other.bottom), max(self.top, other.top)


_PAUSE = 0.9
"""A wider gap in a line, in ems, is one between cells or columns, unless the lines around say otherwise."""
_DIGITS = re.compile(r"( ?)(\d{1,3}\)?)")


class _Reader:
    """One page's text on its way from characters to lines."""

    def __init__(
        self,
        page: pdfium.PdfPage,
        text: pdfium.PdfTextPage,
        frame: _Frame,
        known: Known,
        is_hidden: Callable[[str], bool],
    ) -> None:
        self._page = page
        self._is_hidden = is_hidden
        self._in_hidden_forms: set[int] | None = None
        self._text = text
        self._handle = _address(text.raw)
        self._frame = frame
        self._known = known
        self._count = text.count_chars()
        self._styles: dict[int, _Style] = {}
        self._fonts: dict[int, bool] = {}
        self._ink = (ctypes.c_double * 4)()
        self._sides = tuple(ctypes.addressof(self._ink) + 8 * side for side in range(4))
        self.placed: list[PlacedLine] | None = None

    def lines(self) -> PageLines:
        frame = self._frame
        codes = self._codes()
        boxes = frame.upright(self._boxes())
        middle_x, middle_y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
        with np.errstate(invalid="ignore"):
            inside = (middle_x >= 0) & (middle_x <= frame.width) & (middle_y >= 0) & (middle_y <= frame.height)
        visible = inside & ~np.isin(codes, _BLANKS) & (codes != 0)
        places = np.flatnonzero(visible)
        # The letters of a ligature share one box: the first of them keeps it.
        shared = np.flatnonzero((np.abs(np.diff(boxes[places], axis=0)) < _SAME).all(axis=1)) + 1
        boxes[places[shared], 0] = boxes[places[shared], 2]
        places = places[_first_copies(codes[places], boxes[places])]
        parts: list[list[Line]] = []
        if len(places):
            runs = self._runs(places, boxes[places])
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
        places: npt.NDArray[np.intp],
        codes: npt.NDArray[np.uint32],
        boxes: _Floats,
        runs: Sequence[_Run],
    ) -> list[Line]:
        """The lines of the text that is read in one direction: turned by ``direction`` quarters clockwise."""
        if direction == _SLANTED:
            lines = list(self._slanted(places, codes, boxes, runs))
            self._place(lines, boxes[places])
            return lines
        if direction:
            frame = self._frame.turned(-direction)
            chosen = np.concatenate([places[run.first : run.last] for run in runs if run.direction == direction])
            turned = frame.upright(boxes[chosen])
            mine = self._runs(chosen, turned, turned_by=direction)
        else:
            frame = self._frame.turned(0)
            if len(directions) > 1:
                chosen = np.concatenate([places[run.first : run.last] for run in runs if run.direction == 0])
                turned = boxes[chosen]
                mine = self._runs(chosen, turned)
            else:
                chosen, turned, mine = places, boxes[places], list(runs)
        pieces = self._pieces(mine, chosen, codes[chosen], turned)
        lines = _Layout(pieces, self._known).lines()
        self._place(lines, boxes[chosen])
        if not direction:
            return lines
        return _moved(lines, frame.back())

    def _place(self, lines: Sequence[Line], boxes: _Floats) -> None:
        """Keep where the characters of these lines stand, where somebody asks; ``boxes`` has those that their spans count."""
        if self.placed is None:
            return
        for line in lines:
            self.placed.append(PlacedLine(line.text, np.concatenate([boxes[first:last] for first, last in line.spans])))

    # ---------------- asking PDFium

    def _codes(self) -> npt.NDArray[np.uint32]:
        codes = np.frombuffer(str(self._text.get_text_range()).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        if len(codes) == self._count:
            return np.where(codes == _HYPHEN_GONE, 2, codes).astype(np.uint32)
        # Characters without a meaning are not in the text.
        return np.fromiter(map(_unicode, repeat(self._handle), range(self._count)), np.uint32, self._count)

    def _boxes(self) -> _Floats:
        """Left, bottom, right, top of each character as wide as it advances, as high as its type."""
        boxes = np.zeros((self._count, 4), np.float32)
        start = boxes.ctypes.data
        addresses = range(start, start + 16 * self._count, 16)
        deque(map(_loose_box, repeat(self._handle), range(self._count), addresses), maxlen=0)
        return boxes[:, (0, 3, 2, 1)].astype(np.float64)

    def _runs(self, places: npt.NDArray[np.intp], boxes: _Floats, turned_by: int = 0) -> list[_Run]:
        """Characters cut where the line, the size or the style may change, with what PDFium says of the first of each run."""
        left, bottom, right, top = boxes.T
        height = top - bottom
        slack = 0.02 * height[1:] + 0.01
        away = left[1:] - right[:-1]
        cut = (
            (np.abs(np.diff(bottom)) > slack)
            | (np.abs(np.diff(height)) > slack)
            | (away > 0.6 * height[1:])
            | (away < -0.6 * height[1:])
        )
        starts = [0, *(np.flatnonzero(cut) + 1).tolist()]
        ends = np.maximum.reduceat(right, starts).tolist()
        lefts, bases, heights = left[starts].tolist(), bottom[starts].tolist(), height[starts].tolist()
        firsts = places[starts].tolist()
        turned = self._frame.turned(-turned_by) if turned_by else None
        point = (ctypes.c_double * 2)()
        x = ctypes.addressof(point)
        runs: list[_Run] = []
        for index, (first, last) in enumerate(pairwise([*starts, len(places)])):
            place = firsts[index]
            style = self._style(place)
            base, size = bases[index], style.size or heights[index]
            if _origin(self._handle, place, x, x + 8):
                upright = self._frame.upright_point(point[0], point[1])
                base = (turned.upright_point(*upright) if turned else upright)[1]
            direction = turned_by or self._direction_of(place)
            runs.append(_Run(first, last, lefts[index], ends[index], base, size, style, direction))
        return runs

    def _direction_of(self, place: int) -> int:
        quarters = _angle(self._handle, place) / (math.pi / 2)
        if abs(quarters - round(quarters)) > _SLANT:
            return _SLANTED
        return (round(quarters) + self._frame.quarters) % 4

    def _type_size(self, place: int) -> float:
        matrix = pdfium_raw.FS_MATRIX()
        if not _matrix(self._handle, place, ctypes.addressof(matrix)):
            return 0.0
        return float(_font_size(self._handle, place)) * math.hypot(matrix.c, matrix.d)

    def _style(self, place: int) -> _Style:
        item = _text_object(self._handle, place) or 0
        style = self._styles.get(item)
        if style is None:
            mode = _render_mode(item) if item else 0
            bold = self._is_bold(_font(item) or 0) if item else False
            style = _Style(
                bold or mode == _STROKED_TOO,
                mode == _INVISIBLE,
                bool(item) and (self._is_on_hidden_layer(item) or item in self._hidden_items()),
                self._type_size(place),
            )
            self._styles[item] = style
        return style

    def _is_on_hidden_layer(self, item: int) -> bool:
        """Whether a page object is marked as belonging to a layer that is switched off."""
        for index in range(_count_marks(item)):
            mark = _mark(item, index)
            used = ctypes.c_ulong()
            name = ctypes.create_string_buffer(_NAME_BYTES)
            _mark_name(mark, name, _NAME_BYTES, ctypes.addressof(used))
            if name.raw[: used.value] == _LAYER:
                _mark_text(mark, b"Name", name, _NAME_BYTES, ctypes.addressof(used))
                if self._is_hidden(name.raw[: used.value].decode("utf-16-le", "replace").rstrip("\0")):
                    return True
        return False

    def _hidden_items(self) -> set[int]:
        """What stands in forms on hidden layers: it has no marks of its own."""
        if self._in_hidden_forms is None:
            page = _address(self._page.raw)
            items = [_object(page, index) for index in range(_count_objects(page))]
            forms = [item for item in items if _object_type(item) == pdfium_raw.FPDF_PAGEOBJ_FORM]
            hidden = [form for form in forms if self._is_on_hidden_layer(form)]
            self._in_hidden_forms = {item for form in hidden for item in _inside(form)}
        return self._in_hidden_forms

    def _is_bold(self, font: int) -> bool:
        if font not in self._fonts:
            name = ctypes.create_string_buffer(200)
            if font:
                _font_name(font, name, 200)
            bold = _BOLD_NAME.search(name.value.decode("utf-8", "replace")) is not None
            self._fonts[font] = bold or (font != 0 and _font_weight(font) >= _BOLD_WEIGHT)
        return self._fonts[font]

    def _hidden_copies(self, places: npt.NDArray[np.intp], boxes: _Floats, runs: Sequence[_Run]) -> Iterator[_Run]:
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

    def _without(
        self, places: npt.NDArray[np.intp], boxes: _Floats, gone: Sequence[_Run]
    ) -> tuple[npt.NDArray[np.intp], list[_Run]]:
        """The places of the characters that do not stand in the runs ``gone``, and their runs."""
        kept = np.ones(len(places), bool)
        for run in gone:
            kept[run.first : run.last] = False
        places = places[kept]
        return places, self._runs(places, boxes[places]) if len(places) else []

    # ---------------- words and pieces

    def _pieces(
        self, runs: Sequence[_Run], places: npt.NDArray[np.intp], codes: npt.NDArray[np.uint32], boxes: _Floats
    ) -> list[_Piece]:
        """The runs' text in PDFium's order, put together where one goes on in the line of the one before."""
        spaces, wide = self._spaces(places, codes, boxes, runs)
        runs = self._with_raised_digits(runs, places, codes, boxes, spaces)
        starts = np.arange(len(codes)) + np.concatenate([[0], np.cumsum(spaces)[:-1]])
        spaced = np.full(len(codes) + int(spaces.sum()), 0x20, np.uint32)
        spaced[starts + spaces] = codes
        text = spaced.tobytes().decode("utf-32-le", "replace")
        begins = [*starts.tolist(), len(text)]
        pieces: list[_Piece] = []
        for run in runs:
            shown = text[begins[run.first] : begins[run.last]]
            if pieces and pieces[-1].takes(run, _PAUSE + 3 * wide[run.first]):
                pieces[-1].add(run, shown)
            else:
                pieces.append(_Piece(run, shown))
        for piece in pieces:
            piece.finish()
        return pieces

    def _spaces(
        self, places: npt.NDArray[np.intp], codes: npt.NDArray[np.uint32], boxes: _Floats, runs: Sequence[_Run]
    ) -> tuple[_Flags, _Floats]:
        """Before which of the characters a space stands; how far apart, in ems, the letters before them are set."""
        left, bottom, right, _ = boxes.T
        height = np.repeat([max(run.size, 0.1) for run in runs], [run.last - run.first for run in runs])
        small = np.minimum(height[1:], height[:-1])
        gaps = (left[1:] - right[:-1]) / small
        said = np.diff(places) > 1
        tracking = np.zeros(len(gaps))
        spaces = np.where(said, gaps > _NO_GAP, gaps > _CLEAR_GAP)
        measured = gaps.tolist()
        for index in np.flatnonzero(said & (gaps <= _CLOSE)).tolist():
            if _is_generated(self._handle, int(places[index + 1]) - 1):
                nearby = sorted(measured[max(0, index - 4) : index + 5])
                around = nearby[len(nearby) // 2]
                spaces[index] = measured[index] > (_NO_GAP if around < _TRACKED else 1.35 * around + 0.1)
            else:
                spaces[index] = True
        beside = (np.abs(np.diff(bottom)) < 0.3 * small) & (gaps > -0.3) & (gaps < _FAR)
        for start, end in _stretches(beside & (gaps > _LOOSE), np.where(beside, gaps, -1.0), _LOOSE_LETTERS - 1):
            within = gaps[start:end]
            letters = "".join(map(chr, codes[start : end + 1].tolist()))
            usual = float(np.median(within))
            short = end - start < _SURE and usual > _LIKE_A_SPACE
            if short or usual > _CELLS or sum(map(str.isalpha, letters)) < 0.7 * len(letters):
                continue
            wide = within > 1.35 * usual + 0.13
            drawn = np.array(
                [said[at] and not _is_generated(self._handle, int(places[at + 1]) - 1) for at in range(start, end)]
            )
            # Spaces that are typed between all letters tell nothing.
            tracking[start:end] = usual
            spaces[start:end] = wide if drawn.mean() > 0.5 else wide | drawn
        ends = spaces | ~beside
        for index in np.flatnonzero(~said & ~ends & (gaps > _NARROW_GAP)).tolist():
            nearby = sorted(measured[max(0, index - 4) : index + 5])
            if nearby[len(nearby) // 2] < _TRACKED:
                ends[index] = spaces[index] = self._are_two_words(codes, ends, index)
        return np.concatenate([[False], spaces]), np.concatenate([[0.0], tracking])

    def _are_two_words(self, codes: npt.NDArray[np.uint32], ends: _Flags, gap: int) -> bool:
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
        runs: Sequence[_Run],
        places: npt.NDArray[np.intp],
        codes: npt.NDArray[np.uint32],
        boxes: _Floats,
        spaces: _Flags,
    ) -> list[_Run]:
        """Runs cut around digits that a font has raised and small in themselves, as if they had been set so."""
        digits = (codes >= ord("0")) & (codes <= ord("9"))
        starts = digits & ~np.concatenate([[False], digits[:-1]]) & ~spaces
        candidates = deque(np.flatnonzero(starts).tolist())
        result: list[_Run] = []
        for run in runs:
            first = run.first
            while candidates and candidates[0] < run.last:
                index = end = candidates.popleft()
                while end < min(run.last, index + 4) and digits[end] and self._is_raised(int(places[end]), run):
                    end += 1
                if end > index:
                    if index > first:
                        result.append(_part(run, first, index, boxes))
                    raised = _part(run, index, end, boxes)
                    raised.base, raised.size = run.base + 0.33 * run.size, 0.65 * run.size
                    result.append(raised)
                    first = end
            if first < run.last:
                result.append(run if first == run.first else _part(run, first, run.last, boxes))
        return result

    def _is_raised(self, place: int, run: _Run) -> bool:
        """Whether the ink of a digit begins well above its line."""
        if run.direction or run.last - run.first < _FEW or not _char_box(self._handle, place, *self._sides):
            return False
        left, right, bottom, top = self._ink
        low = min(self._frame.upright_point(left, bottom)[1], self._frame.upright_point(right, top)[1])
        return low - run.base > _RAISED_BY * run.size

    def _slanted(
        self, places: npt.NDArray[np.intp], codes: npt.NDArray[np.uint32], boxes: _Floats, runs: Sequence[_Run]
    ) -> Iterator[Line]:
        """Text that is turned by no quarter, a watermark or a stamp: words as PDFium finds them, one line each time."""
        chosen = [range(run.first, run.last) for run in runs if run.direction == _SLANTED]
        indices = np.concatenate([np.asarray(part) for part in chosen])
        start = block = 0
        for index in range(1, len(indices) + 1):
            if index < len(indices):
                between = codes[int(places[indices[index - 1]]) + 1 : int(places[indices[index]])]
                if not np.isin(between, _ENDS).any():
                    continue
            part = indices[start:index]
            start = index
            shown = codes[int(places[part[0]]) : int(places[part[-1]]) + 1]
            text = " ".join(shown.tobytes().decode("utf-32-le", "replace").replace("\x02", SOFT).split())
            box = boxes[places[part]]
            left, bottom = box[:, :2].min(axis=0).tolist()
            right, top = box[:, 2:].max(axis=0).tolist()
            size = self._type_size(int(places[part[0]]))
            spans = tuple((at, at + 1) for at in part.tolist())
            yield Line(text, left, bottom, right, top, size, False, block, spans)
            block += 1


_BLANKS = np.array(
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
)
_ENDS = np.array([0x0A, 0x0D])
_HYPHEN_GONE = 0xFFFE
"""What stands in PDFium's text for a hyphen at a line's end; character by character it is U+0002."""
_RAISED_BY = 0.15
_SAME = 0.01
_FEW = 2
_SLANTED = 9
_SLANT = 0.07
_GRAIN = 5.0
_ROW = 100_003
_LAYER = "OC\0".encode("utf-16-le")
_NAME_BYTES = 512
_NO_GAP = 0.06
_CLOSE = 0.15
_TRACKED = 0.04
_CLEAR_GAP = 0.25
_NARROW_GAP = 0.12
_LONG_WORD = 40
_LOOSE = 0.07
_LOOSE_LETTERS = 5
_KERNED = 0.12
_SURE = 6
_FAR = 1.8
_CELLS = 0.6
"""Single letters that are farther apart are cells, not a word."""
_LIKE_A_SPACE = 0.2
"""Few letters that are as far apart as words may be words: „i – w z”."""


def _part(run: _Run, first: int, last: int, boxes: _Floats) -> _Run:
    left, right = float(boxes[first, 0]), float(boxes[first:last, 2].max())
    return _Run(first, last, left, right, run.base, run.size, run.style, run.direction)


def _first_copies(codes: npt.NDArray[np.uint32], boxes: _Floats) -> _Flags:
    """Which characters are not drawn a second time, hardly moved, as for shadows and for letters made bold."""
    keep = np.ones(len(codes), bool)
    if len(codes) < 2:
        return keep
    height = np.maximum(boxes[:, 3] - boxes[:, 1], 1.0)
    grain = 0.3 * float(np.median(height))

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


def _stretches(loose: _Flags, gaps: _Floats, least: int) -> Iterator[tuple[int, int]]:
    """Where ``loose`` holds ``least`` times in a row; two letters that are kerned, and so a little closer, do not end it."""
    filled = loose.copy()
    around = np.minimum(np.minimum(gaps[:-4], gaps[1:-3]), np.minimum(gaps[3:-1], gaps[4:]))
    filled[2:-2] |= loose[:-4] & loose[1:-3] & loose[3:-1] & loose[4:] & (gaps[2:-2] > around - _KERNED)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], filled.view(np.int8), [0]])))
    long = edges[1::2] - edges[::2] >= least
    for start, end in zip(edges[::2][long].tolist(), edges[1::2][long].tolist(), strict=True):
        if least <= int(loose[start:end].sum()) >= 0.75 * (end - start):
            yield start, end


def _moved(lines: Sequence[Line], frame: _Frame) -> list[Line]:
    boxes = np.array([[line.left, line.bottom, line.right, line.top] for line in lines]).reshape(-1, 4)
    return [
        Line(line.text, left, bottom, right, top, line.size, line.bold, line.block)
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
            yield Line(line.text, line.left, line.bottom, line.right, line.top, line.size, line.bold, number)


# ---------------------------------------------------------------- pieces → lines in reading order

_LEADING = 1.9
"""Lines of one paragraph are at most so far apart, in ems, …"""
_LOOSER = 1.3
"""… and hardly farther than the lines before."""
_ROW_LINES = 6
"""Cells with more lines are read as columns: one after the other, each line for itself."""
_ZONE_ROWS = 3
"""Columns drawn line by line are recognised from so many rows on."""
_GUTTER = 0.8
"""Columns are at least so far apart, in ems."""
_SPANNED = 2.5
"""A gap up to so many ems is one between words when the line above spans it."""
_ADJACENT = 0.35
_MARKER_GAP = 3.5
_MARKER = re.compile(r"[^\w\s\"„”(]|\(?\w{1,3}[.)]|§? ?\d{1,3}(?:\.\d{1,3})*\.?")


class _Group:
    """Lines drawn one below the other: one cell is a paragraph, several side by side are a row of a table, or columns."""

    __slots__ = ("bottom", "cells", "leading", "left", "right", "top")

    def __init__(self, piece: _Piece) -> None:
        self.cells = [[piece]]
        self.leading = 0.0
        self.left, self.right, self.bottom, self.top = piece.left, piece.right, piece.bottom, piece.top

    @property
    def single(self) -> bool:
        """Whether no cell has a second line."""
        return all(len(cell) == 1 for cell in self.cells)

    def takes(self, piece: _Piece) -> bool:
        """Add ``piece``, drawn next, where it belongs here."""
        last = self.cells[-1][-1]
        if self._ends_line(last, piece):
            last.join(piece, " ")
        elif len(self.cells) == 1 and len(self.cells[0]) > 1 and last.is_left_of(piece):
            return False
        elif self._goes_on(last, piece):
            self.cells[-1].append(piece)
        elif self._is_beside(last, piece):
            self.cells.append([piece])
        else:
            return False
        self.left, self.right = min(self.left, piece.left), max(self.right, piece.right)
        self.bottom, self.top = min(self.bottom, piece.bottom), max(self.top, piece.top)
        return True

    def gives_up_last_line(self, piece: _Piece) -> _Piece | None:
        """The last line, which is no line of this paragraph, since ``piece`` stands far to the right of it."""
        cell = self.cells[-1]
        if len(cell) < 2 or not cell[-1].is_left_of(piece):
            return None
        line = cell.pop()
        pieces = [piece for each in self.cells for piece in each]
        self.left, self.right = min(piece.left for piece in pieces), max(piece.right for piece in pieces)
        self.bottom = min(piece.bottom for piece in pieces)
        return line

    def _ends_line(self, last: _Piece, piece: _Piece) -> bool:
        """Whether ``piece`` belongs to the last line, whose words were only set wide: the line above spans the gap."""
        if not last.is_left_of(piece) or piece.left - last.right > _SPANNED * last.size:
            return False
        above = self.cells[-1][-2:-1]
        return bool(above) and above[0].left < last.right and above[0].right > piece.left + last.size

    def _goes_on(self, last: _Piece, piece: _Piece) -> bool:
        """Whether ``piece`` is the next line of the last cell."""
        small, large = sorted((last.size, piece.size))
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

    def _is_beside(self, last: _Piece, piece: _Piece) -> bool:
        """Whether ``piece`` begins the next cell to the right."""
        edge = max(line.right for line in self.cells[-1])
        if piece.left < edge - 0.3 * last.size:
            return False
        return min(self.top, piece.top) - max(self.bottom, piece.bottom) > 0.25 * min(last.size, piece.size)


class _Layout:
    """Pieces in the order in which they are drawn → lines in the order in which they are read."""

    def __init__(self, pieces: Sequence[_Piece], known: Known) -> None:
        self._pieces = [piece for piece in pieces if piece.text]
        self._known = known

    def lines(self) -> list[Line]:
        """The lines, numbered by block."""
        pieces = _with_markers(_with_late_words(_with_large_initials(self._pieces, self._known)))
        groups = _groups(pieces)
        ordered = _in_order(groups)
        if ordered != groups:
            ordered = _groups([piece for group in ordered for cell in group.cells for piece in cell])
        result: list[Line] = []
        for group in _with_columns(ordered):
            block = result[-1].block + 1 if result else 0
            result += _lines_of(group, block)
        return result


def _groups(pieces: Sequence[_Piece]) -> list[_Group]:
    groups: list[_Group] = []
    for piece in pieces:
        if groups and groups[-1].takes(piece):
            continue
        line = groups[-1].gives_up_last_line(piece) if groups else None
        if line is not None:
            groups.append(_Group(line))
            if groups[-1].takes(piece):
                continue
        groups.append(_Group(piece))
    return groups


def _with_late_words(pieces: list[_Piece]) -> list[_Piece]:
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


def _with_markers(pieces: list[_Piece]) -> list[_Piece]:
    """Pieces with bullets and numbers of a list joined to the item that they begin."""
    result: list[_Piece] = []
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


def _lines_of(group: _Group, block: int) -> Iterator[Line]:
    """A row with a tab between its cells, or each cell's lines in a block of their own."""
    if len(group.cells) > 1 and max(map(len, group.cells)) <= _ROW_LINES:
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


def _cell_text(cell: Sequence[_Piece]) -> str:
    """The lines of one cell as one, with marks where a word may be broken."""
    text = cell[0].text
    for piece in cell[1:]:
        if text.endswith(SOFT):
            text += piece.text
        elif text.endswith("-") and text[-2:-1].isalnum() and piece.text[0].isalnum():
            text = f"{text[:-1]}{LINE_END}{piece.text}"
        else:
            text = f"{text} {piece.text}"
    return text


def _with_large_initials(pieces: list[_Piece], known: Known) -> list[_Piece]:
    """Pieces with each large first letter of a paragraph joined to the word that it begins."""
    usual = float(np.median([piece.size for piece in pieces])) if pieces else 0.0
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


_MANY_INITIALS = 20
_FIRST_WORD = re.compile(r"[^\W\d_]+")


def _with_columns(groups: list[_Group]) -> list[_Group]:
    """Groups in which columns that were drawn line by line, all at once, are columns again, and wrapped cells one row."""
    result: list[_Group] = []
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


def _zone(groups: Sequence[_Group], start: int) -> tuple[int, list[tuple[float, float]]]:
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


def _gaps(group: _Group, em: float) -> list[tuple[float, float]]:
    """The gaps between the cells of a row that are wide enough for columns."""
    pieces = sorted((piece.left, piece.right) for cell in group.cells for piece in cell)
    return [(end, start) for (_, end), (start, _) in pairwise(pieces) if start - end >= _GUTTER * em]


def _is_drawn_by_line(group: _Group) -> bool:
    """Whether ``group`` may be what is left of columns that are drawn line by line: cells of several lines are drawn as such."""
    *others, last = map(len, group.cells)
    return last <= _ZONE_ROWS if not others else max(others) == 1 and last <= 2


def _narrowed(gutters: Sequence[tuple[float, float]], group: _Group, em: float) -> list[tuple[float, float]]:
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


def _rearranged(groups: Sequence[_Group], gutters: Sequence[tuple[float, float]]) -> list[_Group]:
    """Rows between whose cells the ``gutters`` run: as columns, as rows with wrapped cells, or as they are."""
    middles = [(low + high) / 2 for low, high in gutters]
    bands: list[list[list[_Piece]]] = []
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
    if len(bands) > 1 and all(len(cell) <= _ROW_LINES for band in bands for cell in band):
        return [_group_of([cell for cell in band if cell]) for band in bands]
    columns = ([piece for band in bands for piece in band[column]] for column in range(len(middles) + 1))
    return [group for column in columns for group in _groups(column)]


def _is_prose(cells: Sequence[Sequence[_Piece]]) -> bool:
    """Whether lines of a column go on in the next: it is text, or cells of several lines."""
    pairs = [pair for cell in cells for pair in pairwise(cell)]
    if not pairs:
        return False
    going_on = sum(before.text[-1] not in ".:;!?" and after.text[:1].islower() for before, after in pairs)
    length = sum(len(before.text) for before, _ in pairs) / len(pairs)
    return going_on >= 0.4 * len(pairs) and length > _PROSE_LENGTH


_PROSE_LENGTH = 10


def _group_of(cells: Sequence[list[_Piece]]) -> _Group:
    group = _Group(cells[0][0])
    group.cells = [list(cell) for cell in cells]
    pieces = [piece for cell in cells for piece in cell]
    group.left, group.right = min(piece.left for piece in pieces), max(piece.right for piece in pieces)
    group.bottom, group.top = min(piece.bottom for piece in pieces), max(piece.top for piece in pieces)
    return group


def _in_order(groups: list[_Group]) -> list[_Group]:
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
    order: list[_Group] = []
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


def _left_first(left: _Floats, right: _Floats, bottom: _Floats, top: _Floats, shared: _Floats) -> _Flags:
    """Which group stands left of which, with nothing between their heights that spans both."""
    result = right[:, None] < left
    for middle in np.flatnonzero((shared > 0).sum(axis=1) > 2).tolist():
        over = (bottom >= top[middle] - 2.0) & (shared[middle] > 0)
        under = (top <= bottom[middle] + 2.0) & (shared[middle] > 0)
        result &= ~(over[:, None] & under) & ~(under[:, None] & over)
    return result


_COLUMN_LINES = 2
_MANY_GROUPS = 600
"""On a page with more pieces apart, a drawing or a map, the order of drawing is kept: comparing all takes too long."""
