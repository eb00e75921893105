"""Polish forms after numerals, numbers, dates."""

from __future__ import annotations

import re
import time
from datetime import UTC, date, datetime

import pytest

from kb import messages
from kb.model import Status


def _wanted(number: int) -> str:
    """The form by the rule as grammar books put it, from the numeral's last word."""
    digits = str(number)
    if digits == "1":
        return "wynik"
    return "wyniki" if re.search(r"(^|[^1])[234]$", digits) else "wyników"


@pytest.mark.parametrize("number", [*range(131), 1_001, 1_012, 1_022, 1_000_003, 1_000_013])
def test_plural(number: int) -> None:
    """1 wynik, 2–4 wyniki, 5–21 wyników, 22 wyniki, 112 wyników."""
    assert messages.plural(number, "wynik", "wyniki", "wyników") == _wanted(number)


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 dokumentów"), (1, "1 dokument"), (3, "3 dokumenty"), (5, "5 dokumentów"), (9_999, "9999 dokumentów")],
)
def test_documents(number: int, text: str) -> None:
    """A count stands with the right form of its noun."""
    assert messages.documents(number) == text


def test_thousands_are_kept_together() -> None:
    """A long number has no line break inside."""
    assert messages.pages(10_239) == "10\N{NO-BREAK SPACE}239 stron"
    assert messages.grouped(1_234_567) == "1\N{NO-BREAK SPACE}234\N{NO-BREAK SPACE}567"


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (date(2023, 6, 19), "19 czerwca 2023 r."),
        (date(2020, 1, 1), "1 stycznia 2020 r."),
        (date(2024, 12, 31), "31 grudnia 2024 r."),
        (date(2024, 9, 5), "5 września 2024 r."),
        (date(2024, 10, 8), "8 października 2024 r."),
    ],
)
def test_long_date(day: date, text: str) -> None:
    """A date is written as people write it, months in the genitive."""
    assert messages.long_date(day) == text


def test_months_are_twelve() -> None:
    """Each month has a name of its own."""
    assert len({messages.long_date(date(2024, month, 1)) for month in range(1, 13)}) == 12


def test_seconds_have_a_comma() -> None:
    """Decimals are Polish."""
    assert messages.seconds(3.42) == "3,4 s"


def test_a_moment_is_local(monkeypatch: pytest.MonkeyPatch) -> None:
    """Times are those of the machine's clock, with the month's name."""
    monkeypatch.setenv("TZ", "Europe/Warsaw")
    time.tzset()
    try:
        assert messages.moment(datetime(2026, 11, 25, 17, 46, tzinfo=UTC)) == "25 listopada 2026 r., 18:46"
        assert messages.moment(datetime(2026, 6, 30, 22, 5, tzinfo=UTC)) == "1 lipca 2026 r., 00:05"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_lists_name_some() -> None:
    """Of many names the first are given and the others counted."""
    names = [f"{letter}.md" for letter in "abcdefgh"]
    assert messages.listed(names[:5]) == "a.md, b.md, c.md, d.md, e.md"
    assert messages.listed(names[:6]).endswith("e.md i 1 inny")
    assert messages.listed(names).endswith("e.md i 3 inne")


def test_each_status_has_a_name() -> None:
    """No status is shown as its code, no two alike."""
    assert set(messages.STATUS_COUNTS) == set(Status)
    assert set(messages.STATUS_NAMES) == set(Status)
    assert len(set(messages.STATUS_NAMES.values())) == len(Status)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "0 kB"),
        (1, "1 kB"),
        (812_400, "812 kB"),
        (999_600, "1,0 MB"),
        (3_440_000, "3,4 MB"),
        (9_960_000, "10 MB"),
        (12_000_000, "12 MB"),
        (1_500_000_000, "1,5 GB"),
        (2 * 10**15, "2000 TB"),
    ],
)
def test_sizes_of_files(number: int, said: str) -> None:
    """A size has two or three digits, and the unit that people use for it."""
    assert messages.file_size(number) == said


@pytest.mark.parametrize(
    ("text", "typeset"),
    [
        ("ZIT i IIT w praktyce", "ZIT i_IIT w_praktyce"),
        ("I w domu, i z dala", "I_w_domu, i_z_dala"),
        ("(w gminie) „O gminie”", "(w_gminie) „O_gminie”"),
        ("wariant A, klasa Ib i", "wariant A, klasa Ib i"),
        ("ustawa\nz dnia", "ustawa\nz_dnia"),
    ],
)
def test_one_letter_words_are_tied(text: str, typeset: str) -> None:
    """The space after a one-letter word does not break; other words and the end of a text are left alone."""
    assert messages.tied(text) == typeset.replace("_", "\N{NO-BREAK SPACE}")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("gmina", "„gmina”"),
        ("„opinia”", "„opinia”"),
        ('"opinia izby"', "„opinia izby”"),
        ("dotacja „Czyste Powietrze”", "„dotacja «Czyste Powietrze»”"),
        ("„a” lub „b”", "„«a» lub «b»”"),
        ("„bez końca", "„«bez końca”"),
    ],
)
def test_quoted(text: str, shown: str) -> None:
    """One pair of quotation marks around, other ones inside."""
    assert messages.quoted(text) == shown
