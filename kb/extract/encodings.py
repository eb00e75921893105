"""Polish text that was read in the wrong encoding: recognised by what becomes Polish, and repaired.

Old fonts and programs wrote Polish in Windows-1250, ISO 8859-2 or Mac CE and called it Western, so that readers see
„Samorz¹d” or „Samorz±d”; UTF-8 taken for an older encoding looks like „SamorzÄ…d”. A text is changed only where that makes
words that the dictionary has out of what are no words, so that what is right, in any language, stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from kb.extract.clean import Known
from kb.polish import is_plain

_POLISH = "ąćęłńóśźżĄĆĘŁŃÓŚŹŻ"
_OF_PDF = dict(zip("•†‡…—–ƒ⁄‹›−‰„“”‘’‚™ﬁﬂŁŒŠŸŽıłœšž", range(0x80, 0x9F), strict=True)) | dict(
    zip("˘ˇˆ˙˝˛˚˜€\0", (*range(0x18, 0x20), 0xA0, 0x9F), strict=True)
)
"""The bytes of PDFDocEncoding, by their characters, where it is not Latin-1; for 0x9F it has none, and PDFium gives zero."""
_BESIDE_BLANK = re.compile(r"((?<![^\W\d_])[^\W\d_]++)? ([^\W\d_]*+)")
"""In bookmarks PDFium gives a space for the byte without a character: „ź” in Windows-1250."""
_SIGNS = {
    **dict.fromkeys("–—", r"(?<!\S){0}(?!\S)|(?<=\d){0}(?=\d)"),
    **dict.fromkeys("„“«", r"(?<!\w){0}(?=\w)"),
    **dict.fromkeys("”’»…", r"(?<=\S){0}(?!\w)"),
}
"""Signs that are misread with the letters, and where each may stand."""
_OTHERS = "−§°•·×²³½€\xa0\xadáéíëöüäßčřšžÉÖÜ"
"""What else UTF-8 may hold."""
_RIGHT = re.compile(rf"[^\x00-\x7f\x80-\x9f{_POLISH}{''.join(_SIGNS)}\xa0\xad§°•·×éáíüöäëßÖÜÄ]|[\x80-\x9f]|Ä…")
"""What may be a misread letter: nothing of it in a page is the usual case, and ends the matter."""
_PLAIN_LETTER = re.compile("[A-Za-z]")
_UNITS = re.compile(r"[cdkm]{0,2}m[²³]")
_NOTE_MARKS = "¹²³"
_LEAST_SHARE = 0.5
_MIXED_WORDS = 3
_ROUNDS = 3
_VOWELS = re.compile(r"[aeiouyąęóáéíöüäàèâêôûîåæœøěůýAEIOUYĄĘÓÁÉÍÖÜÄ]")
_LATIN = re.compile("[A-Za-zÀ-ÖØ-öø-ɏ]+")
_ODD = re.compile(
    r"[^\W\d_][^\w\s'’.,:;/&@()\[\]+\u2010-\u2015\xad-]+[^\W\d_]"  # a sign inside a word
    r"|^[^\[]*[^\W\d_]\][^\W\d_]|[^\W\d_]{2}\d+[^\W\d_]|[a-zß-ÿ][A-ZÀ-Þ]\w"
    r"|[\ue000-\uf8ff\ufffd]{2}|[¤¦¬¶¸¼½¾±³¹¿]\w"
)
_GIBBERISH_WORDS = 12
_GIBBERISH_KNOWN = 0.35
_GIBBERISH_ODD = 0.35


@dataclass(frozen=True, slots=True)
class Misreading:
    """One way to misread Polish: ``table`` has what is seen for each letter that looks different, and the letter.

    ``signs`` are the same for other characters; ``lost`` the letters that a text read so cannot have.
    """

    table: dict[str, str]
    signs: tuple[tuple[re.Pattern[str], str], ...]
    lost: frozenset[str]
    seen: re.Pattern[str]
    word: re.Pattern[str]

    def repaired(self, word: str) -> str:
        """The word with every letter as it was meant."""
        return self.seen.sub(lambda match: self.table[match[0]], word)

    def is_partial(self, text: str) -> bool:
        """Whether some of the text was read rightly: it has letters that would be lost otherwise."""
        rest = self.seen.sub("", text)
        if self.lost.isdisjoint(rest):
            return False
        for pattern, _ in self.signs:
            rest = pattern.sub("", rest)
        return not self.lost.isdisjoint(rest)


def _decoded(data: bytes, encoding: str) -> str:
    """As lenient programs read: a byte without a meaning is the control character of its number."""
    return "".join(_character(byte, encoding) for byte in data)


def _character(byte: int, encoding: str) -> str:
    try:
        return bytes([byte]).decode(encoding)
    except UnicodeDecodeError:
        return chr(byte)


@cache
def misreadings() -> tuple[Misreading, ...]:
    """All of them, the commonest first."""
    west, central, mac = ("cp1252", "latin-1"), ("cp1250", "iso8859-2"), ("mac_roman",)
    pairs: list[tuple[str, tuple[str, ...]]] = [
        ("cp1250", west),
        ("iso8859-2", west),
        ("utf-8", ("cp1250",)),
        ("utf-8", west),
        ("utf-8", ("iso8859-2",)),
        ("utf-8", mac),
        ("cp1250", ("iso8859-2",)),
        ("iso8859-2", ("cp1250",)),
        ("mac_latin2", mac),
        ("mac_latin2", west),
        *(("mac_latin2", (encoding,)) for encoding in central),
        ("cp1250", mac),
        ("iso8859-2", mac),
    ]
    return tuple(_misreading(written, read) for written, read in pairs)


def _misreading(written: str, read: Sequence[str]) -> Misreading:
    table: dict[str, str] = {}
    signs: dict[str, tuple[re.Pattern[str], str]] = {}
    for encoding in read:
        for character in _POLISH:
            seen = _decoded(character.encode(written), encoding)
            if seen != character:
                table.setdefault(seen, character)
        for character in (*_SIGNS, *(_OTHERS if written == "utf-8" else "")):
            seen = _decoded(character.encode(written, "ignore"), encoding)
            if seen and seen != character and seen not in table:
                plain = len(seen) > 1 or "\x80" <= seen <= "\x9f"  # it can be nothing else
                pattern = re.escape(seen) if plain else _SIGNS[character].format(re.escape(seen))
                signs.setdefault(seen, (re.compile(pattern), character))
    either = "|".join(re.escape(seen) for seen in sorted(table, key=len, reverse=True))
    return Misreading(
        table=table,
        signs=tuple(signs.values()),
        lost=frozenset(table.values()) - {"ó", "Ó"},
        seen=re.compile(either),
        word=re.compile(rf"(?:{either}|[^\W\d_])++"),
    )


@dataclass(slots=True)
class _Votes:
    """The words of a text that a repair would make Polish, and how many it would touch."""

    won: dict[str, str]
    touched: int = 0

    @property
    def share(self) -> float:
        return len(self.won) / self.touched if self.touched else 0.0


def repaired_text(text: str, known: Known) -> str:
    """A page, a heading or a title with its Polish letters as they were meant; as it is where nothing is wrong with it."""
    for _ in range(_ROUNDS):
        found = None if is_plain(text) else _RIGHT.search(text) and _best(text, known)
        if not found:
            break
        text = _applied(text, *found, known)
    return text


def repaired_strings(texts: Sequence[str], known: Known) -> list[str]:
    """Titles from a PDF's dictionaries with their Polish letters as they were meant: read by the code page of such strings.

    „Świadczenia” in Windows-1250 is „„wiadczenia” there. What makes no more sense as other bytes stays as it is.
    """
    written = [_as_written(text) for text in texts]
    repaired = repaired_pages(written, known)
    meant = [
        after if after != before else repaired_text(text, known)
        for text, before, after in zip(texts, written, repaired, strict=True)
    ]
    return meant if repaired == written else [_with_blank_bytes(text, known) for text in meant]


def _as_written(text: str) -> str:
    """A string in PDFDocEncoding as the bytes that it was made of, each a Windows-1252 character; any other as it is."""
    codes = [_OF_PDF.get(character, ord(character)) for character in text]
    return _decoded(bytes(codes), "cp1252") if all(code < 0x100 for code in codes) else text


def _with_blank_bytes(text: str, known: Known) -> str:
    """„Święto  ródła” → „Święto źródła”: where a letter was read as a space, it makes a word of what is none."""

    def joined(match: re.Match[str]) -> str:
        left, right = match.groups("")
        whole = f"{left}ź{right}"
        return whole if len(whole) > 2 and known(whole) and not (known(left) and known(right)) else match[0]

    return _BESIDE_BLANK.sub(joined, text)


def repaired_pages(texts: Sequence[str], known: Known) -> list[str]:
    """All pages of a document, or all its headings: a short one is read like the rest of the document."""
    result = [repaired_text(text, known) for text in texts]
    if result == list(texts):
        return result
    together = "\n".join(text for text, after in zip(texts, result, strict=True) if text != after)
    found = _best(together, known)
    if found:
        misreading, votes = found
        for position, text in enumerate(result):
            if text == texts[position] and misreading.seen.search(text) and not misreading.is_partial(text):
                result[position] = _applied(text, misreading, votes, known)
    return result


def _best(text: str, known: Known) -> tuple[Misreading, _Votes] | None:
    """The misreading that explains most of a text, if it explains enough."""
    best = None
    for misreading in misreadings():
        if misreading.seen.search(text):
            votes = _count(text, misreading, known)
            if _convinces(text, misreading, votes, known) and (best is None or len(votes.won) > len(best[1].won)):
                best = misreading, votes
    return best


def _count(text: str, misreading: Misreading, known: Known) -> _Votes:
    votes = _Votes({})
    for word in _suspects(text, misreading):
        if (len(word) < 3 and word.isalpha()) or _is_noted(word, known):
            continue
        right = misreading.repaired(word)
        if word.isalpha() and known(word):
            continue
        votes.touched += 1
        if right.isalpha() and known(right) and _cased(right):
            votes.won[word] = right
    return votes


def _suspects(text: str, misreading: Misreading) -> Iterator[str]:
    # No sign of a misread letter is a space or a line's end: most of the text is passed over quickly.
    parts = {part for part in text.replace("\n", " ").split(" ") if misreading.seen.search(part)}
    for word in set(misreading.word.findall(" ".join(parts))):
        if _PLAIN_LETTER.search(word) and misreading.seen.search(word) and not _UNITS.fullmatch(word):
            yield word


def _is_noted(word: str, known: Known) -> bool:
    """Whether it may be a word with the mark of a note: „gmin¹”."""
    bare = word.rstrip(_NOTE_MARKS)
    return bare != word and bare.isalpha() and known(bare)


def _cased(word: str) -> bool:
    """Whether its letter case is a word's: a misreading that is none makes „seŃor”."""
    return word.isupper() or word[1:].islower()


