"""A name in a list of authors → a person with family and given names, or a body whose name is one piece.

A rule decides, not a list of bodies. A person's name has a **given name** where given names stand: first, or after the family
name. That is a word that the dictionary has as one in the nominative, an initial, or a word that is no Polish one at all; the
rest must be able to be a family name, which in Polish any noun or adjective in the nominative may be. So „Jan Szkoła” and
„Krzysztof Polski” are persons, and „Szkoła imienia Jana” is none: its given name is in another case. Whatever has a word in
small letters („Kowalski i Wspólnicy”, „Fundacja im. Stefana Batorego”), a digit, an abbreviation or a legal form is a body.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import takewhile

from kb import limits
from kb.authors import PARTICLES, is_degree, is_initial
from kb.polish import shared_analyzer

_LEGAL_FORM = re.compile(
    r"\bsp(?:\.|ółka) ?(?:z ?o\. ?o|[jkp]\b|z ograniczoną|komandytowa|jawna|akcyjna)|\bS\. ?A\b|\bS\.?K\.?A\b|\bs\. ?c\."
    r"|\bS\.C\.|\bs\.r\.o\b|\bP\.?S\.?A\b|\bP\. ?P?\. ?H?\. ?U\b"
    r"|\b(?:SA|Ltd|Limited|Inc|LLC|LLP|GmbH|AG|Corp|PLC|plc|B\.?V|N\.?V|SE|SAS|Oy|ASA|e\. ?V)\.?$"
)
_FOREIGN_BODY = re.compile(
    r".*(?:tions?|ministerium|gesellschaft|stiftung|verband|verein|universität|zentrum)$"
    r"|(?:univers|institut|istitut|minist|associa|federa|academ|laborator).*"
    r"|commission|council|committee|offices?|agenc(?:y|e|ia)|authority|departa?ment|departamento|fund|society|société|union|party"
    r"|ban(?:k|que|co|ca)|group|groupe|grupo|gruppo|company|cent(?:re|er|ro)|court|parliament|government|house|school|college|press"
    r"|network|forum|league|team|board|bureau|services?|partners|consulting|systems|solutions|media|international|global|world"
    r"|europe|european|national|united|nations|states|royal|trust|museum|library|hospital|church|city|county|research|studies"
    r"|initiative|alliance|program(?:me)?|project|labs?|club|watch|rights|medical|energy|power|trade|design|studio|tech"
    r"|technolog(?:y|ies)|clinic|travel|advisory|digital|software|motors|airlines|logistics|invest|capital|finance|estate|development|law"
    r"|verlag|stadt|land|kommission|comune|ville|gemeente|kommune",
    re.IGNORECASE,
)
"""What names of foreign bodies are made of: the dictionary is Polish and has none of these words."""
_MADE_IN_POLAND = re.compile(r".*(?:acja|ość|izna|stwo|ctwo|region|instytut|centrum)$", re.IGNORECASE)
"""Ends of Polish words that are too new for the dictionary, and are no given names."""
_WORD = re.compile(r"[A-Za-zÀ-ɏ][A-Za-zÀ-ɏ'’.\-–]*")
_NUMERAL = re.compile(r"[IVX]+\.?")
_SUFFIXES = frozenset({"jr.", "jr", "sr.", "sr", "junior", "senior"})
_NICKNAME = re.compile(r" [„“\"'](?P<inner>[^”\"' ]+)[”\"'](?= )")
_ROLE = re.compile(r" ?\((?:red|oprac|tłum|przeł|wyd|eds?|hrsg)\.\)$", re.IGNORECASE)
_ASIDE = re.compile(r" (?:\([^()]*\)|<[^<>]*>)$")
"""„Jan Kowalski (Urząd Gminy)”, „Jan Kowalski <jan@example.pl>”."""
_MOST_WORDS = 6
_SHORTEST_CAPITALS = 3


@dataclass(frozen=True, slots=True)
class Author:
    """A person with a family and given names, or a body, whose whole name is ``family``."""

    family: str
    given: str = ""
    body: bool = False

    @property
    def initials(self) -> str:
        """``Jan Maria-Anna`` → ``J. M.-A.``; a body has none."""
        names = re.sub(r"(?<=\.)(?=\w)", " ", self.given).split()
        return " ".join(
            name if name in PARTICLES else "-".join(f"{part[0]}." for part in name.split("-") if part) for name in names
        )

    @property
    def inverted(self) -> str:
        """``Kowalski, Jan``, a body as it is."""
        return f"{self.family}, {self.given}" if self.given else self.family

    @property
    def natural(self) -> str:
        """``Jan Kowalski``, a body as it is."""
        return f"{self.given} {self.family}" if self.given else self.family


@lru_cache(limits.KEPT_NAMES)
def author(name: str, kind: str = "") -> Author:
    """A name as given, in either order, with or without degrees. ``kind`` is „person” or „body” where somebody said so."""
    name = " ".join(name.split())
    if kind == "body":
        return Author(name, body=True)
    found = _person(name)
    if found is None and kind == "person":
        found = _split_anyway(name)
    return found or Author(name, body=True)


def _person(name: str) -> Author | None:
    name = re.sub(r"(?<=\w) [-–] (?=\w)", "-", _without_nickname(_ROLE.sub("", _ASIDE.sub("", name))))
    if _LEGAL_FORM.search(name) or re.search(r"[\d„”“\"«»&/@()]", name):
        return None
    parts = [part.strip() for part in name.split(",") if part.strip()]
    # „Jan Kowalski, prof. UW”, „Anna Nowak, radca prawny”
    parts = parts[:1] + [part for part in parts[1:] if not _is_apposition(part)]
    if len(parts) == 1:
        return _in_line(parts[0])
    return _inverted(*parts) if len(parts) == 2 else None


def _without_nickname(name: str) -> str:
    """„Jan „Anoda” Rodowicz” → „Jan Rodowicz”; quotation marks in any other place are a body's."""
    inside = _NICKNAME.search(name)
    if not inside:
        return name
    plain = name[: inside.start()] + name[inside.end() :]
    return plain if _is_given(plain.partition(" ")[0]) else name


