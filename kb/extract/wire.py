"""What the sandbox's parent and child share, above all an ``Extraction`` as JSON and back.

JSON and never pickle: the child has parsed hostile bytes, and what it says is checked.
"""

from __future__ import annotations

import errno
from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic_core import PydanticSerializationError, to_json

from kb.model import Extraction, PageMap

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_T = TypeVar("_T")

STOP = b"stop\n"
"""What the parent sends to a keeper to have its child killed."""

OUT_OF_MEMORY = 3
"""Exit code of a child that could not even report its ``MemoryError``."""

NO_ROOM = 4
"""Exit code of a child that had no room on the disk for what it has read: no fault of the file."""
FULL_DISK = (errno.ENOSPC, errno.EDQUOT)
"""Errors of such a disk."""


@cache
def _form(of: type[_T]) -> TypeAdapter[_T]:
    """What JSON of a value must look like. Who only writes, as reading processes do, needs no more of Pydantic than its core."""
    from pydantic import TypeAdapter

    return TypeAdapter(of)


def encode(extraction: Extraction) -> bytes:
    """The extraction as UTF-8 JSON. ``metadata`` must be made of JSON values; raises ``ValueError`` otherwise."""
    try:
        return to_json(extraction)
    except PydanticSerializationError:
        return to_json(_without_surrogates(asdict(extraction)))


def decode(data: bytes) -> Extraction:
    """The extraction that ``encode`` wrote. Raises ``ValueError`` for anything else: the sender is not trusted."""
    extraction: Extraction = _form(Extraction).validate_json(data, strict=True)
    return extraction


def encode_map(made: PageMap) -> bytes:
    """Where a page's words stand, as JSON."""
    return to_json(made)


def decode_map(data: bytes) -> PageMap:
    """The map that ``encode_map`` wrote. Raises ``ValueError`` for anything else."""
    made: PageMap = _form(PageMap).validate_json(data, strict=True)
    return made


def _without_surrogates(value: Any) -> Any:
    """The value with a question mark for each half of a surrogate pair, which no file can hold."""
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case dict():
            return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
        case list() | tuple():
            return [_without_surrogates(item) for item in value]
    return value
