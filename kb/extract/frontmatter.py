"""Front matter of a Markdown file: the lines between two of ``---`` (YAML) or ``+++`` (TOML), apart from the text below them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time

from kb.disk import open_file
from kb.yaml_text import MOST_BYTES, Refused, Value, read_keys

_SUBJECT = "Metadane na początku pliku"
_TOML_LINE = re.compile(r"at line (\d+)")


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """``values`` as written; ``body`` is the rest of the file; ``warnings`` say in Polish what is wrong."""

    values: Mapping[str, object]
    body: str
    warnings: tuple[str, ...] = ()


def split(text: str) -> FrontMatter:
    r"""Take the front matter off a Markdown text with ``\n`` line ends. Never raises: the text is indexed in any case."""
    lines = text.split("\n")
    fence = lines[0].rstrip()
    if fence not in ("---", "+++"):
        return FrontMatter({}, text)
    ends = {"---", "..."} if fence == "---" else {fence}
    end = next((n for n, line in enumerate(lines) if n and line.rstrip() in ends), None)
    if end is None:
        if len(lines) > 1 and (":" if fence == "---" else "=") in lines[1]:
            return FrontMatter({}, text, (f"{_SUBJECT} nie mają końca: brakuje zamykającego wiersza „{fence}”.",))
        return FrontMatter({}, text)  # a thematic break
    body = "\n".join(lines[end + 1 :])
    source = "\n".join(lines[1:end])
    try:
        values, problems = read_keys(source, first_line=2) if fence == "---" else (_toml(source), [])
    except Refused as problem:
        return FrontMatter({}, body, (f"{_SUBJECT} zostały pominięte: {problem}.",))
    return FrontMatter(values, body, tuple(f"{_SUBJECT}: {problem}." for problem in problems))


def of_file(path: str) -> Mapping[str, object]:
    """The front matter of a file that is not read yet; nothing of one that cannot be opened.

    Not more of the file is looked at than may be front matter, by the same reader and limits as a sidecar.
    """
    try:
        with open_file(path) as file:
            head = file.read(MOST_BYTES + 16)
    except OSError:
        return {}
    encoding = "utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    return split(head.decode(encoding, "replace").replace("\r\n", "\n").replace("\r", "\n")).values


def _toml(source: str) -> dict[str, Value]:
    """TOML with every plain value as text, like YAML here. Raises Refused."""
    try:
        values = tomllib.loads(source, parse_float=str)
    except tomllib.TOMLDecodeError as error:
        line = _TOML_LINE.search(str(error))
        where = f" w wierszu {int(line[1]) + 1}" if line else ""
        raise Refused(f'błąd zapisu TOML{where}; każdy wiersz to klucz = "wartość"') from None
    except (RecursionError, ValueError):
        raise Refused("błąd zapisu TOML") from None
    return {key: _value(value) for key, value in values.items()}


def _value(value: object) -> Value:
    match value:
        case bool():
            return str(value).lower()
        case datetime() | date() | time():
            return value.isoformat()
        case list():
            return [_value(item) for item in value]
        case dict():
            return {str(key): _value(item) for key, item in value.items()}
    return str(value)
