"""How a query is read: what is looked for instead of a word, what is told about it, and how it is undone."""

from __future__ import annotations

import pytest
from library import TAXONOMY, Library, found

from kb.model import Reading
from kb.reading.query import make_query, parse
from kb.search import KnowledgeBase

SYNONYMS = """\
abbreviations:
  - {short: ZIT, long: [zintegrowane inwestycje terytorialne]}
  - {short: WPF, long: [wieloletnia prognoza finansowa]}
  - {short: ZRID, long: [zezwolenie na realizację inwestycji drogowej]}
synonyms:
  - [śmieci, odpady komunalne]
"""

TEXTS = {
    "zrodla": "Źródła dofinansowania partnerstw. Źródła są różne.",
    "zrodlo": "Jedno źródło przychodów.",
    "zit": "Umowa w ramach ZIT dla miasta.",
    "zit-long": "Zintegrowane inwestycje terytorialne obejmują gminy.",
    "wpf": "Prognoza finansowa, czyli WPF powiatu.",
    "odpady": "Odpady komunalne odbiera spółka.",
    "smieci": "Śmieci leżą w lesie.",
    "sad": "Sad owocowy za szkołą.",
    "zrid": "Wydano ZRID wczoraj.",
    "rada": "Rada gminy uchwala statut. Gminy mają rady.",
    "dwa": "W dwa lata po wszystkim, kto to wie.",
}


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    """A real index of a few short documents."""
    library = Library(tmp_path_factory.mktemp("reading"))
    library.write("taxonomy.yaml", TAXONOMY)
    library.write("synonyms.yaml", SYNONYMS)
    for name, text in TEXTS.items():
        library.markdown(f"{name}.md", text, id=name, title="Dokument")
    library.run()
    return library.open()


def reading(knowledge: KnowledgeBase, text: str) -> Reading:
    """What people are told of how a query was read."""
    return knowledge.search(make_query(text)).reading


def repairs(knowledge: KnowledgeBase, text: str) -> list[tuple[str, str]]:
    """The repaired words of a query, before and after."""
    return [(change.before, change.after) for change in reading(knowledge, text).repaired]


@pytest.mark.parametrize(
    ("typed", "repaired"),
    [
        ("zrodla", [("zrodla", "źródła")]),
        ("ZRODLA", [("ZRODLA", "źródła")]),
        ("zrodlo przychodow", [("zrodlo", "źródło"), ("przychodow", "przychodów")]),
        ("dofinasowania", [("dofinasowania", "dofinansowania")]),
        ("dofniansowania", [("dofniansowania", "dofinansowania")]),
        ("parnterstw", [("parnterstw", "partnerstw")]),
        ("zrodla zrodla", [("zrodla", "źródła")]),
    ],
)
def test_a_word_that_the_collection_lacks_is_repaired(
    knowledge: KnowledgeBase, typed: str, repaired: list[tuple[str, str]]
) -> None:
    """Missing diacritics and slips are mended, each word told once."""
    assert repairs(knowledge, typed) == repaired


@pytest.mark.parametrize(
    "typed", ["źródła", "dofinansowaniem", "partnerstwo", "Źródłem", "2099", "xq", "nieobecnesłowo", ""]
)
def test_right_words_are_left_alone(knowledge: KnowledgeBase, typed: str) -> None:
    """A form that the collection lacks of a word that it has is right; numbers and strange words have no repair."""
    assert repairs(knowledge, typed) == []


def test_same_letters_go_before_edits(knowledge: KnowledgeBase) -> None:
    """The word with diacritics is meant rather than another one letter away; a word of the language is no slip."""
    assert repairs(knowledge, "sąd") == []
    assert repairs(knowledge, "zrodlo") == [("zrodlo", "źródło")]


def test_dictionary_helps_where_the_collection_has_another_form(knowledge: KnowledgeBase) -> None:
    """A slip in a form that stands nowhere is found by way of the dictionary."""
    assert repairs(knowledge, "laasy") == [("laasy", "lasy")]
    assert found(knowledge, "laasy") == ["smieci"]


