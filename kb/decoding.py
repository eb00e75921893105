"""The bytes of a text that somebody wrote → its characters, whatever encoding their program used."""

from __future__ import annotations

import re
from collections.abc import Callable

NAMES = {"cp1250": "Windows-1250", "iso8859-2": "ISO 8859-2", "utf-16": "UTF-16"}
"""What the encodings other than UTF-8 are called."""


def decode(data: bytes, known: Callable[[str], bool]) -> tuple[str, str] | None:
    """The text of a file, and the encoding that it was found to be in; None for bytes that are no text.

    UTF-8 and UTF-16 are told by their form, Windows-1250 and ISO 8859-2 by which of them makes Polish of the bytes.
    """
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"", "utf-8-sig")):
        if data.startswith(mark):
            try:
                return data.decode(encoding), encoding.removesuffix("-sig")
            except UnicodeDecodeError:
                if mark:
                    return None
    best = None
    for encoding in ("cp1250", "iso8859-2"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "iso8859-2" and re.search(r"[\x80-\x9f]", text):
            continue
        words = {word for word in re.findall(r"[^\W\d_]{2,}", text[:200_000]) if not word.isascii()}
        share = sum(map(known, words)), -len(words)
        if best is None or share > best[0]:
            best = share, text, encoding
    return best and best[1:]
