"""Files are read in child processes, with limits: what a damaged file does there stays there.

The parent never looks into a document. It starts ``kb.extract.child``, hands out paths, watches the clock, and turns
whatever happened (a result, a signal, a limit, silence) into an ``Extraction``.

A file of a costly format has a child of its own. Small files of the others share one, a batch of them, since a fork costs
several times what reading one does. All files of a batch together have the limits of a single file, so that whatever passes
in a batch would pass alone.
A batch that does not pass tells nothing: each of its files is then read again alone, and only the guilty one is reported.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict
from math import inf
from multiprocessing.connection import wait
from pathlib import Path
from types import TracebackType
from typing import Self

from kb.errors import KbError
from kb.extract.outcome import damaged, timed_out, too_large
from kb.extract.wire import NO_ROOM, OUT_OF_MEMORY, STOP, decode
from kb.formats import FORMATS, Format, format_of
from kb.limits import Limits
from kb.model import Extraction

Progress = Callable[[Path, int, int], None]
"""Told (path, page, pages) as a file is read: page 0 once the number of pages is known, then every 25 pages or so."""

_START_SECONDS = 60.0
_STOP_SECONDS = 5.0
_BATCH_FILES = 256
_BATCH_BYTES = 1024 * 1024
"""So much text takes half a second: forking costs little of it, and no core waits long at the end of a run."""
_MEMORY_SUSPICION = 0.5
"""PDFium aborts when memory is refused. A crash with more than this share of the memory limit in use is put down to memory."""


class _Slot:
    """One keeper, and the files that it is busy with: none when it is free, mostly one."""

    def __init__(self, channel: socket.socket, result: Path, limits: Limits, reader: str) -> None:
        self.channel = channel
        self.reader = reader
        self.result = result
        self.limits = limits
        self.batch: tuple[Path, ...] = ()
        self.second_try = False
        self.pages = 0
        self.allowed = 0.0
        self.deadline = 0.0
        self.timed_out = False
        self.ended = False
        self._buffer = b""

    def start(self, batch: tuple[Path, ...], *, second_try: bool = False) -> None:
        """Have files read by the readers of their formats, on the ``second_try`` by the second ones."""
        self.batch = batch
        self.second_try = second_try
        self.pages = 0
        self.timed_out = False
        self.ended = False
        self.allowed = self.limits.seconds
        self.deadline = time.monotonic() + self.allowed
        self.result.unlink(missing_ok=True)
        request = {
            "files": [(os.path.abspath(path), self.reader or _reader(path, second=second_try)) for path in batch],
            "result": str(self.result),
            "limits": asdict(self.limits),
        }
        self.channel.sendall(json.dumps(request).encode() + b"\n")

    def extend(self, pages: int) -> None:
        """The child has told the number of pages, which is clamped, so a lying child gains nothing."""
        self.pages = max(0, min(pages, self.limits.pages))
        extra = self.limits.seconds_per_page * self.pages
        self.deadline += self.limits.seconds + extra - self.allowed
        self.allowed = self.limits.seconds + extra

    def stop(self) -> None:
        self.timed_out = True
        self.deadline = inf
        with suppress(OSError):
            self.channel.sendall(STOP)

    def messages(self) -> Iterator[dict[str, object]]:
        """What has arrived; raises ``EOFError`` when the keeper is gone."""
        data = self.channel.recv(1 << 16)
        if not data:
            raise EOFError
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            with suppress(ValueError):
                message = json.loads(line)
                if isinstance(message, dict):
                    yield message


_Result = tuple[Path, Extraction]


class _Queue:
    """The files still to be read: batches, and before them files that must be read again, each alone."""

    def __init__(self, paths: Iterator[Path], *, alone: bool) -> None:
        self._batches = ((path,) for path in paths) if alone else _batches(paths)
        self._again: deque[Path] = deque()

    def take(self) -> tuple[Path, ...]:
        """The next files for one child; none at the end."""
        return (self._again.popleft(),) if self._again else next(self._batches, ())

    def again(self, batch: tuple[Path, ...]) -> None:
        """Have the files of a batch read one by one."""
        self._again += batch


def _batches(paths: Iterator[Path]) -> Iterator[tuple[Path, ...]]:
    """Small files that follow one another together, those of costly formats alone."""
    batch: list[Path] = []
    room: float = _BATCH_BYTES
    for path in paths:
        size = inf if _format(path).costly else _size(path)
        if batch and size > room:
            yield tuple(batch)
            batch, room = [], _BATCH_BYTES
        batch.append(path)
        room -= size
        if room <= 0 or len(batch) == _BATCH_FILES:
            yield tuple(batch)
            batch, room = [], _BATCH_BYTES
    if batch:
        yield tuple(batch)


def _format(path: Path) -> Format:
    return format_of(path.name)


def _reader(path: Path, *, second: bool) -> str:
    return _format(path).second_reader if second else _format(path).reader


def _size(path: Path) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0  # the child will say what is wrong


def _failed(slot: _Slot, queue: _Queue, extraction: Extraction) -> list[_Result]:
    """What a failure means: this extraction for a file read alone, nothing yet for those of a batch."""
    batch, slot.batch = slot.batch, ()
    if len(batch) > 1:
        queue.again(batch)
        return []
    return [(batch[0], extraction)]


def _collected(slot: _Slot, queue: _Queue, on_progress: Progress | None) -> list[_Result]:
    """The results that a child has left."""
    try:
        extractions = [decode(line) for line in slot.result.read_bytes().splitlines()]
        results = list(zip(slot.batch, extractions, strict=True))
    except (OSError, ValueError):
        return _failed(slot, queue, damaged("czytanie dało bezsensowny wynik"))
    finally:
        slot.result.unlink(missing_ok=True)
    # Of a batch the child has told nothing: a message for each file would cost as much as reading it.
    if on_progress and len(results) > 1:
        for path, extraction in results:
            on_progress(path, 0, len(extraction.pages))
    slot.batch = ()
    return results


class Sandbox:
    """Reads files in child processes under ``limits``, ``jobs`` at once. A context manager: starting costs half a second.

    ``start`` may be called before: then they load their libraries while the caller does something else, and ``close`` ends them
    if the context is never entered.
    ``formats`` are those of the files to come: only their readers are loaded. ``reader``, where given, reads every file, each
    alone, in their place. ``slots`` are for ``lanes``.
    Raises ``KbError`` on entry when the reading process does not start, and OSError where there is no room for what it reads.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        jobs: int = 2,
        *,
        formats: Iterable[Format] = FORMATS,
        reader: str = "",
        slots: Sequence[_Slot] = (),
    ) -> None:
        if jobs < 1:
            raise ValueError("jobs must be at least 1")
        self._limits = limits or Limits()
        self._jobs = jobs
        self._formats = tuple(formats)
        self._reader = reader
        self._slots = list(slots)
        self._stack = ExitStack()
        self._server: subprocess.Popen[bytes] | None = None
        self._errors = Path()
        self._ready = False
        self._busy = False

    def __enter__(self) -> Self:
        if self._server is None:
            self.start()
        self._ready = all(map(_is_ready, self._slots))
        if not self._ready:
            last_line = self._errors.read_text(errors="replace").splitlines()[-1:]
            self.close()
            raise KbError("Nie udało się uruchomić procesu czytającego dokumenty.", last_line)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Start the reading processes, and do not wait until they have loaded their libraries. Raises KbError and OSError."""
        with ExitStack() as stack:
            folder = Path(stack.enter_context(temporary_folder("kb-extract-")))
            self._start(stack, folder)
            self._stack = stack.pop_all()

    def close(self) -> None:
        """End the reading processes, those that are still starting too."""
        if self._server and not self._ready:
            self._server.kill()  # it has seen no document yet, and would end only when all is loaded
        self._slots, self._server = [], None
        self._stack.close()

    def lanes(self) -> tuple[Sandbox, ...]:
        """This sandbox as one for each of its jobs, for threads of their own. They end with it, which reads nothing itself."""
        return tuple(Sandbox(self._limits, 1, reader=self._reader, slots=[slot]) for slot in self._slots)

    def extract_all(self, paths: Iterable[Path], on_progress: Progress | None = None) -> Generator[_Result, None, None]:
        """Each path with its extraction, in the order in which they are finished.

        Takes from ``paths`` as it goes and never runs ahead by more than ``jobs`` files or batches: finished results wait on
        disk. A file that cannot be read is a result with a failed status. Closing the iterator stops what is being
        read. Raises ``KbError`` when reading processes were killed from outside and none is left.
        """
        if self._busy:
            raise RuntimeError("this sandbox is already extracting")
        self._busy = True
        try:
            yield from self._run(iter(paths), on_progress)
        finally:
            for slot in list(self._slots):
                if slot.batch:
                    self._abandon(slot)
            self._busy = False

    def _run(self, paths: Iterator[Path], on_progress: Progress | None) -> Iterator[_Result]:
        queue = _Queue(paths, alone=bool(self._reader))
        while True:
            yield from self._refill(queue)
            busy = [slot for slot in self._slots if slot.batch]
            if not busy:
                return
            first = min(slot.deadline for slot in busy) - time.monotonic()
            ready = wait([slot.channel for slot in busy], None if first == inf else max(0.0, first))
            for slot in busy:
                if slot.channel in ready:
                    results = self._step(slot, queue, on_progress)
                    # Before the caller gets the results, so that the slot reads on while it works.
                    results += self._refill(queue)
                    yield from results
                # The caller may have been away for long: what has arrived since counts before the clock does.
                elif time.monotonic() >= slot.deadline and not wait([slot.channel], 0):
                    slot.stop()

    def _refill(self, queue: _Queue) -> Iterator[_Result]:
        """Give each free slot the next files; a file whose slot turns out to be dead comes back as a failure."""
        for slot in [slot for slot in self._slots if not slot.batch]:
            batch = queue.take()
            if not batch:
                return
            try:
                slot.start(batch)
            except OSError:
                yield from self._lose(slot, queue)
        if not self._slots and queue.take():
            raise KbError("Procesy czytające dokumenty zostały przerwane z zewnątrz. Uruchom indeksowanie ponownie.")

    def _lose(self, slot: _Slot, queue: _Queue) -> list[_Result]:
        """A keeper is gone, which no document can bring about: somebody has killed it."""
        self._slots.remove(slot)
        return _failed(
            slot,
            queue,
            damaged("proces, który go czytał, został przerwany z zewnątrz", "Uruchom indeksowanie ponownie."),
        )

    def _step(self, slot: _Slot, queue: _Queue, on_progress: Progress | None) -> list[_Result]:
        """Take in what a slot has said; the results of its files when it has finished with them."""
        try:
            messages = list(slot.messages())
            slot.ended = any("exit" in message for message in messages)
        except (EOFError, OSError):
            return self._lose(slot, queue)
        # Outside of the ``try``: an error of the caller's ``on_progress`` is no sign of a keeper's death.
        for message in messages:
            match message:
                case {"pages": int(pages)}:
                    slot.extend(pages)
                    if on_progress:
                        on_progress(slot.batch[0], 0, slot.pages)
                case {"page": int(page)}:
                    if on_progress:
                        on_progress(slot.batch[0], page, slot.pages)
                case {"exit": int(code), "peak": int(peak)}:
                    return self._finish(slot, code, peak, queue, on_progress)
        return []

    def _finish(self, slot: _Slot, code: int, peak: int, queue: _Queue, on_progress: Progress | None) -> list[_Result]:
        """The outcome of a child that has ended; nothing when a file is now being read once more."""
        if slot.timed_out or code == -signal.SIGXCPU:
            return _failed(slot, queue, timed_out(slot.allowed))
        if code == NO_ROOM:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(slot.result.parent))
        if code == 0:
            return _collected(slot, queue, on_progress)
        if code == OUT_OF_MEMORY or peak > _MEMORY_SUSPICION * slot.limits.address_space_bytes:
            return _failed(slot, queue, too_large("wymaga zbyt wiele pamięci"))
        if (
            code < 0
            and not slot.second_try
            and not self._reader
            and len(slot.batch) == 1
            and _reader(slot.batch[0], second=True)
        ):
            try:
                slot.start(slot.batch, second_try=True)
            except OSError:
                return self._lose(slot, queue)
            return []
        name = signal.Signals(-code).name if -code in signal.valid_signals() else f"kod {code}"
        return _failed(slot, queue, damaged(f"program czytający zakończył się awarią ({name})"))

    def _abandon(self, slot: _Slot) -> None:
        """Kill the slot's child and wait until its keeper says so, so that the slot can be used again."""
        if slot.ended:
            slot.batch = ()
            return
        slot.stop()
        end = time.monotonic() + _STOP_SECONDS
        slot.batch = ()
        with suppress(EOFError, OSError):
            while wait([slot.channel], max(0.0, end - time.monotonic())):
                if any("exit" in message for message in slot.messages()):
                    return
        self._slots.remove(slot)

    def _start(self, stack: ExitStack, folder: Path) -> None:
        pairs = [socket.socketpair() for _ in range(self._jobs)]
        self._errors = folder / "errors"
        environment = dict(os.environ)
        # The child imports the same kb, wherever the parent has it from.
        environment["PYTHONPATH"] = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
        # Threads of BLAS take long to start, and do not live on in a child that is forked.
        environment["OPENBLAS_NUM_THREADS"] = "1"
        # Where memory ends while JSON is being written, Rust would wait for ever for the memory to say where.
        environment["RUST_BACKTRACE"] = "0"
        try:
            with self._errors.open("wb") as stderr:
                # A session of its own: Ctrl-C reaches the parent alone, and ending the sockets ends the children.
                server = self._server = subprocess.Popen(  # noqa: S603 - our own module, no shell, no input
                    [
                        sys.executable,
                        "-P",
                        "-m",
                        "kb.extract.child",
                        str(folder),
                        self._reader
                        or ",".join(
                            filter(None, (name for row in self._formats for name in (row.reader, row.second_reader)))
                        ),
                        *(str(theirs.fileno()) for _, theirs in pairs),
                    ],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=stderr,
                    env=environment,
                    pass_fds=[theirs.fileno() for _, theirs in pairs],
                    start_new_session=True,
                )
            stack.callback(_end, server)
        finally:
            for ours, theirs in pairs:
                stack.callback(ours.close)
                theirs.close()
        self._slots = [
            _Slot(ours, folder / f"result-{number}", self._limits, self._reader)
            for number, (ours, _) in enumerate(pairs)
        ]


def temporary_folder(prefix: str) -> tempfile.TemporaryDirectory[str]:
    """A folder that goes with its context. Raises KbError where none can be made anywhere."""
    try:
        return tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True)
    except FileNotFoundError as error:
        if error.filename:
            raise
        raise KbError(
            "W żadnym folderze plików tymczasowych nie ma miejsca lub prawa zapisu. Zwolnij miejsce albo podaj folder w TMPDIR.",
            [os.environ.get("TMPDIR") or "/tmp"],  # noqa: S108 - only named
        ) from None


def _is_ready(slot: _Slot) -> bool:
    """Wait for a keeper's first word."""
    try:
        return bool(wait([slot.channel], _START_SECONDS)) and any(slot.messages())
    except (EOFError, OSError):
        return False


def _end(server: subprocess.Popen[bytes]) -> None:
    """The sockets are closed by now, so keepers end their children and themselves; be sure of it."""
    try:
        server.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
