"""Search by meaning: vectors of passages, kept beside the index, and what they add to a search by words.

``encoder`` is the protocol of what turns texts into vectors; ``e5`` (with ``tokens``) and ``server`` do it. ``passages`` cuts
pages, ``store`` keeps the vectors, ``places`` says which page has which, ``making`` makes those that are missing, and ``nearest``
compares a query with all pages.
"""

from __future__ import annotations

from kb.meaning.encoder import open_encoder
from kb.meaning.nearest import Meaning
from kb.settings import Settings


def open_meaning(settings: Settings) -> Meaning | None:
    """Meaning as these settings have it; None where it is off or its package is not installed. Nothing is loaded yet."""
    encoder = open_encoder(settings)
    return Meaning(settings.index, encoder) if encoder else None
