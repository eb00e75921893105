"""Names for addresses, made of ASCII letters, digits and hyphens: ids of documents and anchors of sections.

Both stand in links that people keep, so what a name becomes never changes.
"""

from __future__ import annotations

import hashlib
import re

from kb.polish import fold, normalise

_GAPS = re.compile(r"[^a-z0-9]+")
_LONGEST_ANCHOR = 80


def slug(text: str) -> str:
    """``Łódź 2023/Raport`` → ``lodz-2023-raport``; never empty."""
    made = _hyphenated(fold(normalise(text)).lower())
    return made or "dokument-" + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:8]


def anchor(heading: str) -> str:
    """``Źródła finansowania`` → ``zrodla-finansowania``; never empty. A dash or a quotation mark leaves no hyphen behind."""
    made = _hyphenated(fold(heading.lower()).encode("ascii", "ignore").decode())
    return made[:_LONGEST_ANCHOR].strip("-") or "sekcja"


def _hyphenated(text: str) -> str:
    return _GAPS.sub("-", text).strip("-")
