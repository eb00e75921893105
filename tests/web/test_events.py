"""Events: place and time, what is to come and what has been, and calendars that other programs read."""

import re
from collections.abc import Iterator
from datetime import date

import httpx
import pytest
from library import TAXONOMY, Library

from kb.model import Document
from kb.pages.calendar import calendar
from kb.web import create_app

from .conftest import serving, spaced

TYPES = """\
event_types:
  - {slug: forum, name: Forum, plural: Fora}
  - {slug: wizyta, name: Wizyta studyjna, plural: Wizyty studyjne}
"""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The site on 10 June 2026 over four events: over, on its last day, to come, and without a day."""
    library = Library(tmp_path_factory.mktemp("events"))
    library.write("taxonomy.yaml", TAXONOMY + TYPES)
    for name, title, given in (
        (
            "minione",
            "Forum w Krakowie",
            {"event_type": "forum", "venue": "Kraków", "starts": "2023-05-10", "ends": "2023-05-11"},
        ),
        (
            "trwa",
            "Wizyta; trzy gminy, jedna spółka",
            {"event_type": "Wizyta studyjna", "starts": "2026-06-09", "ends": "2026-06-10"},
        ),
        (
            "bedzie",
            "Seminarium o bardzo długim tytule, którego żółte źdźbła nie mieszczą się w jednym wierszu pliku",
            {"venue": "Łódź, ul. Piotrkowska 1", "starts": "2026-09-21 9:30", "ends": "2026-09-21 15.00"},
        ),
        ("bez-dnia", "Spotkanie bez terminu", {}),
    ):
        library.markdown(f"{name}.md", "Tekst.", id=name, title=title, kind="wydarzenie", **given)
    report = library.run()
    assert not [file for file in report.files if file.warnings], report.files
    with serving(create_app(library.settings(), today=lambda: date(2026, 6, 10))) as opened:
        yield opened


def test_events_are_to_come_or_over(client: httpx.Client) -> None:
    """The next one is first, one is not over on its last day, and what has no day stands last."""
    html = spaced(client.get("/wydarzenia"))
    order = [
        html.index(text)
        for text in ("Nadchodzące", "trzy gminy", "Seminarium o", "Minione", "Forum w Krakowie", "bez terminu")
    ]
    assert order == sorted(order)
    assert "10–11 maja 2023 r." in html
    assert "21 września 2026 r., godz. 9.30–15.00" in html
    assert "Łódź, ul. Piotrkowska 1" in html


def test_events_of_one_type_and_year(client: httpx.Client) -> None:
    """The list is narrowed by type and by year of the event; an unknown type is told, and all are shown."""
    html = spaced(client.get("/wydarzenia?rodzaj=forum"))
    assert "<h1>Fora</h1>" in html
    assert "Forum w Krakowie" in html
    assert "Seminarium" not in html
    assert "Forum w Krakowie" not in spaced(client.get("/wydarzenia?year=2026"))
    unknown = spaced(client.get("/wydarzenia?rodzaj=wesele"))
    assert "Nie ma takiego rodzaju wydarzeń" in unknown
    assert "Forum w Krakowie" in unknown


def test_an_event_says_where_and_when(client: httpx.Client) -> None:
    """The page of an event has its place, its time and its calendar file; one without a day has no such file."""
    html = spaced(client.get("/dokumenty/bedzie"))
    assert "godz. 9.30–15.00" in html
    assert 'href="/wydarzenia/bedzie.ics"' in html
    assert '.ics"' not in spaced(client.get("/dokumenty/minione"))
    assert ".ics" not in client.get("/dokumenty/bez-dnia").text.split("</header>", 2)[1]
    assert client.get("/wydarzenia/bez-dnia.ics").status_code == 404


def unfolded(text: str) -> list[str]:
    """The content lines of a calendar, after the rules for each line are checked (RFC 5545, 3.1)."""
    assert text.endswith("\r\n")
    lines = text.removesuffix("\r\n").split("\r\n")
    assert all(len(line.encode()) <= 75 and "\n" not in line for line in lines)
    return re.sub(r"\r\n ", "", "\r\n".join(lines)).split("\r\n")


def parsed(text: str) -> list[dict[str, str]]:
    """The events of a calendar by property; components are closed in order, and every event has what it must have."""
    events: list[dict[str, str]] = []
    open_parts: list[str] = []
    for line in unfolded(text):
        name, _, value = line.partition(":")
        if name == "BEGIN":
            open_parts.append(value)
            if value == "VEVENT":
                events.append({})
        elif name == "END":
            assert open_parts.pop() == value
        elif open_parts[-1] == "VEVENT":
            assert name not in events[-1]
            events[-1][name] = value
    assert not open_parts
    for event in events:
        assert {"UID", "DTSTAMP", "SUMMARY"} <= event.keys()
        assert re.fullmatch(r"\d{8}T\d{6}Z", event["DTSTAMP"])
    assert len({event["UID"] for event in events}) == len(events)
    return events


def test_calendar_of_all_events(client: httpx.Client) -> None:
    """All events that have a day are in the calendar: whole days end on the next one, hours are those of Poland."""
    answer = client.get("/wydarzenia.ics")
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert "BEGIN:VTIMEZONE\r\nTZID:Europe/Warsaw\r\n" in spaced(answer)
    events = {event["UID"].split("@")[0]: event for event in parsed(answer.text)}
    assert events.keys() == {"minione", "trwa", "bedzie"}
    assert events["minione"]["DTSTART;VALUE=DATE"] == "20230510"
    assert events["minione"]["DTEND;VALUE=DATE"] == "20230512"
    assert events["bedzie"]["DTSTART;TZID=Europe/Warsaw"] == "20260921T093000"
    assert events["bedzie"]["DTEND;TZID=Europe/Warsaw"] == "20260921T150000"
    assert events["bedzie"]["LOCATION"] == "Łódź\\, ul. Piotrkowska 1"
    assert events["trwa"]["SUMMARY"] == "Wizyta\\; trzy gminy\\, jedna spółka"
    assert events["trwa"]["CATEGORIES"] == "Wizyta studyjna"


def test_calendar_of_one_event(client: httpx.Client) -> None:
    """An event is a file of its own; a document that is no event has none."""
    answer = client.get("/wydarzenia/trwa.ics")
    assert [event["UID"].split("@")[0] for event in parsed(answer.text)] == ["trwa"]
    assert answer.headers["content-disposition"] == 'attachment; filename="trwa.ics"'
    assert client.get("/wydarzenia/nie-ma.ics").status_code == 404


@pytest.mark.parametrize(
    ("starts", "ends", "says"),
    [
        ("2026-05-10", "", {"DTSTART;VALUE=DATE": "20260510", "DTEND;VALUE=DATE": "20260511"}),
        ("2026-05-10T10:00", "", {"DTSTART;TZID=Europe/Warsaw": "20260510T100000"}),
        (
            "2026-05-10T10:00",
            "2026-05-11",
            {"DTSTART;TZID=Europe/Warsaw": "20260510T100000", "DTEND;TZID=Europe/Warsaw": "20260512T000000"},
        ),
        ("2026-05-10T10:00", "2026-05-10T10:00", {"DTSTART;TZID=Europe/Warsaw": "20260510T100000"}),
        ("2026-12-31", "2027-01-01T12:00", {"DTSTART;VALUE=DATE": "20261231", "DTEND;VALUE=DATE": "20270102"}),
    ],
)
def test_times_in_a_calendar(starts: str, ends: str, says: dict[str, str], library: Library) -> None:
    """Beginning and end are of one type, and the end is later than the beginning, or left out."""
    event = Document(id="a", title="A\\b\r\nc", path="a.md", version="0", pages=1, starts=starts, ends=ends)
    (made,) = parsed(calendar([event], library.open().taxonomy, "https://baza.example.pl", date(2026, 1, 1)))
    assert {name: value for name, value in made.items() if name.startswith(("DTSTART", "DTEND"))} == says
    assert made["SUMMARY"] == "A\\\\b\\nc"
    assert made["UID"] == "a@baza.example.pl"


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"starts": "2026-13-45"}, "podaj dzień (RRRR-MM-DD) albo dzień i godzinę"),
        ({"starts": "2026-05-10 25:00"}, "podaj dzień (RRRR-MM-DD) albo dzień i godzinę"),
        ({"starts": "2026-05-10", "ends": "2026-05-09"}, "koniec jest wcześniejszy niż początek"),
        ({"ends": "2026-05-09"}, "podaj też początek"),
        ({"event_type": "forrum"}, "Może chodziło o „forum”?"),
    ],
)
def test_wrong_times_are_warned_of(library: Library, given: dict[str, str], problem: str) -> None:
    """A time that is none, an end before its beginning and an unknown type are named in the report, and left out."""
    library.write("taxonomy.yaml", TAXONOMY + TYPES)
    library.markdown("a.md", "Tekst.", kind="wydarzenie", **given)
    (warning,) = library.files()["a.md"].warnings
    assert problem in warning
