"""Every ranking weight, as one frozen value that is passed down: what a part of reading, ranking or quoting counts for.

A weight of 0 takes its part out, which is how ``benchmarks/relevance.py`` measures what each is worth
(``docs/relevance.md`` has the figures). Nothing here changes what an index holds, so no change needs reindexing.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """The weights, first those of the engine, then those of reading a query, then those of the quoted sentence."""

    k1: float = 1.2
    """BM25: how soon further occurrences of a term on a page stop counting."""
    b: float = 0.75
    """BM25: how much a page's length counts against it, between 0 and 1."""
    shortest: float = 0.5
    """BM25: a page shorter than this share of an average one counts as long as that: a few lines are not denser for being few."""
    title: float = 0.5
    """A word of the document's title adds this share of its idf to each page of the document that matches otherwise."""
    heading: float = 0.3
    """A word of the page's heading adds this share of its idf."""
    second_page: float = 0.3
    """A document is ranked by its best page and this share of the next best: a subject is treated on more than one page."""
    contents_page: float = 0.2
    """A list of contents, a cover or an imprint answers nothing itself: the score of such a page is multiplied by this."""

    surface: float = 0.2
    """The typed form beside its lemma's 1: of forms that share a lemma, the typed one comes first."""
    same_fold: float = 1.0
    """A word of the collection that differs from the typed one in diacritics alone."""
    sibling: float = 0.7
    """The same where the collection or the dictionary has the typed form too, in a query without diacritics."""
    unlikely: float = 0.5
    """A reading of a name in small letters, or of the other word, that is less likely."""
    near: float = 0.85
    """A word of the collection found by edit distance: less than a sure one."""
    dictionary: float = 0.85
    """A word of the dictionary found by edit distance, which the collection has in another form."""
    synonym: float = 0.6
    """A synonym, or an abbreviation's other form."""
    derived: float = 0.2
    """An adjective of a noun, or the noun of an adjective."""
    family: float = 0.5
    """Another word of the same family: "pożyczka" for "pożyczyć"."""
    verb: float = 0.6
    """A verb, beside a noun's 1: what is asked about is mostly named, and what is done with it said in many ways."""
    neighbour: float = 0.3
    """Two words of the query that stand in a text just as they do in the query, inflection aside."""
    beside: float = 1.0
    """The same for a number, a letter or a section sign with the word beside it."""
    apart: float = 0.9
    """The share of that where another word stands between a number and the word: "nr" in "załącznik nr 4"."""
    quoted: float = 1.5
    """A phrase in quotation marks beside other words: for its forms as typed, and as much for inflected ones."""
    whole_title: float = 1.0
    """A query that is the whole title of a document."""
    function_word: float = 0.0
    """A function word beside other words; alone it counts 1."""
    loosened: float = 1.0
    """The words of a phrase that stands nowhere as typed."""
    floor: float = 0.2
    """A page matches when it holds this share of the query's whole idf: all of a short query's rarer words alone, none of a
    long question's common ones. Totals and facets count matches, so they stay honest under OR."""

    meaning: float = 0.8
    """Meaning beside words: a page's share of the best score is raised by this × (cosine − mean) / (4 × standard deviation)."""
    meaning_least: float = 0.5
    """Where words find little: the best score that meaning adds a share of is at least this share of the whole query's idf."""
    meaning_joins: float = 3.0
    """By how many standard deviations a page's meaning must stand out for it to be found without the words."""

    answer_words: int = 3
    """A query of fewer words asks for documents, not for a sentence."""
    answer_cover: float = 0.5
    """The share of the question, by idf, that a quoted sentence must hold."""
    answer_lead: float = 1.2
    """By how much the best page must beat every other, in its own document too."""
    answer_neighbour: float = 0.5
    """The share for words that stand in the sentence before: "It must do so within 30 days" answers what that one speaks of."""
