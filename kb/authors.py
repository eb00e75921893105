"""Names of authors written in one line → one by one: „Kowalski, Jan” is one person, „Jan Kowalski i Anna Nowak” are two."""

from __future__ import annotations

import re

from kb.polish import shared_analyzer

PARTICLES = frozenset(
    "von van de der den des da di la le du del della dos das do zu zum zur ten ter af av bin ibn al el y".split()  # noqa: SIM905
)
"""Small words that belong to family names."""
_DEGREES = frozenset(
    """
    prof dr hab mgr inż lic. arch. red. ks lek. med. dent. wet. doc. mec. adw. not. gen. płk ppłk mjr kpt. por. bp abp
    kard. rev. phd ph.d mba msc m.sc bsc llm ll.m dsc mr mrs ms sir pan pani r.pr r.pr. apl. adj. nadzw. zw. ucz. h.c. dr. esq.
    """.split()  # noqa: SIM905
)
"""Degrees and titles in small letters; those with a full stop are words of another meaning without it."""
_SURNAME = re.compile(r"[^\W\d_]['’]?[^\W\d_]+(?:[-–][^\W\d_]+)*")
_INITIALS = re.compile(r"(?:[^\W\d_]\.[ -]?)+")
_INITIAL = re.compile(r"(?:[^\W\d_][a-zżź]?\.-?)+")
_AND = re.compile(r"(?<=\S)\s++(?:i|oraz|and|[&/+|])\s++")
_LABEL = re.compile(r"[^\W\d_]+(?: [^\W\d_]+)?:\s+")
"""„Opracowanie: Jan Kowalski”."""
_LEGAL_FORM = re.compile(r"sp\. ?(?:z ?o\. ?o\.|[jkp]\.)|S\.?K?\.?A\.?|Ltd\.?|Inc\.?|LLC", re.IGNORECASE)


def is_degree(word: str) -> bool:
    """Whether a word is a degree or a title before or after a name: „prof.”, „hab.”, „PhD”."""
    small = word.lower()
    return small in _DEGREES or (small.endswith(".") and small[:-1] in _DEGREES)


def is_initial(word: str) -> bool:
    """Whether a word is an initial, or some: „J.”, „J.R.”, „Sz.”."""
    return bool(_INITIAL.fullmatch(word)) and word[0].isupper() and not is_degree(word)


def split_names(text: str) -> list[str]:
    """The names in a text, as written, but persons with the given name first."""
    text = text.strip()
    if ";" in text or "\n" in text:
        return [_in_order(part.strip()) for part in re.split("[;\n]", text) if part.strip()]
    if label := _LABEL.match(text):
        names = _in_line(text[label.end() :])
        if all(map(_is_person, names)):
            return names
    return _in_line(text)


def _in_line(text: str) -> list[str]:
    return [name for part in _between_commas(text) for name in _two_persons(part)]


def _between_commas(text: str) -> list[str]:
    parts = _joined([part.strip() for part in text.split(",") if part.strip()])
    pairs = list(zip(parts[::2], parts[1::2], strict=False))
    if len(parts) % 2 == 0 and all(_are_one(*pair) for pair in pairs):
        return [f"{given} {surname}" for surname, given in pairs]
    return parts


def _two_persons(text: str) -> list[str]:
    """„Anna Nowak i Jan Lis” are two; „Jan Lis i Wspólnicy”, „Anna i Jan Lisowie” stay as they are."""
    names = _AND.split(text)
    return names if all(map(_is_person, names)) else [text]


def _is_person(name: str) -> bool:
    """Whether a name is beyond doubt a given name (or initials) and a surname, degrees aside."""
    words = [word for word in name.split() if not is_degree(word)]
    if len(words) < 2 or not all(_SURNAME.fullmatch(word) and word[0].isupper() for word in words[1:]):
        return False
    return is_initial(words[0]) or shared_analyzer().is_given_name(words[0])


def _joined(parts: list[str]) -> list[str]:
    """What stands after a comma and is no name is put back: „Anna Nowak, prof. UW”, „Wydział Kultury, Sportu i Turystyki”."""
    names: list[list[str]] = []
    for part in parts:
        if names and not _is_person(part) and (_is_apposition(part) or _goes_on(names[-1][0], part)):
            names[-1].append(part)
        else:
            names.append([part])
    return [", ".join(name) for name in names]


def _is_apposition(part: str) -> bool:
    return is_degree(part.split(maxsplit=1)[0]) or _LEGAL_FORM.fullmatch(part) is not None


def _goes_on(name: str, part: str) -> bool:
    """Whether the name of a body that begins with ``name`` goes on with what it is of: no name begins in the genitive."""
    if _is_person(name) or " " not in name:
        return False
    first, _, rest = part.lower().partition(" ")
    analyzer = shared_analyzer()
    of_first = analyzer.agreement(first)
    forms = of_first.noun | of_first.adjective
    cases = {case for _, case, _ in forms}
    if "gen" not in cases or any(form[:2] == ("sg", "nom") for form in forms):
        return False
    # „Wody Polskie” is no genitive, though „wody” may be one: the word beside it tells.
    others = {case for _, case, _ in analyzer.agreement(rest.split()[0]).adjective} if rest else set()
    return "nom" not in cases or not others or "gen" in others


def _in_order(name: str) -> str:
    surname, _, given = (part.strip() for part in name.partition(","))
    return f"{given} {surname}" if _are_one(surname, given) else name


def _are_one(surname: str, given: str) -> bool:
    """Whether two parts between commas are the surname and the given names of one person."""
    if not _SURNAME.fullmatch(surname) or not surname[0].isupper():
        return False
    if _INITIALS.fullmatch(given):
        return True
    names = given.split()
    if not 0 < len(names) <= 2 or given.isupper() or not all(map(_SURNAME.fullmatch, names)):
        return False
    return all(_is_given(name) for name in names) and not (surname.isupper() and len(surname) < 4)


def _is_given(name: str) -> bool:
    analyzer = shared_analyzer()
    # A name that the dictionary does not have is a foreign one: „Müller, Jürgen”.
    return analyzer.is_given_name(name) or (name.istitle() and not analyzer.known(name))
