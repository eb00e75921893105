"""What editors say on pages that are no documents: of the programme, of accessibility, privacy and contact.

Each is a Markdown file in the folder ``_strony`` of the documents folder. None has to be there: without its file a page, and
every link to it, is left out. They are read again when they change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, field_validator

from kb.catalogue import problems
from kb.catalogue.fields import Text, nearest
from kb.errors import TextsError
from kb.extract.markdown import render
from kb.formats import TEXTS_FOLDER
from kb.live import FileValue

PROGRAMME, ACCESSIBILITY, PRIVACY, CONTACT, COLLECTION = "program", "dostepnosc", "prywatnosc", "kontakt", "o-bazie"
_NAMES = (PROGRAMME, ACCESSIBILITY, PRIVACY, CONTACT, COLLECTION)
_MOST_BYTES = 256 * 1024
_STATUSES = ("zgodna", "częściowo zgodna", "niezgodna")
_FAILED = f"Nie da się użyć tekstów z folderu {TEXTS_FOLDER}. Popraw je i uruchom polecenie ponownie."


def _as_day(value: object) -> object:
    try:
        return date.fromisoformat(str(value).strip())
    except ValueError:
        raise ValueError("data musi mieć postać RRRR-MM-DD") from None


_Day = Annotated[date, BeforeValidator(_as_day)]


class _Described(BaseModel):
    """The keys at the start of any of the files."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    title: Text = ""
    description: Text = ""


class Declaration(_Described):
    """The keys of the accessibility statement, as the Act of 4 April 2019 and its template ask for them.

    ``published`` and ``updated`` are days of the site, ``prepared`` and ``reviewed`` of the statement.
    """

    owner: Text
    published: _Day
    updated: _Day
    status: Text
    prepared: _Day
    reviewed: _Day | None = None
    method: Text = "samooceny przeprowadzonej przez podmiot publiczny"
    person: Text = ""
    email: Text = ""
    phone: Text = ""
    architecture: Text = ""
    applications: Text = ""

    @field_validator("status")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in _STATUSES:
            raise ValueError(f"możliwe wartości: {', '.join(_STATUSES)}{nearest(value, _STATUSES)}")
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteText:
    """One such text: ``html`` is sanitised; ``declaration`` holds the keys of the accessibility statement, None for others."""

    name: str
    title: str
    description: str
    html: str
    declaration: Declaration | None = None

    @property
    def path(self) -> str:
        """Its file, relative to the documents folder."""
        return f"{TEXTS_FOLDER}/{self.name}.md"


class SiteTexts:
    """The texts of one documents folder; while a file cannot be used, what it said before."""

    def __init__(self, documents: Path) -> None:
        self._kept = {name: _kept(documents, name) for name in _NAMES}

    def get(self, name: str) -> SiteText | None:
        """The text as it is now; None where there is no usable file."""
        return self._kept[name].current()


def check(documents: Path) -> None:
    """Read all of them. Raises TextsError that lists every problem."""
    found: list[str] = []
    folder = documents / TEXTS_FOLDER
    names = sorted(path.stem for path in folder.glob("*.md"))
    found += [
        f"{TEXTS_FOLDER}/{name}.md: nie ma takiej strony{nearest(name, _NAMES)}" for name in names if name not in _NAMES
    ]
    for name in names:
        try:
            if name in _NAMES:
                _read(documents, name)
        except TextsError as error:
            found += error.details
    if found:
        raise TextsError(_FAILED, found)


def _kept(documents: Path, name: str) -> FileValue[SiteText | None]:
    return FileValue(documents / TEXTS_FOLDER / f"{name}.md", lambda: _read(documents, name), None)


def _read(documents: Path, name: str) -> SiteText | None:
    """The text of a file; None where there is none. Raises TextsError."""
    path = documents / TEXTS_FOLDER / f"{name}.md"
    file = f"{TEXTS_FOLDER}/{path.name}"
    try:
        with path.open("rb") as opened:
            data = opened.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise _refused([f"{file}: plik ma ponad {_MOST_BYTES // 1024} kB"])
        text = data.decode("utf-8-sig")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _refused([f"{file}: nie można otworzyć pliku ({error.strerror})"]) from None
    except UnicodeDecodeError:
        raise _refused([f"{file}: plik nie jest zapisany w UTF-8"]) from None
    rendered = render(text)
    if rendered.warnings:
        raise _refused([f"{file}: {warning}" for warning in rendered.warnings])
    return _described(name, file, rendered.values, rendered.html)


def _described(name: str, file: str, values: Mapping[str, object], html: str) -> SiteText:
    given = {key: value for key, value in values.items() if value not in (None, "")}
    try:
        if name == ACCESSIBILITY:
            declaration = Declaration.model_validate(given)
            return SiteText(
                name=name,
                title=declaration.title or "Deklaracja dostępności",
                description=declaration.description,
                html=html,
                declaration=declaration,
            )
        said = _Described.model_validate(given)
    except ValidationError as error:
        raise _refused([f"{file}: {problem}" for problem in problems(error)]) from None
    return SiteText(name=name, title=said.title, description=said.description, html=html)


def _refused(details: Sequence[str]) -> TextsError:
    return TextsError(_FAILED, details)
