"""Where words stand in others, and what differs: an alignment word by word, in bounded time, then its differences by kind.

The words of a quotation are looked for in those of a page, first all of them one after the other; failing that along the
diagonals on which most of them lie, since a quotation with some wrong words keeps the order of the others. Within such a window
the alignment is Levenshtein's, of words.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate, pairwise
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from kb.quoting.words import Text, key, weigh, weight, without_ligatures

_MOST_PLACES = 10
"""In one stretch of text: a sentence that stands there more often is a running head."""
_MOST_OCCURRENCES = 50
"""Of one word, when places are looked for: what is more frequent says nothing of a place."""
_LEAST_VOTES = 0.3
_ALIGNMENTS = 3
_MARGIN = 4
_WIDEST_MARGIN = 60
_ALIKE = 0.7
_SENTENCE_END = re.compile(r"[.!?;:]\s|\n")


class Difference(StrEnum):
    """What a piece of a compared quotation is. The first four leave it verbatim, the others do not."""

    SAME = "same"
    SPACING = "spacing"
    QUOTES = "quotes"
    FOOTNOTE = "footnote"
    CASE = "case"
    DIACRITICS = "diacritics"
    PUNCTUATION = "punctuation"
    WORD = "word"
    NUMBER = "number"
    NEGATION = "negation"

    @property
    def verbatim(self) -> bool:
        """Whether the quotation is still word for word."""
        return self in (Difference.SAME, Difference.SPACING, Difference.QUOTES, Difference.FOOTNOTE)

    @property
    def of_words(self) -> bool:
        """Whether words are others, and not only written otherwise."""
        return self in (Difference.WORD, Difference.NUMBER, Difference.NEGATION)

    @property
    def strong(self) -> bool:
        """Whether it may turn what is said into something else."""
        return self in (Difference.NUMBER, Difference.NEGATION)


class Piece(NamedTuple):
    """A piece of the comparison: what the quotation has and what the document has; the same text where nothing differs."""

    kind: Difference
    quoted: str
    source: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where words stand: the source's, from ``first`` to before ``after``; ``pairs`` are (of the quotation, of the source)."""

    first: int
    after: int
    pairs: tuple[tuple[int, int], ...]
    likeness: float
    """From 0 to 1, where nothing but writing differs."""


def places(quoted: Text, source: Text) -> list[Place]:
    """Where a quotation, or something like it, stands in a text, in order and apart from one another."""
    return exact_places(quoted, source) or near_places(quoted, source)


def exact_places(quoted: Text, source: Text) -> list[Place]:
    """Where all words stand one after the other."""
    haystack, needle = f" {' '.join(source.keys)} ", f" {' '.join(quoted.keys)} "
    at = haystack.find(needle)
    if at < 0:
        return []
    starts = list(accumulate((len(one) + 1 for one in source.keys), initial=0))
    found: list[Place] = []
    while at >= 0 and len(found) < _MOST_PLACES:
        first = bisect_left(starts, at)
        pairs = tuple((i, first + i) for i in range(len(quoted)))
        found.append(Place(first, first + len(quoted), pairs, 1.0))
        at = haystack.find(needle, at + len(needle) - 1)
    return found


def near_places(quoted: Text, source: Text) -> list[Place]:
    """Where something like the quotation stands."""
    found: list[Place] = []
    for start, end in _windows(quoted, source):
        if not any(place.first < end and start < place.after for place in found):
            place = _aligned(quoted, source, start, end)
            if place:
                found.append(place)
    return sorted(found, key=lambda place: place.first)


