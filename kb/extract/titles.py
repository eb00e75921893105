"""The title that a document's first page shows, for a file that says none: the lines in the largest type, where they are sure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

from kb.extract.lines import CELL, Line

_LARGER = 1.15
"""Than the running text: less is the heading of a chapter as well."""
_SAME = 0.96
_MOST_LINES = 6
_FEWEST_LETTERS, _LONGEST = 8, 200
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[^\W\d_]{2,}")
_NO_TITLE = re.compile(
    r"\d|§|art\.|(?:rozdział|część|dział|tom|załącznik|spis|wstęp|wprowadzenie|streszczenie|abstrakt|podziękowania|dziennik"
    r"|urząd|starostwo|ministerstwo|kancelaria|politechnika|uniwersytet|akademia|wydział|instytut|katedra|szkoła|fundacja"
    r"|gmina|miasto|powiat|województwo|rzeczpospolita|rada|sejmik|wójt|burmistrz|prezydent|starosta|marszałek|minister|zarząd)\b",
    re.IGNORECASE,
)
"""How chapters and enclosures begin, and the names of bodies: a letterhead may be larger than what is below it."""


def title_lines(lines: Sequence[Line], body: float) -> Sequence[Line]:
    """The lines of the title among those of a first page without its running heads; none where it is not certain.

    ``body`` is the size of the running text. A name of a file says more than one word alone, as „Raport” or the name of a body.
    """
    written = [line for line in lines if len(_LETTER.findall(line.text)) > 2]
    largest = max((line.size for line in written), default=0.0)
    if largest < _LARGER * body:
        return ()
    first = next(number for number, line in enumerate(written) if line.size >= _SAME * largest)
    found = list(takewhile(lambda line: line.size >= _SAME * largest, written[first:]))
    text = " ".join(line.text for line in found)
    whole = _FEWEST_LETTERS <= len(text) <= _LONGEST and len(found) <= _MOST_LINES and len(_WORD.findall(text)) > 1
    if not whole or CELL in text or text.endswith((":", ",", ";")) or _NO_TITLE.match(text):
        return ()
    return found
