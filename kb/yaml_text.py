"""YAML as people write it → text, lists and mappings: the one reader of front matter, sidecars, defaults and the taxonomy.

Every plain value stays the text that was written: ``007`` keeps its zeros, ``1.10`` is no number, ``yes`` no truth value, and
an impossible date spoils itself alone. What a value means is for whoever asked for the file to check.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

import yaml

MOST_BYTES = 256 * 1024
TOO_LONG = f"zapis YAML ma ponad {MOST_BYTES // 1024} kB"
_DEEPEST = 20
_MOST_PROBLEMS = 20
_MOST_PARTS = 500
_LONGEST_ADVICE = 100
_STANDARD = "tag:yaml.org,2002:"
_NULL = f"{_STANDARD}null"
_KEY = re.compile(r"[^\s#\-\[\]{},&*!|>%@`][^\n]*|-[^\s-][^\n]*")
_NAME = re.compile(r"[\"']?([^\s:\"'][^:\"']*?)[\"']?\s*:")
_TABBED = re.compile(r"\t+[\w-]+[ \t]*:(?!\S)")
"""A key after a tab, which YAML refuses: in a text that is read key by key it begins one all the same."""
_CUT = re.compile(
    r"[^\s:]+:[ \t]+(?:[^\s\"'\[{|>&*!#][^\n]*?[ \t](?=#[^\s#]|#[ \t]*\d))?(#[^\s#][^\n]*|#[ \t]*\d[^\n]*)"
)
_SPACE = re.compile(r"^([^\s:#\"'][^\s:]*):[ \t\xa0]*[\t\xa0][ \t\xa0]*", re.MULTILINE)
_WRITTEN = re.compile(r"([^\s:=\"'#\[\]{}-][^\s:=]*)[ \t]*(:|=)([^\n]*)\n*")
_PLAIN = re.compile(r"([A-Za-z]\w*): ([^\W_](?:[^:#\n]|:(?=[^\s:#]))*+)")
"""A key and a value that YAML takes as they are written: no sign of YAML's own begins the value or stands where it counts."""
_MOST_PLAIN = 4_000
_UNPRINTABLE = yaml.reader.Reader.NON_PRINTABLE
_ENDS = {"[": "]", "{": "}"}
_NULLS = ("null", "Null", "NULL")
_KNOWN_TAGS = {f"{_STANDARD}{name}" for name in ("str", "int", "float", "bool", "timestamp", "null", "seq", "map")}
_START = "wartość nie może zaczynać się od tego znaku (ujmij ją w cudzysłów)"
_REASONS = {
    "'\\t'": "tabulator we wcięciu (użyj spacji)",
    "cannot start any token": _START,
    "expected alphabetic or numeric": _START,
    "expected chomping": _START,
    "entries are not allowed": _START,
    "keys are not allowed": _START,
    "expected <block end>": "tekst po zamykającym cudzysłowie lub nawiasie (ujmij całą wartość w cudzysłów)",
    "escape character": "odwrotny ukośnik w cudzysłowie (użyj apostrofów zamiast cudzysłowu)",
    "mapping values are not allowed": "dwukropek w wartości (ujmij całą wartość w cudzysłów)",
    "could not find expected ':'": "brakuje dwukropka po nazwie klucza",
    "end of stream": "niezamknięty cudzysłów lub nawias",
    "stream end": "niezamknięty cudzysłów lub nawias",
    "expected ',' or": "brakuje przecinka lub zamykającego nawiasu",
    "another document": "wiersz „---” zaczyna drugi dokument (usuń go)",
}

Value = str | list["Value"] | dict[str, "Value"] | None


class Refused(ValueError):
    """YAML that cannot be used; the message says in Polish what is wrong with it and where."""


