"""Entries for people to read: PN-ISO 690:2012 as used in Poland, APA 7 in its Polish form, as a reference and in the text."""

from __future__ import annotations

from collections.abc import Sequence

from kb import messages
from kb.citing.names import Author
from kb.citing.records import Source, inner_quotes, line

Runs = list[tuple[str, bool]]
"""Text in pieces, each with whether it is in italics."""
_MOST_APA_AUTHORS = 20
_LONGEST_SHORT_TITLE = 5


def iso690(source: Source) -> Runs:
    """``KOWALSKI, Jan. Tytuł [online]. Warszawa: Wydawca, 2023, s. 15 [dostęp 2026-11-25]. Seria. Dostępny w: https://…``."""
    document = source.document
    people = source.authors
    names = _joined([_in_capitals(a) for a in people], " i ")
    editors = _joined([_in_capitals(a) for a in source.editors], " i ")
    if not people and editors:
        names, editors = f"{editors} (red.)", ""
    issued = ", ".join(part for part in (_imprint(source), _issued(source, "[b.r.]"), source.locator) if part)
    further = [
        f"Red. {_joined([a.natural for a in source.editors], ' i ')}" if editors else "",
        ", ".join(part for part in (source.series, _number(source)) if part),
        f"ISBN {document.isbn}" if document.isbn else "",
        f"ISSN {document.issn}" if document.issn else "",
        f"DOI {document.doi}" if document.doi else "",
    ]
    entry = "".join(f" {_ended(part)}" for part in further if part)
    return [
        *_quotation(source, " — "),
        (f"{_ended(names)} " if names else "", False),
        (source.title, True),
        (f" [online]. {issued} [dostęp {source.accessed.isoformat()}].{entry} Dostępny w: {source.url}", False),
    ]


def apa(source: Source) -> Runs:
    """``Kowalski, J. (2023). Tytuł (Seria, nr 5). Wydawca. Pobrano 25 listopada 2026 r. z https://…``."""
    authors, role = source.authors, ""
    edited = ""
    if not authors and source.editors:
        authors, role = source.editors, " (red.)"
    elif source.editors:
        names = [f"{a.initials} {a.family}" if a.given else a.family for a in source.editors]
        edited = f"{_joined(names, ' & ')}, red."
    people = [f"{a.family}, {a.initials}" if a.given else a.family for a in authors]
    if len(people) > _MOST_APA_AUTHORS:
        names_text = ", ".join([*people[: _MOST_APA_AUTHORS - 1], "… " + people[-1]])
    else:
        names_text = _joined(people, ", & ")
    names_text += role
    issued = f"({_issued(source, 'b.d.', apa=True)})."
    about = "; ".join(
        part for part in (", ".join(part for part in (source.series, _number(source)) if part), edited) if part
    )
    title: Runs = [(source.title, True), (f" ({about})." if about else _dot_after(source.title), False)]
    # An author who is also the publisher is not named twice.
    publisher = "" if [source.issuer] == [a.family for a in authors] else source.issuer
    # A DOI is for ever, and needs no day.
    where = (
        f"https://doi.org/{source.document.doi}"
        if source.document.doi
        else f"Pobrano {messages.long_date(source.accessed)} z {source.whole_url}"
    )
    rest = (f" {_ended(publisher)}" if publisher else "") + f" {where}"
    if names_text:
        return [*_quotation(source, " — "), (f"{_ended(names_text)} {issued} ", False), *title, (rest, False)]
    return [*_quotation(source, " — "), *title, (f" {issued}{rest}", False)]


def apa_in_text(source: Source) -> Runs:
    """``(Kowalski & Nowak, 2023, s. 15)``; of three authors and more the first alone is named, without any the title."""
    authors = source.authors or source.editors
    names = [a.family for a in authors]
    runs: Runs
    if not names:
        runs = [("(", False), (_short_title(source.title), True)]
    else:
        runs = [("(" + (f"{names[0]} i in." if len(names) > 2 else " & ".join(names)), False)]
    after = ", ".join(part for part in (source.year or "b.d.", source.locator) if part)
    return [*_quotation(source, " "), *runs, (f", {after})", False)]


def _quotation(source: Source, then: str) -> Runs:
    text = line(source.quote)
    return [(f"„{inner_quotes(text)}”{then}", False)] if text else []


def _imprint(source: Source) -> str:
    """Where and by whom it was published; a page of a site has no place."""
    place = line(source.document.place) or ("[b.m.]" if source.type == "report" else "")
    return ": ".join(part for part in (place, source.issuer) if part)


def _issued(source: Source, unknown: str, *, apa: bool = False) -> str:
    """The year; of what stands on a site the day, since there is something new every day."""
    published = source.document.published
    if published is None:
        return unknown
    if source.type == "report":
        return source.year
    day = messages.long_date(published).removesuffix(" r.")
    return f"{published.year}, {day.removesuffix(f' {published.year}')}" if apa else day


def _number(source: Source) -> str:
    number = line(source.document.report_number)
    return f"nr {number}" if number and number[0].isdigit() else number


def _in_capitals(author: Author) -> str:
    return f"{author.family.upper()}, {author.given}" if author.given else author.family.upper()


def _short_title(title: str) -> str:
    words = title.split()
    return (
        title if len(words) <= _LONGEST_SHORT_TITLE else " ".join(words[:_LONGEST_SHORT_TITLE]).rstrip(",:;.–-") + "…"
    )


def _joined(parts: Sequence[str], last: str) -> str:
    return last.join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def _ended(text: str) -> str:
    return text + _dot_after(text)


def _dot_after(text: str) -> str:
    return "" if text.rstrip('”"»)').endswith((".", "!", "?", "…")) and not text.endswith(")") else "."
