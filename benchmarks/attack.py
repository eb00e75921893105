"""What a stranger can do to the site and one document to the indexer: dear requests, dear documents, odd and generated calls.

    python benchmarks/attack.py [--documents FOLDER --index FOLDER] [--odd N] [--write docs/reliability.md]
    python benchmarks/attack.py --faults-only [--kills N] [--corruptions N] [--reindexes N] [--write docs/reliability.md]

Starts ``kb serve`` on this machine's loopback address over a copy of ``documents/`` with the dear documents in it, asks each
dear thing alone and four at once beside ``/readyz``, and stops by itself. With ``--index`` that index is asked instead, and no
document is added. Then faults (``faults.py``): the indexer is killed, files of an index are spoilt, and a collection is indexed
under searchers. Everything is bounded in count and time. ``--write`` puts the tables between ``<!-- NAME -->`` and
``<!-- /NAME -->`` of that file. Generated calls of the API need the extra ``attack``; without it they are left out, and the table
says so.
"""

from __future__ import annotations

import argparse
import http.client
import importlib.util
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).parents[1]
WORDS = "żyrafa lew pantera"
SLOW_SECONDS = 2.0
READY_SECONDS = 0.1
MEMORY_MB = 100
INDEX_SECONDS = 10.0
INDEX_MB = 500
_TIMEOUT = 60.0
_SEED = 20261125
_CONNECTIONS = 4
"""Of those who ask odd things: as many as the server works for at once."""
_STEADY_MB = 1.0
"""Less change than this is none."""
_STEADY_SECONDS = 12.0
"""Longer than the server takes to give back what is free."""
_SMALL_CACHE = {"KB_CACHE_MB": "1"}
"""Posting lists are kept on purpose: where memory is measured, none are."""


def _q(text: str) -> str:
    return quote(text, safe="")


def _unknown(count: int) -> str:
    chance = random.Random(_SEED)
    return " ".join("".join(chance.choice("abcdefghijklmnoprstuwyz") for _ in range(9)) for _ in range(count))


REQUESTS: dict[str, str] = {
    "110 unknown words": f"/szukaj?q={_q(_unknown(110))}",
    "110 unknown words, API": f"/api/v1/search?q={_q(_unknown(110))}",
    "32 unknown words": f"/szukaj?q={_q(_unknown(32))}",
    "32 words one edit away": f"/szukaj?q={_q(' '.join(['samorzadd', 'gminna', 'powiata', 'transportu'] * 8))}",
    "3,000 years": "/szukaj?" + "&".join(f"year={n:04}" for n in range(3_000)),
    "3,000 years, feed": "/szukaj.atom?" + "&".join(f"year={n:04}" for n in range(3_000)),
    "3,000 years, API": "/api/v1/search?" + "&".join(f"year={n:04}" for n in range(3_000)),
    "200 phrases": f"/szukaj?q={_q('„wkład własny” ' * 200)}",
    "200 phrases of function words": f"/szukaj?q={_q('„w na” ' * 200)}",
    "a phrase of 64 words": f"/szukaj?q={_q('„' + 'gmina powiat ' * 32 + '”')}",
    "200 exclusions": f"/szukaj?q=gmina%20{_q('-powiat ' * 200)}",
    "nothing but exclusions": f"/szukaj?q={_q('-gmina -powiat -w -i')}",
    "function words alone": f"/szukaj?q={_q('w na i z o do po za ' * 8)}",
    "most frequent words": f"/szukaj?q={_q('gmina samorząd projekt rok praca partnerstwo ' * 5)}",
    "5,000 unknown parameters": "/api/v1/search?" + "&".join(f"p{n}=1" for n in range(5_000)),
    "a word of 900 letters": f"/szukaj?q={'a' * 900}",
    "dwu repeated": f"/szukaj?q={'dwu' * 300}",
    "quotation marks": f"/szukaj?q={_q('„' * 900)}",
    "hyphens": f"/szukaj?q={_q('-' * 900)}",
    "full stops": f"/szukaj?q={'.' * 900}",
    "combining marks": f"/szukaj?q=a{_q(chr(0x301) * 300)}",
    "emoji": f"/szukaj?q={_q('😀' * 900)}",
    "control characters": f"/szukaj?q={_q(''.join(map(chr, range(1, 32))) * 20)}",
    "suggestions for 30 kB": f"/api/v1/suggest?q={_q('gm ' * 10_000)}"[:31_000],
    "suggestions for one letter in each word": f"/api/v1/suggest?q={_q('a b c d e f g h')}",
    "deep pages": "/szukaj?q=gmina&page=999999999",
    "a page past the last": "/szukaj?page=99999",
    "fifty results with snippets": f"/api/v1/search?q={_q('gmina powiat projekt')}&per_page=50",
    "all documents": "/szukaj",
    "a long id": "/dokumenty/" + "a" * 4_000,
    "a long page number": "/dokumenty/x/strony/" + "9" * 4_000,
    "the sitemap": "/sitemap.xml",
    "a feed of everything": "/szukaj.atom",
    "a citation in a wrong format": "/cytowania/x?format=" + "x" * 900,
    "80 kB of headers": "/szukaj?q=" + "a" * 80_000,
}
"""What one visitor may ask for, by name."""