def _windows(quoted: Text, source: Text) -> Iterator[tuple[int, int]]:
    """The stretches of the source in which most of the quotation may stand, best first."""
    where: defaultdict[str, list[int]] = defaultdict(list)
    asked = set(quoted.keys)
    for number, one in enumerate(source.keys):
        if one in asked:
            where[one].append(number)
    width = 4 + len(quoted) // 8
    votes: Counter[int] = Counter()
    for number, one in enumerate(quoted.keys):
        occurrences = where.get(one, ())
        if len(occurrences) <= _MOST_OCCURRENCES:
            for bin_ in {(other - number) // width for other in occurrences}:
                votes[bin_] += quoted.weights[number]
    least = _LEAST_VOTES * quoted.weight
    sums = {bin_: count + votes.get(bin_ + 1, 0) for bin_, count in votes.items()}
    margin = min(_MARGIN + len(quoted) // 4, _WIDEST_MARGIN)
    for bin_, count in sorted(sums.items(), key=lambda one: -one[1])[:_MOST_PLACES]:
        if count >= least:
            start = max(0, bin_ * width - margin)
            yield start, min(len(source), (bin_ + 2) * width + len(quoted) + margin)


def _aligned(quoted: Text, source: Text, start: int, end: int) -> Place | None:
    """The best alignment with a stretch of the source, which is wider than the quotation."""
    for _ in range(_ALIGNMENTS):
        pairs = _pairs(quoted, source, start, end)
        kept = _without_strays(pairs)
        if not kept:
            return None
        # Words that occurred nearby too may have been paired there, not where the others stand: look again at those alone.
        left, right = kept[0][0], len(quoted) - 1 - kept[-1][0]
        start = max(start, kept[0][1] - left - left // 3 - 1) if len(kept) < len(pairs) else start
        end = min(end, kept[-1][1] + right + right // 3 + 2) if len(kept) < len(pairs) else end
        if len(kept) == len(pairs):
            break
    kept = _drawn_together(source, kept)
    first = _reaching_back(source, kept[0], start)
    after = _reaching_on(source, kept[-1], len(quoted), end)
    return Place(first, after, tuple(kept), _likeness(quoted, source, kept, first, after))


def _pairs(quoted: Text, source: Text, start: int, end: int) -> list[tuple[int, int]]:
    """The same words of both, in order."""
    return [
        (i, start + j)
        for block in Levenshtein.opcodes(quoted.keys, source.keys[start:end])
        if block.tag == "equal"
        for i, j in zip(range(block.src_start, block.src_end), range(block.dest_start, block.dest_end), strict=True)
    ]


def _without_strays(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Pairs without those at the ends that lie far from the others: any „w” nearby would do for them."""
    for number in range(len(pairs) // 2, 0, -1):
        if _stretched(pairs[number - 1], pairs[number]) > 2 * number:
            pairs = pairs[number:]
            break
    for number in range(len(pairs) // 2, 0, -1):
        if _stretched(pairs[-number - 1], pairs[-number]) > 2 * number:
            pairs = pairs[:-number]
            break
    return pairs


def _drawn_together(source: Text, pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Pairs in which the first words stand as near to the others as they do: a heading may have said the same before."""
    for number in range(1, len(pairs)):
        (_, j), (_, next_j) = pairs[number - 1], pairs[number]
        if _stretched(pairs[number - 1], pairs[number]) > 0:
            for shift in range(next_j - j - 1, 0, -1):
                if all(source.keys[j] == source.keys[j + shift] for _, j in pairs[:number]):
                    return [(i, j + shift) for i, j in pairs[:number]] + pairs[number:]
            break
    return pairs


def _stretched(before: tuple[int, int], after: tuple[int, int]) -> int:
    """How many words more the source has between two pairs."""
    return (after[1] - before[1]) - (after[0] - before[0])


def _reaching_back(source: Text, first: tuple[int, int], start: int) -> int:
    """Where the source's sentence begins that the quotation's first words, all wrong, stand for."""
    number = first[1]
    for _ in range(first[0]):
        if number <= start or _SENTENCE_END.search(source.gap(number)):
            break
        number -= 1
    return number


def _reaching_on(source: Text, last: tuple[int, int], words: int, end: int) -> int:
    number = last[1] + 1
    for _ in range(words - last[0] - 1):
        if number >= end or _SENTENCE_END.search(source.gap(number)):
            break
        number += 1
    return number


def _likeness(quoted: Text, source: Text, pairs: Sequence[tuple[int, int]], first: int, after: int) -> float:
    """What both have in common, twice, by what both have; words that are nearly the same count for a part."""
    common = float(sum(quoted.weights[i] for i, _ in pairs))
    for (i, next_i), (j, next_j) in _unpaired(pairs, len(quoted), first, after):
        left, right = quoted.keys[i:next_i], source.keys[j:next_j]
        if left and right and "".join(left) == "".join(right):
            common += (weigh(left) + weigh(right)) / 2
        else:
            for one, other in zip(left, right, strict=False):
                alike = Levenshtein.normalized_similarity(one, other, score_cutoff=_ALIKE)
                common += alike * min(weight(one), weight(other)) if not one[0].isdigit() else 0.0
    return min(1.0, 2 * common / (quoted.weight + weigh(source.keys[first:after])))


def _unpaired(
    pairs: Sequence[tuple[int, int]], words: int, first: int, after: int
) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """The stretches between pairs, of the quotation and of the source, where either has a word."""
    for (i, j), (next_i, next_j) in pairwise([(-1, first - 1), *pairs, (words, after)]):
        if next_i - i > 1 or next_j - j > 1:
            yield (i + 1, next_i), (j + 1, next_j)


# What differs


def differences(quoted: Text, source: Text, place: Place, notes: Collection[str] = ()) -> list[Piece]:
    """The quotation beside what stands there, piece by piece. ``notes`` are the numbers of the page's footnotes."""
    pieces: list[Piece] = []
    ends = [(-1, place.first - 1), *place.pairs, (len(quoted), place.after)]
    for (i, j), (next_i, next_j) in pairwise(ends):
        touching = next_i - i == 1 and next_j - j == 1
        inside = i >= 0 and next_i < len(quoted)
        if touching and inside:
            pieces.append(_of_gap(quoted, source, next_i, next_j))
        elif not touching:
            left, right = quoted.between(i + 1, next_i), source.between(j + 1, next_j)
            kind = _kind(quoted, source, (i + 1, next_i), (j + 1, next_j), notes)
            shown, first, following = (source, j + 1, next_j) if right else (quoted, i + 1, next_i)
            before = _between(shown, first if i >= 0 else 0)
            after = _between(shown, following if next_i < len(quoted) else 0)
            pieces += [before, Piece(kind, left, right), after]
        if next_i < len(quoted):
            pieces.append(_of_word(quoted.words[next_i], source.words[next_j]))
    return _run_together(pieces)


def _between(text: Text, number: int) -> Piece:
    """What stands before a word beside one that differs, as it is in one of the texts; nothing before the first word."""
    gap = _SPACES.sub(" ", text.gap(number))
    return Piece(Difference.SAME, gap, gap)


def _of_word(quoted: str, source: str) -> Piece:
    if quoted == without_ligatures(source):
        return Piece(Difference.SAME, source, source)
    return Piece(Difference.CASE if quoted.lower() == source.lower() else Difference.DIACRITICS, quoted, source)


_ANY_QUOTES = re.compile("[„”“‟\"«»″‚’‘'‹›]|,,|''")
_ANY_DASH = re.compile("[-‐‑‒–—―−]+")
_NO_PUNCTUATION = re.compile(r"[\s•●▪■□○◦‣➢✓|¬]+")
_SPACES = re.compile(r"\s+")
_THREE_DOTS = re.compile(r"\.{3}")
_SIGN = re.compile(r"(?:^|[\s(])[-−–]$")


def _of_gap(quoted: Text, source: Text, i: int, j: int) -> Piece:
    """What stands between two words that follow one another in both."""
    ours, theirs = quoted.gap(i), source.gap(j)
    shown = _SPACES.sub(" ", theirs)
    left, right = (_NO_PUNCTUATION.sub("", _THREE_DOTS.sub("…", gap)) for gap in (ours, theirs))
    if left == right and not _sign_differs(quoted, ours, theirs, i):
        return Piece(Difference.SAME, shown, shown)
    if _numbers_around(quoted, i) or _sign_differs(quoted, ours, theirs, i):
        same = _ANY_DASH.sub("-", ours.strip()) == _ANY_DASH.sub("-", theirs.strip())
        return Piece(Difference.QUOTES if same else Difference.NUMBER, ours, shown)
    plain = [_ANY_DASH.sub("-", _ANY_QUOTES.sub('"', gap)) for gap in (left, right)]
    return Piece(Difference.QUOTES if plain[0] == plain[1] else Difference.PUNCTUATION, ours, shown)


def _numbers_around(quoted: Text, i: int) -> bool:
    return quoted.keys[i - 1][-1].isdigit() and quoted.keys[i][0].isdigit()


def _sign_differs(quoted: Text, ours: str, theirs: str, i: int) -> bool:
    """Whether one of two numbers is below zero."""
    return quoted.keys[i][0].isdigit() and bool(_SIGN.search(ours)) != bool(_SIGN.search(theirs))


_NEGATIONS = frozenset(
    {"nie", "ani", "bez", "ni", "nigdy", "zaden", "zadna", "zadne", "zadnego", "zadnej", "zadnych", "nikt", "nic"}
)
_NUMERAL = re.compile(
    r"(?:zero|jede?n|dwa|dwie|dwoch|dwom|dwoj|dwudziest|trzy|trzech|trzem|troj|trzydziest|czter|pie[cn]|piec|pieciu|szesc|szesn|siedem"
    r"|siedmi|osiem|osmi|dziewi|dziesi|jedenast|dwanast|sto$|stu$|dwiescie|tysia?c|tysie|milion|miliard|polow|pol$|pierwsz|drugi|drugie"
    r"|trzeci|piat|szost|siodm|osm)"
)
_SIGN_BEFORE = re.compile(r"[.,;:!?…”\"»)\[\]]$")
_NOTED = re.compile(r"(?P<word>[^\d]*)(?P<note>\d{1,3})")
_GROUPED = re.compile(r"\d{1,3}(?:\s\d{3})+")


def _kind(
    quoted: Text, source: Text, ours: tuple[int, int], theirs: tuple[int, int], notes: Collection[str]
) -> Difference:
    """How the words of the quotation differ from those that stand there."""
    left, right = quoted.keys[slice(*ours)], source.keys[slice(*theirs)]
    attached = _attached(quoted, ours[0]) if left else _attached(source, theirs[0])
    if _is_footnote(left, right, notes, attached):
        return Difference.FOOTNOTE
    if left and right and "".join(left) == "".join(right):
        return _kind_of_spacing(quoted.between(*ours), source.between(*theirs), left, right)
    odd = Counter(left)
    odd.subtract(right)
    changed = [one for one, count in odd.items() if count]
    if any(character.isdigit() for one in changed for character in one) or any(one in "%‰€$£°+§" for one in changed):
        return Difference.NUMBER
    if not _NEGATIONS.isdisjoint(changed) or _negated(left, right) or _negated(right, left):
        return Difference.NEGATION
    return Difference.NUMBER if any(map(_NUMERAL.match, changed)) else Difference.WORD


def _kind_of_spacing(ours: str, theirs: str, left: Sequence[str], right: Sequence[str]) -> Difference:
    """Of words that are the same but for where one ends: a number cut otherwise may be another, and so may „nie”."""
    if any(one[0].isdigit() or one[-1].isdigit() for one in (*left, *right)):
        whole = [bool(text.isdigit() or _GROUPED.fullmatch(text)) for text in (ours, theirs)]
        return Difference.SPACING if all(whole) else Difference.NUMBER
    if not _NEGATIONS.isdisjoint({*left, *right}):
        return Difference.NEGATION
    plain = [re.sub(r"[\W_]+", "", text) for text in (ours, theirs)]
    if plain[0] == plain[1]:
        return Difference.SPACING
    return Difference.CASE if plain[0].lower() == plain[1].lower() else Difference.DIACRITICS


def _is_footnote(left: Sequence[str], right: Sequence[str], notes: Collection[str], attached: bool) -> bool:
    """Whether the words differ by the number of a footnote of that page alone; ``attached``: it stands right after a sign.

    A number between spaces may be one that counts something.
    """
    for longer, shorter in ((left, right), (right, left)):
        if attached and len(longer) == 1 and not shorter and longer[0] in notes:
            return True
        if len(longer) == len(shorter) == 1:
            match = _NOTED.fullmatch(longer[0])
            if match and match["word"] and match["word"] == shorter[0] and match["note"] in notes:
                return True
    return False


def _attached(text: Text, number: int) -> bool:
    """Whether a number stands right after a sign that follows a word, as a footnote's does: „gminy.5”, „gminy[5]”."""
    return (
        0 < number < len(text)
        and not text.keys[number - 1][-1].isdigit()
        and bool(_SIGN_BEFORE.search(text.gap(number)))
    )


def _negated(left: Sequence[str], right: Sequence[str]) -> bool:
    """Whether a word here has a „nie” before it that the word there lacks."""
    return any(f"nie{one}" in left for one in right)


def _run_together(pieces: Sequence[Piece]) -> list[Piece]:
    """Pieces with those beside one another made one: same text, and words that differ by diacritics or case alone."""
    out: list[Piece] = []
    for piece in pieces:
        if out and piece.kind is Difference.SAME and out[-1].kind is Difference.SAME:
            if not (piece.source.isspace() and out[-1].source[-1:].isspace()):
                out[-1] = Piece(Difference.SAME, out[-1].quoted + piece.quoted, out[-1].source + piece.source)
        elif piece.quoted or piece.source:
            out.append(piece)
    return out


def changed_words(pieces: Sequence[Piece]) -> int:
    """How many words are others, missing or added: of a changed piece the longer side counts."""
    return sum(
        max(len(_counted(piece.quoted)), len(_counted(piece.source)), 1) for piece in pieces if piece.kind.of_words
    )


def _counted(text: str) -> list[str]:
    return [word for word in text.split() if key(word).strip('.,;:!?()„”"-–')]
