"""Real documents, when there are some at hand: KB_CORPUS names their folder."""

from __future__ import annotations

import time
from pathlib import Path

from kb.extract import Limits, Sandbox
from kb.model import Status


def test_real_documents(corpus: Path) -> None:
    """Documents in order are read or are scans; nothing of them times out."""
    with Sandbox(Limits(), jobs=2) as sandbox:
        results = dict(sandbox.extract_all(sorted(corpus.glob("pdf/*.pdf")) + sorted(corpus.glob("md/*.md"))))
    assert results
    assert {extraction.status for extraction in results.values()} <= {Status.INDEXED, Status.NO_TEXT}
    text = "\n".join(page.text for extraction in results.values() for page in extraction.pages)
    assert not any(c < " " and c != "\n" for c in text)


def test_hostile_documents(corpus: Path) -> None:
    """Every damaged or malicious file gets a status and a message, all of them in a minute and a half."""
    began = time.monotonic()
    paths = sorted(corpus.glob("hostile/*.pdf"))
    with Sandbox(Limits(), jobs=2) as sandbox:
        results = dict(sandbox.extract_all(paths))
    assert set(results) == set(paths)
    assert all(extraction.message for extraction in results.values() if extraction.status is not Status.INDEXED)
    assert time.monotonic() - began < 90
