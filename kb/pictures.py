"""Pictures of printed pages and maps of their words: made in child processes under limits, kept on disk within a bound.

Nothing here takes a turn of those who search: pages are drawn by threads and processes of their own, a few at once, and whoever
asks while too many wait is refused. A page that cannot be drawn is remembered as such for a while. What is kept lies under
``index/pictures``, a folder that may always be deleted; where nothing can be written, everything is made anew.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from kb import limits
from kb.disk import open_file, version_of
from kb.errors import KbError, Overloaded
from kb.extract.jobs import Job, MapJob, PictureJob, save_job
from kb.extract.sandbox import Sandbox, temporary_folder
from kb.extract.wire import decode_map
from kb.limits import PictureLimits
from kb.model import PageMap, Status
from kb.settings import Settings

WIDTHS = (800, 1600)
"""Pixels of the pictures of a page: for a usual screen, and for one of twice the density."""
_PICTURE_VERSION = "1"
"""Part of the key of what is kept. Raise it whenever the same page would be drawn, or its words placed, differently."""
_FAILED = b""
"""What is kept of a page that could not be drawn; …"""
_FAILED_SECONDS = 3600.0
"""… after so long it is tried again: the machine may have had a bad day."""
_TOUCH_SECONDS = 3600.0
"""A kept file that is used counts as new again, at most so often."""
_SWEEP_SHARE = 16
"""What is kept is counted, and the oldest removed, after every 1/16 of the bound."""
_READER = "kb.extract.picture:work"
_BUSY = "Serwer rysuje teraz zbyt wiele stron naraz. Spróbuj ponownie za kilka sekund."

_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedPage:
    """A page of a document's file. ``version`` is the SHA-256 of the indexed bytes; ``ocr``: its text was recognised."""

    file: Path
    version: str
    number: int
    ocr: bool = False

    @property
    def token(self) -> str:
        """Names what is drawn: another one for other bytes, and for another way of drawing."""
        return token(self.version, ocr=self.ocr)


def token(version: str, *, ocr: bool) -> str:
    """The token of the pages of a file with these bytes."""
    return hashlib.sha256(f"{_PICTURE_VERSION} {version} {ocr}".encode()).hexdigest()[:16]


class Pictures:
    """The pictures and maps of all pages. A process of a server has one; ``close`` ends its child processes."""

    def __init__(self, settings: Settings, most: PictureLimits | None = None) -> None:
        self._most = most or PictureLimits()
        self._recognised = settings.index / "extracted"
        self._kept = _Kept(settings.index / "pictures", settings.pictures_mb * 1024 * 1024)
        self._threads = ThreadPoolExecutor(limits.DRAWINGS, thread_name_prefix="pictures")
        self._looking_up = ThreadPoolExecutor(limits.DRAWINGS, thread_name_prefix="picture-look-ups")
        self._free = threading.BoundedSemaphore(limits.WAITING_DRAWINGS)
        self._own = threading.local()
        self._stack = ExitStack()
        self._lanes: list[Sandbox] = []
        self._starting = threading.Lock()
        self._lock = threading.Lock()
        self._running: dict[str, Future[bytes]] = {}

    def warm_up(self) -> None:
        """Start the child processes before a reader comes."""
        with suppress(RuntimeError):  # closed already
            self._threads.submit(self._drawer)

    def close(self) -> None:
        """End what is being drawn, and the child processes."""
        self._looking_up.shutdown(wait=True, cancel_futures=True)
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._stack.close()

    def look_up(self, find: Callable[[], _Found]) -> Future[_Found]:
        """Have something found out by a thread that neither draws nor searches. Raises Overloaded."""
        if not self._free.acquire(blocking=False):
            raise Overloaded(_BUSY)
        found = self._looking_up.submit(find)
        found.add_done_callback(lambda _: self._free.release())
        return found

    def kept_picture(self, page: PrintedPage, width: int) -> bytes | None:
        """The picture where it has been drawn before, empty where that failed; None where nobody has tried."""
        return self._kept.get(_picture_name(page, width))

    def picture(self, page: PrintedPage, width: int) -> Future[bytes]:
        """The picture, a JPEG, once it is drawn; empty where it cannot be. Raises Overloaded."""

        def job(result: Path) -> Job:
            return PictureJob(
                file=page.file.absolute(),
                page=page.number,
                result=result,
                width=width,
                megapixels=self._most.megapixels,
                recognised=self._recognised_page(page),
            )

        return self._made(_picture_name(page, width), page, job)

    def map(self, page: PrintedPage, text: str, seconds: float = limits.MAP_SECONDS) -> PageMap | None:
        """Where the words of the page's text stand; None where that cannot be found out, or not in so many seconds.

        What comes too late is kept for the next reader.
        """

        def job(result: Path) -> Job:
            return MapJob(
                file=page.file.absolute(),
                page=page.number,
                result=result,
                text=text,
                recognised=self._recognised_page(page),
            )

        words = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]
        name = f"{page.token}-{page.number}-{words}.json"
        made = self._kept.get(name)
        if made is None:
            try:
                made = self._made(name, page, job).result(seconds)
            except (NotYet, KbError, OSError):
                return None
        try:
            return decode_map(made)
        except ValueError:
            return None

    def _made(self, name: str, page: PrintedPage, job: Callable[[Path], Job]) -> Future[bytes]:
        """What a job makes; whoever asks for the same thing at the same time gets the same."""
        with self._lock:
            running = self._running.get(name)
            if running is not None:
                return running
            if len(self._running) >= limits.DRAWINGS + limits.WAITING_DRAWINGS:
                raise Overloaded(_BUSY)
            made = self._running[name] = self._threads.submit(self._make, name, page, job)
        made.add_done_callback(lambda _: self._running.pop(name, None))
        return made

    def _make(self, name: str, page: PrintedPage, job: Callable[[Path], Job]) -> bytes:
        if not self._is_as_indexed(page):
            return _FAILED
        try:
            made = self._drawer().run(job)
        except OSError as error:  # no room for it: no fault of the page, so nothing is kept
            raise Overloaded(_BUSY) from error
        self._kept.put(name, made)
        return made

    def _drawer(self) -> _Drawer:
        """The present thread's own; the first of them starts the processes of all."""
        drawer: _Drawer | None = getattr(self._own, "drawer", None)
        if drawer is None:
            with self._starting:
                if not self._lanes:
                    sandbox = Sandbox(self._most.of_process, limits.DRAWINGS, reader=_READER)
                    self._lanes += self._stack.enter_context(sandbox).lanes()
                drawer = self._own.drawer = _Drawer(self._most, self._lanes.pop(), self._stack)
        return drawer

    def _is_as_indexed(self, page: PrintedPage) -> bool:
        """Whether the file still has the bytes whose text is shown: another page must not be kept under their name."""
        try:
            return version_of(page.file) == page.version
        except OSError:
            return False

    def _recognised_page(self, page: PrintedPage) -> Path | None:
        """The copy of a scanned page in which its text was recognised, by whichever recogniser came last."""
        if not page.ocr:
            return None
        found = list(self._recognised.glob(f"{page.version}-*/{page.number}.pdf"))
        return max(found, key=lambda path: path.stat().st_mtime, default=None)


