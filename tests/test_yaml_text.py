"""YAML is read as written, within limits, and what is wrong with it is said in Polish with its place."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.yaml_text import MOST_BYTES, Refused, _plain, read_keys, read_mapping


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


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        ("title: Nabór: co przygotować", 'title: "Nabór: co przygotować"'),
        ("title: Strategia: dom, las", 'title: "Strategia: dom, las"'),
        ("title: @samorząd", 'title: "@samorząd"'),
        ("title: *Nabór*", 'title: "*Nabór*"'),
        ("title: &Nabór", 'title: "&Nabór"'),
        ("title: %50 gmin", 'title: "%50 gmin"'),
        ("title: `kod`", 'title: "`kod`"'),
        ("title: !Uwaga", 'title: "!Uwaga"'),
        ("title: - Nabór", 'title: "- Nabór"'),
        ("title: >Nabór", 'title: ">Nabór"'),
        ("title: [Nabór] wniosków", 'title: "[Nabór] wniosków"'),
        ('title: "Nabór" wniosków', "title: '\"Nabór\" wniosków'"),
        ('title: "Nabór', 'title: "Nabór"'),
        ('title: "C:\\dokumenty"', r"title: 'C:\dokumenty'"),
        ("title:Nabór", 'title: "Nabór"'),
        ("title = Nabór", 'title: "Nabór"'),
    ],
)
def test_a_line_that_yaml_refuses(line: str, advice: str) -> None:
    """Its value is the text that stands there; the warning has its number and what to write, which is read the same."""
    values, [problem] = read_keys(f"id: a\n{line}\nkind: raport", first_line=2)
    assert values == {"id": "a", "kind": "raport"} | read_keys(advice)[0]
    assert re.search("wierszu? [34]", problem)  # a quotation that is not closed is found out below its line
    assert problem.endswith(f"; wartość przyjęto jako tekst; napisz: {advice}")
    assert not re.search("expected|found|token|character", problem)
    assert isinstance(values["title"], str)
    assert read_keys(line)[0] == read_keys(advice)[0]


@pytest.mark.parametrize(
    "line", ["topics: [woda, las", "topics: {woda", "https://gmina.pl", "title:\n  a: b: c", 'title: "']
)
def test_a_line_that_may_mean_anything(line: str) -> None:
    """It loses its own key alone, and the warning says so."""
    values, problems = read_keys(f"id: a\n{line}\nkind: raport")
    assert values == {"id": "a", "kind": "raport"}
    assert "; pominięto " in problems[0]


@pytest.mark.parametrize("space", ["\t", "\t\t", "\xa0", " \xa0", "\xa0 "])
def test_spaces_after_a_colon(space: str) -> None:
    """A tab or a space that does not break is what it looks like."""
    assert read_keys(f"title:{space}Nabór wniosków") == ({"title": "Nabór wniosków"}, [])


@pytest.mark.parametrize(
    ("line", "cut"), [("title: Zadanie #5", "#5"), ("title: Zadanie # 5", "# 5"), ("title: #samorząd", "#samorząd")]
)
def test_what_becomes_a_comment(line: str, cut: str) -> None:
    """A value that is cut by a number sign, or is all behind one, is warned of; a remark is not."""
    assert f"„{cut}” jest komentarzem" in read_keys(line)[1][0]
    assert read_keys("title: Zadanie # do sprawdzenia\nkind: raport # na razie\n# uwaga\n")[1] == []


_LINES = st.tuples(
    st.sampled_from(["id: a", "title: Ż", "null: 1", "data: 2026-05-12", "x1:  a", "y: N", "z: "]),
    st.text(st.sampled_from("aż1 :#\"'-[]{},&*!|>%@`\t\n.~?=<ULuln\u00a0\u200b"), max_size=6),
)


@given(st.lists(_LINES, min_size=1, max_size=3))
def test_plain_lines_are_read_as_the_parser_reads_them(lines: list[tuple[str, str]]) -> None:
    """What is taken without YAML's parser is what that would say."""
    text = "\n".join(map("".join, lines))
    values = _plain(text)
    assert not values or values == read_mapping(text)


def test_a_plain_description_needs_no_parser() -> None:
    """Addresses, quotation marks within a value and spaces at its end are plain; what YAML takes otherwise is not."""
    plain = "title: Raport „Razem” 2023\nsource_url: https://example.pl/a?b=c  \n"
    assert (
        _plain(plain)
        == read_keys(plain)[0]
        == {"title": "Raport „Razem” 2023", "source_url": "https://example.pl/a?b=c"}
    )
    for other in (
        "a: b: c",
        "a: b # c",
        "a: null",
        "a: [b]",
        "a: b\n  c",
        "a: b\na: c",
        "a: b:",
        "a:\tb",
        "- a",
        "a: 'b'",
    ):
        assert _plain(other) == {}
