"""Pictures of the main pages for the README: an index of the sample documents, a server, headless Chromium.

Run by ``make screenshots``. The pictures have few colours, so that the repository stays small.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from PIL import Image

from kb import indexer
from kb.gate import SERVER
from kb.settings import Settings
from kb.web import create_app

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "docs" / "screenshots"
PAGES = {
    "start": "/",
    "wyniki": "/szukaj?q=wk%C5%82ad+w%C5%82asny",
    "strona": "/dokumenty/poradnik-zit-iit/strony/8?q=strategia",
    "edycja": "/edycje/pilotaz",
    "wydarzenia": "/wydarzenia",
}
SIZES = {"komputer": (1280, 900), "telefon": (390, 844)}
COLOURS = 64
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def main() -> None:
    """Make every picture anew."""
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if browser is None:
        sys.exit("Potrzebna jest przeglądarka Chromium.")
    os.environ["KB_MEANING"] = "off"
    TARGET.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as address:
        for page, path in PAGES.items():
            for size, (width, height) in SIZES.items():
                taken = taken_by(browser, f"{address}{path}", width, height, Path(folder))
                name = f"{page}-{size}.png"
                small = (
                    Image.open(io.BytesIO(taken))
                    .convert("RGB")
                    .quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
                )
                small.save(TARGET / name, optimize=True)
                print(f"{name}: {(TARGET / name).stat().st_size // 1000} kB")


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A site over the sample documents, indexed into ``folder``; its address."""
    settings = Settings(documents=ROOT / "documents", index=folder / "index", ocr="off", meaning="off")
    indexer.run(settings)
    server = uvicorn.Server(uvicorn.Config(create_app(settings), port=0, log_level="critical", **SERVER))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            if not thread.is_alive():
                sys.exit("Serwer nie ruszył.")
            time.sleep(0.05)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def taken_by(browser: str, url: str, width: int, height: int, folder: Path) -> bytes:
    """What a page looks like in a window of that size, as PNG."""
    file = folder / "picture.png"
    command = [
        browser,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        "--virtual-time-budget=4000",
    ]
    command += [f"--user-data-dir={folder / 'profile'}", f"--window-size={width},{height}", f"--screenshot={file}", url]
    subprocess.run(command, check=True, capture_output=True, timeout=60)  # noqa: S603 - our own words
    return file.read_bytes()


if __name__ == "__main__":
    main()
