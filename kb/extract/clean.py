r"""Repair of text that came out of a PDF: each step a pure function, text in, text out, specified by a table in the tests.

``known`` is the dictionary: whether a word, in any letter case, is a Polish word form. Text is one page or a part of one; line
ends are ``\n``. Three characters carry a line's end from step to step, and none of them leaves ``hyphens``: ``SOFT``
where the reader says that it took a hyphen and a line's end away, ``LINE_END`` for a hyphen seen at a line's end,
``SPACED`` for one with a space before it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Container, Iterable
from itertools import islice

from kb.polish import is_plain

Known = Callable[[str], bool]
"""Whether a word is in the dictionary."""

SOFT = "\u00ad"
LINE_END = "\u2010"
SPACED = "\u2011"
MARKS = SOFT + LINE_END + SPACED

LONGEST_HEADING = 300
"""Characters of a heading: contents, links and results name the section by it. The text has the whole of it."""

_SPECIAL = {
    "\x02": SOFT,  # PDFium: a hyphen ended the line here
    "\ufffe": SOFT,  # the same, from older versions
    "\u2010": "-",
    "\u2011": "-",
    "\ufb00": "ff",
    "\ufb01": "fi",
    "\ufb02": "fl",
    "\ufb03": "ffi",
    "\ufb04": "ffl",
    "\ufb05": "st",
    "\ufb06": "st",
    "\u034f": "",  # it joins letters and has no ink, and is no format character to Unicode
    "\t": " ",
    "\n": "\n",
    "\r": "\n",
    "\x0b": "\n",
    "\x0c": "\n",
    "\u2028": "\n",
    "\u2029": "\n",
}
_BULLET_AT_START = re.compile(r"^[ \ue000]*\ue000[ \ue000]*", re.MULTILINE)
_GLYPHS = re.compile(r"/G([0-9A-Fa-f]{2})(?:\._)?")
_GLYPH_RUN = re.compile(r"/G[0-9A-Fa-f]{2}(?:\._)?/G[0-9A-Fa-f]{2}")
_SYMBOL_RUN = re.compile("[\uf020-\uf0ff]{3,}")
_GARBAGE = re.compile("[\x00\x01\x03-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd]|[\ue000-\uf8ff](?=[\ue000-\uf8ff]{2})")
_MAYBE_GARBAGE = re.compile("[\x00\x01\x03-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd\ue000-\uf8ff]")
_SPLIT = re.compile(rf"(?<![^\W_])([^\W_]++)([{MARKS}])([^\W_]++)")
_COLOUR = re.compile("biało|czarno|czerwono|zielono|żółto|niebiesko|szaro", re.IGNORECASE)
_ENDINGS = ("iego iemu ego emu imi ymi iej ich ych ej im ym ia ie io ią a e i o y ą").split()  # noqa: SIM905
_OF_A_NOUN = re.compile(r"(?:(?:yj|icz|ycz)n|ow)(?:y|i?[aeą]|ego|emu|ej|ymi?|ych|i)$", re.IGNORECASE)
_LOANS = re.compile(
    r"(?:know-how|start-up|non-(?:profit|stop)|follow-up|check-(?:in|up)|joint-venture|pop-up|stand-up|plug-in|back-office"
    r"|e-(?:mail|book|learning|commerce)|ex-(?:ante|post))(?:\w{1,4})?",
    re.IGNORECASE,
)
"""Words that Polish took over with their hyphen, in any form; no rule of Polish knows them from a broken word."""
_CONJUNCTIONS = frozenset({"a", "albo", "ani", "bądź", "czy", "i", "lub", "oraz"})
"""After them a hyphen stands for the rest of a word: „homo- czy heteroseksualny”."""
_NOTE_MARK = re.compile(r"(?<!\w)([^\W\d_]{3,})(\d{1,3})(?!\w)")
_GLUED = re.compile(r"\d(?<=[^\W\d_]\d)")
_FRAGMENTS = re.compile(r"(?<![^\W_])([^\W\d_]+) ([^\W\d_]+)(?![^\W_])")
_WORD = re.compile(r"[^\W\d_]{2,}")
_UNBROKEN = re.compile(rf"[\w{MARKS}-]+")
_WHOLE_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_BLANKS = ("  ", " \n", "\n ", "\t")
"""What is not left of blanks."""
_SAMPLE = 60
_LETTER = re.compile(r"[^\W\d_]")


def glyph_names(text: str) -> str:
    """Codes of legacy fonts as the cp1250 text that they stand for: glyph names ``/G50/G69``, runs of U+F0xx.

    A lone ``/G50`` stays, and so does a lone U+F0xx: that is a bullet or a symbol.
    """
    if _GLYPH_RUN.search(text):
        text = _GLYPHS.sub(lambda match: _cp1250([int(match[1], 16)]), text)
    return _SYMBOL_RUN.sub(lambda match: _cp1250([ord(character) - 0xF000 for character in match[0]]), text)


def _cp1250(codes: list[int]) -> str:
    return bytes(codes).decode("cp1250", "replace")


def characters(text: str, keep: str = "") -> str:
    """NFC text in which every character can be shown; those in ``keep`` stay as they are.

    Ligatures are spelt out, kinds of space become one space, private-use characters a bullet at a line's start and a space
    elsewhere. Control and format characters, lone surrogates and non-characters go; U+0002 becomes ``SOFT``.
    """
    if is_plain(text) and not any(blanks in text for blanks in _BLANKS):
        return text.strip()
    text = text.replace("\r\n", "\n").translate(_SHOWN.but(keep))
    if "\ue000" in text:
        text = _BULLET_AT_START.sub("• ", text).replace("\ue000", " ")
    if "  " in text:
        text = re.sub(r" {2,}", " ", text)
    if "\n" in text:
        text = re.sub(r" ?\n ?", "\n", text)
    return unicodedata.normalize("NFC", text.strip())


def _shown(character: str) -> str:
    if character in _SPECIAL:
        return _SPECIAL[character]
    category = unicodedata.category(character)
    if category == "Zs":
        return " "
    if category == "Co":
        return "\ue000"
    if category == "Cf":
        return SOFT if character == SOFT else ""
    # Unassigned characters stay: they may be newer than our Unicode tables, except for the non-characters.
    nothing = category in ("Cc", "Cs") or (
        category == "Cn" and (ord(character) & 0xFFFE == 0xFFFE or "\ufdd0" <= character <= "\ufdef")
    )
    return "" if nothing else character


class _Shown(dict[int, str]):
    """What is shown for each character, worked out when it is first met; there are only as many as Unicode has."""

    def __missing__(self, code: int) -> str:
        shown = self[code] = _shown(chr(code))
        return shown

    def but(self, keep: str) -> _Shown:
        """The same, with some characters that stay."""
        if keep not in _KEEPING:
            _KEEPING[keep] = _Shown({ord(character): character for character in keep})
        return _KEEPING[keep]


_SHOWN = _Shown()
_KEEPING: dict[str, _Shown] = {"": _SHOWN}


def garbage_share(text: str) -> float:
    """The share of control and replacement characters in text as a reader gave it: a font without a usable encoding."""
    # Nearly no page has any, which a search for one sign tells much faster.
    return len(_GARBAGE.findall(text)) / len(text) if _MAYBE_GARBAGE.search(text) else 0.0


def known_share(text: str, known: Known) -> float:
    """The share of dictionary words among the first sixty words of two letters or more; 0.0 without any."""
    words = _sample(text)
    return sum(map(known, words)) / len(words) if words else 0.0


def _sample(text: str) -> list[str]:
    return [match[0] for match in islice(_WORD.finditer(text[: _SAMPLE * 20]), _SAMPLE)]


def is_readable(text: str, known: Known, share: float) -> bool:
    """Whether ``known_share`` is at least ``share``; asks no further than it must."""
    # The shortest first: on every page they are the same, and the dictionary keeps its answers.
    words = sorted(_sample(text), key=len)
    left = share * len(words)
    return bool(words) and any((left := left - known(word)) <= 0 for word in words)


def has_text(text: str) -> bool:
    """Whether there is at least one letter."""
    return _LETTER.search(text) is not None


def shortened(heading: str) -> str:
    """A heading of a bearable length, cut at a word where there is one."""
    if len(heading) <= LONGEST_HEADING:
        return heading
    return heading[: LONGEST_HEADING - 1].rsplit(" ", 1)[0] + "…"


def whole_words(texts: Iterable[str]) -> frozenset[str]:
    """The words, hyphenated ones too, that stand unbroken in a document, in lower case: witnesses for ``hyphens``."""
    found = {word for text in texts for word in _UNBROKEN.findall(text)}
    return frozenset(word.lower() for word in found if word.isalpha() or _WHOLE_WORD.fullmatch(word))


def hyphens(text: str, known: Known, seen: Container[str] = frozenset()) -> str:
    """Words broken at a line's end made whole, real hyphens kept (``polsko-niemiecki``, ``COVID-19``, ``Okła-Drewnowicz``).

    ``seen`` are the words that the same document has unbroken: the best judge. Takes every mark out of the text.
    """
    if SOFT not in text and LINE_END not in text and SPACED not in text:
        return text
    # A broken word has no space in it, and a paragraph has few of them: the rest is not searched.
    parts = text.split(" ")
    for index, part in enumerate(parts):
        if SOFT in part or LINE_END in part or SPACED in part:
            parts[index] = _rejoined(part, known, seen)
    # A mark without a word on both its sides: an invisible hyphen goes, a seen one was written.
    return " ".join(parts).replace(SOFT, "").replace(LINE_END, "-").replace(SPACED, " -")


def _rejoined(text: str, known: Known, seen: Container[str]) -> str:
    while True:
        text, count = _SPLIT.subn(lambda match: _rejoin(match[1], match[2], match[3], known, seen), text)
        if not count:
            return text


def _rejoin(left: str, mark: str, right: str, known: Known, seen: Container[str]) -> str:
    whole, hyphenated = left + right, f"{left}-{right}"
    kept = f"{left} - {right}" if mark == SPACED else hyphenated
    if hyphenated.lower() in seen:
        result = hyphenated
    elif whole.lower() in seen:
        result = whole
    elif right.lower() == f"nie{left.lower()}":
        result = kept  # „dawno-niedawno”
    elif right in _CONJUNCTIONS and (len(right) == 1 or not known(whole)):  # „gospodar-czy” is one word
        result = f"{left}- {right}"
    elif _is_never_whole(left, right) or _LOANS.fullmatch(hyphenated) or _is_compound(left, right, known):
        result = kept
    elif known(whole):
        result = whole
    else:
        parts = known(left) + known(right)
        if len(left) == 1:
            # No word is broken after its first letter: „e-usługi”.
            apart = known(right) or not known(whole)
        elif mark == SOFT or len(left) == 2 < len(right):  # „de-instytucjonalizacja” is one word, „ad-hoc” none
            apart = parts == 2 and min(len(left), len(right)) > 2
        else:
            apart = parts == 2 or (parts == 1 and mark == SPACED)
        result = kept if apart else whole
    return result


def _is_never_whole(left: str, right: str) -> bool:
    """Whether digits or letter case forbid one word: „COVID-19”, „Okła-Drewnowicz”, „ZIT-ów”."""
    if left[-1].isdigit() or right[0].isdigit():
        return True
    if left.isupper():
        return right.islower() and len(left) > 1
    return right[0].isupper()


def _is_compound(left: str, right: str, known: Known) -> bool:
    """Whether the halves are adjectives of equal rank („wodno-ściekowy”), and not one word („długoterminowy”).

    Morfeusz takes any two adjectives written together for a word. Of those that really are one it also knows the negation
    („niedługoterminowy”), so that this tells them apart.
    """
    if left.isupper():
        left, right = left.lower(), right.lower()
    if len(left) < 4 or len(right) < 4 or left[-1] != "o" or not _is_stem(left[:-1], known):
        return False
    if not any(right.endswith(ending) and _is_stem(right.removesuffix(ending), known) for ending in _ENDINGS):
        return False
    positive = (left + right).lower().removeprefix("nie")
    is_adverb, is_gradable = known(left), _is_gradable(left[:-1], known)
    if known(positive) and known(f"nie{positive}"):
        # One word in the dictionary; but where both halves come from nouns, that is one of two spellings.
        return left.endswith("no") and not is_adverb and not is_gradable and _OF_A_NOUN.search(right) is not None
    # „niskopodłogowy”, „wczesnoszkolny”: how low, how early. Colours stand side by side all the same.
    return not (is_adverb and is_gradable) or _COLOUR.fullmatch(left) is not None


def _is_stem(stem: str, known: Known) -> bool:
    """Whether it is an adjective but for its ending."""
    stem = stem.removesuffix("i").lower()
    hard = known(f"{stem}ego") and known(f"{stem}ych")
    return len(stem) > 2 and (hard or (known(f"{stem}iego") and known(f"{stem}ich")))


def _is_gradable(stem: str, known: Known) -> bool:
    """Whether the adjective has a superlative of its own: „najniższy” has, „społeczny” has none."""
    short = stem.removesuffix("i").removesuffix("k").lower()
    ends = {short, short.removesuffix("o"), re.sub("[sz]$", "ż", short), re.sub("s(?=n$)", "ś", short)}
    return any(known(f"naj{end}{form}") for end in ends for form in ("szy", "iejszy", "ejszy"))


def dotted_z(text: str, known: Known, missing: bool) -> str:
    """``Ŝ`` that stands for ``ż`` (and ``ś`` for ``Ż``) in text from fonts with a broken encoding.

    ``missing`` says that the whole document has no ``ż``: then every ``Ŝ`` is one. Otherwise a word is changed only
    when that makes it a known one.
    """
    if "Ŝ" not in text and "ŝ" not in text:
        return text

    def repaired(match: re.Match[str]) -> str:
        word = match[0]
        candidate = word.replace("Ŝ", "ż").replace("ŝ", "ż")
        if candidate != word and not missing and not known(candidate):
            return word
        if missing and candidate[0] == "ś" and not known(candidate) and known("Ż" + candidate[1:]):
            return "Ż" + candidate[1:]
        return candidate

    return re.sub(r"[^\W\d_]+", repaired, text)


def note_marks(text: str, known: Known, notes: Container[str]) -> str:
    """Footnote numbers off the words that they are glued to; ``notes`` are the numbers of the page's notes.

    Taken away where there is such a note; otherwise, as it may be a number that lost its space, only set apart. ``CO2`` and
    ``A4`` stay.
    """

    def apart(match: re.Match[str]) -> str:
        word, number = match[1], match[2]
        if not known(word) or word.isupper():
            return match[0]
        return word if number in notes else f"{word} {number}"

    return _NOTE_MARK.sub(apart, text) if _GLUED.search(text) else text


def fragments(text: str, known: Known) -> str:
    """Words that a reader split in two (``Samorz ądu``): joined where a half is no word and the whole is one."""

    def joined(match: re.Match[str]) -> str:
        left, right = match[1], match[2]
        if (known(left) and known(right)) or not right[0].islower() or not known(left + right):
            return match[0]
        return left + right

    # Twice, since pairs overlap: the second half of one may be the first half of the next.
    for _ in range(2):
        text = _FRAGMENTS.sub(joined, text)
    return text
