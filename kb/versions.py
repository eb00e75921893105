"""The versions of a document: what it was, what it is now, and where each page of an old one went."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from kb import deadline
from kb.addresses import VERSION_CHARACTERS
from kb.archive import Archive, Passed, Version
from kb.errors import ArchiveUnavailable, Gone, NotFound
from kb.messages import date_of
from kb.model import Document, Page
from kb.polish import words
from kb.search import KnowledgeBase

_HASH = re.compile(rf"[0-9a-f]{{{VERSION_CHARACTERS},64}}")
_SHINGLE = 3
_MOST_LOOKED_AT = 1_500
"""Pages of a version among which one is looked for: some 0.2 ms each."""
_SAME, _LIKE = 0.9, 0.25
"""Shares of an old page's phrases on a new one: the same text, and enough to say that it went there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundVersion:
    """A version: the ``document`` as it was described then, under the id of now.

    ``current`` is what the document is now, None where it has left, at ``removed``. ``since``: when this version was shown, None
    where the ledger does not have it yet.
    """

    document: Document
    since: datetime | None
    current: Document | None
    removed: datetime | None = None

    @property
    def is_current(self) -> bool:
        """Whether it is the one that the collection has now."""
        return self.current is not None and self.current.version == self.document.version


class Went(NamedTuple):
    """Where a page of an old version went: the page of the present one; ``same`` where nearly all of it stands there."""

    page: Page
    same: bool


class Versions:
    """The versions of the documents of a knowledge base."""

    def __init__(self, knowledge: KnowledgeBase, archive: Archive) -> None:
        self._knowledge = knowledge
        self._archive = archive

    def of(self, document: Document) -> tuple[Version, ...]:
        """All versions of a document, the present one first, then the latest; none while the ledger cannot be read."""
        found: tuple[Version, ...] = ()
        with contextlib.suppress(ArchiveUnavailable):
            found = self._archive.ledger.versions(document)
        return tuple(sorted(found, key=lambda version: version.document.version != document.version))

    def find(self, id: str, version: str) -> FoundVersion:
        """A version by (the beginning of) its hash. Raises NotFound, Gone where it was removed on purpose, ArchiveUnavailable."""
        current = self._knowledge.state.document(id)
        passed = None if current else self.passed(id)
        document = current or (passed.document if passed else None)
        if document is None:
            raise NotFound("Nie ma takiego dokumentu. Mógł zostać usunięty; poszukaj go po tytule.")
        if not _HASH.fullmatch(version):
            raise NotFound("Nie ma takiej wersji tego dokumentu. Spis wersji jest na stronie dokumentu.")
        if current and current.version.startswith(version):
            since = next((each.since for each in self.of(current) if each.document.version == current.version), None)
            return FoundVersion(document=current, since=since, current=current)
        for each in self._archive.ledger.versions(document):
            if each.document.version.startswith(version):
                if each.pruned:
                    raise Gone(
                        f"Ta wersja dokumentu „{each.document.title}” była w bazie; usunięto ją {date_of(each.pruned)}"
                        " Pozostałe wersje są na stronie dokumentu."
                    )
                return FoundVersion(
                    document=replace(each.document, id=document.id),
                    since=each.since,
                    current=current,
                    removed=passed.removed if passed else None,
                )
        raise NotFound("Nie ma takiej wersji tego dokumentu. Spis wersji jest na stronie dokumentu.")

    def pages(self, found: FoundVersion) -> Sequence[Page]:
        """The pages of a version; none of one whose text could not be read. Raises NotFound where its text is not kept."""
        if found.is_current:
            return tuple(self._knowledge.pages(found.document.id))
        if found.document.unread:
            return ()
        pages = self._archive.pages(found.document.version)
        if pages is None:
            raise NotFound("Tekstu tej wersji nie ma w archiwum.")
        return pages

    def page(self, found: FoundVersion, number: int) -> Page:
        """A page of a version. Raises NotFound."""
        if found.is_current:
            return self._knowledge.page(found.document.id, number)
        pages = self.pages(found)
        if not 1 <= number <= len(pages):
            raise NotFound(f"Nie ma takiej strony. Ta wersja ma strony od 1 do {len(pages)}.")
        return pages[number - 1]

    def went(self, found: FoundVersion, page: Page) -> Went | None:
        """Where a page of an old version went; None where it is no more, or there was no time to look."""
        if found.current is None or found.is_current:
            return None
        best: tuple[float, Page] | None = None
        with deadline.optional():
            best = _most_like(page, self._knowledge.pages(found.current.id))
        if best is None or best[0] < _LIKE:
            return None
        return Went(best[1], best[0] >= _SAME)

    def original(self, document: Document) -> Path | None:
        """The very file whose text is shown; None where the archive does not have it."""
        return self._archive.original(document)

    def moved_to(self, id: str) -> str | None:
        """The id of the document that this one leads to, an alias of it; None for any other."""
        state = self._knowledge.state
        seen = {id}
        while not state.document(id):
            target = self._archive.ledger.document_of_alias(id)
            if target is None:
                break
            if target in seen:
                return None
            seen.add(target)
            id = target
        return id if len(seen) > 1 else None

    def passed(self, id: str) -> Passed | None:
        """What a document was that has left; None for one that is here, or never was."""
        return None if self._knowledge.state.document(id) else self._archive.ledger.passed(id)


def _most_like(page: Page, others: Iterable[Page]) -> tuple[float, Page] | None:
    """The page that has most of a page's phrases, and the share of them; of equal ones that with the nearest number."""
    wanted = _phrases(page.text)
    if not wanted:
        return None
    best: tuple[float, Page] | None = None
    for other in others:
        deadline.check()
        if other.number > page.number + _MOST_LOOKED_AT:
            break
        share = len(wanted & _phrases(other.text)) / len(wanted)
        nearer = best is None or abs(other.number - page.number) < abs(best[1].number - page.number)
        if best is None or share > best[0] or (share == best[0] and nearer):
            best = share, other
    return best


def _phrases(text: str) -> set[tuple[str, ...]]:
    """Each three words that follow one another; of a shorter text all its words."""
    found = [word.lower() for word in words(text)]
    length = min(_SHINGLE, len(found))
    return {tuple(found[start : start + length]) for start in range(len(found) - length + 1)} if found else set()