def test_no_reading_is_only_another_form(library: Library) -> None:
    """A word of a title alone is in the collection; one without its diacritics is told in its own form, not in a page's."""
    library.markdown("a.md", "Tekst o czym innym. Tak wygląda część codzienności.", id="a", title="Wysokość pensji")
    library.run()
    knowledge = library.open()
    assert repairs(knowledge, "pensja") == []
    assert found(knowledge, "pensja") == ["a"]
    assert repairs(knowledge, "codziennosc") == [("codziennosc", "codzienność")]


def test_a_slip_in_a_name_is_mended_by_titles_and_the_dictionary(library: Library) -> None:
    """A title's words belong to the collection; one slip in a name goes before two; other cases of a name are that name."""
    for name, title, text in (
        ("pola", "Zula Pogorzelska", "Śpiewała w teatrze."),
        ("czarny", "Dokument", "Pan Czarnecki pisał."),
        ("czerny", "Dokument", "Dom Czerneckiego stoi."),
        ("billy", "Dokument", "Billy śpiewał."),
        ("hackathon", "Dokument", "Zapraszamy na hackathon."),
    ):
        library.markdown(f"{name}.md", text, id=name, title=title)
    library.run()
    knowledge = library.open()
    assert repairs(knowledge, "Pogorzelska") == []
    for typed, meant, document in (
        ("Poggorzelska", "pogorzelska", "pola"),
        ("Czeernecki", "czernecki", "czerny"),
        ("Billyego", "billy", "billy"),
        ("hockathonie", "hackathon", "hackathon"),
    ):
        assert repairs(knowledge, typed) == [(typed, meant)]
        assert found(knowledge, typed) == [document]


def test_a_repaired_query_finds_what_the_right_one_does(knowledge: KnowledgeBase) -> None:
    """Without diacritics or with a slip the answers are the same, and the reading says what was looked for."""
    right = found(knowledge, "źródła dofinansowania")
    assert right[0] == "zrodla"
    assert found(knowledge, "zrodla dofinansowania") == right
    assert found(knowledge, "źródła dofinasowania") == right
    assert reading(knowledge, "zrodla dofinasowania").read_as == "źródła dofinansowania"


@pytest.mark.parametrize(
    "typed", ["zrodla dofinansowania", "umowa zrodla", "zrodla", "dofinasowania -gmina", "„rada wsi” zrodla"]
)
def test_undoing_a_repair_takes_the_word_as_typed(knowledge: KnowledgeBase, typed: str) -> None:
    """The link back leads to the word as typed, or tells that it stands nowhere and what was looked for instead."""
    (change,) = reading(knowledge, typed).repaired
    undone = reading(knowledge, change.undo)
    if undone.repaired:
        assert undone.loosened == (change.before,)
    else:
        assert f"„{change.before}”" in undone.read_as
    assert change.undo != typed


def test_undoing_one_of_two_repairs_leaves_the_other(knowledge: KnowledgeBase) -> None:
    """Each repair is undone by itself; a form that stands nowhere in the collection is named."""
    first, second = reading(knowledge, "zrodla dofinasowania").repaired
    assert [c.before for c in reading(knowledge, first.undo).repaired] == ["dofinasowania"]
    assert reading(knowledge, second.undo).loosened == ("dofinasowania",)


@pytest.mark.parametrize(
    ("typed", "before", "after", "finds"),
    [
        ("ZIT", "ZIT", "zintegrowane inwestycje terytorialne", {"zit", "zit-long"}),
        ("zit", "zit", "zintegrowane inwestycje terytorialne", {"zit", "zit-long"}),
        (
            "zintegrowanych inwestycji terytorialnych",
            "zintegrowanych inwestycji terytorialnych",
            "ZIT",
            {"zit", "zit-long"},
        ),
        ("wieloletnia prognoza finansowa", "wieloletnia prognoza finansowa", "WPF", {"wpf"}),
        ("śmieci", "śmieci", "odpady komunalne", {"smieci", "odpady"}),
        ("odpadami komunalnymi", "odpadami komunalnymi", "śmieci", {"smieci", "odpady"}),
        ("zezwolenie na realizację inwestycji drogowej", "zezwolenie realizację inwestycji drogowej", "ZRID", {"zrid"}),
    ],
)
def test_abbreviations_and_synonyms_work_both_ways(
    knowledge: KnowledgeBase, typed: str, before: str, after: str, finds: set[str]
) -> None:
    """Each finds the other, and people are told."""
    (change,) = reading(knowledge, typed).expanded
    assert (change.before, change.after) == (before, after)
    assert finds <= set(found(knowledge, typed))


