"""People at a server on loopback, as processes of their own; prints milliseconds and failures as JSON.

python benchmarks/load.py PORT search QUESTIONS.jsonl USERS REQUESTS
python benchmarks/load.py PORT health        asks /healthz until something comes on standard input
"""

from __future__ import annotations

import asyncio
import http.client
import itertools
import json
import select
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

_PAUSE = 0.05


async def _user(port: int, paths: Iterator[str], times: list[float], failures: list[str]) -> None:
    """One person, with one connection kept open, asking the next question as soon as the last is answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for path in paths:
        began = time.perf_counter()
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(head.split("content-length:", 1)[1].split("\r\n", 1)[0])
        await reader.readexactly(length)
        times.append((time.perf_counter() - began) * 1000)
        if not head.startswith("http/1.1 200"):
            failures.append(head.split("\r\n", 1)[0])
    writer.close()


async def _users(port: int, texts: Sequence[str], users: int, requests: int) -> dict[str, object]:
    paths = (f"/api/v1/search?q={quote(text)}" for text in itertools.islice(itertools.cycle(texts), requests))
    times: list[float] = []
    failures: list[str] = []
    began = time.perf_counter()
    ended = await asyncio.gather(*(_user(port, paths, times, failures) for _ in range(users)), return_exceptions=True)
    failures += [repr(one) for one in ended if one is not None]
    return {"seconds": time.perf_counter() - began, "users": users, "ms": times, "failures": failures}


def _health(port: int) -> dict[str, object]:
    times: list[float] = []
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    while not select.select([sys.stdin], [], [], _PAUSE)[0]:
        began = time.perf_counter()
        connection.request("GET", "/healthz")
        connection.getresponse().read()
        times.append((time.perf_counter() - began) * 1000)
    return {"ms": times}


def main() -> None:
    port, what, *rest = sys.argv[1:]
    if what == "health":
        print(json.dumps(_health(int(port))))
    else:
        questions, users, requests = rest
        texts = [json.loads(line) for line in Path(questions).read_text(encoding="utf-8").splitlines()]
        print(json.dumps(asyncio.run(_users(int(port), texts, int(users), int(requests)))))


if __name__ == "__main__":
    main()