def _is_apposition(part: str) -> bool:
    return is_degree(part.split(maxsplit=1)[0]) or part.islower()


def _inverted(family: str, given: str) -> Author | None:
    """„Kowalski, Jan”: who wrote the comma said which part is which."""
    names, _ = _without_degrees(given.split())
    surname, _ = _without_degrees(family.split())
    if not names or not surname or not _are_words([*names, *surname]) or len(surname) > _MOST_WORDS:
        return None
    core = [_usual(word) for word in names if word not in PARTICLES]
    if not core:
        return None
    certain = all(is_initial(word) or _is_given(word) for word in core)
    particles = len(core) < len(names) or any(word in PARTICLES for word in surname)
    possible = all(
        is_initial(word) or _is_given(word) or _may_be_foreign(word) or (particles and _is_only_family(word))
        for word in core
    )
    words = [_usual(word) for word in surname if word not in PARTICLES]
    if not words or not all(word[0].isupper() for word in words):
        return None
    if not (certain and (len(words) == 1 or all(map(_may_be_family, words)))) and not (
        possible and len(words) == 1 and not _FOREIGN_BODY.fullmatch(words[0])
    ):
        return None
    return Author(" ".join(map(_usual, surname)), " ".join(map(_usual, names)))


def _in_line(name: str) -> Author | None:
    words, titled = _without_degrees(name.split())
    if not 1 <= len(words) <= _MOST_WORDS or not _are_words(words):
        return None
    suffix = ""
    if len(words) > 2 and (words[-1].lower() in _SUFFIXES or _NUMERAL.fullmatch(words[-1])):
        suffix, words = " " + words[-1], words[:-1]
    spelled = _in_small_letters(words)
    if spelled is None:
        return None
    if len(spelled) == 1:
        if any(map(_FOREIGN_BODY.fullmatch, spelled[0].split("-"))):
            return None
        return Author(spelled[0]) if titled or _is_nothing_but_a_name(spelled[0]) else None
    for read in (_given_first, _family_first, _with_office, _foreign):
        found = read(spelled)
        if found:
            return replace(found, family=found.family + suffix)
    return _split_anyway(" ".join(spelled)) if titled and len(spelled) <= 3 else None


