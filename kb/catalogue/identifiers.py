"""Numbers by which libraries know a publication, with their check digits: ISBN, ISSN, DOI."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator

from kb.catalogue.fields import Text, clean

_HYPHENS = re.compile(r"[\u2010-\u2015\u2212]")
_DOI = re.compile(r"10\.\d{4,9}/[^\s\"<>]+")


def _as_text(value: object) -> object:
    """A number as YAML reads it is text here: nobody puts 9788301000004 in quotation marks."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return _HYPHENS.sub("-", clean(value)).strip() if isinstance(value, str) else value


Identifier = Annotated[Text, BeforeValidator(_as_text)]


def isbn(value: str) -> str:
    """An ISBN of ten or thirteen digits, as written. Raises ValueError for a wrong one."""
    written = re.sub(r"^ISBN(?:-1[03])?:?\s*", "", value, flags=re.IGNORECASE).upper()
    digits = re.sub(r"[-\s]", "", written)
    if not digits:
        return ""
    if re.fullmatch(r"97[89]\d{10}", digits):
        right = sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(digits)) % 10 == 0
    elif re.fullmatch(r"\d{9}[\dX]", digits):
        right = sum(_value(digit) * (10 - place) for place, digit in enumerate(digits)) % 11 == 0
    else:
        raise ValueError("ISBN ma 10 albo 13 cyfr, np. 978-83-01-00000-4")
    if not right:
        raise ValueError("cyfra kontrolna ISBN się nie zgadza; sprawdź numer")
    return written


def issn(value: str) -> str:
    """An ISSN as ``1234-5679``. Raises ValueError for a wrong one."""
    digits = re.sub(r"[-\s]", "", re.sub(r"^e?-?ISSN(?:-L)?:?\s*", "", value, flags=re.IGNORECASE)).upper()
    if not digits:
        return ""
    if not re.fullmatch(r"\d{7}[\dX]", digits):
        raise ValueError("ISSN ma osiem cyfr, np. 0033-202X")
    if sum(_value(digit) * (8 - place) for place, digit in enumerate(digits)) % 11:
        raise ValueError("cyfra kontrolna ISSN się nie zgadza; sprawdź numer")
    return f"{digits[:4]}-{digits[4:]}"


def doi(value: str) -> str:
    """A DOI without what stands before it: ``10.1000/182``. Raises ValueError for a wrong one."""
    bare = re.sub(r"^(?:https?://(?:dx\.)?doi\.org/|doi:?\s*)", "", value, flags=re.IGNORECASE)
    if bare and not _DOI.fullmatch(bare):
        raise ValueError("DOI zaczyna się od 10. i ma ukośnik, np. 10.1000/182")
    return bare


def _value(digit: str) -> int:
    return 10 if digit == "X" else int(digit)
