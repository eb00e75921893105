"""Records for LaTeX: BibTeX, and biblatex, which has more fields and other names for some."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kb.citing.names import Author
from kb.citing.records import Source, inner_quotes, line

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()  # noqa: SIM905
_LANGUAGES = {
    "pl": "polish",
    "en": "english",
    "de": "german",
    "fr": "french",
    "uk": "ukrainian",
    "cs": "czech",
    "sk": "slovak",
    "lt": "lithuanian",
    "es": "spanish",
    "it": "italian",
    "ru": "russian",
    "be": "belarusian",
}
_BODY_FIELDS = {"techreport": "institution", "manual": "organization"}
_ESCAPED = {
    "\\": r"{\textbackslash}",
    "~": r"{\textasciitilde}",
    "^": r"{\textasciicircum}",
    **{character: "\\" + character for character in "$&%#_{}"},
}
_BRACES = {"{": r"{\textbraceleft}", "}": r"{\textbraceright}"}
"""BibTeX counts braces, those after a backslash as well: an odd one would swallow all fields after it."""


def bibtex(source: Source) -> str:
    """An entry for BibTeX. No classic style prints a report's series, so it stands in the note as well."""
    document = source.document
    of_report = "manual" if document.kind == "poradnik" else "techreport"
    kind = of_report if source.type == "report" else "misc"
    published = document.published
    note = [source.series, "" if source.label else source.locator, f"dostęp {source.accessed.isoformat()}"]
    fields = {
        **_common(source),
        _BODY_FIELDS.get(kind, "publisher"): _escaped(source.issuer),
        "address": _escaped(document.place),
        "year": source.year,
        # The macro, which styles print in their language.
        "month": "#" + _MONTHS[published.month - 1] if published else "",
        "day": str(published.day) if published and source.type == "webpage" else "",
        "pages": _escaped(source.label),
        "howpublished": r"\url{" + _address(source.whole_url) + "}" if kind == "misc" else "",
        "note": _escaped(", ".join(part for part in note if part)),
        "language": _LANGUAGES.get(document.language, _escaped(document.language)),
        "annote": _quotation(source),
    }
    return _entry(kind, source, fields)


def biblatex(source: Source) -> str:
    """An entry for biblatex."""
    document = source.document
    report = source.type == "report"
    note = [source.series if report else "", "" if source.label else source.locator]
    fields = {
        **_common(source),
        "type": source.genre,
        "institution" if report else "organization": _escaped(source.issuer),
        "location": _escaped(document.place),
        "date": document.published.isoformat() if document.published else "",
        "pages": _escaped(source.label),
        "note": _escaped(", ".join(part for part in note if part)),
        "annotation": _quotation(source),
    }
    return _entry("report" if report else "online", source, fields)


def _common(source: Source) -> dict[str, str]:
    document = source.document
    return {
        "author": _names(source.authors),
        "editor": _names(source.editors),
        # Doubled braces keep the capitals of abbreviations.
        "title": f"{{{_escaped(document.title)}}}",
        "series": _escaped(source.series),
        "number": _escaped(document.report_number),
        "isbn": _escaped(document.isbn),
        "issn": _escaped(document.issn),
        "doi": _address(document.doi),
        "url": _address(source.whole_url),
        "urldate": source.accessed.isoformat(),
        "langid": _LANGUAGES.get(document.language, ""),
    }


def _entry(kind: str, source: Source, fields: Mapping[str, str]) -> str:
    order = (
        "author",
        "editor",
        "title",
        "type",
        "institution",
        "organization",
        "publisher",
        "address",
        "location",
        "year",
        "month",
    )
    ranked = sorted(fields, key=lambda name: order.index(name) if name in order else len(order))
    lines = [f"  {name} = {_value(fields[name])}" for name in ranked if fields[name]]
    return f"@{kind}{{{source.key},\n" + ",\n".join(lines) + "\n}\n"


def _quotation(source: Source) -> str:
    quote = line(source.quote)
    return _escaped(f"„{inner_quotes(quote)}”") if quote else ""


def _value(value: str) -> str:
    return value[1:] if value.startswith("#") else f"{{{value}}}"


def _names(authors: Iterable[Author]) -> str:
    return " and ".join(
        f"{_part(a.family)}, {_part(a.given)}" if a.given else f"{{{_escaped(a.family)}}}" for a in authors
    )


def _part(name: str) -> str:
    """A part of a name: BibTeX takes commas and „and” within it for its own."""
    escaped = _escaped(name)
    return f"{{{escaped}}}" if "," in name or " and " in f" {name.lower()} " else escaped


def _address(url: str) -> str:
    """An address as it is: these fields are read letter by letter, but for what would end them."""
    kept = line(url)
    for character, code in (("\\", "%5C"), ("{", "%7B"), ("}", "%7D"), (" ", "%20")):
        kept = kept.replace(character, code)
    return kept


def _escaped(text: str) -> str:
    """Text for TeX: special characters escaped, Polish letters as they are."""
    kept = line(text)
    escaped = _ESCAPED if _is_balanced(kept) else _ESCAPED | _BRACES
    return "".join(escaped.get(character, character) for character in kept)


def _is_balanced(text: str) -> bool:
    depth = 0
    for character in text:
        depth += (character == "{") - (character == "}")
        if depth < 0:
            return False
    return depth == 0
