"""What PDFium says of the characters of a page: codes, boxes, and the runs of those that are drawn alike on one line.

It is asked for every character, so that what a call costs tells: functions are called by address, for many at once.
"""

from __future__ import annotations

import ctypes
import math
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import compress, repeat
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_raw

from kb.extract.frame import Flags, Floats, Frame

_INVISIBLE = 3
_STROKED_TOO = 2
_BOLD_NAME = re.compile(r"bold|black|heavy|demi", re.IGNORECASE)
_BOLD_WEIGHT = 600
_HYPHEN_GONE = 0xFFFE
"""What stands in PDFium's text for a hyphen at a line's end; character by character it is U+0002."""
SLANTED = 9
_SLANT = 0.07
_LAYER = "OC\0".encode("utf-16-le")
_NAME_BYTES = 512


def _call(function: Any, result: type | None, *arguments: type) -> Callable[..., int]:
    """One of PDFium's functions with plain numbers for pointers: asked for every character, the usual checks cost too much."""
    address = ctypes.cast(function, ctypes.c_void_p).value
    return ctypes.PYFUNCTYPE(result, *arguments)(address or 0)


_P, _I = ctypes.c_void_p, ctypes.c_int
# Asked for each character: without types it takes its arguments as they are, references and small numbers, in half the time.
_loose_box = _call(pdfium_raw.FPDFText_GetLooseCharBox, None)
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


Codes = npt.NDArray[np.uint32]
Places = npt.NDArray[np.intp]


class Style(NamedTuple):
    """What a text object says of all its characters."""

    bold: bool
    invisible: bool
    """Drawn without ink, as the text over a scan is."""
    hidden: bool
    """On a layer that is switched off."""
    size: float
    direction: int
    """By how many quarters the page must be turned to the left for its letters to stand upright, or ``SLANTED``."""


@dataclass(slots=True)
class Run:
    """Characters ``first`` to ``last`` of the visible ones, drawn one after the other on one line in one style."""

    first: int
    last: int
    left: float
    right: float
    base: float
    size: float
    style: Style
    direction: int


def part_of(run: Run, first: int, last: int, boxes: Floats) -> Run:
    """The characters ``first`` to ``last`` of a run, as a run of their own."""
    left, right = float(boxes[first, 0]), float(boxes[first:last, 2].max())
    return Run(first, last, left, right, run.base, run.size, run.style, run.direction)


def _address(pointer: Any) -> int:
    return ctypes.cast(pointer, ctypes.c_void_p).value or 0


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


def _is_bold(font: int) -> bool:
    if not font:
        return False
    name = ctypes.create_string_buffer(200)
    _font_name(font, name, 200)
    return _BOLD_NAME.search(name.value.decode("utf-8", "replace")) is not None or _font_weight(font) >= _BOLD_WEIGHT


class _Boxes:
    """Room for the boxes of a page's characters, with a reference to each; kept, since references take long to make."""

    def __init__(self) -> None:
        self._room = np.zeros((0, 4), np.float32)
        self._references: list[object] = []

    def of(self, text: int, places: Places) -> Floats:
        """Left, bottom, right, top of the characters at these places, each as wide as it advances and as high as its type."""
        count = len(places)
        if count > len(self._references):
            self._room = np.zeros((count, 4), np.float32)
            room = (ctypes.c_float * (4 * count)).from_address(self._room.ctypes.data)
            self._references = [ctypes.byref(room, 16 * index) for index in range(count)]
        self._room[:count] = 0
        handle = ctypes.byref(ctypes.c_char.from_address(text))
        deque(map(_loose_box, repeat(handle), places.tolist(), self._references), maxlen=0)
        return self._room[:count, (0, 3, 2, 1)].astype(np.float64)


_boxes = _Boxes()


