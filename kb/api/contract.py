"""The JSON contract: the shapes of what ``/api/v1`` and ``kb search --json`` answer, described for the OpenAPI schema."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from kb.addresses import page_url
from kb.formats import FORMATS

_OF_RESULTS = ConfigDict(from_attributes=True)
"""For shapes that have the same fields as an object of the search."""


TextStatus = Literal["searched", "no_text", "encrypted", "damaged", "timeout", "too_large"]
_TEXT_STATUS = Field(
    description="Czy przeszukiwana jest treść (searched), a jeśli tylko opis – dlaczego: stan pliku, jak w raporcie kb index."
)


class WordChange(BaseModel):
    """Słowo, które wyszukiwarka odczytała inaczej, niż je wpisano."""

    model_config = _OF_RESULTS

    before: str = Field(serialization_alias="from", examples=["zrodla"])
    after: str = Field(serialization_alias="to", examples=["źródła"])
    undo: str = Field(
        description="Zapytanie, w którym słowo jest wzięte dosłownie.", examples=["+„zrodla” dofinansowania"]
    )


class QueryRead(BaseModel):
    """Zapytanie: co wpisano i jak zostało odczytane."""

    text: str = Field(
        description="Tekst, którego szukano: z bardzo długiego tylko początek.", examples=["zrodla dofinansowania zit"]
    )
    read_as: str = Field(examples=["źródła dofinansowania zit"])
    repaired: list[WordChange] = Field(description="Poprawione słowa.")
    expanded: list[WordChange] = Field(description="Skróty i synonimy, których szukano obok wpisanych słów.")
    dropped: list[str] = Field(description="Słowa pominięte, bo same nic nie znaczą.", examples=[["w", "na"]])
    loosened: list[str] = Field(description="Frazy w cudzysłowie, których nigdzie nie ma: szukano ich słów osobno.")
    absent: list[str] = Field(description="Słowa, których nie ma na żadnej stronie: szukano pozostałych.")


class FoundPage(BaseModel):
    """Strona (w PDF) albo część (w Markdownie), na której coś znaleziono."""

    model_config = _OF_RESULTS

    number: int = Field(description="Kolejny numer strony w pliku, od 1.", examples=[17])
    label: str | None = Field(description="Numer wydrukowany na stronie.", examples=["15"])
    heading: str = Field(description="Nagłówek nad znalezionym miejscem.", examples=["3.2 Wkład własny"])
    url: str = Field(examples=[page_url("raport-finansowanie-projektow", 17)])
    score: float = Field(examples=[11.2])
    snippet: str = Field(
        description="Bezpieczny HTML z jednym tylko znacznikiem: mark.", examples=["… <mark>wkład</mark> …"]
    )
    by_meaning: bool = Field(False, description="Czy strona jest na liście tylko dzięki podobnemu znaczeniu.")


class FoundDocument(BaseModel):
    """Znaleziony dokument ze swoimi najlepszymi stronami."""

    id: str = Field(examples=["raport-finansowanie-projektow"])
    title: str
    kind: str | None = Field(examples=["raport"])
    edition: str | None = Field(examples=["cwd-plus"])
    topics: list[str] = Field(examples=[["finanse", "partnerstwa"]])
    published: date | None
    text_status: TextStatus = _TEXT_STATUS
    url: str
    score: float
    matching_pages: int = Field(description="Ile stron dokumentu pasuje do zapytania.")
    pages: list[FoundPage] = Field(
        description="Najwyżej trzy najlepsze strony; żadna, gdy treść nie jest przeszukiwana."
    )


class FacetCount(BaseModel):
    """Wartość filtra i liczba dokumentów, które zostaną po jej wybraniu."""

    model_config = _OF_RESULTS

    value: str = Field(examples=["cwd-plus"])
    label: str = Field(examples=["CWD Plus"])
    count: int = Field(examples=[7])
    selected: bool


class FoundAnswer(BaseModel):
    """Zdanie, które odpowiada na pytanie."""

    sentence: str
    document: str
    title: str
    page: FoundPage


class LooserSearch(BaseModel):
    """Luźniejsze wyszukiwanie, gdy nic nie znaleziono."""

    label: str
    total: int
    url: str


class SearchResponse(BaseModel):
    """Jedna strona wyników."""

    query: QueryRead
    total: int = Field(description="Liczba znalezionych dokumentów.", examples=[12])
    total_pages: int = Field(description="Liczba pasujących stron we wszystkich dokumentach.", examples=[31])
    page: int
    per_page: int
    suggestion: str | None
    took_ms: float
    hits: list[FoundDocument]
    facets: dict[str, list[FacetCount]]
    answer: FoundAnswer | None = None
    relaxations: list[LooserSearch] = []
    nearest_topics: list[str] = []
    by_meaning: int = Field(
        0, description="Ile dokumentów jest na liście ponadto, dzięki podobnemu znaczeniu, bez szukanych słów."
    )


class DocumentEntry(BaseModel):
    """Opis dokumentu."""

    id: str
    title: str
    kind: str | None
    edition: str | None
    topics: list[str]
    published: date | None
    authors: list[str]
    publisher: str
    description: str
    language: str
    source_url: str
    licence: str
    editors: list[str] = []
    bodies: list[str] = Field([], description="Autorzy i redaktorzy, o których w opisie napisano, że są instytucjami.")
    persons: list[str] = Field([], description="Autorzy i redaktorzy, o których w opisie napisano, że są osobami.")
    place: str = Field("", description="Miejsce wydania.", examples=["Warszawa"])
    series: str = ""
    report_number: str = ""
    isbn: str = ""
    issn: str = ""
    doi: str = ""
    event_type: str = Field("", description="Rodzaj wydarzenia, z taxonomy.yaml.", examples=["forum"])
    venue: str = Field("", description="Miejsce wydarzenia.", examples=["Kraków"])
    starts: str = Field("", description="Początek wydarzenia: dzień albo chwila w Polsce.", examples=["2023-05-10"])
    ends: str = Field("", description="Koniec wydarzenia.", examples=["2023-05-10T15:00"])
    media: str = Field(json_schema_extra={"enum": [row.media for row in FORMATS]})
    page_count: int
    text_status: TextStatus = _TEXT_STATUS
    url: str
    file_url: str = Field(description="Adres oryginalnego pliku.")
    version: str = Field(description="Wersja: początek skrótu SHA-256 pliku.", examples=["0f3a5c7e9b12"])
    version_url: str = Field(description="Stały adres tej wersji, do cytowania.")


class DocumentsResponse(BaseModel):
    """Strona spisu dokumentów."""

    total: int
    page: int
    per_page: int
    documents: list[DocumentEntry]


class HeadingEntry(BaseModel):
    """Nagłówek na stronie."""

    model_config = _OF_RESULTS

    text: str = Field(examples=["3.2 Wkład własny"])
    level: int = Field(description="Poziom, od 1 (najwyższy).", examples=[2])
    start: int = Field(description="Miejsce w tekście strony, w znakach od 0.", examples=[1579])


class ContentsEntry(BaseModel):
    """Pozycja spisu stron dokumentu."""

    number: int
    label: str | None
    heading: str = Field(description="Nagłówek, pod którym strona się zaczyna.")
    headings: list[HeadingEntry] = Field(description="Wszystkie nagłówki, które stoją na stronie.", default=[])
    anchor: str | None
    url: str


class DocumentResponse(DocumentEntry):
    """Opis dokumentu i spis jego stron."""

    pages: list[ContentsEntry]
    related: list[str] = Field(description="Identyfikatory dokumentów o podobnej treści.")


class PageResponse(ContentsEntry):
    """Strona dokumentu z tekstem."""

    document: str
    title: str
    text: str
    html: str = Field(description="Bezpieczny HTML części dokumentu Markdown; dla PDF pusty.")
    ocr: bool = Field(description="Czy tekst rozpoznano automatycznie w obrazie strony (OCR); może zawierać błędy.")
    confidence: float | None = Field(
        description="Średnia pewność rozpoznania słów, od 0 do 100; null, gdy strony nie rozpoznawano."
    )
    previous: str | None = Field(description="Adres poprzedniej strony.")
    next: str | None = Field(description="Adres następnej strony.")
    version: str = Field(description="Wersja dokumentu: początek skrótu SHA-256 pliku.", examples=["0f3a5c7e9b12"])
    version_url: str = Field(description="Stały adres tej strony w tej wersji, do cytowania.")


class VersionEntry(BaseModel):
    """Wersja dokumentu."""

    version: str = Field(description="Początek skrótu SHA-256 pliku.", examples=["0f3a5c7e9b12"])
    url: str
    file_url: str = Field(description="Adres oryginalnego pliku tej wersji.")
    seen: datetime = Field(description="Kiedy pokazano ją po raz pierwszy.")
    since: datetime = Field(description="Od kiedy była albo jest obecną wersją.")
    current: bool = Field(description="Czy to obecna wersja.")
    removed: datetime | None = Field(description="Kiedy celowo usunięto ją z archiwum; null, gdy można ją czytać.")


class VersionsResponse(BaseModel):
    """Wersje dokumentu, obecna pierwsza."""

    document: str
    title: str
    removed: datetime | None = Field(description="Kiedy dokument usunięto z bazy; null, gdy w niej jest.")
    versions: list[VersionEntry]


class VersionResponse(DocumentEntry):
    """Opis dokumentu w jednej z wersji i spis jej stron."""

    current: bool = Field(description="Czy to obecna wersja.")
    current_url: str | None = Field(description="Adres obecnej wersji dokumentu; null, gdy dokument usunięto.")
    pages: list[ContentsEntry]


class VersionPageResponse(PageResponse):
    """Strona jednej z wersji dokumentu."""

    current: bool = Field(description="Czy to obecna wersja.")
    current_url: str | None = Field(description="Gdzie treść tej strony jest teraz; null, gdy jej nie ma.")


class CitationResponse(BaseModel):
    """Opis bibliograficzny w jednym z formatów."""

    format: str = Field(examples=["iso690"])
    media_type: str = Field(examples=["text/plain"])
    citation: str
    url: str = Field(description="Trwały adres cytowanego miejsca w tej wersji dokumentu.")
    locator: str = Field("", description="Miejsce w dokumencie; puste, gdy cytowany jest cały.", examples=["s. 15"])


class CitationsResponse(BaseModel):
    """Opisy bibliograficzne znalezionych dokumentów w jednym z formatów."""

    format: str = Field(examples=["bibtex"])
    media_type: str = Field(examples=["application/x-bibtex"])
    total: int = Field(description="Liczba znalezionych dokumentów.", examples=[12])
    exported: int = Field(description="Ile z nich, od pierwszego, ma tu opis.", examples=[12])
    citations: str = Field(description="Treść pliku z opisami.")


class QuotePage(BaseModel):
    """Strona, na której stoi część cytatu."""

    number: int = Field(description="Kolejny numer strony w pliku, od 1.", examples=[17])
    label: str | None = Field(description="Numer wydrukowany na stronie.", examples=["15"])
    url: str = Field(description="Adres strony, na której słowa są wyróżnione.")


class QuotePiece(BaseModel):
    """Kawałek porównania: co jest w cytacie i co w dokumencie; bez różnicy oba są takie same."""

    model_config = _OF_RESULTS

    kind: Literal[
        "same", "spacing", "quotes", "footnote", "case", "diacritics", "punctuation", "word", "number", "negation"
    ] = Field(description="Rodzaj różnicy; przy pierwszych czterech cytat pozostaje dosłowny.")
    quoted: str = Field(description="Tekst cytatu; pusty, gdy czegoś w nim brak.")
    source: str = Field(description="Tekst dokumentu; pusty, gdy dokument tego nie ma.")


class QuotePassage(BaseModel):
    """Cytat albo jego część między opuszczeniami „[…]”."""

    pages: list[QuotePage] = Field(description="Strona; dwie, gdy tekst przechodzi na następną; żadna, gdy go brak.")
    pieces: list[QuotePiece]


class QuotePlace(BaseModel):
    """Miejsce w zbiorze, w którym stoi cytat."""

    document: str = Field(examples=["raport-finansowanie-projektow"])
    title: str
    version: str = Field(description="Wersja pliku: skrót SHA-256 jego zawartości.")
    verdict: Literal["verbatim", "differs"]
    changed_words: int = Field(description="Ile słów jest innych, brakujących lub dodanych.", examples=[2])
    likeness: float = Field(description="Podobieństwo słów, od 0 do 1.", examples=[0.93])
    warnings: list[str] = Field(description="Różnice, które mogą zmienić sens: liczby, przeczenia, brak części cytatu.")
    passages: list[QuotePassage]
    citation: str = Field(description="Opis bibliograficzny tego miejsca, w formacie iso690.")
    url: str = Field(description="Trwały adres tego miejsca.")


class QuoteResponse(BaseModel):
    """Co wiadomo o cytacie."""

    quote: str = Field(description="Cytat, jak został odczytany.")
    verdict: Literal["verbatim", "differs", "absent"] = Field(
        description="verbatim – stoi gdzieś dosłownie, differs – z różnicami, absent – nie znaleziono go."
    )
    message: str = Field(examples=["Cytat występuje z różnicami (2 słowa)"])
    total: int = Field(description="Ile miejsc znaleziono.")
    more: bool = Field(description="Czy może ich być więcej.")
    places: list[QuotePlace] = Field(description="Miejsca: najpierw dosłowne, potem najbardziej podobne.")


class SuggestionEntry(BaseModel):
    """Podpowiedź do tego, co jest wpisywane."""

    model_config = _OF_RESULTS

    text: str
    kind: Literal["title", "heading", "phrase", "abbreviation"]
    detail: str
    url: str | None


class SuggestResponse(BaseModel):
    """Podpowiedzi, najlepsze pierwsze."""

    suggestions: list[SuggestionEntry]


class Figure(BaseModel):
    """Liczba z opisu edycji."""

    value: str = Field(examples=["76"])
    label: str = Field(examples=["partnerstw"])


class EditionEntry(BaseModel):
    """Edycja programu."""

    slug: str
    name: str
    start: str = Field(serialization_alias="from", examples=["2022-05"])
    end: str = Field(serialization_alias="to", examples=["2022-03", ""])
    description: str
    figures: list[Figure]
    documents: int
    url: str


class EditionsResponse(BaseModel):
    """Edycje w kolejności chronologicznej."""

    editions: list[EditionEntry]


class TopicEntry(BaseModel):
    """Temat."""

    slug: str
    name: str
    description: str
    documents: int
    url: str


class TopicsResponse(BaseModel):
    """Tematy."""

    topics: list[TopicEntry]


class ErrorBody(BaseModel):
    """Co się nie udało."""

    code: str = Field(examples=["bad_request"])
    message: str
    details: list[str] = Field(description="Wszystkie znalezione problemy.")


class ErrorResponse(BaseModel):
    """Błąd, zapisany tak samo w całym API."""

    error: ErrorBody


class StateResponse(BaseModel):
    """Stan usługi."""

    status: Literal["ok"]
    documents: int | None = None
    pages: int | None = None
