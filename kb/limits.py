"""Every limit, each with its reason: on a file, on a request, on what works at once, on what is kept.

Whatever goes over one is told to the person, never cut in silence. Those that an administrator sets are in ``kb/settings.py``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits on reading one file; whatever goes over one is reported as ``TIMEOUT`` or ``TOO_LARGE``.

    ``address_space_bytes`` counts above what a reading process maps before it opens the file. Wall time is ``seconds``
    plus ``seconds_per_page`` for each page, once the number of pages is known: PDFium needs some 3 ms for a page, pypdf
    about 40 ms, a slow machine several times that.
    """

    address_space_bytes: int = 1536 * 1024 * 1024
    seconds: float = 30.0
    seconds_per_page: float = 0.15
    pages: int = 5_000
    characters: int = 20_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OcrLimits:
    """Limits on recognising the text of scans. A page that goes over one is left out, and the report says so.

    ``seconds`` are for one page: two or so are usual, several times that on a slow machine. ``megapixels``: larger pictures
    are made smaller before they are recognised; A3 at 300 dpi has 17. ``pages``: of one file.
    """

    address_space_bytes: int = 1536 * 1024 * 1024
    seconds: float = 60.0
    megapixels: float = 40.0
    pages: int = 1_000

    @property
    def of_process(self) -> Limits:
        """What a process may cost that recognises one page, or reads a file with recognised pages."""
        return Limits(address_space_bytes=self.address_space_bytes, seconds=self.seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureLimits:
    """Limits on drawing one page. A page that goes over one is shown as a text alone.

    ``seconds``: a page takes 0.05 to 0.3, a large map a few. ``megapixels`` of one picture: A4 at the largest width has 3.6.
    ``file_bytes`` of one picture.
    """

    address_space_bytes: int = 1024 * 1024 * 1024
    seconds: float = 5.0
    megapixels: float = 8.0
    file_bytes: int = 8 * 1024 * 1024

    @property
    def of_process(self) -> Limits:
        """What a process may cost that draws one page. It writes no text, so that nothing may be long."""
        return Limits(
            address_space_bytes=self.address_space_bytes, seconds=self.seconds, seconds_per_page=0.0, characters=0
        )


# What is taken from the documents folder

PDF_BYTES = 1024 * 1024 * 1024
"""Of a PDF: a book of scans has some hundred megabytes. A larger file is not even read for its hash."""
FILE_BYTES = 256 * 1024 * 1024
"""Of a file of another format: far more than there may be characters in one, unless an administrator allows more."""
FOLDERS_DEEP = 64
"""Folders in one another below the documents folder."""
DESCRIPTION_KEYS = 100
"""Keys of one description; a dozen are known, and each of the others is a warning."""
LISTED_VALUES = 200
"""Topics or authors of one document: all of them are shown on its page."""
DOCUMENT_WORDS = 4_000_000
"""Of one document: ten thousand printed pages. The commit sorts them all, some 65 bytes each."""
DOCUMENT_FORMS = 120_000
"""Words of one document that no other before had, some 70 microseconds and 800 bytes each until they are committed: a thick
book has half of that."""

WORD_CHARACTERS = 64
"""Of a run of letters and digits that are looked at: no word is longer, and the dictionary crashes on some that are. What is
kept of words is no longer either."""

# What a request says

ADDRESS_CHARACTERS = 5_000
"""Of an address without its parameters: an id may be made of the longest path that a file can have."""
PARAMETERS = 100
"""Of one address: a form of ours sends some forty at most."""
PARAMETER_CHARACTERS = 200
"""Of a parameter's name and of its value, but for the text of a query."""
FACET_VALUES = 20
"""Of one filter: a person ticks a few, and each is repeated in many links of a page."""
FIRST_YEAR, LAST_YEAR = 1500, 2099
"""Years in which a document may have been published."""
RESULTS_A_PAGE = 50
"""Each result is read from the disk and has snippets cut."""
LAST_RESULT = 10_000
"""No person turns so many pages, and ranking them all would only cost."""

EVENTS = 2_000
"""Events on the list of them and in the calendar: they are read from the disk whenever the index has changed."""
FEED_ENTRIES = 50
"""Documents of one page of a feed; each is read from the disk and has a snippet cut. Further pages have the others."""
OAI_RECORDS = 100
"""Records of one answer to a harvester, a kilobyte or two each; the next answer has the next ones."""
EXPORTED_RECORDS = 500
"""Documents whose entries are given as one file: each is read from the disk, some tenths of a millisecond, and a record has
about a kilobyte."""
QUOTED_CHARACTERS = 2_000
"""Of a sentence that goes along with an entry: two paragraphs."""

# What is read of a query

QUERY_CHARACTERS = 1_000
"""Nobody asks longer questions, and every word takes time."""
QUERY_WORDS = 32
"""Words that are looked for; function words are not counted."""
QUERY_WORDS_IN_ALL = 64
"""Words with function words counted: a phrase in quotation marks has them all."""
SUGGESTED_FOR_CHARACTERS = 100
"""Of a text that is being typed; longer ones are pasted, and nothing begins so."""
SUGGESTED_FOR_WORDS = 8
"""Of that text: each further word would narrow what is found to nothing."""

# What is read of a quotation

QUOTE_CHARACTERS = 5_000
"""A printed page and a half; percent-encoded it fits into an address."""
QUOTE_BYTES = 24 * 1024
"""Of its address: the first line and the headers of a request have ``HEADERS_BYTES``."""
QUOTE_WORDS = 1_000
"""Of such a text mostly one in seven characters; this is for lists of single letters."""
QUOTE_PARTS = 8
"""Between „[…]”: each is looked for by itself."""
QUOTE_PLACES = 20
"""Places that are told of one quotation; nobody compares more."""
QUOTE_PAGE_WORDS = 250
"""Of a printed page with little on it: a longer quotation may run over so many more pages."""
QUOTE_PAGE_CHARACTERS = 100_000
"""Of one page in which a quotation is looked for: thirty printed ones. Of a longer section the rest is left out."""

# What one request may make the server do

VOCABULARY_REPAIRS = 12
"""Unknown words compared with every word of the collection, some milliseconds each."""
DICTIONARY_REPAIRS = 4
"""Unknown words looked for in the dictionary: seven hundred strings each."""
RELAXATIONS = 12
"""Looser searches that are tried when nothing was found: each is a search of its own."""

# What one process does at once

HANDLERS = 4
"""Requests at work. They share the interpreter, so more of them would only make all wait longer."""
WAITING_REQUESTS = 96
"""Requests that wait for their turn; the next one is refused at once. A hundred people in a training room may search in the same
second: so many usual searches, some 20 milliseconds each, are answered within the seconds of a request."""
DRAWINGS = 2
"""Pages that are drawn, each in a process of its own. They take no turn of the handlers."""
WAITING_DRAWINGS = 64
"""Pages that wait to be drawn; the next one is refused at once. A picture that is kept waits for nothing."""
MAP_SECONDS = 0.4
"""How long a page waits for the map of its words; without it, the picture has no marks and is taken for A4."""
FILE_READS = 8
"""Threads that read files to be sent, beside the handlers."""
CONNECTIONS = 1_000
"""Open connections; the server in front should be the one that waits for slow readers."""
WAITING_CONNECTIONS = 512
"""Connections that the operating system holds until they are accepted."""
HEADERS_BYTES = 32 * 1024
"""The first line and the headers of a request: a query of 1,000 emoji, percent-encoded, is 12 kB."""
BODY_BYTES = 64 * 1024
"""Of a form that is posted: the longest quotation of rare letters, percent-encoded. Of more nothing is kept, only counted."""
IDLE_CONNECTION_SECONDS = 5
"""How long a connection may stay open between two requests."""

# What one process keeps (posting lists apart: ``Settings.cache_mb``)

KEPT_TERMS_BYTES = 48 * 1024 * 1024
"""The terms of words, for some 150 thousand forms."""
KEPT_LEMMAS_BYTES = 16 * 1024 * 1024
"""The dictionary's lemmas of words."""
KEPT_HIT_PAGES = 50_000
"""Pages whose found places were counted for a query, half a kilobyte each: a few hundred queries in ordinary documents, ten in
the longest."""
KEPT_NAMES = 1_000
"""Authors that were told to be persons or bodies, a millisecond each: a page with its entries and tags asks ten times."""
KEPT_ASKED = 5_000
"""Words of queries with their terms, some hundred bytes each."""
KEPT_FAMILIES = 5_000
"""Families of words in their base forms, a millisecond and some hundred bytes each: every search asks for those of its words."""
KEPT_KNOWN_BYTES = 16 * 1024 * 1024
"""Whether the dictionary has words."""
KEPT_FOLDS_BYTES = 16 * 1024 * 1024
"""Words without their diacritics."""