def _convinces(text: str, misreading: Misreading, votes: _Votes, known: Known) -> bool:
    if not votes.won or votes.share < _LEAST_SHARE:
        return False
    seen = [found for word in votes.won for found in misreading.seen.findall(word)]
    if misreading.is_partial(text):
        # A page in two fonts, of which one is right; or a page that is right, with names from other languages.
        return len(votes.won) >= _MIXED_WORDS and len(set(seen)) > 1
    if not all(map(str.isalpha, votes.won)):
        return True
    # Letters that other languages have too: the words all around must speak for Polish.
    others = [word for word in re.findall(r"[^\W\d_]{4,}", text) if not misreading.seen.search(word)]
    right = sum(map(known, others))
    if sum(map(len, seen)) > 1:
        return right >= _LEAST_SHARE * len(others)
    return right == len(others) > 0


def _applied(text: str, misreading: Misreading, votes: _Votes, known: Known) -> str:
    """The text repaired; on lines that have right Polish letters too, only what surely becomes a word."""

    def word(match: re.Match[str]) -> str:
        found = match[0]
        if found in votes.won:
            return votes.won[found]
        surely = not mixed and _PLAIN_LETTER.search(found) and not _UNITS.fullmatch(found)
        kept = (found.isalpha() and known(found)) or not surely
        return found if kept else misreading.repaired(found)

    lines = text.split("\n")
    whole = not misreading.is_partial(text)
    for index, line in enumerate(lines):
        mixed = not whole and (misreading.is_partial(line) or not any(found in line for found in votes.won))
        lines[index] = misreading.word.sub(word, line)
    text = "\n".join(lines)
    if whole:
        for pattern, sign in misreading.signs:
            text = pattern.sub(sign, text)
    return text


