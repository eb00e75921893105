"""Front matter of a Markdown file: the lines between two of ``---`` (YAML) or ``+++`` (TOML), apart from the text below them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time

from kb.disk import open_file
from kb.yaml_text import MOST_BYTES, Refused, Value, at_most, read_keys

_START = re.compile(r"(?:[ \t]*\n){0,9}(?P<fence>-{3,9}|\+{3})[ \t]*(?=\n|$)")
"""Empty lines above, and dashes more than three, are nothing that anybody sees."""
_SUBJECT = "Metadane na początku pliku"
_TOML_LINE = re.compile(r"at line (\d+)")
_TOML_START = re.compile(r"[ \t]*(?:\[|([\w-]+|\"[^\"\n]+\"|'[^'\n]+')(?:\.[\w-]+)*[ \t]*[=:])")
_TABLE = re.compile(r"[ \t]*\[")
_MOST_PARTS = 500
"""With more this is no description, and reading each line by itself would take long."""
_HOW = 'każdy wiersz to klucz = "wartość"'


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """``values`` as written; ``body`` is the rest of the file; ``warnings`` say in Polish what is wrong."""

    values: Mapping[str, object]
    body: str
    warnings: tuple[str, ...] = ()


def split(text: str) -> FrontMatter:
    r"""Take the front matter off a Markdown text with ``\n`` line ends. Never raises: the text is indexed in any case."""
    start = _START.match(text)
    if not start:
        return FrontMatter({}, text)
    lines = text.split("\n")
    first = start[0].count("\n")
    fence = start["fence"]
    is_yaml = fence != "+++"
    ends = {fence, "---", "..."} if is_yaml else {fence}
    end = next((n for n, line in enumerate(lines) if n > first and line.rstrip() in ends), None)
    has_keys = len(lines) > first + 1 and (":" if is_yaml else "=") in lines[first + 1]
    if end is None:
        if has_keys:
            return FrontMatter({}, text, (f"{_SUBJECT} nie mają końca: brakuje zamykającego wiersza „{fence}”.",))
        return FrontMatter({}, text)  # a thematic break
    if not has_keys and (first or fence not in ("---", "+++")):
        return FrontMatter({}, text)
    body = "\n".join(lines[end + 1 :])
    source = "\n".join(lines[first + 1 : end])
    try:
        values, problems = read_keys(source, first_line=first + 2) if is_yaml else _toml_keys(source)
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


def _toml_keys(source: str) -> tuple[dict[str, Value], list[str]]:
    """The keys of TOML, and in Polish what is wrong with it: as in YAML here, a mistake spoils its own key alone.

    Raises Refused when nothing of it can be read.
    """
    try:
        return _toml(source, 1), []
    except Refused as whole:
        parts = _toml_parts(source)
        if not 1 < len(parts) <= _MOST_PARTS:
            raise Refused(f"{whole}; {_HOW}") from None
        values: dict[str, Value] = {}
        problems = []
        for above, part in parts:
            try:
                found = _toml(part, above + 1)
            except Refused as problem:
                problems.append(f"{problem}; pominięto {_lost(part)}; {_HOW}")
                continue
            problems += [
                f"wiersz {above + 2}: klucz „{key}” jest powtórzony; przyjęto ostatnią wartość"
                for key in found
                if key in values
            ]
            values |= found
        if not values:
            raise Refused(f"{whole}; {_HOW}") from None
        return values, at_most(problems)


def _toml_parts(source: str) -> list[tuple[int, str]]:
    """The text cut before each line that may begin a key, a table left whole; with the number of lines above each part."""
    parts: list[tuple[int, str]] = []
    for number, line in enumerate(source.split("\n")):
        in_table = bool(parts) and _TABLE.match(parts[-1][1]) is not None
        if not parts or (_TABLE.match(line) if in_table else _TOML_START.match(line)):
            parts.append((number, line))
        else:
            parts[-1] = (parts[-1][0], f"{parts[-1][1]}\n{line}")
    return parts


def _lost(part: str) -> str:
    """What is lost with a part: its key, or how it begins."""
    start = _TOML_START.match(part)
    if start and start[1]:
        return "klucz „{}”".format(start[1].strip("\"'"))
    first = part.strip().partition("\n")[0]
    return f"„{first[:40]}”"


def _toml(source: str, above: int) -> dict[str, Value]:
    """TOML with every plain value as text, like YAML here; so many lines of its file stand ``above``. Raises Refused."""
    try:
        values = tomllib.loads(source, parse_float=str)
    except tomllib.TOMLDecodeError as error:
        line = _TOML_LINE.search(str(error))
        # Without a line it is the end of the text where something is missing.
        number = above + (int(line[1]) if line else source.count("\n") + 1)
        raise Refused(f"błąd zapisu TOML w wierszu {number}") from None
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
