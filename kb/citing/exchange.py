"""Records for reference managers: RIS and CSL-JSON."""

from __future__ import annotations

from datetime import date
from typing import Any

from kb.addresses import short_version
from kb.citing.names import Author
from kb.citing.records import Source, inner_quotes, line
from kb.formats import PDF


def ris(source: Source) -> str:
    """A record in RIS: a field a line, each author on its own."""
    document = source.document
    published = document.published
    fields: list[tuple[str, str]] = [("TY", "RPRT" if source.type == "report" else "ELEC")]
    fields += [("AU", a.inverted) for a in source.authors]
    fields += [("ED", a.inverted) for a in source.editors]
    fields += [
        ("TI", document.title),
        ("T3", source.series),
        ("M1", document.report_number),
        ("CY", document.place),
        ("PB", source.issuer),
        ("PY", source.year),
        ("DA", f"{published:%Y/%m/%d}" if published else ""),
        ("SP", source.label),
        ("SN", document.isbn or document.issn),
        ("DO", document.doi),
        ("N1", source.locator if source.page and not source.label else ""),
        ("N1", f"„{inner_quotes(line(source.quote))}”" if line(source.quote) else ""),
        ("AB", document.description),
        ("LA", document.language),
        ("UR", source.whole_url),
        ("L1", source.file_url if document.format is PDF else ""),
        ("Y2", f"{source.accessed:%Y/%m/%d}"),
        ("ID", source.key),
    ]
    lines = [f"{tag}  - {line(value)}" for tag, value in fields if line(value)]
    return "\r\n".join([*lines, "ER  - ", ""])


def csl(source: Source) -> dict[str, Any]:
    """An item of CSL-JSON. ``locator`` is the cited place, as citation processors name it."""
    document = source.document
    published = document.published
    quote = line(source.quote)
    item: dict[str, object] = {
        "id": source.key,
        "type": source.type,
        "title": source.title,
        "author": [_name(a) for a in source.authors],
        "editor": [_name(a) for a in source.editors],
        "issued": _date(published) if published else None,
        "publisher": source.issuer,
        "publisher-place": line(document.place),
        "collection-title": source.series,
        "number": line(document.report_number),
        "genre": source.genre,
        "locator": source.label or source.locator,
        "ISBN": document.isbn,
        "ISSN": document.issn,
        "DOI": document.doi,
        "abstract": line(document.description),
        "note": f"„{inner_quotes(quote)}”" if quote else "",
        "language": document.language,
        "URL": source.whole_url,
        "version": short_version(document.version),
        "accessed": _date(source.accessed),
    }
    return {name: value for name, value in item.items() if value}


def _name(author: Author) -> dict[str, str]:
    return {"family": author.family, "given": author.given} if author.given else {"literal": author.family}


def _date(day: date) -> dict[str, list[list[int]]]:
    return {"date-parts": [[day.year, day.month, day.day]]}
