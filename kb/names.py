"""Names of authors written in one line → one by one: „Kowalski, Jan” is one person, „Jan Kowalski, Anna Nowak” are two."""

from __future__ import annotations

import re

from kb.polish import shared_analyzer

_SURNAME = re.compile(r"[^\W\d_]['’]?[^\W\d_]+(?:[-–][^\W\d_]+)*")
_INITIALS = re.compile(r"(?:[^\W\d_]\.[ -]?)+")


def split_names(text: str) -> list[str]:
    """The names in a text, as written, but persons with the given name first."""
    if ";" in text:
        return [_in_order(part.strip()) for part in text.split(";") if part.strip()]
    parts = [part.strip() for part in text.split(",") if part.strip()]
    pairs = list(zip(parts[::2], parts[1::2], strict=False))
    if len(parts) % 2 == 0 and all(_are_one(*pair) for pair in pairs):
        return [f"{given} {surname}" for surname, given in pairs]
    return parts


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
