"""Lines → paragraphs, over all pages of a document: heads and feet off, words and sentences across page ends put together."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

from kb.extract.clean import (
    LINE_END,
    SOFT,
    SPACED,
    Known,
    characters,
    dotted_z,
    fragments,
    glyph_names,
    hyphens,
    note_marks,
    whole_words,
)
from kb.extract.encodings import repaired_pages

_EDGE_LINES = 4
_NEARBY = 4
_FOOT_LINES = 2
_SEEN_END = 3
_LEAST_REPEATS = 3
_REPEATED_SHARE = 0.15
_LEAST_RUN = 5
_CONTINUATION_WORDS = 60

_Key = tuple[str, int, int]

_NUMBER = re.compile(r"\d+")
_SLUG = re.compile(r"\.(?:indd|qxd|qxp|cdr)\b", re.IGNORECASE)
_ITEM = re.compile(
    r"[•●▪■□○◦‣➢✓]|\d{1,2}(?:\.\d{1,2})+\.?\s[A-ZĄĆĘŁŃÓŚŹŻ]|\d{1,3}\)|\(\d{1,3}\)|[a-ząćęłńóśźż]{1,2}\)\s|§|Art\.\s*\d|(?:Rozdział|ROZDZIAŁ|Dział|DZIAŁ|Oddział|Część)\s+[\dIVXLC]"
    r"|(?:Tabela|Tab\.|Rysunek|Rys\.|Wykres|Mapa|Załącznik)\s*(?:nr\s*)?\d"
)
_NUMBERED = re.compile(r"\d{1,3}(?:\.\d{1,3})*\.?\s+(\S)")
_MINOR_ITEM = re.compile(r"(?:[–—-]|[a-ząćęłńóśźż]\.)\s")
_LEADERS = re.compile(r"(?: ?\.){4,} ?")
_LEADER_END = re.compile(r"(?:(?: ?\.){4}|…) ?$")
_LONGEST_LEADER_END = 9
_ENDED = re.compile(r"[.!?…:;][\"'”’»)\]]*$")
_SENTENCE_END = re.compile(r"(?<![.!?…])[.!?…]++[\"”’»)\]]*+(?=\s+[\"„«(]?[A-ZĄĆĘŁŃÓŚŹŻ–—•]|\s*$)")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:\w|al|art|dr|hab|im|inż|itd|itp|lit|m\.in|mgr|mjr|np|nr|os|pkt|pl|por|poz|prof|red|rys|str|św|tab|tj"
    r"|tys|tzn|tzw|ul|ust|ww|zob)$",
    re.IGNORECASE,
)
_NOTE_MARK = re.compile(r"(?<=[^\W\d_]{3})\d{1,3}(?!\w)")
_NOTE_START = re.compile(r"(\d{1,3}) +[A-ZĄĆĘŁŃÓŚŹŻ„(]")
_BROKEN_END = re.compile(rf"(?<=[^\W\d_])(?: ?-|{SOFT})$")
_FIRST_WORD = re.compile(r"([^\W\d_]+[^\s\w]*)\s*")


@dataclass(frozen=True, slots=True)
class TidyPage:
    """A page's text, one paragraph a line, and the words of the next page that end its last sentence."""

    text: str
    continuation: str


def tidy(pages: Sequence[str], known: Known, second: frozenset[int] = frozenset()) -> list[TidyPage]:
    """All pages of a document as readers gave them → text as people read it. ``second`` are positions read by pypdf."""
    texts = [characters(page) for page in repaired_pages([glyph_names(page) for page in pages], known)]
    if any("Ŝ" in text for text in texts):
        missing = not any("ż" in text for text in texts)
        texts = [dotted_z(text, known, missing) for text in texts]
    for position in second:
        texts[position] = fragments(texts[position], known)
    # PDFium drops the line's end with the hyphen, and so may glue a page's number to its last word.
    lined = [text.replace(SOFT, f"{SOFT}\n").replace("\n\n", "\n").split("\n") for text in texts]
    texts = [paragraphs(lines) for lines in whole_last_words(without_repeated(lined))]
    seen = whole_words(texts)
    texts = [note_marks(hyphens(text, known, seen), known) for text in texts]
    texts = [_LEADERS.sub(" … ", text) for text in texts]
    following = [*texts[1:], ""]
    return [TidyPage(text, continuation(text, after)) for text, after in zip(texts, following, strict=True)]


