"""The server as people meet it: how soon it answers, how much memory it takes, and fifty people asking at once.

All over loopback; the people are processes of their own (``load.py``), so that they do not slow the server from inside.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent
USERS = 50
REQUESTS = 2_000
_PATIENCE = 120.0


def measure(folder: Path, questions: Path) -> dict[str, Any]:
    """Start, memory and load of a server over our index in ``folder``; load by number of processes."""
    texts = [json.loads(line) for line in questions.read_text(encoding="utf-8").splitlines()]
    load = {str(workers): _load(folder, questions, workers) for workers in (1, 2)}
    return {"alone": _alone(folder, texts), "load": load}


def _alone(folder: Path, texts: Sequence[str]) -> dict[str, Any]:
    """One process: seconds to the first answer, then its memory after all questions, asked one by one, twice."""
    began = time.monotonic()
    with _server(folder, workers=1) as (port, process):
        _wait(port, "/readyz")
        ready = time.monotonic() - began
        _get(port, _search(texts[0]))
        first = time.monotonic() - began
        before = _memory(process.pid)
        times = []
        for text in texts:
            asked = time.perf_counter()
            _get(port, _search(text))
            times.append((time.perf_counter() - asked) * 1000)
        once = _memory(process.pid)
        for text in texts:
            _get(port, _search(text))
        return {
            "ready_s": ready,
            "first_answer_s": first,
            "memory_mb": {"ready": before, "once": once, "twice": _memory(process.pid)},
            "mapped_mb": _memory(process.pid, "RssFile"),
            "requests": len(texts),
            "ms": times,
        }


def _load(folder: Path, questions: Path, workers: int) -> dict[str, Any]:
    """All users at once; meanwhile a process of its own asks how the server is."""
    with _server(folder, workers) as (port, process):
        _wait(port, "/readyz")
        time.sleep(2)  # another process may still be opening its index
        load = [sys.executable, str(ROOT / "benchmarks" / "load.py"), str(port)]
        health = subprocess.Popen([*load, "health"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        asked = subprocess.run(
            [*load, "search", str(questions), str(USERS), str(REQUESTS)], stdout=subprocess.PIPE, text=True, check=True
        )
        healthy, _ = health.communicate("stop\n", timeout=_PATIENCE)
        return {"search": json.loads(asked.stdout), "health": json.loads(healthy), "memory_mb": _memory(process.pid)}


@contextmanager
def _server(folder: Path, workers: int) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    command = [sys.executable, "-m", "kb", "serve", "--port", str(port), "--workers", str(workers)]
    command += ["--documents", str(folder / "documents"), "--index", str(folder / "index")]
    # These pages have no vectors: a model would be loaded for nothing.
    words_alone = {**os.environ, "KB_MEANING": "off"}
    process = subprocess.Popen(command, cwd=ROOT, env=words_alone, stdout=subprocess.DEVNULL)
    try:
        yield port, process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(port: int, path: str) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        with suppress(OSError, http.client.HTTPException):
            if _status(port, path) == 200:
                return
        time.sleep(0.02)
    raise TimeoutError(f"the server does not answer {path}")


def _status(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
        return response.status
    finally:
        connection.close()


def _get(port: int, path: str) -> None:
    status = _status(port, path)
    if status != 200:
        raise RuntimeError(f"{path}: {status}")


def _search(text: str) -> str:
    return f"/api/v1/search?q={quote(text)}"


def _memory(pid: int, what: str = "VmRSS") -> float | None:
    """Resident megabytes of a process and of its children, files mapped included; None where the system does not tell."""
    total = 0.0
    for one in [pid, *_children(pid)]:
        try:
            status = Path(f"/proc/{one}/status").read_text(encoding="utf-8")
        except OSError:
            if one == pid:
                return None
            continue
        total += sum(int(line.split()[1]) for line in status.splitlines() if line.startswith(f"{what}:")) / 1024
    return total


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children") if os.path.isdir(f"/proc/{pid}") else ():
        for child in map(int, task.read_text(encoding="utf-8").split()):
            found += [child, *_children(child)]
    return found


def percentile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def median(values: Sequence[float]) -> float:
    """The middle value."""
    return statistics.median(values)
