"""The collection to measure on: passages grown to any number of pages, documents of five pages, facets, queries.

Everything is the same in each run: growth and choice have fixed seeds. Each page has its text as people read it and its
terms, the output of our analyzer joined by spaces: engines are compared on the same terms, not by their analyzers.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from jsonl_to_markdown import passages

from kb.facets import FACETS
from kb.polish import is_stop_word, normalise, shared_analyzer, surface, words

PAGES_PER_DOCUMENT = 5
_SEED = 20240601
_EDITIONS = 6
_TOPICS = 12
_KINDS = ("raport", "poradnik", "aktualnosc", "wydarzenie")
_YEARS = range(2010, 2025)
_SENTENCE_WORDS = 6


@dataclass(frozen=True, slots=True)
class Question:
    """A query: as typed, and the terms that every engine gets."""

    text: str
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page: ``document`` counts from 0, ``number`` from 1 within it."""

    document: int
    number: int
    text: str
    terms: str


def write(sources: Sequence[str], count: int, path: Path) -> None:
    """Write ``count`` pages, a line each: text, tab, terms. After the last passage all come again with their words shuffled."""
    base = [" ".join(normalise(passage["text"]).split()) for source in sources for passage in passages(source)]
    analyzer = shared_analyzer()
    known: dict[str, str] = {}

    def terms(word: str) -> str:
        found = known.get(word)
        if found is None:
            found = known[word] = "" if is_stop_word(word) else " ".join(analyzer.terms(word))
        return found

    temporary = path.with_suffix(".tmp")
    with temporary.open("w", encoding="utf-8") as file:
        for text in itertools.islice(_grown(base), count):
            file.write(f"{text}\t{' '.join(filter(None, map(terms, words(text))))}\n")
    temporary.replace(path)


def _grown(base: Sequence[str]) -> Iterator[str]:
    yield from base
    for copy in itertools.count(1):
        chance = random.Random(_SEED + copy)
        for text in base:
            shuffled = text.split()
            chance.shuffle(shuffled)
            yield " ".join(shuffled)


def read(path: Path, count: int) -> Iterator[Sheet]:
    """The first ``count`` pages of what ``write`` wrote."""
    with path.open(encoding="utf-8") as file:
        for i, line in enumerate(itertools.islice(file, count)):
            text, terms = line.rstrip("\n").split("\t")
            yield Sheet(i // PAGES_PER_DOCUMENT, i % PAGES_PER_DOCUMENT + 1, text, terms)


def documents(path: Path, count: int) -> Iterator[list[Sheet]]:
    """The same, document by document."""
    for _, sheets in itertools.groupby(read(path, count), key=lambda sheet: sheet.document):
        yield list(sheets)


def title(first: Sheet) -> str:
    """A document's title: the first content words of its first page, so that a title alone never makes a page match."""
    content = (word for word in words(first.text) if not is_stop_word(word))
    return " ".join(itertools.islice(content, 6))


def facets(document: int) -> dict[str, tuple[str, ...]]:
    """The facet values of a document: one edition, kind and year, one to three topics."""
    chance = random.Random(_SEED * 1_000_003 + document)
    topics = chance.sample(range(_TOPICS), chance.choice((1, 1, 2, 3)))
    values = {
        "edition": (f"edycja-{chance.randrange(_EDITIONS)}",),
        "topic": tuple(f"temat-{topic}" for topic in topics),
        "kind": (chance.choice(_KINDS),),
        "year": (str(chance.choice(_YEARS)),),
    }
    return {name: values[name] for name in FACETS}


def questions(path: Path, count: int, pages: int, seed: int = _SEED) -> list[Question]:
    """Two to six words of one page each, from a few neighbouring words, function words left out: frequent and rare ones mixed."""
    analyzer = shared_analyzer()
    chance = random.Random(seed)
    texts = [sheet.text for sheet in read(path, pages)]
    found: dict[str, Question] = {}
    while len(found) < count:
        content = [w for w in words(chance.choice(texts)) if len(w) > 2 and not is_stop_word(w) and w.isalpha()]
        start = chance.randrange(max(1, len(content) - _SENTENCE_WORDS))
        window = content[start : start + _SENTENCE_WORDS]
        if len(window) < 2:
            continue
        chosen = [surface(w) for w in chance.sample(window, chance.randint(2, len(window)))]
        terms = dict.fromkeys(term for word in chosen for term in analyzer.terms(word))
        found[" ".join(chosen)] = Question(" ".join(chosen), tuple(terms))
    return list(found.values())


def save(collected: Sequence[Question], path: Path) -> None:
    """Write questions as JSON Lines, for another process."""
    path.write_text("".join(json.dumps(q.text, ensure_ascii=False) + "\n" for q in collected), encoding="utf-8")


def first_line(path: Path) -> str:
    """The first line of a file of passages, to tell whether it is one."""
    return json.dumps(next(passages(f"{path}:1"), {}))
