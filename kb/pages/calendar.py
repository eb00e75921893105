"""Events as iCalendar (RFC 5545), for one event and for all: what calendars import, or follow by its address."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from urllib.parse import urlsplit

from kb import messages
from kb.addresses import document_url
from kb.model import Document, Taxonomy

MEDIA_TYPE = "text/calendar; charset=utf-8"
_ZONE = "Europe/Warsaw"
_ZONE_RULES = (
    "BEGIN:VTIMEZONE",
    f"TZID:{_ZONE}",
    "BEGIN:DAYLIGHT",
    "DTSTART:19960331T020000",
    "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
    "TZOFFSETFROM:+0100",
    "TZOFFSETTO:+0200",
    "TZNAME:CEST",
    "END:DAYLIGHT",
    "BEGIN:STANDARD",
    "DTSTART:19961027T030000",
    "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
    "TZOFFSETFROM:+0200",
    "TZOFFSETTO:+0100",
    "TZNAME:CET",
    "END:STANDARD",
    "END:VTIMEZONE",
)
"""The clock in Poland, as it has been since 1996: a file that says it needs no table of zones on either side."""
_LINE_BYTES = 75
_SPECIAL = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")


def calendar(events: Iterable[Document], taxonomy: Taxonomy, base_url: str, today: date) -> str:
    """A calendar of all events that have a day; ``today`` is when it was made."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//{_text(messages.SITE_NAME)}//PL",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_text(messages.SITE_NAME)}",
        *_ZONE_RULES,
    ]
    for event in events:
        lines += _event(event, taxonomy, base_url, today)
    lines.append("END:VCALENDAR")
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _event(event: Document, taxonomy: Taxonomy, base_url: str, today: date) -> Iterator[str]:
    if event.first_day is None:
        return
    url = base_url + document_url(event.id)
    yield "BEGIN:VEVENT"
    yield f"UID:{event.id}@{urlsplit(base_url).hostname}"
    yield f"DTSTAMP:{today:%Y%m%d}T000000Z"
    yield from _times(event, event.first_day)
    yield f"SUMMARY:{_text(event.title)}"
    if event.venue:
        yield f"LOCATION:{_text(event.venue)}"
    if event.description:
        yield f"DESCRIPTION:{_text(event.description)}"
    if event.event_type in taxonomy.labels("event_type"):
        yield f"CATEGORIES:{_text(taxonomy.labels('event_type')[event.event_type])}"
    yield f"URL:{url}"
    yield "END:VEVENT"


def _times(event: Document, first: date) -> Iterator[str]:
    """Whole days, of which the end is the day after; or moments in Poland, where the beginning is one."""
    last = event.last_day or first
    after = f"{last + timedelta(days=1):%Y%m%d}" if last < date.max else f"{last:%Y%m%d}"
    if "T" not in event.starts:
        yield f"DTSTART;VALUE=DATE:{first:%Y%m%d}"
        yield f"DTEND;VALUE=DATE:{after}"
        return
    yield f"DTSTART;TZID={_ZONE}:{_moment(event.starts)}"
    if "T" in event.ends and event.ends > event.starts:
        yield f"DTEND;TZID={_ZONE}:{_moment(event.ends)}"
    elif event.ends and "T" not in event.ends:
        yield f"DTEND;TZID={_ZONE}:{after}T000000"


def _moment(text: str) -> str:
    return f"{text.replace('-', '').replace(':', '')}00"


def _text(value: str) -> str:
    return _CONTROL.sub(" ", value.replace("\r\n", "\n")).translate(_SPECIAL)


def _folded(line: str) -> str:
    """The line in pieces of at most 75 bytes, no character cut; each further piece begins with a space."""
    pieces, piece, size = [], "", 0
    for character in line:
        length = len(character.encode("utf-8", "replace"))
        if size + length > _LINE_BYTES:
            pieces.append(piece)
            piece, size = " ", 1
        piece += character
        size += length
    return "\r\n".join([*pieces, piece])
