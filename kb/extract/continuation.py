"""A sentence that goes on over the end of a page: the words of the next page that end it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kb.extract.paragraphs import (
    NUMBERED,
    SOURCE,
    Paragraph,
    ParagraphKind,
    ends_with_abbreviation,
    is_ended,
    is_item,
)

_CONTINUATION_WORDS = 60
_CAPTION = re.compile(r"(?:Tabela|Tab\.|Rysunek|Rys\.|Wykres|Mapa|Ryc\.|Fot\.)\s*\d")
_CELL_LENGTH = 80
_SENTENCE_END = re.compile(r"(?<![.!?…])[.!?…]++[\"”’»)\]]*+(?=\s+[\"„«(]?[A-ZĄĆĘŁŃÓŚŹŻ–—•]|\s*$)")


def continuation(page: Sequence[Paragraph], after: Sequence[Paragraph]) -> str:
    """The words of the next page that end the sentence with which this page's text breaks off; empty if it does not.

    Where a table stands between the two, the beginning of the sentence comes first, so that it is whole somewhere.
    """
    text = [one for one in page if one.kind not in (ParagraphKind.HEAD, ParagraphKind.NOTE) and one.text]
    running = _without_floats(text)
    ending = running[-1] if running else None
    begin = next(iter(_without_floats([one for one in after if one.kind is not ParagraphKind.HEAD and one.text])), None)
    if ending is None or begin is None or ending.kind is not ParagraphKind.TEXT or begin.kind is not ParagraphKind.TEXT:
        return ""
    last, first = ending.text, begin.text
    # After an abbreviation a capital begins the next sentence; „art.” and „r.” stand before figures and small letters.
    ended = is_ended(last) or (last[-1] == "." and first[:1].isupper())
    if ended or is_item(first) or NUMBERED.match(first):
        return ""
    if not first[:1].islower() and len(last) < 60:
        return ""
    words = first[: _sentence_end(first)].split()[:_CONTINUATION_WORDS]
    if ending is not text[-1]:
        words = [*_last_sentence(last).split()[-_CONTINUATION_WORDS:], *words]
    return " ".join(words)


def _without_floats(paragraphs: Sequence[Paragraph]) -> list[Paragraph]:
    """Paragraphs without tables and figures, from the caption to the last row or the source."""
    result: list[Paragraph] = []
    index = 0
    while index < len(paragraphs):
        end = index + 1
        if _CAPTION.match(paragraphs[index].text):
            while end < len(paragraphs) and _is_in_float(paragraphs[end]):
                end += 1
            if end < len(paragraphs) and paragraphs[end].text.startswith(SOURCE):
                end += 1
        elif paragraphs[index].kind is not ParagraphKind.ROW:
            result.append(paragraphs[index])
        index = end
    return result


def _is_in_float(paragraph: Paragraph) -> bool:
    if paragraph.text.startswith(SOURCE) or paragraph.kind is ParagraphKind.HEADING:
        return False
    return paragraph.kind is ParagraphKind.ROW or (
        len(paragraph.text) < _CELL_LENGTH and paragraph.text[-1] not in ".;:,!?"
    )


def _last_sentence(paragraph: str) -> str:
    start = 0
    for match in _SENTENCE_END.finditer(paragraph):
        if match.end() < len(paragraph) and not ends_with_abbreviation(paragraph, match.start()):
            start = match.end()
    return paragraph[start:]


def _sentence_end(paragraph: str) -> int:
    for match in _SENTENCE_END.finditer(paragraph):
        if not ends_with_abbreviation(paragraph, match.start()):
            return match.end()
    return len(paragraph)
