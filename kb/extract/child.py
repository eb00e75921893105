"""The reading side of the sandbox, run as ``python -m kb.extract.child``; ``sandbox`` starts it and knows its protocol.

One server process loads the readers and Morfeusz once and forks a keeper for each slot. A keeper never opens a document:
for each request it forks a child that does, waits for it and says how it ended. So a child costs a fork, not an import, and
one that is aborted takes nobody with it. A request has one file, or a batch of small ones, each with the name of its reader;
before a child opens them it gives up all that it does not need for that (``confine``).

A keeper and its child write JSON lines on the slot's socket: ``{"pages": n}``, ``{"page": n}`` and at last the keeper's
``{"exit": code, "peak": bytes}``, code negative for a signal; of a batch only the last. Extractions, one on a line, go to the
file named in the request, so that a child never waits for a busy parent.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import select
import shutil
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from kb.extract.confine import confine
from kb.extract.encodings import misreadings
from kb.extract.outcome import of_error
from kb.extract.reader import load, reach_of, read
from kb.extract.wire import FULL_DISK, NO_ROOM, OUT_OF_MEMORY, STOP, encode
from kb.limits import Limits
from kb.model import Extraction
from kb.polish import shared_analyzer

_REPORT_EVERY = 25
_GARBAGE = 100_000
"""Objects made before the collector looks for cycles: reading makes many that live, and hardly any cycles."""
_PAGE_SIZE = resource.getpagesize()


def serve(folder: Path, readers: list[str], descriptors: list[int]) -> None:
    """Fork one keeper for each slot's socket, then wait for all of them. Runs until the parent closes the sockets.

    ``folder`` is where results lie; it goes at the end, even if the parent was killed and cannot see to that. ``readers`` are
    loaded now, once for all children.
    """
    for reader in readers:
        load(reader)
    known = shared_analyzer().known
    known("rozgrzewka")
    misreadings()
    # Objects made so far leave the collector's sight: children share their memory pages instead of copying them.
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GARBAGE)
    slots = [socket.socket(fileno=descriptor) for descriptor in descriptors]
    for slot in slots:
        if os.fork() == 0:
            for other in slots:
                if other is not slot:
                    other.close()
            _keep(slot, known)
            os._exit(0)
    for slot in slots:
        slot.close()
    for _ in descriptors:
        os.wait()
    shutil.rmtree(folder, ignore_errors=True)


def _keep(slot: socket.socket, known: Callable[[str], bool]) -> None:
    """Answer one request after another, until the parent is gone."""
    _send(slot, {"ready": True})
    while line := _line(slot):
        if line == STOP:  # meant for a child that had ended by itself
            continue
        request = json.loads(line)
        alive, held = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(alive)
            os.setpgid(0, 0)
            _work(slot, request, known)
        os.close(held)
        # The pipe ends with the child; anything on the socket now is the parent's order to stop, or its own end.
        ready, _, _ = select.select([alive, slot.fileno()], [], [])
        ended = alive in ready
        if not ended:
            os.kill(child, signal.SIGKILL)
        os.close(alive)
        # Programs that the child has started end with it; its number is its own until it is waited for.
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        _, status, usage = os.wait4(child, 0)
        if not ended and not _line(slot):
            return
        scale = 1 if sys.platform == "darwin" else 1024
        _send(slot, {"exit": os.waitstatus_to_exitcode(status), "peak": usage.ru_maxrss * scale})


def _line(slot: socket.socket) -> bytes:
    """The next line from the parent, empty at the end. Read byte by byte, so that ``select`` sees what follows it."""
    line = b""
    while not line.endswith(b"\n"):
        byte = slot.recv(1)
        if not byte:
            return b""
        line += byte
    return line


def _work(slot: socket.socket, request: dict[str, Any], known: Callable[[str], bool]) -> None:
    """Read the requested files within the limits and leave the results in the requested place; never returns."""
    code = 1
    try:
        limits = Limits(**request["limits"])
        _silence()
        _limit(limits)
        files = [(Path(path), reader) for path, reader in request["files"]]
        alone = len(files) == 1

        def report(page: int, pages: int) -> None:
            if alone and page == 0:
                _send(slot, {"pages": pages})
            elif alone and (page % _REPORT_EVERY == 0 or page == pages):
                _send(slot, {"page": page})

        with Path(request["result"]).open("wb") as file:
            # All that is imported and open by now stays; from here on bytes of strangers are read.
            confine([path for path, _ in files], reach_of(*files[0]))
            file.writelines(
                _result(partial(read, path, reader, limits, known, report), alone=alone) + b"\n"
                for path, reader in files
            )
        code = 0
    except MemoryError:
        code = OUT_OF_MEMORY
    except OSError as error:
        code = NO_ROOM if error.errno in FULL_DISK else code
    finally:
        # No clean-up of a process that has parsed hostile bytes: finalisers of half-made objects may hang or crash.
        os._exit(code)


def _result(reading: Callable[[], Extraction], *, alone: bool) -> bytes:
    """What was read of a file. Raises what may be no fault of it: a full disk, memory that any file of a batch has taken."""
    try:
        return encode(reading())
    except MemoryError:
        if not alone:
            raise
        return encode(of_error(MemoryError()))
    except Exception as error:
        if isinstance(error, OSError) and error.errno in FULL_DISK:
            raise
        return encode(of_error(error))


def _silence() -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)


def _limit(limits: Limits) -> None:
    cpu = int(limits.seconds + limits.seconds_per_page * limits.pages) + 1
    file_bytes = 16 * limits.characters + (64 << 20)
    address_space = _mapped_bytes() + limits.address_space_bytes
    for kind, soft, hard in (
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_CPU, cpu, cpu + 5),  # SIGXCPU first, SIGKILL after
        (resource.RLIMIT_FSIZE, file_bytes, file_bytes),
        (resource.RLIMIT_AS, address_space, address_space),
    ):
        try:
            resource.setrlimit(kind, (soft, hard))
        except (ValueError, OSError):
            # A stricter limit is already set, or the system knows no such limit; wall time still holds.
            continue


def _mapped_bytes() -> int:
    """What this process has mapped before it opens the file; 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * _PAGE_SIZE
    except OSError:
        return 0


def _send(slot: socket.socket, message: dict[str, object]) -> None:
    slot.sendall(b"\n" + json.dumps(message).encode() + b"\n")


if __name__ == "__main__":
    serve(Path(sys.argv[1]), sys.argv[2].split(","), [int(descriptor) for descriptor in sys.argv[3:]])
    os._exit(0)  # the parent waits for this end, and to take all libraries apart takes a while
