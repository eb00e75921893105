"""XML as it is sent: elements with the texts of documents, which may hold what XML cannot."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime

_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that XML cannot hold in any way."""
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


def add(parent: ET.Element, tag: str, text: str = "", **attributes: str) -> ET.Element:
    """A new element at the end of another."""
    element = ET.SubElement(parent, tag, {name: clean(value) for name, value in attributes.items()})
    element.text = clean(text) or None
    return element


def clean(text: str) -> str:
    """A text without the characters that XML cannot hold."""
    return _FORBIDDEN.sub("", text)


def moment(time: datetime) -> str:
    """A moment in UTC, to the second, as Atom, site maps and OAI-PMH write it."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


def document(root: ET.Element, style: str = "") -> bytes:
    """A whole document in UTF-8; ``style`` is the address of the CSS with which browsers show it."""
    styled = f'<?xml-stylesheet type="text/css" href="{style}"?>\n' if style else ""
    return f"{_DECLARATION}{styled}{ET.tostring(root, encoding='unicode')}\n".encode()
