"""Footnotes: which lines of a page they are, and their numbers out of the sentences that they stand in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from kb.extract.lines import CELL, PLAIN_SIZE, RAISED, SAME_SIZE, Line, alike

_MOST_TRIES = 60
_SEEN_BEFORE = 40
_SMALL = 0.94
_LOWER_PART = 0.75
_GLUED_MARK = re.compile(r"\d(?<=[^\W\d_]{3}\d)\d{0,2}(?!\w)")
_NOTE_START = re.compile(r"(\d{1,3})\)?\.? +[A-ZĄĆĘŁŃÓŚŹŻ„(a-z]|(\*{1,3})\)? *\w")
_RAISED_START = re.compile(rf"{RAISED}\s*(\d{{1,3}}|\*{{1,3}})\s*\)?\s*{RAISED}")
_STOP_AGAIN = re.compile(rf"(?<!\.)\.{RAISED}+\.(?!\.)")
_RAISED = re.compile(rf" ?{RAISED}([^{RAISED}]*){RAISED}")
_MARK = re.compile(r"[\d*)\], ]{1,12}")
_UNIT = re.compile(r"(?:^|[\s\d/])(?:[kcdm]?m|ha|µm)$")
_LEGAL_NUMBER = re.compile(r"(?:art\.|§|ust\.|pkt|poz\.|nr)\s*\d{1,4}[a-z]{0,2}$", re.IGNORECASE)
_EXPONENTS = str.maketrans("0123456789+-−–", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻")


def split_notes(
    lines: Sequence[Line], body: float, height: float, unfinished: bool = False
) -> tuple[list[Line], list[Line]]:
    """Lines of the text and those of the footnotes below it; ``unfinished``: a note of the page before goes on here.

    A note begins with a number that stands raised in the text; below it in its column there are only notes.
    """
    marks = _marks(lines)
    notes: set[int] = set()
    tries = 0
    for index, line in enumerate(lines):
        if index not in notes and tries < _MOST_TRIES and _begins_note(line, marks, body, height):
            tries += 1  # each looks at the whole page
            below = [i for i, other in enumerate(lines) if other.top <= line.top + 1 and _share_column(line, other)]
            if all(lines[i].size <= line.size * (1 + SAME_SIZE) for i in below):
                notes.update(below)
                notes.update(_above(lines, index, unfinished))
    if unfinished and not notes:
        notes.update(_tail(lines, body, height))
    return (
        [line for index, line in enumerate(lines) if index not in notes],
        [line for index, line in enumerate(lines) if index in notes],
    )


def _marks(lines: Sequence[Line]) -> set[str]:
    """The raised numbers of a page that begin no line, and numbers glued to a word."""
    found: set[str] = set(_GLUED_MARK.findall("\n".join(line.text for line in lines)))
    for line in lines:
        for match in _RAISED.finditer(line.text) if RAISED in line.text else ():
            if match.start() > 0:
                found.update(re.findall(r"\d+|\*+", match[1]))
    return found


def _begins_note(line: Line, marks: set[str], body: float, height: float) -> bool:
    if line.top >= _LOWER_PART * height:
        return False
    raised = _RAISED_START.match(line.text)
    small = line.size < _SMALL * body
    if raised:
        return small or raised[1] in marks
    plain = _NOTE_START.match(line.text.replace(CELL, " "))
    if not plain:
        return False
    # In one size with the text a number at a line's start is more often that of an item.
    return (plain[1] or plain[2]) in marks and (small or line.size == PLAIN_SIZE)


def _share_column(line: Line, other: Line) -> bool:
    shared = min(line.right, other.right) - max(line.left, other.left)
    return shared > 0.3 * min(line.right - line.left, other.right - other.left)


def _above(lines: Sequence[Line], first: int, unfinished: bool) -> Iterator[int]:
    """The rest of a note that began on the page before, right above the first note."""
    index = first - 1
    while unfinished and index >= 0 and lines[index].block == lines[first].block and alike(lines[index], lines[first]):
        yield index
        index -= 1


def _tail(lines: Sequence[Line], body: float, height: float) -> Iterator[int]:
    """The last small lines at the foot of a page without a note of its own."""
    for index in range(len(lines) - 1, -1, -1):
        if lines[index].size >= _SMALL * body or lines[index].top > 0.4 * height or CELL in lines[index].text:
            return
        yield index


def starts_note(text: str) -> bool:
    """Whether the text of a line begins as a footnote does."""
    return _NOTE_START.match(text) is not None


def number_of_note(text: str) -> str:
    """The number or sign with which a footnote begins; "" where there is none."""
    text = text.replace(CELL, " ")
    match = _RAISED_START.match(text) or _NOTE_START.match(text)
    return next((group for group in match.groups() if group), "") if match else ""


def note_text(text: str, numbers: set[str]) -> str:
    """The line of a footnote without raised characters, its own number before it; ``numbers`` are those of the page's notes."""
    match = _RAISED_START.match(text)
    if not match:
        return without_marks(text, numbers)
    return f"{match[1]} {without_marks(text[match.end() :], numbers).lstrip()}"


def without_marks(text: str, notes: set[str]) -> str:
    """A line without the numbers of footnotes; ``notes`` are those of the page's own."""
    if RAISED not in text:
        return text

    def put(match: re.Match[str]) -> str:
        raised = match[1].strip()
        before = text[max(0, match.start() - _SEEN_BEFORE) : match.start()].rstrip(" " + RAISED)
        if not _MARK.fullmatch(raised):
            return f"{match[0][:1].strip(RAISED)}{raised}"
        if not before or before.endswith(CELL):
            return f"{raised} "
        numbers = set(re.findall(r"\d+|\*+", raised))
        if before[-1].isdigit() or _UNIT.search(before):
            exponent = _LEGAL_NUMBER.search(before) or (_UNIT.search(before) and raised in ("2", "3"))
            if exponent or not numbers <= notes:
                return raised.translate(_EXPONENTS)
        return RAISED

    # „2004 r.¹.” has the full stop of the abbreviation and that of the sentence, which are one without the number.
    read = _STOP_AGAIN.sub(".", _RAISED.sub(put, text))
    return re.sub(r" {2,}", " ", read.replace(RAISED, "")).strip(" ")