DOCUMENTS: dict[str, Callable[[], str]] = {
    "a table of 5,000 rows": lambda: (
        f"{WORDS}\n\n| a | b |\n|---|---|\n" + "".join(f"| {i}. | {i * 7}. |\n" for i in range(5_000))
    ),
    "50 thousand „1. ”": lambda: f"{WORDS} " + "1. " * 50_000,
    "50 thousand empty list items": lambda: f"{WORDS}\n\n" + "1. \n" * 50_000,
    "16 kB of dots": lambda: f"{WORDS} " + "." * 16_000,
    "100 kB of dots": lambda: f"{WORDS} " + "." * 100_000,
    "a heading of 40 thousand „": lambda: f"# {WORDS} " + "„" * 40_000,
    "30 thousand links": lambda: f"{WORDS} " + "".join(f"[l](#a{i}) " for i in range(30_000)),
    "6,000 short paragraphs with marks": lambda: f"{WORDS}\n\n" * 6_000,
    "a definition of 60 kB used 2,200 times": lambda: (
        f"{WORDS} " + "[a] " * 2_200 + f"\n\n[a]: https://example.org/{'y' * 60_000}\n"
    ),
    "5,000 headings": lambda: f"# {WORDS}\n\nO żyrafie.\n\n" * 5_000,
    "one note in 2,000 sections": lambda: f"{WORDS}\n\n" + "# s\n\nx[^1]\n\n" * 2_000 + f"[^1]: {'długi ' * 200}\n",
    "a line of 5 MB without spaces": lambda: f"{WORDS} " + "x" * 5_000_000,
    "dwu repeated 12,000 times": lambda: f"{WORDS} " + "dwu" * 12_000,
    "200 words of 20 kB": lambda: f"{WORDS} " + " ".join("zażółć" * 3_400 + str(i) for i in range(200)),
    "lists in lists": lambda: f"{WORDS}\n\n" + "".join("  " * i + "- a\n" for i in range(400)),
    "quotes in quotes": lambda: f"{WORDS}\n\n" + ">" * 5_000 + " a\n",
    "emphasis": lambda: f"{WORDS} " + "*a " * 60_000,
    "brackets": lambda: f"{WORDS} " + "[" * 60_000,
    "backticks": lambda: f"{WORDS} " + "".join("`" * (i % 60 + 1) + "a" for i in range(5_000)),
    "1 MB of newlines": lambda: f"{WORDS}\n" + "\n" * 1_000_000,
    "1 MB of a.b.c.": lambda: f"{WORDS} " + "a.b.c. " * 150_000,
    "references to characters": lambda: f"{WORDS} " + "&quot;&amp;" * 40_000,
    "200 kB of combining marks": lambda: f"{WORDS} a" + "\u0301" * 100_000,
    "front matter nested 200 deep": lambda: "---\ntitle: " + "[" * 200 + "]" * 200 + f"\n---\n\n{WORDS}\n",
}
"""What one editor may put in, by name: Markdown."""


