"""A document or one of its pages → a bibliographic entry: ISO 690 as used in Poland, APA 7, BibTeX, RIS, CSL-JSON.

Pure: everything that an entry says comes from its ``Source``. What is unknown is left out, or marked as missing where the
style has a mark for that. Nothing is guessed except whether an author is a person or an institution.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

from kb.errors import BadRequest
from kb.model import Document, Page, PageHit

_INSTITUTION = re.compile(
    r"\b(zespół|zespol|redakcja|fundacja|stowarzyszenie|związek|zwiazek|ministerstwo|minister|urząd|centrum|instytut|gmina"
    r"|miasto|powiat|województwo|samorząd|starostwo|biuro|departament|wydział|uniwersytet|politechnika|akademia|szkoła"
    r"|bank|agencja|rada|komisja|komitet|główny|krajow\w+|narodow\w+|polsk\w+|partnerstwo|sp\.|s\.a\.|spółka|konsorcjum"
    r"|team|institute|university|ministry|foundation|association|commission|council|office|group|ltd|inc)\b",
    re.IGNORECASE,
)
_DEGREES = re.compile(r"^(?:(?:prof|dr|hab|mgr|inż|lic|arch|red|ks)\b\.?\s*)+", re.IGNORECASE)
_QUOTED = re.compile(r"[„“]([^”“\"\n]*+)([”“\"]?)")
"""Quotation marks that are never closed are matched too, up to the end: they are left as they are, and read once."""
_PARTICLES = {"von", "van", "de", "der", "den", "da", "di", "la", "le", "du", "del", "della", "zu"}
_MOST_APA_AUTHORS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What is cited: a document, or one of its pages, with its address and the day on which it was read.

    ``edition`` is the name of the programme's edition, "" for none; ``publisher`` is used where the document names none.
    """

    document: Document
    url: str
    accessed: date
    page: Page | None = None
    edition: str = ""
    publisher: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """An entry: ``text`` to copy, ``html`` the same with italics as ``em``, escaped."""

    style: str
    name: str
    media_type: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Author:
    """A person with a family and given names, or an institution with a family name alone."""

    family: str
    given: str = ""

    @property
    def initials(self) -> str:
        """``Jan Maria-Anna`` → ``J. M.-A.``."""
        return " ".join("-".join(f"{part[0]}." for part in name.split("-") if part) for name in self.given.split())

    @property
    def inverted(self) -> str:
        """``Kowalski, Jan``, an institution as it is."""
        return f"{self.family}, {self.given}" if self.given else self.family


_Runs = list[tuple[str, bool]]
"""Text in pieces, each with whether it is in italics."""


def cite(source: Source, style: str) -> Citation:
    """The entry in one style. Raises BadRequest for a style that is not in ``STYLES``."""
    if style not in STYLES:
        raise BadRequest(
            "Nie ma takiego formatu cytowania.", [f"format = „{style[:60]}”: możliwe: {', '.join(STYLES)}."]
        )
    name, media_type, make = STYLES[style]
    runs = make(source)
    return Citation(
        style=style,
        name=name,
        media_type=media_type,
        text="".join(text for text, _ in runs),
        html="".join(f"<em>{escape(text)}</em>" if italic else escape(text) for text, italic in runs),
    )


def locator(document: Document, page: Page | PageHit | None) -> str:
    """Where in a document: ``s. 15`` as printed, ``strona pliku 17`` without a printed number, a section by its heading."""
    if page is None:
        return ""
    if not document.format.has_pages:
        return (
            f"część „{_inner_quotes(page.heading)}”"
            if page.heading
            else "wstęp"
            if page.number == 1
            else f"część {page.number}"
        )
    return f"s. {page.label}" if page.label else f"strona pliku {page.number}"


def author(name: str) -> Author:
    """A name as given, in either order: ``dr Jan Kowalski`` and ``Kowalski, Jan`` are the same person."""
    name = " ".join(name.split())
    if _INSTITUTION.search(name):
        return Author(name)
    if name.count(",") == 1:
        family, given = (part.strip() for part in name.split(","))
        return Author(family, _DEGREES.sub("", given)) if family and given else Author(family or given)
    words = _DEGREES.sub("", name).split()
    if not 2 <= len(words) <= 4 or not all(_is_name(word) for word in words):
        return Author(name)
    first_of_family = len(words) - 1
    while first_of_family > 1 and words[first_of_family - 1].lower() in _PARTICLES:
        first_of_family -= 1
    return Author(" ".join(words[first_of_family:]), " ".join(words[:first_of_family]))


def _is_name(word: str) -> bool:
    if word.lower() in _PARTICLES:
        return True
    # "CWD" is an abbreviation, "J." an initial.
    return word[0].isupper() and not any(c.isdigit() for c in word) and (word.endswith(".") or not word.isupper())


def _authors(source: Source) -> list[Author]:
    return [author(name) for name in source.document.authors if name.strip()]


def _publisher(source: Source) -> str:
    return source.document.publisher or source.publisher


def _year(source: Source) -> str:
    return source.document.year or ""


def _iso690(source: Source) -> _Runs:
    people = [f"{a.family.upper()}, {a.given}" if a.given else a.family.upper() for a in _authors(source)]
    place = ", ".join(part for part in (_publisher(source), _year(source) or "[b.r.]", _where(source)) if part)
    series = f" ({source.edition})" if source.edition else ""
    return [
        (_ended(_joined(people, " i ")) + " " if people else "", False),
        (source.document.title, True),
        (_dot_after(source.document.title) + " " + _ended(place + series), False),
        (f" [dostęp: {source.accessed:%d.%m.%Y}]. Dostępne w: {source.url}", False),
    ]


