"""Front matter never hides a document: what is wrong with it is a warning."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kb.extract.frontmatter import of_file, split
from kb.yaml_text import MOST_BYTES


def test_values_as_written() -> None:
    """Dates, numbers and keys stay the text that was written, lists stay lists."""
    front = split(
        "---\ntitle: Poradnik\npublished: 2023-06-19\n2021: rok\ntopics: [transport, 007]\nx: .nan\ny: ~\n---\nTreść\n"
    )
    assert front.values == {
        "title": "Poradnik",
        "published": "2023-06-19",
        "2021": "rok",
        "topics": ["transport", "007"],
        "x": ".nan",
        "y": None,
    }
    assert front.body == "Treść\n"
    assert front.warnings == ()


@pytest.mark.parametrize(
    "text",
    [
        "Treść bez metadanych",
        "",
        "--- nie\nto",
        "---\n\nlinia i tekst\n",
        "---\n---\nTreść",
        "+++\n+++\nTreść",
        "+++\n\nx",
    ],
)
def test_without_values(text: str) -> None:
    """A text without front matter, or with an empty one, is no mistake."""
    front = split(text)
    assert (front.values, front.warnings) == ({}, ())


@pytest.mark.parametrize(
    "text",
    [
        "\n \n---\ntitle: Plan\n---\nTreść",
        "-----\ntitle: Plan\n-----\nTreść",
        "----  \ntitle: Plan\n---\nTreść",
        "\n+++\ntitle = 'Plan'\n+++\nTreść",
    ],
)
def test_marks_as_people_write_them(text: str) -> None:
    """Empty lines above and longer lines of dashes are no reason to show the keys as a text."""
    front = split(text)
    assert (front.values, front.body, front.warnings) == ({"title": "Plan"}, "Treść", ())


def test_longer_dashes_without_keys_are_a_text() -> None:
    """A line of dashes between paragraphs is a thematic break."""
    text = "\n-----\nZwykły akapit\n-----\nTreść"
    assert split(text).body == text


def test_a_key_after_a_tab() -> None:
    """It is read, and the other keys too; the warning says what to do."""
    front = split("---\ntitle: Plan\n\tkind: raport\n---\n")
    assert front.values == {"title": "Plan", "kind": "raport"}
    assert "tabulator przed kluczem w wierszu 3" in front.warnings[0]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("title: Raport: część druga", "w wierszu 2, znak 14: dwukropek w wartości"),
        ("title: x\ntopics: [a, b", "niezamknięty cudzysłów lub nawias"),
        ("title: x\n\tkind: y", "w wierszu 3"),
        ("a: &a [1]\nb: *a", "w wierszu 3, znak 4: odsyłacze YAML (*a)"),
        ("tylko tekst", "klucz: wartość"),
        ("a: b\na: " + "[" * 5000, "w wierszu 3, znak 24: zapis jest zagnieżdżony"),
        ("x: !!python/object/apply:os.system ['true']", "w wierszu 2, znak 4: znaczniki"),
        ("t: " + "x" * 270_000, "ponad 256 kB"),
    ],
)
def test_mistakes_are_named(source: str, said: str) -> None:
    """A warning says where and what is wrong, and the text is still there."""
    front = split(f"---\n{source}\n---\nTreść")
    assert said in front.warnings[0]
    assert len(front.warnings) == 1
    assert front.body == "Treść"


def test_bomb_of_aliases() -> None:
    """A few lines that stand for gigabytes are refused at once."""
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True)]
    assert "odsyłacze" in split("---\n" + "\n".join(lines) + "\n---\n").warnings[0]


def test_without_an_end() -> None:
    """Front matter that is never closed is a warning, and nothing of it is lost."""
    front = split("---\ntitle: Raport\n\nTreść")
    assert "brakuje zamykającego" in front.warnings[0]
    assert "Treść" in front.body


def test_one_bad_line_spoils_one_key() -> None:
    """The other keys are read, and the warning names the line and the key; what can only mean a text is one."""
    front = split("---\ntitle: Raport: część druga\nkind: raport\ntopics: [a, b\nauthors:\n  - Jan Żak\n---\nTreść")
    assert front.values == {"title": "Raport: część druga", "kind": "raport", "authors": ["Jan Żak"]}
    assert len(front.warnings) == 2
    assert "w wierszu 2, znak 14" in front.warnings[0]
    assert 'napisz: title: "Raport: część druga"' in front.warnings[0]
    assert "„topics”" in front.warnings[1]


def test_a_key_given_twice() -> None:
    """The last one counts, and a warning says so."""
    front = split("---\ntitle: A\nkind: raport\ntitle: B\n---\n")
    assert front.values == {"title": "B", "kind": "raport"}
    assert front.warnings == (
        "Metadane na początku pliku: wiersz 4: klucz „title” jest powtórzony; przyjęto ostatnią wartość.",
    )


def test_a_value_that_yaml_cuts() -> None:
    """What YAML takes for a comment inside a value is told; a real comment is none of our business."""
    front = split("---\ntitle: Plac #7 w remoncie\nkind: raport # tak jak inne\n---\n")
    assert front.values == {"title": "Plac", "kind": "raport"}
    assert len(front.warnings) == 1
    assert "#7 w remoncie" in front.warnings[0]


def test_toml() -> None:
    """Front matter between plus signs is TOML, every plain value as text."""
    front = split('+++\ntitle = "Zapisy"\ndate = 2024-05-06\ntags = ["a", 7, 1.10, true]\n[x]\ny = 1\n+++\nTreść')
    assert front.values == {
        "title": "Zapisy",
        "date": "2024-05-06",
        "tags": ["a", "7", "1.10", "true"],
        "x": {"y": "1"},
    }
    assert (front.body, front.warnings) == ("Treść", ())


@pytest.mark.parametrize(
    ("source", "said"), [("+++\ntitle = = 1\n+++\nx", "TOML w wierszu 2"), ("+++\ntitle = 1\nx", "wiersza „+++”")]
)
def test_wrong_toml(source: str, said: str) -> None:
    """A mistake in TOML is a warning, and the text is still there."""
    front = split(source)
    assert front.values == {}
    assert said in front.warnings[0]
    assert front.body.endswith("x")


def test_a_mistake_in_toml_spoils_its_own_key() -> None:
    """A value without quotation marks, a date that is none and a key written as in YAML are told, and the rest is read."""
    front = split(
        '+++\nid = "zapisy"\nkind: raport\ntitle = Zapisy\npublished = 2024-13-45\n'
        'topics = [\n  "a",\n  "b"\n]\n[extra]\nx = 1\ny =\n+++\nTreść'
    )
    assert front.values == {"id": "zapisy", "topics": ["a", "b"]}
    assert [re.findall(r"wierszu \d+|„[^”]*”", warning) for warning in front.warnings] == [
        ["wierszu 3", "„kind”"],
        ["wierszu 4", "„title”"],
        ["wierszu 5", "„published”"],
        ["wierszu 12", "„[extra]”"],
    ]
    assert front.body == "Treść"


def test_a_repeated_key_in_toml() -> None:
    """The last value counts, as in YAML."""
    front = split('+++\ntitle = "Stary"\ntitle = "Nowy"\n+++\nTreść')
    assert front.values == {"title": "Nowy"}
    assert "wiersz 3: klucz „title” jest powtórzony" in front.warnings[0]


def test_many_mistakes_in_toml() -> None:
    """So many are told as somebody may want to read; what is no description is not read line by line."""
    front = split("+++\n" + "a = =\n" * 30 + 'id = "x"\n+++\n')
    assert (front.values, len(front.warnings)) == ({"id": "x"}, 21)
    assert "10" in front.warnings[-1]
    assert split("+++\n" + "a = =\n" * 600 + 'id = "x"\n+++\n').values == {}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1250"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_front_matter_of_a_file(tmp_path: Path, encoding: str, end: str) -> None:
    """It is found without the file being read, in each encoding and with the line ends of any system."""
    path = tmp_path / "a.md"
    path.write_bytes(end.join(["---", "id: gora", "title: Góra", "---", "Treść."]).encode(encoding))
    assert of_file(str(path))["id"] == "gora"


def test_no_more_is_looked_at_than_may_be_front_matter(tmp_path: Path) -> None:
    """Of an endless beginning nothing is taken, and a file that is not there has none."""
    path = tmp_path / "a.md"
    path.write_text("---\nid: gora\n" + "x: y\n" * MOST_BYTES + "---\n", encoding="utf-8")
    assert of_file(str(path)) == {}
    assert of_file(str(tmp_path / "b.md")) == {}