def without_repeated(pages: Sequence[Sequence[str]]) -> list[list[str]]:
    """Pages without running heads, feet, page numbers and printer's slugs.

    A line among the first or last few of its page goes when it stands in the same place on a good share of all pages, or on
    several pages in a row (left and right ones may differ), word for word or with a number that grows with the pages. A page
    never loses all its lines.
    """
    edges = [list(_edge_lines(lines)) for lines in pages]
    places: dict[_Key, list[int]] = defaultdict(list)
    for position, page in enumerate(edges):
        for index, place in page:
            for key in _keys(pages[position][index], place, position):
                places[key].append(position)
    repeated = {key for key, positions in places.items() if _is_repeated(positions, len(pages))}
    result = []
    for position, lines in enumerate(pages):
        gone = {
            index
            for index, place in edges[position]
            if _SLUG.search(lines[index]) or not repeated.isdisjoint(_keys(lines[index], place, position))
        }
        kept = [line for index, line in enumerate(lines) if index not in gone]
        result.append(kept if any(kept) else list(lines))
    return result


def _edge_lines(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The first and last lines' indices, each with its place: 0, 1, … from the top, -1, -2, … from the bottom."""
    for place in range(min(_EDGE_LINES, len(lines))):
        yield place, place
        yield len(lines) - 1 - place, -1 - place


def _keys(line: str, place: int, position: int) -> Iterator[_Key]:
    """What makes two lines the same: all their characters, or all but a number as far from the page's position."""
    folded = line.casefold()
    if not folded:
        return
    if not folded.isdigit():
        yield folded, place, 0
    for match in list(_NUMBER.finditer(folded))[:4]:
        if len(match[0]) <= 5:
            yield f"{folded[: match.start()]}#{folded[match.end() :]}", place, int(match[0]) - position


def _is_repeated(positions: Sequence[int], pages: int) -> bool:
    if len(positions) >= max(_LEAST_REPEATS, ceil(_REPEATED_SHARE * pages)):
        return True
    run = 1
    for before, position in pairwise(positions):
        run = run + 1 if position - before <= 2 else 1
        if run >= _LEAST_RUN:
            return True
    return False


def whole_last_words(pages: Sequence[Sequence[str]]) -> list[list[str]]:
    """Pages in which a word broken over a page's end stands whole on the page that it begins on."""
    result = [list(lines) for lines in pages]
    for page, after in pairwise(result):
        index = _broken_line(page)
        word = _FIRST_WORD.match(after[0]) if after else None
        if index is None or not word or not word[1][0].islower():
            continue
        page.insert(index + 1, word[1])
        after[0] = after[0][word.end() :]
        if not after[0]:
            del after[0]
    return result


def _broken_line(page: Sequence[str]) -> int | None:
    """The line that ends with half a word whose other half is not on the page: the last one, or one above notes or a foot."""
    for index in range(len(page) - 1, -1, -1):
        last = index == len(page) - 1
        if last and _BROKEN_END.search(page[index]):
            return index
        if not last and page[index].endswith(SOFT):
            after, before = page[index + 1][:1], page[index].rstrip(SOFT)[-1:]
            # A capital may also be the second half of a name („Okła-Drewnowicz”), but hardly so close to the foot.
            if after.isdigit() or (after.isupper() and before.islower() and index >= len(page) - _FOOT_LINES - 1):
                return index
    return None


def paragraphs(lines: Sequence[str]) -> str:
    """Lines of a page → its paragraphs, one a line. Headings, list items and rows of a table keep lines of their own."""
    # A full line is as long as the longest one nearby: a page may have columns of several widths.
    lengths = [len(line) for line in lines]
    marks = set(_NOTE_MARK.findall("\n".join(lines)))
    pieces: list[str] = []
    before = ""
    for index, line in enumerate(lines):
        width = max(lengths[max(0, index - _NEARBY) : index + _NEARBY])
        note = _NOTE_START.match(line)
        if not line:
            before = ""
        elif not before or (note and note[1] in marks) or _breaks(before, line, width):
            pieces += ["\n", line] if pieces else [line]
            before = line
        else:
            # A page may be one paragraph of many thousand lines: what was put together is not copied for every line.
            pieces[-1:] = [pieces[-1][:-_SEEN_END], _append(pieces[-1][-_SEEN_END:], line)]
            before = line
    return "".join(pieces)


def _append(paragraph: str, line: str) -> str:
    """The paragraph with one more line; no more than the last ``_SEEN_END`` characters of it are looked at."""
    if paragraph.endswith(SOFT) or line[0] in ",.;:)!?…”":
        return paragraph + line
    if len(paragraph) > 2 and paragraph.endswith("-") and line[0].isalnum():
        if paragraph[-2].isalnum():
            return paragraph[:-1] + LINE_END + line
        if paragraph[-2] == " " and paragraph[-3].isalpha():
            return paragraph[:-2] + SPACED + line
    return f"{paragraph} {line}"


def _breaks(before: str, line: str, width: int) -> bool:
    """Whether a new paragraph begins with ``line``; ``width`` is the length of a full line on the page."""
    ended = _ENDED.search(before) is not None
    if before.endswith(SOFT):
        return line[:1].isdigit() and not before.rstrip(SOFT).rpartition(" ")[2].isupper()  # „COVID-19”
    if line[:1] in ",.;:)!?…”":
        return False
    if _ITEM.match(line) or _ends_with_page(before):
        return True
    numbered = _NUMBERED.match(line)
    if numbered and (ended or (len(before) < 0.8 * width and not numbered[1].islower())):
        return True
    if _MINOR_ITEM.match(line) and (ended or before.endswith(",")):
        return True
    if before[-1].isdigit() and line[:1].isdigit():
        return True
    if _is_capitals(before) != _is_capitals(line) and not before.endswith(("-", ",")):
        return True
    if ended:
        return len(before) < 0.85 * width or before[-1] in ":;"
    fresh = line[:1].isupper() or line[:1] in '„"(–—'
    return fresh and len(before) < 0.6 * width and not before.endswith((",", "-"))


def _ends_with_page(line: str) -> bool:
    """Whether this is a line of a table of contents: a row of dots, or "…", and a page's number at its end."""
    end = len(line)
    while end and line[end - 1].isdecimal():
        end -= 1
    return end < len(line) and _LEADER_END.search(line[max(0, end - _LONGEST_LEADER_END) : end]) is not None


def _is_capitals(line: str) -> bool:
    return line.isupper() and sum(map(str.isalpha, line)) > 3


def continuation(text: str, after: str) -> str:
    """The words of the next page's text that end the sentence with which this page's text breaks off; empty if it does not."""
    if not text or not after:
        return ""
    body = text.split("\n")
    # The body may break off above the page's footnotes.
    for index in range(1, len(body)):
        if _NOTE_START.match(body[index]) and not _ENDED.search(body[index - 1]):
            body = body[:index]
            break
    last, first = body[-1], after.split("\n", 1)[0]
    if _ENDED.search(last) or _ITEM.match(first) or _NUMBERED.match(first):
        return ""
    if not first[:1].islower() and len(last) < 60:
        return ""
    words = first[: _sentence_end(first)].split()
    return " ".join(words[:_CONTINUATION_WORDS])


def _sentence_end(paragraph: str) -> int:
    for match in _SENTENCE_END.finditer(paragraph):
        if not _ABBREVIATION.search(paragraph[max(0, match.start() - 8) : match.start()]):
            return match.end()
    return len(paragraph)
