"""Ablation: what each part of the ranking is worth on judged questions, and what the best fragment gets right.

    python benchmarks/relevance.py [--questions FILE --documents FOLDER --index FOLDER] [--name NAME] [--write FILE]

Without options: the questions of ``tests/quality`` on ``documents/``, indexed into a temporary folder. With ``--index`` that
index is used as it is, with the vectors that it has. ``KB_MEANING=off`` measures words alone.
``--write docs/relevance.md`` puts the tables between ``<!-- NAME -->`` and ``<!-- /NAME -->`` there.

A part is switched off by a ``Tuning`` in which it weighs nothing, a step of the analyzer by an analyzer without it, which needs
an index of its own.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path

from kb import indexer
from kb.engine import IndexedFile, Store, open_store
from kb.engine.analysis import Analysis
from kb.finding.answer import best_fragment
from kb.formats import SYNONYMS_FILE
from kb.meaning import making
from kb.model import ClauseKind, Query, Results
from kb.polish import Analyzer, fold
from kb.quality import FIELDS, Quality, Question, evaluate, load_questions
from kb.reading.query import make_query, parse
from kb.search import KnowledgeBase
from kb.settings import Settings, load
from kb.tuning import Tuning

ROOT = Path(__file__).parents[1]

PARTS: Mapping[str, Tuning] = {
    "surface field": Tuning(surface=0),
    "title weight": Tuning(title=0),
    "heading weight": Tuning(heading=0),
    "contents pages weigh less": Tuning(contents_page=1),
    "neighbour bonus": Tuning(neighbour=0),
    "stop words left out": Tuning(function_word=1),
    "repair: all of it": Tuning(same_fold=0, near=0, dictionary=0),
    "repair: same fold first": Tuning(same_fold=0),
    "repair: from the vocabulary": Tuning(near=0),
    "repair: from the dictionary": Tuning(dictionary=0),
    "loosened phrases": Tuning(loosened=0),
    "synonyms": Tuning(synonym=0),
    "derived adjectives": Tuning(derived=0),
    "word families": Tuning(family=0),
    "verbs weigh less": Tuning(verb=1),
    "short pages count as longer": Tuning(shortest=0),
    "a document's second page": Tuning(second_page=0),
    "coverage floor": Tuning(floor=0),
    "meaning": Tuning(meaning=0),
    "meaning against all that was asked": Tuning(meaning_least=0),
}
"""Each part of reading and ranking, and what takes it out."""

CHANGES: Mapping[str, Tuning] = {
    "coverage floor 0.34 instead": Tuning(floor=0.34),
    "meaning 1.0 instead": Tuning(meaning=1.0),
    "found by meaning alone: never": Tuning(meaning_joins=inf),
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
    _fold = staticmethod(str)


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
def reindexed(settings: Settings, analyzer: Analyzer) -> Iterator[Store]:
    """The same pages indexed by another analyzer."""
    state = open_store(settings).current()
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(settings.model_copy(update={"index": Path(folder)}))
        analysis = Analysis(analyzer)
        with store.writer(indexer.fingerprint(store, analyzer)) as writer:
            for document in state.documents():
                pages = list(state.pages(document.id))
                file = IndexedFile(
                    document=document.id, path=document.path, version=document.version, metadata="", pages=len(pages)
                )
                writer.add(analysis.of_document(document, pages), file)
            writer.commit()
        yield store


# ---------------------------------------------------------------- measuring


class _Counting(KnowledgeBase):
    """Keeps what the tables need of each search."""

    pages: tuple[int, ...] = ()

    def search(self, query: Query) -> Results:
        results = super().search(query)
        self.pages += (results.total_pages,)
        return results


@dataclass(frozen=True)
class Measured:
    """Qualities by spelling, and matching pages per question as asked."""

    qualities: dict[str, Quality]
    pages: float


def measure(knowledge: _Counting, questions: Sequence[Question]) -> Measured:
    """Ask all questions in all spellings."""
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
    store = open_store(settings)
    base = measure(_Counting(settings, store=store), questions)
    lines.append(row("**none: as it is**", base, None, judged))
    print(lines[-1], flush=True)
    for name, tuning in {**PARTS, **{f"*{name}*": change for name, change in CHANGES.items()}}.items():
        if (only and name not in only) or not matters(name, settings, questions):
            continue
        # One store for all whose engine weighs alike: what was read of lists serves them all.
        own = None if replace(tuning, **_ENGINES_SHARE) != tuning else store
        lines.append(row(name, measure(_Counting(settings, tuning, own), questions), base, judged))
        print(lines[-1], flush=True)
    for name, analyzer in ANALYZERS.items():
        if only and name not in only:
            continue
        other = analyzer()
        with reindexed(settings, other) as indexed:
            lines.append(row(name, measure(_Counting(settings, None, indexed, other), questions), base, judged))
        print(lines[-1], flush=True)
    return lines


_ENGINES_SHARE = {
    name: getattr(Tuning(), name)
    for name in ("k1", "b", "shortest", "title", "heading", "contents_page", "second_page")
}
LEADS = (1.0, 1.1, 1.2, 1.3, 1.5)
COVERS = (0.4, 0.5, 0.6)


def fragments(settings: Settings, questions: Sequence[Question]) -> list[str]:
    """How often an answer is quoted and how often its page is a right one, for other thresholds too."""
    knowledge = KnowledgeBase(settings, Tuning(answer_lead=0, answer_cover=0))
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
            live = (lead, cover) == (Tuning().answer_lead, Tuning().answer_cover)
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
    query = make_query(question.query)
    results = knowledge.search(query)
    if results.answer is None:
        return None
    first, *rest = results.hits
    rivals = [page.score for page in first.pages[1:]] + [hit.score for hit in rest]
    found = results.answer
    page = knowledge.page(found.document.id, found.page.number)
    fragment = best_fragment(page.whole_text, knowledge.highlighter(query), knowledge.tuning)
    assert fragment is not None
    pages = question.pages.get(found.document.id)
    right = found.document.id in question.relevant and (not pages or found.page.number in pages)
    return _Best(first.score / max(rivals) if rivals else inf, fragment.cover, right)


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
        settings = load(documents=given.documents, index=index)
        if given.index is None:
            indexer.run(settings)
            making.wait(settings)
        documents, pages = KnowledgeBase(settings).state.size
        started = time.monotonic()
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
