"""Which pages are near to a question: by what sets them apart, not by what all of them have in common."""

from __future__ import annotations

import numpy as np

from kb.meaning.encoder import Vectors, unit
from kb.meaning.nearest import PageVectors, Weights
from kb.meaning.places import Places
from kb.meaning.store import packed

SUBJECTS = 40


def _vectors() -> tuple[Vectors, Vectors]:
    """Pages of one subject each, which all point in much the same direction, and below them one page that says a bit of all."""
    common = np.zeros(SUBJECTS + 1, np.float32)
    common[-1] = 3.0
    subjects = np.eye(SUBJECTS, SUBJECTS + 1, dtype=np.float32)
    return unit(np.vstack([subjects + common, common + 0.05])), unit(0.4 * subjects + common)


def test_a_page_about_everything_is_no_answer_to_each_question() -> None:
    """A question finds the page on its subject, though a page of a bit of everything has the greater cosine."""
    pages, questions = _vectors()
    count = len(pages)
    names = tuple(f"d{number}" for number in range(count))
    digests = tuple(bytes([number]) * 16 for number in range(count))
    places = Places("", count, names, np.arange(count, dtype=np.int32), np.ones(count, np.int32), digests)
    near = PageVectors.of(places, packed(pages))
    for number, question in enumerate(questions):
        assert (pages @ question).argmax() == count - 1
        found = near.near(question, Weights(1.0, 3.0))
        best = max(found, key=lambda one: one.bonus)
        assert (best.document, best.joins) == (f"d{number}", True)
