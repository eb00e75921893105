"""What a value in a YAML file may be, and in Polish what is wrong with one that may not."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError

from kb import limits
from kb.authors import split_names
from kb.polish import fold, normalise

_MOST_PIECES = 5
"""Into so many YAML may split one name with commas."""
_WHOLE_QUOTED = re.compile(r"[„“”]([^„“”]*[^\s„“”][^„“”]*)[“”]")
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]+")
_MESSAGES = {
    "missing": "brak wymaganego klucza",
    "extra_forbidden": "nieznany klucz",
    "string_type": "wartość musi być tekstem",
    "tuple_type": "wartość musi być listą",
    "list_type": "wartość musi być listą",
    "string_too_short": "wartość jest pusta",
    "string_too_long": "wartość jest za długa",
    "too_long": "wartość jest za długa",
    "too_short": "lista ma za mało pozycji",
    "string_pattern_mismatch": "slug może się składać tylko z małych liter bez ogonków, cyfr i łączników",
}


def clean(text: str) -> str:
    """NFC without what an escape can write and no page can show: control characters and halves of surrogate pairs."""
    return normalise(_CONTROL.sub(" ", text.encode("utf-8", "replace").decode()))


def as_list(value: object) -> object:
    """A text with commas as a list; anything else as it is."""
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _as_names(value: object) -> object:
    """Names with what somebody said that each is: a line of names, a list of them, or of ``{name, kind}``."""
    if isinstance(value, str):
        return [(_unquoted(name), "") for name in split_names(clean(value))]
    if isinstance(value, dict) and "name" in value:
        value = [value]
    if not isinstance(value, list):
        return value
    if 1 < len(value) <= _MOST_PIECES and all(isinstance(each, str) for each in value):
        together = split_names(clean(", ".join(value)))
        if len(together) == 1:
            return [(together[0], "")]
    return [name for item in value for name in _as_name(item)]


def _unquoted(name: str) -> str:
    """A name without the quotation marks of a word processor around the whole of it: „Jan Nowak” is Jan Nowak."""
    found = _WHOLE_QUOTED.fullmatch(name.strip())
    return found[1].strip() if found else name


def _as_name(item: object) -> list[object]:
    if isinstance(item, str):
        item = _unquoted(clean(item))
        names = split_names(item)
        # What has commas in an item of a list and is no single person is left as somebody wrote it.
        return [(item, "")] if len(names) > 1 and "," in item else [(name, "") for name in names or [item]]
    if not isinstance(item, dict):
        return [item]
    name, kind = item.get("name"), item.get("kind", "")
    if item.keys() - {"name", "kind"} or not isinstance(name, str) or not name.strip():
        raise ValueError("autor to tekst albo name i kind, np. {name: Platon, kind: person}")
    said = _KINDS_OF_NAMES.get(str(kind).strip().lower())
    if said is None:
        raise ValueError("kind autora to person (osoba) albo body (instytucja)")
    return [(clean(name).strip(), said)]


def _as_pair(value: object) -> object:
    if not isinstance(value, tuple):
        raise ValueError(_MESSAGES["string_type"])  # noqa: TRY004 - pydantic takes a ValueError for a wrong value
    return value


def _as_clean(value: object) -> object:
    return clean(value) if isinstance(value, str) else value


_KINDS_OF_NAMES = {"": "", "person": "person", "osoba": "person", "body": "body", "instytucja": "body"}
Text = Annotated[str, BeforeValidator(_as_clean), Field(max_length=5_000)]
_MANY = Field(max_length=limits.LISTED_VALUES)
Texts = Annotated[tuple[Text, ...], BeforeValidator(as_list), _MANY]
Names = Annotated[tuple[Annotated[tuple[Text, str], BeforeValidator(_as_pair)], ...], BeforeValidator(_as_names), _MANY]
"""Names, each with „person” or „body” where somebody said so, else with ""."""
Slug = Annotated[str, Field(pattern=f"^{SLUG.pattern}$")]


def in_polish(error: Any) -> str:
    """One of pydantic's errors in Polish."""
    kind, message = str(error["type"]), str(error["msg"])
    return _MESSAGES.get(kind, message.removeprefix("Value error, "))


def problems(error: ValidationError) -> list[str]:
    """Everything that is wrong with a file, each with its place: „topics.0.name: brak wymaganego klucza”."""
    return [
        f"{place}: {in_polish(found)}" if (place := ".".join(str(part) for part in found["loc"])) else in_polish(found)
        for found in error.errors()
    ]


def nearest(value: object, known: Iterable[str]) -> str:
    """The end of a message that names the known value which is most like this one; "" when none is."""
    near = difflib.get_close_matches(fold(str(value)).lower(), list(known), 1, 0.5)
    return f". Może chodziło o „{near[0]}”?" if near else ""
