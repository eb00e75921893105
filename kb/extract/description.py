"""A PDF's own document information → metadata worth showing: most of what programs write there is not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from kb.extract.clean import characters, has_text

_NO_TITLE = re.compile(
    r"(?:microsoft (?:word|powerpoint|excel)|powerpoint presentation|prezentacja programu powerpoint|untitled"
    r"|bez nazwy|bez tytułu"
    r"|(?:new |nowy )?(?:dokument|document|prezentacja|presentation|slajd|slide|layout|scan|skan|img|page|strona)[\s_\d-]*$)"
    r"|.*\.(?:docx?|docm|odt|rtf|txt|pdf|indd|qxd|pages|tex|dvi|pptx?|odp|xlsx?|ods|cdr|ai|psd|html?|jpe?g|png|tiff?)$",
    re.IGNORECASE,
)
_NO_AUTHOR = re.compile(
    r"(?:user|użytkownik|uzytkownik|użytkownik systemu windows|admin|administrator|owner|właściciel|windows"
    r"|microsoft|office|pc|komputer|acer|asus|dell|hp|lenovo|toshiba|laptop|unknown|nieznany|author|autor|dom|gość"
    r"|guest|biuro|sekretariat|dyrektor|x+)[\s_\d-]*$",
    re.IGNORECASE,
)
_ACCOUNT = re.compile(r"[^\W\d_][^\W\dA-Z_]*\d*")
_DATE = re.compile(r"(?:D:)?(\d{4})(\d{2})?(\d{2})?")
_FIRST_YEAR = 1990


def describe(info: Mapping[str, str]) -> dict[str, object]:
    """``Title``, ``Author``, ``Subject`` and ``CreationDate`` of a PDF → ``title``, ``authors``, ``description``, ``published``.

    Only what is there and plausible: no file names, no names of programs, no user accounts. ``published`` is an ISO date.
    """
    found: dict[str, object] = {}
    title = _line(info.get("Title", ""))
    if _is_title(title):
        found["title"] = title
    authors = _authors(_line(info.get("Author", "")))
    if authors:
        found["authors"] = authors
    subject = _line(info.get("Subject", ""))
    if len(subject) > 3 and has_text(subject) and not _NO_TITLE.match(subject):
        found["description"] = subject
    published = _day(info.get("CreationDate", ""))
    if published:
        found["published"] = published
    return found


def _line(text: str) -> str:
    return " ".join(characters(text).split())


def _is_title(title: str) -> bool:
    if len(title) < 3 or not has_text(title) or "\ufffd" in title:
        return False
    # A file's name without its ending: „raport_2021_final”.
    return not _NO_TITLE.match(title) and not ("_" in title and " " not in title)


def _authors(text: str) -> list[str]:
    separator = ";" if ";" in text else ","
    names = (name.strip() for name in text.split(separator))
    return [name for name in names if _is_author(name)]


def _is_author(name: str) -> bool:
    if len(name) < 3 or not has_text(name) or "@" in name or _NO_AUTHOR.match(name):
        return False
    # One plain word is the name of an account („Tomek”); „GUS” and „tranzycja.pl” are bodies.
    return not _ACCOUNT.fullmatch(name)


def _day(text: str) -> str | None:
    match = _DATE.match(text.strip())
    if not match or int(match[1]) < _FIRST_YEAR:
        return None
    try:
        return date(int(match[1]), int(match[2] or 1), int(match[3] or 1)).isoformat()
    except ValueError:
        return None