@dataclass
class Figures:
    """What was measured: lines of the report and everything that missed a goal."""

    lines: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    def say(self, line: str = "") -> None:
        """Keep a line and show it."""
        self.lines.append(line)
        print(line, flush=True)

    def hold(self, name: str, value: float, most: float) -> None:
        """Note what is over its goal."""
        if value > most:
            self.missed.append(f"{name}: {value:.2f}, goal {most:g}")


@dataclass(frozen=True)
class Answer:
    """Status (0: none), seconds and bytes of one request."""

    status: int
    seconds: float
    size: int


class Server:
    """``kb serve`` over two folders, on a free port of the loopback address. ``settings`` are its other variables."""

    def __init__(self, documents: Path, index: Path, **settings: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("KB_")}
        environment |= {"PYTHONPATH": str(ROOT)} | settings
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                "from kb.cli import app; app()",
                "serve",
                f"--documents={documents}",
                f"--index={index}",
                f"--port={self.port}",
            ],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        # Where there is no index, the server builds it first.
        end = time.monotonic() + _TIMEOUT * 10
        while self.ask("/readyz", 5).status != 200:
            if time.monotonic() > end or self._process.poll() is not None:
                raise SystemExit("the server did not start")
            time.sleep(0.2)

    def ask(self, address: str, seconds: float = _TIMEOUT) -> Answer:
        """One GET; what the server refuses by closing the connection has the status 0."""
        started = time.perf_counter()
        status = size = 0
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        with suppress(OSError, http.client.HTTPException):
            connection.request("GET", address)
            answer = connection.getresponse()
            status, size = answer.status, len(answer.read())
        connection.close()
        return Answer(status, time.perf_counter() - started, size)

    def abandon(self, address: str) -> Answer | None:
        """Ask and go at once."""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=5) as line:
            line.sendall(f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n\r\n".encode())
        return None

    def memory_mb(self) -> float:
        """Resident memory of the server without pages of mapped files."""
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="utf-8")
        kib = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon"))
        return kib / 1024

    def settled_mb(self) -> float:
        """Memory once nothing is prepared any more: words, suggestions, the model of meaning were asked for."""
        for address in ("/szukaj?q=gmina%20dla%20mieszkańców", "/api/v1/suggest?q=gm", "/"):
            self.ask(quote(address, safe="/?=%&"))
        before, end = -1.0, time.monotonic() + _TIMEOUT
        while abs(self.memory_mb() - before) > _STEADY_MB and time.monotonic() < end:
            before = self.memory_mb()
            time.sleep(_STEADY_SECONDS)
        return self.memory_mb()

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(30)


@contextmanager
def serving(documents: Path, index: Path, **settings: str) -> Iterator[Server]:
    """A server for a while."""
    server = Server(documents, index, **settings)
    try:
        yield server
    finally:
        server.stop()


def alone(server: Server, addresses: dict[str, Sequence[str]], figures: Figures) -> None:
    """Each dear thing by itself, the slowest of its addresses."""
    figures.say("| asked alone | status | slowest, s | largest answer, kB |")
    figures.say("|---|---|---|---|")
    for name, several in addresses.items():
        answers = [server.ask(address) for address in several]
        slowest = max(answer.seconds for answer in answers)
        statuses = ", ".join(str(status or "closed") for status in sorted({answer.status for answer in answers}))
        figures.say(f"| {name} | {statuses} | {slowest:.2f} | {max(a.size for a in answers) / 1000:.0f} |")
        figures.hold(f"{name}, alone", slowest, SLOW_SECONDS)
        if any(answer.status >= 500 for answer in answers):
            figures.missed.append(f"{name}: status {statuses}")


