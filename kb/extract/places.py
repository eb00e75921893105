"""The text of a page as people read it → where each of its words stands on the page.

Between the lines that are drawn and the text that is read, words are put together, mended and moved: footnotes to the end, the
half of a word over to its page. So the words of the text are compared with those of the lines, in order; what remains between two
that agree is paired by its letters. A word of which nothing is drawn has no place, and what is drawn but not in the text, as
running heads are, is no word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from kb.extract.clean import LINE_END, SOFT
from kb.extract.lines import PlacedLine
from kb.model import Box, PlacedWord

_WORD = re.compile(r"\w+")
_BROKEN = (SOFT, LINE_END, "-")
_PASSES = 4
"""Moved parts of a text, such as footnotes, are found in further passes over what is left."""
_MOST_COMPARED = 400
"""Letters between two words that agree which are compared one by one."""
_SHORT_MATCH = 2
_ENOUGH = 0.5
"""Share of a word's letters whose places must be known."""

_MUCH_LARGER = 1.6
_MANY_PAIRS = 4_000_000

_Place = tuple[int, tuple[float, float, float, float]]
"""The number of a line, and the box of one of its letters."""


@dataclass(slots=True)
class _Word:
    """Letters, and where each is drawn, as far as that is known; a word of the text stands at ``start`` to ``end`` of it."""

    letters: str
    places: list[_Place] = field(default_factory=list)
    start: int = 0
    end: int = 0
    taken: bool = False


def placed_words(text: str, lines: Sequence[PlacedLine], width: float, height: float) -> Iterator[PlacedWord]:
    """Each word of the text that stands on a page of this size, in order, with a box for each line that it is on."""
    words = [_Word(match[0].casefold(), [], *match.span()) for match in _WORD.finditer(text)]
    drawn = list(_drawn(lines))
    for _ in range(_PASSES):
        left = [word for word in words if not word.taken]
        free = [word for word in drawn if not word.taken]
        if not left or not free or not _compare(left, free):
            break
    for word in words:
        boxes = tuple(_boxes(word.places, width, height))
        if boxes:
            yield PlacedWord(word.start, word.end, boxes)


def _drawn(lines: Sequence[PlacedLine]) -> Iterator[_Word]:
    """The words of the lines; one that is broken at a line's end is one word with the letters of both lines."""
    broken: _Word | None = None
    for number, line in enumerate(lines):
        places = line.drawn
        if len(places) != len(line.boxes):
            continue
        boxes = {place: (number, tuple(box)) for place, box in zip(places, line.boxes.tolist(), strict=True)}
        for match in _WORD.finditer(line.text):
            letters, where = "", list[_Place]()
            for place in range(*match.span()):
                folded = line.text[place].casefold()
                letters += folded
                where += [boxes[place]] * len(folded)
            # Within a row the hyphens of its cells' lines stand in the middle of the text.
            inside = match.start() > 0 and line.text[match.start() - 1] in (SOFT, LINE_END)
            if broken and (inside or not line.text[: match.start()].strip()):
                broken.letters += letters
                broken.places += where
                word = broken
            else:
                if broken:
                    yield broken
                word = _Word(letters, where)
            broken = None
            after = line.text[match.end() : match.end() + 1]
            ends = match.end() + 1 == len(line.text.rstrip()) and after in _BROKEN
            if after and (ends or after in (SOFT, LINE_END)):
                broken = word
            else:
                yield word
    if broken:
        yield broken


def _compare(words: Sequence[_Word], drawn: Sequence[_Word]) -> bool:
    """Give places to words that agree and to what stands between them; whether any was found."""
    found = False
    # All pairs of two long texts would take too long: words that stand everywhere in them are passed over there.
    matcher = SequenceMatcher(
        None,
        [word.letters for word in words],
        [word.letters for word in drawn],
        autojunk=len(words) * len(drawn) > _MANY_PAIRS,
    )
    for kind, start, end, low, high in matcher.get_opcodes():
        if kind == "equal":
            found = True
            for word, other in zip(words[start:end], drawn[low:high], strict=True):
                word.places = other.places
                word.taken = other.taken = True
        elif kind == "replace":
            found |= _compare_letters(words[start:end], drawn[low:high])
    return found


def _compare_letters(words: Sequence[_Word], drawn: Sequence[_Word]) -> bool:
    """Give places to words that are divided or written otherwise than they are drawn; whether any was found."""
    letters, others = "".join(word.letters for word in words), "".join(word.letters for word in drawn)
    drawn_at = [(number, place) for number, word in enumerate(drawn) for place in word.places]
    at: list[int | None] = [None] * len(letters)
    if len(letters) == len(others):
        at = list(range(len(letters)))
    elif max(len(letters), len(others)) <= _MOST_COMPARED:
        for start, low, size in SequenceMatcher(None, letters, others, autojunk=False).get_matching_blocks():
            if size >= _SHORT_MATCH:
                at[start : start + size] = range(low, low + size)
    found, done = False, 0
    for word in words:
        part = [drawn_at[index] for index in at[done : done + len(word.letters)] if index is not None]
        done += len(word.letters)
        if len(part) >= _ENOUGH * len(word.letters):
            word.places = [place for _, place in part]
            word.taken = found = True
            for number, _ in part:
                drawn[number].taken = True
    return found


def _boxes(places: Sequence[_Place], width: float, height: float) -> Iterator[Box]:
    """A box for each line, and for a large initial its own: shares of the page from its upper left corner, cut at its edges."""
    groups: list[list[_Place]] = []
    for place in places:
        if groups and groups[-1][0][0] == place[0] and _are_alike(groups[-1][0], place):
            groups[-1].append(place)
        else:
            groups.append([place])
    for group in groups:
        boxes = [box for _, box in group]
        left, right = max(0.0, min(box[0] for box in boxes)), min(width, max(box[2] for box in boxes))
        bottom, top = max(0.0, min(box[1] for box in boxes)), min(height, max(box[3] for box in boxes))
        if right > left and top > bottom:
            yield Box(
                round(left / width, 5),
                round(1 - top / height, 5),
                round((right - left) / width, 5),
                round((top - bottom) / height, 5),
            )


def _are_alike(first: _Place, second: _Place) -> bool:
    """Whether two letters of a line are about as large: the larger side of a letter's box is its height, turned or not."""
    low, high = sorted(max(box[2] - box[0], box[3] - box[1]) for _, box in (first, second))
    return high <= _MUCH_LARGER * low
