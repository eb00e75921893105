"""A PDF's own document information → metadata worth showing: most of what programs write there is not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta

from kb.authors import split_names
from kb.extract.clean import Known, characters, has_text
from kb.extract.encodings import repaired_strings
from kb.polish import normalise

_NO_TITLE = re.compile(
    r"(?:microsoft (?:word|powerpoint|excel)|powerpoint presentation|prezentacja programu powerpoint|untitled"
    r"|bez nazwy|bez tytułu|no title|(?:my |your |the )?title$|tytuł(?: prezentacji| dokumentu)?$|unspecified$|temat$|subject$"
    r"|kliknij, aby|click to |full page (?:photo|fax)|print(?:ed)? document|tcpdf (?:example|tutorial)|latex (?:article|document)"
    r"|(?:new |nowy )?(?:pdf )?(?:dokument|document|doc|zeszyt|book|arkusz|sheet|raport|report"
    r"|prezentacja|presentation|slajd|slide|layout|scan|skan|img|page|strona)[\s_\d-]*$)"
    r"|.*\.(?:docx?|docm|odt|rtf|txt|pdf|indd|qxd|pages|tex|dvi|pptx?|odp|xlsx?|ods|cdr|ai|psd|html?|jpe?g|png|tiff?)$",
    re.IGNORECASE,
)
_NO_AUTHOR = re.compile(
    r"(?:user|użytkownik|uzytkownik|użytkownik systemu windows|admin|administrator|owner|właściciel|windows"
    r"|microsoft|office|pc|komputer|acer|asus|dell|hp|lenovo|toshiba|laptop|unknown|nieznany|author|autor|dom|gość"
    r"|guest|biuro|sekretariat|dyrektor|x+|anonymous|anonim|anonimowy|unspecified|root|test|nicola asuni|tcpdf|reportlab"
    r"|(?:your|author(?:'s)?) name|imię i nazwisko|wkhtmltopdf|latex|canva|pdf-?creator)[\s_\d-]*$",
    re.IGNORECASE,
)
_ACCOUNT = re.compile(r"[^\W\d_][^\W\dA-Z_]*\d*")
_DATE = re.compile(r"(?:D:)?(\d{4})(\d{2})?(\d{2})?")
_FIRST_YEAR = 1990


def describe(info: Mapping[str, str], known: Known, today: date | None = None) -> dict[str, object]:
    """``Title``, ``Author``, ``Subject`` and ``CreationDate`` of a PDF → ``title``, ``authors``, ``description``, ``published``.

    Only what is there and plausible: no file names, no names of programs, no user accounts, no day to come. ``published`` is
    an ISO date. Polish letters that were written in an old encoding are repaired.
    """
    found: dict[str, object] = {}
    written = [info.get(key, "") for key in ("Title", "Author", "Subject")]
    title, author, subject = map(_line, repaired_strings(written, known))
    if _is_title(title):
        found["title"] = title
    authors = [name for name in split_names(author) if _is_author(name)]
    if authors:
        found["authors"] = authors
    if len(subject) > 3 and has_text(subject) and not _NO_TITLE.match(subject):
        found["description"] = subject
    published = _day(info.get("CreationDate", ""), today or date.today())  # noqa: DTZ011 - a day of slack is left
    if published:
        found["published"] = published
    return found


def _line(text: str) -> str:
    return " ".join(normalise(characters(text)).split())


def _is_title(title: str) -> bool:
    if len(title) < 3 or not has_text(title) or "\ufffd" in title:
        return False
    # A file's name without its ending: „raport_2021_final”.
    return not _NO_TITLE.match(title) and not ("_" in title and " " not in title)


def _is_author(name: str) -> bool:
    if len(name) < 3 or not has_text(name) or "@" in name or _NO_AUTHOR.match(name):
        return False
    # One plain word is the name of an account („Tomek”); „GUS” and „tranzycja.pl” are bodies.
    return not _ACCOUNT.fullmatch(name)


def _day(text: str, today: date) -> str | None:
    match = _DATE.match(text.strip())
    if not match or int(match[1]) < _FIRST_YEAR:
        return None
    try:
        day = date(int(match[1]), int(match[2] or 1), int(match[3] or 1))
    except ValueError:
        return None
    # East of here it may be tomorrow already.
    return day.isoformat() if day <= today + timedelta(days=1) else None
