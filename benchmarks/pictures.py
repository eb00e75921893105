"""Pictures of pages as readers wait for them: the first of a page, one that is kept, and whole folders of PDFs, hostile ones too.

python benchmarks/pictures.py FOLDER...        prints a table; takes about a minute for a hundred files

A server of its own runs over the readable files of the folders. Its pages and pictures are asked for one after another, and
between any two of them /healthz and a search. Then the first page of every file is drawn, be it in the index or not.
"""

from __future__ import annotations

import hashlib
import http.client
import re
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from attack import serving
from server import percentile

from kb import indexer
from kb.pictures import WIDTHS, Pictures, PrintedPage
from kb.settings import Settings

PAGES = 4
"""Pages of one document that are asked for."""
_SECONDS = 5.0
_PATIENCE = 60.0
_QUESTION = "/szukaj?q=gmina"


def main(folders: Sequence[Path]) -> None:
    with tempfile.TemporaryDirectory(prefix="kb-pictures-bench-") as name:
        root = Path(name)
        files = [path for folder in folders for path in sorted(folder.rglob("*.pdf"))]
        for number, path in enumerate(files):
            (root / "documents").mkdir(exist_ok=True)
            shutil.copyfile(path, root / "documents" / f"plik-{number}.pdf")
        settings = Settings(
            documents=root / "documents", index=root / "index", meaning="off", ocr="off", extract_seconds=_SECONDS
        )
        indexer.run(settings)
        _served(settings)
        _drawn(settings, files)


def _served(settings: Settings) -> None:
    """Pages and pictures over HTTP."""
    pages, first, kept, health, search = [list[float]() for _ in range(5)]
    failed = 0
    with serving(settings.documents, settings.index, KB_MEANING="off", KB_OCR="off") as server:
        port = server.port
        _get(port, _QUESTION)  # the first search opens the index
        identifiers = re.findall(r"<loc>[^<]*(/dokumenty/[^<]+)</loc>", _get(port, "/sitemap.xml")[1].decode())
        for number, document in enumerate(identifiers):
            for page in range(1, PAGES + 1):
                status, body, took = _get(port, f"{document}/strony/{page}?q=gmina")
                if status != 200:
                    break
                pages.append(took)
                for width, url in zip(WIDTHS, re.findall(r"(/obrazy/\S+?\.jpg) \d+w", body.decode()), strict=False):
                    status, body_of_picture, took = _get(port, url)
                    if not body_of_picture.startswith(b"\xff\xd8"):
                        failed += 1
                        continue
                    if width == WIDTHS[0]:
                        first.append(took)
                    kept.append(_get(port, url)[2])
            for path, times in (("/healthz", health), (_QUESTION, search)):
                status, _, took = _get(port, path)
                assert status == 200, f"{path} after {number} documents: {status}"
                times.append(took)
    print(f"documents asked for: {len(identifiers)}; placeholders: {failed}")
    for name, times in (
        ("a page with its map", pages),
        ("first picture, 1x", first),
        ("kept picture", kept),
        ("/healthz between", health),
        ("search between", search),
    ):
        _print(name, times)


def _drawn(settings: Settings, files: Sequence[Path]) -> None:
    """The first page of every file, whatever became of it in the index."""
    times: list[float] = []
    failed = 0
    with closing(Pictures(settings)) as pictures:
        for path in files:
            version = hashlib.sha256(path.read_bytes()).hexdigest()
            page = PrintedPage(file=path, version=version, number=1, ocr=False)
            began = time.perf_counter()
            failed += not pictures.picture(page, WIDTHS[1]).result()
            pictures.map(page, "gmina", seconds=_PATIENCE)
            times.append((time.perf_counter() - began) * 1000)
    print(f"first pages drawn at 2x and read: {len(files)}, of which cannot be drawn: {failed}")
    _print("one first page", times)


def _print(name: str, times: Sequence[float]) -> None:
    if times:
        late = percentile(times, 0.95)
        print(
            f"{name:22} n={len(times):4}  median {statistics.median(times):7.1f} ms  95 % {late:7.1f}  most {max(times):7.1f}"
        )


def _get(port: int, path: str) -> tuple[int, bytes, float]:
    """Status, body and milliseconds."""
    began = time.perf_counter()
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
    return answer.status, body, (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]])
