"""Days and moments as people write them: „2.03.2026”, „piątek, 3 maja 2024 r.”, „10 maja 2026, godz. 9.30”."""

from __future__ import annotations

import re
from datetime import date, datetime, time

from kb.messages import MONTH_NUMBERS

_FIRST_YEAR = 1000
"""What has fewer digits is no year, but a slip."""
_SHORT_DATE = re.compile(r"(\d{4})[-./](\d{1,2})[-./](\d{1,2})")
_POLISH_DATE = re.compile(r"(\d{1,2})(?:(?:\.\s*|-)(\d{1,2})(?:\.\s*|-)|\s+([^\W\d]+)\s+)(\d{4})(?:\s*r\.?|\s+roku)?")
_BEFORE_DAY = re.compile(
    r"(?:(?:(?:w\s+)?dni[au]|dn\.|poniedziałek|wtorek|środa|czwartek|piątek|sobota|niedziela),?\s+)+"
)
_QUOTES = "„”“‟\"'«»"
_MOMENT = re.compile(
    r"(?P<day>.{6,60}?)(?:(?:T|,\s{0,3}+|\s{1,3}+)(?:o\s{1,3}+)?(?:godz(?:\.|ina|inie)\s{0,3}+)?"
    r"(?P<hour>\d\d?)[:.](?P<minute>\d\d)(?::00)?)?"
)


def as_date(value: object) -> object:
    """The day that a value is, or is a text of. Raises ValueError that says in Polish what is wrong with it."""
    try:
        day = value if isinstance(value, date) else _date_of(value.strip()) if isinstance(value, str) else None
    except ValueError:
        day = None
    return day if day and day.year >= _FIRST_YEAR else _no_date(value)


def _date_of(text: str) -> date | None:
    """A day as people write it: „2026-03-02”, „2026/3/2”, „2.03.2026”, „2 marca 2026 r.”. Raises ValueError."""
    return _told_day(text) or datetime.fromisoformat(text).date()


def _told_day(text: str) -> date | None:
    """A day without a time, None for a text that is of another form. Raises ValueError."""
    text = _day_alone(text)
    if short := _SHORT_DATE.fullmatch(text):
        return date(*map(int, short.groups()))
    if polish := _POLISH_DATE.fullmatch(text):
        day, month, name, year = polish.groups()
        return date(int(year), int(month) if month else MONTH_NUMBERS.get(name, 0), int(day))
    return None


def _day_alone(text: str) -> str:
    """In small letters, without quotation marks and what people put before a day: „piątek, 3 maja 2024 r.”, „dnia 3.05.2024”."""
    return _BEFORE_DAY.sub("", text.strip(_QUOTES).lower())


def as_moment(value: object) -> object:
    """A day, or a day with its time, as ISO text: „10 maja 2026, godz. 9.30” → ``2026-05-10T09:30``. Raises ValueError."""
    found = _MOMENT.fullmatch(str(value).strip().strip(_QUOTES))
    try:
        day = _told_day(found["day"].rstrip(" ,")) if found else None
        at = time(int(found["hour"]), int(found["minute"])) if found and found["hour"] else None
    except ValueError:
        day = None
    if day is None or day.year < _FIRST_YEAR:
        raise ValueError("podaj dzień (RRRR-MM-DD) albo dzień i godzinę (RRRR-MM-DD GG:MM)") from None
    return f"{day.isoformat()}T{at:%H:%M}" if at else day.isoformat()


def _has_form_of_date(text: str) -> bool:
    """Whether a year, a month and a day are told, though there may be no such day."""
    text = _day_alone(text)
    if short := _SHORT_DATE.fullmatch(text):
        return int(short[1]) >= _FIRST_YEAR
    if not (polish := _POLISH_DATE.fullmatch(text)):
        return False
    return int(polish[4]) >= _FIRST_YEAR and (polish[2] is not None or polish[3] in MONTH_NUMBERS)


def _no_date(value: object) -> object:
    if isinstance(value, str) and _has_form_of_date(value.strip()):
        raise ValueError("nie ma takiej daty")
    raise ValueError("data musi mieć postać RRRR-MM-DD, np. 2026-03-02")
