"""Every figure of docs/performance.md, in one command.

    python benchmarks/run.py FILE.jsonl[.gz]|FOLDER … [--pages 21000,107000,215000] [--pdf FOLDER] [--out docs] [--work FOLDER]

It needs the project installed (``make test`` does that, into ``.venv``) and ``pip install tantivy``. The sources hold passages
``{"id", "title", "text"}``, one a line. What it builds stays in ``--work``, so that a second run only measures; when our engine's
code has changed, our indexes are built again.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import os
import platform
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import collection
import engines
import indexing
import report
import server
from collection import Question

from kb.polish import shared_analyzer

ROOT = Path(__file__).resolve().parent.parent
QUESTIONS = 300
BLOCK = 25
"""Questions that one engine answers before the next has its turn, so that a busy moment of the machine falls on all."""
SLOW_SECONDS = 30.0
"""An engine that has taken so long in one pass is asked no more; ratios are over the questions that both answered."""
MOST_FOR_WHOOSH = 110_000
COMPARED = 60
SERVED = 107_000
"""The size at which the server and a changed document are measured: that of the targets."""


def main() -> None:
    args = _arguments()
    work = args.work or Path(tempfile.mkdtemp(prefix="kb-bench-"))
    work.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    sizes = sorted(int(size) for size in args.pages.split(","))
    sources = _sources(args.sources)
    pages = _collection(sources, sizes[-1], work)
    folders = _build(pages, sizes, work)
    questions = collection.questions(pages, QUESTIONS, sizes[0])
    results: dict[str, Any] = {"machine": _machine(), "date": datetime.now(UTC).date().isoformat(), "sizes": {}}
    for size in sizes:
        _say(f"{size} pages: queries", started)
        results["sizes"][str(size)] = _measure(folders[size], size, questions)
        _save(results, work)
    served = max((size for size in sizes if size <= SERVED), default=sizes[0])
    _say(f"{served} pages: server", started)
    collection.save(questions, work / "questions.jsonl")
    results["server"] = {"pages": served} | server.measure(folders[served]["ours"], work / "questions.jsonl")
    _save(results, work)
    if not args.skip_indexing:
        _say(f"{served} pages: one changed document", started)
        results["changed"] = indexing.one_changed(pages, served, work)
        _save(results, work)
        if args.pdf:
            _say("PDFs", started)
            results["pdf"] = indexing.pdfs(args.pdf, work)
    _save(results, work)
    report.write(results, args.out)
    _say(f"written: {args.out / 'performance.md'}", started)
    if not args.work:
        shutil.rmtree(work)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", nargs="+", type=Path, help="files of passages, or folders with such files")
    parser.add_argument("--pages", default="21000,107000,215000", help="sizes of the collection")
    parser.add_argument("--pdf", type=Path, help="a folder of PDFs for the first run of the indexer")
    parser.add_argument("--out", type=Path, default=ROOT / "docs", help="where performance.md and .svg go")
    parser.add_argument("--work", type=Path, help="where indexes are built and kept")
    parser.add_argument("--skip-indexing", action="store_true", help="queries and server only")
    return parser.parse_args()


def _sources(given: Sequence[Path]) -> list[str]:
    files = [
        path
        for one in given
        for path in (sorted(one.glob("*.jsonl*")) if one.is_dir() else [one])
        if '"text"' in collection.first_line(path)
    ]
    if not files:
        sys.exit("no passages in " + ", ".join(map(str, given)))
    return [str(path) for path in files]


# Building


def _collection(sources: Sequence[str], count: int, work: Path) -> Path:
    # Every engine gets the analyzer's terms.
    told = repr([shared_analyzer().fingerprint, *((Path(source).name, os.path.getsize(source)) for source in sources)])
    path = work / f"pages-{hashlib.sha256(told.encode()).hexdigest()[:12]}-{count}.tsv"
    if not path.exists():
        collection.write(sources, count, path)
    return path


def _build(pages: Path, sizes: Sequence[int], work: Path) -> dict[int, dict[str, Path]]:
    """Build what is missing, two indexes at a time, each in a process of its own."""
    folders: dict[int, dict[str, Path]] = {}
    with ProcessPoolExecutor(2, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        jobs = []
        for size in sorted(sizes, reverse=True):
            folders[size] = {}
            for name in engines.BUILDERS:
                if name == "whoosh" and size > MOST_FOR_WHOOSH:
                    continue
                mark = _our_code() if name == "ours" else "1"
                folder = folders[size][name] = work / f"{name}-{pages.stem}-{size}-{mark}"
                if not folder.exists():
                    jobs.append(pool.submit(build, name, pages, size, folder))
        for job in jobs:
            job.result()
    return folders


def build(name: str, pages: Path, size: int, folder: Path) -> None:
    """Build one index; a folder of the right name holds a finished one."""
    temporary = folder.with_suffix(".unfinished")
    shutil.rmtree(temporary, ignore_errors=True)
    started = time.monotonic()
    engines.BUILDERS[name](pages, size, temporary)
    temporary.rename(folder)
    print(f"  built {name}, {size} pages: {time.monotonic() - started:.0f} s", flush=True)


def _our_code() -> str:
    written = [ROOT / "kb" / "engine" / "embedded" / name for name in ("codec.py", "segments.py", "writer.py")]
    code = [*written, ROOT / "kb" / "engine" / "analysis.py", ROOT / "benchmarks" / "engines.py"]
    return hashlib.sha256(b"".join(path.read_bytes() for path in code)).hexdigest()[:12]


# Measuring


def _measure(folders: dict[str, Path], size: int, questions: Sequence[Question]) -> dict[str, Any]:
    """Milliseconds of every engine for every question, twice: asked for the first time, and again."""
    opened = {}
    started = time.perf_counter()
    ours = engines.Ours(folders["ours"])
    opened[ours.name] = time.perf_counter() - started
    peers: list[Any] = [
        ours,
        engines.Tantivy(folders["tantivy"], size),
        engines.TantivyTwice(folders["tantivy"], size),
        engines.Fts5(folders["fts5"], size),
    ]
    if "whoosh" in folders:
        peers.append(engines.Whoosh(folders["whoosh"]))
    ten_best = {peer.name: peer.best_pages for peer in peers if not isinstance(peer, engines.TantivyTwice)}
    # One that keeps no lists: every word of every question is then read for the first time.
    new_words = {ours.name: engines.Ours(folders["ours"], cache_mb=0).best_pages}
    whole = engines.OursWhole(folders["ours"])
    # Our engine is opened once more, so that its caches are empty again.
    fresh = [engines.Ours(folders["ours"]) if peer is ours else peer for peer in peers]
    searches: dict[str, Callable[[Question], Any]] = {peer.name: peer.search for peer in [*fresh, whole]}
    found: dict[str, Any] = {
        "ten_best": {"first": _timed(ten_best, questions), "again": _timed(ten_best, questions)},
        "new_words": _timed(new_words, questions),
        "search": {"first": _timed(searches, questions), "again": _timed(searches, questions)},
        "agreement": _agreement(peers, questions[:COMPARED]),
        "opened": opened,
    }
    return found


def _timed(engine: Mapping[str, Callable[[Question], Any]], questions: Sequence[Question]) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in engine}
    gc.collect()
    for start in range(0, len(questions), BLOCK):
        for name, ask in engine.items():
            for question in questions[start : start + BLOCK]:
                if sum(times[name]) > SLOW_SECONDS * 1000:
                    break
                began = time.perf_counter()
                ask(question)
                times[name].append((time.perf_counter() - began) * 1000)
    return times


def _agreement(peers: Sequence[Any], questions: Sequence[Question]) -> dict[str, Any]:
    """Whether the engines answer the same: equal totals and facet counts, and how many of our ten documents they share."""
    found: dict[str, Any] = {}
    expected = [peers[0].search(question) for question in questions]
    for peer in peers[1:]:
        if isinstance(peer, engines.Whoosh):  # its counts are of pages
            continue
        answers = [peer.search(question) for question in questions]
        pairs = list(zip(expected, answers, strict=True))
        found[peer.name] = {
            "questions": len(pairs),
            "same_counts": sum(
                (a.total, a.total_pages, a.facets) == (b.total, b.total_pages, b.facets) for a, b in pairs
            ),
            "shared": statistics.mean(
                len(set(a.documents) & set(b.documents)) / max(1, len(a.documents)) for a, b in pairs
            ),
        }
    return found


def _machine() -> dict[str, Any]:
    model = ""
    with open("/proc/cpuinfo", encoding="utf-8") if os.path.exists("/proc/cpuinfo") else open(os.devnull) as file:
        model = next((line.partition(":")[2].strip() for line in file if line.startswith("model name")), "")
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 0
    packages = ("numpy", "whoosh", "tantivy", "pypdf", "pypdfium2")
    return {
        "processor": model or platform.machine(),
        "cores": os.cpu_count(),
        "memory_gb": round(pages / 2**30),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "packages": {name: version(name) for name in packages},
        "load": round(os.getloadavg()[0], 1),
    }


def _save(results: dict[str, Any], work: Path) -> None:
    (work / "results.json").write_text(json.dumps(results, ensure_ascii=False, indent=1), encoding="utf-8")


def _say(what: str, started: float) -> None:
    print(f"[{time.monotonic() - started:5.0f} s] {what}", flush=True)


if __name__ == "__main__":
    main()