def _given_first(words: Sequence[str]) -> Author | None:
    """„Jan Kowalski”, „J. R. Nowak”, „Maria van der Berg”."""
    before = len(list(takewhile(lambda word: is_initial(word) or _is_given(word), words[:-1])))
    rest = list(words[before:])
    names = [word for word in rest if word not in PARTICLES]
    if not before or not names or len(names) > 3:
        return None
    # „Leonardo da Vinci”: after a particle the name is foreign, whatever it may be in Polish.
    if rest[0] not in PARTICLES and (
        not all(map(_may_be_family, names))
        or (len(names) > 1 and not all(_is_family(word) or not _is_known(word) for word in names))
    ):
        return None
    alone = len(names) == 1 and (_is_known(names[0]) or is_initial(words[0]))
    if any(map(_FOREIGN_BODY.fullmatch, names)) and not alone:
        return None
    # „John Fitzgerald Kennedy”: a foreign word between is another given name.
    while len(rest) > 1 and rest[0] not in PARTICLES and not _is_known(rest[0]):
        rest, before = rest[1:], before + 1
    return Author(" ".join(rest), " ".join(words[:before]))


def _family_first(words: Sequence[str]) -> Author | None:
    """„Nowak Jan”, „Kowalski J.”."""
    after = len(list(takewhile(lambda word: is_initial(word) or _is_given(word), reversed(words[1:]))))
    head, names = list(words[: len(words) - after]), words[len(words) - after :]
    core = [word for word in head if word not in PARTICLES]
    if not after or len(core) != 1 or head[-1] in PARTICLES or _FOREIGN_BODY.fullmatch(core[0]):
        return None
    initials = all(map(is_initial, names))
    if not (_is_family(core[0]) or not _is_known(core[0]) or (initials and _may_be_family(core[0]))):
        return None
    return Author(" ".join(head), " ".join(names))


def _with_office(words: Sequence[str]) -> Author | None:
    """„Wójt Jan Kowalski”: the office is no part of the name."""
    if len(words) < 3 or not shared_analyzer().naming(words[0]).office or not _is_given(words[1]):
        return None
    return _given_first(words[1:])


def _foreign(words: Sequence[str]) -> Author | None:
    """„Jürgen Müller”: no word of it is Polish, or none is more than a family name."""
    names = [word for word in words if word not in PARTICLES]
    if not 2 <= len(names) <= 3 or any(map(_FOREIGN_BODY.fullmatch, names)):
        return None
    if not all(_is_family(word) or _may_be_foreign(word) for word in names):
        return None
    # „Orange Polska”, „Veolia Łódź”
    if _may_be_foreign(names[0]) and shared_analyzer().naming(names[-1]).place:
        return None
    # „Ludwig van Beethoven”: foreign given names are family names here.
    if _may_be_foreign(names[0]) or (
        _is_only_family(names[0]) and (len(names) < len(words) or all(map(_is_only_family, names)))
    ):
        before = list(takewhile(lambda word: word not in PARTICLES, words[:-1]))
        return Author(" ".join(words[len(before) :]), " ".join(before))
    # „Nowak Switłana”
    first = shared_analyzer().naming(names[0])
    if len(words) == 2 and (first.office or not first.noun) and _may_be_foreign(names[1]):
        return Author(words[0], words[1])
    return None


def _split_anyway(name: str) -> Author:
    """The name of somebody who is said to be a person."""
    family, comma, given = name.partition(",")
    if comma:
        return Author(family.strip(), " ".join(_without_degrees(given.split())[0]))
    words, _ = _without_degrees(name.split())
    words = words or name.split()
    start = len(words) - 1
    while start > 1 and words[start - 1] in PARTICLES:
        start -= 1
    return Author(" ".join(words[start:]), " ".join(words[:start]))


