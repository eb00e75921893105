"""The cluster beside the embedded engine, on the same collections, in one command; it writes the figures of docs/scale.md.

    python benchmarks/cluster.py FILE.jsonl[.gz] … [--pages 21000,107000] [--shards 1] [--heap 2g] [--write docs/scale.md]

It starts one OpenSearch node of its own, as the tests do (Java and Maven are needed), and leaves nothing behind.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import collection
from collection import PAGES_PER_DOCUMENT, Question, documents, facets, title

from kb.engine import AnalysedDocument, IndexedFile, Store, open_store
from kb.engine.analysis import Analysis
from kb.indexer import fingerprint
from kb.model import Document, Page, Results
from kb.polish import shared_analyzer
from kb.reading.query import make_query
from kb.search import KnowledgeBase
from kb.settings import Settings, load

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from cluster.answers import unscored
from cluster.nodes import VERSION, Cluster

QUESTIONS = 100
BETWEEN = 300
"""Questions after the first ones: a node that has just started answers slowly until Java has compiled what it runs."""
CHANGES = 5
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"
ANALYSIS = Analysis(shared_analyzer())


def main() -> None:
    args = _arguments()
    sizes = [int(size) for size in args.pages.split(",")]
    load_before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="kb-bench-") as folder:
        pages = Path(folder, "pages.tsv")
        collection.write([str(path) for path in args.sources], max(sizes), pages)
        questions = collection.questions(pages, 2 * QUESTIONS + BETWEEN, sizes[0])
        where = (
            f"{os.cpu_count()} rdzenie ({platform.machine()}), OpenSearch {VERSION}, jeden węzeł na tej samej maszynie"
        )
        how = f"sterta {args.heap}, fragmenty: {args.shards}, obciążenie maszyny na początku {load_before:.1f}"
        lines = [f"Zmierzono {datetime.now(UTC).date().isoformat()}: {where}, {how}."]
        for size in sizes:
            lines += [
                "",
                f"### {size:,} stron".replace(",", " "),
                "",
                *_measure(pages, size, questions, Path(folder, str(size)), args),
            ]
    text = "\n".join(lines)
    print(text)
    if args.write:
        before, _, rest = args.write.read_text(encoding="utf-8").partition(BEGIN)
        args.write.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", nargs="+", type=Path, help="files of passages")
    parser.add_argument("--pages", default="21000,107000", help="sizes of the collection")
    parser.add_argument("--shards", type=int, default=1)
    parser.add_argument("--heap", default="2g", help="of the node")
    parser.add_argument("--write", type=Path, help="the page whose figures are replaced")
    return parser.parse_args()


def _measure(
    pages: Path, size: int, questions: Sequence[Question], folder: Path, args: argparse.Namespace
) -> Iterator[str]:
    cluster = Cluster(1, heap=args.heap, brief=False)
    try:
        (folder / "documents").mkdir(parents=True)
        common = {"documents": folder / "documents", "store": folder / "store", "meaning": "off", "request_seconds": 60}
        settings = {
            "embedded": load(index=folder / "index", **common),
            "cluster": load(
                index=folder / "other",
                engine="opensearch",
                opensearch_url=",".join(cluster.urls),
                opensearch_shards=args.shards,
                **common,
            ),
        }
        found = {name: _one(name, own, pages, size, questions, cluster) for name, own in settings.items()}
        answers = {name: own.pop("answers") for name, own in found.items()}
        yield "| | wbudowany | klaster |"
        yield "|---|--:|--:|"
        for what in found["embedded"]:
            yield f"| {what} | {found['embedded'][what]} | {found['cluster'][what]} |"
        pairs = zip(answers["embedded"], answers["cluster"], strict=True)
        same = sum(unscored(one) == unscored(other) for one, other in pairs)
        yield ""
        yield f"Te same dokumenty, strony, liczby i filtry: {same} z {len(answers['cluster'])} odpowiedzi."
    finally:
        cluster.close()


def _one(
    name: str, settings: Settings, pages: Path, size: int, questions: Sequence[Question], cluster: Cluster
) -> dict[str, object]:
    store = open_store(settings)
    made: dict[str, object] = {}
    analysing = 0.0
    began = time.monotonic()
    with store.writer(fingerprint(store, shared_analyzer())) as writer:
        for sheets in documents(pages, size):
            at = time.monotonic()
            own = _document(sheets[0].document, title(sheets[0]), [sheet.text for sheet in sheets])
            analysing += time.monotonic() - at
            writer.add(own, _file(own))
        writer.commit()
    seconds = time.monotonic() - began
    made["zapis bez naszej analizy, stron na sekundę"] = f"{size / (seconds - analysing):.0f}"
    made["zapis z analizą, s"] = f"{seconds:.1f}"
    changes = [_change(store, pages, number) for number in range(CHANGES)]
    made["jeden zmieniony dokument, do widoczności, s"] = f"{statistics.median(changes):.2f}"
    base = KnowledgeBase(settings)
    at = time.monotonic()
    base.prepare()
    made["przygotowanie procesu (słowa, nagłówki), s"] = f"{time.monotonic() - at:.2f}"
    last = questions[-QUESTIONS:]
    turns = {
        f"pierwsze {QUESTIONS} pytań": questions[:QUESTIONS],
        f"następne {BETWEEN}": questions[QUESTIONS:-QUESTIONS],
        f"{QUESTIONS} po nich, każde pierwszy raz": last,
        "te same ponownie": last,
    }
    answers: list[Results] = []
    for turn, asked in turns.items():
        times = []
        for question in asked:
            query = make_query(question.text)
            at = time.perf_counter()
            answers.append(base.search(query))
            times.append(1000 * (time.perf_counter() - at))
        times.sort()
        made[f"całe wyszukiwanie, {turn}: mediana, ms"] = f"{statistics.median(times):.1f}"
        made[f"całe wyszukiwanie, {turn}: p95, ms"] = f"{times[int(0.95 * len(times))]:.1f}"
    made["na dysku, MB"] = f"{store.live().bytes / 1e6:.0f}"
    memory = _memory(cluster.processes[0].pid) if name == "cluster" else 0
    made["pamięć węzła, MB"] = f"{memory:.0f}" if memory else "–"
    made["answers"] = answers
    print(name, {what: value for what, value in made.items() if what != "answers"}, file=sys.stderr, flush=True)
    return made


def _document(number: int, name: str, texts: Sequence[str]) -> AnalysedDocument:
    kept = [Page(number=at, text=text) for at, text in enumerate(texts, 1)]
    values = facets(number)
    described = Document(
        id=f"d{number}",
        title=name,
        path=f"d{number}.md",
        version="",
        pages=len(kept),
        kind=values["kind"][0],
        edition=values["edition"][0],
        topics=values["topic"],
        published=datetime(int(values["year"][0]), 1, 1, tzinfo=UTC).date(),
    )
    return ANALYSIS.of_document(described, kept)


def _file(own: AnalysedDocument) -> IndexedFile:
    document = own.document
    return IndexedFile(document=document.id, path=document.path, version="", metadata="", pages=document.pages)


def _change(store: Store, pages: Path, number: int) -> float:
    """Seconds from the beginning of a run to the first state that has the change."""
    sheets = next(documents(pages, PAGES_PER_DOCUMENT))
    at = time.monotonic()
    with store.writer(fingerprint(store, shared_analyzer())) as writer:
        own = _document(0, f"Zmieniony {number}", [sheet.text for sheet in sheets])
        writer.add(own, _file(own))
        writer.commit()
    changed = store.current().document("d0")
    assert changed is not None
    assert changed.title == f"Zmieniony {number}"
    return time.monotonic() - at


def _memory(pid: int) -> float:
    return int(subprocess.check_output(["ps", "-o", "rss=", "-p", str(pid)])) / 1024


if __name__ == "__main__":
    main()
