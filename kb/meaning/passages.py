"""Pages → passages: pieces of at most 200 words, each under its title and heading, known by the hash of what they say."""

from __future__ import annotations

import hashlib
from itertools import pairwise
from typing import NamedTuple

from kb.model import Page

WORDS = 200
"""At most so many words; a model reads some 500 pieces of words, and short passages have one subject."""
DIGEST_BYTES = 16


class Passage(NamedTuple):
    """What is encoded: ``digest`` is equal for equal texts, wherever they stand."""

    digest: bytes
    text: str


def passages(title: str, page: Page) -> list[Passage]:
    """A page's passages, of about equal length; none of a page without words."""
    words = page.whole_text.split()
    above = f"{title}. {page.heading}" if page.heading and page.heading != title else title
    count = -(-len(words) // WORDS)
    cuts = [len(words) * number // count for number in range(count + 1)] if count else []
    return [_passage(f"{above}\n{' '.join(words[start:end])}") for start, end in pairwise(cuts)]


def _passage(text: str) -> Passage:
    return Passage(hashlib.blake2b(text.encode(), digest_size=DIGEST_BYTES).digest(), text)