@pytest.mark.parametrize("typed", ["ZIT", "umowa ZIT miasta", "odpady komunalne", "śmieci w lesie"])
def test_undoing_an_expansion_takes_the_words_as_typed(knowledge: KnowledgeBase, typed: str) -> None:
    """The link back leads to a query that is not expanded again."""
    (change,) = reading(knowledge, typed).expanded
    assert reading(knowledge, change.undo).expanded == ()
    assert found(knowledge, change.undo)


def test_function_words_are_dropped(knowledge: KnowledgeBase) -> None:
    """Beside a word that says something, function words are left out, and people are told once of each."""
    assert reading(knowledge, "co to jest partnerstwo i to co").dropped == ("co", "to", "jest", "i")
    assert found(knowledge, "co to jest partnerstwo") == found(knowledge, "partnerstwo")


def test_only_function_words_are_looked_for(knowledge: KnowledgeBase) -> None:
    """A query of function words alone is taken at its word."""
    assert reading(knowledge, "kto to").dropped == ()
    assert found(knowledge, "kto to")[0] == "dwa"


def test_function_words_beside_a_phrase_are_dropped(knowledge: KnowledgeBase) -> None:
    """A phrase says enough."""
    assert reading(knowledge, "to jest „rada gminy”").dropped == ("to", "jest")
    assert found(knowledge, "to jest „rada gminy”")[0] == found(knowledge, "„rada gminy”")[0]


def test_function_words_in_a_phrase_stay(knowledge: KnowledgeBase) -> None:
    """In quotation marks each word counts."""
    assert reading(knowledge, "„kto to wie”").dropped == ()
    assert found(knowledge, "„kto to wie”") == ["dwa"]


def test_a_phrase_is_taken_as_typed(knowledge: KnowledgeBase) -> None:
    """Only the very forms in their order are found; the words are neither repaired nor expanded."""
    assert found(knowledge, "„rada gminy”") == ["rada"]
    assert found(knowledge, "„prognoza finansowa”") == ["wpf"]
    assert reading(knowledge, "„odpady komunalne”").expanded == ()
    assert reading(knowledge, "„rada gminy”") == Reading(read_as="„rada gminy”")


def test_a_phrase_without_diacritics_is_the_same_phrase(knowledge: KnowledgeBase) -> None:
    """Where the collection has no such form, those that differ in diacritics alone are meant."""
    assert found(knowledge, "„zrodla dofinansowania”") == ["zrodla"]
    assert found(knowledge, "„ZRODLA”") == ["zrodla"]


@pytest.mark.parametrize("typed", ["„gminy rada statut”", "„gminna rada”", '"rady gminne"'])
def test_a_phrase_that_stands_nowhere_is_loosened(knowledge: KnowledgeBase, typed: str) -> None:
    """Its words are looked for instead, in any form, and people are told."""
    told = reading(knowledge, typed)
    assert told.loosened == (" ".join(clause for clause in parse(typed)[0].words),)
    assert "rada" in found(knowledge, typed)


def test_a_loosened_phrase_leaves_the_others(knowledge: KnowledgeBase) -> None:
    """A phrase that does stand somewhere is still required beside one that does not."""
    told = reading(knowledge, "„rada gminy” „statut powiatu”")
    assert told.loosened == ("statut powiatu",)
    assert found(knowledge, "„rada gminy” „statut powiatu”") == ["rada"]


def test_a_slip_in_a_loosened_phrase_is_mended_and_undone(knowledge: KnowledgeBase) -> None:
    """The words of a loosened phrase are words like any others."""
    told = reading(knowledge, "„uchwala statud”")
    assert [(c.before, c.after) for c in told.repaired] == [("statud", "statut")]
    assert told.read_as == "uchwala statut"
    assert reading(knowledge, told.repaired[0].undo).loosened == ("statud",)


