"""Judged questions → how well the search answers them: MRR@10, recall@10, recall@1 over document ids.

A question file holds one JSON object a line: ``query``, ``plain`` (no diacritics, lower case), ``typo`` (one typing error),
``relevant`` (document ids) and, where pages were judged too, ``pages`` (document id → page numbers). Reciprocal rank is 1 / rank
of the first relevant document among the first ten, 0 when there is none; recall@k is the share of questions with a relevant
document among the first k.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kb.errors import BadRequest
from kb.reading.query import make_query
from kb.search import KnowledgeBase

DEPTH = 10
FIELDS = ("query", "plain", "typo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One judged question: its text in three spellings, the documents that answer it, and their answering pages."""

    query: str
    plain: str
    typo: str
    relevant: tuple[str, ...]
    pages: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What became of one question: rank of the first relevant document (0: not among the first ten).

    ``right_page``: whether the first page shown of that document is a judged one; None where no pages were judged or
    nothing was found.
    """

    question: Question
    rank: int
    right_page: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Averages over the questions."""

    mrr: float
    recall: float
    first: float
    right_page: float | None
    questions: int
    answered: tuple[Answered, ...]


def load_questions(path: Path) -> list[Question]:
    """Read a question file. Raises BadRequest that names the first bad line."""
    questions = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        raise BadRequest(f"Nie można odczytać pliku z pytaniami {path}.") from None
    except UnicodeDecodeError:
        raise BadRequest(f"Nie można odczytać pliku z pytaniami {path}: to nie jest tekst w UTF-8.") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            questions.append(_question(json.loads(line)))
        except (json.JSONDecodeError, RecursionError):
            raise BadRequest(f"{path}, wiersz {number}: to nie jest pytanie zapisane jako JSON.") from None
        except ValueError as error:
            raise BadRequest(f"{path}, wiersz {number}: {error}.") from None
    if not questions:
        raise BadRequest(f"W pliku {path} nie ma żadnego pytania.")
    return questions


def _question(raw: Any) -> Question:
    """A question as read. Raises ValueError that says in Polish what is wrong with it."""
    if not isinstance(raw, dict):
        raise ValueError("pytanie musi być obiektem")  # noqa: TRY004  # one error for all that is wrong
    texts: list[Any] = [raw.get(name, raw.get("query")) for name in FIELDS]
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("klucz „query”, a także „plain” i „typo”, musi być tekstem")
    relevant, pages = raw.get("relevant"), raw.get("pages", {})
    if not isinstance(relevant, list) or not all(isinstance(id, str) for id in relevant):
        raise ValueError("klucz „relevant” musi być listą identyfikatorów dokumentów")
    if not isinstance(pages, dict) or not all(isinstance(numbers, list) for numbers in pages.values()):
        raise ValueError("klucz „pages” musi podawać listę stron każdego dokumentu")
    query, plain, typo = texts
    own = {document: tuple(numbers) for document, numbers in pages.items()}
    return Question(query=query, plain=plain, typo=typo, relevant=tuple(relevant), pages=own)


def evaluate(knowledge: KnowledgeBase, questions: Sequence[Question], spelling: str = "query") -> Quality:
    """Ask every question in one spelling."""
    answered = [_ask(knowledge, question, getattr(question, spelling)) for question in questions]
    judged = [one.right_page for one in answered if one.right_page is not None]
    return Quality(
        mrr=_mean(1 / one.rank if one.rank else 0.0 for one in answered),
        recall=_mean(float(one.rank > 0) for one in answered),
        first=_mean(float(one.rank == 1) for one in answered),
        right_page=_mean(map(float, judged)) if judged else None,
        questions=len(questions),
        answered=tuple(answered),
    )


def _ask(knowledge: KnowledgeBase, question: Question, text: str) -> Answered:
    for rank, hit in enumerate(knowledge.search(make_query(text, per_page=DEPTH)).hits, 1):
        if hit.document.id in question.relevant:
            judged = question.pages.get(hit.document.id)
            right = hit.pages[0].number in judged if judged and hit.pages else None
            return Answered(question=question, rank=rank, right_page=right)
    return Answered(question=question, rank=0, right_page=None)


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed)
