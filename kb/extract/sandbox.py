"""Each file is read in a process of its own, with limits: what a damaged file does there stays there.

The parent never looks into a document. It starts ``kb.extract.child``, hands out paths, watches the clock, and turns
whatever happened (a result, a signal, a limit, silence) into an ``Extraction``.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import asdict
from math import inf
from multiprocessing.connection import wait
from pathlib import Path
from types import TracebackType
from typing import Self

from kb.errors import KbError
from kb.extract.limits import Limits
from kb.extract.outcome import damaged, timed_out, too_large
from kb.extract.wire import OUT_OF_MEMORY, STOP, decode
from kb.model import Extraction

Progress = Callable[[Path, int, int], None]
"""Told (path, page, pages) as a file is read: page 0 once the number of pages is known, then every 25 pages or so."""

_START_SECONDS = 60.0
_STOP_SECONDS = 5.0
_MEMORY_SUSPICION = 0.5
"""PDFium aborts when memory is refused. A crash with more than this share of the memory limit in use is put down to memory."""


class _Slot:
    """One keeper, and the file that it is busy with."""

    def __init__(self, channel: socket.socket, result: Path, limits: Limits) -> None:
        self.channel = channel
        self.result = result
        self.limits = limits
        self.path: Path | None = None
        self.second_only = False
        self.pages = 0
        self.allowed = 0.0
        self.deadline = 0.0
        self.timed_out = False
        self._buffer = b""

    def start(self, path: Path, *, second_only: bool = False) -> None:
        self.path = path
        self.second_only = second_only
        self.pages = 0
        self.timed_out = False
        self.allowed = self.limits.seconds
        self.deadline = time.monotonic() + self.allowed
        self.result.unlink(missing_ok=True)
        request = {
            "path": str(path.absolute()),
            "result": str(self.result),
            "limits": asdict(self.limits),
            "second_only": second_only,
        }
        self.channel.sendall(json.dumps(request).encode() + b"\n")

    def extend(self, pages: int) -> None:
        """The child has told the number of pages; a false one gains it no more than the most that is allowed."""
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


class Sandbox:
    """Reads files in child processes under ``limits``, ``jobs`` at once. A context manager: starting costs half a second.

    Raises ``KbError`` on entry when the reading process does not start.
    """

    def __init__(self, limits: Limits | None = None, jobs: int = 2) -> None:
        if jobs < 1:
            raise ValueError("jobs must be at least 1")
        self._limits = limits or Limits()
        self._jobs = jobs
        self._slots: list[_Slot] = []
        self._stack = ExitStack()
        self._busy = False

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            folder = Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix="kb-extract-", ignore_cleanup_errors=True))
            )
            self._start(stack, folder)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._slots = []
        self._stack.close()

    def extract_all(
        self, paths: Iterable[Path], on_progress: Progress | None = None
    ) -> Iterator[tuple[Path, Extraction]]:
        """Each path with its extraction, in the order in which they are finished.

        Takes from ``paths`` as it goes and never runs ahead by more than ``jobs`` files: finished results wait on disk. A file
        that cannot be read is a result with a failed status. Closing the iterator stops what is being read. Raises
        ``KbError`` when reading processes were killed from outside and none is left.
        """
        if self._busy:
            raise RuntimeError("this sandbox is already extracting")
        self._busy = True
        try:
            yield from self._run(iter(paths), on_progress)
        finally:
            for slot in list(self._slots):
                if slot.path is not None:
                    self._abandon(slot)
            self._busy = False

    def _run(self, paths: Iterator[Path], on_progress: Progress | None) -> Iterator[tuple[Path, Extraction]]:
        while True:
            yield from self._refill(paths)
            busy = [slot for slot in self._slots if slot.path is not None]
            if not busy:
                return
            first = min(slot.deadline for slot in busy) - time.monotonic()
            ready = wait([slot.channel for slot in busy], None if first == inf else max(0.0, first))
            for slot in busy:
                path = slot.path
                assert path is not None
                if slot.channel in ready:
                    extraction = self._step(slot, on_progress)
                    if extraction is not None:
                        slot.path = None
                        yield path, extraction
                # The caller may have been away for long: what has arrived since counts before the clock does.
                elif time.monotonic() >= slot.deadline and not wait([slot.channel], 0):
                    slot.stop()

    def _refill(self, paths: Iterator[Path]) -> Iterator[tuple[Path, Extraction]]:
        """Give each free slot the next path; a path whose slot turns out to be dead comes back as a failure."""
        for slot in [slot for slot in self._slots if slot.path is None]:
            path = next(paths, None)
            if path is None:
                return
            try:
                slot.start(path)
            except OSError:
                yield path, self._lose(slot)
        if not self._slots and next(paths, None) is not None:
            raise KbError("Procesy czytające dokumenty zostały przerwane z zewnątrz. Uruchom indeksowanie ponownie.")

    def _lose(self, slot: _Slot) -> Extraction:
        """A keeper is gone, which no document can bring about: somebody has killed it."""
        self._slots.remove(slot)
        slot.path = None
        return damaged("proces, który go czytał, został przerwany z zewnątrz", "Uruchom indeksowanie ponownie.")

    def _step(self, slot: _Slot, on_progress: Progress | None) -> Extraction | None:
        """Take in what a slot has said; its extraction when the file is finished."""
        assert slot.path is not None
        try:
            for message in slot.messages():
                match message:
                    case {"pages": int(pages)}:
                        slot.extend(pages)
                        if on_progress:
                            on_progress(slot.path, 0, slot.pages)
                    case {"page": int(page)}:
                        if on_progress:
                            on_progress(slot.path, page, slot.pages)
                    case {"exit": int(code), "peak": int(peak)}:
                        return self._finish(slot, code, peak)
        except (EOFError, OSError):
            return self._lose(slot)
        return None

    def _finish(self, slot: _Slot, code: int, peak: int) -> Extraction | None:
        """The outcome of a child that has ended; None when the file is now being read once more, by pypdf."""
        if slot.timed_out:
            return timed_out(slot.allowed)
        if code == 0:
            try:
                return decode(slot.result.read_bytes())
            except (OSError, ValueError):
                return damaged("czytanie dało bezsensowny wynik")
            finally:
                slot.result.unlink(missing_ok=True)
        if code == -signal.SIGXCPU:
            return timed_out(slot.allowed)
        if code == OUT_OF_MEMORY or peak > _MEMORY_SUSPICION * slot.limits.address_space_bytes:
            return too_large("wymaga zbyt wiele pamięci")
        assert slot.path is not None
        if slot.path.suffix.lower() == ".pdf" and code < 0 and not slot.second_only:
            slot.start(slot.path, second_only=True)
            return None
        name = signal.Signals(-code).name if -code in signal.valid_signals() else f"kod {code}"
        return damaged(f"program czytający zakończył się awarią ({name})")

    def _abandon(self, slot: _Slot) -> None:
        """Kill the slot's child and wait until its keeper says so, so that the slot can be used again."""
        slot.stop()
        end = time.monotonic() + _STOP_SECONDS
        slot.path = None
        with suppress(EOFError, OSError):
            while wait([slot.channel], max(0.0, end - time.monotonic())):
                if any("exit" in message for message in slot.messages()):
                    return
        self._slots.remove(slot)

    def _start(self, stack: ExitStack, folder: Path) -> None:
        pairs = [socket.socketpair() for _ in range(self._jobs)]
        errors = folder / "errors"
        environment = dict(os.environ)
        # The child imports the same kb, wherever the parent has it from.
        environment["PYTHONPATH"] = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
        try:
            with errors.open("wb") as stderr:
                # A session of its own: Ctrl-C reaches the parent alone, and ending the sockets ends the children.
                server = subprocess.Popen(  # noqa: S603 - our own module, no shell, no input
                    [
                        sys.executable,
                        "-P",
                        "-m",
                        "kb.extract.child",
                        str(folder),
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
        self._slots = [_Slot(ours, folder / f"result-{number}", self._limits) for number, (ours, _) in enumerate(pairs)]
        if not all(map(_is_ready, self._slots)):
            said = errors.read_text(errors="replace").splitlines()[-1:]
            raise KbError("Nie udało się uruchomić procesu czytającego dokumenty.", said)


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
