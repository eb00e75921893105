"""Ablation: what each part of the ranking is worth on judged questions, and what the best fragment gets right.

    python benchmarks/relevance.py [--questions FILE --documents FOLDER --index FOLDER] [--name NAME] [--write FILE]

Without options: the questions of ``tests/quality`` on ``documents/``, indexed into a temporary folder. With ``--index`` that
index is used as it is. ``--write docs/relevance.md`` puts the tables between ``<!-- NAME -->`` and ``<!-- /NAME -->`` there.

The product has no switches: parts are switched off here, in ``PARTS`` and ``ANALYZERS``, by putting something else in the
place of a module's constant or function for the time of one measurement.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from kb.engine.embedded.store import Segment, StoreWriter, create

from kb import indexer, polish, search
from kb.engine import IndexedFile, Request
from kb.engine.embedded import rows, scoring
from kb.engine.embedded.builds import BuildInfo, Builds
from kb.finding import answer
from kb.finding.snippets import Highlighter
from kb.model import ClauseKind, Query, Results
from kb.polish import Analyzer, fold
from kb.quality import FIELDS, Quality, Question, evaluate, load_questions
from kb.reading import reader as reading
from kb.reading.query import make_query, parse
from kb.reading.reader import Reader
from kb.reading.synonyms import SYNONYMS_FILE, Synonyms
from kb.reading.vocabulary import Vocabulary
from kb.search import KnowledgeBase
from kb.settings import Settings

ROOT = Path(__file__).parents[1]

# ---------------------------------------------------------------- the switches: the one place that reaches into the product


def without_field(name: str) -> Any:
    """The engine without one of its fields: neither score nor coverage comes from it."""
    parts = scoring.Scorer._parts  # noqa: SLF001

    def fewer(self: Any, forms: Any) -> Iterator[Any]:
        return (part for part in parts(self, forms) if part.field != name)

    return patch.object(scoring.Scorer, "_parts", fewer)


def without_page_weights() -> Any:
    """Every page's score as it is: pages that list contents count as any other."""
    made = rows.Rows.__init__

    def plain(self: Any, *args: Any) -> None:
        made(self, *args)
        self.weights = np.ones_like(self.weights)

    return patch.object(rows.Rows, "__init__", plain)


def with_floor(share: float) -> Any:
    """Another coverage floor."""
    make = search._request  # noqa: SLF001

    def request(*args: Any) -> Request:
        return replace(make(*args), min_coverage=share)

    return patch.object(search, "_request", request)


