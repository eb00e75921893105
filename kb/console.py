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
    text = json.dumps(value, ensure_ascii=plain, indent=2)
    # Control characters above 127 JSON leaves as they are, and so it does halves of characters of odd file names.
    return re.sub("[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", text)


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