class _Loader(yaml.SafeLoader):
    """Composes nodes; refuses aliases, since a few lines of them can stand for gigabytes, and deep nesting."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.events.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise _error(f"odsyłacze YAML (*{event.anchor}) nie są obsługiwane", event.start_mark)
        if self.depth > _DEEPEST:
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise _error(f"zapis jest zagnieżdżony głębiej niż {_DEEPEST} razy", event.start_mark)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag == _NULL]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class _PolishError(yaml.MarkedYAMLError):
    """A problem that is already told in Polish."""


def _error(problem: str, mark: yaml.Mark) -> _PolishError:
    return _PolishError(problem=problem, problem_mark=mark)


def read_keys(text: str, first_line: int = 1) -> tuple[dict[str, Value], list[str]]:
    """The keys of a YAML mapping, and in Polish what is wrong with it. Raises Refused when nothing of it can be read.

    A mistake spoils its own key alone; a line that can only mean a text has that. ``first_line``: the number of the text's
    first line in its file.
    """
    plain = _plain(text)
    if plain:
        return plain, []
    # YAML takes a tab, or a space that does not break, after a colon for something else; nobody who types one sees that.
    text = _SPACE.sub(r"\1: ", text)
    try:
        values, repeated = _read(text, first_line)
        problems = [
            f"wiersz {line}: klucz „{key}” jest powtórzony; przyjęto ostatnią wartość" for key, line in repeated
        ]
    except Refused:
        parts = [] if len(text.encode("utf-8", "replace")) > MOST_BYTES else list(islice(_parts(text), _MOST_PARTS + 1))
        if len(parts) > _MOST_PARTS:  # no description: reading each line by itself would take minutes
            raise
        values, problems = _key_by_key(parts, first_line)
        if not values:
            raise
    for number, line in enumerate(text.split("\n"), first_line):
        cut = _CUT.match(line)
        if cut:
            problems.append(
                f"wiersz {number}: „{cut[1].strip()[:40]}” jest komentarzem; jeżeli ma należeć do wartości, ujmij całą wartość"
                " w cudzysłów"
            )
    return values, at_most(problems)


def _plain(text: str) -> dict[str, Value]:
    """The keys of a text of nothing but plain lines, each key once; none of any other, which a parser takes far longer for.

    Most descriptions are such.
    """
    if len(text) > _MOST_PLAIN:
        return {}
    values: dict[str, Value] = {}
    for line in text.removesuffix("\n").split("\n"):
        found = _PLAIN.fullmatch(line)
        value = found[2].rstrip(" ") if found else ""
        if not found or found[1] in values or value in _NULLS or not line.isprintable():
            return {}
        values[found[1]] = value
    return values


def at_most(problems: list[str]) -> list[str]:
    """As many problems as somebody may want to read, and how many there are besides."""
    if len(problems) <= _MOST_PROBLEMS:
        return problems
    return [*problems[:_MOST_PROBLEMS], f"oraz kolejne problemy ({len(problems) - _MOST_PROBLEMS})"]


def _key_by_key(parts: list[tuple[int, str]], first_line: int) -> tuple[dict[str, Value], list[str]]:
    values: dict[str, Value] = {}
    problems: list[str] = []
    for above, part in parts:
        try:
            found = read_mapping(part.lstrip("\t"), first_line + above)
        except Refused as problem:
            where = "" if " w wierszu " in str(problem) else f"wiersz {first_line + above}: "
            meant = _meant(part)
            if meant is None:
                name = _NAME.match(part)
                lost = f"klucz „{name[1]}”" if name else f"„{part.strip()[:40]}”"
                problems.append(f"{where}{problem}; pominięto {lost}")
                continue
            problems.append(f"{where}{problem}; wartość przyjęto jako tekst{_advice(*meant)}")
            found = dict([meant])
        if part.startswith("\t"):
            problems.append(f"tabulator przed kluczem w wierszu {first_line + above} (usuń go)")
        for key, value in found.items():
            if key in values:
                line = first_line + above
                problems.append(f"wiersz {line}: klucz „{key}” jest powtórzony; przyjęto ostatnią wartość")
            values[key] = value
    return values, problems


def _meant(part: str) -> tuple[str, str] | None:
    """A key and its value in one line that YAML refuses, as whoever wrote them meant them: a text.

    None for anything longer, and for a list or mapping that does not end.
    """
    written = _WRITTEN.fullmatch(part)
    if not written:
        return None
    key, _, rest = written.groups()
    value = rest.strip()
    if (
        not value
        or value.startswith(("//", "!!"))
        or _ENDS.get(value[0], "") not in value
        or _UNPRINTABLE.search(value)
    ):
        return None
    quote = value[0]
    if quote in "\"'":
        if value.count(quote) % 2:
            value = value[1:]
        elif value.count(quote) == 2 and value.endswith(quote):
            value = value[1:-1]
    return (key, value) if value else None


def _advice(key: str, value: str) -> str:
    """How to write a key and its value; "" for a long one."""
    if len(value) > _LONGEST_ADVICE:
        return ""
    plain = '"' in value or "\\" in value
    quoted = "'" + value.replace("'", "''") + "'" if plain else f'"{value}"'
    return f"; napisz: {key}: {quoted}"


def _parts(text: str) -> Iterator[tuple[int, str]]:
    """The text cut before each line that may begin a key, each part with the number of lines above it."""
    start, part = 0, ""
    for number, line in enumerate(text.splitlines(keepends=True)):
        if (_KEY.match(line) or _TABBED.match(line)) and part.strip():
            yield start, part
            start, part = number, ""
        part += line
    yield start, part


def read_mapping(text: str, first_line: int = 1) -> dict[str, Value]:
    """The keys of a YAML mapping with their values, none for an empty text. Raises Refused.

    ``first_line``: the number of the text's first line in its file.
    """
    return _read(text, first_line)[0]


def _read(text: str, first_line: int) -> tuple[dict[str, Value], list[tuple[str, int]]]:
    """The keys with their values, and those of the keys that were there before, with their lines."""
    if len(text.encode("utf-8", "replace")) > MOST_BYTES:
        raise Refused(TOO_LONG)
    try:
        node = yaml.compose(text, Loader=_Loader)
        value = None if node is None else _value(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" w wierszu {mark.line + first_line}, znak {mark.column + 1}" if mark else ""
        reason = error.problem or "" if isinstance(error, _PolishError) else _reason(error.problem or "")
        raise Refused(f"błąd zapisu YAML{where}: {reason}") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + first_line
        raise Refused(f"błąd zapisu YAML w wierszu {line}: znak, którego w tekście być nie może") from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise Refused("błąd zapisu YAML") from None
    if value is None:
        return {}, []
    if not isinstance(value, dict):
        raise Refused("zamiast par „klucz: wartość” jest coś innego")
    keys = [(_key(key), key.start_mark.line + first_line) for key, _ in node.value] if node else []
    first = dict(reversed(keys))
    return value, [(key, line) for key, line in keys if line != first[key]]


def _reason(problem: str) -> str:
    return next((reason for part, reason in _REASONS.items() if part in problem), "zapis niezgodny z YAML")


def _value(node: yaml.Node) -> Value:
    if node.tag not in _KNOWN_TAGS:
        raise _error(f"znaczniki YAML ({node.tag.replace(_STANDARD, '!!')}) nie są obsługiwane", node.start_mark)
    if isinstance(node, yaml.MappingNode):
        return {_key(key): _value(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_value(item) for item in node.value]
    return None if node.tag == _NULL else str(node.value)


def _key(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise _error("klucz nie jest tekstem", node.start_mark)
    return str(node.value)
