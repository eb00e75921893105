"""Front matter of a Markdown file: YAML between two lines of ``---`` → a dictionary of JSON values, or a warning."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml

_SUBJECT = "Metadane na początku pliku"
MOST_BYTES = 64 * 1024
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """``values`` as written, dates as ISO text; ``body`` is the rest of the file; ``warning`` says in Polish what is wrong."""

    values: dict[str, object]
    body: str
    warning: str = ""


class _Refused(yaml.YAMLError):
    """YAML that is not worth the risk."""


class _Loader(yaml.SafeLoader):
    """Safe YAML without aliases, since a few lines of them can stand for gigabytes, and without dates, which stay text.

    So an impossible date spoils itself alone, not all that stands beside it.
    """

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.events.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise _Refused(f"wiersz {event.start_mark.line + 2}: odwołania (*{event.anchor}) nie są obsługiwane")
        return super().compose_node(parent, index)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


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
    source, body = "\n".join(lines[1:end]), "\n".join(lines[end + 1 :])
    try:
        return FrontMatter(_values(source), body)
    except _Refused as error:
        return FrontMatter({}, body, f"{_SUBJECT} zostały pominięte: {error}.")
    except yaml.MarkedYAMLError as error:
        return FrontMatter({}, body, f"Błąd w metadanych na początku pliku{_place(error)}. Metadane pominięto.")
    except (yaml.YAMLError, ValueError, TypeError, OverflowError, RecursionError):
        return FrontMatter({}, body, f"{_SUBJECT} zostały pominięte: nie da się ich odczytać jako YAML.")


def _values(source: str) -> dict[str, object]:
    if len(source.encode("utf-8", "replace")) > MOST_BYTES:
        raise _Refused(f"mają ponad {MOST_BYTES // 1024} kB")
    value = yaml.load(source, Loader=_Loader)  # noqa: S506 - a safe loader, stricter than yaml's own
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _Refused("nie są listą „klucz: wartość”")
    return {str(key): _plain(item, 0) for key, item in value.items()}


def _place(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    # Marks count from 0, and the opening „---” is the file's first line.
    where = f", wiersz {mark.line + 2}, znak {mark.column + 1}" if mark else ""
    return f"{where}: {_reason(error.problem or '')}"


def _reason(problem: str) -> str:
    if "mapping values are not allowed" in problem:
        return "dwukropek w wartości (ujmij całą wartość w cudzysłów)"
    if "could not find expected ':'" in problem:
        return "brakuje dwukropka po nazwie klucza"
    if "'\\t'" in problem:
        return "tabulator we wcięciu (użyj spacji)"
    if "end of stream" in problem or "stream end" in problem:
        return "niezamknięty cudzysłów lub nawias"
    return f"zapis niezgodny z YAML ({problem})"


def _plain(value: Any, depth: int) -> object:
    """A YAML value as JSON would have it. Raises ``ValueError`` for what has no JSON form."""
    if depth > _DEEPEST:
        raise ValueError("nested too deeply")
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, int):
        return value if abs(value) < 1 << 63 else None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_plain(item, depth + 1) for item in value]
    return str(value)
