"""What faults do to a collection: the indexer killed at any moment, files of the index spoilt, reindexing under readers.

Each works on a small collection of its own in a temporary folder, checked by what it should answer. ``attack.py`` calls these.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from kb import indexer
from kb.errors import KbError
from kb.reading.query import make_query
from kb.search import KnowledgeBase
from kb.settings import Settings

ROOT = Path(__file__).parents[1]
_SEED = 20261125
_ARTICLES = 20
_PDFS = ("poradniki/cus.pdf", "poradniki/dnsh.pdf", "raporty/uslugi-spoleczne.pdf")
_QUERIES = (
    "gmina",
    "usługi społeczne",
    "zasada DNSH",
    "„centrum usług społecznych”",
    "wiadomość",
    "starzenie się",
    "numer 7",
)
_RUN_SECONDS = 300.0
_SEARCHERS = 10

Answer = list[tuple[str, list[tuple[int, str]]]]


@dataclass(frozen=True)
class Collection:
    """A few PDFs of ``documents/`` and some short articles that say their version, with an index and an archive."""

    root: Path
    chance: random.Random = field(default_factory=lambda: random.Random(_SEED))

    @property
    def settings(self) -> Settings:
        """Settings for it: nothing but words, so that every run gives the same."""
        return Settings(
            documents=self.root / "documents",
            index=self.root / "index",
            store=self.root / "store",
            jobs=2,
            ocr="off",
            meaning="off",
        )

    def write(self, version: int) -> None:
        """The articles in a version."""
        for number in range(_ARTICLES):
            path = self.root / "documents" / f"wiadomosc-{number}.md"
            path.parent.mkdir(exist_ok=True)
            text = f"# Wiadomość\n\nWiadomość gminy numer {number}, {_word(version)}.\n"
            path.write_text(text, encoding="utf-8")

    def fill(self) -> None:
        """Write all of it and index it."""
        self.write(0)
        for name in _PDFS:
            shutil.copy(ROOT / "documents" / name, self.root / "documents" / Path(name).name)
        if indexer.run(self.settings).documents != self.size:
            raise SystemExit("the collection could not be indexed")

    @property
    def size(self) -> int:
        """How many documents it has."""
        return _ARTICLES + len(_PDFS)

    def answers(self) -> list[Answer]:
        """What a reader who opens the index now is answered, with the texts of the pages. Raises KbError."""
        knowledge = KnowledgeBase(self.settings)
        found = [knowledge.search(make_query(query, per_page=50)) for query in _QUERIES]
        return [
            [
                (
                    hit.document.id,
                    [(page.number, knowledge.page(hit.document.id, page.number).text) for page in hit.pages],
                )
                for hit in results.hits
            ]
            for results in found
        ]

    def versions(self) -> Counter[str]:
        """How many articles the index has in each version."""
        knowledge = KnowledgeBase(self.settings)
        texts = [knowledge.page(document.id, 1).text for document in knowledge.documents()]
        return Counter(text.rpartition(", ")[2].strip(".") for text in texts if text.startswith("Wiadomość"))

    def start(self, *options: str) -> subprocess.Popen[bytes]:
        """``kb index`` in a process of its own, whose children end with its group."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("KB_")} | {
            "PYTHONPATH": str(ROOT),
            "KB_DOCUMENTS": str(self.settings.documents),
            "KB_INDEX": str(self.settings.index),
            "KB_STORE": str(self.settings.store),
            "KB_OCR": "off",
            "KB_MEANING": "off",
        }
        command = [sys.executable, "-c", "from kb.cli import app; app()", "index", *options]
        quiet = subprocess.DEVNULL
        return subprocess.Popen(command, env=environment, stdout=quiet, stderr=quiet, start_new_session=True)


def _word(version: int) -> str:
    # Letters alone: digits at a word's end would be taken for a footnote's.
    return "wydanie" + "".join("abcdefghij"[int(digit)] for digit in str(version))


@dataclass
class Outcome:
    """Lines of the report, and what missed a goal."""

    lines: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    def count(self, what: str, counts: Counter[str], *bad: str) -> None:
        """A line with all counts; those named in ``bad`` must be none."""
        shown = ", ".join(f"{name}: {number}" for name, number in sorted(counts.items()))
        self.lines += [f"{what}: {shown or 'none'}; " + ", ".join(f"{name}: {counts[name]}" for name in bad) + "."]
        self.missed += [f"{what}: {name}: {counts[name]}" for name in bad if counts[name]]
        print(self.lines[-1], flush=True)