def together(server: Server, addresses: Sequence[str], figures: Figures, rounds: int = 12) -> None:
    """Any four at once, waited for or abandoned, with ``/readyz`` asked beside them all the time."""
    chance = random.Random(_SEED)
    figures.say()
    figures.say("| four at once | slowest, s | `/readyz` asked | median, ms | p99, ms | slowest, ms |")
    figures.say("|---|---|---|---|---|---|")
    for waited in (True, False):
        slowest, ready = 0.0, []
        for _ in range(rounds):
            four = chance.sample(list(addresses), 4)
            with ThreadPoolExecutor(4) as pool:
                asked = [pool.submit(server.ask if waited else server.abandon, address) for address in four]
                end = time.monotonic() + 1.0
                while not all(one.done() for one in asked) or (not waited and time.monotonic() < end):
                    ready.append(server.ask("/readyz").seconds)
                    time.sleep(0.02)
            slowest = max([slowest, *(answer.seconds for one in asked if (answer := one.result()))])
        ready.sort()
        name = "waited for" if waited else "abandoned at once"
        p99, worst = ready[int(len(ready) * 0.99)], ready[-1]
        cells = (f"{ready[len(ready) // 2] * 1000:.0f}", f"{p99 * 1000:.0f}", f"{worst * 1000:.0f}")
        figures.say(f"| {name} | {f'{slowest:.2f}' if waited else '–'} | {len(ready)} | " + " | ".join(cells) + " |")
        figures.hold(f"/readyz beside four {name}, p99", p99, READY_SECONDS)
        figures.hold(f"four at once, {name}", slowest, SLOW_SECONDS)


def odd(server: Server, count: int, figures: Figures) -> None:
    """Odd requests: known and unknown paths, parameters and values of strange characters."""
    chance = random.Random(_SEED)
    paths = [
        "/",
        "/szukaj",
        "/szukaj.atom",
        "/api/v1/search",
        "/api/v1/suggest",
        "/api/v1/documents",
        "/dokumenty/",
        "/pliki/",
    ]
    paths += [
        "/edycje/",
        "/tematy/",
        "/cytowania/",
        "/static/",
        "/api/v1/documents/",
        "/aktualnosci",
        "/slownik",
        "/%00",
        "/..%2f",
    ]
    names = ["q", "edition", "topic", "kind", "year", "sort", "page", "per_page", "format", "x", ""]
    letters = [
        "a",
        "ą",
        "ż",
        " ",
        "„",
        "”",
        '"',
        "-",
        "\x00",
        "\n",
        "\u202e",
        "\ud7ff",
        "😀",
        "%",
        "<",
        "&",
        "'",
        "\\",
        "/",
        ".",
    ]
    letters += ["0", "9", "gmina", "powiat"]

    def address() -> str:
        value = "".join(chance.choice(letters) for _ in range(chance.choice((0, 1, 3, 10, 60))))
        path = chance.choice(paths) + (_q(value[:20]) if chance.random() < 0.3 else "")
        pairs = "&".join(f"{chance.choice(names)}={_q(value)}" for _ in range(chance.choice((0, 1, 1, 2, 5))))
        return f"{path}?{pairs}"

    started = time.perf_counter()
    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        answers = list(pool.map(server.ask, [address() for _ in range(count)]))
    seconds = time.perf_counter() - started
    statuses = Counter(answer.status for answer in answers)
    slowest = max((answer.seconds for answer in answers), default=0.0)
    figures.say()
    shown = ", ".join(f"{status or 'closed'}: {number:,}" for status, number in sorted(statuses.items()))
    figures.say(
        f"{count:,} odd requests, {_CONNECTIONS} at once, in {seconds:.0f} s: {shown}; slowest {slowest:.2f} s."
    )
    figures.hold("odd requests", slowest, SLOW_SECONDS)
    if any(status >= 500 for status in statuses):
        figures.missed.append("odd requests: some ended with 5xx")