def _without_degrees(words: Sequence[str]) -> tuple[list[str], bool]:
    """A name's words without degrees before and after, and whether there were some: no body has any."""
    start = 0
    while start < len(words) and (
        is_degree(words[start])
        or (words[start].islower() and words[start].endswith("."))
        or (start and words[start - 1].lower() == "prof." and words[start].isupper() and not is_initial(words[start]))
    ):
        start += 1
    kept = list(words[start:])
    end = next(
        (
            place
            for place, word in enumerate(kept)
            if place and is_degree(word) and (place > 1 or word.islower() or word.endswith("."))
        ),
        len(kept),
    )
    return kept[:end], any(map(is_degree, words[:start])) or end < len(kept)


def _are_words(words: Sequence[str]) -> bool:
    return all(_WORD.fullmatch(word) for word in words)


def _in_small_letters(words: Sequence[str]) -> list[str] | None:
    """The words as names are written; None where small or capital letters tell that this is no person's name.

    „JAN KOWALSKI”, „KOWALSKI Jan” and „jan kowalski” are names; „CWD Plus” has an abbreviation, „Bank dla Ludzi” a function word.
    """
    named = [word for word in words if word not in PARTICLES]
    if named and all(word.islower() for word in named) and _is_given(named[0].capitalize()):
        return [word if word in PARTICLES else _usual(word.upper()) for word in words]
    if any(word[0].islower() and word not in PARTICLES and not word.startswith(("d'", "d’")) for word in words):
        return None
    capitals = [word for word in named if _is_in_capitals(word)]
    if not capitals:
        return list(words)
    usual = [_usual(word) for word in words]
    if len(capitals) < len(named) and not (
        len(capitals) == 1
        and len(capitals[0]) >= _SHORTEST_CAPITALS
        and any(_is_given(word) or is_initial(word) for word in named if word not in capitals)
    ):
        return None
    given = any(_is_given(word) or is_initial(word) for word in usual)
    return usual if given and len(named) > 1 else None


def _is_in_capitals(word: str) -> bool:
    return word.isupper() and not is_initial(word) and not _NUMERAL.fullmatch(word) and len(word) > 1


def _usual(word: str) -> str:
    """``NOWAK-KOWALSKA`` → ``Nowak-Kowalska``, any other word as it is."""
    return "-".join(part.capitalize() for part in word.split("-")) if _is_in_capitals(word) else word


def _is_given(word: str) -> bool:
    return all(shared_analyzer().naming(part).given for part in word.split("-"))


def _is_family(word: str) -> bool:
    return all(shared_analyzer().naming(part).family or not _is_known(part) for part in word.split("-")) and _is_known(
        word
    )


def _is_known(word: str) -> bool:
    return any(shared_analyzer().known(part) for part in re.split("[-–]", word) if part)


def _may_be_family(word: str) -> bool:
    """Whether a word can be a family name: a noun or adjective in the nominative, or no Polish word."""
    word = re.sub("^[dl]['’]", "", word)
    return (
        word[:1].isupper()
        and not is_initial(word)
        and all(_is_nominative(part) for part in re.split("[-–]", word) if part)
    )


def _is_nominative(word: str) -> bool:
    naming = shared_analyzer().naming(word)
    return any(naming) or not shared_analyzer().known(word)


def _may_be_foreign(word: str) -> bool:
    """Whether a word is none of Polish ones, and so may be somebody's name."""
    return (
        word[0].isupper()
        and not _is_known(word)
        and not _FOREIGN_BODY.fullmatch(word)
        and not _MADE_IN_POLAND.fullmatch(word)
    )


def _is_nothing_but_a_name(word: str) -> bool:
    naming = shared_analyzer().naming(word)
    return (naming.given or naming.family) and not naming.noun and not naming.place and not _is_in_capitals(word)


def _is_only_family(word: str) -> bool:
    naming = shared_analyzer().naming(word)
    return naming.family and not (naming.noun or naming.adjective or naming.place)
