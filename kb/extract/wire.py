"""What the sandbox's parent and child share, above all an ``Extraction`` as JSON and back.

JSON and never pickle: the child has parsed hostile bytes, and what it says is checked.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from kb.model import Extraction, Page, Status

STOP = b"stop\n"
"""What the parent sends to a keeper to have its child killed."""

OUT_OF_MEMORY = 3
"""Exit code of a child that could not even report its ``MemoryError``."""

_PAGE_FIELDS: dict[str, tuple[type, ...]] = {
    "number": (int,),
    "text": (str,),
    "label": (str, type(None)),
    "heading": (str,),
    "anchor": (str, type(None)),
    "html": (str,),
    "continuation": (str,),
}


def encode(extraction: Extraction) -> bytes:
    """The extraction as UTF-8 JSON. ``metadata`` must be made of JSON values; raises ``TypeError`` otherwise."""
    document = {
        "status": extraction.status.value,
        "pages": [asdict(page) for page in extraction.pages],
        "metadata": dict(extraction.metadata),
        "message": extraction.message,
        "warnings": list(extraction.warnings),
    }
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")


def decode(data: bytes) -> Extraction:
    """The extraction that ``encode`` wrote. Raises ``ValueError`` for anything else: the sender is not trusted."""
    try:
        document = json.loads(data)
        return Extraction(
            status=Status(document["status"]),
            pages=tuple(_page(page) for page in document["pages"]),
            metadata=_checked(document["metadata"], dict),
            message=_checked(document["message"], str),
            warnings=tuple(_checked(warning, str) for warning in document["warnings"]),
        )
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"not an extraction: {error!r}") from error


def _page(value: Any) -> Page:
    fields = _checked(value, dict)
    if fields.keys() != _PAGE_FIELDS.keys():
        raise ValueError(f"not a page: {sorted(fields)}")
    for name, types in _PAGE_FIELDS.items():
        if not isinstance(fields[name], types):
            raise TypeError(f"not a page: {name} is {type(fields[name]).__name__}")
    return Page(**fields)


def _checked(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"{kind.__name__} expected, not {type(value).__name__}")
    return value
