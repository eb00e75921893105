"""Pictures of pages as readers wait for them: the first of a page, one that is kept, and whole folders of PDFs, hostile ones too.

python benchmarks/pictures.py FOLDER...        prints a table; takes about a minute for a hundred files

A server of its own runs over the readable files of the folders. Its pages and pictures are asked for one after another, and
between any two of them /healthz and a search. Then the first page of every file is drawn, be it in the index or not.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from kb import indexer  # noqa: E402 - it is the checkout's own
from kb.pictures import WIDTHS, Pictures, PrintedPage  # noqa: E402
from kb.settings import Settings  # noqa: E402

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
    with _server(settings) as port:
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
        ordered = sorted(times)
        late = ordered[int(0.95 * (len(ordered) - 1))]
        print(
            f"{name:22} n={len(times):4}  median {statistics.median(times):7.1f} ms  95 % {late:7.1f}  most {ordered[-1]:7.1f}"
        )


@contextmanager
def _server(settings: Settings) -> Iterator[int]:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "KB_DOCUMENTS": str(settings.documents),
        "KB_INDEX": str(settings.index),
        "KB_PORT": str(port),
        "KB_MEANING": "off",
        "KB_OCR": "off",
    }
    command = [sys.executable, "-c", "from kb.cli import app; app()", "serve"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                if _get(port, "/readyz")[0] == 200 and _get(port, _QUESTION)[0] == 200:
                    break
            except OSError:
                assert time.monotonic() < end
            time.sleep(0.2)
        yield port
        assert process.poll() is None, "the server has died"
    finally:
        process.terminate()
        process.wait()


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
