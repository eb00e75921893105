"""A document or one of its pages → a bibliographic entry, or many documents → a file of them.

Pure: everything that an entry says comes from its ``Source``. What is unknown is left out, or marked as missing where the
style has a mark for that. Nothing is guessed except whether an author is a person or a body (``names``). ``prose`` is for
people, ``tex`` for LaTeX, ``exchange`` for reference managers, ``tags`` for what reads the site's pages.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from html import escape

from kb.citing import exchange, prose, tex
from kb.citing.prose import Runs
from kb.citing.records import Source, locator
from kb.errors import BadRequest

__all__ = ["STYLES", "Citation", "Source", "Style", "cite", "cite_all", "locator"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """A way of writing entries: its name, the media type and the ending of its files, and how an entry is made."""

    name: str
    media_type: str
    ending: str
    make: Callable[[Source], Runs]


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """An entry: ``text`` to copy, ``html`` the same with italics as ``em``, escaped."""

    style: str
    name: str
    media_type: str
    text: str
    html: str


def _plain(make: Callable[[Source], str]) -> Callable[[Source], Runs]:
    return lambda source: [(make(source), False)]


def _csl_list(source: Source) -> str:
    return _json([source])


STYLES: Mapping[str, Style] = {
    "iso690": Style(name="PN-ISO 690", media_type="text/plain", ending="txt", make=prose.iso690),
    "apa": Style(name="APA 7", media_type="text/plain", ending="txt", make=prose.apa),
    "apa-in-text": Style(name="APA 7, w tekście", media_type="text/plain", ending="txt", make=prose.apa_in_text),
    "bibtex": Style(name="BibTeX", media_type="application/x-bibtex", ending="bib", make=_plain(tex.bibtex)),
    "biblatex": Style(name="biblatex", media_type="application/x-bibtex", ending="bib", make=_plain(tex.biblatex)),
    "ris": Style(name="RIS", media_type="application/x-research-info-systems", ending="ris", make=_plain(exchange.ris)),
    "csl-json": Style(
        name="CSL-JSON",
        media_type="application/vnd.citationstyles.csl+json",
        ending="json",
        make=_plain(_csl_list),
    ),
}
"""All styles, by the name that an address has."""
FOR_PEOPLE = ("iso690", "apa", "apa-in-text")
FOR_PROGRAMS = tuple(style for style in STYLES if style not in FOR_PEOPLE)


def cite(source: Source, style: str) -> Citation:
    """The entry in one style. Raises BadRequest for a style that is not in ``STYLES``."""
    made = style_named(style)
    runs = made.make(source)
    return Citation(
        style=style,
        name=made.name,
        media_type=made.media_type,
        text="".join(text for text, _ in runs),
        html="".join(f"<em>{escape(text)}</em>" if italic else escape(text) for text, italic in runs if text),
    )


def cite_all(sources: Iterable[Source], style: str) -> str:
    """The entries of many documents as one file; one key for one document, however often it comes."""
    distinct = list({source.key: source for source in sources}.values())
    if style == "csl-json":
        return _json(distinct)
    entries = [cite(source, style).text for source in distinct]
    return ("\n" if style in FOR_PROGRAMS else "\n\n").join(entries) + ("" if style in FOR_PROGRAMS else "\n")


def style_named(style: str) -> Style:
    """A style. Raises BadRequest for one that is not in ``STYLES``."""
    if style not in STYLES:
        raise BadRequest(
            "Nie ma takiego formatu cytowania.", [f"format = „{style[:60]}”: możliwe: {', '.join(STYLES)}."]
        )
    return STYLES[style]


def _json(sources: Iterable[Source]) -> str:
    return json.dumps([exchange.csl(source) for source in sources], ensure_ascii=False, indent=2) + "\n"