class Glyphs:
    """The characters of one page, by their number in PDFium's text."""

    def __init__(
        self, page: pdfium.PdfPage, text: pdfium.PdfTextPage, frame: Frame, is_hidden: Callable[[str], bool]
    ) -> None:
        self._page = page
        self._text = text
        self._frame = frame
        self._is_hidden = is_hidden
        self._handle = _address(text.raw)
        self._count = text.count_chars()
        self._styles: dict[int, Style] = {}
        self._fonts: dict[int, bool] = {}
        self._hidden_marks: dict[int, bool] = {}
        self._in_hidden_forms: frozenset[int] | None = None
        self._name, self._used = ctypes.create_string_buffer(_NAME_BYTES), ctypes.c_ulong()
        self._matrix = pdfium_raw.FS_MATRIX()
        self._matrix_address = ctypes.addressof(self._matrix)
        self._ink = (ctypes.c_double * 4)()
        self._sides = tuple(ctypes.addressof(self._ink) + 8 * side for side in range(4))

    def codes(self) -> Codes:
        """The characters' codes; 2 for a hyphen that ends a line."""
        codes = np.frombuffer(str(self._text.get_text_range()).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        if len(codes) == self._count:
            return np.where(codes == _HYPHEN_GONE, 2, codes).astype(np.uint32)
        # Characters without a meaning are not in the text.
        return np.fromiter(map(_unicode, repeat(self._handle), range(self._count)), np.uint32, self._count)

    def boxes(self, places: Places) -> Floats:
        """Left, bottom, right, top of each as the reader sees it, as wide as it advances and as high as its type.

        All is zero of characters that do not stand at ``places``.
        """
        boxes = np.zeros((self._count, 4))
        boxes[places] = self._frame.upright(_boxes.of(self._handle, places))
        return boxes

    def are_generated(self, places: Places) -> list[bool]:
        """Of each character whether PDFium has added it, a space mostly, and the file does not have it."""
        return list(map(bool, map(_is_generated, repeat(self._handle), places.tolist())))

    def ink_bottom(self, index: int) -> float | None:
        """How high the ink of a character begins; None where PDFium does not know."""
        if not _char_box(self._handle, index, *self._sides):
            return None
        left, right, bottom, top = self._ink
        return min(self._frame.upright_points(left, bottom)[1], self._frame.upright_points(right, top)[1])

    def runs(self, places: npt.NDArray[np.intp], boxes: Floats, turned_by: int = 0) -> list[Run]:
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
        starts = np.concatenate([[0], np.flatnonzero(cut) + 1])
        firsts = places[starts].tolist()
        styles = self._styles_of(firsts)
        bases = np.where(*self._baselines(firsts, turned_by), bottom[starts])
        return [
            Run(first, last, start, end, base, style.size or high, style, turned_by or style.direction)
            for first, last, start, end, base, high, style in zip(
                starts.tolist(),
                [*starts[1:].tolist(), len(places)],
                left[starts].tolist(),
                np.maximum.reduceat(right, starts).tolist(),
                bases.tolist(),
                height[starts].tolist(),
                styles,
                strict=True,
            )
        ]

    def _baselines(self, places: Sequence[int], turned_by: int) -> tuple[Flags, Floats]:
        """For each of the characters whether PDFium knows its line, and how high that is."""
        points = np.zeros((len(places), 2))
        start = points.ctypes.data
        x = range(start, start + 16 * len(places), 16)
        y = range(start + 8, start + 8 + 16 * len(places), 16)
        told = np.fromiter(map(_origin, repeat(self._handle), places, x, y), np.intc, len(places))
        upright = self._frame.upright_points(points[:, 0], points[:, 1])
        if turned_by:
            upright = self._frame.turned(-turned_by).upright_points(*upright)
        return told != 0, upright[1]

    def _direction_of(self, place: int) -> int:
        angle = _angle(self._handle, place)
        if not angle:
            return self._frame.quarters
        quarters = angle / (math.pi / 2)
        if abs(quarters - round(quarters)) > _SLANT:
            return SLANTED
        return (round(quarters) + self._frame.quarters) % 4

    def type_size(self, place: int) -> float:
        """The type size of a character; 0.0 where PDFium does not know."""
        if not _matrix(self._handle, place, self._matrix_address):
            return 0.0
        return float(_font_size(self._handle, place)) * math.hypot(self._matrix.c, self._matrix.d)

    def _styles_of(self, places: Sequence[int]) -> list[Style]:
        """What the text objects of characters say of them."""
        styles = self._styles
        items = list(map(_text_object, repeat(self._handle), places))
        # One place for each text object that has not been asked yet.
        fresh = {item: place for item, place in zip(items, places, strict=True) if item and item not in styles}
        hidden = self._hidden_items()
        looks = zip(fresh.items(), map(_render_mode, fresh), map(_font, fresh), map(_count_marks, fresh), strict=True)
        for (item, place), mode, font, marks in looks:
            bold = self._fonts.get(font)
            if bold is None:
                bold = self._fonts[font] = _is_bold(font)
            styles[item] = Style(
                bold or mode == _STROKED_TOO,
                mode == _INVISIBLE,
                (marks > 0 and self._is_on_hidden_layer(item, marks)) or item in hidden,
                self.type_size(place),
                self._direction_of(place),
            )
        return [styles[item] if item else self._bare_style(place) for item, place in zip(items, places, strict=True)]

    def _bare_style(self, place: int) -> Style:
        """The style of a character without a text object."""
        return Style(False, False, False, self.type_size(place), self._direction_of(place))

    def _is_on_hidden_layer(self, item: int, marks: int) -> bool:
        """Whether a page object, which has so many marks, is marked as belonging to a layer that is switched off."""
        for index in range(marks):
            # Objects between the same two marks share them.
            mark = _mark(item, index)
            hidden = self._hidden_marks.get(mark)
            if hidden is None:
                hidden = self._hidden_marks[mark] = self._is_hidden_mark(mark)
            if hidden:
                return True
        return False

    def _is_hidden_mark(self, mark: int) -> bool:
        used, name = self._used, self._name
        used.value = 0
        _mark_name(mark, name, _NAME_BYTES, ctypes.addressof(used))
        if used.value != len(_LAYER) or name.raw[: used.value] != _LAYER:
            return False
        _mark_text(mark, b"Name", name, _NAME_BYTES, ctypes.addressof(used))
        return self._is_hidden(name.raw[: used.value].decode("utf-16-le", "replace").rstrip("\0"))

    def _hidden_items(self) -> frozenset[int]:
        """What stands in forms on hidden layers: it has no marks of its own."""
        if self._in_hidden_forms is None:
            page = _address(self._page.raw)
            items = list(map(_object, repeat(page), range(_count_objects(page))))
            forms = list(compress(items, map(pdfium_raw.FPDF_PAGEOBJ_FORM.__eq__, map(_object_type, items))))
            hidden = [form for form in forms if self._is_on_hidden_layer(form, _count_marks(form))]
            self._in_hidden_forms = frozenset(item for form in hidden for item in _inside(form))
        return self._in_hidden_forms
