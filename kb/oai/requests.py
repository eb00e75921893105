"""What a harvester asks for: its verb, arguments and resumption token, checked as the protocol says."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from kb.archive import Span
from kb.limits import ADDRESS_CHARACTERS, PARAMETERS

PREFIX = "oai_dc"
SETS = ("kind", "edition")
"""Facets that make sets, in the order in which they are listed."""
_DAY, _SECOND = timedelta(days=1), timedelta(seconds=1)
_MOMENTS = (
    (re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII), "%Y-%m-%d", _DAY),
    (re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", re.ASCII), "%Y-%m-%dT%H:%M:%SZ", _SECOND),
)
_FORMS = {
    "metadataPrefix": re.compile(r"[A-Za-z0-9\-_.!~*'()]+"),
    "set": re.compile(r"[A-Za-z0-9\-_.!~*'():]+"),
    "identifier": re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,20}:[A-Za-z0-9\-_.!~*'():/?&=%@+$,;]+"),
    "resumptionToken": re.compile(r"[A-Za-z0-9_=-]+"),
}
_LISTING = (("metadataPrefix",), ("from", "until", "set"))
_ARGUMENTS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "Identify": ((), ()),
    "ListMetadataFormats": ((), ("identifier",)),
    "ListSets": ((), ()),
    "ListIdentifiers": _LISTING,
    "ListRecords": _LISTING,
    "GetRecord": (("identifier", "metadataPrefix"), ()),
}
"""What each verb must have and may have; those that list may have a resumption token alone."""
_RESUMED = ("ListIdentifiers", "ListRecords", "ListSets")


class OaiError(Exception):
    """What is wrong with a request: a code of the protocol. ``shown``: the arguments may be repeated in the answer."""

    def __init__(self, code: str, message: str, *, shown: bool = True) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.shown = shown


@dataclass(frozen=True, slots=True, kw_only=True)
class OaiRequest:
    """A request whose arguments are well formed, and belong to its verb."""

    verb: str
    arguments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordList:
    """A list and how far it was given: ``after`` is the last record's time of change and id, ``total`` the number of all."""

    verb: str
    span: Span
    after: tuple[datetime, str] | None = None
    given: int = 0
    total: int = 0

    def resumed_after(self, changed: datetime, id: str, more: int) -> RecordList:
        """The rest of the list, when ``more`` records up to this one were given as well."""
        return replace(self, after=(changed, id), given=self.given + more)


def read(pairs: Sequence[tuple[str, str]]) -> OaiRequest:
    """The request. Raises OaiError."""
    verbs = [value for name, value in pairs if name == "verb"]
    if len(verbs) != 1 or verbs[0] not in _ARGUMENTS:
        known = ", ".join(_ARGUMENTS)
        raise OaiError("badVerb", f"The verb must be given once, and be one of: {known}.", shown=False)
    verb = verbs[0]
    arguments = {name: value for name, value in pairs[:PARAMETERS] if name != "verb"}
    if len(arguments) + 1 != len(pairs):
        raise _bad("An argument is given twice, or there are too many.")
    required, optional = _ARGUMENTS[verb]
    if verb in _RESUMED and "resumptionToken" in arguments:
        required, optional = ("resumptionToken",), ()
    for name in arguments:
        if name not in (*required, *optional):
            raise _bad(f"This verb, in this way, has no argument „{name[:60]}”.")
    for name in required:
        if name not in arguments:
            raise _bad(f"The argument „{name}” is missing.")
    for name, value in arguments.items():
        if len(value) > ADDRESS_CHARACTERS or (name in _FORMS and not _FORMS[name].fullmatch(value)):
            raise _bad(f"The value of „{name}” is not of the right form.")
    _span(arguments)
    return OaiRequest(verb=verb, arguments=arguments)


def listing(asked: OaiRequest) -> RecordList:
    """The list that is asked for, from its start or from where a resumption token says. Raises OaiError."""
    if "resumptionToken" in asked.arguments:
        return _resumed(asked.verb, asked.arguments["resumptionToken"])
    check_prefix(asked)
    return RecordList(verb=asked.verb, span=_span(asked.arguments))


def check_prefix(asked: OaiRequest) -> None:
    """Raises OaiError for another format than the one there is."""
    if asked.arguments["metadataPrefix"] != PREFIX:
        raise OaiError("cannotDisseminateFormat", f"The only metadata format is {PREFIX}.")


def token(rest: RecordList) -> str:
    """Where a list goes on: all that it depends on, so that nothing is kept here, and a restart changes nothing."""
    after = rest.after or (_EVER, "")
    facets = [rest.span.kind, rest.span.edition]
    times = [_number(time) for time in (rest.span.start, rest.span.end, after[0])]
    text = json.dumps([rest.verb, facets, times, after[1], rest.given, rest.total], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def set_name(facet: str, value: str) -> str:
    """The ``setSpec`` of a facet's value."""
    return f"{facet}-{value}"


_EVER = datetime(1970, 1, 1, tzinfo=UTC)


def _number(time: datetime | None) -> int | None:
    return None if time is None else int((time - _EVER).total_seconds())


def _time(number: object) -> datetime | None:
    return None if number is None else _EVER + timedelta(seconds=_whole(number))


def _whole(number: object) -> int:
    if type(number) is not int:
        raise TypeError
    return number


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _resumed(verb: str, text: str) -> RecordList:
    bad = OaiError("badResumptionToken", "This resumption token was not given here, or not for this verb.")
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        own, (kind, edition), (start, end, last), id, given, total = json.loads(raw)
        after = _time(last)
        found = RecordList(
            verb=_text(own),
            span=Span(start=_time(start), end=_time(end), kind=_text(kind), edition=_text(edition)),
            after=None if after is None else (after, _text(id)),
            given=_whole(given),
            total=_whole(total),
        )
    except (binascii.Error, ValueError, TypeError, OverflowError, RecursionError):
        raise bad from None
    if found.verb != verb or found.after is None:
        raise bad
    return found


def _span(arguments: Mapping[str, str]) -> Span:
    start = _moment("from", arguments)
    until = _moment("until", arguments)
    if start and until and start[1] != until[1]:
        raise _bad("„from” and „until” must have the same granularity.")
    if start and until and start[0] > until[0]:
        raise _bad("„from” is later than „until”.")
    facet, _, value = arguments.get("set", "").partition("-")
    if "set" in arguments and facet not in SETS:
        raise OaiError("noRecordsMatch", "There is no such set.")
    try:
        end = until[0] + until[1] if until else None
    except OverflowError:  # the last day of the calendar: no end at all
        end = None
    return Span(
        start=start[0] if start else None,
        end=end,
        kind=value if facet == "kind" else "",
        edition=value if facet == "edition" else "",
    )


def _moment(name: str, arguments: Mapping[str, str]) -> tuple[datetime, timedelta] | None:
    """A moment and its granularity."""
    if name not in arguments:
        return None
    for form, pattern, granularity in _MOMENTS:
        if form.fullmatch(arguments[name]):
            try:
                return datetime.strptime(arguments[name], pattern).replace(tzinfo=UTC), granularity
            except ValueError:
                break
    raise _bad(f"„{name}” must be a day (YYYY-MM-DD) or a second in UTC (YYYY-MM-DDThh:mm:ssZ).")


def _bad(message: str) -> OaiError:
    return OaiError("badArgument", message, shown=False)
