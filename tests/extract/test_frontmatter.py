"""Front matter never hides a document: what is wrong with it is a warning."""

from __future__ import annotations

import pytest

from kb.extract.frontmatter import split


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
    assert front.warning == ""


@pytest.mark.parametrize(
    "text", ["Treść bez metadanych", "", "--- nie\nto", "---\n\nlinia i tekst\n", "---\n---\nTreść"]
)
def test_without_values(text: str) -> None:
    """A text without front matter, or with an empty one, is no mistake."""
    front = split(text)
    assert (front.values, front.warning) == ({}, "")


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
    assert said in front.warning
    assert front.values == {}
    assert front.body == "Treść"


def test_bomb_of_aliases() -> None:
    """A few lines that stand for gigabytes are refused at once."""
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True)]
    assert "odsyłacze" in split("---\n" + "\n".join(lines) + "\n---\n").warning


def test_without_an_end() -> None:
    """Front matter that is never closed is a warning, and nothing of it is lost."""
    front = split("---\ntitle: Raport\n\nTreść")
    assert "brakuje zamykającego" in front.warning
    assert "Treść" in front.body
