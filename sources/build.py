"""Składa raporty i poradniki: każdy plik sources/raport-*.typ i sources/poradnik-*.typ daje jeden PDF.

    python sources/build.py                      # wszystkie
    python sources/build.py partnerstwa          # wybrane (nazwa z przedrostkiem albo bez niego)

Wynik: documents/raporty/<nazwa>.pdf i documents/poradniki/<nazwa>.pdf. Potrzebne pakiety: typst,
a do dokumentów z listy SCANS także pypdfium2 i Pillow. Te same źródła dają zawsze te same bajty.
"""

from __future__ import annotations

import io
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import typst

SOURCES = Path(__file__).resolve().parent
DOCUMENTS = SOURCES.parent / "documents"
FOLDERS = {"raport": "raporty", "poradnik": "poradniki"}

# Dokumenty wydawane jak skan: same obrazy stron, bez warstwy tekstowej.
SCANS = {"poradnik-budzet-obywatelski"}
SCAN_DPI = 110
SCAN_QUALITY = 55
SCAN_LIMIT = 1_500_000

# Stała data utworzenia zapisywana w plikach, żeby wynik nie zależał od chwili składu.
TIMESTAMP = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())


def target(source: Path) -> Path:
    """Plik PDF, który powstaje z podanego źródła."""
    kind, _, name = source.stem.partition("-")
    return DOCUMENTS / FOLDERS[kind] / f"{name}.pdf"


def find_sources(names: list[str]) -> list[Path]:
    """Źródła o podanych nazwach albo wszystkie, gdy nazw nie podano."""
    found = sorted(p for kind in FOLDERS for p in SOURCES.glob(f"{kind}-*.typ"))
    if not names:
        return found
    chosen: list[Path] = []
    for name in names:
        stem = Path(name).stem
        matches = [p for p in found if stem in (p.stem, p.stem.partition("-")[2])]
        if not matches:
            raise SystemExit(f"Nie ma źródła o nazwie „{name}” w katalogu {SOURCES}.")
        chosen += [p for p in matches if p not in chosen]
    return chosen


def compile_source(source: Path) -> bytes:
    """Składa jedno źródło do dostępnego PDF (PDF/UA-1, ze znacznikami)."""
    compiler = typst.Compiler(source, root=SOURCES, ignore_system_fonts=True)
    result, warnings = compiler.compile_with_warnings(format="pdf", pdf_standards="ua-1", timestamp=TIMESTAMP)
    for warning in warnings:
        print(f"  ostrzeżenie: {warning.message}", file=sys.stderr)
    if not isinstance(result, bytes):
        raise SystemExit(f"Skład pliku {source.name} nie dał pliku PDF.")
    return result


def as_scan(pdf: bytes) -> bytes:
    """Zamienia PDF na obrazy stron w odcieniach szarości, bez tekstu; tytuł i autor zostają."""
    import pypdfium2
    from PIL import Image

    document = pypdfium2.PdfDocument(pdf)
    title: str = document.get_metadata_value("Title")
    author: str = document.get_metadata_value("Author")
    pages: list[Image.Image] = [
        page.render(scale=SCAN_DPI / 72, grayscale=True).to_pil().convert("L") for page in document
    ]
    document.close()
    moment = time.gmtime(TIMESTAMP)
    output = io.BytesIO()
    pages[0].save(
        output,
        format="PDF",
        save_all=True,
        append_images=pages[1:],
        resolution=SCAN_DPI,
        quality=SCAN_QUALITY,
        title=title,
        author=author,
        producer="Skan",
        creationDate=moment,
        modDate=moment,
    )
    if output.tell() > SCAN_LIMIT:
        raise SystemExit(f"Skan „{title}” ma {output.tell()} bajtów – więcej niż {SCAN_LIMIT}.")
    return output.getvalue()


def main(names: list[str]) -> int:
    """Składa wybrane dokumenty; zwraca 1, jeśli któryś się nie udał."""
    failed = 0
    for source in find_sources(names):
        try:
            pdf = compile_source(source)
        except typst.TypstError as error:
            failed += 1
            print(f"BŁĄD {source.name}:\n{error.diagnostic}", file=sys.stderr)
            continue
        if source.stem in SCANS:
            pdf = as_scan(pdf)
        output = target(source)
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_bytes(pdf)
        print(f"{output.relative_to(DOCUMENTS.parent)} ({len(pdf) // 1024} kB)")
    if failed:
        print(f"Nie udało się złożyć dokumentów: {failed}.", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
