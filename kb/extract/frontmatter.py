"""Front matter of a Markdown file: the lines between two of ``---``, apart from the text below them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kb.yaml_text import Refused, read_mapping

_SUBJECT = "Metadane na początku pliku"


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """``values`` as written; ``body`` is the rest of the file; ``warning`` says in Polish what is wrong."""

    values: Mapping[str, object]
    body: str
    warning: str = ""


def split(text: str) -> FrontMatter:
    r"""Take the front matter off a Markdown text with ``\n`` line ends. Never raises: the text is indexed in any case."""
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        return FrontMatter({}, text)
    end = next((n for n, line in enumerate(lines) if n and line.rstrip() in {"---", "..."}), None)
    if end is None:
        if len(lines) > 1 and ":" in lines[1]:
            return FrontMatter({}, text, f"{_SUBJECT} nie mają końca: brakuje zamykającego wiersza „---”.")
        return FrontMatter({}, text)  # a thematic break
    body = "\n".join(lines[end + 1 :])
    try:
        return FrontMatter(read_mapping("\n".join(lines[1:end]), first_line=2), body)
    except Refused as problem:
        return FrontMatter({}, body, f"{_SUBJECT} zostały pominięte: {problem}.")
