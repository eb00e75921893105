"""The terminal as a place where text of strangers is shown: nothing in it is taken for an order, and none of it is an error.

Titles, names of files and snippets may hold anything, also what terminals obey: sequences that move the cursor, colour the
screen or set its title. Whatever is printed by way of ``Console`` has a replacement mark in their place; ``json_text`` escapes
them. Where the terminal's encoding lacks a character, something like it is printed.
"""

from __future__ import annotations

import codecs
import json
import os
import re
import sys
import unicodedata
from collections.abc import Iterable
from functools import cache
from itertools import groupby

from rich import console
from rich.console import ConsoleOptions, RenderableType
from rich.segment import Segment

_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]")
"""Control characters but for the tab and the line's end, and those that turn the direction of writing."""
_MARK = "\N{REPLACEMENT CHARACTER}"
_ALIKE = str.maketrans(
    {"„": '"', "”": '"', "“": '"', "’": "'", "–": "-", "—": "-", "…": "...", "•": "*", "ł": "l", "Ł": "L"}
)
_ON_ERROR = "kb-alike"


class Console(console.Console):
    """Rich's console for text that may hold anything."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """What is to be written; Rich's own sequences are segments that say so."""
        for segment in super().render(renderable, options):
            yield segment if segment.is_control else segment._replace(text=harmless(segment.text))


def harmless(text: str) -> str:
    """Text with a mark in place of everything that terminals obey."""
    return _OBEYED.sub(_MARK, text)


def json_text(value: object) -> str:
    """JSON as it can be written to standard output, readable where the encoding allows it."""
    plain = codecs.lookup(sys.stdout.encoding or "ascii").name != "utf-8"
    text = _indented(value, "\n", ascii_only=plain)
    # Control characters above 127 JSON leaves as they are, and so it does halves of characters of odd file names.
    return re.sub("[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", text)


def _indented(value: object, line: str, *, ascii_only: bool) -> str:
    """What ``json.dumps`` gives with ``indent=2``, of values with texts as keys, in a tenth of its time.

    ``line`` begins one as deep as the value. Python encodes in C only what it need not indent: what holds no more than values
    without parts, and many such in a row, whose ends nothing else looks like, since no text has a line's end in it.
    """
    inner = f"{line}  "
    encoder = _encoder(f",{inner}", ascii_only)
    if isinstance(value, dict) and value:
        if _is_flat(value):
            return f"{{{inner}{encoder.encode(value)[1:-1]}{line}}}"
        told = [
            f"{encoder.encode(key)}: {_indented(part, inner, ascii_only=ascii_only)}" for key, part in value.items()
        ]
        return f"{{{inner}{f',{inner}'.join(told)}{line}}}"
    if isinstance(value, list | tuple) and value:
        told = []
        for flat, parts in groupby(value, _is_flat):
            if flat:
                deeper = f"{inner}  "
                text = _encoder(f",{deeper}", ascii_only).encode(list(parts))[2:-2]
                told.append(f"{{{deeper}{text.replace(f'}},{deeper}{{', f'{inner}}},{inner}{{{deeper}')}{inner}}}")
            else:
                told += [_indented(part, inner, ascii_only=ascii_only) for part in parts]
        return f"[{inner}{f',{inner}'.join(told)}{line}]"
    return encoder.encode(value)


def _is_flat(value: object) -> bool:
    """Whether it is an object whose values have no parts."""
    parts = value.values() if isinstance(value, dict) else ()
    return bool(parts) and not [part for part in parts if part and part.__class__ in (dict, list, tuple)]


@cache
def _encoder(separator: str, ascii_only: bool) -> json.JSONEncoder:
    return json.JSONEncoder(ensure_ascii=ascii_only, separators=(separator, ": "))


def prepare() -> None:
    """Have both streams write what their encoding lacks as something like it, instead of failing."""
    codecs.register_error(_ON_ERROR, _alike)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_ON_ERROR)


def start_in_utf8() -> None:
    """Start the program anew in Python's UTF-8 mode where the locale has another encoding: names of files are UTF-8.

    The terminal keeps the encoding of its locale.
    """
    if codecs.lookup(sys.getfilesystemencoding()).name == "utf-8" or os.environ.get("PYTHONUTF8") == "1":
        return
    os.environ["PYTHONUTF8"] = "1"
    os.environ.setdefault("PYTHONIOENCODING", sys.stdout.encoding or "ascii")
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - this very program, with its own arguments


def _alike(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    folded = unicodedata.normalize("NFKD", lacking.translate(_ALIKE))
    written = "".join(
        character if character.isascii() else "?" for character in folded if not unicodedata.combining(character)
    )
    return written, error.end
