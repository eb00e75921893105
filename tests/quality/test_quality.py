"""The floor under the quality of search: the judged questions on the sample collection."""

from __future__ import annotations

from pathlib import Path

import pytest

from kb import indexer
from kb.quality import FIELDS, evaluate, load_questions
from kb.search import KnowledgeBase
from kb.settings import load

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    """The documents of the repository with an index of their own."""
    settings = load(documents=ROOT / "documents", index=tmp_path_factory.mktemp("quality") / "index")
    indexer.run(settings)
    return KnowledgeBase(settings)


@pytest.mark.parametrize("spelling", FIELDS)
def test_quality_stays_above_its_floor(collection: KnowledgeBase, spelling: str) -> None:
    """MRR@10 and recall@10 over documents, and the right page first, as asked, without diacritics and with a slip."""
    questions = load_questions(Path(__file__).with_name("questions.jsonl"))
    assert len(questions) >= 150
    quality = evaluate(collection, questions, spelling)
    assert quality.mrr >= 0.90
    assert quality.recall >= 0.97
    assert quality.right_page is not None
    assert quality.right_page >= 0.75
