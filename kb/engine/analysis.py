"""Texts → words with their terms: documents as every engine gets them. The one place where documents are analysed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from math import inf
from pathlib import PurePosixPath

from kb import limits
from kb.engine import TITLE_END, TITLE_START, AnalysedDocument, AnalysedPage, Word
from kb.facets import values_of
from kb.messages import grouped
from kb.model import Document, Page
from kb.polish import Analyzer, each_word, is_function_word, normalise, surface, words

_CONTENTS_LINE = re.compile(r"(?:…|(?<!\.)\.{3,}+)\s*+(?:\d++|[ivxl]++)\b")
_CONTENTS_WORDS = 12
_IMPRINT = re.compile(r"\bISBN\b|©|\b(?:Copyright|Redakcja|Korekta|Skład|Wydawca|Druk|Wydanie)\b")
_IMPRINT_SIGNS = 2
_IMPRINT_WORDS = 200
_COVER_WORDS = 60
_PAGES_WITH_COVER = 4
_NAMING_WORDS = 30
_AFTER_NAME = re.compile(r"(?<=\w)(?: \(|: )")
_START, _END = (Word(mark, (mark,), function=False) for mark in (TITLE_START, TITLE_END))


class TooMuchText(ValueError):
    """A document has more words than the indexer may work on; the message says in Polish what it has."""


class Analysis(dict[str, Word]):
    """Written form → word, for one run of the indexer: each distinct form is analysed once."""

    def __init__(self, analyzer: Analyzer) -> None:
        super().__init__()
        self._terms = analyzer.terms_worked_out
        self._most: float = inf

    def __missing__(self, form: str) -> Word:
        if len(self) >= self._most:
            raise TooMuchText(f"ma ponad {grouped(limits.DOCUMENT_FORMS)} różnych słów")
        word = self[form] = Word(surface(form), self._terms(form), is_function_word(form))
        return word

    def of_text(self, text: str) -> list[Word]:
        """The words of a text, in order."""
        return list(map(self.__getitem__, each_word(normalise(text))))

    def of_document(self, document: Document, pages: Sequence[Page]) -> AnalysedDocument:
        """A document with its pages. Raises TooMuchText; nothing of a document that fails is kept."""
        before = len(self)
        self._most = before + limits.DOCUMENT_FORMS
        try:
            return AnalysedDocument(
                document=document,
                title=[*self._title(document), *self._beginning(document, pages)],
                facets=values_of(document),
                pages=list(self._pages(pages, document.format.has_pages and len(pages) >= _PAGES_WITH_COVER)),
            )
        except BaseException:
            while len(self) > before:
                self.popitem()
            raise
        finally:
            self._most = inf

    def _pages(self, pages: Sequence[Page], bound: bool) -> Iterator[AnalysedPage]:
        count = 0
        for page in pages:
            analysed = self._page(page, bound)
            count += len(analysed.words) + len(analysed.heading)
            if count > limits.DOCUMENT_WORDS:
                raise TooMuchText(f"ma ponad {grouped(limits.DOCUMENT_WORDS)} słów")
            yield analysed

    def _title(self, document: Document) -> list[Word]:
        """The words of the title between the marks of its ends, then those that tell the document's kind and makers.

        Of "CWD Plus (od maja 2022 r.)" and "Razem zaplanowane: raport" what stands before is a title too.
        """
        about = ((document.kind or "").replace("-", " "), *document.authors, document.publisher)
        names = dict.fromkeys((document.title, _AFTER_NAME.split(document.title, maxsplit=1)[0]))
        marked = (word for name in names for word in (_START, *self.of_text(name), _END))
        return [*marked, *(w for text in about for w in self.of_text(text))]

    def _beginning(self, document: Document, pages: Sequence[Page]) -> list[Word]:
        """Where the title is nothing but the file's name ("statut"), how the text begins: there it says what it is, and whose."""
        named = set(words(surface(PurePosixPath(document.path).stem.replace("_", " "))))
        if not document.format.has_pages or not named.issuperset(words(surface(document.title))):
            return []
        first = next((page.text for page in pages if page.text.strip()), "")
        return list(islice(map(self.__getitem__, each_word(normalise(first))), _NAMING_WORDS))

    def _page(self, page: Page, bound: bool) -> AnalysedPage:
        """A page; ``bound``: of a document long enough to have a cover and an imprint."""
        found = self.of_text(page.whole_text)
        return AnalysedPage(
            page=page,
            words=found,
            heading=self.of_text(" ".join(dict.fromkeys((page.heading, *(one.text for one in page.headings))))),
            lists_contents=_contents_lines(page.text) * _CONTENTS_WORDS > len(found)
            or (bound and _is_cover_or_imprint(page, len(found))),
        )


def _contents_lines(text: str) -> int:
    """How many lines of a table of contents the text has; hardly any page has what is looked for before the rest."""
    return len(_CONTENTS_LINE.findall(text)) if "..." in text or "…" in text else 0


def _is_cover_or_imprint(page: Page, count: int) -> bool:
    """Whether a page of so many words only says what the document is and who made it."""
    if page.number == 1 and count < _COVER_WORDS:
        return True
    return count < _IMPRINT_WORDS and len(_IMPRINT.findall(page.text)) >= _IMPRINT_SIGNS


def forms_of(page: Page) -> set[str]:
    """The distinct surface forms of a page's text."""
    return {surface(word) for word in words(normalise(page.whole_text))}