def is_gibberish(text: str, known: Known) -> bool:
    """Whether text has nothing to read: few words of the dictionary, and many that are words of no language."""
    long = [word for word in text.split() if len(word) > 3]
    # Nearly every page is told by its first words alone.
    if _has_right_words(long[:400], _GIBBERISH_KNOWN, known):
        return False
    words = [word for word in long if re.search(r"[^\W\d_]|[\ue000-\uf8ff\ufffd]", word)]
    words = [word for word in words if not re.match(r"\W*(?:https?:|www\.)|\S+@", word)][:400]
    if len(words) < _GIBBERISH_WORDS or _has_right_words(words, _GIBBERISH_KNOWN, known):
        return False
    return sum(map(_is_odd, words)) > _GIBBERISH_ODD * len(words)


def _has_right_words(words: Sequence[str], share: float, known: Known) -> bool:
    """Whether at least a ``share`` of the words are in the dictionary; asks no further once there are enough."""
    wanted = share * len(words)
    found = 0
    # The shortest first: most of them stand on the pages before too, and the dictionary keeps its answers.
    for word in sorted(words, key=len):
        if found >= wanted:
            break
        bare = word.strip("\"'„”“«»().,:;!?…-–—")
        found += bare.isalpha() and known(bare)
    return found >= wanted


def _is_odd(word: str) -> bool:
    if _ODD.search(word):
        return True
    return any(len(run) > 4 and not _VOWELS.search(run) for run in _LATIN.findall(word))
