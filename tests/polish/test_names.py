"""Names of towns, regions and countries typed in small letters: none misses its own forms, whatever else the collection has.

``names.txt`` holds a name a line and, after a tab, its forms.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from library import Library, found

from kb.polish import shared_analyzer
from kb.search import KnowledgeBase

NAMES = {
    name: forms.split()
    for name, _, forms in (
        line.partition("\t") for line in Path(__file__).with_name("names.txt").read_text(encoding="utf-8").splitlines()
    )
}


def test_there_are_many_names() -> None:
    """The list is long enough to mean something."""
    assert len(NAMES) >= 400


@pytest.mark.parametrize("name", NAMES)
def test_a_name_in_small_letters_shares_terms_with_its_forms(name: str) -> None:
    """What is likely to be meant by "radom" has a term of "Radomiu" and of every other form."""
    analyzer = shared_analyzer()
    asked = set(analyzer.asked(name.lower()).likely)
    assert [form for form in NAMES[name] if asked.isdisjoint(analyzer.terms(form))] == []


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("radzie", "rada"), ("sądów", "sąd"), ("urzędów", "urząd"), ("lasów", "las"), ("świecie", "świat")],
)
def test_a_usual_form_of_a_word_is_likely_though_a_village_is_called_so(typed: str, meant: str) -> None:
    """Who asks of "radzie gminy" means the council at least as much as the village of Radzie."""
    analyzer = shared_analyzer()
    assert set(analyzer.terms(meant)) <= set(analyzer.asked(typed).likely)


@pytest.fixture(scope="module")
def decoys(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    """A document about each name in a form of its own, and one that has every name as another word in small letters."""
    library = Library(tmp_path_factory.mktemp("names"))
    for number, forms in enumerate(NAMES.values()):
        library.markdown(f"{number}.md", f"Otwarto szkołę: {forms[len(forms) // 2]}.", id=f"n{number}", title="Szkoła")
    library.markdown("decoy.md", " ".join(NAMES).lower() + " byt bytu rada radą radzie", id="decoy", title="Inne")
    library.run()
    return library.open()


def test_every_name_is_found_beside_other_words(decoys: KnowledgeBase) -> None:
    """Typed in small letters, with diacritics and without, each name finds its document."""
    missed = [name for number, name in enumerate(NAMES) if f"n{number}" not in found(decoys, name.lower())]
    assert missed == []


@pytest.mark.parametrize("typed", ["radom", "bytom"])
def test_a_name_comes_before_the_other_word(decoys: KnowledgeBase, typed: str) -> None:
    """The document about the town goes before the one that has an odd form of another word."""
    number = [name.lower() for name in NAMES].index(typed)
    assert found(decoys, typed)[0] == f"n{number}"