def _picture_name(page: PrintedPage, width: int) -> str:
    return f"{page.token}-{page.number}-{width}.jpg"


class _Drawer:
    """Draws for one thread, one page after the other, in a child process; when somebody kills that, in a new one."""

    def __init__(self, most: PictureLimits, sandbox: Sandbox, stack: ExitStack) -> None:
        self._most = most
        self._sandbox = sandbox
        self._stack = stack
        self._folder = Path(stack.enter_context(temporary_folder("kb-pictures-")))

    def run(self, job: Callable[[Path], Job]) -> bytes:
        """What the job leaves as its result; empty where it fails."""
        result = self._folder / "made"
        result.unlink(missing_ok=True)
        path = save_job(job(result), self._folder / "job.json")
        try:
            [(_, extraction)] = self._sandbox.extract_all([path])
        except KbError:
            self._sandbox = self._stack.enter_context(Sandbox(self._most.of_process, 1, reader=_READER))
            [(_, extraction)] = self._sandbox.extract_all([path])
        with suppress(OSError):
            if extraction.status is Status.INDEXED:
                # It was made by a process that has read a stranger's file: it may be a link to what that must not read.
                with open_file(result, follow=False) as made:
                    content = made.read(self._most.file_bytes + 1)
                return content if len(content) <= self._most.file_bytes else _FAILED
        return _FAILED


class _Kept:
    """A folder of files by name, at most ``bound`` bytes and a little more: those that nobody has asked for longest go first."""

    def __init__(self, folder: Path, bound: int) -> None:
        self._folder = folder
        self._bound = bound
        self._unswept = bound
        self._lock = threading.Lock()

    def get(self, name: str) -> bytes | None:
        """A file's content; None where it is not there, or has been empty for too long."""
        path = self._folder / name
        try:
            content = path.read_bytes()
            age = time.time() - path.stat().st_mtime
            if not content and age > _FAILED_SECONDS:
                return None
            if content and age > _TOUCH_SECONDS:
                os.utime(path)
        except OSError:
            return None
        return content

    def put(self, name: str, content: bytes) -> None:
        """Keep a file, where that is possible and there is a bound above 0."""
        if not self._bound:
            return
        path = self._folder / name
        # Several processes may write the same file: each has a name of its own until it is whole.
        temporary = path.with_name(f"{name}.{os.getpid()}-{threading.get_ident()}.tmp")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(content)
            os.replace(temporary, path)
        except OSError:
            with suppress(OSError):
                temporary.unlink()
            return
        with self._lock:
            self._unswept += len(content)
            if self._unswept > self._bound / _SWEEP_SHARE:
                self._unswept = 0
                self._sweep()

    def _sweep(self) -> None:
        """Remove the oldest files until a tenth of the bound is free."""
        files = []
        with suppress(OSError), os.scandir(self._folder) as entries:
            for entry in entries:
                with suppress(OSError):
                    at = entry.stat()
                    files.append((at.st_mtime, at.st_size, entry.path))
        total = sum(size for _, size, _ in files)
        if total <= self._bound:
            return
        for _, size, path in sorted(files):
            if total <= 0.9 * self._bound:
                return
            with suppress(OSError):
                os.unlink(path)
            total -= size
