"""Word families: the rules, held to the dictionary."""

from __future__ import annotations

import pytest

from kb.polish import shared_analyzer
from kb.reading.families import family


@pytest.mark.parametrize(
    ("word", "other"),
    [
        ("matura", "maturalny"),
        ("demonstracja", "demonstrować"),
        ("rekultywacja", "rekultywacyjny"),
        ("pożyczyć", "pożyczka"),
        ("spłacać", "spłacić"),
        ("zaszkodzić", "szkodzić"),
        ("opiekun", "opieka"),
        ("dostępny", "dostępność"),
        ("nauczyć", "nauczyciel"),
        ("turystyka", "turystyczny"),
        ("inwestycja", "inwestycyjny"),
        ("konsultant", "konsultacja"),
        ("rozsądny", "rozsądnie"),
        ("mieszkać", "mieszkaniec"),
        ("zarządca", "zarządzać"),
        ("spłata", "spłacić"),
        ("uchwała", "uchwalić"),
        ("dojeżdżać", "dojazd"),
        ("wybierać", "wybór"),
        ("zmiana", "zmienić"),
        ("wycinka", "wyciąć"),
        ("patriotyzm", "patriotyczny"),
        ("patriota", "patriotyzm"),
        ("feminizm", "feministyczny"),
        ("terrorysta", "terroryzm"),
        ("lekcja", "lekcyjny"),
        ("karalność", "niekaralność"),
    ],
)
def test_a_family_has_both(word: str, other: str) -> None:
    """What is made from a word belongs to its family, and the reverse."""
    assert other in family(word, shared_analyzer())
    if word != "zaszkodzić":  # a verb does not bring all that prefixes make of it
        assert word in family(other, shared_analyzer())


@pytest.mark.parametrize(
    ("word", "other"),
    [
        ("działka", "działać"),
        ("klasa", "klasy"),
        ("kolej", "koleja"),
        ("rzecz", "rzeczka"),
        ("organizm", "organista"),
        ("sekcja", "sektor"),
        ("akcja", "akcyjny"),
    ],
)
def test_words_that_only_look_alike_are_no_family(word: str, other: str) -> None:
    """The ending must be that of the part of speech which the rule speaks of."""
    assert other not in family(word, shared_analyzer())
    assert word not in family(other, shared_analyzer())


def test_only_words_of_the_dictionary_belong() -> None:
    """A rule that makes no word makes nothing; nothing is of its own family."""
    assert all(word in shared_analyzer().lemmas(word) for word in family("konsultacja", shared_analyzer()))
    assert family("kot", shared_analyzer()) == ()
    assert "opieka" not in family("opieka", shared_analyzer())


def test_verbs_are_told_from_what_names() -> None:
    """A gerund, a participle and a form that is a noun too are not only verbs."""
    assert [
        word for word in ("sprawdzić", "grozi", "pisanie", "własny", "gmina", "xyzq") if shared_analyzer().is_verb(word)
    ] == [
        "sprawdzić",
        "grozi",
    ]