def generated(server: Server, figures: Figures) -> None:
    """Calls of the API that schemathesis makes of its schema; none may end with 5xx or against the schema."""
    figures.say()
    if importlib.util.find_spec("schemathesis") is None:
        figures.say("Generated calls of the API: left out, `schemathesis` is not installed.")
        return
    url = f"http://127.0.0.1:{server.port}/api/v1/openapi.json"
    command = [
        sys.executable,
        "-m",
        "schemathesis.cli",
        "run",
        url,
        "--checks",
        "not_a_server_error",
        "--max-examples",
        "150",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    told = [line.strip() for line in done.stdout.splitlines() if "generated" in line or "test cases" in line.lower()]
    figures.say(
        f"Generated calls of the API (schemathesis, exit code {done.returncode}): {'; '.join(told) or 'no summary'}."
    )
    if done.returncode:
        figures.missed.append("generated calls: schemathesis found a failure")


def memory(server: Server, addresses: Sequence[str], count: int, figures: Figures) -> None:
    """What the server keeps of everything that was asked: dear things, odd things, generated calls."""
    started = server.settled_mb()
    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        list(pool.map(server.ask, addresses))
    dear = server.settled_mb()
    odd(server, count, figures)
    strange = server.settled_mb()
    generated(server, figures)
    ended = server.settled_mb()
    figures.say()
    figures.say(
        f"Memory of the server, without mapped files and kept posting lists: {started:.0f} MB at the start, {dear:.0f} MB after "
        f"all dear requests, {strange:.0f} MB after the odd ones, {ended:.0f} MB at the end."
    )
    figures.hold("growth of memory, MB", ended - started, MEMORY_MB)
    if not server.alive:
        figures.missed.append("the server died")


def slow_connections(server: Server, figures: Figures, count: int = 300) -> None:
    """Connections that send a byte now and then: how the others are served meanwhile."""
    lines = []
    for _ in range(count):
        with suppress(OSError):
            line = socket.create_connection(("127.0.0.1", server.port), timeout=5)
            line.sendall(b"GET /szukaj?q=gm")
            lines.append(line)
    answers = []
    for _ in range(40):
        for line in lines:
            with suppress(OSError):
                line.sendall(b"i")
        answers.append(server.ask("/szukaj?q=gmina"))
        time.sleep(0.05)
    for line in lines:
        line.close()
    slowest = max(answer.seconds for answer in answers)
    good = sum(answer.status == 200 for answer in answers)
    figures.say()
    figures.say(
        f"{len(lines)} slow connections: {good} of {len(answers)} searches beside them answered, slowest {slowest:.2f} s."
    )
    figures.hold("searches beside slow connections", slowest, SLOW_SECONDS)


_INDEX = """
import resource, sys, time
from pathlib import Path
from kb import indexer
from kb.settings import Settings
settings = Settings(documents=Path(sys.argv[1]), index=Path(sys.argv[2]))
started = time.monotonic()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
report = indexer.run(settings)
own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
rows = {file.path: file.status for file in report.files}
status = next((status for path, status in rows.items() if "dobry" not in path), "–")
print(time.monotonic() - started, max(own, children) / 1024, status, rows.get("dobry.md"))
"""


def indexing(figures: Figures) -> None:
    """Each dear document beside a good one: what it costs the indexer, and whether the good one goes in."""
    figures.say("| one document | status | indexing, s | peak memory, MB | the one beside it |")
    figures.say("|---|---|---|---|---|")
    made: dict[str, Callable[[Path], None]] = {
        name: lambda folder, make=make: _write(folder / "drogi.md", make()) for name, make in DOCUMENTS.items()
    }
    made["a sparse file of 30 GB"] = lambda folder: _sparse(folder / "drogi.md", 30 << 30)
    made["a sparse PDF of 30 GB"] = lambda folder: _sparse(folder / "drogi.pdf", 30 << 30)
    made["`_defaults.yaml` of 3 GB"] = lambda folder: _sparse(folder / "_defaults.yaml", 3 << 30)
    made["folders 1,100 deep"] = _deep
    made["a pipe"] = lambda folder: os.mkfifo(folder / "drogi.md")
    for name, make in made.items():
        root = tempfile.mkdtemp()
        try:
            folder = Path(root) / "documents"
            folder.mkdir()
            make(folder)
            _write(folder / "dobry.md", f"# Dobry\n\n{WORDS}\n")
            command = [sys.executable, "-c", _INDEX, str(folder), str(Path(root) / "index")]
            environment = {k: v for k, v in os.environ.items() if not k.startswith("KB_")} | {"PYTHONPATH": str(ROOT)}
            try:
                done = subprocess.run(
                    command, env=environment, capture_output=True, text=True, timeout=300, check=False
                )
                seconds, memory, status, beside = done.stdout.split()
            except (subprocess.TimeoutExpired, ValueError):
                figures.say(f"| {name} | the run ended without a report | – | – | – |")
                figures.missed.append(f"{name}: the run ended without a report")
                continue
        finally:
            # Python's own would go as deep as the folders do.
            subprocess.run(["rm", "-rf", root], check=False)
        figures.say(f"| {name} | {status} | {float(seconds):.1f} | {float(memory):.0f} | {beside} |")
        figures.hold(f"indexing {name}, s", float(seconds), INDEX_SECONDS)
        figures.hold(f"indexing {name}, MB", float(memory), INDEX_MB)
        if beside != "indexed":
            figures.missed.append(f"{name}: the document beside it was not indexed")


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _sparse(path: Path, size: int) -> None:
    with path.open("wb") as file:
        file.truncate(size)


def _deep(folder: Path) -> None:
    start = os.getcwd()
    os.chdir(folder)
    try:
        for _ in range(1_100):
            os.mkdir("f")
            os.chdir("f")
        Path("drogi.md").write_text(WORDS, encoding="utf-8")
    finally:
        os.chdir(start)


def site(given: argparse.Namespace, figures: Figures) -> None:
    """Dear requests and documents, odd and generated calls."""
    with tempfile.TemporaryDirectory() as root:
        documents, index = given.documents, given.index
        addresses: dict[str, Sequence[str]] = {name: [address] for name, address in REQUESTS.items()}
        if index is None:
            documents, index = Path(root) / "documents", Path(root) / "index"
            shutil.copytree(given.documents, documents)
            for number, (name, make) in enumerate(DOCUMENTS.items()):
                _write(documents / f"drogi-{number}.md", make())
                page, words = f"/dokumenty/drogi-{number}", _q(WORDS)
                addresses[f"document: {name}"] = [page, f"{page}?q={words}", f"{page}/strony/1?q={words}"]
            addresses["a search that finds all these documents"] = [
                f"/szukaj?q={_q(WORDS)}",
                f"/api/v1/search?q={_q(WORDS)}&per_page=50",
            ]
        with serving(documents, index) as server:
            server.settled_mb()
            alone(server, addresses, figures)
            every = [address for several in addresses.values() for address in several]
            together(server, every, figures)
            slow_connections(server, figures)
            if not server.alive:
                figures.missed.append("the server died")
        with serving(documents, index, **_SMALL_CACHE) as server:
            memory(server, every, given.odd, figures)
    if given.index is None:
        figures.say()
        indexing(figures)


def faults(given: argparse.Namespace, figures: Figures) -> None:
    """Kills, corruptions and reindexing, each on a collection of its own."""
    import faults as of

    outcome = of.Outcome()
    for name, count in (("kills", given.kills), ("corruptions", given.corruptions), ("reindexes", given.reindexes)):
        if not count:
            continue
        with tempfile.TemporaryDirectory() as root:
            collection = of.Collection(Path(root))
            collection.fill()
            if name == "kills":
                of.kills(collection, count, outcome)
            elif name == "corruptions":
                of.corruptions(collection, count, outcome)
            else:
                with serving(collection.settings.documents, collection.settings.index) as server:
                    of.reindexing(collection, server.port, count, outcome)
    figures.lines += [line for said in outcome.lines for line in (said, "")]
    figures.missed += outcome.missed


def main() -> None:
    """Attack one collection."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--documents", type=Path, default=ROOT / "documents")
    parser.add_argument("--index", type=Path, help="ask this index, and add no documents")
    parser.add_argument("--odd", type=int, default=40_000, help="how many odd requests")
    parser.add_argument("--kills", type=int, default=20, help="how often the indexer is killed")
    parser.add_argument("--corruptions", type=int, default=50, help="how many files of an index are spoilt")
    parser.add_argument("--reindexes", type=int, default=10, help="how often is indexed under searchers")
    parser.add_argument("--faults-only", action="store_true", help="leave out everything but these three")
    parser.add_argument("--name", default="sample", help="the tables' place in the file")
    parser.add_argument("--write", type=Path, metavar="FILE")
    given = parser.parse_args()
    if not given.faults_only:
        figures = Figures()
        site(given, figures)
        _finish(figures, given.name, given.write)
    if given.index is None:
        figures = Figures()
        faults(given, figures)
        _finish(figures, "faults", given.write)


def _finish(figures: Figures, name: str, file: Path | None) -> None:
    figures.say()
    figures.say("Goals missed: " + ("; ".join(figures.missed) + "." if figures.missed else "none."))
    if file:
        from relevance import write

        write(file, name, figures.lines)


if __name__ == "__main__":
    main()