def test_a_quoted_word_is_just_that_form(knowledge: KnowledgeBase) -> None:
    """One word in quotation marks matches only that form, and nothing where it stands nowhere."""
    assert found(knowledge, "„źródło”") == ["zrodlo"]
    assert set(found(knowledge, "źródło")) == {"zrodlo", "zrodla"}
    assert found(knowledge, "„źródłem”") == []
    assert reading(knowledge, "„źródłem”").loosened == ()


def test_excluded_words_are_excluded_in_any_form(knowledge: KnowledgeBase) -> None:
    """``-słowo`` leaves out pages with the word in any form, ``-„…”`` those with the phrase."""
    assert set(found(knowledge, "źródło -dofinansowanie")) == {"zrodlo"}
    assert set(found(knowledge, "źródło -„jedno źródło”")) == {"zrodla"}
    assert set(found(knowledge, "-źródło")) == set(TEXTS) - {"zrodla", "zrodlo"}


def test_excluded_words_are_not_repaired(knowledge: KnowledgeBase) -> None:
    """Nothing is left out that was not named."""
    assert reading(knowledge, "gmina -xyzzyq").repaired == ()
    assert reading(knowledge, "gmina -zrodla").read_as == "gmina -zrodla"


def test_a_word_typed_twice_counts_once(knowledge: KnowledgeBase) -> None:
    """Repeating a word changes neither what is found nor how well."""
    once, twice = (knowledge.search(make_query(text)) for text in ("źródła", "źródła źródła ŹRÓDŁA"))
    assert [(hit.document.id, hit.score) for hit in once.hits] == [(hit.document.id, hit.score) for hit in twice.hits]


def test_nothing_asked_reads_as_nothing(knowledge: KnowledgeBase) -> None:
    """An empty query has nothing to tell."""
    assert reading(knowledge, " – ") == Reading(read_as="")


def test_a_word_that_no_page_has_does_not_empty_the_page(knowledge: KnowledgeBase) -> None:
    """It is told, and the rest is searched for; a word that stands in a title alone is not told so."""
    results = knowledge.search(make_query("elektrobusy prognoza"))
    assert results.reading.absent == ("elektrobusy",)
    assert [hit.document.id for hit in results.hits] == ["wpf"]
    assert reading(knowledge, "dokument prognoza").absent == ()


def test_quotation_marks_beside_words_come_first_and_shut_nobody_out(knowledge: KnowledgeBase) -> None:
    """The phrase as typed goes before its other forms; with a plus only the phrase as typed is found."""
    assert found(knowledge, "statut „rada gminy”")[0] == "rada"
    assert "zrodlo" in found(knowledge, "przychody „źródła”")
    assert "zrodlo" not in found(knowledge, "przychody +„źródła”")


@pytest.mark.parametrize("typed", ["byl", "sie", "moze"])
def test_a_word_restored_to_a_function_word_is_one(knowledge: KnowledgeBase, typed: str) -> None:
    """Typed without diacritics it is left out beside other words like any other function word."""
    assert typed in reading(knowledge, f"{typed} statut").dropped


def test_a_word_of_the_language_is_no_slip_of_another(knowledge: KnowledgeBase) -> None:
    """What is typed as "pozyczyc" is "pożyczyć", be it nowhere, and not a word that happens to be near."""
    assert repairs(knowledge, "pozyczyc statut") == [("pozyczyc", "pożyczyć")]
    assert reading(knowledge, "pozyczyc statut").absent == ("pożyczyć",)


def test_the_last_word_may_be_unfinished(knowledge: KnowledgeBase) -> None:
    """What is typed so far finds the words that begin so."""
    assert found(knowledge, "umowa partne")[0] in ("zit", "zrodla")
    assert "zrodla" in found(knowledge, "umowa partne")


def test_an_abbreviation_in_small_letters_beside_a_number_is_cut(knowledge: KnowledgeBase) -> None:
    """There it has no long form; in capitals it has one."""
    assert reading(knowledge, "zit 5 statut").expanded == ()
    assert reading(knowledge, "ZIT 5 statut").expanded
