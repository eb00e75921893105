"""A reader that a hostile file has taken over: it tries what it should not be able to do, and tells what came of it."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable
from pathlib import Path

from kb.extract.clean import Known
from kb.extract.reader import Report
from kb.limits import Limits
from kb.model import Extraction, Status

_READ, _WRITTEN = Path("/etc/passwd"), "zapisany"


def _connect(kind: socket.SocketKind) -> None:
    with socket.socket(socket.AF_INET, kind) as out:
        out.connect(("127.0.0.1", 9))


def pry(path: Path, limits: Limits, known: Known, report: Report) -> Extraction:
    """Each attempt with the word for how it ended, one on a line."""
    del limits, known, report
    attempts: dict[str, Callable[[], object]] = {
        "own file": path.read_bytes,
        "module": lambda: __import__("this"),
        "other file": _READ.read_bytes,
        "folder": lambda: os.listdir("/"),
        "neighbour": path.with_name("sasiad.txt").read_bytes,
        "write": lambda: path.write_bytes(b"inne"),
        "new file": lambda: path.with_name(_WRITTEN).write_bytes(b""),
        "TCP": lambda: _connect(socket.SOCK_STREAM),
        "UDP": lambda: _connect(socket.SOCK_DGRAM),
        "program": lambda: os.execv("/bin/true", ["true"]),
        "parent": lambda: os.kill(os.getppid(), 0),
    }
    return Extraction(
        status=Status.NO_TEXT, message="\n".join(f"{name}: {_ended(attempts[name])}" for name in attempts)
    )


def _ended(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except PermissionError:
        return "refused"
    except OSError as error:
        return str(error)
    return "done"


def find_no_room(path: Path, limits: Limits, known: Known, report: Report) -> Extraction:
    """What a full disk says."""
    del limits, known, report
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