def kills(collection: Collection, count: int, outcome: Outcome) -> None:
    """Kill the indexer, every fourth time at a rebuild, after any part of the time that a run takes, and run it again."""
    counts: Counter[str] = Counter()
    started = time.monotonic()
    collection.start().wait(_RUN_SECONDS)
    longest = (time.monotonic() - started) * 1.2
    old = next(iter(collection.versions()))
    for number in range(1, count + 1):
        new = _word(number)
        collection.write(number)
        process = collection.start(*(["--rebuild"] if number % 4 == 0 else []))
        try:
            process.wait(collection.chance.uniform(0, longest))
            counts["over before the kill"] += 1
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            counts["killed"] += 1
        if collection.versions() not in (Counter({old: _ARTICLES}), Counter({new: _ARTICLES})):
            counts["neither the old nor the new state"] += 1
        if collection.start().wait(_RUN_SECONDS):
            counts["not repaired"] += 1
        if (
            collection.versions() != Counter({new: _ARTICLES})
            or len(KnowledgeBase(collection.settings).documents()) != collection.size
        ):
            counts["lost documents"] += 1
        old = new
    outcome.count("Kills of the indexer", counts, "neither the old nor the new state", "lost documents", "not repaired")


def _flipped(content: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(content))
    return content[:at] + bytes([content[at] ^ (1 << chance.randrange(8))]) + content[at + 1 :]


def _overwritten(content: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(content))
    noise = chance.randbytes(chance.choice((1, 16, 512)))
    return (content[:at] + noise + content[at + len(noise) :])[: max(len(content), at + len(noise))]


SPOILT: dict[str, Callable[[bytes, random.Random], bytes | None]] = {
    "a bit flipped": _flipped,
    "random bytes": _overwritten,
    "cut short": lambda content, chance: content[: chance.randrange(len(content))],
    "zeros": lambda content, chance: content[: (at := chance.randrange(len(content)))] + bytes(len(content) - at),
    "too long": lambda content, chance: content + chance.randbytes(40),
    "removed": lambda _content, _chance: None,
}
"""What happens to a file's content; None: the file is gone."""


def corruptions(collection: Collection, count: int, outcome: Outcome) -> None:
    """Spoil a file of the index, ask, run the indexer, ask again. Where a kept text was spoilt, the run is a rebuild."""
    counts: Counter[str] = Counter()
    index = collection.settings.index
    right = collection.answers()
    sound = collection.root / "sound"
    shutil.copytree(index, sound)
    for number in range(count):
        files = [
            path for path in sorted(index.rglob("*")) if path.is_file() and path.name != "lock" and path.stat().st_size
        ]
        path = collection.chance.choice(files)
        name = list(SPOILT)[number % len(SPOILT)]
        content = SPOILT[name](path.read_bytes(), collection.chance)
        path.unlink()  # in a new file: a hand or a disk may change a mapped file, but nobody promises anything for that
        if content is not None:
            path.write_bytes(content)
        where = f"{name}, {path.relative_to(index)}"
        counts[_asked(collection, right, where)] += 1
        try:
            report = indexer.run(collection.settings, rebuild="extracted" in path.parts)
            after = _asked(collection, right, f"{where}, after kb index")
            repaired = after == "right answers" and not report.failed
        except Exception as error:  # noqa: BLE001 - whatever it is, it is counted
            print(f"  {where}: kb index: {type(error).__name__}: {error}", flush=True)
            repaired = False
        if not repaired:
            counts["not repaired"] += 1
            shutil.rmtree(index)
            shutil.copytree(sound, index)
    outcome.count("Corruptions of `index/`", counts, "wrong answers", "internal errors", "not repaired")


def _asked(collection: Collection, right: list[Answer], where: str) -> str:
    try:
        answers = collection.answers()
    except KbError:
        return "refused in words"
    except Exception as error:  # noqa: BLE001 - whatever it is, it is counted
        print(f"  {where}: {type(error).__name__}: {error}", flush=True)
        return "internal errors"
    if answers == right:
        return "right answers"
    print(f"  {where}: another answer", flush=True)
    return "wrong answers"


def reindexing(collection: Collection, port: int, count: int, outcome: Outcome) -> None:
    """Ten searchers ask a server all the time while the collection changes and is indexed, every third time anew."""
    counts: Counter[str] = Counter()
    over = threading.Event()
    held = threading.Lock()

    def search() -> None:
        chance = random.Random(threading.get_ident())
        while not over.is_set():
            query = chance.choice(("wiadomość", "zasada DNSH", "usługi społeczne"))
            url = f"http://127.0.0.1:{port}/api/v1/search?q={quote(query)}&per_page=50"
            said = "answered"
            try:
                with urllib.request.urlopen(url, timeout=60) as answer:
                    total = json.load(answer)["total"]
                if total < (_ARTICLES if query == "wiadomość" else 1):
                    said = "incomplete answers"
            except (OSError, ValueError) as error:
                print(f"  {query}: {error}", flush=True)
                said = "errors"
            with held:
                counts[said] += 1

    threads = [threading.Thread(target=search) for _ in range(_SEARCHERS)]
    for thread in threads:
        thread.start()
    for number in range(1, count + 1):
        collection.write(10_000 + number)
        if collection.start(*(["--rebuild"] if number % 3 == 0 else [])).wait(_RUN_SECONDS):
            counts["failed runs"] += 1
    over.set()
    for thread in threads:
        thread.join()
    outcome.count(
        f"{count} reindexes under {_SEARCHERS} searchers", counts, "errors", "incomplete answers", "failed runs"
    )