def _phrases_kept(_: Reader, clauses: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    return [clause for clause in clauses if clause.kind is ClauseKind.PHRASE], []


PARTS: dict[str, Callable[[], Any]] = {
    "surface field": lambda: patch.object(reading, "SURFACE_WEIGHT", 0.0),
    "title weight": lambda: without_field("title"),
    "heading weight": lambda: without_field("heading"),
    "contents pages at half weight": without_page_weights,
    "neighbour bonus": lambda: patch.object(reading, "_neighbours", lambda *_: []),
    "stop words left out": lambda: patch.object(reading, "is_stop_word", lambda _: False),
    "repair: all of it": lambda: patch.object(Reader, "_repair", lambda *_: []),
    "repair: same fold first": lambda: patch.object(Vocabulary, "same_fold", lambda *_: []),
    "repair: from the vocabulary": lambda: patch.object(Vocabulary, "near", lambda *_: []),
    "repair: from the dictionary": lambda: patch.object(Reader, "_from_dictionary", lambda *_: []),
    "loosened phrases": lambda: patch.object(Reader, "_phrases", _phrases_kept),
    "synonyms": lambda: patch.object(KnowledgeBase, "synonyms", property(lambda kb: Synonyms(kb.analyzer))),
    "derived adjectives": lambda: patch.object(reading, "_derived", lambda _: ()),
    "coverage floor": lambda: with_floor(0.0),
}
"""Each part of reading and ranking, and what takes it out."""

CHANGES: dict[str, Callable[[], Any]] = {
    "coverage floor 0.34 instead": lambda: with_floor(0.34),
}
"""Other values that were tried."""


class _NoStems(Analyzer):
    def __init__(self) -> None:
        super().__init__()
        self._stem = str


class _AllStems(Analyzer):
    def _stemmed(self, lemma: str) -> str:
        return str(self._stem(lemma))


class _NoFolding(Analyzer):
    def _terms(self, word: str) -> tuple[str, ...]:
        with patch.object(polish, "fold", str):
            return super()._terms(word)


class _FoldedFirst(Analyzer):
    def _terms(self, word: str) -> tuple[str, ...]:
        return super()._terms(fold(word))


class _NoLemmas(Analyzer):
    def _terms(self, word: str) -> tuple[str, ...]:
        return (fold(self._stem(word.lower())) or fold(word.lower()),)


class _OnlyFolding(Analyzer):
    def _terms(self, word: str) -> tuple[str, ...]:
        return (fold(word.lower()),)


ANALYZERS: dict[str, type[Analyzer]] = {
    "stems after lemmas": _NoStems,
    "short stems left whole": _AllStems,
    "lemmas (stems of forms instead)": _NoLemmas,
    "lemmas and stems (folded forms alone)": _OnlyFolding,
    "folding of terms": _NoFolding,
    "folding last (first instead)": _FoldedFirst,
}
"""Each step of the analyzer, and the analyzer without it."""


@contextmanager
def reindexed(settings: Settings, analyzer: type[Analyzer]) -> Iterator[Settings]:
    """The same pages indexed and searched by another analyzer."""
    engine = KnowledgeBase(settings).engine
    with tempfile.TemporaryDirectory() as folder, patch.object(search, "Analyzer", analyzer):
        builds = Builds(Path(folder))
        build = builds.start()
        create(build)
        writer = StoreWriter(build, analyzer())
        for document in engine.documents():
            pages = list(engine.pages(document.id))
            file = IndexedFile(
                document=document.id, path=document.path, version=document.version, metadata="", pages=len(pages)
            )
            writer.add(document, pages, file)
        writer.commit()
        builds.switch(build, BuildInfo(fingerprint=indexer.fingerprint(analyzer()), created=""))
        yield settings.model_copy(update={"index": Path(folder)})


# ---------------------------------------------------------------- measuring


@contextmanager
def remembering() -> Iterator[None]:
    """What is the same in every measurement is worked out once: posting lists, vocabulary, the nearest words of a word."""
    postings, vocabulary, near = Segment.postings, Segment.vocabulary, Vocabulary.near
    lists: dict[tuple[str, str, str], Any] = {}
    words: dict[str, list[tuple[str, int]]] = {}
    nearest: dict[str, list[str]] = {}

    def own_postings(segment: Segment, field: str, term: str) -> Any:
        key = (segment.id, field, term)
        if key not in lists:
            lists[key] = postings(segment, field, term)
        return lists[key]

    def own_vocabulary(segment: Segment) -> Iterator[tuple[str, int]]:
        if segment.id not in words:
            words[segment.id] = list(vocabulary(segment))
        return iter(words[segment.id])

    def own_near(self: Vocabulary, word: str) -> list[str]:
        if word not in nearest:
            nearest[word] = near(self, word)
        return nearest[word]

    with (
        patch.object(Segment, "postings", own_postings),
        patch.object(Segment, "vocabulary", own_vocabulary),
        patch.object(Vocabulary, "near", own_near),
    ):
        yield


class _Counting(KnowledgeBase):
    """Keeps what the tables need of each search."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.pages: list[int] = []

    def search(self, query: Query) -> Results:
        results = super().search(query)
        self.pages.append(results.total_pages)
        return results


@dataclass(frozen=True)
class Measured:
    """Qualities by spelling, and matching pages per question as asked."""

    qualities: dict[str, Quality]
    pages: float


def measure(settings: Settings, questions: Sequence[Question]) -> Measured:
    """Ask all questions in all spellings. Snippets and answers, which change no rank, are not made."""
    knowledge = _Counting(settings)
    with patch.object(Highlighter, "snippet", lambda *_: ""), patch.object(search, "_answer", lambda *_: None):
        asked = evaluate(knowledge, questions, "query")
        pages = sum(knowledge.pages) / len(knowledge.pages)
        rest = {spelling: evaluate(knowledge, questions, spelling) for spelling in FIELDS[1:]}
    return Measured({"query": asked, **rest}, pages)


def row(name: str, measured: Measured, base: Measured | None, judged_pages: bool) -> str:
    """A line of the table: MRR@10 by spelling with the difference, what became of single questions, recall, pages."""
    cells = [name]
    for spelling, quality in measured.qualities.items():
        difference = f" ({quality.mrr - base.qualities[spelling].mrr:+.3f})" if base else ""
        cells.append(f"{quality.mrr:.3f}{difference}")
    if base:
        pairs = [
            (_reciprocal(now.rank), _reciprocal(then.rank))
            for spelling in FIELDS
            for now, then in zip(measured.qualities[spelling].answered, base.qualities[spelling].answered, strict=True)
        ]
        cells.append(f"{sum(now < then for now, then in pairs)} / {sum(now > then for now, then in pairs)}")
    else:
        cells.append("")
    cells.append(" · ".join(f"{quality.recall:.3f}" for quality in measured.qualities.values()))
    if judged_pages:
        cells.append(f"{measured.qualities['query'].right_page or 0:.3f}")
    cells.append(f"{measured.pages:,.0f}")
    return "| " + " | ".join(cells) + " |"


def _reciprocal(rank: int) -> float:
    return 1 / rank if rank else 0.0


def matters(name: str, settings: Settings, questions: Sequence[Question]) -> bool:
    """Whether a part can have anything to do with these questions at all."""
    if name == "synonyms":
        return (settings.documents / SYNONYMS_FILE).exists()
    return name != "loosened phrases" or any(c.kind is ClauseKind.PHRASE for q in questions for c in parse(q.query))


def ablation(settings: Settings, questions: Sequence[Question], only: Sequence[str] = ()) -> list[str]:
    """The table: everything on, then each part off."""
    judged = any(question.pages for question in questions)
    head = ["part switched off", "as asked", "no diacritics", "one typo", "worse / better", "recall@10"]
    head += (["right page first"] if judged else []) + ["matching pages"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    base = measure(settings, questions)
    lines.append(row("**none: as it is**", base, None, judged))
    print(lines[-1], flush=True)
    for name, off in {**PARTS, **{f"*{name}*": change for name, change in CHANGES.items()}}.items():
        if (only and name not in only) or not matters(name, settings, questions):
            continue
        with off():
            lines.append(row(name, measure(settings, questions), base, judged))
        print(lines[-1], flush=True)
    for name, analyzer in ANALYZERS.items():
        if only and name not in only:
            continue
        with reindexed(settings, analyzer) as other:
            lines.append(row(name, measure(other, questions), base, judged))
        print(lines[-1], flush=True)
    return lines


LEADS = (1.0, 1.1, 1.2, 1.3, 1.5)
COVERS = (0.4, 0.5, 0.6)


def fragments(settings: Settings, questions: Sequence[Question]) -> list[str]:
    """How often an answer is quoted and how often its page is a right one, for other thresholds too."""
    knowledge = KnowledgeBase(settings)
    best = [_best(knowledge, question) for question in questions]
    lines = [
        "| least lead \\ least cover | " + " | ".join(f"{cover:g}" for cover in COVERS) + " |",
        "|---" * (len(COVERS) + 1) + "|",
    ]
    for lead in LEADS:
        cells = []
        for cover in COVERS:
            right = [one.right for one in best if one and one.lead >= lead and one.cover >= cover]
            cell = f"{len(right) / len(questions):.1%}, right {sum(right) / max(1, len(right)):.3f}"
            live = (lead, cover) == (search.LEAST_LEAD, answer.LEAST_COVER)
            cells.append(f"**{cell}**" if live else cell)
        lines.append(f"| {lead:g} | " + " | ".join(cells) + " |")
        print(lines[-1], flush=True)
    return lines


@dataclass(frozen=True)
class _Best:
    """The sentence that would be quoted for a question if no threshold stood in the way."""

    lead: float
    cover: float
    right: bool


def _best(knowledge: KnowledgeBase, question: Question) -> _Best | None:
    covers: list[float] = []

    def keep(*args: Any) -> answer.Fragment | None:
        fragment = answer.best_fragment(*args)
        covers.append(fragment.cover if fragment else 0.0)
        return fragment

    with (
        patch.object(Highlighter, "snippet", lambda *_: ""),
        patch.object(search, "LEAST_LEAD", 0.0),
        patch.object(answer, "LEAST_COVER", 0.0),
        patch.object(search, "best_fragment", keep),
    ):
        results = knowledge.search(make_query(question.query))
    if results.answer is None:
        return None
    first, *rest = results.hits
    rivals = [page.score for page in first.pages[1:]] + [hit.score for hit in rest]
    found = results.answer
    pages = question.pages.get(found.document.id)
    right = found.document.id in question.relevant and (not pages or found.page.number in pages)
    return _Best(first.score / max(rivals) if rivals else inf, covers[0], right)


# ---------------------------------------------------------------- running


def write(path: Path, name: str, lines: Sequence[str]) -> None:
    """Put the lines between the marks of ``name`` in a file."""
    text = path.read_text(encoding="utf-8")
    before, start, rest = text.partition(f"<!-- {name} -->")
    _, end, after = rest.partition(f"<!-- /{name} -->")
    if not start or not end:
        raise SystemExit(f"{path} has no place for {name}")
    path.write_text("\n".join([before + start, *lines, end + after]), encoding="utf-8")


def main() -> None:
    """Measure one set."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--questions", type=Path, default=ROOT / "tests" / "quality" / "questions.jsonl")
    parser.add_argument("--documents", type=Path, default=ROOT / "documents")
    parser.add_argument("--index", type=Path)
    parser.add_argument("--name", default="own", help="the tables' place in the file")
    parser.add_argument("--write", type=Path, metavar="FILE")
    parser.add_argument("--only", action="append", default=[], metavar="PART", help="just this part; may be repeated")
    parser.add_argument("--limit", type=int, help="only so many questions, to try the script")
    given = parser.parse_args()
    questions = load_questions(given.questions)[: given.limit]
    with ExitStack() as stack:
        index = given.index or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        settings = Settings(documents=given.documents, index=index)
        if given.index is None:
            indexer.run(settings)
        documents, pages = KnowledgeBase(settings).engine.counts()
        started = time.monotonic()
        stack.enter_context(remembering())
        lines = [f"{len(questions)} questions, {documents:,} documents, {pages:,} pages.", ""]
        lines += ["MRR@10 by spelling (difference to all parts on):", ""]
        lines += ablation(settings, questions, given.only)
        lines += [
            "",
            "The quoted sentence: share of questions that get one, and how often its page is a right one:",
            "",
        ]
        lines += fragments(settings, questions)
    print(f"{time.monotonic() - started:.0f} s")
    if given.write:
        write(given.write, given.name, lines)


if __name__ == "__main__":
    main()
