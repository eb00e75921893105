"""YAML is read as written, within limits, and what is wrong with it is said in Polish with its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.yaml_text import MOST_BYTES, Refused, read_mapping


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("007", "007"),
        ("1.10", "1.10"),
        ("yes", "yes"),
        ("No", "No"),
        ("12:30", "12:30"),
        ("2023-02-30", "2023-02-30"),
        ("0x1F", "0x1F"),
        (".nan", ".nan"),
        ("1e400", "1e400"),
        ("=", "="),
        ("!!int 5", "5"),
        ("'~'", "~"),
        ("''", ""),
        ("~", None),
        ("null", None),
        ("", None),
        ("[1, [no]]", ["1", ["no"]]),
        ("{1: 2}", {"1": "2"}),
        ("|\n  a\n  b\n", "a\nb\n"),
    ],
)
def test_values_stay_as_written(written: str, value: object) -> None:
    """Only an empty value and YAML's null are nothing; everything else is the text that somebody wrote."""
    assert read_mapping(f"klucz: {written}") == {"klucz": value}


@pytest.mark.parametrize("text", ["", "# nic\n", "~", "---\n"])
def test_nothing_written(text: str) -> None:
    """An empty text has no keys, and that is no mistake."""
    assert read_mapping(text) == {}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: b: c", "błąd zapisu YAML w wierszu 1, znak 5: dwukropek w wartości (ujmij całą wartość w cudzysłów)"),
        ("a: x\nb\nc: x", "błąd zapisu YAML w wierszu 3, znak 1: brakuje dwukropka po nazwie klucza"),
        ("a: x\n\tb: y", "błąd zapisu YAML w wierszu 2, znak 1: tabulator we wcięciu (użyj spacji)"),
        ('a: "x', "błąd zapisu YAML w wierszu 1, znak 6: niezamknięty cudzysłów lub nawias"),
        ("a: 1\n---\nb: 2", "błąd zapisu YAML w wierszu 2, znak 1: wiersz „---” zaczyna drugi dokument (usuń go)"),
        ("a: &x 1\nb: *x", "błąd zapisu YAML w wierszu 2, znak 4: odsyłacze YAML (*x) nie są obsługiwane"),
        ("a: !!binary x", "błąd zapisu YAML w wierszu 1, znak 4: znaczniki YAML (!!binary) nie są obsługiwane"),
        ("a: !x y", "błąd zapisu YAML w wierszu 1, znak 4: znaczniki YAML (!x) nie są obsługiwane"),
        ("a: b\n? [c]\n: d", "błąd zapisu YAML w wierszu 2, znak 3: klucz nie jest tekstem"),
        ("a: b\nc: \x00", "błąd zapisu YAML w wierszu 2: znak, którego w tekście być nie może"),
        ("a: " + "[" * 30, "błąd zapisu YAML w wierszu 1, znak 24: zapis jest zagnieżdżony głębiej niż 20 razy"),
        ("- a", "zamiast par „klucz: wartość” jest coś innego"),
        ("a: " + "ą" * (MOST_BYTES // 2), "zapis YAML ma ponad 256 kB"),
    ],
)
def test_problems(text: str, problem: str) -> None:
    """Each mistake is named with its line, so that whoever made it can mend it."""
    with pytest.raises(Refused) as caught:
        read_mapping(text)
    assert str(caught.value) == problem


def test_lines_are_those_of_the_file() -> None:
    """A text from the middle of a file counts from its place there."""
    with pytest.raises(Refused, match="w wierszu 12,"):
        read_mapping("a: x\nb: c: d", first_line=11)


@given(st.text())
def test_any_text(text: str) -> None:
    """Whatever is written, it is read or refused."""
    try:
        values = read_mapping(text)
    except Refused:
        return
    assert all(isinstance(key, str) for key in values)
