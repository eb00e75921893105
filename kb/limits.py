"""How much one file may cost before reading it is given up."""

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