def _apa(source: Source) -> _Runs:
    authors = _authors(source)
    people = [f"{a.family}, {a.initials}" if a.given else a.family for a in authors]
    if len(people) > _MOST_APA_AUTHORS:
        people = [*people[: _MOST_APA_AUTHORS - 1], "… " + people[-1]]
        names = ", ".join(people)
    else:
        names = _joined(people, ", & ")
    year = f"({_year(source) or 'b.d.'})."
    where = f" ({_where(source)})" if source.page else ""
    # An author who is also the publisher is not named twice.
    publisher = "" if [_publisher(source)] == [a.family for a in authors] else _publisher(source)
    title: _Runs = [
        (source.document.title, True),
        (where + ("." if where else _dot_after(source.document.title)), False),
    ]
    rest = (f" {_ended(publisher)}" if publisher else "") + f" {source.url}"
    if names:
        return [(f"{_ended(names)} {year} ", False), *title, (rest, False)]
    return [*title, (f" {year}{rest}", False)]


def _bibtex(source: Source) -> _Runs:
    document = source.document
    kind = {"raport": "techreport", "poradnik": "manual"}.get(document.kind or "", "misc")
    names = [f"{_tex(a.family)}, {_tex(a.given)}" if a.given else f"{{{_tex(a.family)}}}" for a in _authors(source)]
    body = {"techreport": "institution", "manual": "organization"}.get(kind, "publisher")
    fields = {
        "author": " and ".join(names),
        # Doubled braces keep the capitals of abbreviations.
        "title": f"{{{_tex(document.title)}}}",
        body: _tex(_publisher(source)),
        "year": _year(source),
        "month": str(document.published.month) if document.published else "",
        "series": _tex(source.edition),
        "pages": _tex(source.page.label) if source.page and source.page.label else "",
        "note": "" if source.page is None or source.page.label else _tex(_where(source)),
        "url": source.url.replace("{", "%7B").replace("}", "%7D"),
        "urldate": source.accessed.isoformat(),
        "language": {"pl": "polish", "en": "english"}.get(document.language, _tex(document.language)),
    }
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    return [("@" + kind + "{" + _key(source) + ",\n" + ",\n".join(lines) + "\n}\n", False)]


def _ris(source: Source) -> _Runs:
    document = source.document
    published = document.published
    fields: list[tuple[str, str]] = [("TY", "RPRT" if document.kind in ("raport", "poradnik") else "ELEC")]
    fields += [("AU", a.inverted) for a in _authors(source)]
    fields += [
        ("TI", document.title),
        ("T3", source.edition),
        ("PB", _publisher(source)),
        ("PY", _year(source)),
        ("DA", f"{published:%Y/%m/%d}" if published else ""),
        ("SP", source.page.label or "" if source.page else ""),
        ("N1", _where(source) if source.page and not source.page.label else ""),
        ("AB", document.description),
        ("LA", document.language),
        ("UR", source.url),
        ("Y2", f"{source.accessed:%Y/%m/%d}"),
        ("ID", _key(source)),
    ]
    lines = [f"{tag}  - {' '.join(value.split())}" for tag, value in fields if value.strip()]
    return [("\r\n".join([*lines, "ER  - ", ""]), False)]


def _csl(source: Source) -> _Runs:
    document = source.document
    published = document.published
    item: dict[str, object] = {
        "id": _key(source),
        "type": "report" if document.kind in ("raport", "poradnik") else "webpage",
        "title": document.title,
        "author": [
            {"family": a.family, "given": a.given} if a.given else {"literal": a.family} for a in _authors(source)
        ],
        "issued": {"date-parts": [[published.year, published.month, published.day]]} if published else None,
        "publisher": _publisher(source),
        "collection-title": source.edition,
        "page": source.page.label if source.page else None,
        "note": _where(source) if source.page and not source.page.label else "",
        "abstract": document.description,
        "language": document.language,
        "URL": source.url,
        "accessed": {"date-parts": [[source.accessed.year, source.accessed.month, source.accessed.day]]},
    }
    kept = {name: value for name, value in item.items() if value}
    return [(json.dumps([kept], ensure_ascii=False, indent=2) + "\n", False)]


STYLES: Mapping[str, tuple[str, str, Callable[[Source], _Runs]]] = {
    "iso690": ("ISO 690", "text/plain", _iso690),
    "apa": ("APA 7", "text/plain", _apa),
    "bibtex": ("BibTeX", "application/x-bibtex", _bibtex),
    "ris": ("RIS", "application/x-research-info-systems", _ris),
    "csl-json": ("CSL-JSON", "application/vnd.citationstyles.csl+json", _csl),
}
"""Style → its name, the media type of its file and the function that makes it."""


def _where(source: Source) -> str:
    return locator(source.document, source.page)


def _key(source: Source) -> str:
    """A key for reference managers: the same place always has the same one."""
    return source.document.id + (f"-{source.page.number}" if source.page else "")


def _inner_quotes(text: str) -> str:
    """Polish inner quotation marks, for a text that will stand in „…”."""
    return _QUOTED.sub(lambda match: f"«{match[1]}»" if match[2] else match[0], text)


def _joined(parts: Sequence[str], last: str) -> str:
    return last.join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def _ended(text: str) -> str:
    return text + _dot_after(text)


def _dot_after(text: str) -> str:
    return "" if text.rstrip('”"»)').endswith((".", "!", "?", "…")) and not text.endswith(")") else "."


_TEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{character: "\\" + character for character in "{}$&%#_"},
}


def _tex(text: str) -> str:
    """Text for BibTeX: special characters escaped, Polish letters as they are."""
    return "".join(_TEX.get(character, character) for character in " ".join(text.split()))
